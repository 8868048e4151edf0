"""Top-N lists against a plain sort, and what must not change them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from explainable_recsys.recommenders.svd import SVD, SVDParameters
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


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    m=st.sampled_from([255, 513, 2000]),
    n=st.sampled_from([1, 7, 100, 300]),
    digits=st.integers(0, 3),
    share=st.sampled_from([0.0, 0.5, 0.99]),
)
def test_top_n_of_many_columns_equals_a_stable_sort(seed, m, n, digits, share):
    """More columns than groups; few digits, many ties; a share may not be taken, or all."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=(4, m)), digits)
    scores[rng.random(scores.shape) < share] = -np.inf
    scores[0] = -np.inf
    for found, expected in zip(top_n(scores, n), brute_force(scores, n), strict=True):
        np.testing.assert_array_equal(found, expected)


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
    """Every item is as good as another, for everybody who has rated something."""

    size: int

    @property
    def n_items(self):
        return self.size

    def scores(self, histories):
        rated = np.diff(histories.indptr) > 0
        return np.repeat(rated[:, None], self.size, axis=1).astype(np.float32)


class Linear(Recommender):
    """Base scores, and small whole numbers times ratings: many scores are equal."""

    def __init__(self, base, weights):
        self.base, self.weights = np.array(base, np.float32), np.array(weights, np.float32)

    @property
    def n_items(self):
        return len(self.base)

    def scores(self, histories):
        return np.asarray(histories @ self.weights + self.base, dtype=np.float32)


@pytest.fixture
def interactions():
    """Users 5, 6, 7 over items 10 … 14; user 6 has seen all but item 12, user 7 all."""
    seen = {5: [10, 11], 6: [10, 11, 13, 14], 7: [10, 11, 12, 13, 14]}
    return of_pairs([(user, item) for user, items in seen.items() for item in items])


def of_pairs(pairs, rating=1.0):
    frame = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    return Interactions.from_frame(frame.assign(rating=rating))


def lists_of(model, data, n=10, min_ratings=0, **options):
    """{user id: [item ids]} of everybody who gets a list."""
    parameters = RecommendationParameters(n=n, min_ratings=min_ratings)
    table = recommend(model, data, parameters, **options)
    assert (table.groupby("user_id").cumcount() + 1).tolist() == table["rank"].tolist()
    return table.groupby("user_id")["item_id"].agg(list).to_dict()


def test_recommend_by_hand(interactions):
    parameters = RecommendationParameters(n=2, min_ratings=0)
    table = recommend(Popularity.fit(interactions), interactions, parameters)
    assert table.columns.tolist() == ["user_id", "item_id", "rank", "score"]
    assert table.to_numpy().tolist() == [[5, 13, 1, 2], [5, 14, 2, 2], [6, 12, 1, 1]]
    assert table.dtypes.astype(str).to_dict() == {
        "user_id": "int64",
        "item_id": "int64",
        "rank": "int32",
        "score": "float32",
    }


def test_of_equal_scores_the_more_rated_goes_first(interactions):
    """Items 13 and 14 have two ratings, item 12 has one; so 13 and 14 tie where one must go."""
    assert lists_of(Constant(5), interactions, n=3) == {5: [13, 14, 12], 6: [12]}
    assert lists_of(Constant(5), interactions, n=2) == {5: [13, 14], 6: [12]}
    assert lists_of(Constant(5), interactions, n=1) == {6: [12]}


def test_items_with_few_ratings_are_not_recommended(interactions):
    assert lists_of(Constant(5), interactions, min_ratings=1, n=5) == {5: [13, 14, 12], 6: [12]}
    assert lists_of(Constant(5), interactions, min_ratings=2, n=5) == {5: [13, 14]}
    assert lists_of(Constant(5), interactions, min_ratings=3, n=5) == {}
    assert RecommendationParameters().min_ratings == 3


def test_what_counts_are_the_ratings_of_the_catalogue(interactions):
    """Also where those who ask are others, or only some."""
    one = Interactions(interactions.ratings[:1], interactions.user_ids[:1], interactions.item_ids)
    found = lists_of(Constant(5), one, min_ratings=2, n=5, catalogue=interactions)
    assert found == {5: [13, 14]}


def test_no_item_with_enough_ratings(interactions):
    message = r"recommendation\.min_ratings: no item has 4 ratings; accepted: 0 to 3"
    with pytest.raises(InputError, match=message):
        lists_of(Constant(5), interactions, min_ratings=4, n=5)


def test_only_and_exclude(interactions):
    asked = {"n": 5}
    assert lists_of(Constant(5), interactions, only=np.array([13, 12]), **asked) == {
        5: [13, 12],
        6: [12],
    }
    assert lists_of(Constant(5), interactions, exclude=np.array([13, 12]), **asked) == {5: [14]}
    with pytest.raises(InputError, match="99"):
        lists_of(Constant(5), interactions, only=np.array([99]), **asked)


def test_what_the_history_does_not_move_is_not_recommended():
    """Rating item 0 speaks for 2, against 3, and says nothing of 1 and 4, the best of all."""
    weights = np.zeros((5, 5))
    weights[0, 2:4] = 1, -1
    model = Linear([0, 9, 1, 1, 8], weights)
    data = of_pairs([(1, 0), (2, 1), (2, 2), (2, 3), (2, 4)])
    assert lists_of(model, data, n=5) == {1: [2, 3]}  # user 2's ratings count for nothing


def test_the_same_for_everybody_needs_no_say_of_the_history():
    data = of_pairs([(1, 0), (2, 1), (2, 2), (3, 2)])
    assert lists_of(Popularity.fit(data), data, n=3) == {1: [2, 1], 2: [0], 3: [0, 1]}


def test_an_empty_history_gets_no_list_but_what_is_the_same_for_everybody():
    data = of_pairs([(1, 0), (2, 1), (2, 2), (3, 2)])
    unknown = pd.DataFrame({"user_id": [8, 9], "item_id": [77, 0], "rating": [5.0, 5.0]})
    asking = data.histories(unknown)
    model = Linear([3, 2, 1], np.ones((3, 3)))
    assert lists_of(model, asking, n=3, catalogue=data) == {9: [1, 2]}
    popular = lists_of(Popularity.fit(data), asking, n=2, catalogue=data)
    assert popular == {8: [2], 9: [2, 1]}  # of items 0 and 1, which tie, user 8 has room for one


def by_brute_force(model, data, row, n, min_ratings):
    """The list of one user in plain Python: (item, score) from the best on."""
    counts = [int((data.ratings.indices == item).sum()) for item in range(data.n_items)]
    entries = slice(data.ratings.indptr[row], data.ratings.indptr[row + 1])
    rated = set(data.ratings.indices[entries].tolist())
    scores = model.scores(data.ratings[[row]])[0].tolist()
    nothing = model.scores(sparse.csr_array((1, data.n_items), dtype=np.float32))[0].tolist()
    if model.is_personal and not rated:
        return []
    there = [
        (scores[item], counts[item], item)
        for item in range(data.n_items)
        if item not in rated
        and counts[item] >= min_ratings
        and scores[item] > -np.inf
        and not (model.is_personal and scores[item] == nothing[item])
    ]
    order = sorted(there, key=lambda of: (-of[0], -of[1], of[2]))
    listed = order[:n]
    if len(order) > n:
        left_out = order[n][:2]
        listed = [of for of in listed if of[:2] != left_out]
    return [(item, score) for score, _, item in listed]


@st.composite
def small_cases(draw):
    """Few items, few different scores and counts; some histories are empty."""
    n_users, n_items = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rated = rng.random((n_users, n_items)) < draw(st.sampled_from([0.2, 0.5]))
    ratings = sparse.csr_array(np.where(rated, rng.integers(1, 3, rated.shape), 0), dtype="float32")
    data = Interactions(ratings, np.arange(n_users), np.arange(n_items) + 50)
    weights = rng.integers(-1, 2, (n_items, n_items)) * (rng.random((n_items, n_items)) < 0.6)
    base = rng.choice([0.0, 0.0, 1.0, -np.inf], n_items)
    model = Popularity.fit(data) if draw(st.booleans()) else Linear(base, weights)
    return model, data, draw(st.integers(1, n_items)), draw(st.integers(0, 2))


@settings(max_examples=150, deadline=None)
@given(case=small_cases(), block_size=st.sampled_from([1, 2, 512]))
def test_lists_equal_brute_force(case, block_size):
    model, data, n, min_ratings = case
    counts = np.bincount(data.ratings.indices, minlength=data.n_items)
    parameters = RecommendationParameters(n=n, min_ratings=min_ratings, block_size=block_size)
    if counts.max() < min_ratings:
        with pytest.raises(InputError, match="no item has"):
            recommend(model, data, parameters)
        return
    table = recommend(model, data, parameters)
    expected = [
        (user, item + 50, rank, score)
        for user in range(data.n_users)
        for rank, (item, score) in enumerate(by_brute_force(model, data, user, n, min_ratings), 1)
    ]
    assert list(table.itertuples(index=False, name=None)) == expected


@settings(max_examples=150, deadline=None)
@given(case=small_cases())
def test_ranks_go_with_the_lists(case):
    """Up to n for what is on the list, in its order; behind n, or none, for everything else."""
    model, data, n, _ = case
    ranker, every = Ranker.of(model, data, 0), np.arange(data.n_items)
    for row in range(data.n_users):
        scores = ranker.scores(data.ratings[[row]])
        ranks = ranker.ranks(scores[0], every, n)
        listed = [item for item, _ in by_brute_force(model, data, row, n, 0)]
        everything = [item for item, _ in by_brute_force(model, data, row, data.n_items, 0)]
        assert [ranks[item] for item in listed] == list(range(1, len(listed) + 1))
        assert set(np.flatnonzero(ranks).tolist()) == set(everything)
        assert all(ranks[item] > n for item in everything if item not in listed)
        in_full = ranker.ranks(scores[0], every, data.n_items)
        assert [in_full[item] for item in everything] == list(range(1, len(everything) + 1))
        stacked = ranker.ranks(np.repeat(scores, data.n_items, axis=0), every, n)
        np.testing.assert_array_equal(stacked, ranks)


def test_ranks_by_hand():
    """Items 1 to 4 tie; 1 is rated most, and 2, 3 and 4 tie in that too."""
    data = of_pairs([(8, 1), (9, 1), (9, 0), (9, 2), (9, 3), (9, 4)])
    ranker, scores = Ranker.of(Constant(5), data, 0), np.array([9, 5, 5, 5, 5], np.float32)
    for n, expected in ((5, [1, 2, 3, 4, 5]), (3, [1, 2, 5, 5, 5]), (2, [1, 2, 3, 4, 5])):
        assert ranker.ranks(scores, np.arange(5), n).tolist() == expected
        columns, _ = ranker.best(scores[None], n)
        assert set(columns[columns >= 0].tolist()) == {i for i in range(5) if expected[i] <= n}
    assert ranker.ranks(scores, np.empty(0, np.int64), 3).tolist() == []


LOW_ONLY = [(0, 0, 1.0), (0, 3, 1.0)] + [
    (user, item, float(2 + (user + item) % 4))
    for user in range(1, 6)
    for item in range(7)
    if (user + 2 * item) % 3
]
"""User 0 gave nothing but the lowest rating."""


def test_whoever_has_liked_nothing_gets_no_list_of_what_learns_from_liked_items():
    frame = pd.DataFrame(LOW_ONLY, columns=["user_id", "item_id", "rating"])
    data = Interactions.from_frame(frame)
    parameters = ALSParameters(factors=2, iterations=3, regularization=0.5, relevance_threshold=3)
    als = ALS.fit(data, parameters)
    assert not als.scores(data.ratings[[0]]).any()
    lists = lists_of(als, data, n=3)
    assert 0 not in lists
    assert 1 in lists
    every = ALS.fit(data, ALSParameters(factors=2, iterations=3, regularization=0.5))
    assert 0 in lists_of(every, data, n=3)


def test_where_all_ratings_are_equal_models_that_rank_rank():
    frame = pd.DataFrame(LOW_ONLY, columns=["user_id", "item_id", "rating"]).assign(rating=4.0)
    data = Interactions.from_frame(frame)
    model = SVD.fit(data, SVDParameters(factors=3, epochs=5))
    assert set(lists_of(model, data, n=3)) == set(range(6))
    kinds = EASE.fit(data, EASEParameters(regularization=1.0))
    assert set(lists_of(kinds, data, n=3)) == set(range(6))


@pytest.mark.parametrize("kind", ["als", "ease", "item_knn", "svd"])
def test_a_new_user_whose_only_item_is_unknown_gets_no_list(kind):
    data = Interactions.from_frame(pd.DataFrame(LOW_ONLY, columns=["user_id", "item_id", "rating"]))
    model = {
        "als": lambda: ALS.fit(data, ALSParameters(factors=2, iterations=3, regularization=0.5)),
        "ease": lambda: EASE.fit(data, EASEParameters(regularization=1.0)),
        "item_knn": lambda: ItemKNN.fit(data, ItemSimilarityParameters(k=3)),
        "svd": lambda: SVD.fit(data, SVDParameters(factors=2, epochs=3)),
    }[kind]()
    unknown = data.histories(pd.DataFrame({"user_id": [9], "item_id": [77], "rating": [5.0]}))
    assert unknown.n_users == 1
    assert lists_of(model, unknown, n=4, catalogue=data) == {}


def random_interactions(n_users=37, n_items=15):
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.5)
    return Interactions.from_frame(
        pd.DataFrame({"user_id": users + 100, "item_id": items + 500, "rating": 0.5})
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
    rows.append(("Al", "b", 2.0))
    data = Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))
    assert lists_of(Popularity.fit(data), data, n=1) == {"Al": ["a"], "zoë": ["ç"]}


def test_list_longer_than_the_catalogue(interactions):
    with pytest.raises(InputError, match=r"recommendation\.n: 6 .*accepted: 1 to 5"):
        recommend(Constant(5), interactions, RecommendationParameters(n=6))


def test_model_of_another_catalogue(interactions):
    with pytest.raises(InputError, match="model knows 4 items, the interactions have 5"):
        recommend(Constant(4), interactions, RecommendationParameters(n=1))
