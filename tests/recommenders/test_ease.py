"""EASE in both of its forms against the dense textbook formula, and what follows from it."""

import dataclasses
import io
import logging
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.recommenders import ease
from explainable_recsys.recommenders.base import AdditiveRecommender, load_recommender
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

WIDE, TALL, SQUARE = (7, 13), (13, 7), (9, 9)
SHAPES = {"fewer users": WIDE, "fewer items": TALL, "as many": SQUARE}
all_shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "regularization": 2.0,
        "rating_weight": 0.3,
        "length_damping": 0.35,
        "popularity_damping": 0.15,
        "max_size": 1_000,
    }
    return EASEParameters(**(values | changed))


def interactions_of(ratings, rated):
    """Stored where `rated`, also zeros; rows are named 1, 2, … and columns 100, 101, …"""
    users, items = np.nonzero(rated)
    values = np.asarray(ratings, dtype=np.float32)[users, items]
    matrix = sparse.csr_array((values, (users, items)), shape=np.shape(rated))
    return Interactions(matrix, np.arange(len(rated)) + 1, np.arange(len(rated[0])) + 100)


def random_interactions(shape=TALL, seed=0):
    """Ratings 0, 0.5, …, 5; some items without ratings, a user with all; 0 and 1 have the same."""
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 11, shape) / 2
    rated = rng.random(shape) < rng.random((shape[0], 1))
    rated[-1] = True
    rated[0, 0] = True
    ratings[1], rated[1] = ratings[0], rated[0]
    rated[:, 2] &= rng.random() < 0.5
    return interactions_of(ratings, rated)


def history(matrix, user):
    entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
    return list(zip(matrix.indices[entries].tolist(), matrix.data[entries].tolist(), strict=True))


def what_ratings_count(histories, mean, given):
    """X (n, n_items), one rating at a time."""
    x = np.zeros(histories.shape)
    for user in range(len(x)):
        for column, rating in history(histories, user):
            x[user, column] = max(0.0, 1 + given.rating_weight * (rating - mean))
    return x


def weights_of_users(ratings, given):
    """(n,) of their squared errors; those of users without ratings do not matter."""
    n = np.array([max(1, len(history(ratings, user))) for user in range(ratings.shape[0])])
    return (n * ratings.shape[0] / ratings.nnz) ** (-2 * given.length_damping)


def factors_of_items(ratings, given):
    counts = [max(1, (ratings.indices == item).sum()) for item in range(ratings.shape[1])]
    return np.array([n**-given.popularity_damping for n in counts])


def textbook(data, given, known=None):
    """B = I - P diag(1 / diag P) without the factors of items, all of it dense."""
    ratings = data.ratings
    x = what_ratings_count(ratings, ratings.data.astype(float).mean(), given)
    if known is not None:
        x[:, ~known] = 0
    gram = x.T @ np.diag(weights_of_users(ratings, given)) @ x
    p = np.linalg.inv(gram + given.regularization * np.eye(len(gram)))
    return np.eye(len(gram)) - p @ np.diag(1 / np.diag(p))


def textbook_scores(data, given, histories):
    x = what_ratings_count(histories, data.ratings.data.astype(float).mean(), given)
    return (x @ textbook(data, given)) * factors_of_items(data.ratings, given)


def assert_relatively_close(found, expected, tolerance=1e-8):
    """Relative to the largest number; of numbers near 1 that cancel, 1e-9 may be left."""
    atol = tolerance * np.abs(expected).max() + 1e-9
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def all_weights(model):
    everything = np.arange(model.n_items)
    return model.weights_between(everything, everything)


def all_contributions(model, histories, items, cells=40):
    """(n, k, n_items): the contributions to items (n, k), spread over the catalogue."""
    dense = np.zeros((histories.shape[0], items.shape[1], model.n_items))
    for block in padded_blocks(histories, cells=cells):
        parts = model.contributions(block, items[block.rows])
        assert parts.dtype == np.float64
        assert parts.shape == (len(block.rows), items.shape[1], block.columns.shape[1])
        assert not parts[np.broadcast_to(~block.filled[:, None, :], parts.shape)].any()
        for place, user in enumerate(block.rows):
            kept = block.filled[place]
            dense[user][:, block.columns[place, kept]] = parts[place][:, kept]
    return dense


def every_item(histories):
    return np.tile(np.arange(histories.shape[1]), (histories.shape[0], 1))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(2, 9), st.integers(3, 9)),
    regularization=st.sampled_from([0.05, 2.0, 360.0]),
    rating_weight=st.sampled_from([0.0, 0.1, 0.3, 2.0]),
    length_damping=st.sampled_from([0.0, 0.2, 1.0]),
    popularity_damping=st.sampled_from([0.0, 0.08, 1.0]),
)
def test_equals_the_textbook_formula(seed, shape, **changed):
    data, given_parameters = random_interactions(shape, seed), parameters(**changed)
    model = EASE.fit(data, given_parameters)
    assert (len(model.training_starts) > 0) == (shape[0] < shape[1])
    expected = textbook(data, given_parameters) * factors_of_items(data.ratings, given_parameters)
    assert_relatively_close(all_weights(model), expected)
    scores = model.scores(data.ratings)
    assert scores.dtype == np.float32
    wanted = textbook_scores(data, given_parameters, data.ratings)
    assert_relatively_close(scores, wanted, 1e-5)


@all_shapes
def test_some_items_score_what_they_score_among_all(shape):
    data = random_interactions(shape)
    model, chosen = EASE.fit(data, parameters()), np.array([5, 0, 3, 3])
    expected = model.scores(data.ratings)[:, chosen]
    np.testing.assert_array_equal(model.scores_of(data.ratings, chosen), expected)


@all_shapes
def test_new_histories_are_scored_as_the_formula_says(shape):
    data = random_interactions(shape)
    model = EASE.fit(data, parameters())
    histories = random_interactions((5, shape[1]), seed=1).ratings
    expected = textbook_scores(data, parameters(), histories)
    assert np.abs(expected).max() > 0.1
    assert_relatively_close(model.scores(histories), expected, 1e-5)


def test_two_items_by_hand():
    """Three users rated both items, one the first alone: X'X = [[4, 3], [3, 3]]."""
    rated = np.array([[1, 1], [1, 1], [1, 1], [1, 0]], bool)
    data = interactions_of(np.full(rated.shape, 4.0), rated)
    plain = parameters(regularization=1.0, length_damping=0, popularity_damping=0)
    # B_01 = 3 / (4 + 1) and B_10 = 3 / (3 + 1): a regression of either item on the other
    model = EASE.fit(data, plain)
    np.testing.assert_allclose(all_weights(model), [[0, 3 / 5], [3 / 4, 0]], atol=1e-12)
    damped = EASE.fit(data, plain.model_copy(update={"popularity_damping": 0.5}))
    expected = [[0, 3 / 5 / np.sqrt(3)], [3 / 4 / np.sqrt(4), 0]]
    np.testing.assert_allclose(all_weights(damped), expected, atol=1e-12)


def test_long_histories_count_less_in_training():
    """Of two users with 1 and 3 ratings, 2 on average, they weigh 2^(2d) and (3/2)^-(2d)."""
    rated = np.array([[1, 0, 0], [1, 1, 1], [0, 0, 0]], bool)[:2]
    data = interactions_of(np.full(rated.shape, 4.0), rated)
    plain = parameters(regularization=1.0, length_damping=0.5, popularity_damping=0)
    first, second = 2.0, 2 / 3
    gram = second * np.ones((3, 3)) + np.diag([first + 1, 1, 1])
    p = np.linalg.inv(gram)
    np.testing.assert_allclose(all_weights(EASE.fit(data, plain)), np.eye(3) - p / np.diag(p))


def test_both_forms_give_the_same():
    """Users without ratings change the form, and nothing else where lengths do not count."""
    data, plain = random_interactions(WIDE), parameters(length_damping=0)
    more = sparse.vstack([data.ratings, sparse.csr_array((10, WIDE[1]), dtype=np.float32)])
    longer = Interactions(sparse.csr_array(more), np.arange(17), data.item_ids)
    wide, tall = EASE.fit(data, plain), EASE.fit(longer, plain)
    assert wide.inverse.shape == (WIDE[0], WIDE[0])
    assert tall.inverse.shape == (WIDE[1], WIDE[1])
    assert_relatively_close(all_weights(wide), all_weights(tall))
    assert_relatively_close(wide.diagonal, tall.diagonal)
    np.testing.assert_allclose(
        wide.scores(data.ratings), tall.scores(data.ratings), rtol=1e-5, atol=1e-6
    )


@all_shapes
def test_no_item_speaks_for_itself(shape):
    data = random_interactions(shape)
    model = EASE.fit(data, parameters())
    assert not np.diag(all_weights(model)).any()
    alone = sparse.csr_array(np.eye(shape[1], dtype=np.float32) * 5)
    np.testing.assert_allclose(np.diag(model.scores(alone)), 0, atol=1e-6)
    contributions = all_contributions(model, data.ratings, every_item(data.ratings))
    assert not contributions[:, np.arange(shape[1]), np.arange(shape[1])].any()


def objective(weights, x, of_users, regularization):
    """|X - XB|^2 + lambda |B|^2, one user at a time."""
    total = regularization * np.square(weights).sum()
    for row, of_user in zip(x, of_users, strict=True):
        total += of_user * np.square(row - row @ weights).sum()
    return total


@all_shapes
def test_weights_minimise_the_objective(shape):
    """Central differences are exact for quadratic functions, however long the step."""
    data, given_parameters = random_interactions(shape), parameters(popularity_damping=0)
    weights = all_weights(EASE.fit(data, given_parameters))
    mean = data.ratings.data.astype(float).mean()
    x = what_ratings_count(data.ratings, mean, given_parameters)
    of_users = weights_of_users(data.ratings, given_parameters)
    fixed = (x, of_users, given_parameters.regularization)
    slopes = np.zeros_like(weights)
    for place in np.argwhere(~np.eye(len(weights), dtype=bool)):
        step = np.zeros_like(weights)
        step[tuple(place)] = 1
        above, below = (objective(weights + sign * step, *fixed) for sign in (1, -1))
        slopes[tuple(place)] = (above - below) / 2
    np.testing.assert_allclose(slopes, 0, atol=1e-9 * objective(weights, *fixed))
    assert objective(weights, *fixed) < 0.99 * objective(np.zeros_like(weights), *fixed)
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 10):
        step = size * rng.normal(size=weights.shape) * ~np.eye(len(weights), dtype=bool)
        assert objective(weights + step, *fixed) > objective(weights, *fixed)


@settings(max_examples=13, deadline=None)
@given(seed=st.integers(0, 10_000), shape=st.sampled_from([WIDE, TALL, SQUARE]))
def test_contributions_sum_to_the_score(seed, shape):
    data = random_interactions(shape, seed)
    model = EASE.fit(data, parameters())
    assert isinstance(model, AdditiveRecommender)
    histories = random_interactions((6, shape[1]), seed + 1).ratings
    contributions = all_contributions(model, histories, every_item(histories))
    rated = np.zeros(histories.shape, bool)
    for user in range(6):
        rated[user, [column for column, _ in history(histories, user)]] = True
    assert not contributions.transpose(0, 2, 1)[~rated].any()
    exact = textbook_scores(data, parameters(), histories)
    assert_relatively_close(contributions.sum(axis=2), exact)
    assert_relatively_close(model.scores(histories), contributions.sum(axis=2), 1e-5)


@all_shapes
@pytest.mark.parametrize("cells", [None, 1, 20])
def test_contributions_are_weights_times_what_ratings_count(shape, cells, monkeypatch):
    """However many weights are computed at a time."""
    data = random_interactions(shape)
    if cells:
        monkeypatch.setattr(ease, "WEIGHTS_AT_ONCE", cells)
    model = EASE.fit(data, parameters())
    items = np.random.default_rng(0).integers(0, shape[1], (shape[0], 4))
    items[0] = items[0, 0]
    found = all_contributions(model, data.ratings, items)
    weights = textbook(data, parameters()) * factors_of_items(data.ratings, parameters())
    x = what_ratings_count(data.ratings, model.mean, parameters())
    for user, slot in np.ndindex(*items.shape):
        expected = x[user] * weights[:, items[user, slot]]
        np.testing.assert_allclose(found[user, slot], expected, atol=1e-9)


@all_shapes
def test_items_of_a_fit_in_small_blocks_have_the_same_diagonal(shape, monkeypatch):
    data = random_interactions(shape)
    at_once = EASE.fit(data, parameters())
    monkeypatch.setattr(ease, "WEIGHTS_AT_ONCE", 2 * shape[0] + 1)
    in_blocks = EASE.fit(data, parameters())
    np.testing.assert_allclose(in_blocks.diagonal, at_once.diagonal, rtol=1e-14)


@all_shapes
def test_weights_between_some_items(shape):
    model = EASE.fit(random_interactions(shape), parameters())
    rated, some = np.array([0, 3, 6]), np.array([4, 0, 4, 6])
    found = model.weights_between(rated, some)
    np.testing.assert_allclose(found, all_weights(model)[np.ix_(rated, some)], atol=1e-14)
    assert model.weights_between(rated, some[:0]).shape == (3, 0)
    assert model.weights_between(rated[:0], some).shape == (0, 4)


@all_shapes
def test_contributions_to_no_items_and_of_empty_histories(shape):
    model = EASE.fit(random_interactions(shape), parameters())
    (empty,) = padded_blocks(sparse.csr_array((2, shape[1]), dtype=np.float32))
    assert model.contributions(empty, np.zeros((2, 3), np.int64)).shape == (2, 3, 0)
    block = next(padded_blocks(random_interactions((3, shape[1])).ratings))
    nothing = np.zeros((len(block.rows), 0), np.int64)
    assert model.contributions(block, nothing).shape == (len(block.rows), 0, block.columns.shape[1])


# Items that do not fit

N_KNOWN = 4


def cut_off(shape=TALL, seed=0, **changed):
    """Data, a model with N_KNOWN of its items, and which these are, counted one by one."""
    data = random_interactions(shape, seed)
    model = EASE.fit(data, parameters(max_size=N_KNOWN, **changed))
    counts = [int((data.ratings.indices == item).sum()) for item in range(shape[1])]
    order = sorted(range(shape[1]), key=lambda item: (-counts[item], item))
    known = np.isin(np.arange(shape[1]), order[:N_KNOWN])
    return data, model, known


@all_shapes
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_most_rated_items_take_part(shape, seed):
    data, model, known = cut_off(shape, seed)
    np.testing.assert_array_equal(model.known, known)
    assert model.known.sum() == N_KNOWN
    weights = textbook(data, parameters(), known) * factors_of_items(data.ratings, parameters())
    assert_relatively_close(all_weights(model), weights)
    x = what_ratings_count(data.ratings, model.mean, parameters()) * known
    gram = x.T @ np.diag(weights_of_users(data.ratings, parameters())) @ x
    p = np.linalg.inv(gram + parameters().regularization * np.eye(len(gram)))
    np.testing.assert_allclose(model.diagonal, np.diag(p), rtol=1e-9)
    assert not all_weights(model)[~known].any()
    assert not all_weights(model)[:, ~known].any()
    assert np.abs(weights).max() > 0.05
    scores = model.scores(data.ratings)
    assert_relatively_close(scores[:, known], (x @ weights)[:, known], 1e-5)


@pytest.mark.parametrize(("max_size", "cut"), [(6, True), (7, False), (12, False), (13, False)])
@pytest.mark.parametrize("shape", [WIDE, TALL])
def test_only_what_does_not_fit_is_cut(max_size, cut, shape, caplog):
    """One of the numbers of users and items has to fit, and 7 is the smaller."""
    caplog.set_level(logging.WARNING, logger="explainable_recsys")
    model = EASE.fit(random_interactions(shape), parameters(max_size=max_size))
    assert model.known.sum() == (max_size if cut else shape[1])
    assert len(caplog.records) == cut


def test_the_warning_says_what_was_left_out(caplog):
    rated = np.zeros((5, 6), bool)
    for item, count in enumerate([1, 5, 2, 4, 1, 3]):
        rated[:count, item] = True
    data = interactions_of(np.full(rated.shape, 3.0), rated)
    caplog.set_level(logging.WARNING, logger="explainable_recsys")
    model = EASE.fit(data, parameters(max_size=4))
    assert model.known.tolist() == [False, True, True, True, False, True]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "EASE: of 6 items only the 4 most rated take part, all with at least 2 ratings; the "
        "matrix to be inverted has 0.0 GiB instead of 0.0 (max_size)"
    )


def test_the_warning_tells_the_size_of_the_matrix(caplog):
    rated = np.zeros((9_000, 9_000), bool)
    rated[0, :] = rated[:, 0] = True
    entries = np.concatenate([np.arange(9_000), np.zeros(8_999, np.int64)])
    rows = np.concatenate([np.zeros(9_000, np.int64), np.arange(1, 9_000)])
    ratings = sparse.csr_array((np.ones(len(rows), np.float32), (rows, entries)))
    caplog.set_level(logging.WARNING, logger="explainable_recsys")
    EASE.fit(Interactions(ratings, np.arange(9_000), np.arange(9_000)), parameters(max_size=30))
    (record,) = caplog.records
    # 8 x 9,000^2 bytes are 0.603 GiB
    assert "at least 1 ratings; the matrix to be inverted has 0.0 GiB instead of 0.6 (" in (
        record.getMessage()
    )


@all_shapes
def test_items_left_out_come_last_and_contribute_nothing(shape):
    data, model, known = cut_off(shape)
    scores = model.scores(data.ratings)
    assert (scores[:, ~known].max(axis=1) < scores[:, known].min(axis=1)).all()
    assert np.isneginf(scores[:, ~known]).all()
    contributions = all_contributions(model, data.ratings, every_item(data.ratings))
    assert not contributions[:, ~known].any()
    assert not contributions[:, :, ~known].any()
    assert_relatively_close(contributions.sum(axis=2)[:, known], scores[:, known], 1e-5)
    lists = recommend(model, data, RecommendationParameters(n=shape[1], block_size=3))
    ranks = lists.assign(known=known[lists["item_id"] - 100])
    for _, ranked in ranks.groupby("user_id"):
        assert ranked.sort_values("rank")["known"].is_monotonic_decreasing


@all_shapes
def test_ratings_of_items_left_out_change_nothing(shape):
    _, model, known = cut_off(shape)
    rng = np.random.default_rng(1)
    some = rng.integers(1, 6, (4, shape[1])) * (rng.random((4, shape[1])) < 0.6)
    with_all, without = (sparse.csr_array((some * kept).astype(np.float32)) for kept in (1, known))
    np.testing.assert_array_equal(model.scores(with_all)[:, known], model.scores(without)[:, known])
    only = sparse.csr_array((np.full((1, shape[1]), 5) * ~known).astype(np.float32))
    scores = model.scores(only)[0]
    np.testing.assert_array_equal(scores[known], 0)
    assert np.isneginf(scores[~known]).all()


@pytest.mark.parametrize("shape", [WIDE, (7, 8)])
def test_max_size_bounds_the_matrix_where_users_are_fewer(shape):
    _, model, _ = cut_off(shape)
    assert max(model.inverse.shape) <= N_KNOWN


@pytest.mark.parametrize("shape", [TALL, SQUARE])
def test_max_size_bounds_the_matrix_where_items_are_fewer(shape):
    _, model, _ = cut_off(shape)
    assert model.inverse.shape == (N_KNOWN, N_KNOWN)


def test_scores_of_items_left_out_do_not_depend_on_other_histories():
    """All rated item 0 and either 1 or 2, which therefore oppose each other; 3 is left out."""
    rated = np.array([[1, 1, 0, 0], [1, 0, 1, 0]] * 3 + [[0, 0, 0, 1]], bool)
    model = EASE.fit(interactions_of(np.full(rated.shape, 4.0), rated), parameters(max_size=3))
    assert model.known.tolist() == [True, True, True, False]
    histories = sparse.csr_array(np.array([[4, 0, 0, 0], [0, 4, 0, 0]], np.float32))
    together = model.scores(histories)
    assert (together.min(axis=1) == together[:, 3]).all()
    assert together[0, :3].min() >= 0 > together[1, :3].min()
    alone = np.vstack([model.scores(histories[[user]]) for user in range(2)])
    np.testing.assert_allclose(alone[:, :3], together[:, :3], atol=1e-6)
    np.testing.assert_allclose(alone[:, 3], together[:, 3], atol=1e-6)


# Unusual data


@all_shapes
def test_empty_history_scores_zero(shape):
    data = random_interactions(shape)
    model = EASE.fit(data, parameters())
    empty = sparse.csr_array((2, shape[1]), dtype=np.float32)
    np.testing.assert_array_equal(model.scores(empty), np.zeros((2, shape[1])))
    among_others = sparse.csr_array(sparse.vstack([data.ratings[:2], empty, data.ratings[2:]]))
    expected = np.insert(model.scores(data.ratings), [2, 2], 0, axis=0)
    np.testing.assert_allclose(model.scores(among_others), expected, atol=1e-6)
    assert model.scores(data.ratings[:0]).shape == (0, shape[1])


def test_a_single_rating():
    model = EASE.fit(interactions_of([[4.0]], [[True]]), parameters())
    assert model.n_items == 1
    np.testing.assert_array_equal(all_weights(model), [[0.0]])
    np.testing.assert_allclose(model.scores(sparse.csr_array([[5.0]])), [[0.0]], atol=1e-7)


def test_one_user():
    """All items are alike: with n ratings of weight 1, B_ji = 1 / (n - 1 + lambda)."""
    data = interactions_of(np.full((1, 5), 2.0), [[True] * 4 + [False]])
    model = EASE.fit(data, parameters(regularization=3.0))
    expected = np.zeros((5, 5))
    expected[:4, :4] = (1 - np.eye(4)) / 6
    np.testing.assert_allclose(all_weights(model), expected, atol=1e-12)


def test_one_item():
    data = interactions_of(np.full((5, 1), 2.0), [[True]] * 5)
    np.testing.assert_array_equal(all_weights(EASE.fit(data, parameters())), [[0.0]])


@all_shapes
def test_every_user_twice_is_half_the_regularization(shape):
    data = random_interactions(shape)
    twice = sparse.csr_array(sparse.vstack([data.ratings] * 2))
    doubled = Interactions(twice, np.arange(2 * shape[0]), data.item_ids)
    plain = {"popularity_damping": 0.0}
    one = EASE.fit(data, parameters(regularization=1.5, **plain))
    two = EASE.fit(doubled, parameters(regularization=3.0, **plain))
    assert_relatively_close(all_weights(two), all_weights(one))
    known = one.scores(data.ratings)
    np.testing.assert_array_equal(known[0], known[1])


@all_shapes
def test_only_the_distance_from_the_mean_rating_counts(shape):
    """The same ratings on a scale from -10 on, and constant ones whatever they weigh."""
    data = random_interactions(shape)
    lower = dataclasses.replace(data, ratings=data.ratings.copy())
    lower.ratings.data -= 10
    assert lower.ratings.data.max() < 0
    model, of_lower = (EASE.fit(one, parameters()) for one in (data, lower))
    assert_relatively_close(all_weights(of_lower), all_weights(model))
    np.testing.assert_allclose(
        of_lower.scores(lower.ratings), model.scores(data.ratings), rtol=1e-4, atol=1e-6
    )
    constant = dataclasses.replace(data, ratings=data.ratings.copy())
    constant.ratings.data[:] = -1.7
    fits = [EASE.fit(constant, parameters(rating_weight=weight)) for weight in (0.0, 0.3, 50)]
    for other in fits[1:]:
        np.testing.assert_array_equal(all_weights(other), all_weights(fits[0]))
    np.testing.assert_allclose(fits[0].mean, -1.7, atol=1e-6)


@all_shapes
def test_a_rating_far_below_the_mean_counts_nothing(shape):
    """With weight 1 a rating 1 point or more below the mean."""
    data = random_interactions(shape)
    model = EASE.fit(data, parameters(rating_weight=1.0))
    low = data.ratings.data <= model.mean - 1
    assert 0 < low.sum() < len(low)
    users = np.repeat(np.arange(shape[0]), np.diff(data.ratings.indptr))
    contributions = all_contributions(model, data.ratings, every_item(data.ratings))
    assert not contributions[users[low], :, data.ratings.indices[low]].any()
    without = data.ratings.copy()
    without.data[low] = -1e6
    np.testing.assert_array_equal(model.scores(without), model.scores(data.ratings))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("weight", [1e200, 1e308])
@all_shapes
def test_an_excessive_rating_weight_is_refused(shape, weight):
    with pytest.raises(ValidationError, match="rating_weight"):
        EASE.fit(random_interactions(shape), parameters(rating_weight=weight))


@all_shapes
def test_a_regularization_too_small_to_invert_is_refused(shape):
    """Users 0 and 1 have the same ratings, and so, here, have items 0 and 1."""
    ratings, rated = np.full(shape, 3.0), np.ones(shape, bool)
    with pytest.raises(
        InputError, match="regularization: with 1e-30 the matrix of EASE cannot be inverted"
    ):
        EASE.fit(interactions_of(ratings, rated), parameters(regularization=1e-30))


# What any recommender promises


@all_shapes
def test_known_and_new_user_with_the_same_ratings_get_the_same(shape):
    data = random_interactions(shape)
    model = EASE.fit(data, parameters())
    columns, ratings = zip(*history(data.ratings, 0), strict=True)
    items = data.item_ids[list(columns)]
    new = data.histories(pd.DataFrame({"user_id": 777, "item_id": items, "rating": ratings}))
    known = model.scores(data.ratings)
    np.testing.assert_allclose(model.scores(new.ratings)[0], known[0], rtol=1e-6, atol=1e-7)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), shape=st.sampled_from([WIDE, TALL, SQUARE]))
def test_permuting_users_and_items_permutes(seed, shape):
    data = random_interactions(shape)
    rng = np.random.default_rng(seed)
    users, items = rng.permutation(shape[0]), rng.permutation(shape[1])
    mixed = sparse.csr_array(data.ratings[users][:, items])
    mixed.sort_indices()
    model = EASE.fit(data, parameters())
    permuted = EASE.fit(Interactions(mixed, data.user_ids, data.item_ids), parameters())
    assert_relatively_close(all_weights(permuted), all_weights(model)[np.ix_(items, items)])
    expected = model.scores(data.ratings)[np.ix_(users, items)]
    np.testing.assert_allclose(permuted.scores(mixed), expected, rtol=1e-5, atol=1e-6)


@all_shapes
def test_the_interactions_stay_as_they_are(shape):
    data = random_interactions(shape)
    before = data.ratings.copy()
    model = EASE.fit(data, parameters(rating_weight=2.0, max_size=3))
    model.scores(data.ratings)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(data.ratings, name), getattr(before, name))


@all_shapes
def test_scores_are_the_callers_own(shape):
    data = random_interactions(shape)
    model = EASE.fit(data, parameters())
    before = model.scores(data.ratings).copy()
    model.scores(data.ratings)[:] = -np.inf
    np.testing.assert_array_equal(model.scores(data.ratings), before)


@all_shapes
@pytest.mark.parametrize("max_size", [N_KNOWN, 1_000])
def test_round_trip_through_a_file(shape, max_size):
    data = random_interactions(shape)
    model = EASE.fit(data, parameters(max_size=max_size))
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_recommender(dict(stored))
    assert type(loaded) is EASE
    assert loaded.parameters == model.parameters
    assert (loaded.mean, type(loaded.mean)) == (model.mean, float)
    assert loaded.n_items == shape[1]
    np.testing.assert_array_equal(loaded.scores(data.ratings), model.scores(data.ratings))
    items = every_item(data.ratings)
    np.testing.assert_array_equal(
        all_contributions(loaded, data.ratings, items),
        all_contributions(model, data.ratings, items),
    )
    for name, array in model.to_arrays().items():
        assert loaded.to_arrays()[name].dtype == array.dtype


def sparse_data(n_users, n_items):
    """Every user rated 30 items, mostly others than the next user."""
    rng = np.random.default_rng(0)
    columns = [np.sort(rng.choice(n_items, 30, replace=False)) for _ in range(n_users)]
    ratings = rng.integers(1, 6, (n_users, 30)).astype(np.float32)
    matrix = sparse.csr_array(
        (ratings.ravel(), np.concatenate(columns), np.arange(n_users + 1) * 30),
        shape=(n_users, n_items),
    )
    return Interactions(matrix, np.arange(n_users), np.arange(n_items))


def test_where_users_are_fewer_nothing_is_as_large_as_all_pairs_of_items():
    n_users, n_items = 12, 4_000
    data = sparse_data(n_users, n_items)
    items = np.random.default_rng(1).integers(0, n_items, (n_users, 10))
    tracemalloc.start()
    try:
        model = EASE.fit(data, parameters())
        model.scores(data.ratings)
        for block in padded_blocks(data.ratings):
            model.contributions(block, items[block.rows])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * n_items**2 / 5
    assert max(array.size for array in model.to_arrays().values()) == n_items
    assert model.inverse.shape == (n_users, n_users)
    assert model.training_values.shape == model.training_columns.shape == (30 * n_users,)
    assert model.training_starts.shape == (n_users + 1,)


def test_where_items_are_fewer_nothing_grows_with_the_users():
    model = EASE.fit(sparse_data(3_000, 40), parameters())
    assert sum(array.size for array in model.to_arrays().values()) < 40 * 40 + 4 * 40
    assert model.inverse.shape == (40, 40)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("regularization", 0),
        ("regularization", np.inf),
        ("rating_weight", -0.1),
        ("length_damping", -0.1),
        ("length_damping", 1.1),
        ("popularity_damping", -0.1),
        ("popularity_damping", 1.1),
        ("max_size", 1),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})
