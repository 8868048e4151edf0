"""MEP, MER and explainable nDCG, by hand and against a plain loop."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.experiments.explainability_sweep import (
    SweepParameters,
    explainability_sweep,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.liking import Liking
from explainable_recsys.metrics.explainability import explainability_per_user
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from tests.lists_of import data_of, lists_of


def test_by_hand() -> None:
    ratings = sparse.csr_array(np.array([[5.0, 0, 0, 0, 0]], np.float32))
    interactions = Interactions(ratings, np.array([7]), np.arange(5))
    # Item 0 is in the history and does not count; 1, 2 and 4 are explainable.
    shares = sparse.csr_array(np.array([[0.9, 0.5, 0.2, 0.0, 0.1]]))
    lists = pd.DataFrame({"user_id": [7, 7], "item_id": [3, 1], "rank": [1, 2]})
    (row,) = explainability_per_user(lists_of(interactions, lists), shares, 2).itertuples(name=None)
    ideal = 0.5 + 0.2 / np.log2(3)
    assert row == (7, 0.5, pytest.approx(1 / 3), pytest.approx(0.5 / np.log2(3) / ideal))
    strict = explainability_per_user(lists_of(interactions, lists), shares, 2, threshold=0.5)
    assert strict["mep@2"].tolist() == [0.0]
    assert np.isnan(strict["mer@2"].iloc[0])


def test_against_a_loop() -> None:
    rng = np.random.default_rng(1)
    ratings = np.where(rng.random((20, 15)) < 0.3, 4.0, 0.0).astype(np.float32)
    shares = np.where(rng.random((20, 15)) < 0.4, rng.random((20, 15)), 0.0)
    interactions = Interactions(sparse.csr_array(ratings), np.arange(20), np.arange(15))
    rows = [
        (user, item, rank)
        for user in range(19)  # the last user has no list
        for rank, item in enumerate(rng.permutation(np.flatnonzero(ratings[user] == 0))[:6], 1)
    ]
    lists = pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]).sample(
        frac=1, random_state=0
    )
    found = explainability_per_user(lists_of(interactions, lists), sparse.csr_array(shares), 4)
    assert found.index.tolist() == list(range(20))
    for user in range(19):
        top = [item for owner, item, rank in rows if owner == user and rank <= 4]
        outside = np.where(ratings[user] > 0, 0, shares[user])
        hits = sum(outside[item] > 0 for item in top)
        dcg = sum(outside[item] / np.log2(rank + 1) for rank, item in enumerate(top, 1))
        ideal = sum(
            gain / np.log2(rank + 1) for rank, gain in enumerate(sorted(outside)[::-1][:4], 1)
        )
        expected = [hits / len(top), hits / (outside > 0).sum(), dcg / ideal]
        np.testing.assert_allclose(found.loc[user], expected)
    assert np.isnan(found.loc[19, "mep@4"])
    assert found.loc[19, "mer@4"] == 0


def test_inputs_stay_as_they_are() -> None:
    ratings = sparse.csr_array(np.array([[5.0, 0, 3.0], [0, 4.0, 0]], np.float32))
    shares = sparse.csr_array(np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]))
    interactions = Interactions(ratings, np.arange(2), np.arange(3))
    before = [matrix.copy() for matrix in (ratings, shares)]
    lists = pd.DataFrame({"user_id": [0], "item_id": [1], "rank": [1]})
    explainability_per_user(lists_of(interactions, lists), shares, 1)
    for matrix, copy in zip((ratings, shares), before, strict=True):
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(matrix, name), getattr(copy, name))


@pytest.fixture(scope="module")
def train_and_validation() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    users, items = np.nonzero(rng.random((30, 20)) < 0.5)
    ratings = pd.DataFrame(
        {"user_id": users, "item_id": items, "rating": rng.integers(1, 6, len(users)) * 1.0}
    )
    held_out = rng.random(len(users)) < 0.2
    return ratings[~held_out], ratings[held_out]


@pytest.mark.parametrize(
    ("relevance", "liked_from"), [("any", 4.0), ("liked", 4.0), ("liked", math.nan)]
)
def test_sweep_measures_each_model_on_validation_ratings(
    train_and_validation: tuple[pd.DataFrame, pd.DataFrame],
    relevance: Literal["any", "liked"],
    liked_from: float,
) -> None:
    ratings, validation = train_and_validation
    train = Interactions.from_frame(ratings)
    parameters = EMFParameters(factors=3, iterations=2, factor_damping=1.0)
    neighbourhood = NeighbourhoodParameters(k=4)
    recommendation = RecommendationParameters(n=7, min_ratings=5)
    liking = Liking(liked_from)
    table = explainability_sweep(
        data_of(train, liked_from=liked_from),
        ratings,
        validation,
        parameters,
        neighbourhood,
        SweepParameters(weights=(0.0, 3.0, 0.2)),
        EvaluationParameters(k=3, relevance=relevance),
        recommendation,
    )
    assert table.columns.tolist() == ["explainability_weight", "mep", "ndcg"]
    assert table["explainability_weight"].tolist() == [0.0, 3.0, 0.2]
    learned = EMF.fit(train, parameters, neighbourhood, liking)
    explained = learned.explainability(train.ratings).toarray()
    relevant = validation
    if relevance == "liked":
        means = validation["user_id"].map(ratings.groupby("user_id")["rating"].mean())
        least = means if math.isnan(liked_from) else liked_from
        relevant = validation[validation["rating"] >= least]
        assert 0 < len(relevant) < len(validation)
    positive = {user: set(own["item_id"]) for user, own in relevant.groupby("user_id")}
    for weight, mep, ndcg in table.itertuples(index=False):
        changed = parameters.model_copy(update={"explainability_weight": weight})
        lists = recommend(
            EMF.fit(train, changed, neighbourhood, liking),
            train,
            RecommendationParameters(n=3, min_ratings=5),
        )
        precision, gain = [], []
        for user, own in lists.groupby("user_id"):
            row = train.user_rows([user])[0]
            columns = train.item_columns(own["item_id"])
            precision.append((explained[row, columns] > 0).mean())
            if user in positive:
                hits = own["item_id"].isin(positive[user]) / np.log2(1 + own["rank"])
                best = sum(1 / np.log2(1 + np.arange(1, 1 + min(3, len(positive[user])))))
                gain.append(hits.sum() / best)
        assert mep == pytest.approx(np.mean(precision))
        assert ndcg == pytest.approx(np.mean(gain))
    assert table["mep"][1] > table["mep"][0]


def test_sweep_without_validation_ratings_is_empty(
    train_and_validation: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    ratings, validation = train_and_validation
    table = explainability_sweep(
        Data.from_frames(ratings),
        ratings,
        validation.iloc[:0],
        EMFParameters(),
        NeighbourhoodParameters(),
        SweepParameters(),
        EvaluationParameters(),
        RecommendationParameters(),
    )
    assert table.empty
    assert table.columns.tolist() == ["explainability_weight", "mep", "ndcg"]


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="accepted: numbers from 0"):
        SweepParameters(weights=(-1.0,))
