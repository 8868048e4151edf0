"""Reliability by hand, against statsmodels' factor analysis, and for scales with a known one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.study.reliability import reliability


def answers_of(loadings: list[float], n: int, seed: int = 0) -> NDArray[np.float64]:
    """Items that one factor explains by their loadings, each with a variance of 1."""
    rng, weights = np.random.default_rng(seed), np.array(loadings)
    own = np.sqrt(1 - weights**2)
    return np.asarray(rng.normal(size=(n, 1)) * weights + rng.normal(size=(n, len(own))) * own)


def test_by_hand() -> None:
    found = reliability(np.array([[1.0, 2], [2, 1], [3, 3], [4, 4], [5, 5]]))
    # Variances 2.5 each, covariance 9 / 4.
    assert found.alpha == pytest.approx(2 * (1 - 5 / (5 + 4.5)))
    assert found.omega == found.alpha  # two items
    assert found.item_rest == pytest.approx([0.9, 0.9])


def test_omega_is_that_of_the_factor() -> None:
    from statsmodels.multivariate.factor import Factor

    answers = answers_of([0.9, 0.7, 0.5, 0.3, 0.6], 200) * [1, 2, 3, 1, 0.5]
    fit = Factor(answers, n_factor=1, method="ml").fit()
    deviations = answers.std(axis=0, ddof=1)
    common = (fit.loadings[:, 0] * deviations).sum() ** 2
    omega = common / (common + (fit.uniqueness * deviations**2).sum())
    found = reliability(answers)
    assert found.omega == pytest.approx(omega, abs=1e-5)
    assert found.omega > found.alpha  # which is right for equal loadings only
    assert found.low < found.alpha < found.high


def test_equal_items_have_the_reliability_that_is_known() -> None:
    found = reliability(answers_of([0.8] * 4, 20_000))
    true = 4 * 0.64 / (1 + 3 * 0.64)  # Spearman & Brown
    assert (found.alpha, found.omega) == pytest.approx((true, true), abs=0.01)


def test_an_item_that_was_not_reversed_shows() -> None:
    answers = answers_of([0.8, 0.8, 0.8, 0.8], 300)
    answers[:, 2] *= -1
    found = reliability(answers)
    assert found.item_rest[2] < 0 < found.item_rest[[0, 1, 3]].min()
    assert found.alpha < reliability(answers_of([0.8] * 4, 300)).alpha


def test_who_left_out_an_item_does_not_count() -> None:
    answers = answers_of([0.8] * 3, 50)
    some = answers.copy()
    some[[1, 2], [0, 2]] = np.nan
    found = reliability(some)
    assert (found.n, found.n_left_out, found.n_items) == (48, 2, 3)
    assert found.alpha == reliability(np.delete(answers, [1, 2], axis=0)).alpha


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (np.ones((5, 1)), "a scale of 1 items"),
        (np.eye(3)[:, :2] * np.nan, "0 complete"),
        (np.eye(4), "more people than items"),
        (np.array([[1.0, 3], [2, 3], [5, 3], [4, 3]]), "item 2 of the scale: all answers"),
        (np.array([[1.0, 5], [2, 4], [5, 1], [4, 2]]), "sum is the same"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_scale_is_said(answers: NDArray[np.float64], says: str) -> None:
    with pytest.raises(InputError, match=says):
        reliability(answers)
