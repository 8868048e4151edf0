"""What a popularity prior does to the lists of a rating predictor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pandas as pd

from explainable_recsys.data import Lists
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.beyond_accuracy import catalogue_exposure
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.parameters import Parameters, each
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend


class PopularitySweepParameters(Parameters):
    """Weights of the popularity prior to compare on the validation ratings."""

    popularity_weights: Annotated[
        tuple[float, ...], each(lambda weight: 0 <= weight <= 1000, "numbers from 0 to 1000")
    ] = (0.0, 0.5, 1.0, 2.0, 4.0)


def popularity_sweep(
    with_weight: Callable[[float], Recommender],
    weights: tuple[float, ...],
    train: Interactions,
    validation_ratings: pd.DataFrame,
    k: int,
    relevance_threshold: float | None = None,
) -> pd.DataFrame:
    """Measure the lists that each weight of the prior gives.

    Args:
        with_weight: The model, learned from `train`, with a weight of the prior.
        weights: Weights to try; 0 is no prior.
        train: The histories.
        validation_ratings: Columns `user_id`, `item_id`, `rating`; may be empty.
        k: Length of the lists.
        relevance_threshold: Lowest rating of a hit; None for any.

    Returns:
        Columns `popularity_weight`, `ndcg`, `recall` (means over users) and
        `catalogue_coverage`; no rows without relevant validation ratings.
    """
    rows = []
    for weight in progress(weights, "popularity prior", "weight"):
        lists = recommend(with_weight(weight), train, RecommendationParameters(n=k))
        ranking = ranking_per_user(lists, validation_ratings, k, relevance_threshold)
        if ranking.empty:
            break
        ndcg, recall = (ranking[f"{metric}@{k}"].mean() for metric in ("ndcg", "recall"))
        exposure = catalogue_exposure(Lists.of(train, lists), k)
        rows.append((weight, ndcg, recall, exposure[f"catalogue_coverage@{k}"]))
    columns = ["popularity_weight", "ndcg", "recall", "catalogue_coverage"]
    return pd.DataFrame(rows, columns=columns, dtype="float64")
