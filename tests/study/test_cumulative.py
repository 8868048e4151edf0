"""Probabilities of answers against scipy's logistic distribution, also far out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from explainable_recsys.study.cumulative import Answers, gaps, sum_by_threshold, terms_at

PLACES = np.array([0, 1, 2, 2, 1])
DATA = Answers(PLACES, 3, np.empty((5, 0)), (np.arange(5),), (5,))
THRESHOLDS = np.array([-0.7, 1.2])


def test_probabilities() -> None:
    eta = np.array([0.3, -1, 2, 0, 5])
    ends = np.array([-np.inf, *THRESHOLDS, np.inf])
    chance = stats.logistic.cdf(ends[PLACES + 1] - eta) - stats.logistic.cdf(ends[PLACES] - eta)
    terms = terms_at(DATA, THRESHOLDS, eta)
    assert np.exp(terms.value) == pytest.approx(chance)
    assert terms.upper == pytest.approx(stats.logistic.cdf(ends[PLACES + 1] - eta))
    assert terms.lower == pytest.approx(stats.logistic.cdf(ends[PLACES] - eta), abs=1e-12)
    columns = terms_at(DATA, THRESHOLDS, np.stack([eta, eta + 1], axis=1))
    assert columns.value[:, 0].tolist() == terms.value.tolist()


@pytest.mark.filterwarnings("error")
def test_far_out_logarithms_stay_finite() -> None:
    """Of the difference of two distribution functions nothing would be left."""
    terms = terms_at(DATA, THRESHOLDS, np.full(5, -900.0))
    assert terms.value[1] == pytest.approx(-900 + 0.7 + np.log(1 - np.exp(-1.9)))
    assert terms.value[2] == pytest.approx(-900 - 1.2)


def test_derivatives_by_thresholds() -> None:
    eta = np.array([0.3, -1, 2, 0, 5])
    terms, gap = terms_at(DATA, THRESHOLDS, eta), gaps(DATA, THRESHOLDS)
    found = sum_by_threshold(DATA, 1 - terms.upper + gap, -terms.lower - gap)
    for place, step in enumerate(1e-6 * np.eye(2)):
        above, below = (terms_at(DATA, THRESHOLDS + x, eta).value.sum() for x in (step, -step))
        assert found[place] == pytest.approx((above - below) / 2e-6, abs=1e-6)
