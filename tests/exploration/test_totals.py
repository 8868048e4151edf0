"""Totals and means of groups against loops, and against the bootstrap."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.exploration.totals import group_table, memberships, rating_totals

PAIRS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 8), st.sampled_from([0.5, 1, 2.5, 5])),
    min_size=1,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=12, deadline=None)
@given(rows=PAIRS)
def test_totals_are_those_of_a_loop(rows):
    ratings = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    ratings = ratings.astype({"rating": "float32"})
    for place, whose in enumerate(("user_id", "item_id")):
        expected = {}
        for row in rows:
            expected.setdefault(row[place], []).append(row[2])
        table = rating_totals(ratings, whose)
        assert table[whose].tolist() == sorted(expected)
        assert table["n_ratings"].tolist() == [len(expected[key]) for key in sorted(expected)]
        means = [np.mean(expected[key]) for key in sorted(expected)]
        np.testing.assert_allclose(table["mean_rating"], means)


def test_ids_may_be_text():
    ratings = pd.DataFrame({"user_id": ["b", "a", "b"], "item_id": "x", "rating": [1.0, 2, 3]})
    table = rating_totals(ratings, "user_id")
    assert table.to_numpy().tolist() == [["a", 1, 2.0], ["b", 2, 2.0]]


def test_means_of_groups_by_hand():
    # Two items: n = 2 and 1, sums 8 and 1, so m = 3; sum (s - n m)^2 = 4 + 4; 2 * 8 / 9.
    totals = pd.DataFrame({"n_ratings": [2, 1, 5], "mean_rating": [4.0, 1.0, 2.0]})
    groups = sparse.csr_array(np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]]))
    table = group_table(groups, totals, "items")
    assert table["n_items"].tolist() == [2, 1, 0]
    assert table["n_ratings"].tolist() == [3, 5, 0]
    np.testing.assert_allclose(table["share_of_ratings"], [3 / 8, 5 / 8, 0])
    np.testing.assert_allclose(table["mean_rating"], [3, 2, np.nan])
    half = 1.959964 * np.sqrt(16 / 9)
    np.testing.assert_allclose(table["low"], [3 - half, np.nan, np.nan])
    np.testing.assert_allclose(table["high"], [3 + half, np.nan, np.nan])


def test_the_interval_is_about_that_of_a_bootstrap_over_items():
    rng = np.random.default_rng(0)
    n = rng.integers(1, 30, 400)
    totals = pd.DataFrame({"n_ratings": n, "mean_rating": rng.normal(3.5, 0.6, 400)})
    found = group_table(memberships(np.zeros(400, dtype=int), 1), totals, "items").iloc[0]
    draws = rng.integers(0, 400, (4000, 400))
    sums = (n * totals["mean_rating"]).to_numpy()
    means = sums[draws].sum(axis=1) / n[draws].sum(axis=1)
    np.testing.assert_allclose(
        found[["low", "high"]], np.quantile(means, [0.025, 0.975]), atol=0.01
    )


def test_equal_ratings_have_no_width():
    totals = pd.DataFrame({"n_ratings": [3, 4], "mean_rating": [4.0, 4.0]})
    row = group_table(memberships(np.array([0, 0]), 1), totals, "items").iloc[0]
    np.testing.assert_allclose(row[["low", "high"]], 4.0)


def test_a_negative_code_is_no_group():
    members = memberships(np.array([1, -1, 0]), 2)
    assert members.toarray().tolist() == [[0, 0, 1], [1, 0, 0]]
