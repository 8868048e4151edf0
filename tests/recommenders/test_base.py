"""A stored recommender comes back the same; a file cannot name code of its own choice."""

import io
import pkgutil

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys import recommenders
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import RuleParameters, mine
from explainable_recsys.knowledge.features import Features
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.association_rules import AssociationRules
from explainable_recsys.recommenders.base import (
    AdditiveRecommender,
    RatingPredictor,
    load_recommender,
)
from explainable_recsys.recommenders.bias import Bias, BiasParameters
from explainable_recsys.recommenders.content import Content, ContentParameters
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.emf import EMF, EMFParameters, EMFRatingsParameters
from explainable_recsys.recommenders.fm import FM, FMParameters
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.meta_paths import MetaPathParameters, MetaPaths
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from explainable_recsys.recommenders.random_walk import RandomWalk, RandomWalkParameters
from explainable_recsys.recommenders.svd import SVD, SVDParameters, SVDRatingsParameters
from tests.lists_of import data_of
from tests.recommenders.small_graph import features_of

LIKING = Liking(2.0)


@pytest.fixture(scope="module")
def interactions():
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((12, 9)) < 0.4)
    ratings = rng.integers(1, 11, len(users)) / 2
    return Interactions.from_frame(
        pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings})
    )


FITS = {
    "als": lambda data: ALS.fit(
        data,
        ALSParameters(
            regularization=0.1, factors=3, iterations=2, confidence="rating", relevance_threshold=2
        ),
    ),
    "popularity": Popularity.fit,
    "random_scores": lambda data: RandomScores.fit(data, RandomScoresParameters(seed=4)),
    "bias": lambda data: Bias.fit(data, BiasParameters(item_damping=1.5)),
}


def fit_fm(data, objective):
    sides = (Features.side_by_side([], n) for n in data.ratings.shape)
    parameters = FMParameters(objective=objective, rank=2, iterations=8, burn_in=4, kept_samples=2)
    return FM.fit(data, *sides, parameters)


def fit_rules(data):
    liked = LIKING.items(data.ratings)
    rules, _ = mine(liked, RuleParameters(min_support=0.1, min_count=1, min_confidence=0.1))
    return AssociationRules.from_rules(rules, data.n_items, LIKING)


GENRES = {("genre", name): set(range(first, 9, 3)) for first, name in enumerate("abc")}


def fit_meta_paths(data):
    weights = {PEOPLE: 1.0, "genre": 0.5}
    return MetaPaths.fit(data, features_of(GENRES, 9), weights, MetaPathParameters(), LIKING)


EVERY_FIT = FITS | {
    "svd": lambda data: SVD.fit(data, SVDParameters(factors=2, epochs=2)),
    "svd of ratings": lambda data: SVD.fit(data, SVDRatingsParameters(factors=2, epochs=2)),
    "emf": lambda data: EMF.fit(
        data, EMFParameters(factors=2, iterations=2), NeighbourhoodParameters(k=2), LIKING
    ),
    "emf of ratings": lambda data: EMF.fit(
        data, EMFRatingsParameters(factors=2, iterations=2), NeighbourhoodParameters(k=2), LIKING
    ),
    "fm": lambda data: fit_fm(data, "ranking"),
    "fm of ratings": lambda data: fit_fm(data, "rating"),
    "ease": lambda data: EASE.fit(data, EASEParameters(regularization=1.0)),
    "item_knn": lambda data: ItemKNN.fit(data, ItemSimilarityParameters(k=2)),
    "association_rules": fit_rules,
    "meta_paths": fit_meta_paths,
    "content": lambda data: Content.fit(data, features_of(GENRES, 9), ContentParameters()),
    "random_walk": lambda data: RandomWalk.fit(
        data_of(data, liked_from=LIKING.at_least), features_of(GENRES, 9), RandomWalkParameters()
    ),
}


def through_a_file(arrays):
    """What a `.npz` without pickle gives back."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return dict(stored)


@pytest.mark.parametrize("kind", FITS)
def test_round_trip(kind, interactions):
    model = FITS[kind](interactions)
    arrays = through_a_file(model.to_arrays())
    loaded = load_recommender(arrays)
    assert str(arrays["kind"]) == kind
    assert type(loaded) is type(model)
    assert getattr(loaded, "parameters", None) == getattr(model, "parameters", None)
    assert loaded.n_items == interactions.n_items
    again = loaded.to_arrays()
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
    scores = loaded.scores(interactions.ratings)
    np.testing.assert_array_equal(scores, model.scores(interactions.ratings))
    assert scores.dtype == np.float32
    assert scores.shape == (interactions.n_users, interactions.n_items)


@pytest.mark.parametrize("kind", FITS)
def test_scores_are_the_callers_own(kind, interactions):
    model = FITS[kind](interactions)
    before = model.scores(interactions.ratings).copy()
    model.scores(interactions.ratings)[:] = -np.inf
    np.testing.assert_array_equal(model.scores(interactions.ratings), before)


@pytest.mark.parametrize("kind", FITS)
def test_empty_history_gets_finite_scores(kind, interactions):
    scores = FITS[kind](interactions).scores(interactions.ratings[:0])
    assert scores.shape == (0, interactions.n_items)
    empty = interactions.histories(pd.DataFrame({"user_id": [1], "item_id": [99], "rating": [3.0]}))
    assert np.isfinite(FITS[kind](interactions).scores(empty.ratings)).all()


HELPERS = {"base", "biased_factors", "item_graph", "lists", "rules_of_lists", "sampled_zeros"}
"""Modules that hold no recommender."""


def test_every_kind_is_tried():
    modules = {module.name for module in pkgutil.iter_modules(recommenders.__path__)}
    assert {kind.removesuffix(" of ratings") for kind in EVERY_FIT} == modules - HELPERS


@pytest.mark.parametrize("columns", [[4], [7, 0, 3], [2, 2], list(range(9)), []])
@pytest.mark.parametrize("kind", EVERY_FIT)
def test_scores_of_some_items_are_those_among_all(kind, columns, interactions):
    model = EVERY_FIT[kind](interactions)
    empty = sparse.csr_array((1, interactions.n_items), dtype=np.float32)
    histories = sparse.csr_array(sparse.vstack([interactions.ratings, empty]))
    chosen = np.array(columns, dtype=np.int64)
    some = model.scores_of(histories, chosen)
    assert some.dtype == np.float32
    assert some.shape == (interactions.n_users + 1, len(columns))
    np.testing.assert_allclose(some, model.scores(histories)[:, chosen], rtol=0, atol=1e-5)
    before = some.copy()
    some[:] = -np.inf
    np.testing.assert_array_equal(model.scores_of(histories, chosen), before)


def test_protocols(interactions):
    models = {kind: fit(interactions) for kind, fit in FITS.items()}
    additive = [kind for kind, model in models.items() if isinstance(model, AdditiveRecommender)]
    predicting = [kind for kind, model in models.items() if isinstance(model, RatingPredictor)]
    assert additive == ["als"]
    assert predicting == ["bias"]


def test_who_predicts_ratings_and_who_is_the_same_for_everybody(interactions):
    models = {kind: fit(interactions) for kind, fit in EVERY_FIT.items()}
    predicting = {kind for kind, model in models.items() if model.predicts_ratings}
    assert predicting == {"bias", "svd of ratings", "emf of ratings", "fm of ratings"}
    impersonal = {kind for kind, model in models.items() if not model.is_personal}
    assert impersonal == {"popularity", "random_scores", "bias"}


@pytest.mark.parametrize(
    "kind", ["", "os", "../x", "als.os", "als.ALS", "no_such_kind", "base", "top_n", "__init__"]
)
def test_unknown_or_malicious_kind(kind):
    with pytest.raises(InputError, match="model file"):
        load_recommender({"kind": np.array(kind), "item_factors": np.zeros((2, 2))})


def test_an_abstract_kind_is_none(interactions):
    """Also with all arrays of a model that derives from it."""
    arrays = fit_meta_paths(interactions).to_arrays()
    with pytest.raises(InputError, match="module 'item_graph' holds no recommender"):
        load_recommender(arrays | {"kind": np.array("item_graph")})


def test_arrays_without_kind():
    with pytest.raises(InputError, match="no array 'kind'"):
        load_recommender({"item_factors": np.zeros((2, 2))})


def test_missing_array_is_named():
    with pytest.raises(InputError, match=r"model file.*item_factors"):
        load_recommender({"kind": np.array("als")})
