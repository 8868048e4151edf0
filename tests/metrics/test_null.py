"""Who is asked in whose place, and what is made of the answers, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.data import Lists
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters, greedy_users
from explainable_recsys.metrics.null import (
    nearest_in_length,
    null_metrics,
    strengths,
    what_is_asked,
)

RATED = {1: [10, 11], 2: [10, 12], 3: [10, 11, 12, 13, 14, 15], 4: [11, 12, 13, 14, 15]}
"""Users 1 and 2 are as long, 4 is nearest to 3 and 3 to 4."""

LISTED = {1: [12, 13, 14], 2: [11, 13], 3: [16, 17], 4: [10, 16, 17]}


def histories(rated: dict[int, list[int]] | None = None) -> Interactions:
    rows = [(user, item, 4.0) for user, items in (rated or RATED).items() for item in items]
    ratings = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    known = Interactions.from_frame(ratings)
    return known.with_items(np.arange(10, 18))


def lists(listed: dict[int, list[int]] | None = None) -> Lists:
    rows = [
        (user, item, place, 1.0)
        for user, items in (listed or LISTED).items()
        for place, item in enumerate(items, 1)
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rank", "score"])
    return Lists.of(histories(), table)


def pieces(rows: list[tuple[int, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "weight"])


def everybody(**changed: int) -> FaithfulnessParameters:
    return FaithfulnessParameters(**changed)


def test_the_other_person_is_the_nearest_in_length() -> None:
    found = nearest_in_length(histories(), np.array([0, 1, 2, 3]), seed=0)
    assert found.tolist() == [1, 0, 3, 2]
    assert nearest_in_length(histories(), np.array([2, 0]), seed=0).tolist() == [3, 1]
    alone = histories({1: [10, 11]})
    assert nearest_in_length(alone, np.array([0]), seed=0).tolist() == [-1]


def test_ties_are_settled_by_hash() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 5, 80)
    known = histories({user: list(range(10, 10 + n)) for user, n in enumerate(lengths.tolist())})
    users = np.arange(80)
    found = nearest_in_length(known, users, seed=0)
    assert (found != users).all()
    assert (lengths[found] == lengths).all()
    # Nobody is everybody's other person, and another seed chooses others.
    assert np.bincount(found).max() < 15
    again = nearest_in_length(known, users, seed=1)
    assert (again != found).mean() > 0.7
    # It is a function of the ids: not of rows, nor of whom else is asked about.
    np.testing.assert_array_equal(nearest_in_length(known, users[::-9], seed=0), found[::-9])
    order = np.sort(rng.permutation(80)[:60])
    some = Interactions(known.ratings[order], known.user_ids[order], known.item_ids)
    rows = {int(user): row for row, user in enumerate(order)}
    kept = [row for row, user in enumerate(order) if int(found[user]) in rows]
    of_some = nearest_in_length(some, np.arange(60), seed=0)
    assert [int(order[of_some[row]]) for row in kept] == found[order[kept]].tolist()


def test_recommendations_that_the_other_has_rated_are_left_out() -> None:
    asked = what_is_asked(lists(), everybody())
    # 1 is asked about 12 no more (2 rated it), nor 2 about 11, nor 4 about 10.
    assert asked.rows.tolist() == [1, 2, 4, 5, 6, 8, 9]
    others = asked.others.table.iloc[asked.places]
    pairs = list(zip(others["user_id"], others["item_id"], strict=True))
    assert pairs == [(2, 13), (2, 14), (1, 13), (4, 16), (4, 17), (3, 16), (3, 17)]
    assert asked.others.histories is lists().histories or asked.others.histories.n_users == 4
    rated = asked.others.histories.ratings.toarray()
    assert (rated[asked.others.users, asked.others.items] == 0).all()


def test_one_person_in_the_place_of_two_is_asked_once() -> None:
    known = histories({1: [10], 2: [10], 3: [11, 12, 13]})
    table = pd.DataFrame({"user_id": [1, 2, 3], "item_id": [15, 15, 16], "rank": 1, "score": 1.0})
    asked = what_is_asked(Lists.of(known, table), everybody())
    pairs = asked.others.table[["user_id", "item_id"]].to_numpy().tolist()
    assert len(pairs) == len({tuple(pair) for pair in pairs})
    assert [tuple(pairs[place]) for place in asked.places][:2] == [(2, 15), (1, 15)]
    assert pairs[asked.places[2]][0] in (1, 2)


def test_strength_is_what_weights_sum_to() -> None:
    found = strengths(lists(), pieces([(1, 13, 2.0), (1, 13, -0.5), (4, 10, -1.0), (9, 9, 5.0)]))
    assert found[1] == 1.5
    assert found[7] == -1.0
    assert np.isnan(np.delete(found, [1, 7])).all()


def measured(own: list, null: list, n_resamples: int = 200, **changed: int) -> dict[str, float]:
    given = everybody(**changed)
    return null_metrics(lists(), pieces(own), pieces(null), given, n_resamples, 0)


OWN = [(1, 12, 9.0), (1, 13, 2.0), (1, 13, 1.0), (2, 13, 4.0), (3, 16, 1.0), (4, 16, 2.0)]


def test_both_answers_are_about_the_same_recommendations() -> None:
    # (1, 12) is not asked about; of seven that are, four are explained, three to others.
    found = measured(OWN, [(2, 13, 1.0), (1, 13, 0.5), (4, 16, 1.0), (4, 16, -2.0)])
    assert found["coverage_of_own"] == pytest.approx(4 / 7)
    assert found["coverage_of_null"] == pytest.approx(3 / 7)
    assert found["strength_of_own"] == pytest.approx((3 + 4 + 1 + 2) / 4)
    assert found["strength_of_null"] == pytest.approx((1 + 0.5 - 1) / 3)
    assert found["coverage_of_own/n"] == found["coverage_of_null/n"] == 4
    assert found["strength_of_null/n"] == 3
    assert found["coverage_of_null/low"] <= 3 / 7 <= found["coverage_of_null/high"]
    assert found["above_null"] == 1


def test_the_verdict_compares_with_the_interval_of_the_null() -> None:
    theirs = {1: 2, 2: 1, 3: 4, 4: 3}
    same = [(theirs[user], item, weight) for user, item, weight in OWN if (user, item) != (1, 12)]
    found = measured(OWN, same)
    assert found["coverage_of_own"] == found["coverage_of_null"]
    assert found["strength_of_own"] == found["strength_of_null"]
    assert found["above_null"] == 0
    stronger = [(user, item, 9 + weight) for user, item, weight in same]
    assert measured(OWN, stronger)["above_null"] == 0
    weaker = [(user, item, weight / 99) for user, item, weight in same]
    assert measured(OWN, weaker)["above_null"] == 1  # as many, but weaker
    rarer = [(user, item, 99.0) for user, item, _ in same[:1]]
    assert measured([*OWN, (1, 14, 1.0), (3, 17, 1.0), (4, 17, 1.0)], rarer)["above_null"] == 1


def test_without_intervals_or_reasons_there_is_no_verdict() -> None:
    assert "above_null" not in measured(OWN, [], n_resamples=0)
    found = measured([], [(2, 13, 1.0)])
    assert found["coverage_of_own"] == 0
    assert np.isnan(found["strength_of_own"])
    assert "above_null" not in found
    found = measured(OWN, [])  # nothing is said to others
    assert found["coverage_of_null/high"] == 0
    assert found["above_null"] == 1
    only = Lists.of(histories({1: [10, 11]}), lists({1: [12]}).table)
    assert null_metrics(only, pieces(OWN), pieces([]), everybody(), 10, 0) == {}


@pytest.mark.parametrize("n", [1, 3, 60, None])
def test_the_sample_does_not_grow(n: int | None) -> None:
    asked = what_is_asked(lists(), everybody(sample_users=n, seed=2))
    drawn = greedy_users(histories(), everybody(sample_users=n, seed=2))
    assert set(lists().users[asked.rows]) == set(drawn)
    assert len(drawn) == min(n or 60, 4)
