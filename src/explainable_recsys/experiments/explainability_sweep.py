"""What the weight of explainability does to a factor model, in both forms of its term."""

from __future__ import annotations

from typing import Annotated

import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, explainability
from explainable_recsys.metrics.explainability import explainability_per_user
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.parameters import Parameters, each
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

Weights = Annotated[tuple[float, ...], each(lambda weight: weight >= 0, "numbers from 0")]


class SweepParameters(Parameters):
    """Weights of each form of the explainability term to compare; 0 is the plain model."""

    pull: Weights = (0.0, 0.1, 0.3, 0.5)
    l2: Weights = (0.05,)


def explainability_sweep(
    data: Data,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    parameters: EMFParameters,
    neighbourhood: NeighbourhoodParameters,
    sweep: SweepParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """Learn a model for each weight and measure it on ratings that none has learned from.

    Lists are pure (without popularity prior).

    Args:
        data: The rating scale.
        train_ratings: What the models learn from.
        validation_ratings: Columns `user_id`, `item_id`, `rating`; may be empty.
        parameters: All other hyper-parameters.
        neighbourhood: What E is made of.
        sweep: The weights.
        evaluation: Length of the lists, what is a hit.

    Returns:
        Columns `form`, `explainability_weight`, `rmse`, `mep`, `ndcg`, one row per model; no
        rows without validation ratings.
    """
    tried = [("pull", weight) for weight in sweep.pull]
    tried += [("l2", weight) for weight in sweep.l2]
    columns = ["form", "explainability_weight", "rmse", "mep", "ndcg"]
    if validation_ratings.empty:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})
    train = Interactions.from_frame(train_ratings)
    k = min(evaluation.k, train.n_items)
    explainable = explainability(train.ratings, train.ratings, neighbourhood)
    minimum, maximum = data.scale.minimum, data.scale.maximum
    measured = []
    for form, weight in progress(tried, "explainability sweep", "model"):
        changes = {"form": form, "explainability_weight": weight, "popularity_weight": 0.0}
        model = EMF.fit(train, parameters.model_copy(update=changes), neighbourhood, explainable)
        errors = evaluate_ratings(model, train, validation_ratings, minimum, maximum)
        lists = recommend(model, train, RecommendationParameters(n=k))
        mep = explainability_per_user(Lists.of(train, lists), explainable, k)[f"mep@{k}"].mean()
        ranking = ranking_per_user(lists, validation_ratings, k, evaluation.relevance_threshold)
        measured.append((form, weight, errors["rmse"], mep, ranking[f"ndcg@{k}"].mean()))
    return pd.DataFrame(measured, columns=columns)
