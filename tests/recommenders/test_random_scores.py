"""Random order: a function of history and seed, and evenly spread."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters

N_USERS, N_ITEMS = 60, 200


@pytest.fixture(scope="module")
def interactions():
    rng = np.random.default_rng(0)
    mask = rng.random((N_USERS, N_ITEMS)) < 0.1
    mask[0] = True
    users, items = np.nonzero(mask)
    return Interactions.from_frame(
        pd.DataFrame({"user_id": users, "item_id": items, "rating": 1.0 + items % 5})
    )


@pytest.fixture(scope="module")
def model(interactions):
    return RandomScores.fit(interactions, RandomScoresParameters(seed=3))


def test_does_not_depend_on_who_is_scored_together(model, interactions):
    together = model.scores(interactions.ratings)
    for start, stop in [(0, 1), (1, 20), (20, N_USERS)]:
        part = model.scores(interactions.ratings[start:stop])
        np.testing.assert_array_equal(part, together[start:stop])
    order = np.random.default_rng(1).permutation(N_USERS)
    np.testing.assert_array_equal(model.scores(interactions.ratings[order]), together[order])


def test_depends_on_the_rated_items_and_not_on_the_ratings(model, interactions):
    other = interactions.ratings.copy()
    other.data = other.data * 0 + 2
    np.testing.assert_array_equal(model.scores(other), model.scores(interactions.ratings))


def test_differs_between_users_and_seeds(model, interactions):
    scores = model.scores(interactions.ratings)
    assert len(np.unique(scores.argmax(axis=1))) > N_USERS / 3
    other = RandomScores.fit(interactions, RandomScoresParameters(seed=4)).scores(
        interactions.ratings
    )
    again = RandomScores.fit(interactions, RandomScoresParameters(seed=3)).scores(
        interactions.ratings
    )
    correlation = stats.spearmanr(scores.ravel(), other.ravel()).statistic
    assert abs(correlation) < 0.05
    np.testing.assert_array_equal(scores, again)


def test_users_and_items_are_uncorrelated(model, interactions):
    scores = model.scores(interactions.ratings)
    between_users = np.corrcoef(scores)[np.triu_indices(N_USERS, 1)]
    between_items = np.corrcoef(scores.T)[np.triu_indices(N_ITEMS, 1)]
    assert np.abs(between_users).mean() < 0.08
    assert np.abs(between_items).mean() < 0.14


def test_roughly_uniform(model, interactions):
    scores = model.scores(interactions.ratings)
    assert scores.dtype == np.float32
    assert scores.min() >= 0
    assert scores.max() < 1
    assert stats.kstest(scores.ravel(), "uniform").statistic < 0.02
    tops = np.bincount(scores.argmax(axis=1), minlength=N_ITEMS)
    assert tops.max() <= 5


def test_keys_are_stored_as_64_bits(model):
    assert model.item_keys.dtype == np.uint64
    assert model.n_items == N_ITEMS
    assert len(np.unique(model.item_keys)) == N_ITEMS


def test_one_more_item_changes_the_whole_order(model):
    one = sparse.csr_array(([1.0], [5], [0, 1]), shape=(1, N_ITEMS))
    two = sparse.csr_array(([1.0, 1.0], [5, 6], [0, 2]), shape=(1, N_ITEMS))
    assert abs(stats.spearmanr(model.scores(one)[0], model.scores(two)[0]).statistic) < 0.25


def test_a_list_depends_on_ids_and_not_on_columns(model, interactions):
    """The same histories over a catalogue in another order, and over a part of it."""
    expected = model.scores(interactions.ratings)
    rng = np.random.default_rng(2)
    for columns in (rng.permutation(N_ITEMS), np.arange(N_ITEMS - 1, -1, -1)):
        other = Interactions(
            sparse.csr_array(interactions.ratings[:, columns]),
            interactions.user_ids,
            interactions.item_ids[columns],
        )
        found = RandomScores.fit(other, model.parameters).scores(other.ratings)
        np.testing.assert_array_equal(found, expected[:, columns])
    rated = np.flatnonzero(interactions.ratings[[5]].toarray()[0])
    columns = np.union1d(rated, np.arange(0, N_ITEMS, 3))
    part = Interactions(
        sparse.csr_array(interactions.ratings[[5]][:, columns]),
        interactions.user_ids[[5]],
        interactions.item_ids[columns],
    )
    found = RandomScores.fit(part, model.parameters).scores(part.ratings)
    np.testing.assert_array_equal(found[0], expected[5, columns])


def test_the_order_of_the_ratings_does_not_matter(model, interactions):
    matrix = interactions.ratings.tocoo()
    table = pd.DataFrame({"user_id": matrix.row, "item_id": matrix.col, "rating": matrix.data})
    parameters = RecommendationParameters(n=5)
    expected = recommend(model, interactions, parameters)
    for seed in range(3):
        other = Interactions.from_frame(table.sample(frac=1, random_state=seed))
        found = recommend(RandomScores.fit(other, model.parameters), other, parameters)
        pd.testing.assert_frame_equal(found, expected)


def test_an_empty_history_has_a_list(model):
    scores = model.scores(sparse.csr_array((2, N_ITEMS), dtype=np.float32))
    assert len(np.unique(scores[0])) == N_ITEMS
    np.testing.assert_array_equal(scores[0], scores[1])
