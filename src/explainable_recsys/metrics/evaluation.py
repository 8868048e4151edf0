"""Judge what a recommender lists, and what an approach says about it."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists, check_lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.tables import check_evidence
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions
from explainable_recsys.metrics.beyond_accuracy import (
    beyond_accuracy_per_user,
    catalogue_exposure,
)
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.explanations import (
    additivity_error,
    coverage_with_interval,
    evaluate_explanations,
)
from explainable_recsys.metrics.faithfulness import (
    FaithfulnessParameters,
    measure_faithfulness,
    possible_drop,
    reported_columns,
)
from explainable_recsys.metrics.null import null_metrics
from explainable_recsys.metrics.parameters import (
    EvaluationParameters,
    is_relevant,
    of_control_users,
    relevant_of,
)
from explainable_recsys.metrics.projected_evidence import faithfulness_scope
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.metrics.records import FAMILIES, Family
from explainable_recsys.metrics.sampled_negatives import sampled_ranking_per_user
from explainable_recsys.preprocessing.card import check_same_data
from explainable_recsys.recommenders.base import AdditiveRecommender, RatingPredictor, Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, check_made_by

Metrics = dict[str, float | None]

logger = logging.getLogger(__name__)


def evaluate_recommender(
    model: Recommender,
    data: Data,
    recommendations: pd.DataFrame,
    data_fingerprint: dict[str, Any],
    data_version: dict[str, Any],
    test_ratings: pd.DataFrame,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
    list_metrics: dict[str, float] | None = None,
) -> tuple[Metrics, pd.DataFrame, dict[str, Any]]:
    """Measure lists and predicted ratings, as far as a recommender has them.

    Args:
        model: The recommender.
        data: What it learned from, and what the lists were made from.
        recommendations: Its lists.
        data_fingerprint: Version of the data that the lists were made from.
        data_version: That of the data at hand.
        test_ratings: What was held out.
        evaluation: What counts as a hit, and intervals.
        recommendation: Length of the lists.
        list_metrics: More figures about the lists, taken over as they are.

    Returns:
        The metrics; those that users have, by user; and what they were computed on.

    Raises:
        InputError: If the lists are shorter than the evaluation wants them, or were made from
            other data, or are not those of this model, or nothing held out is relevant.
    """
    check_same_data(data_fingerprint, data_version)
    check_made_by(model, data.histories, recommendations)
    _warn_of_full_lists(data.histories, evaluation.k)
    metrics, by_user = evaluate_lists(
        recommendations, data, test_ratings, evaluation, recommendation
    )
    if evaluation.sampled_negatives is not None:
        sampled = sampled_ranking_per_user(
            model,
            data.histories,
            test_ratings,
            is_relevant(test_ratings, data.histories, data.liking, evaluation),
            evaluation.k,
            evaluation.sampled_negatives,
            evaluation.seed,
        )
        metrics |= mean_with_interval(sampled, *evaluation.resampling)
    if isinstance(model, RatingPredictor) and model.predicts_ratings:
        metrics |= evaluate_ratings(
            model,
            data.histories,
            test_ratings,
            data.scale.minimum,
            data.scale.maximum,
            *evaluation.resampling,
        )
    n_users = int(metrics[f"recall@{evaluation.k}/n"] or 0)
    facts = _evaluated_on(data_version, evaluation) | {"n_users": n_users}
    return metrics | (list_metrics or {}), by_user.reset_index(names="user_id"), facts


def evaluate_lists(
    recommendations: pd.DataFrame,
    data: Data,
    test_ratings: pd.DataFrame,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
) -> tuple[Metrics, pd.DataFrame]:
    """Measure accuracy and what lies beyond it, on average and by user.

    Raises:
        InputError: If the lists are to be shorter than K, or nothing held out is relevant, or as
            `check_lists`.
    """
    if evaluation.k > recommendation.n:
        raise InputError(
            f"parameter evaluation.k: {evaluation.k}, but lists have recommendation.n = "
            f"{recommendation.n} items; accepted: 1 to {recommendation.n}"
        )
    k = evaluation.k
    relevant = relevant_of(test_ratings, data.histories, data.liking, evaluation)
    if relevant.empty:
        raise InputError(
            "parameter evaluation.relevance: 'liked', but no held-out rating is; the highest is "
            f"{test_ratings['rating'].max():g}; accepted here: any"
        )
    check_lists(recommendations)
    lists = Lists.of(data.histories, recommendations)
    ranking = ranking_per_user(recommendations, relevant, k)
    by_user = ranking.join(beyond_accuracy_per_user(data, lists, k))
    by_user = by_user.join(_of_own_functions("beyond accuracy", k, data, lists, k))
    return {
        **mean_with_interval(by_user, *evaluation.resampling),
        **catalogue_exposure(lists, k),
    }, by_user


def faithfulness_tables(
    model: Recommender,
    data: Data,
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    faithfulness: FaithfulnessParameters,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
    projected_evidence: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Measure faithfulness: the means, the curves, and every user's.

    Args:
        model: The recommender.
        data: What it learned from, and what the lists were made from.
        recommendations: The lists.
        explanations: Their explanations.
        faithfulness: How much is taken away, and of how many users.
        evaluation: K.
        recommendation: What may be recommended.
        projected_evidence: The rated items that the explanations rest on, if they do not cite
            them themselves: `user_id`, `item_id`, `rated_item_id`, `weight`. No rows: they do.

    Raises:
        InputError: If the tables are of different runs, or as `check_evidence`.
    """
    check_made_by(model, data.histories, recommendations)
    check_evidence(explanations, "style", "rated_item_id", "weight")
    check_explained(recommendations, explanations)
    evidence, projected = explanations, False
    if projected_evidence is not None and not projected_evidence.empty:
        evidence, projected = projected_evidence, True
    found = measure_faithfulness(
        model,
        data,
        Lists.of(data.histories, recommendations),
        evidence,
        evaluation.k,
        faithfulness,
        evaluation.n_resamples,
        recommendation.min_ratings,
    )
    scope = faithfulness_scope(explanations, projected)
    return found.table.assign(scope=scope), found.curves, found.by_user


def evaluate_approach(
    model: Recommender,
    data: Data,
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    explanations_of_null: pd.DataFrame,
    data_fingerprint: dict[str, Any],
    data_version: dict[str, Any],
    faithfulness_by_user: pd.DataFrame,
    faithfulness: FaithfulnessParameters,
    evaluation: EvaluationParameters,
    approach_metrics: dict[str, float] | None = None,
    adds_up: bool = False,
    **of_controls: pd.DataFrame,
) -> tuple[Metrics, pd.DataFrame, dict[str, Any]]:
    """Measure explanations.

    Args:
        model: The recommender.
        data: What it learned from, and what the lists were made from.
        recommendations: Its lists.
        explanations: Explanations of the lists.
        explanations_of_null: Of what `what_is_asked` asks with the histories of others.
        data_fingerprint: Version of the data that the lists were made from.
        data_version: That of the data at hand.
        faithfulness_by_user: As `faithfulness_tables` makes it.
        faithfulness: What it was measured with.
        evaluation: List length and intervals.
        approach_metrics: Figures of this way of explaining alone, taken over as they are.
        adds_up: Whether the weights claim to sum to the score.
        of_controls: `recommendations_of_<control>` and `explanations_of_<control>` of each
            control whose list the same explainer was tried on.

    Returns:
        The metrics; those that users have, by user; and what they were computed on.

    Raises:
        InputError: If the tables are of different runs or data.
    """
    check_same_data(data_fingerprint, data_version)
    check_explained(recommendations, explanations)
    lists = Lists.of(data.histories, recommendations)
    metrics: Metrics = {}
    found, by_user = evaluate_explanations(data, lists, explanations, *evaluation.resampling)
    metrics |= found
    added = _of_own_functions("explanations", evaluation.k, data, lists, explanations)
    metrics |= mean_with_interval(added, *evaluation.resampling)
    by_user = by_user.join(added)
    if adds_up and isinstance(model, AdditiveRecommender):
        metrics |= additivity_error(model, lists)
    faithful = faithfulness_by_user.set_index("user_id").dropna(axis="columns", how="all")
    reported = [name for name in reported_columns(evaluation.k, faithfulness) if name in faithful]
    metrics |= mean_with_interval(faithful[reported], *evaluation.resampling)
    n_cited = faithfulness.reported
    metrics |= possible_drop(faithful, evaluation.k, n_cited, *evaluation.resampling)
    by_user = by_user.join(faithful, how="outer")
    metrics |= null_metrics(
        lists, explanations, explanations_of_null, faithfulness, *evaluation.resampling
    )
    metrics |= _coverage_of_controls(of_controls, data, evaluation)
    facts = _evaluated_on(data_version, evaluation)
    return metrics | (approach_metrics or {}), by_user.reset_index(names="user_id"), facts


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


def _coverage_of_controls(
    tables: dict[str, pd.DataFrame], data: Data, evaluation: EvaluationParameters
) -> dict[str, float]:
    """Coverage of the same explainer on the lists of the controls."""
    found: dict[str, float] = {}
    for name, explained in tables.items():
        if name.startswith("explanations_of_"):
            control = name.removeprefix("explanations_of_")
            lists = of_control_users(tables[f"recommendations_of_{control}"], evaluation)
            check_explained(lists, explained)
            found |= coverage_with_interval(
                f"coverage_of_{control}",
                Lists.of(data.histories, lists),
                explained,
                *evaluation.resampling,
            )
    return found


def _of_own_functions(family: Family, k: int, *arguments: Any) -> pd.DataFrame:
    """By user, the metrics of a family whose records say how they are computed."""
    return pd.DataFrame(
        {
            metric.name.format(k=k): metric.per_user(*arguments)
            for metric in FAMILIES[family]
            if metric.per_user is not None
        }
    )


def _evaluated_on(data_version: dict[str, Any], evaluation: EvaluationParameters) -> dict[str, Any]:
    return data_version | {"k": evaluation.k, "relevance": evaluation.relevance}


def _warn_of_full_lists(histories: Interactions, k: int) -> None:
    unrated = histories.n_items - np.diff(histories.ratings.indptr)
    if np.median(unrated) <= k:
        logger.warning(
            "lists of %d hold every item that most users have not rated, so that every "
            "recommender finds every hit; choose a smaller evaluation.k",
            k,
        )
