"""Means and ratios with intervals: against loops, closed forms and the central limit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.errors import InputError
from explainable_recsys.metrics import bootstrap
from explainable_recsys.metrics.bootstrap import mean_with_interval, ratio_with_interval


def slow_ratio_interval(over, under, n_resamples, seed):
    """Draw users one resample at a time and index with the draws."""
    random = np.random.default_rng(seed)
    ratios = []
    for _ in range(n_resamples):
        drawn = random.integers(len(over), size=len(over))
        if under[drawn].sum() > 0:
            ratios.append(over[drawn].sum() / under[drawn].sum())
    return np.quantile(ratios, [0.025, 0.975])


def test_mean_leaves_undefined_users_out():
    values = pd.DataFrame({"a": [1.0, 3.0, np.nan], "b": [0.0, 0.0, 6.0]})
    report = mean_with_interval(values, n_resamples=0, seed=0)
    assert report == {"a": 2.0, "a/n": 2.0, "b": 2.0, "b/n": 3.0}


def test_interval_equals_resampling_one_by_one():
    random = np.random.default_rng(1)
    over, under = random.random(40), random.integers(0, 4, 40).astype(float)
    over[under == 0] = 0
    report = ratio_with_interval(
        pd.DataFrame({"m": over}), pd.DataFrame({"m": under}), n_resamples=200, seed=7
    )
    low, high = slow_ratio_interval(over, under, 200, 7)
    assert report["m"] == pytest.approx(over.sum() / under.sum())
    assert (report["m/low"], report["m/high"]) == pytest.approx((low, high))
    assert report["m/n"] == np.count_nonzero(under)


def test_interval_of_a_mean_approaches_the_normal_one():
    values = np.random.default_rng(2).normal(5.0, 2.0, 2000)
    report = mean_with_interval(pd.DataFrame({"m": values}), n_resamples=1000, seed=0)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert report["m/low"] == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert report["m/high"] == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_blocks_do_not_change_the_result(monkeypatch):
    values = pd.DataFrame({"m": np.arange(30.0)})
    whole = mean_with_interval(values, n_resamples=50, seed=3)
    monkeypatch.setattr(bootstrap, "DRAWS_PER_BLOCK", 100)
    assert mean_with_interval(values, n_resamples=50, seed=3) == pytest.approx(whole)


def test_seed_decides_and_columns_share_the_draws():
    random = np.random.default_rng(4).random(50)
    values = pd.DataFrame({"a": random, "b": 1 - random})
    first = mean_with_interval(values, n_resamples=100, seed=5)
    assert first == mean_with_interval(values, n_resamples=100, seed=5)
    assert first != mean_with_interval(values, n_resamples=100, seed=6)
    assert first["b/low"] == pytest.approx(1 - first["a/high"])
    assert list(first)[:4] == ["a", "a/low", "a/high", "a/n"]


@pytest.mark.parametrize("rows", [0, 3])
def test_without_defined_users_all_is_nan_but_the_count(rows):
    values = pd.DataFrame({"m": np.full(rows, np.nan)})
    report = mean_with_interval(values, n_resamples=10, seed=0)
    assert report.pop("m/n") == 0
    assert set(report) == {"m", "m/low", "m/high"}
    assert np.isnan(list(report.values())).all()


def test_resamples_without_a_defined_user_are_left_out():
    values = pd.DataFrame({"m": [2.0, np.nan]})
    report = mean_with_interval(values, n_resamples=100, seed=0)
    assert (report["m"], report["m/low"], report["m/high"]) == (2.0, 2.0, 2.0)


def test_a_nan_numerator_is_not_hidden():
    report = ratio_with_interval(
        pd.DataFrame({"m": [np.nan, 1.0]}), pd.DataFrame({"m": [1, 1]}), n_resamples=5, seed=0
    )
    assert np.isnan(report["m"])


def test_negative_number_of_resamples_is_refused():
    with pytest.raises(InputError, match="n_resamples = -1; accepted: 0"):
        mean_with_interval(pd.DataFrame({"m": [1.0]}), n_resamples=-1, seed=0)


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=20),
    st.integers(1, 30),
    st.integers(0, 2**32),
)
def test_interval_lies_within_the_values(values, n_resamples, seed):
    report = mean_with_interval(pd.DataFrame({"m": values}), n_resamples, seed)
    assert min(values) - 1e-9 <= report["m/low"] <= report["m/high"] <= max(values) + 1e-9
