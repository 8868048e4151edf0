"""Noncentral distributions against scipy's, and intervals against what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explainable_recsys.study.noncentral import f_interval, t_below, t_interval

DEGREES = st.integers(2, 200)


@given(t=st.floats(-8, 8), df=DEGREES, level=st.sampled_from([0.8, 0.9, 0.95]))
def test_t_is_a_quantile_at_both_ends(t: float, df: int, level: float) -> None:
    low, high = t_interval(t, df, level)
    assert low < t < high or low < high
    assert stats.nct.cdf(t, df, low) == pytest.approx(0.5 + level / 2, abs=1e-8)
    assert stats.nct.cdf(t, df, high) == pytest.approx(0.5 - level / 2, abs=1e-8)
    assert t_interval(-t, df, level) == pytest.approx((-high, -low), abs=1e-6)


@given(f=st.floats(0.01, 60), df=st.integers(1, 6), df_error=st.integers(4, 300))
def test_f_is_a_quantile_at_both_ends_or_nothing_is_there(f: float, df: int, df_error: int) -> None:
    for noncentrality, probability in zip(
        f_interval(f, df, df_error, 0.9), (0.95, 0.05), strict=True
    ):
        if noncentrality:
            found = stats.ncf.cdf(f, df, df_error, noncentrality)
            assert found == pytest.approx(probability, abs=1e-8)
        else:
            assert stats.f.cdf(f, df, df_error) <= probability


def test_the_interval_of_f_begins_above_0_where_p_is_below_a_twentieth() -> None:
    bound = stats.f.ppf(0.95, 2, 62)
    assert f_interval(bound - 0.001, 2, 62, 0.9)[0] == 0
    assert f_interval(bound + 0.001, 2, 62, 0.9)[0] > 0


def test_far_out_in_a_tail_is_0_or_1() -> None:
    assert (t_below(-30, 31, 60), t_below(60, 31, -60)) == (0, 1)
    assert t_interval(np.inf, 5, 0.95) == (np.inf, np.inf)
