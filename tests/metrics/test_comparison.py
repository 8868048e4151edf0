"""Paired tests against scipy's, corrections against the papers' step-up rule, and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explainable_recsys.errors import InputError
from explainable_recsys.metrics.comparison import control_tests, paired_tests

P_VALUES = ["p_value", "p_corrected"]
PAIR_COLUMNS = ["metric", "first", "second", "n_users", "difference", "low", "high", *P_VALUES]


def users(**columns: Any) -> pd.DataFrame:
    """A table of users 0, 1, …; `pos_random` stands for `pos@10,3/random`, and so on."""
    table = pd.DataFrame(columns).rename(
        columns={
            "pos": "pos@10,3",
            "pos_random": "pos@10,3/random",
            "pos_popular": "pos@10,3/popular",
            "ps": "ps@10,3",
            "ps_random": "ps@10,3/random",
        }
    )
    table.insert(0, "user_id", range(len(table)))
    return table


@pytest.fixture
def user_metrics() -> dict[str, pd.DataFrame]:
    """Three approaches of 60 users: some undefined values, users in other orders, some absent."""
    random = np.random.default_rng(0)
    tables = {}
    for place, name in enumerate(["svd", "als", "ease"]):
        values = random.random((60, 2)) + 0.1 * place
        values[random.random((60, 2)) < 0.2] = np.nan
        table = users(recall=values[:, 0], ndcg=values[:, 1])
        tables[name] = table.sample(frac=0.9, random_state=place)
    return tables


def step_up(p_values: list[float], dependent: bool) -> list[float]:
    """The smallest level at which each hypothesis is rejected, from the definition.

    Of n p-values, those up to the largest p(i) that is at most i / n * level are rejected
    (Benjamini & Hochberg 1995); divided by sum 1 / i under dependence (B. & Yekutieli 2001).
    """
    n = len(p_values)
    penalty = sum(1 / i for i in range(1, n + 1)) if dependent else 1.0
    ranked = sorted(p_values)
    levels = [min(1.0, penalty * n / (i + 1) * p) for i, p in enumerate(ranked)]
    return [min(levels[i] for i in range(n) if ranked[i] >= p) for p in p_values]


def test_pairs_as_scipy_tests_them(user_metrics: dict[str, pd.DataFrame]) -> None:
    table = paired_tests(user_metrics, ["ndcg", "recall"])
    assert list(table.columns) == PAIR_COLUMNS
    assert table[["metric", "first", "second"]].to_numpy().tolist() == [
        [metric, *pair]
        for metric in ("ndcg", "recall")
        for pair in (("als", "ease"), ("als", "svd"), ("ease", "svd"))
    ]
    for row in table.itertuples():
        both = user_metrics[row.first].merge(user_metrics[row.second], on="user_id")
        both = both[[f"{row.metric}_x", f"{row.metric}_y"]].dropna()
        truth = stats.ttest_rel(*both.to_numpy().T)
        assert 25 < row.n_users == len(both) < 60
        assert row.difference == pytest.approx(both.iloc[:, 0].mean() - both.iloc[:, 1].mean())
        assert (row.low, row.high) == pytest.approx(tuple(truth.confidence_interval(0.95)))
        assert row.p_value == pytest.approx(truth.pvalue)


def test_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, standard error 1 / sqrt 3, so t = 2 sqrt 3, 2 degrees.

    With 2 degrees of freedom P(|T| > t) = 1 - t / sqrt(t² + 2), and its 97.5 % quantile is
    0.95 * sqrt(2 / (1 - 0.95²)).
    """
    (row,) = paired_tests(
        {"a": users(recall=[1.0, 3.0, 5.0]), "b": users(recall=[0.0, 1.0, 2.0])}, ["recall"]
    ).itertuples()
    assert (row.n_users, row.difference) == (3, 2)
    assert row.p_value == row.p_corrected == pytest.approx(1 - math.sqrt(12 / 14))
    half = 0.95 * math.sqrt(2 / (1 - 0.95**2)) / math.sqrt(3)
    assert (row.low, row.high) == pytest.approx((2 - half, 2 + half))


@pytest.mark.parametrize(("correction", "dependent"), [("by", True), ("bh", False)])
def test_corrected_for_all_tests_of_the_table(
    user_metrics: dict[str, pd.DataFrame], correction: Any, dependent: bool
) -> None:
    table = paired_tests(user_metrics, ["recall", "ndcg"], correction)
    expected = step_up(table["p_value"].tolist(), dependent)
    assert table["p_corrected"].tolist() == pytest.approx(expected)
    assert (table["p_corrected"] > table["p_value"]).any()


def test_equal_and_evenly_different_approaches() -> None:
    """0.3 - 0.2 and 0.4 - 0.3 differ in the last digit, as do 0.1 + 0.2 and 0.3."""
    table = paired_tests(
        {
            "a": users(recall=[0.3, 0.4, 0.1 + 0.2]),
            "b": users(recall=[0.3, 0.4, 0.3]),
            "c": users(recall=[0.2, 0.3, 0.2]),
        },
        ["recall"],
    )
    assert table["p_value"].tolist() == [1, 0, 0]
    assert table["p_corrected"].tolist() == [1, 0, 0]
    assert table.loc[0, ["difference", "low", "high"]].tolist() == [0, 0, 0]
    for _, row in table[1:].iterrows():
        assert row[["difference", "low", "high"]].tolist() == pytest.approx([0.1] * 3)


def test_too_few_common_users_count_in_no_correction() -> None:
    nan = np.nan
    table = paired_tests(
        {
            "a": users(recall=[1.0, 3.0, 5.0, nan]),
            "b": users(recall=[0.0, 1.0, 2.0, nan]),
            "c": users(recall=[0.5, nan, nan, 1.0]),
            "d": users(recall=[nan, nan, nan, nan]),
        },
        ["recall"],
    ).set_index(["first", "second"])
    assert table["n_users"].tolist() == [3, 1, 0, 1, 0, 0]
    assert table["difference"].tolist() == pytest.approx([2, 0.5, nan, -0.5, nan, nan], nan_ok=True)
    assert table[["low", "high", *P_VALUES]].iloc[1:].isna().all(axis=None)
    assert table.loc[("a", "b"), "p_corrected"] == table.loc[("a", "b"), "p_value"]


def test_approaches_without_the_metric_are_in_no_pair() -> None:
    tables = {"a": users(recall=[0.1, 0.2]), "b": users(ndcg=[0.1, 0.2]), "c": users(ndcg=[1, 2])}
    table = paired_tests(tables, ["recall", "ndcg", "ndcg", "pos@10,3"])
    assert table[["metric", "first", "second"]].to_numpy().tolist() == [["ndcg", "b", "c"]]


@pytest.mark.parametrize("tables", [{}, {"a": users(recall=[0.5])}])
def test_nothing_to_compare(tables: dict[str, pd.DataFrame]) -> None:
    full = {"a": users(pos=[1, 0], pos_random=[1, 1]), "b": users(pos=[1, 1], pos_random=[1, 1])}
    pairs, controls = paired_tests(tables, ["recall"]), control_tests(tables)
    assert pairs.empty
    assert controls.empty
    assert pairs.dtypes.equals(paired_tests(full, ["pos@10,3"]).dtypes)
    assert controls.dtypes.equals(control_tests(full).dtypes)


def test_order_of_tables_and_users_does_not_matter(user_metrics: dict[str, pd.DataFrame]) -> None:
    shuffled = {
        name: user_metrics[name].sample(frac=1, random_state=1) for name in ("ease", "svd", "als")
    }
    expected = paired_tests(user_metrics, ["recall", "ndcg"])
    pd.testing.assert_frame_equal(
        paired_tests(shuffled, ["recall", "ndcg"]), expected, check_exact=True
    )


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=20),
    st.floats(0.5, 4),
)
def test_a_test_says_the_same_of_both_sides_and_in_any_unit(
    values: list[tuple[float, float]], factor: float
) -> None:
    first, second = np.round(np.array(values), 6).T
    one = paired_tests({"a": users(m=first), "b": users(m=second)}, ["m"])
    other = paired_tests({"a": users(m=factor * second), "b": users(m=factor * first)}, ["m"])
    assert one["p_value"][0] == pytest.approx(other["p_value"][0], abs=1e-9)
    assert one["low"][0] == pytest.approx(-other["high"][0] / factor, abs=1e-9)
    assert one["low"][0] <= one["difference"][0] <= one["high"][0]


def test_own_reasons_against_controls() -> None:
    """Ten users; for the fourth, random items are undefined, so nine are compared."""
    low, high = np.tile([0.0, 0.1], 5), np.tile([0.8, 1.0], 5)
    partial = np.where(np.arange(10) == 3, np.nan, high)
    tables = {
        "b": users(ps=low, ps_random=high, pos=high, pos_random=low),
        "a": users(pos=low, pos_random=partial, pos_popular=low, ps=high, ps_random=low, recall=1),
    }
    table = control_tests(tables)
    assert list(table.columns) == [
        "approach",
        "metric",
        "control",
        "n_users",
        "own",
        "of_control",
        "difference",
        "low",
        "high",
        *P_VALUES,
        "verdict",
    ]
    assert table[["approach", "metric", "control", "n_users", "verdict"]].to_numpy().tolist() == [
        ["a", "pos@10,3", "random", 9, "better"],
        ["a", "pos@10,3", "popular", 10, "no difference"],
        ["a", "ps@10,3", "random", 10, "better"],
        ["b", "ps@10,3", "random", 10, "worse"],
        ["b", "pos@10,3", "random", 10, "worse"],
    ]
    own, control = np.delete(low, 3), np.delete(high, 3)
    truth = stats.ttest_rel(own, control)
    assert table.loc[0, ["own", "of_control"]].tolist() == pytest.approx(
        [own.mean(), control.mean()]
    )
    assert table.loc[0, "difference"] == pytest.approx(own.mean() - control.mean())
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx(
        list(truth.confidence_interval())
    )
    assert table.loc[0, "p_value"] == pytest.approx(truth.pvalue)
    assert table["p_corrected"].tolist() == pytest.approx(
        step_up(table["p_value"].tolist(), dependent=True)
    )


def test_the_verdict_is_of_the_corrected_p_value() -> None:
    """Four users give p = .018; beside one more test, which finds nothing, that is .036 by
    Benjamini & Hochberg's rule, and 1.5 times as much by the other."""
    own, control = [0.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.3, 0.3]
    tables = {"a": users(pos=own, pos_random=control, pos_popular=own)}
    alone = control_tests({"a": tables["a"].drop(columns="pos@10,3/popular")})
    p = stats.ttest_rel(own, control).pvalue
    assert p == pytest.approx(0.018, abs=0.0005)
    assert alone["p_corrected"].tolist() == pytest.approx([p])
    assert alone["verdict"].tolist() == ["better"]
    hochberg, yekutieli = control_tests(tables, "bh"), control_tests(tables, "by")
    assert hochberg["p_corrected"].tolist() == pytest.approx([2 * p, 1])
    assert hochberg["verdict"].tolist() == ["better", "no difference"]
    assert yekutieli["p_corrected"].tolist() == pytest.approx([3 * p, 1])
    assert yekutieli["verdict"].tolist() == ["no difference", "no difference"]


def test_one_user_decides_nothing() -> None:
    (row,) = control_tests({"a": users(pos=[0.0], pos_random=[1.0])}).itertuples()
    assert (row.n_users, row.own, row.of_control, row.difference) == (1, 0, 1, -1)
    assert math.isnan(row.p_corrected)
    assert row.verdict == "no difference"


def test_bad_input_is_refused() -> None:
    twice = pd.DataFrame({"user_id": [7, 7], "recall": [0.1, 0.2]})
    with pytest.raises(InputError, match="user_metrics of als: user 7 has several rows"):
        paired_tests({"als": twice}, ["recall"])
    unknown: Any = "bonferroni"
    with pytest.raises(InputError, match="correction = 'bonferroni'; accepted: by, bh"):
        control_tests({}, unknown)
