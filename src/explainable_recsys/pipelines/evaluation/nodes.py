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
from explainable_recsys.metrics.faithfulness import (
    FaithfulnessParameters,
    measure_faithfulness,
    reported_columns,
)
from explainable_recsys.metrics.projected_evidence import faithfulness_scope
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.metrics.sampled_negatives import sampled_ranking_per_user
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.preprocessing.card import check_same_data
from explainable_recsys.recommenders.base import (
    AdditiveRecommender,
    RatingPredictor,
    Recommender,
)
from explainable_recsys.recommenders.lists import RecommendationParameters, check_made_by

logger = logging.getLogger(__name__)


class EvaluationParameters(Parameters):
    """What counts as a hit, how intervals are found, and how many users controls are tried on.

    With `sampled_negatives` each held-out item is ranked among so many random items too, as some
    papers do; such figures cannot be compared with others.
    """

    k: int = Field(10, ge=1)
    relevance_threshold: float | None = None
    sampled_negatives: int | None = Field(None, ge=1)
    control_users: int | None = Field(200, ge=1)
    n_resamples: int = Field(1000, ge=0)
    seed: Seed = 0


def take_evidence_away(
    model: Recommender,
    interactions: Interactions,
    histories: Interactions,
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    evaluation: EvaluationParameters,
    parameters: FaithfulnessParameters,
    history_evidence: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Measure faithfulness: the means, the curves, and every user's.

    Args:
        model: The recommender.
        interactions: What it learned from.
        histories: What the lists were made from.
        recommendations: The lists.
        explanations: Their explanations.
        evaluation: K.
        parameters: How much is taken away, and of how many users.
        history_evidence: What the explanations rest on in the histories, if an approach says so
            itself: columns `user_id`, `item_id`, `evidence_id`, `weight`. Where it is empty the
            explanations cite rated items.

    Raises:
        InputError: If the tables are of different runs.
    """
    check_made_by(model, histories, recommendations)
    check_explained(recommendations, explanations)
    evidence, projected = explanations, False
    if history_evidence is not None and not history_evidence.empty:
        evidence, projected = history_evidence, True
    found = measure_faithfulness(
        model,
        interactions,
        histories,
        recommendations,
        evidence,
        evaluation.k,
        parameters,
        evaluation.n_resamples,
    )
    scope = faithfulness_scope(explanations, projected)
    return found.table.assign(scope=scope), found.curves, found.by_user


def evaluate(
    model: Recommender,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    histories: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    made_from: dict[str, Any],
    data_version: dict[str, Any],
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
    explanations: pd.DataFrame | None = None,
    own_metrics: dict[str, float] | None = None,
    **more: Any,
) -> tuple[dict[str, float | None], pd.DataFrame, dict[str, Any]]:
    """Measure lists, predicted ratings and explanations, as far as an approach has them.

    Args:
        model: The recommender.
        recommendations: Its lists.
        interactions: What it learned from.
        histories: What the lists were made from.
        items: Titles and genres.
        test_ratings: What was held out.
        made_from: Version of the data that the lists were made from.
        data_version: That of the data at hand.
        parameters: What counts as a hit, and intervals.
        recommendation: Length of the lists.
        source: Rating scale.
        explanations: Explanations of the lists, if the approach makes any.
        own_metrics: Figures of this approach alone, taken over as they are.
        more: `faithfulness_by_user`, if it was measured with `params:faithfulness` as
            `faithfulness_parameters`; and `recommendations_of_<control>` and
            `explanations_of_<control>` of each baseline whose list the same explainer was tried on.

    Returns:
        The metrics; those that users have, by user; and what they were computed on.

    Raises:
        InputError: If the lists are shorter than the evaluation wants them, or were made from
            other data, or are not those of this model, or nothing held out is relevant.
    """
    check_same_data(made_from, data_version)
    check_made_by(model, histories, recommendations)
    _warn_of_full_lists(histories, parameters.k)
    metrics, by_user = evaluate_lists(
        recommendations, interactions, items, test_ratings, parameters, recommendation
    )
    resampling = (parameters.n_resamples, parameters.seed)
    metrics |= _of_held_out(model, histories, test_ratings, parameters, source)
    if explanations is not None:
        check_explained(recommendations, explanations)
        found, of_users = evaluate_explanations(
            recommendations, explanations, interactions, histories, *resampling
        )
        metrics |= found
        by_user = by_user.join(of_users, how="outer")
        if isinstance(model, AdditiveRecommender):
            metrics |= additivity_error(model, histories, recommendations)
    if "faithfulness_by_user" in more:
        faithful = more["faithfulness_by_user"].set_index("user_id")
        faithful = faithful.dropna(axis="columns", how="all")
        chosen = reported_columns(parameters.k, more["faithfulness_parameters"])
        measured = [name for name in chosen if name in faithful]
        metrics |= mean_with_interval(faithful[measured], *resampling)
        by_user = by_user.join(faithful, how="outer")
    metrics |= _of_controls(more)
    evaluated_on = data_version | {
        "k": parameters.k,
        "relevance_threshold": parameters.relevance_threshold,
        "n_users": int(metrics[f"recall@{parameters.k}/n"] or 0),
    }
    return metrics | (own_metrics or {}), by_user.reset_index(names="user_id"), evaluated_on


def evaluate_post_hoc(
    model: Recommender,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    histories: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    made_from: dict[str, Any],
    data_version: dict[str, Any],
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
    source: SourceParameters,
    faithfulness_parameters: FaithfulnessParameters | None = None,
    **more: Any,
) -> tuple[dict[str, float | None], pd.DataFrame, dict[str, Any]]:
    """Measure an approach that explains another's model: its reasons do not claim to add up."""
    metrics, by_user, evaluated_on = evaluate(
        model,
        recommendations,
        interactions,
        histories,
        items,
        test_ratings,
        made_from,
        data_version,
        parameters,
        recommendation,
        source,
        faithfulness_parameters=faithfulness_parameters,
        **more,
    )
    own = {name: value for name, value in metrics.items() if not name.startswith("additivity_e")}
    return own, by_user, evaluated_on


def evaluate_lists(
    recommendations: pd.DataFrame,
    interactions: Interactions,
    items: pd.DataFrame,
    test_ratings: pd.DataFrame,
    parameters: EvaluationParameters,
    recommendation: RecommendationParameters,
) -> tuple[dict[str, float | None], pd.DataFrame]:
    """Measure accuracy and what lies beyond it, on average and by user.

    Raises:
        InputError: As `evaluate`.
    """
    if parameters.k > recommendation.n:
        raise InputError(
            f"parameter evaluation.k: {parameters.k}, but lists have recommendation.n = "
            f"{recommendation.n} items; accepted: 1 to {recommendation.n}"
        )
    k, resampling = parameters.k, (parameters.n_resamples, parameters.seed)
    ranking = ranking_per_user(recommendations, test_ratings, k, parameters.relevance_threshold)
    if ranking.empty:
        raise InputError(
            f"parameter evaluation.relevance_threshold: no held-out rating reaches "
            f"{parameters.relevance_threshold:g}; the highest is {test_ratings['rating'].max():g}"
        )
    beyond = beyond_accuracy_per_user(recommendations, interactions, items, k)
    by_user = ranking.join(beyond)
    return {
        "relevance_threshold": parameters.relevance_threshold,
        **mean_with_interval(by_user, *resampling),
        **catalogue_exposure(recommendations, interactions, k),
    }, by_user


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


def _of_held_out(
    model: Recommender,
    histories: Interactions,
    test_ratings: pd.DataFrame,
    parameters: EvaluationParameters,
    source: SourceParameters,
) -> dict[str, float]:
    """Errors of predicted ratings, and ranks among sampled items, as far as they are asked for."""
    metrics: dict[str, float] = {}
    resampling = (parameters.n_resamples, parameters.seed)
    if parameters.sampled_negatives is not None:
        sampled = sampled_ranking_per_user(
            model,
            histories,
            test_ratings,
            parameters.k,
            parameters.relevance_threshold,
            parameters.sampled_negatives,
            parameters.seed,
        )
        metrics |= mean_with_interval(sampled, *resampling)
    if isinstance(model, RatingPredictor):
        scale = source.rating_scale
        metrics |= evaluate_ratings(
            model, histories, test_ratings, scale.minimum, scale.maximum, *resampling
        )
    return metrics


def _of_controls(tables: dict[str, Any]) -> dict[str, float]:
    """Coverage of the same explainer on the lists of baselines."""
    found = {}
    for name, explained in tables.items():
        if name.startswith("explanations_of_"):
            control = name.removeprefix("explanations_of_")
            lists = tables[f"recommendations_of_{control}"]
            check_explained(lists, explained)
            found[f"coverage_of_{control}"] = coverage(lists, explained)
    return found


def _warn_of_full_lists(histories: Interactions, k: int) -> None:
    unrated = histories.n_items - np.diff(histories.ratings.indptr)
    if np.median(unrated) <= k:
        logger.warning(
            "lists of %d hold every item that most users have not rated, so that every approach "
            "finds every hit; choose a smaller evaluation.k",
            k,
        )
