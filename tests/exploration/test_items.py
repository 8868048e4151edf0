"""Tables of the items: by hand, and where the data lacks genres or years."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.exploration.items import (
    best_rated,
    genre_members,
    genre_pairs,
    genres,
    most_rated,
    ranked_items,
    releases,
)

ITEMS = pd.DataFrame(
    {
        "item_id": [1, 2, 3, 4],
        "title": ["A", "B", "C", "D"],
        "year": pd.array([1994, 1999, 2000, None], dtype="Int16"),
        "genres": ["Drama|War", "Drama", "", "Comedy|Comedy"],
    }
)
TOTALS = pd.DataFrame(
    {"item_id": [1, 2, 3, 4], "n_ratings": [4, 1, 1, 2], "mean_rating": [4.0, 5.0, 1.0, 2.0]}
)
NOTHING_KNOWN = ITEMS.assign(year=pd.array([None] * 4, dtype="Int16"), genres="")


def test_members():
    names, members = genre_members(ITEMS)
    assert names == ["Comedy", "Drama", "War"]
    assert members.toarray().tolist() == [[0, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 0]]


def test_genres():
    table = genres(ITEMS, TOTALS).set_index("genre")
    assert table.index.tolist() == ["Drama", "War", "Comedy"]
    assert table["n_items"].tolist() == [2, 1, 1]
    assert table["share_of_items"].tolist() == [0.5, 0.25, 0.25]
    assert table["n_ratings"].tolist() == [5, 4, 2]
    assert table["share_of_ratings"].tolist() == [5 / 8, 4 / 8, 2 / 8]
    np.testing.assert_allclose(table["mean_rating"], [21 / 5, 4, 2])
    assert table["low"].notna().tolist() == [True, False, False]


def test_pairs_of_genres():
    table = genre_pairs(ITEMS, 20).set_index(["genre", "other"])
    assert len(table) == 6
    assert table.loc[("Drama", "War")].tolist() == [1, 0.5, 2.0]
    assert table.loc[("War", "Drama")].tolist() == [1, 1.0, 2.0]
    assert table.loc[("War", "Comedy")].tolist() == [0, 0.0, 0.0]
    assert set(genre_pairs(ITEMS, 2)["genre"]) == {"Comedy", "Drama"}


@settings(max_examples=12, deadline=None)
@given(lists=st.lists(st.sets(st.sampled_from("abcde")), min_size=1, max_size=20))
def test_pairs_against_a_loop(lists):
    items = pd.DataFrame({"genres": ["|".join(sorted(found)) for found in lists]})
    for row in genre_pairs(items, 5).itertuples():
        both = sum({row.genre, row.other} <= found for found in lists)
        first, second = (sum(name in found for found in lists) for name in (row.genre, row.other))
        assert row.n_items == both
        assert row.share == pytest.approx(both / first)
        assert row.lift == pytest.approx(both / len(lists) / (first * second / len(lists) ** 2))


def test_releases():
    years = releases(ITEMS, TOTALS, 1)
    assert years["first_year"].tolist() == [1994, 1999, 2000]
    decades = releases(ITEMS, TOTALS, 10)
    assert decades["first_year"].tolist() == [1990, 2000]
    assert decades["n_items"].tolist() == [2, 1]
    assert decades["n_ratings"].tolist() == [5, 1]
    np.testing.assert_allclose(decades["share_of_items"], [2 / 3, 1 / 3])
    np.testing.assert_allclose(decades["share_of_ratings"], [5 / 6, 1 / 6])
    np.testing.assert_allclose(decades["mean_rating"], [21 / 5, 1])


@pytest.mark.parametrize(
    "table_of",
    [
        lambda items: genres(items, TOTALS),
        lambda items: genre_pairs(items, 20),
        lambda items: releases(items, TOTALS, 1),
    ],
)
def test_what_the_data_lacks_is_an_empty_table_with_the_same_columns(table_of):
    empty, full = table_of(NOTHING_KNOWN), table_of(ITEMS)
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_best_by_shrunk_mean():
    # All ratings have mean (16 + 5 + 1 + 4) / 8 = 3.25; with damping 2: (16 + 6.5) / 6 = 3.75,
    # (5 + 6.5) / 3 = 3.83, (1 + 6.5) / 3 = 2.5, (4 + 6.5) / 4 = 2.63.
    table = best_rated(ranked_items(ITEMS, TOTALS, 5, 2), 3)
    assert table["item_id"].tolist() == [2, 1, 4]
    np.testing.assert_allclose(table["shrunk_mean"], [11.5 / 3, 3.75, 2.625])
    assert table["mean_rating"].tolist() == [5, 4, 2]
    more = best_rated(ranked_items(ITEMS, TOTALS, 5, 4), 3)
    assert more["item_id"].tolist() == [1, 2, 4]
    assert more["rank"].tolist() == [1, 2, 3]
    assert more["rank_by_mean"].tolist() == [2, 1, 3]
    assert more["share_of_users"].tolist() == [0.8, 0.2, 0.4]


def test_without_damping_the_means_are_raw():
    table = ranked_items(ITEMS, TOTALS, 5, 0)
    np.testing.assert_allclose(table["shrunk_mean"], table["mean_rating"])
    assert table["rank_by_mean"].equals(table["rank_by_shrunk_mean"])


def test_most_rated_the_smaller_id_first():
    table = most_rated(ranked_items(ITEMS, TOTALS, 5, 2), 20)
    assert table["item_id"].tolist() == [1, 4, 2, 3]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert pd.isna(table["year"].iloc[1])
