"""What everybody's ratings say of a cited item, counted by hand and by plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Data, Lists, RatingScale
from explainable_recsys.explainers.grounds import (
    GROUPS,
    LEAST_PEOPLE,
    LEAST_RATIO,
    grounded,
    with_grounds,
)
from explainable_recsys.explainers.tables import evidence_table
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking

N_USERS, N_ITEMS = 60, 15
RNG = np.random.default_rng(3)
CHANCE = RNG.beta(1, 2, (N_USERS, 1)) * RNG.beta(3, 1, N_ITEMS)  # some rate much, some little
GIVEN = np.where(RNG.random(CHANCE.shape) < CHANCE, RNG.integers(1, 6, CHANCE.shape), 0)
GIVEN[0] = [5, 5, 4, 2, *[0] * (N_ITEMS - 4)]
RATINGS = Interactions(
    sparse.csr_array(GIVEN.astype(np.float32)), np.arange(N_USERS), np.arange(N_ITEMS) + 100
)


def data_of(genres: list[str | None]) -> Data:
    items = pd.DataFrame(
        {
            "item_id": RATINGS.item_ids,
            "title": [f"film {name}" for name in RATINGS.item_ids],
            "year": 2000,
            "genres": pd.Series(genres, dtype=object),
        }
    )
    nobody = pd.DataFrame({"user_id": RATINGS.user_ids[:0]})
    scale = RatingScale(minimum=1, maximum=5)
    return Data(RATINGS, RATINGS, items, nobody, scale, Liking(4.0))


UNKNOWN = data_of([None] * N_ITEMS)


def evidence_of(data: Data, rated: list[int], weights: list[float]) -> tuple[pd.DataFrame, Lists]:
    """Why item 114 for user 0, who likes the columns 0, 1 and 2 and not 3."""
    asked = pd.DataFrame({"user_id": [0], "item_id": [114], "rank": [1], "score": [1.0]})
    lists = Lists.of(RATINGS, asked)
    columns = np.array(rated, np.int64)
    rows, strengths = np.zeros(len(rated), np.int64), np.array(weights)
    table = evidence_table(lists, rows, "item", data.titles(columns), strengths, rated=columns)
    return table, lists


def by_hand(rated: int, item: int) -> tuple[float, float, float]:
    """The counts of two columns, person by person."""
    likes = GIVEN >= 4
    n = likes.sum(axis=1)
    bounds = [np.quantile(n, tenth / GROUPS) for tenth in range(1, GROUPS)]
    groups = [sum(bound <= much for bound in bounds) for much in n]
    expected = 0.0
    for group in range(GROUPS):
        people = [u for u in range(N_USERS) if groups[u] == group]
        if people:
            fans = sum(likes[u, rated] for u in people)
            expected += fans * sum(likes[u, item] for u in people) / len(people)
    return likes[:, rated].sum(), (likes[:, rated] & likes[:, item]).sum(), expected


def test_liked_items_that_are_named_have_counts_and_nothing_else():
    evidence, lists = evidence_of(UNKNOWN, [0, 1, 3, 2, 4], [5.0, 4.0, 3.0, 2.0, -1.0])
    found = with_grounds(evidence, UNKNOWN, lists, n_named=3)
    told = found[["n_fans", "n_both", "n_expected"]].to_numpy()
    assert np.allclose(told[0], by_hand(0, 14))
    assert np.allclose(told[1], by_hand(1, 14))
    assert np.isnan(told[2:]).all()  # not liked, not named, opposing
    pd.testing.assert_frame_equal(found[evidence.columns], evidence)


def test_how_active_people_are_is_no_ground():
    """Where everybody likes every item or none, who liked one is just as likely to like another."""
    much = Interactions(
        sparse.csr_array(np.repeat([[5.0, 5.0, 5.0], [1.0, 0.0, 1.0]], 30, axis=0)),
        np.arange(60),
        np.arange(3),
    )
    nobody = pd.DataFrame({"user_id": much.user_ids[:0]})
    items = pd.DataFrame({"item_id": range(3), "title": list("abc"), "year": 0, "genres": None})
    data = Data(much, much, items, nobody, RatingScale(minimum=1, maximum=5), Liking(4.0))
    asked = pd.DataFrame({"user_id": [0], "item_id": [2], "rank": [1], "score": [1.0]})
    lists = Lists.of(much, asked)
    rated = np.array([0])
    evidence = evidence_table(
        lists, np.array([0]), "item", data.titles(rated), np.ones(1), rated=rated
    )
    found = with_grounds(evidence, data, lists, n_named=3)
    assert found[["n_fans", "n_both", "n_expected"]].to_numpy().tolist() == [[30, 30, 30]]
    assert not grounded(found).any()


@pytest.mark.parametrize(
    ("both", "expected", "enough"),
    [
        (LEAST_PEOPLE, 1.0, True),
        (LEAST_PEOPLE - 1, 1.0, False),
        (30, 30 / LEAST_RATIO, True),
        (30, 30 / LEAST_RATIO + 0.1, False),
    ],
)
def test_a_ground_is_enough_people_and_clearly_more_than_expected(both, expected, enough):
    table = pd.DataFrame({"n_fans": [40.0], "n_both": [both], "n_expected": [expected]})
    assert grounded(table).tolist() == [enough]
    assert grounded(table.drop(columns="n_both")).tolist() == [False]


@pytest.mark.parametrize(
    ("of_rated", "of_item", "told"),
    [
        ("Drama", "Comedy", False),
        ("Comedy|Drama", "Comedy", True),
        ("Drama", "", True),
        (None, "Comedy", True),
    ],
)
def test_without_ground_and_of_another_kind_nothing_is_told(of_rated, of_item, told, monkeypatch):
    monkeypatch.setattr("explainable_recsys.explainers.grounds.LEAST_RATIO", np.inf)
    data = data_of([of_rated] * (N_ITEMS - 1) + [of_item])
    evidence, lists = evidence_of(data, [0, 1], [2.0, 1.0])
    assert len(with_grounds(evidence, data, lists, n_named=3)) == (2 if told else 0)


def test_one_ground_is_enough(monkeypatch):
    data = data_of(["Drama"] * (N_ITEMS - 1) + ["Comedy"])
    evidence, lists = evidence_of(data, [0, 1], [2.0, 1.0])
    alone = [by_hand(rated, 14) for rated in (0, 1)]
    ratios = [both / expected for _, both, expected in alone]
    least = np.mean(ratios)
    monkeypatch.setattr("explainable_recsys.explainers.grounds.LEAST_PEOPLE", 0)
    monkeypatch.setattr("explainable_recsys.explainers.grounds.LEAST_RATIO", least)
    found = with_grounds(evidence, data, lists, n_named=3)
    assert len(found) == 2
    assert grounded(found).tolist() == [ratio >= least for ratio in ratios]
    only_other = int(np.argmin(ratios))
    evidence, lists = evidence_of(data, [only_other], [2.0])
    assert with_grounds(evidence, data, lists, n_named=3).empty


def test_what_only_opposes_stays():
    data = data_of(["Drama"] * (N_ITEMS - 1) + ["Comedy"])
    evidence, lists = evidence_of(data, [3], [-1.0])
    assert len(with_grounds(evidence, data, lists, n_named=3)) == 1


def test_nothing_has_the_columns_too():
    evidence, lists = evidence_of(UNKNOWN, [], [])
    found = with_grounds(evidence, UNKNOWN, lists, n_named=3)
    assert found.empty
    assert found.columns.tolist() == [*evidence.columns, "n_fans", "n_both", "n_expected"]
