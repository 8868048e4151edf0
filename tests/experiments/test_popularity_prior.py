"""The sweep over the popularity prior against lists and metrics worked out user by user."""

import math

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.experiments.popularity_prior import popularity_sweep
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.svd import SVD, SVDParameters

K = 3
WEIGHTS = (0.0, 0.5, 3.0, 40.0)
COLUMNS = ["popularity_weight", "ndcg", "recall", "catalogue_coverage"]


@pytest.fixture(scope="module")
def data():
    """A model of training ratings, the ratings, and validation ratings of half of the users."""
    rng = np.random.default_rng(8)
    rated = rng.random((30, 25)) < np.linspace(0.8, 0.2, 25)
    users, items = np.nonzero(rated)
    ratings = pd.DataFrame({"user_id": users + 5, "item_id": items + 30})
    ratings["rating"] = rng.integers(1, 6, len(ratings)).astype(float)
    validation = ratings.iloc[::4]
    validation = validation[validation["user_id"] < 25]
    train = Interactions.from_frame(ratings.drop(validation.index))
    parameters = SVDParameters(factors=2, epochs=5, learning_rate=0.05)
    return SVD.fit(train, parameters), train, validation


def slow_row(model, train, validation, weight, threshold):
    """What the sweep should say of one weight, from the predicted ratings and item counts."""
    rated = [set(train.ratings[[row]].indices.tolist()) for row in range(train.n_users)]
    raters = [sum(item in history for history in rated) for item in range(train.n_items)]
    prior = [weight * math.log((1 + n) / (1 + max(raters))) for n in raters]
    users, items = np.indices(train.ratings.shape).reshape(2, -1)
    predicted = model.predict_ratings(train.ratings, users, items).reshape(train.ratings.shape)
    scores = predicted + prior
    lists = [
        sorted(set(range(train.n_items)) - history, key=lambda item, row=row: -scores[row, item])
        for row, history in enumerate(rated)
    ]
    hits = validation[validation["rating"] >= threshold] if threshold else validation
    ndcgs, recalls = [], []
    for user, wanted in hits.groupby("user_id")["item_id"]:
        own = [train.item_ids[item] for item in lists[train.user_ids.tolist().index(user)][:K]]
        found = [item in set(wanted) for item in own]
        ideal = sum(1 / math.log2(place + 2) for place in range(min(K, len(wanted))))
        gain = sum(hit / math.log2(place + 2) for place, hit in enumerate(found))
        ndcgs.append(gain / ideal)
        recalls.append(sum(found) / len(wanted))
    shown = {item for best in lists for item in best[:K]}
    return [weight, np.mean(ndcgs), np.mean(recalls), len(shown) / train.n_items]


@pytest.mark.parametrize("threshold", [None, 4.0])
def test_rows_equal_lists_and_metrics_by_hand(data, threshold):
    model, train, validation = data
    sweep = popularity_sweep(model.with_popularity_weight, WEIGHTS, train, validation, K, threshold)
    expected = [slow_row(model, train, validation, weight, threshold) for weight in WEIGHTS]
    assert sweep.columns.tolist() == COLUMNS
    np.testing.assert_allclose(sweep, expected, rtol=1e-12)
    assert (sweep.nunique() > 2).all()


def test_weights_keep_their_order_and_the_model_its_own(data):
    model, train, validation = data
    forwards, backwards = (
        popularity_sweep(model.with_popularity_weight, weights, train, validation, K)
        for weights in (WEIGHTS, WEIGHTS[::-1])
    )
    pd.testing.assert_frame_equal(forwards, backwards[::-1].reset_index(drop=True))
    again = popularity_sweep(model.with_popularity_weight, WEIGHTS, train, validation, K)
    pd.testing.assert_frame_equal(forwards, again, check_exact=True)
    assert model.parameters.popularity_weight == SVDParameters().popularity_weight


@pytest.mark.parametrize("case", ["no ratings", "untyped", "none relevant", "no weights"])
def test_nothing_to_measure_gives_an_empty_table(data, case):
    model, train, validation = data
    ratings = {
        "no ratings": validation[:0],
        "untyped": pd.DataFrame(columns=["user_id", "item_id", "rating"]),
        "none relevant": validation.assign(rating=3.5),
        "no weights": validation,
    }[case]
    weights = () if case == "no weights" else WEIGHTS
    sweep = popularity_sweep(model.with_popularity_weight, weights, train, ratings, K, 4.0)
    assert sweep.empty
    assert sweep.columns.tolist() == COLUMNS
    assert set(sweep.dtypes) == {np.dtype("float64")}
