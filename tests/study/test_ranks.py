"""Friedman's test by hand."""

from __future__ import annotations

import numpy as np
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.ranks import friedman


def test_everybody_agrees() -> None:
    found = friedman(np.array([[1.0, 2, 3], [2, 4, 5], [0, 1, 5], [1, 3, 4]]))
    assert (found.n, found.k, found.df, found.w) == (4, 3, 2, 1)
    assert found.chi2 == 8  # n (k - 1)
    assert found.p == pytest.approx(np.exp(-4))


def test_ties_by_hand() -> None:
    # Ranks 1.5 1.5 3; 1 2 3; 2 2 2: sums 4.5, 5.5, 8, less 6 each; ties take 6 + 24 of 72.
    found = friedman(np.array([[1.0, 1, 3], [2, 3, 5], [4, 4, 4]]))
    assert found.chi2 == pytest.approx((2.25 + 0.25 + 4) * 12 / (3 * 3 * 4) / (1 - 30 / 72))


def test_means_that_rounding_tells_apart_are_ties() -> None:
    third = np.array([[0.1 + 0.2, 0.3, 1], [0.3, 0.1 + 0.2, 1], [1, 2, 3]])
    assert friedman(third) == friedman(third.round(6))


def test_nobody_prefers_anything() -> None:
    with pytest.raises(InputError, match="alike"):
        friedman(np.array([[1.0, 1], [2, 2], [3, 3]]))
