"""Tables of the ratings by themselves: by hand, and against brute force."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.exploration.ratings import (
    MOST_POINTS,
    activity,
    concentration,
    how_many_have,
    rating_distribution,
    sparsity,
)

COUNTS = st.lists(st.integers(1, 50), min_size=1, max_size=60)


def ratings_table(rows, times=None):
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    frame = frame.astype({"rating": "float32"})
    if times is not None:
        frame["timestamp"] = pd.to_datetime(pd.Series(times), format="ISO8601")
    return frame


def test_distribution():
    table = rating_distribution(ratings_table([(1, 1, 4), (1, 2, 4), (2, 1, 0.5), (2, 2, 5)]))
    assert table.to_numpy().tolist() == [[0.5, 1, 0.25], [4, 2, 0.5], [5, 1, 0.25]]


def test_how_many_have():
    table = how_many_have(pd.DataFrame({"n_ratings": [1, 3, 1, 7]}), "n_items")
    assert table.columns.tolist() == ["n_ratings", "n_items", "share_with_at_least"]
    assert table.to_numpy().tolist() == [[1, 2, 1.0], [3, 1, 0.5], [7, 1, 0.25]]


def test_concentration_by_hand():
    table = concentration(pd.DataFrame({"n_ratings": [1, 6, 1]}), "items")
    assert table["kind"].unique().tolist() == ["items"]
    assert table["n_first"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(table["share"], [1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(table["share_of_ratings"], [6 / 8, 7 / 8, 1])
    # Half of the mean difference of two items, by the mean: (5 + 5 + 0) * 2 / 9 / 2 / (8 / 3).
    np.testing.assert_allclose(table["gini"], 10 / 9 / (8 / 3))


@settings(max_examples=16, deadline=None)
@given(counts=COUNTS)
def test_concentration_is_a_lorenz_curve(counts):
    table = concentration(pd.DataFrame({"n_ratings": counts}), "users")
    share, had = table["share"].to_numpy(), table["share_of_ratings"].to_numpy()
    assert len(table) <= MOST_POINTS
    assert (had >= share - 1e-12).all()
    assert share[-1] == had[-1] == 1
    differences = np.abs(np.subtract.outer(counts, counts)).mean()
    assert table["gini"].iloc[0] == pytest.approx(differences / 2 / np.mean(counts), abs=1e-9)
    ordered = np.sort(counts)[::-1].cumsum()
    half = int(np.argmax(2 * ordered >= ordered[-1])) + 1
    assert table.loc[had >= 0.5, "n_first"].iloc[0] == half


def test_concentration_of_many_is_short():
    table = concentration(pd.DataFrame({"n_ratings": np.arange(1, 100_000)}), "items")
    assert len(table) <= MOST_POINTS
    assert table["n_first"].is_monotonic_increasing


def test_activity_by_months_with_a_gap():
    rows = [(1, 1, 2), (1, 2, 4), (2, 1, 5), (2, 2, 1)]
    times = ["1999-11-02", "1999-11-30", "1999-11-05", "2000-01-01T10:00:00"]
    table = activity(ratings_table(rows, times))
    assert table["period"].tolist() == ["1999-11", "1999-12", "2000-01"]
    assert table["n_ratings"].tolist() == [3, 0, 1]
    assert table["n_users"].tolist() == [2, 0, 1]
    assert table["n_new_users"].tolist() == [2, 0, 0]
    np.testing.assert_allclose(table["mean_rating"], [11 / 3, np.nan, 1])


def test_a_long_time_is_told_by_years_and_ratings_without_time_are_left_out():
    rows = [(1, 1, 2), (2, 1, 3), (3, 1, 4)]
    table = activity(ratings_table(rows, ["1999-12-31", None, "2004-01-01"]))
    assert table["period"].tolist() == [str(year) for year in range(1999, 2005)]
    assert table["n_ratings"].tolist() == [1, 0, 0, 0, 0, 1]
    assert table["n_new_users"].sum() == 2


@pytest.mark.parametrize("times", [None, [None, None]])
def test_no_times(times):
    known = activity(ratings_table([(1, 1, 2)], ["1999-12-31"]))
    table = activity(ratings_table([(1, 1, 2), (1, 2, 3)], times))
    assert table.empty
    assert table.dtypes.to_dict() == known.dtypes.to_dict()


def test_sparsity_by_hand():
    # User 7 rates three items, item 5 is rated by all three users.
    rows = [(7, 5, 1), (7, 6, 1), (7, 8, 1), (2, 5, 1), (3, 5, 1)]
    table = sparsity(ratings_table(rows), 2)
    assert table.columns.tolist()[:2] == ["user_block", "item_block"]
    assert table.to_numpy().tolist() == [
        [0, 0, 2, 2, 3, 3 / 4],
        [0, 1, 2, 1, 1, 1 / 2],
        [1, 0, 1, 2, 1, 1 / 2],
        [1, 1, 1, 1, 0, 0],
    ]


@settings(max_examples=12, deadline=None)
@given(
    pairs=st.sets(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1),
    n_blocks=st.integers(1, 12),
)
def test_blocks_make_up_the_table(pairs, n_blocks):
    ratings = ratings_table([(*pair, 3) for pair in sorted(pairs)])
    table = sparsity(ratings, n_blocks)
    shape = ratings["user_id"].nunique(), ratings["item_id"].nunique()
    assert len(table) == min(n_blocks, shape[0]) * min(n_blocks, shape[1])
    assert table["n_ratings"].sum() == len(pairs)
    assert (table["n_users"] * table["n_items"]).sum() == shape[0] * shape[1]
    assert table["share_filled"].between(0, 1).all()
