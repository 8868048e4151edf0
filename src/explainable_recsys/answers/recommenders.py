"""The recommenders: one record each."""

from __future__ import annotations

from explainable_recsys.answers.records import RecommenderRecord, Step
from explainable_recsys.experiments.calibration import calibrate_svd
from explainable_recsys.experiments.explainability_sweep import explainability_sweep
from explainable_recsys.metrics.explainability import measure_explainability
from explainable_recsys.recommenders.als import ALS
from explainable_recsys.recommenders.association_rules import AssociationRules, collect_rules
from explainable_recsys.recommenders.bias import Bias
from explainable_recsys.recommenders.content import Content
from explainable_recsys.recommenders.ease import EASE
from explainable_recsys.recommenders.emf import EMF, fit_emf, fit_mf
from explainable_recsys.recommenders.fm import FM, fit_fm
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.meta_paths import MetaPaths, fit_meta_paths, weigh_relations
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores
from explainable_recsys.recommenders.random_walk import RandomWalk
from explainable_recsys.recommenders.rating_factors import without_prior
from explainable_recsys.recommenders.svd import SVD

CONTROLS = ("popularity", "random")
"""Recommenders on whose lists explainers are tried, to see what their coverage is worth."""

BY_INFLUENCE = ("influence",)

_ALL = (
    RecommenderRecord(
        "popularity",
        "Most popular",
        "The same list for everybody: what most people rated.",
        Popularity,
        Popularity.fit,
    ),
    RecommenderRecord(
        "random",
        "Random",
        "A random order of the catalogue: the floor of every comparison.",
        RandomScores,
        RandomScores.fit,
    ),
    RecommenderRecord(
        "bias",
        "Biases",
        "Predicts ratings by mean, item and user bias; lists what is rated best.",
        Bias,
        Bias.fit,
    ),
    RecommenderRecord("als", "ALS", "Matrix factorization for implicit feedback.", ALS, ALS.fit),
    RecommenderRecord(
        "ease", "EASE", "A linear model of items by items, in closed form.", EASE, EASE.fit
    ),
    RecommenderRecord(
        "item_knn",
        "Item neighbours",
        "Scores an item by the rated items that are most similar to it.",
        ItemKNN,
        ItemKNN.fit,
    ),
    RecommenderRecord(
        "content",
        "Content",
        "Scores an item by the features that it shares with what a user rated, rare ones most.",
        Content,
        Content.fit,
    ),
    RecommenderRecord(
        "svd",
        "SVD",
        "Surprise's matrix factorization of ratings, with a popularity prior for ranking.",
        SVD,
        SVD.fit,
        {"user_penalty": "svd.user_penalty"},
        (
            Step(
                calibrate_svd,
                ("svd.user_penalties", "svd.popularity_sweep", "svd.user_penalty"),
                chooses=True,
            ),
        ),
    ),
    RecommenderRecord(
        "svd_ratings",
        "SVD (ratings)",
        "The same factorization made to predict ratings, not to rank.",
        SVD,
        without_prior,
        {"model": "svd.model"},
    ),
    RecommenderRecord(
        "emf",
        "Explainable MF",
        "Matrix factorization drawn towards what a user's neighbours speak for.",
        EMF,
        fit_emf,
        steps=(Step(explainability_sweep, ("emf.explainability_sweep",)),),
        refuses=BY_INFLUENCE,
    ),
    RecommenderRecord(
        "emf_ratings",
        "Explainable MF (ratings)",
        "The same factorization made to predict ratings, not to rank.",
        EMF,
        without_prior,
        {"model": "emf.model"},
        (
            Step(
                measure_explainability,
                ("emf_ratings.list_metrics",),
                {"plain_recommendations": "mf.recommendations"},
            ),
        ),
        BY_INFLUENCE,
    ),
    RecommenderRecord(
        "mf",
        "Plain MF",
        "Explainable MF without explainability, to see what that changes.",
        EMF,
        fit_mf,
        {"parameters": "params:emf.model"},
        (Step(measure_explainability, ("mf.list_metrics",)),),
    ),
    RecommenderRecord(
        "fm",
        "Factorization machine",
        "myFM's Bayesian factorization machine, with a popularity prior for ranking.",
        FM,
        fit_fm,
        {"learned": "params:fm.learned_features"},
    ),
    RecommenderRecord(
        "fm_ratings",
        "Factorization machine (ratings)",
        "The same machine made to predict ratings, not to rank.",
        FM,
        without_prior,
        {"model": "fm.model"},
    ),
    RecommenderRecord(
        "ar",
        "Association rules",
        "Scores an item by the confidence of the best rule that leads to it.",
        AssociationRules,
        collect_rules,
    ),
    RecommenderRecord(
        "meta_paths",
        "Meta-paths",
        "Scores an item by all that it shares with liked ones in the knowledge graph.",
        MetaPaths,
        fit_meta_paths,
        steps=(
            Step(
                weigh_relations,
                ("meta_paths.relation_weights",),
                {"learning": "params:meta_paths.learning"},
            ),
        ),
    ),
    RecommenderRecord(
        "random_walk",
        "Random walk",
        "How often a walk over the knowledge graph from the liked items visits an item.",
        RandomWalk,
        RandomWalk.fit,
    ),
)

RECOMMENDERS = {record.name: record for record in _ALL}
