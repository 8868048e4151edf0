"""Nodes of the recommenders over the graph, and of their explanation by paths."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.explainers.paths import PathParameters, explain_by_paths
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.metrics.paths import path_metrics
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.meta_paths import (
    LearningParameters,
    MetaPathParameters,
    MetaPaths,
    learn_weights,
)
from explainable_recsys.recommenders.random_walk import RandomWalk, RandomWalkParameters
from explainable_recsys.wording.sentences import path_sentences


def weigh_relations(
    interactions: Interactions,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    item_entities: Features,
    parameters: MetaPathParameters,
    learning: LearningParameters,
) -> pd.DataFrame:
    """Fit the weights of the relations to the validation ratings."""
    known = interactions.histories(train_ratings)
    return learn_weights(known, item_entities, validation_ratings, parameters, learning)


def fit_meta_paths(
    interactions: Interactions,
    item_entities: Features,
    relation_weights: pd.DataFrame,
    parameters: MetaPathParameters,
) -> Recommender:
    """Link the items by all that they share."""
    weights = dict(zip(relation_weights["relation"], relation_weights["weight"], strict=True))
    return MetaPaths.fit(interactions, item_entities, weights, parameters)


def fit_random_walk(
    interactions: Interactions, item_entities: Features, parameters: RandomWalkParameters
) -> Recommender:
    """Let a walk go over the same graph."""
    return RandomWalk.fit(interactions, item_entities, parameters)


def explain(
    model: MetaPaths,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    parameters: PathParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the paths that carry most of each recommendation's score."""
    return explain_by_paths(model, histories, recommendations, items, parameters)


def phrase(
    model: MetaPaths, paths: pd.DataFrame, items: pd.DataFrame, parameters: PathParameters
) -> pd.DataFrame:
    """Put the best paths into words."""
    verb = "rated" if model.liked_from == -np.inf else "liked"
    return path_sentences(paths, items, parameters.n_cited, verb)


def measure_paths(
    paths: pd.DataFrame,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    item_entities: Features,
    relation_weights: pd.DataFrame,
    parameters: EvaluationParameters,
) -> dict[str, float]:
    """How recent, popular and varied the paths are."""
    degrees = pd.DataFrame(
        {
            "relation": item_entities.groups,
            "entity": item_entities.names,
            "degree": item_entities.matrix.sum(axis=0),
        }
    )
    return path_metrics(
        paths,
        pd.concat([train_ratings, validation_ratings]),
        degrees,
        len(relation_weights),
        parameters.n_resamples,
        parameters.seed,
    )
