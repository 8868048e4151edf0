"""What the owner sees of all reasons, counted by hand and by going through them one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.metrics.oversight import (
    DIFFUSE,
    FIRMNESS,
    MOST,
    evidence_told,
    items_reached,
    oversee,
    reason_firmness,
    reasons_by_group,
    told_pieces,
    weak_reasons,
)

RATINGS = [(1, 10), (1, 20), (2, 10), (2, 20), (2, 30), (2, 40), (3, 10), (3, 40), (3, 50)]
RECOMMENDED = [(1, 30, 1), (1, 40, 2), (2, 50, 1), (3, 20, 1), (3, 30, 2)]


def made() -> tuple[Data, Lists]:
    """Three people with 2, 4 and 3 ratings of five items, and five recommendations."""
    ratings = pd.DataFrame(RATINGS, columns=["user_id", "item_id"]).assign(rating=4.0)
    data = Data.from_frames(ratings)
    table = pd.DataFrame(RECOMMENDED, columns=["user_id", "item_id", "rank"]).assign(score=1.0)
    return data, Lists.of(data.histories, table)


def pieces(*rows: tuple[int, int, str, str, float, int], style: str = "item") -> pd.DataFrame:
    """Evidence: user, item, id, text, weight, group; positions by the order of the rows."""
    columns = ["user_id", "item_id", "evidence_id", "evidence", "weight", "group"]
    table = pd.DataFrame(rows, columns=columns)
    table["position"] = table.groupby(["user_id", "item_id"]).cumcount() + 1
    table["style"] = pd.Categorical([style] * len(table), categories=list(STYLES))
    return table.astype({"evidence_id": "category", "evidence": "category"})


ITEMS = pieces(
    (1, 30, "10", "Ten", 0.9, 1),
    (1, 30, "20", "Twenty", 0.6, 1),
    (1, 40, "10", "Ten", 0.2, 1),
    (1, 40, "20", "Twenty", -0.1, 1),
    (2, 50, "10", "Ten", 0.3, 1),
    (2, 50, "40", "Forty", 0.2, 1),
    (2, 50, "20", "Twenty", 0.1, 1),
    (3, 20, "10", "Ten", -0.3, 1),
)


def test_what_is_told_most_often_comes_first() -> None:
    data, lists = made()
    found = evidence_told(data, lists, told_pieces(lists, ITEMS, n_cited=2))
    assert found.to_dict("list") == {
        "style": ["item"] * 3,
        "evidence_id": ["10", "20", "40"],  # 20 is third of what is told of 50
        "evidence": ["Ten", "Twenty", "Forty"],
        "n_recommendations": [3, 1, 1],
        "n_users": [2, 1, 1],
        "share": [0.6, 0.2, 0.2],
    }


def test_a_rule_is_told_whole_with_what_it_leads_to() -> None:
    data, lists = made()
    rules = pieces(
        (1, 30, "10", "Ten", 0.9, 1),
        (1, 30, "20", "Twenty", 0.9, 1),
        (1, 30, "10", "Ten", 0.8, 2),
        (1, 30, "20", "Twenty", 0.7, 3),
        (1, 40, "10", "Ten", 0.8, 1),
        (3, 30, "10", "Ten", 0.8, 1),
        style="rule",
    )
    found = evidence_told(data, lists, told_pieces(lists, rules, n_cited=2))
    counts = dict(zip(found["evidence_id"], found["n_recommendations"], strict=True))
    assert counts == {"10 → 30": 2, "10 + 20 → 30": 1, "10 → 40": 1}
    assert found["evidence"].iloc[0] == "Ten → item 30"


def test_a_reason_of_one_piece_or_of_many_small_ones_is_weak() -> None:
    data, lists = made()
    told = told_pieces(lists, ITEMS, n_cited=3)
    names = np.array(FIRMNESS)
    # Nothing speaks for what 3 gets, nor are there any pieces for the last.
    assert names[reason_firmness(lists, told, None)].tolist() == [
        *("firm", "single", "firm", "none", "none")
    ]
    totals = pd.DataFrame({"user_id": [1, 2, 1], "item_id": [30, 50, 40]})
    for of_largest, expected in ((DIFFUSE * 1.01, "firm"), (DIFFUSE * 0.99, "diffuse")):
        totals["supporting"] = np.array([0.9, 0.3, 0.2]) / of_largest
        found = names[reason_firmness(lists, told, totals)]
        assert found.tolist() == [expected, "single", expected, "none", "none"]
    weak = weak_reasons(data, lists, reason_firmness(lists, told, None))
    assert weak.astype({"reason": "str"}).to_dict("records") == [
        {"user_id": 1, "item_id": 40, "rank": 2, "reason": "single", "n_rated": 2, "n_ratings": 2},
        {"user_id": 3, "item_id": 20, "rank": 1, "reason": "none", "n_rated": 3, "n_ratings": 2},
        {"user_id": 3, "item_id": 30, "rank": 2, "reason": "none", "n_rated": 3, "n_ratings": 1},
    ]


def test_a_rule_counts_once_and_people_as_many_as_they_are() -> None:
    _, lists = made()
    rows = ((1, 30, "10", "Ten", 0.9, 1), (1, 30, "20", "Twenty", 0.9, 1))
    told = told_pieces(lists, pieces(*rows, style="rule"), n_cited=3)
    assert FIRMNESS[reason_firmness(lists, told, None)[0]] == "single"
    for n_people, expected in ((1.0, "single"), (2.0, "firm")):
        told = told_pieces(
            lists, pieces((1, 30, "4", "★4", n_people, 1), style="neighbour"), n_cited=3
        )
        assert FIRMNESS[reason_firmness(lists, told, None)[0]] == expected


def test_groups_by_length_of_the_history_and_popularity_of_the_item() -> None:
    data, lists = made()
    firmness = np.array([3, 1, 2, 0, 0])
    found = reasons_by_group(data, lists, firmness)
    history = found[found["whose"] == "history"].drop(columns="whose")
    assert history.to_numpy().tolist() == [
        [2, 2, 2, 0, 1, 0],
        [3, 3, 2, 2, 0, 0],
        [4, 4, 1, 0, 0, 1],
    ]
    item = found[found["whose"] == "item"].drop(columns="whose")  # 3, 2, 1, 2, 1 ratings
    assert item.to_numpy().tolist() == [[1, 2, 5, 2, 1, 1], [3, 3, 0, 0, 0, 0]]


def test_items_that_nobody_sees_or_that_nothing_explains() -> None:
    data, lists = made()
    found = items_reached(data, lists, np.array([3, 1, 2, 0, 0]), min_ratings=0)
    assert found.to_dict("list") == {
        "item_id": [10, 20, 30, 40, 50],
        "n_ratings": [3, 2, 1, 2, 1],
        "n_recommended": [0, 1, 2, 1, 1],
        "n_explained": [0, 0, 1, 1, 1],
    }
    few = items_reached(data, lists, np.array([3, 1, 2, 0, 0]), min_ratings=2)
    assert few["item_id"].tolist() == [10, 20, 40]


def test_nothing_is_explained_or_recommended() -> None:
    data, lists = made()
    seen = oversee(data, lists, ITEMS[:0], None, 3, 1)
    assert seen.told.empty
    assert seen.weak["reason"].tolist() == ["none"] * 5
    assert seen.groups["n_none"].sum() == 10
    assert seen.groups["n_diffuse"].isna().all()  # without the sums nobody knows
    assert not seen.reached["n_explained"].any()
    nobody = lists.take(np.zeros(0, np.int64))
    seen = oversee(data, nobody, ITEMS[:0], None, 3, 1)
    assert seen.told.empty
    assert seen.weak.empty
    assert not seen.groups["n_recommendations"].any()
    assert not seen.reached["n_recommended"].any()


@pytest.mark.parametrize("seed", range(3))
def test_as_counted_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.permutation(40 * 30)
    users, items = np.divmod(cells, 30)
    ratings = pd.DataFrame({"user_id": users[:500], "item_id": items[:500], "rating": 3.0})
    data = Data.from_frames(ratings)
    table = pd.DataFrame({"user_id": users[500:700], "item_id": items[500:700]})
    lists = Lists.of(data.histories, table.assign(rank=1, score=0.0))
    rows: list[tuple[int, int, str, str, float, int]] = []
    for user, item in zip(table["user_id"], table["item_id"], strict=True):
        names = rng.choice(12, rng.integers(0, 6), replace=False)
        rows += [(user, item, f"{n}", f"text {n}", rng.normal(1), 1) for n in names]
    evidence = pieces(*rows)
    totals = pd.DataFrame(rows, columns=[*"uitgw", "_"]).assign(w=lambda t: t["w"].clip(lower=0))
    sums = totals.groupby(["u", "i"])["w"].sum().mul(9).reset_index()
    sums.columns = pd.Index(["user_id", "item_id", "supporting"])
    seen = oversee(data, lists, evidence, sums, 3, 1)

    counts: dict[str, int] = {}
    told_to: dict[str, set[Any]] = {}
    reasons = []
    for user, item in zip(table["user_id"], table["item_id"], strict=True):
        own = [row for row in rows if row[:2] == (user, item)]
        told = [row for row in own[:3] if row[4] > 0]
        for row in told:
            counts[row[2]] = counts.get(row[2], 0) + 1
            told_to.setdefault(row[2], set()).add(user)
        whole = 9 * sum(max(row[4], 0) for row in own)
        largest = max((row[4] for row in told), default=0.0)
        small = "diffuse" if largest < DIFFUSE * whole else "firm"
        reasons.append(["none", "single"][len(told)] if len(told) < 2 else small)
    found = seen.told.set_index("evidence_id")
    assert found["n_recommendations"].to_dict() == counts
    assert found["n_users"].to_dict() == {name: len(users) for name, users in told_to.items()}
    assert found["n_recommendations"].is_monotonic_decreasing
    assert seen.weak["reason"].tolist() == [reason for reason in reasons if reason != "firm"]
    by_whose = seen.groups.groupby("whose")[["n_none", "n_single", "n_diffuse"]].sum()
    for name in ("none", "single", "diffuse"):
        assert (by_whose[f"n_{name}"] == reasons.count(name)).all()
    assert seen.reached["n_recommended"].sum() == len(table)
    assert seen.reached["n_explained"].sum() == len(table) - reasons.count("none")


def test_only_so_many_pieces_are_listed() -> None:
    data, lists = made()
    rows = [(1, 30, f"{n}", f"text {n}", 1.0, 1) for n in range(MOST + 5)]
    told = told_pieces(lists, pieces(*rows), n_cited=2 * MOST)
    assert len(evidence_told(data, lists, told)) == MOST
