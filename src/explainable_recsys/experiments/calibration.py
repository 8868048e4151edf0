"""Choose the penalty of the user side of SVD on validation ratings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ratings import rating_errors
from explainable_recsys.recommenders.svd import SVD


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
    rows = train.user_rows(validation_ratings["user_id"])
    columns = train.item_columns(validation_ratings["item_id"])
    actual = validation_ratings["rating"].to_numpy()
    candidates = model.parameters.user_penalties
    measured = np.full(len(candidates), np.nan)
    for place, kappa in enumerate(candidates if len(actual) else ()):
        candidate = dataclasses.replace(model, user_penalty=kappa)
        predicted = candidate.predict_ratings(train.ratings, rows, columns)
        errors = rating_errors(predicted, actual, minimum, maximum)
        measured[place] = np.sqrt(np.square(errors).mean())
    return pd.DataFrame({"user_penalty": candidates, "rmse": measured})


def best_user_penalty(calibration: pd.DataFrame) -> float:
    """The candidate with the lowest RMSE; the first if none was measured."""
    measured = calibration["rmse"].fillna(np.inf).to_numpy()
    return float(calibration["user_penalty"].iloc[int(np.argmin(measured))])
