"""Choose the penalty of the user side of SVD on validation ratings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from explainable_recsys.data import Data
from explainable_recsys.experiments import popularity_prior
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.recommenders.svd import SVD, SVDParameters


def calibrate_user_penalty(
    model: SVD,
    train: Interactions,
    validation_ratings: pd.DataFrame,
    minimum: float,
    maximum: float,
) -> pd.DataFrame:
    """Measure each candidate of kappa on ratings that the model has not learned from.

    Args:
        model: Learned from `train`.
        train: The histories.
        validation_ratings: Columns `user_id`, `item_id`, `rating`; may be empty.
        minimum: Lowest rating of the scale.
        maximum: Highest rating of the scale; predictions are clipped to it.

    Returns:
        Columns `user_penalty`, `rmse` (in rating points, NaN without validation ratings),
        one row per candidate.
    """
    candidates = model.parameters.user_penalties
    measured = np.full(len(candidates), np.nan)
    for place, kappa in enumerate(() if validation_ratings.empty else candidates):
        candidate = dataclasses.replace(model, user_penalty=kappa)
        of_candidate = evaluate_ratings(candidate, train, validation_ratings, minimum, maximum)
        measured[place] = of_candidate["rmse"]
    return pd.DataFrame({"user_penalty": candidates, "rmse": measured})


def best_user_penalty(calibration: pd.DataFrame) -> float:
    """The candidate with the lowest RMSE; the first if none was measured."""
    measured = calibration["rmse"].fillna(np.inf).to_numpy()
    return float(calibration["user_penalty"].iloc[int(np.argmin(measured))])


def calibrate_svd(
    data: Data,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    parameters: SVDParameters,
    sweep: popularity_prior.PopularitySweepParameters,
    evaluation: EvaluationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Measure penalties of the user side and weights of the popularity prior, and choose.

    Args:
        data: The rating scale.
        train_ratings: What the model that is tried learns from.
        validation_ratings: What it is tried on; may be empty.
        parameters: Hyper-parameters, the candidates of the penalty among them.
        sweep: Weights of the prior.
        evaluation: Length of the lists and what is a hit.

    Returns:
        The table of `calibrate_user_penalty`, that of `popularity_sweep`, and the best penalty.
    """
    train = Interactions.from_frame(train_ratings)
    model = SVD.fit(train, parameters)
    penalties = calibrate_user_penalty(
        model, train, validation_ratings, data.scale.minimum, data.scale.maximum
    )
    effect = popularity_prior.popularity_sweep(
        model.with_popularity_weight,
        sweep.popularity_weights,
        train,
        validation_ratings,
        min(evaluation.k, train.n_items),
        evaluation.relevance_threshold,
    )
    return penalties, effect, best_user_penalty(penalties)
