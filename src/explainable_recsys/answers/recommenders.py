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

_ALL = (
    RecommenderRecord("popularity", "Most popular", Popularity, Popularity.fit),
    RecommenderRecord("random", "Random", RandomScores, RandomScores.fit),
    RecommenderRecord("bias", "Biases", Bias, Bias.fit),
    RecommenderRecord("als", "ALS", ALS, ALS.fit),
    RecommenderRecord("ease", "EASE", EASE, EASE.fit),
    RecommenderRecord("item_knn", "Item neighbours", ItemKNN, ItemKNN.fit),
    RecommenderRecord("content", "Content", Content, Content.fit),
    RecommenderRecord(
        "svd",
        "SVD",
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
    RecommenderRecord("svd_ratings", "SVD (ratings)", SVD, without_prior, {"model": "svd.model"}),
    RecommenderRecord(
        "emf",
        "Explainable MF",
        EMF,
        fit_emf,
        steps=(Step(explainability_sweep, ("emf.explainability_sweep",)),),
        refuses=("influence",),
    ),
    RecommenderRecord(
        "emf_ratings",
        "Explainable MF (ratings)",
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
        ("influence",),
    ),
    RecommenderRecord(
        "mf",
        "Plain MF",
        EMF,
        fit_mf,
        {"parameters": "params:emf.model"},
        (Step(measure_explainability, ("mf.list_metrics",)),),
    ),
    RecommenderRecord(
        "fm", "Factorization machine", FM, fit_fm, {"learned": "params:fm.learned_features"}
    ),
    RecommenderRecord(
        "fm_ratings", "Factorization machine (ratings)", FM, without_prior, {"model": "fm.model"}
    ),
    RecommenderRecord("ar", "Association rules", AssociationRules, collect_rules),
    RecommenderRecord(
        "meta_paths",
        "Meta-paths",
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
    RecommenderRecord("random_walk", "Random walk", RandomWalk, RandomWalk.fit),
)

RECOMMENDERS = {record.name: record for record in _ALL}
