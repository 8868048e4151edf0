"""Summaries of influences by hand, and against loops over users."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.metrics.bootstrap import ratio_with_interval
from explainable_recsys.metrics.influence import influence_metrics
from explainable_recsys.metrics.parameters import EvaluationParameters

METRICS = ("top_influence", "group_influence", "additivity_gap")


def resampled(n_resamples: int, seed: int) -> EvaluationParameters:
    return EvaluationParameters(n_resamples=n_resamples, seed=seed)


def groups_of(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    columns = ["user_id", "item_id", "n_cited", "sum_of_influences", "group_influence"]
    return pd.DataFrame(
        [(user, item, 3, total, together) for user, item, total, together in rows], columns=columns
    )


def pieces_of(explained: list[tuple[Any, Any, list[float]]]) -> pd.DataFrame:
    rows = [
        (user, item, place, weight)
        for user, item, weights in explained
        for place, weight in enumerate(weights, 1)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "position", "weight"])


def test_by_hand() -> None:
    """User 1 has two recommendations, user 2 one, user 3 one without support."""
    groups = groups_of([(1, 5, 0.6, 0.5), (1, 6, 0.2, 0.3), (2, 5, 1.0, 1.2)])
    pieces = pieces_of(
        [
            (1, 5, [0.4, 0.2, -0.9]),
            (1, 6, [0.2]),
            (2, 5, [0.7, 0.3, -0.1]),
            (3, 5, [-0.8, -0.2]),
        ]
    )
    report = influence_metrics(groups, pieces, resampled(0, 0))
    assert report == {
        "top_influence": pytest.approx(((0.4 + 0.2) / 2 + 0.7) / 2),
        "top_influence/n": 2,
        "group_influence": pytest.approx(((0.5 + 0.3) / 2 + 1.2) / 2),
        "group_influence/n": 2,
        "additivity_gap": pytest.approx((0.1 + 0.1 + 0.2) / (0.5 + 0.3 + 1.2)),
        "additivity_gap/n": 2,
    }


def test_gaps_of_opposite_signs_do_not_cancel() -> None:
    groups = groups_of([(1, 5, 1.5, 1.0), (1, 6, 0.5, 1.0)])
    pieces = pieces_of([(1, 5, [1.0]), (1, 6, [0.5])])
    assert influence_metrics(groups, pieces, resampled(0, 0))["additivity_gap"] == 0.5


def test_what_is_not_explained_does_not_count() -> None:
    """A group of ratings that is noise is in no explanation."""
    groups = groups_of([(1, 5, 0.6, 0.5), (1, 6, 0.001, 0.9), (2, 5, 0.002, 0.9)])
    pieces = pieces_of([(1, 5, [0.4, 0.2])])
    report = influence_metrics(groups, pieces, resampled(0, 0))
    assert report["group_influence"] == 0.5
    assert report["group_influence/n"] == report["additivity_gap/n"] == 1


def test_a_group_may_be_worth_less_than_nothing() -> None:
    """The gap is a share of how much a group is worth, whatever its sign."""
    groups = groups_of([(1, 5, 0.5, -1.0), (2, 6, 2.0, 1.0)])
    pieces = pieces_of([(1, 5, [0.5]), (2, 6, [2.0])])
    report = influence_metrics(groups, pieces, resampled(0, 0))
    assert report["additivity_gap"] == pytest.approx((1.5 + 1.0) / 2.0)
    assert report["group_influence"] == 0


def test_influences_that_add_up_leave_no_gap() -> None:
    groups = groups_of([(user, 1, 0.25 * user, 0.25 * user) for user in range(1, 6)])
    report = influence_metrics(groups, pieces_of([(1, 1, [0.25])]), resampled(50, 0))
    for name in ("additivity_gap", "additivity_gap/low", "additivity_gap/high"):
        assert report[name] == 0


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_equals_loops_over_users(seed: int) -> None:
    rng = np.random.default_rng(seed)
    explained, rows = [], []
    for user in rng.permutation(8).tolist():
        for item in range(rng.integers(0, 4)):
            weights = np.sort(rng.normal(0, 1, rng.integers(1, 5)))[::-1]
            support = weights[weights > 0]
            explained.append((user, item, [*support, *np.sort(weights[weights < 0])]))
            if len(support):
                rows.append((user, item, support.sum(), rng.normal(1, 0.5)))
    if not rows:
        return
    report = influence_metrics(groups_of(rows), pieces_of(explained), resampled(0, 0))

    users = sorted({row[0] for row in rows})
    top = [[w[0] for u, _, w in explained if u == user and w[0] > 0] for user in users]
    assert report["top_influence"] == pytest.approx(mean([mean(of) for of in top]))
    worth = [[row[3] for row in rows if row[0] == user] for user in users]
    assert report["group_influence"] == pytest.approx(mean([mean(of) for of in worth]))
    gap = math.fsum(abs(row[2] - row[3]) for row in rows)
    assert report["additivity_gap"] == pytest.approx(gap / math.fsum(abs(r[3]) for r in rows))
    for name in METRICS:
        assert report[f"{name}/n"] == len(users)


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def test_intervals_are_those_of_users_drawn_again() -> None:
    rng = np.random.default_rng(0)
    rows = [
        (user, item, *rng.normal(1, 0.3, 2)) for user in range(12) for item in range(1 + user % 3)
    ]
    pieces = pieces_of([(user, item, [total]) for user, item, total, _ in rows])
    report = influence_metrics(groups_of(rows), pieces, resampled(200, 7))
    by_user: dict[int, list[tuple[float, float]]] = {}
    for user, _, total, together in rows:
        by_user.setdefault(user, []).append((total, together))
    over = {
        "top_influence": [mean([total for total, _ in of]) for of in by_user.values()],
        "group_influence": [mean([worth for _, worth in of]) for of in by_user.values()],
        "additivity_gap": [sum(abs(a - b) for a, b in of) for of in by_user.values()],
    }
    under = {
        "top_influence": [1.0] * 12,
        "group_influence": [1.0] * 12,
        "additivity_gap": [sum(abs(b) for _, b in of) for of in by_user.values()],
    }
    expected = ratio_with_interval(pd.DataFrame(over), pd.DataFrame(under), 200, 7)
    assert report == pytest.approx(expected)
    for name in METRICS:
        assert report[f"{name}/low"] < report[name] < report[f"{name}/high"]
    assert influence_metrics(groups_of(rows), pieces, resampled(200, 7)) == report
    assert influence_metrics(groups_of(rows), pieces, resampled(200, 8)) != report


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    rows = [(user, item, *rng.normal(1, 0.3, 2)) for user in (3, 1, 2) for item in range(3)]
    pieces = pieces_of([(user, item, [total, -0.1]) for user, item, total, _ in rows])
    groups = groups_of(rows)
    report = influence_metrics(groups, pieces, resampled(20, 0))
    shuffled = influence_metrics(
        groups.sample(frac=1, random_state=0),
        pieces.sample(frac=1, random_state=1),
        resampled(20, 0),
    )
    assert shuffled == pytest.approx(report, rel=1e-12)
    named = {1: "b", 2: "c", 3: "d"}
    text = [table.assign(user_id=table["user_id"].map(named)) for table in (groups, pieces)]
    assert influence_metrics(*text, resampled(20, 0)) == pytest.approx(report, rel=1e-12)


def test_the_tables_stay_as_they_are() -> None:
    groups, pieces = groups_of([(1, 5, 0.6, 0.5)]), pieces_of([(1, 5, [0.6])])
    before = groups.copy(), pieces.copy()
    influence_metrics(groups, pieces, resampled(5, 0))
    pd.testing.assert_frame_equal(groups, before[0])
    pd.testing.assert_frame_equal(pieces, before[1])


@pytest.mark.parametrize("n_resamples", [0, 10])
def test_without_support_there_is_nothing_to_measure(n_resamples: int) -> None:
    for pieces in (pieces_of([]), pieces_of([(1, 5, [-0.5, -0.25])])):
        report = influence_metrics(groups_of([]), pieces, resampled(n_resamples, 0))
        assert set(report) >= {*METRICS, *(f"{name}/n" for name in METRICS)}
        for name, value in report.items():
            assert value == 0 if name.endswith("/n") else math.isnan(value)
