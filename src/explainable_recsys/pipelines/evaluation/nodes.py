"""Nodes of the evaluation, the same for every approach."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import Field

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.beyond_accuracy import (
    beyond_accuracy_per_user,
    catalogue_exposure,
)
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.explanations import additivity_error, evaluate_explanations
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.recommenders.base import (
    AdditiveRecommender,
    Parameters,
    RatingPredictor,
    Recommender,
)
from explainable_recsys.recommenders.top_n import RecommendationParameters


class EvaluationParameters(Parameters):
    """What counts as a hit, and how intervals are found."""

    k: int = Field(10, ge=1)
    relevance_threshold: float | None = None
    n_resamples: int = Field(1000, ge=0)
    seed: int = Field(0, ge=0)


def evaluate(
    model: Recommender,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
) -> dict[str, float | None]:
    """Measure accuracy and what lies beyond it; rating errors where ratings are predicted.

    Raises:
        InputError: If the lists are shorter than the evaluation wants them.
    """
    if parameters.k > recommendation.n:
        raise InputError(
            f"parameter evaluation.k: {parameters.k}, but lists have recommendation.n = "
            f"{recommendation.n} items; accepted: 1 to {recommendation.n}"
        )
    k, resampling = parameters.k, (parameters.n_resamples, parameters.seed)
    ranking = ranking_per_user(recommendations, test_ratings, k, parameters.relevance_threshold)
    beyond = beyond_accuracy_per_user(recommendations, interactions, items, k)
    metrics: dict[str, float | None] = {
        "relevance_threshold": parameters.relevance_threshold,
        **mean_with_interval(ranking, *resampling),
        **mean_with_interval(beyond.reindex(ranking.index), *resampling),
        **catalogue_exposure(recommendations, interactions, k),
    }
    if isinstance(model, RatingPredictor):
        scale = source.rating_scale
        metrics |= evaluate_ratings(
            model, interactions, test_ratings, scale.minimum, scale.maximum, *resampling
        )
    return metrics


def evaluate_with_explanations(
    model: Recommender,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    explanations: pd.DataFrame,
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
) -> dict[str, float | None]:
    """Measure the recommendations as `evaluate` does, and the explanations too."""
    metrics = evaluate(
        model,
        recommendations,
        interactions,
        items,
        test_ratings,
        parameters,
        recommendation,
        source,
    )
    metrics |= evaluate_explanations(
        recommendations, explanations, interactions, parameters.n_resamples, parameters.seed
    )
    if isinstance(model, AdditiveRecommender):
        metrics |= additivity_error(model, interactions, recommendations)
    return metrics


def compare(**metrics: dict[str, Any]) -> pd.DataFrame:
    """Put the metrics of all approaches side by side, one row per approach."""
    table = pd.DataFrame.from_dict(metrics, orient="index").astype("float64")
    return table.rename_axis("approach").reset_index()
