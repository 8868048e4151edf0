"""Nodes of the evaluation, the same for every approach."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions
from explainable_recsys.metrics.beyond_accuracy import (
    beyond_accuracy_per_user,
    catalogue_exposure,
)
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.explanations import (
    additivity_error,
    coverage,
    evaluate_explanations,
)
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.recommenders.base import (
    AdditiveRecommender,
    Parameters,
    RatingPredictor,
    Recommender,
    Seed,
)
from explainable_recsys.recommenders.top_n import RecommendationParameters, check_made_by

logger = logging.getLogger(__name__)


class EvaluationParameters(Parameters):
    """What counts as a hit, and how intervals are found."""

    k: int = Field(10, ge=1)
    relevance_threshold: float | None = None
    n_resamples: int = Field(1000, ge=0)
    seed: Seed = 0


def evaluate(
    model: Recommender,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
    explanations: pd.DataFrame | None = None,
    own_metrics: dict[str, float] | None = None,
    **of_controls: pd.DataFrame,
) -> dict[str, float | None]:
    """Measure lists, predicted ratings and explanations, as far as an approach has them.

    Args:
        model: The recommender.
        recommendations: Its lists.
        interactions: What it learned from.
        items: Titles and genres.
        test_ratings: What was held out.
        parameters: What counts as a hit, and intervals.
        recommendation: Length of the lists.
        source: Rating scale.
        explanations: Explanations of the lists, if the approach makes any.
        own_metrics: Figures of this approach alone, taken over as they are.
        of_controls: `recommendations_of_<control>` and `explanations_of_<control>` of each
            baseline whose list the same explainer was tried on.

    Raises:
        InputError: If the lists are shorter than the evaluation wants them, or are not
            those of this model and these interactions, or nothing held out is relevant.
    """
    check_made_by(model, interactions, recommendations)
    metrics = evaluate_lists(
        recommendations, interactions, items, test_ratings, parameters, recommendation
    )
    resampling = (parameters.n_resamples, parameters.seed)
    if isinstance(model, RatingPredictor):
        scale = source.rating_scale
        metrics |= evaluate_ratings(
            model, interactions, test_ratings, scale.minimum, scale.maximum, *resampling
        )
    if explanations is not None:
        check_explained(recommendations, explanations)
        metrics |= evaluate_explanations(recommendations, explanations, interactions, *resampling)
        if isinstance(model, AdditiveRecommender):
            metrics |= additivity_error(model, interactions, recommendations)
    for name, explained in of_controls.items():
        if name.startswith("explanations_of_"):
            control = name.removeprefix("explanations_of_")
            lists = of_controls[f"recommendations_of_{control}"]
            check_explained(lists, explained)
            metrics[f"coverage_of_{control}"] = coverage(lists, explained)
    return metrics | (own_metrics or {})


def evaluate_post_hoc(
    model: Recommender,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
    **more: Any,
) -> dict[str, float | None]:
    """Measure an approach that explains another's model: its reasons do not claim to add up."""
    metrics = evaluate(
        model,
        recommendations,
        interactions,
        items,
        test_ratings,
        parameters,
        recommendation,
        source,
        **more,
    )
    return {name: value for name, value in metrics.items() if not name.startswith("additivity_e")}


def evaluate_lists(
    recommendations: pd.DataFrame,
    interactions: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
) -> dict[str, float | None]:
    """Measure accuracy and what lies beyond it.

    Raises:
        InputError: As `evaluate`.
    """
    if parameters.k > recommendation.n:
        raise InputError(
            f"parameter evaluation.k: {parameters.k}, but lists have recommendation.n = "
            f"{recommendation.n} items; accepted: 1 to {recommendation.n}"
        )
    _warn_of_full_lists(interactions, parameters.k)
    k, resampling = parameters.k, (parameters.n_resamples, parameters.seed)
    ranking = ranking_per_user(recommendations, test_ratings, k, parameters.relevance_threshold)
    if ranking.empty:
        raise InputError(
            f"parameter evaluation.relevance_threshold: no held-out rating reaches "
            f"{parameters.relevance_threshold:g}; the highest is {test_ratings['rating'].max():g}"
        )
    beyond = beyond_accuracy_per_user(recommendations, interactions, items, k)
    return {
        "relevance_threshold": parameters.relevance_threshold,
        **mean_with_interval(ranking, *resampling),
        **mean_with_interval(beyond.reindex(ranking.index), *resampling),
        **catalogue_exposure(recommendations, interactions, k),
    }


def check_explained(recommendations: pd.DataFrame, explanations: pd.DataFrame) -> None:
    """Make sure that explanations are of these recommendations.

    Raises:
        InputError: If one explains something that is not recommended.
    """
    pair = ["user_id", "item_id"]
    explained = explanations[pair].drop_duplicates()
    if len(explained.merge(recommendations[pair], on=pair)) < len(explained):
        raise InputError(
            f"the stored explanations are not those of the stored recommendations: {DIFFERENT_RUNS}"
        )


def _warn_of_full_lists(interactions: Interactions, k: int) -> None:
    unrated = interactions.n_items - np.diff(interactions.ratings.indptr)
    if np.median(unrated) <= k:
        logger.warning(
            "lists of %d hold every item that most users have not rated, so that every approach "
            "finds every hit; choose a smaller evaluation.k",
            k,
        )


def compare(**metrics: dict[str, Any]) -> pd.DataFrame:
    """Put the metrics of all approaches side by side, one row per approach."""
    table = pd.DataFrame.from_dict(metrics, orient="index").astype("float64")
    return table.rename_axis("approach").reset_index()
