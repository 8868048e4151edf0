"""Differences within people, by hand and by what intervals mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explainable_recsys.study.contrasts import bonferroni, contrasts, holm


def test_by_hand() -> None:
    found = contrasts(np.array([[1.0, 2, 0], [3, 4, 0], [2, 5, 1], [4, 7, 2]]))
    assert [(c.first, c.second) for c in found] == [(0, 1), (0, 2), (1, 2)]
    first = found[0]  # differences -1, -1, -3, -3; variances 5/3 and 13/3
    assert (first.n, first.df, first.difference) == (4, 3, -2)
    assert first.deviation == pytest.approx(np.sqrt(4 / 3))
    assert first.d_z == pytest.approx(-2 / np.sqrt(4 / 3))
    assert first.t == pytest.approx(-2 * np.sqrt(3))
    assert first.d_av == pytest.approx(-2 / np.sqrt(3))


def test_sizes_lie_in_their_intervals_which_exclude_0_where_the_test_does() -> None:
    for seed in range(20):
        values = np.random.default_rng(seed).normal([0, 0.5], 1, (20, 2))
        [found] = contrasts(values)
        assert found.d_z_low < found.d_z < found.d_z_high
        assert found.d_av_low < found.d_av < found.d_av_high
        outside = found.d_z_low > 0 or found.d_z_high < 0
        assert outside == (found.p < 0.05) == (found.low > 0 or found.high < 0)
        assert stats.nct.cdf(found.t, 19, found.d_z_low * np.sqrt(20)) == pytest.approx(0.975)


def test_intervals_of_sizes_cover_the_true_one() -> None:
    rng = np.random.default_rng(0)
    true = 0.5 / np.sqrt(2)  # so many points, over the deviation of values and of differences
    studies = rng.normal(size=(400, 15, 1)) + rng.normal([0.5, 0], 1, (400, 15, 2))
    found = [contrast for study in studies for contrast in contrasts(study)]
    assert 0.93 < np.mean([c.d_z_low < true < c.d_z_high for c in found]) < 0.97
    assert 0.93 < np.mean([c.d_av_low < true < c.d_av_high for c in found]) < 0.97


@pytest.mark.filterwarnings("error")
def test_differences_without_spread() -> None:
    nobody, everybody, some = contrasts(np.array([[1.0, 1, 2], [3, 3, 4], [2, 2, 3]]))
    assert (nobody.difference, nobody.t, nobody.p, nobody.d_z) == (0, 0, 1, 0)
    assert (everybody.difference, everybody.t, everybody.p) == (-1, -np.inf, 0)
    assert (everybody.low, everybody.high) == (-1, -1)
    assert everybody.d_av == -1
    assert not np.isnan([*vars(nobody).values(), *vars(some).values()]).any()


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_steps_down(p: list[float]) -> None:
    """Rejected at any level: as long as the smallest that is left is at most level / left."""
    adjusted = holm(p)
    for level in (0.01, 0.05, 0.3):
        left, rejected = sorted(p), 0
        while left and left[0] * len(left) <= level:
            left, rejected = left[1:], rejected + 1
        assert (adjusted <= level).sum() == rejected
    assert (adjusted <= bonferroni(p)).all()
    assert (adjusted >= np.array(p)).all()


def test_holm_keeps_places_and_shape() -> None:
    assert holm([[0.04, 0.01], [0.03, 0.5]]).round(9).tolist() == [[0.09, 0.04], [0.09, 0.5]]
