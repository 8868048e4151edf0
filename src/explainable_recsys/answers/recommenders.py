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
from explainable_recsys.recommenders.emf import EMF, fit_emf, fit_emf_ratings, fit_mf
from explainable_recsys.recommenders.fm import FM, fit_fm, fit_fm_ratings
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.meta_paths import MetaPaths, fit_meta_paths, weigh_relations
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores
from explainable_recsys.recommenders.random_walk import RandomWalk
from explainable_recsys.recommenders.svd import SVD, fit_svd_ratings

CONTROLS = ("popularity", "random")
"""Recommenders on whose lists explainers are tried, to see what their coverage is worth."""

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
    RecommenderRecord(
        "als",
        "ALS",
        "Matrix factorization of what was rated at all (alternating least squares).",
        ALS,
        ALS.fit,
    ),
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
        "Scores an item by the features it shares with what a person rated, rare ones most.",
        Content,
        Content.fit,
    ),
    RecommenderRecord(
        "svd", "SVD", "Surprise's matrix factorization, trained to rank.", SVD, SVD.fit
    ),
    RecommenderRecord(
        "svd_ratings",
        "SVD (ratings)",
        "Surprise's matrix factorization, trained to predict ratings.",
        SVD,
        fit_svd_ratings,
        {"user_penalty": "svd_ratings.user_penalty"},
        (
            Step(
                calibrate_svd,
                ("svd_ratings.user_penalties", "svd_ratings.user_penalty"),
                chooses=True,
            ),
        ),
    ),
    RecommenderRecord(
        "emf",
        "Explainable MF",
        "Matrix factorization drawn towards what a person's neighbours speak for, trained to rank.",
        EMF,
        fit_emf,
        steps=(Step(explainability_sweep, ("emf.explainability_sweep",), diagnostic=True),),
        refuses=("influence",),
    ),
    RecommenderRecord(
        "emf_ratings",
        "Explainable MF (ratings)",
        "The same factorization, trained to predict ratings.",
        EMF,
        fit_emf_ratings,
        steps=(
            Step(
                measure_explainability,
                ("emf_ratings.list_metrics",),
                {"plain_recommendations": "mf.recommendations"},
            ),
        ),
        refuses=("influence",),
    ),
    RecommenderRecord(
        "mf",
        "Plain MF (ratings)",
        "Explainable MF without the neighbours, to see what they change.",
        EMF,
        fit_mf,
        {"parameters": "params:emf_ratings.model"},
        (Step(measure_explainability, ("mf.list_metrics",)),),
    ),
    RecommenderRecord(
        "fm",
        "Factorization machine",
        "myFM's Bayesian factorization machine with genres and decades, trained to rank.",
        FM,
        fit_fm,
        {"learned": "params:fm.learned_features"},
    ),
    RecommenderRecord(
        "fm_ratings",
        "Factorization machine (ratings)",
        "The same machine, trained to predict ratings.",
        FM,
        fit_fm_ratings,
        {"learned": "params:fm.learned_features"},
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
