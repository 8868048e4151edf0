"""Global mean plus biases: by hand and against plain loops."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.bias import Bias, BiasParameters

RATINGS = pd.DataFrame(
    {
        "user_id": [1, 1, 2, 2],
        "item_id": [10, 20, 10, 30],
        "rating": [5.0, 3.0, 4.0, 0.0],
    }
)


@pytest.fixture
def interactions():
    return Interactions.from_frame(RATINGS)


def test_biases_by_hand(interactions):
    model = Bias.fit(interactions, BiasParameters(item_damping=1, user_damping=2))
    assert model.mean == 3
    # item 10: (2 + 1) / (1 + 2), item 20: 0 / (1 + 1), item 30: -3 / (1 + 1)
    np.testing.assert_allclose(model.item_biases, [1, 0, -1.5])
    # user 1: (1 + 0) / (2 + 2), user 2: (0 - 1.5) / (2 + 2)
    np.testing.assert_allclose(model.user_biases(interactions.ratings), [0.25, -0.375])
    expected = [[4.25, 3.25, 1.75], [3.625, 2.625, 1.125]]
    np.testing.assert_allclose(model.scores(interactions.ratings), expected)


def test_without_damping_the_biases_are_means(interactions):
    model = Bias.fit(interactions, BiasParameters(item_damping=0, user_damping=0))
    np.testing.assert_allclose(model.item_biases, [1.5, 0, -3])
    np.testing.assert_allclose(model.user_biases(interactions.ratings), [0.25, -0.25])


@pytest.mark.parametrize("damping", [0, 5])
def test_unrated_item_and_empty_history_have_no_bias(interactions, damping):
    parameters = BiasParameters(item_damping=damping, user_damping=damping)
    some = Interactions(interactions.ratings[:1], np.array([1]), interactions.item_ids)
    model = Bias.fit(some, parameters)
    assert model.item_biases[2] == 0
    new = some.histories(pd.DataFrame({"user_id": [7], "item_id": [99], "rating": [1.0]}))
    assert model.user_biases(new.ratings).tolist() == [0]
    np.testing.assert_allclose(model.scores(new.ratings)[0], model.mean + model.item_biases)


def test_predict_ratings_of_known_and_unknown(interactions):
    model = Bias.fit(interactions, BiasParameters(item_damping=1, user_damping=2))
    rows, columns = np.array([0, 1, -1, 0, -1]), np.array([0, 2, 0, -1, -1])
    predicted = model.predict_ratings(interactions.ratings, rows, columns)
    np.testing.assert_allclose(predicted, [4.25, 1.125, 4.0, 3.25, 3.0])


def test_predictions_equal_scores(interactions):
    model = Bias.fit(interactions, BiasParameters())
    rows, columns = np.indices((2, 3)).reshape(2, -1)
    predicted = model.predict_ratings(interactions.ratings, rows, columns)
    scores = model.scores(interactions.ratings)
    np.testing.assert_allclose(predicted.reshape(2, 3), scores, rtol=1e-6)


def test_large_data_against_loops():
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((15, 20)) < 0.4)
    ratings = rng.integers(1, 11, len(users)) / 2
    data = Interactions.from_frame(
        pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings})
    )
    model = Bias.fit(data, BiasParameters(item_damping=3, user_damping=7))
    mean = ratings.mean()
    b_i = {i: (ratings[items == i] - mean).sum() / (3 + (items == i).sum()) for i in data.item_ids}
    above = ratings - mean - np.array([b_i[i] for i in items])
    b_u = [above[users == u].sum() / (7 + (users == u).sum()) for u in data.user_ids]
    np.testing.assert_allclose(model.item_biases, list(b_i.values()), rtol=1e-5)
    np.testing.assert_allclose(model.user_biases(data.ratings), b_u, rtol=1e-5, atol=1e-6)
