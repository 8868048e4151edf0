"""Top-N lists against a plain sort, and what must not change them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from explainable_recsys.top_n import top_n


def brute_force(scores, n):
    """One stable sort per row."""
    b, m = scores.shape
    n = min(n, m)
    columns, values = np.full((b, n), -1), np.full((b, n), -np.inf)
    for row in range(b):
        order = [
            c for c in sorted(range(m), key=lambda c: -scores[row, c]) if scores[row, c] > -np.inf
        ][:n]
        columns[row, : len(order)], values[row, : len(order)] = order, scores[row, order]
    return columns, values


scores_with_ties = arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 12)),
    elements=st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 1.0]),
)


@settings(max_examples=100, deadline=None)
@given(scores=scores_with_ties, n=st.integers(1, 14))
def test_top_n_equals_a_stable_sort(scores, n):
    columns, values = top_n(scores, n)
    expected_columns, expected_values = brute_force(scores, n)
    np.testing.assert_array_equal(columns, expected_columns)
    np.testing.assert_array_equal(values, expected_values)
    assert values.dtype == np.float32


def test_top_n_by_hand():
    scores = np.array([[1.0, 3.0, 3.0, 2.0], [-np.inf, -np.inf, 0.5, -np.inf]])
    columns, values = top_n(scores, 3)
    assert columns.tolist() == [[1, 2, 3], [2, -1, -1]]
    assert values.tolist() == [[3, 3, 2], [0.5, -np.inf, -np.inf]]


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_top_n_of_nothing(shape):
    columns, values = top_n(np.zeros(shape), 2)
    assert columns.shape == values.shape == (shape[0], min(2, shape[1]))


def test_top_n_does_not_change_the_scores():
    scores = np.array([[2.0, 1.0, 3.0]])
    top_n(scores, 2)
    assert scores.tolist() == [[2, 1, 3]]


@dataclass(frozen=True, eq=False)
class Constant(Recommender):
    """Every item is as good as another."""

    size: int

    @property
    def n_items(self):
        return self.size

    def scores(self, histories):
        return np.zeros(histories.shape, dtype=np.float32)


@pytest.fixture
def interactions():
    """Users 5, 6, 7 over items 10 … 14; user 6 has seen all but item 12, user 7 all."""
    seen = {5: [10, 11], 6: [10, 11, 13, 14], 7: [10, 11, 12, 13, 14]}
    rows = [(user, item, 0.0) for user, items in seen.items() for item in items]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def test_recommend_by_hand(interactions):
    table = recommend(Popularity.fit(interactions), interactions, RecommendationParameters(n=2))
    assert table.columns.tolist() == ["user_id", "item_id", "rank", "score"]
    assert table.to_numpy().tolist() == [[5, 13, 1, 2], [5, 14, 2, 2], [6, 12, 1, 1]]
    assert table.dtypes.astype(str).to_dict() == {
        "user_id": "int64",
        "item_id": "int64",
        "rank": "int32",
        "score": "float32",
    }


def test_ties_go_to_the_lower_item_id(interactions):
    table = recommend(Constant(5), interactions, RecommendationParameters(n=3))
    assert table["item_id"].tolist() == [12, 13, 14, 12]
    assert table["rank"].tolist() == [1, 2, 3, 1]


def random_interactions(n_users=37, n_items=15):
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.5)
    return Interactions.from_frame(
        pd.DataFrame({"user_id": users + 100, "item_id": items + 500, "rating": 0.0})
    )


@pytest.mark.parametrize("block_size", [1, 2, 10, 36, 37, 1000])
def test_block_size_changes_nothing(block_size):
    data = random_interactions()
    model = RandomScores.fit(data, RandomScoresParameters())
    table = recommend(model, data, RecommendationParameters(n=6, block_size=block_size))
    reference = recommend(model, data, RecommendationParameters(n=6))
    pd.testing.assert_frame_equal(table, reference)


def test_seen_items_are_never_recommended_and_the_best_unseen_are():
    data = random_interactions()
    model = RandomScores.fit(data, RandomScoresParameters())
    table = recommend(model, data, RecommendationParameters(n=6, block_size=8))
    scores = model.scores(data.ratings)
    assert table["user_id"].is_monotonic_increasing
    for row, user in enumerate(data.user_ids):
        entries = slice(data.ratings.indptr[row], data.ratings.indptr[row + 1])
        unseen = np.setdiff1d(np.arange(data.n_items), data.ratings.indices[entries])
        best = sorted(unseen, key=lambda column: -scores[row, column])[:6]
        of_user = table[table["user_id"] == user]
        assert of_user["item_id"].tolist() == data.item_ids[best].tolist()
        assert of_user["rank"].tolist() == list(range(1, len(best) + 1))
        assert of_user["score"].tolist() == scores[row, best].tolist()


def test_recommend_with_text_ids():
    rows = [("zoë", "b", 1.0), ("zoë", "a", 1.0), ("Al", "ç", 1.0)]
    data = Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))
    table = recommend(Popularity.fit(data), data, RecommendationParameters(n=1))
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [["Al", "a"], ["zoë", "ç"]]


def test_list_longer_than_the_catalogue(interactions):
    with pytest.raises(InputError, match=r"recommendation\.n: 6 .*accepted: 1 to 5"):
        recommend(Constant(5), interactions, RecommendationParameters(n=6))


def test_model_of_another_catalogue(interactions):
    with pytest.raises(InputError, match="model knows 4 items, the interactions have 5"):
        recommend(Constant(4), interactions, RecommendationParameters(n=1))
