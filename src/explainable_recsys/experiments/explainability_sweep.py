"""What the weight of explainability does to a factor model."""

from __future__ import annotations

from typing import Annotated

import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, explainability
from explainable_recsys.metrics.explainability import explainability_per_user
from explainable_recsys.metrics.parameters import EvaluationParameters, relevant_of
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.parameters import Parameters, each
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

Weights = Annotated[tuple[float, ...], each(lambda weight: weight >= 0, "numbers from 0")]


class SweepParameters(Parameters):
    """Weights of explainability to compare; 0 is the plain model."""

    weights: Weights = (0.0, 0.7, 2.8)


def explainability_sweep(
    data: Data,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    parameters: EMFParameters,
    neighbourhood: NeighbourhoodParameters,
    sweep: SweepParameters,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
) -> pd.DataFrame:
    """Learn a model for each weight and measure it on ratings that none has learned from.

    Args:
        data: What counts as liked.
        train_ratings: What the models learn from.
        validation_ratings: Columns `user_id`, `item_id`, `rating`; may be empty.
        parameters: All other hyper-parameters.
        neighbourhood: What E is made of.
        sweep: The weights.
        evaluation: Length of the lists that are measured, what is a hit.
        recommendation: What may be recommended.

    Returns:
        Columns `explainability_weight`, `mep`, `ndcg`, one row per model; no rows without
        validation ratings.
    """
    columns = ["explainability_weight", "mep", "ndcg"]
    if validation_ratings.empty:
        return pd.DataFrame(columns=columns, dtype="float64")
    train = Interactions.from_frame(train_ratings)
    relevant = relevant_of(validation_ratings, train, data.liking, evaluation)
    k = min(evaluation.k, train.n_items)
    explainable = explainability(train.ratings, train.ratings, neighbourhood, data.liking)
    measured = []
    for weight in progress(sweep.weights, "explainability sweep", "model"):
        changed = parameters.model_copy(update={"explainability_weight": weight})
        model = EMF.fit(train, changed, neighbourhood, data.liking, explainable)
        lists = recommend(model, train, recommendation.model_copy(update={"n": k}))
        mep = explainability_per_user(Lists.of(train, lists), explainable, k)[f"mep@{k}"].mean()
        ranking = ranking_per_user(lists, relevant, k)
        measured.append((weight, mep, ranking[f"ndcg@{k}"].mean()))
    return pd.DataFrame(measured, columns=columns)
