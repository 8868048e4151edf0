"""One small model of every kind, over a catalogue in which there is something to learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import RuleParameters, mine
from explainable_recsys.knowledge.features import Features
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.association_rules import AssociationRules
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.bias import Bias, BiasParameters
from explainable_recsys.recommenders.biased_factors import Objective
from explainable_recsys.recommenders.content import Content, ContentParameters
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.fm import FM, FMParameters
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.meta_paths import MetaPathParameters, MetaPaths
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from explainable_recsys.recommenders.random_walk import RandomWalk, RandomWalkParameters
from explainable_recsys.recommenders.svd import SVD, SVDParameters
from tests.lists_of import data_of
from tests.recommenders.small_graph import features_of

N_USERS, N_ITEMS = 40, 14
LIKED_FROM = 4.0


def small_catalogue(text: bool = False) -> Interactions:
    """Users of three tastes; the ids of the items are 100, 103, 106, … or text."""
    rng = np.random.default_rng(5)
    rows = [
        (user, 100 + 3 * item, float(rng.integers(3, 6) if own else rng.integers(1, 5)))
        for user in range(N_USERS)
        for item in range(N_ITEMS)
        if (own := item % 3 == user % 3) | (rng.random() < 0.3)
        if rng.random() < 0.8
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    if text:
        table["item_id"] = [f"i {item}" for item in table["item_id"]]
    return Interactions.from_frame(table)


def _ease_of_few_users(data: Interactions) -> EASE:
    few = Interactions(data.ratings[:9], data.user_ids[:9], data.item_ids)
    return EASE.fit(few, EASEParameters(regularization=5))


def _emf(data: Interactions, objective: Objective, weight: float) -> EMF:
    parameters = EMFParameters(
        objective=objective,
        factors=3,
        iterations=5,
        factor_damping=0.5,
        explainability_weight=weight,
        regularization=0.02,
    )
    return EMF.fit(data, parameters, NeighbourhoodParameters(k=4), Liking(LIKED_FROM))


def _fm(data: Interactions, objective: Objective) -> FM:
    features = (Features.side_by_side([], n) for n in (data.n_users, data.n_items))
    parameters = FMParameters(objective=objective, rank=2, iterations=12, burn_in=2, kept_samples=3)
    return FM.fit(data, *features, parameters)


def _svd(data: Interactions, objective: Objective) -> SVD:
    return SVD.fit(data, SVDParameters(objective=objective, factors=4, epochs=20, zeros=2))


def _rules(data: Interactions) -> AssociationRules:
    liking = Liking(LIKED_FROM)
    rules, _ = mine(liking.items(data.ratings), RuleParameters(min_support=0.1, min_lift=1.4))
    return AssociationRules.from_rules(rules, data.n_items, liking)


def _genres() -> Features:
    links = {("genre", f"g{name}"): set(range(name, N_ITEMS, 4)) for name in range(4)}
    return features_of(links, N_ITEMS)


def _meta_paths(data: Interactions) -> MetaPaths:
    weights = {PEOPLE: 1.0, "genre": 0.5}
    return MetaPaths.fit(data, _genres(), weights, MetaPathParameters(), Liking(LIKED_FROM))


def _content(data: Interactions) -> Content:
    return Content.fit(data, _genres(), ContentParameters(popularity_weight=0.2))


FITS: dict[str, Callable[[Interactions], Recommender]] = {
    "SVD": lambda data: _svd(data, "ranking"),
    "SVD of ratings": lambda data: _svd(data, "rating"),
    "ALS": lambda data: ALS.fit(
        data, ALSParameters(factors=4, iterations=4, regularization=0.1, confidence="rating")
    ),
    "EASE": lambda data: EASE.fit(data, EASEParameters(regularization=5)),
    "EASE by users": _ease_of_few_users,
    "ItemKNN": lambda data: ItemKNN.fit(data, ItemSimilarityParameters(k=5)),
    "EMF": lambda data: _emf(data, "ranking", 0.3),
    "EMF of ratings": lambda data: _emf(data, "rating", 0.3),
    "MF": lambda data: _emf(data, "rating", 0.0),
    "FM": lambda data: _fm(data, "ranking"),
    "FM of ratings": lambda data: _fm(data, "rating"),
    "popularity": Popularity.fit,
    "bias": lambda data: Bias.fit(data, BiasParameters()),
    "random": lambda data: RandomScores.fit(data, RandomScoresParameters()),
    "rules": _rules,
    "meta-paths": _meta_paths,
    "content": _content,
    "random walk": lambda data: RandomWalk.fit(
        data_of(data, liked_from=LIKED_FROM), _genres(), RandomWalkParameters()
    ),
}

KINDS = tuple(FITS)


def history_of(catalogue: Interactions, ratings: Mapping[Any, float]) -> Interactions:
    """Ratings of one user, even if there are none; unknown items are left out."""
    ids = catalogue.item_ids.tolist()
    rated = sorted((ids.index(item), rating) for item, rating in ratings.items() if item in ids)
    columns = np.array([column for column, _ in rated], dtype=np.int32)
    values = np.array([rating for _, rating in rated], dtype=np.float32)
    shape = (1, catalogue.n_items)
    matrix = sparse.csr_array((values, columns, np.array([0, len(rated)])), shape=shape)
    return Interactions(matrix, np.array([0]), catalogue.item_ids)
