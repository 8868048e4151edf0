"""Item-kNN against loops over pairs of items, and its scores against loops over ratings."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.knowledge import neighbours as explainability
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters, find_similar_items
from explainable_recsys.recommenders.base import AdditiveRecommender, load_recommender
from explainable_recsys.recommenders.item_knn import ItemKNN

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N_USERS, N_ITEMS = 14, 9
SIMILARITIES = ["cosine", "adjusted_cosine", "pearson"]
all_similarities = pytest.mark.parametrize("similarity", SIMILARITIES)


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {"k": 4, "similarity": "cosine", "shrinkage": 0.0, "amplification": 1.0}
    return ItemSimilarityParameters(**(values | changed))


def interactions_of(ratings, rated=None):
    """Stored where `rated` (or not 0); rows are named 1, 2, … and columns 100, 101, …"""
    ratings = np.asarray(ratings, dtype=np.float32)
    users, items = np.nonzero(ratings if rated is None else rated)
    matrix = sparse.csr_array((ratings[users, items], (users, items)), shape=ratings.shape)
    return Interactions(matrix, np.arange(len(ratings)) + 1, np.arange(len(ratings[0])) + 100)


def random_interactions(seed=0, n_users=N_USERS, values=11):
    """Ratings 0, 0.5, …; one item without ratings, one rated the same by all who rated it."""
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, values, (n_users, N_ITEMS)) / 2
    rated = rng.random(ratings.shape) < 0.5
    rated[:, 3] = False
    ratings[:, 5] = 2.0
    rated[0, 0] = True
    return interactions_of(ratings, rated)


def stored(ratings):
    """(n_users, n_items) True where there is a rating, also one of 0."""
    there = np.zeros(ratings.shape, bool)
    there[np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr)), ratings.indices] = True
    return there


def mean(values):
    return math.fsum(values) / len(values)


def similarity_of(ratings, i, j, given_parameters):
    """One pair of items, one user at a time."""
    there, dense = stored(ratings), ratings.toarray().astype(float)
    users = range(len(dense))

    def value(user, item):
        if given_parameters.similarity == "adjusted_cosine":
            return dense[user, item] - mean(dense[user, there[user]])
        if given_parameters.similarity == "pearson":
            return dense[user, item] - mean(dense[there[:, item], item])
        return dense[user, item]

    both = [user for user in users if there[user, i] and there[user, j]]
    of_i = both if given_parameters.similarity == "pearson" else np.flatnonzero(there[:, i])
    of_j = both if given_parameters.similarity == "pearson" else np.flatnonzero(there[:, j])
    product = math.fsum(value(user, i) * value(user, j) for user in both)
    length_i = math.fsum(value(user, i) ** 2 for user in of_i)
    length_j = math.fsum(value(user, j) ** 2 for user in of_j)
    if not both or min(length_i, length_j) < 1e-15:
        return 0.0
    found = product / math.sqrt(length_i * length_j)
    return round(found * len(both) / (len(both) + given_parameters.shrinkage), 10)


def brute_force(ratings, given_parameters):
    """For every item [(neighbour, similarity), …], nearest first; ties to the lower column."""
    lists = []
    for i in range(ratings.shape[1]):
        others = [
            (similarity_of(ratings, i, j, given_parameters), j)
            for j in range(ratings.shape[1])
            if j != i
        ]
        near = sorted((-s, j) for s, j in others if s > 0)[: given_parameters.k]
        lists.append([(j, -s) for s, j in near])
    return lists


def lists_of(neighbours, similarities):
    """The same of a model's arrays; what is padded has to be at the end and of no weight."""
    lists = []
    for near, similar in zip(neighbours.tolist(), similarities.tolist(), strict=True):
        filled = [j for j in near if j >= 0]
        assert near == filled + [-1] * (len(near) - len(filled))
        assert not any(similar[len(filled) :])
        lists.append(list(zip(filled, similar, strict=False)))
    return lists


def assert_same_lists(found, expected, tolerance):
    assert [[j for j, _ in near] for near in found] == [[j for j, _ in near] for near in expected]
    for near, wanted in zip(found, expected, strict=True):
        similarities = [[s for _, s in pieces] for pieces in (near, wanted)]
        np.testing.assert_allclose(*similarities, rtol=tolerance, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    similarity=st.sampled_from(SIMILARITIES),
    k=st.integers(1, N_ITEMS - 1),
    shrinkage=st.sampled_from([0.0, 0.5, 20.0]),
    amplification=st.sampled_from([0.5, 1.0, 1.5, 3.0]),
    values=st.sampled_from([3, 11]),
)
def test_neighbours_equal_brute_force(seed, values, **changed):
    """With the ratings 0, 0.5 and 1 there are many ties."""
    data, given_parameters = random_interactions(seed, values=values), parameters(**changed)
    expected = brute_force(data.ratings, given_parameters)
    found = lists_of(*find_similar_items(data.ratings, given_parameters))
    assert_same_lists(found, expected, 1e-8)
    model = ItemKNN.fit(data, given_parameters)
    power = given_parameters.amplification
    amplified = [[(j, s**power) for j, s in near] for near in expected]
    assert_same_lists(lists_of(model.neighbours, model.similarities), amplified, 1e-6)
    assert model.neighbours.shape == model.similarities.shape == (N_ITEMS, given_parameters.k)
    assert (model.neighbours.dtype, model.similarities.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize(
    ("similarity", "between_0_and_1", "between_0_and_2"),
    [
        # the columns (5, 1, 4), (4, 2, -) and (1, 5, 3), the means of users 10/3, 8/3 and 3.5
        ("cosine", 22 / math.sqrt(42 * 20), 22 / math.sqrt(42 * 35)),
        (
            "adjusted_cosine",
            (5 / 3 * 2 / 3 + 5 / 3 * 2 / 3) / math.sqrt((25 / 9 * 2 + 1 / 4) * (4 / 9 * 2)),
            None,  # negative
        ),
        # the means of items 10/3, 3 and 3; over the users 0 and 1 for the first pair
        (
            "pearson",
            (5 / 3 + 7 / 3) / math.sqrt((25 / 9 + 49 / 9) * 2),
            None,
        ),
    ],
)
def test_similarities_by_hand(similarity, between_0_and_1, between_0_and_2):
    data = interactions_of([[5, 4, 1], [1, 2, 5], [4, 0, 3]])
    near = dict(
        lists_of(*find_similar_items(data.ratings, parameters(k=2, similarity=similarity)))[0]
    )
    assert near.get(1) == pytest.approx(between_0_and_1, abs=1e-11)
    assert near.get(2) == (between_0_and_2 and pytest.approx(between_0_and_2, abs=1e-11))


def test_shrinkage_and_amplification_by_hand():
    """Two users rated both items the same: cosine 1, x 2 / (2 + 3), squared."""
    data = interactions_of([[4, 4, 0], [4, 4, 0]])
    model = ItemKNN.fit(data, parameters(k=1, shrinkage=3.0, amplification=2.0))
    assert model.neighbours.ravel().tolist() == [1, 0, -1]
    np.testing.assert_allclose(model.similarities.ravel(), [0.16, 0.16, 0], rtol=1e-6)
    scores = model.scores(interactions_of([[5, 0, 0], [3, 2, 5]]).ratings)
    np.testing.assert_allclose(scores, [[0, 0.8, 0], [0.32, 0.48, 0]], rtol=1e-6)
    assert scores.dtype == np.float32


def test_ties_go_to_the_lower_column():
    data = interactions_of(np.full((3, 6), 4.0))
    model = ItemKNN.fit(data, parameters(k=3))
    assert model.neighbours.tolist() == [
        [1, 2, 3],
        [0, 2, 3],
        [0, 1, 3],
        [0, 1, 2],
        [0, 1, 2],
        [0, 1, 2],
    ]
    np.testing.assert_allclose(model.similarities, 1)


@all_similarities
def test_items_in_blocks_have_the_same_neighbours(similarity, monkeypatch):
    data, given_parameters = random_interactions(), parameters(similarity=similarity)
    at_once = ItemKNN.fit(data, given_parameters)
    monkeypatch.setattr(explainability, "SIMILARITIES_AT_ONCE", 2 * N_ITEMS + 1)
    in_blocks = ItemKNN.fit(data, given_parameters)
    np.testing.assert_array_equal(in_blocks.neighbours, at_once.neighbours)
    np.testing.assert_array_equal(in_blocks.similarities, at_once.similarities)


@all_similarities
def test_items_never_rated_together_are_not_near(similarity):
    """Users 0 to 2 rated items 0 to 2, users 3 to 5 items 3 to 5."""
    rng = np.random.default_rng(0)
    ratings = np.zeros((6, 7))
    ratings[:3, :3], ratings[3:, 3:6] = rng.integers(1, 6, (2, 3, 3))
    data = interactions_of(ratings)
    model = ItemKNN.fit(data, parameters(k=6, similarity=similarity))
    for item, near in enumerate(model.neighbours.tolist()):
        assert {j // 3 for j in near if j >= 0} <= {item // 3}
    assert (model.neighbours >= 0).any()
    scores = model.scores(data.ratings)
    assert not scores[:3, 3:].any()
    assert not scores[3:, :3].any()
    assert not scores[:, 6].any()


@all_similarities
def test_nothing_in_common_at_all(similarity):
    data = interactions_of(np.diag([4.0, 3.0, 5.0]))
    model = ItemKNN.fit(data, parameters(k=2, similarity=similarity))
    assert (model.neighbours == -1).all()
    np.testing.assert_array_equal(model.scores(data.ratings), np.zeros((3, 3)))
    block = next(padded_blocks(data.ratings))
    assert not model.contributions(block, np.array([[0, 1]] * 3)).any()


def history(matrix, user):
    entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
    return list(zip(matrix.indices[entries].tolist(), matrix.data[entries].tolist(), strict=True))


def terms_of(model, histories):
    """(n, n_items, n_items): r_uj s_ij for each item i and each rated j among its neighbours."""
    terms = np.zeros((histories.shape[0], model.n_items, model.n_items))
    near = [dict(pieces) for pieces in lists_of(model.neighbours, model.similarities)]
    for user in range(len(terms)):
        for j, rating in history(histories, user):
            for i in range(model.n_items):
                terms[user, i, j] = rating * near[i].get(j, 0.0)
    return terms


def all_contributions(model, histories, items):
    """(n, k, n_items): the contributions to items (n, k), spread over the catalogue."""
    dense = np.zeros((histories.shape[0], items.shape[1], model.n_items))
    for block in padded_blocks(histories, cells=20):
        parts = model.contributions(block, items[block.rows])
        assert parts.dtype == np.float64
        assert parts.shape == (len(block.rows), items.shape[1], block.columns.shape[1])
        assert not parts[np.broadcast_to(~block.filled[:, None, :], parts.shape)].any()
        for place, user in enumerate(block.rows):
            kept = block.filled[place]
            dense[user][:, block.columns[place, kept]] = parts[place][:, kept]
    return dense


def rated_by_all(histories):
    """The histories that are not empty."""
    return sparse.csr_array(histories[np.flatnonzero(np.diff(histories.indptr))])


@settings(max_examples=13, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    similarity=st.sampled_from(SIMILARITIES),
    k=st.integers(1, N_ITEMS - 1),
)
def test_scores_and_contributions_equal_loops(seed, similarity, k):
    given_parameters = parameters(k=k, similarity=similarity, shrinkage=1.0, amplification=1.5)
    model = ItemKNN.fit(random_interactions(seed), given_parameters)
    assert isinstance(model, AdditiveRecommender)
    histories = rated_by_all(random_interactions(seed + 1, n_users=7).ratings)
    expected = terms_of(model, histories)
    items = np.tile(np.arange(N_ITEMS), (histories.shape[0], 1))
    found = all_contributions(model, histories, items)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(model.scores(histories), expected.sum(axis=2), atol=1e-5)
    np.testing.assert_allclose(model.scores(histories), found.sum(axis=2), atol=1e-5)


def test_some_items_score_what_they_score_among_all():
    """To the last digit: what is looked at together makes ties neither come nor go."""
    ratings = random_interactions().ratings
    model, chosen = ItemKNN.fit(random_interactions(1), parameters()), np.array([5, 0, 3, 3])
    expected = model.scores(ratings)[:, chosen]
    assert np.ptp(expected) > 0
    np.testing.assert_array_equal(model.scores_of(ratings, chosen), expected)


def test_contributions_of_chosen_items_only():
    data = random_interactions()
    model = ItemKNN.fit(data, parameters())
    histories = rated_by_all(data.ratings)
    items = np.random.default_rng(0).integers(0, N_ITEMS, (histories.shape[0], 3))
    items[0] = items[0, 0]
    found = all_contributions(model, histories, items)
    expected = terms_of(model, histories)[np.arange(len(items))[:, None], items]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.any()


def test_similarity_of_rated_items():
    model = ItemKNN.fit(random_interactions(), parameters(k=3))
    rated, items = np.array([[0, 1, 2], [4, 4, 8]]), np.array([[6, 7], [0, 4]])
    near = [dict(pieces) for pieces in lists_of(model.neighbours, model.similarities)]
    expected = [
        [[near[i].get(j, 0.0) for j in r] for i in k] for r, k in zip(rated, items, strict=True)
    ]
    np.testing.assert_array_equal(model.similarity(rated, items), expected)
    assert np.any(expected)


def test_a_neighbour_is_not_always_one_in_return():
    """Item 2 is nearest to items 0 and 1, but its own nearest is 0: 1 does not speak for 2."""
    data = interactions_of([[4, 0, 4], [4, 0, 4], [0, 4, 4], [0, 2, 0]])
    model = ItemKNN.fit(data, parameters(k=1))
    assert model.neighbours.ravel().tolist() == [2, 2, 0]
    scores = model.scores(interactions_of([[0, 5, 0], [0, 0, 5]]).ratings)
    assert not scores[0].any()
    np.testing.assert_allclose(scores[1], 5 * np.append(model.similarities[:2, 0], 0), rtol=1e-6)


def test_empty_history_scores_zero():
    data = random_interactions()
    model = ItemKNN.fit(data, parameters())
    empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    np.testing.assert_array_equal(model.scores(empty), np.zeros((2, N_ITEMS)))
    among_others = sparse.csr_array(sparse.vstack([data.ratings[:2], empty, data.ratings[2:]]))
    expected = np.insert(model.scores(data.ratings), [2, 2], 0, axis=0)
    np.testing.assert_array_equal(model.scores(among_others), expected)
    assert model.scores(data.ratings[:0]).shape == (0, N_ITEMS)


def test_an_empty_history_among_others_has_no_contributions():
    data = random_interactions()
    model = ItemKNN.fit(data, parameters())
    empty = sparse.csr_array((1, N_ITEMS), dtype=np.float32)
    (block,) = padded_blocks(sparse.csr_array(sparse.vstack([data.ratings[:2], empty])))
    found = model.contributions(block, np.tile([0, 1], (3, 1)))
    assert block.rows[0] == 2
    assert not found[0].any()


def test_contributions_of_empty_histories_alone():
    model = ItemKNN.fit(random_interactions(), parameters())
    (empty,) = padded_blocks(sparse.csr_array((2, N_ITEMS), dtype=np.float32))
    assert model.contributions(empty, np.zeros((2, 3), np.int64)).shape == (2, 3, 0)


def test_contributions_to_no_items():
    data = random_interactions()
    model = ItemKNN.fit(data, parameters())
    block = next(padded_blocks(data.ratings))
    nothing = np.zeros((len(block.rows), 0), np.int64)
    assert model.contributions(block, nothing).shape == (len(block.rows), 0, block.columns.shape[1])


def test_ratings_of_zero_and_below_zero():
    """Of 0 they count as common ratings and add nothing; below 0 they take from the score."""
    ratings = [[2.0, 0.0, -1.0], [2.0, 3.0, -1.0], [1.0, 4.0, -2.0]]
    data = interactions_of(ratings, np.ones((3, 3), bool))
    given_parameters = parameters(k=2, shrinkage=2.0)
    model = ItemKNN.fit(data, given_parameters)
    expected = brute_force(data.ratings, given_parameters)
    assert_same_lists(lists_of(model.neighbours, model.similarities), expected, 1e-6)
    cosine = 10 / math.sqrt(9 * 25)
    assert dict(expected[0])[1] == pytest.approx(cosine * 3 / 5)
    assert 2 not in dict(expected[0])
    one = interactions_of([[-3.0, 0.0, 0.0]]).ratings
    np.testing.assert_allclose(model.scores(one), [[0, -3 * cosine * 3 / 5, 0]], rtol=1e-6)


def test_a_users_own_level_does_not_count_in_adjusted_cosine():
    data = random_interactions()
    users = np.repeat(np.arange(N_USERS), np.diff(data.ratings.indptr))
    raised = data.ratings.copy()
    raised.data += (users % 4).astype(np.float32)
    adjusted = parameters(similarity="adjusted_cosine", k=5)
    expected = lists_of(*find_similar_items(data.ratings, adjusted))
    assert_same_lists(lists_of(*find_similar_items(raised, adjusted)), expected, 1e-9)
    cosine = parameters(k=5)
    levels = [find_similar_items(matrix, cosine)[1] for matrix in (data.ratings, raised)]
    assert np.abs(levels[0] - levels[1]).max() > 0.01


@pytest.mark.parametrize("k", [N_ITEMS, N_ITEMS + 1, 1_000])
@all_similarities
def test_more_neighbours_than_there_are_items(k, similarity):
    with pytest.raises(
        InputError, match=rf"\b{k} neighbours .* {N_ITEMS} items; .* 1 to 8 \(item_knn"
    ):
        ItemKNN.fit(random_interactions(), parameters(k=k, similarity=similarity))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), similarity=st.sampled_from(SIMILARITIES))
def test_permuting_users_and_items_permutes(seed, similarity):
    """Ratings with many digits, so that there are no ties (but among what is not similar)."""
    rng = np.random.default_rng(seed)
    rated = rng.random((N_USERS, N_ITEMS)) < 0.6
    data = interactions_of(rng.uniform(1, 5, rated.shape), rated)
    users, items = rng.permutation(N_USERS), rng.permutation(N_ITEMS)
    mixed = sparse.csr_array(data.ratings[users][:, items])
    mixed.sort_indices()
    given_parameters = parameters(similarity=similarity, shrinkage=1.0)
    model = ItemKNN.fit(data, given_parameters)
    permuted = ItemKNN.fit(Interactions(mixed, data.user_ids, data.item_ids), given_parameters)
    expected = model.scores(data.ratings)[np.ix_(users, items)]
    np.testing.assert_allclose(permuted.scores(mixed), expected, rtol=1e-5, atol=1e-5)


def test_known_and_new_user_with_the_same_ratings_get_the_same():
    data = random_interactions()
    model = ItemKNN.fit(data, parameters())
    columns, ratings = zip(*history(data.ratings, 2), strict=True)
    items = data.item_ids[list(columns)]
    new = data.histories(pd.DataFrame({"user_id": 777, "item_id": items, "rating": ratings}))
    np.testing.assert_array_equal(model.scores(new.ratings)[0], model.scores(data.ratings)[2])


@all_similarities
def test_the_interactions_stay_as_they_are(similarity):
    data = random_interactions()
    before = data.ratings.copy()
    model = ItemKNN.fit(data, parameters(similarity=similarity))
    model.scores(data.ratings)[:] = -np.inf
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(data.ratings, name), getattr(before, name))
    assert np.isfinite(model.scores(data.ratings)).all()


@all_similarities
def test_round_trip_through_a_file(similarity):
    data = random_interactions()
    model = ItemKNN.fit(data, parameters(similarity=similarity, amplification=1.5))
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored_arrays:
        loaded = load_recommender(dict(stored_arrays))
    assert type(loaded) is ItemKNN
    assert loaded.parameters == model.parameters
    assert loaded.n_items == N_ITEMS
    np.testing.assert_array_equal(loaded.scores(data.ratings), model.scores(data.ratings))
    for name, array in model.to_arrays().items():
        assert loaded.to_arrays()[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.to_arrays()[name], array)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", 0),
        ("similarity", "jaccard"),
        ("shrinkage", -1),
        ("shrinkage", np.inf),
        ("amplification", 0),
        ("amplification", np.nan),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})
