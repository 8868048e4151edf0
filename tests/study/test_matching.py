"""The pool of items that all kinds can explain, on lists reasoned by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.study.matching import (
    feasibility,
    pool_of,
    popularity_rank,
    simulated_people,
)
from tests.study.plans import small_plan

RATED = {1: [7, 8, 9], 2: [7, 8], 3: [9, 8, 7, 6], 4: [5]}
DATA = Data.from_frames(
    pd.DataFrame(
        [(user, item, 3.0 + item % 2) for user in RATED for item in RATED[user]],
        columns=["user_id", "item_id", "rating"],
    )
)
KINDS = [{"name": name, "approach": "posthoc_ar"} for name in ("a", "b", "c")]


def test_a_pool_has_a_column_for_each_kind() -> None:
    listed = pd.DataFrame({"user_id": [0, 0, 1], "item_id": [7, 8, 7], "rank": [1, 2, 1]})
    said = {"a": listed.iloc[[0, 2]], "b": listed.iloc[[1]].astype({"user_id": "int32"})}
    pool = pool_of(listed, said)
    assert pool["a"].tolist() == [True, False, True]
    assert pool["b"].tolist() == [False, True, False]
    assert "a" not in listed


def test_popularity_ranks_the_most_rated_first() -> None:
    assert popularity_rank(DATA, pd.Series([8, 7, 9, 6, 5])).tolist() == [2, 1, 3, 5, 4]


def test_simulated_people_rate_the_first_that_they_know_of_what_is_offered() -> None:
    offered = np.array([6, 9, 5, 8, 7])
    found = simulated_people(DATA, offered, 10, 2, seed=0)
    assert found.n_users == 3, "one person rated less than two"
    rated = {
        tuple(found.item_ids[found.ratings[[row]].indices]): found.ratings[[row]].data.tolist()
        for row in range(3)
    }
    assert rated == {(8, 9): [3.0, 4.0], (7, 8): [4.0, 3.0], (6, 9): [3.0, 4.0]}
    assert simulated_people(DATA, offered, 2, 2, seed=0).n_users == 2
    with pytest.raises(
        InputError, match=r"ratings\.least: 5; nobody in the data rated more than 4"
    ):
        simulated_people(DATA, offered, 10, 5, seed=0)


def test_feasibility_counts_people_and_items_for_each_set_of_kinds() -> None:
    plan = small_plan(kinds=[*KINDS, {"name": "none"}], items_per_kind=1)
    pool = pd.DataFrame(
        {
            "user_id": [0, 0, 0, 0, 1, 1, 1],
            "item_id": [7, 8, 9, 6, 7, 5, 6],
            "rank": [1, 2, 3, 4, 1, 2, 3],
            "a": [1, 1, 1, 1, 1, 0, 0],
            "b": [1, 1, 1, 1, 1, 1, 1],
            "c": [1, 0, 1, 0, 1, 0, 1],
        }
    ).astype({"a": bool, "b": bool, "c": bool})
    table = feasibility(plan, pool, DATA, n_people=4).set_index("kinds")
    assert table.index.tolist() == [("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]
    assert table["needed"].tolist() == [3, 3, 3, 4], "the control needs an item too"
    assert table["median"].tolist() == [0.5, 0.5, 1.0, 0.5], "two people got no list"
    assert table["people"].tolist() == [0.25, 0, 0, 0]
    # Of a and b match items 7, 8, 9, 6 and 7, the first, second, third, fifth and first.
    assert table.loc[[("a", "b")], "rank_matched"].item() == 2
    assert table["rank_listed"].tolist() == [3, 3, 3, 3]


def test_one_kind_alone_has_one_row() -> None:
    plan = small_plan(kinds=KINDS[:1])
    pool = pd.DataFrame({"user_id": [0], "item_id": [7], "rank": [1], "a": [False]})
    (row,) = feasibility(plan, pool, DATA, 1).to_dict("records")
    assert row["kinds"] == ("a",)
    assert row["median"] == 0
    assert np.isnan(row["rank_matched"])
