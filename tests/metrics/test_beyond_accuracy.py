"""Novelty, diversity, popularity and exposure against slow obvious versions."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Lists
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics import beyond_accuracy
from explainable_recsys.metrics.beyond_accuracy import (
    beyond_accuracy_per_user,
    catalogue_exposure,
    item_popularity,
    popular_overlap,
    short_lists,
)
from tests.lists_of import data_of, lists_over

GENRES = ["Action", "Comedy", "Drama", "Horror", "Western"]


@pytest.fixture
def interactions():
    return Interactions.from_frame(
        pd.DataFrame(
            {
                "user_id": [1, 2, 3, 4, 1, 2, 1, 2],
                "item_id": ["a", "a", "a", "a", "b", "b", "c", "d"],
                "rating": 3.0,
            }
        )
    )


@pytest.fixture
def items():
    return pd.DataFrame(
        {
            "item_id": ["d", "c", "b", "a", "z"],
            "title": "t",
            "genres": ["", "Drama|Comedy", "Comedy", "Drama|Action", "Western"],
        }
    )


def table(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])


def per_user(lists, interactions, items, k):
    return beyond_accuracy_per_user(
        data_of(interactions, items), lists_over(interactions, lists), k
    )


def slow_per_user(lists, ratings, items, k):
    n_users = ratings["user_id"].nunique()
    raters = ratings.groupby("item_id")["user_id"].nunique()
    genres = {i: set(g.split("|")) - {""} for i, g in zip(items.item_id, items.genres, strict=True)}
    rows = {}
    for user, mine in lists[lists["rank"] <= k].groupby("user_id"):
        information = [-np.log2(raters[i] / n_users) for i in mine["item_id"]]
        percentiles = [
            ((raters < raters[i]).sum() + (raters == raters[i]).sum() / 2) / len(raters)
            for i in mine["item_id"]
        ]
        sets = [genres[i] for i in mine["item_id"] if genres[i]]
        distances = [1 - len(a & b) / len(a | b) for a, b in combinations(sets, 2)]
        diversity = np.mean(distances) if distances else np.nan
        rows[user] = [np.mean(information), diversity, np.mean(percentiles)]
    names = [f"novelty@{k}", f"diversity@{k}", f"popularity_percentile@{k}"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).sort_index()


@pytest.fixture(scope="module")
def random_data():
    random = np.random.default_rng(0)
    pairs = pd.DataFrame({"user_id": np.repeat(np.arange(50), 12)})
    pairs["item_id"] = np.concatenate([random.permutation(40)[:12] for _ in range(50)])
    pairs["rating"] = 3.0
    genres = ["|".join(random.permutation(GENRES)[: random.integers(0, 4)]) for _ in range(40)]
    items = pd.DataFrame({"item_id": np.arange(40), "title": "t", "genres": genres})
    known = pairs["item_id"].unique()
    rows = [
        (user, item, rank)
        for user in range(50)
        for rank, item in enumerate(random.permutation(known)[: random.integers(1, 9)], 1)
    ]
    return table(rows), pairs, items


def test_by_hand(interactions, items):
    lists = table([(7, "b", 2), (7, "a", 1), (7, "d", 4), (7, "c", 3), (5, "d", 1)])
    report = per_user(lists, interactions, items, 4)
    assert report.index.tolist() == [5, 7]
    # Shares of raters: a 1, b 1/2, c and d 1/4, that is 0, 1, 2 and 2 bits.
    assert report["novelty@4"].tolist() == [2.0, 1.25]
    # Pairs with genres: ab 1, ac 1 - 1/3, bc 1 - 1/2.
    assert np.isnan(report.loc[5, "diversity@4"])
    assert report.loc[7, "diversity@4"] == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)
    assert report["popularity_percentile@4"].tolist() == [0.25, 0.5]
    assert item_popularity(interactions).tolist() == [4, 2, 1, 1]


@pytest.mark.parametrize("k", [1, 3, 8])
@pytest.mark.parametrize("cells", [1, 8_000_000])
def test_equals_the_slow_version(random_data, k, cells, monkeypatch):
    monkeypatch.setattr(beyond_accuracy, "GENRES_AT_ONCE", cells)
    lists, ratings, items = random_data
    shuffled = lists.sample(frac=1, random_state=0)
    report = per_user(shuffled, Interactions.from_frame(ratings), items, k)
    expected = slow_per_user(lists, ratings, items, k)
    pd.testing.assert_frame_equal(report, expected, check_names=False, rtol=1e-12)
    assert report[f"diversity@{k}"].notna().any() == (k > 1)


def test_genres_may_be_categorical_missing_repeated_or_absent(interactions, items):
    lists = table([(7, "a", 1), (7, "b", 2), (7, "c", 3)])
    expected = per_user(lists, interactions, items, 3)
    messy = items.assign(genres=items["genres"].replace({"": None, "Comedy": "Comedy|Comedy"}))
    messy["genres"] = messy["genres"].astype("category")
    pd.testing.assert_frame_equal(per_user(lists, interactions, messy, 3), expected)
    nothing = per_user(lists, interactions, items.assign(genres=""), 3)
    assert nothing["diversity@3"].isna().all()


def test_percentile_of_the_whole_catalogue_is_one_half(interactions, items):
    lists = table([(1, item, rank) for rank, item in enumerate("abcd", 1)])
    report = per_user(lists, interactions, items, 4)
    assert report.loc[1, "popularity_percentile@4"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("lists", "k", "coverage", "gini"),
    [
        ([(u, i, 1) for u, i in enumerate("abcd")], 1, 1.0, 0.0),
        ([(u, "c", 1) for u in range(5)], 1, 0.25, 0.75),
        ([(1, "a", 1), (2, "a", 1), (1, "b", 2), (2, "c", 2)], 2, 0.75, 0.375),
        ([(1, "a", 1), (2, "a", 1), (1, "b", 2), (2, "c", 2)], 1, 0.25, 0.75),
    ],
)
def test_exposure_by_hand(interactions, lists, k, coverage, gini):
    report = catalogue_exposure(lists_over(interactions, table(lists)), k)
    assert report == pytest.approx({f"catalogue_coverage@{k}": coverage, f"gini@{k}": gini})


def test_gini_is_half_the_relative_mean_difference(random_data):
    lists, ratings, _ = random_data
    interactions = Interactions.from_frame(ratings)
    counts = np.bincount(lists["item_id"], minlength=interactions.n_items)
    expected = np.abs(counts[:, None] - counts).mean() / (2 * counts.mean())
    assert catalogue_exposure(lists_over(interactions, lists), 8)["gini@8"] == pytest.approx(
        expected
    )


def test_overlap_with_the_most_popular_that_a_user_has_not_rated() -> None:
    """Items 0, 1, 2, 3 have 3, 2, 1 and 1 ratings; the second user has not rated 1, 2 and 3."""
    ratings = sparse.csr_array(np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]], np.float32))
    catalogue = Interactions(ratings, np.array([5, 6, 7]), np.arange(4))
    rows = [(5, 3, 1), (5, 2, 2), (6, 1, 1), (6, 3, 2)]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]).assign(score=1.0)
    data, lists = data_of(catalogue), Lists.of(catalogue, table)
    assert popular_overlap(data, lists, 2).to_dict() == {5: 1.0, 6: 0.5}
    assert popular_overlap(data, lists, 1).to_dict() == {5: 0.0, 6: 1.0}
    assert short_lists(data, lists, 2).to_dict() == {5: 0.0, 6: 0.0, 7: 1.0}
