"""How far predicted ratings are from held-out ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.bootstrap import ratio_with_interval
from explainable_recsys.recommenders.base import RatingPredictor


def rating_errors(
    predicted: NDArray[Any], actual: NDArray[Any], minimum: float, maximum: float
) -> NDArray[np.float64]:
    """Signed errors of predictions that are first clipped to the rating scale.

    Args:
        predicted: (m,) predicted ratings.
        actual: (m,) given ratings.
        minimum: Lowest rating of the scale.
        maximum: Highest rating of the scale.

    Returns:
        (m,) clipped prediction minus rating, in rating units.

    Raises:
        InputError: If the scale is empty.
    """
    if not minimum < maximum:
        raise InputError(
            f"rating scale: minimum {minimum}, maximum {maximum}; "
            "accepted: a minimum below the maximum"
        )
    clipped = np.clip(np.asarray(predicted, dtype=np.float64), minimum, maximum)
    return clipped - np.asarray(actual, dtype=np.float64)


def rating_errors_per_user(
    user_ids: pd.Series[Any] | NDArray[Any], errors: NDArray[np.float64]
) -> pd.DataFrame:
    """Sum the errors of every user, ready for pooling over ratings.

    Args:
        user_ids: (m,) user of each rating.
        errors: (m,) from `rating_errors`.

    Returns:
        Indexed by `user_id`, sorted: `squared` (sum of squared errors), `absolute` (sum of
        absolute errors) and `n_ratings`.
    """
    table = pd.DataFrame(
        {
            "user_id": np.asarray(user_ids),
            "squared": np.square(errors),
            "absolute": np.abs(errors),
            "n_ratings": 1,
        }
    )
    return table.groupby("user_id").sum()


def evaluate_ratings(
    model: RatingPredictor,
    histories: Interactions,
    held_out: pd.DataFrame,
    minimum: float,
    maximum: float,
    n_resamples: int = 0,
    seed: int = 0,
) -> dict[str, float]:
    """RMSE and MAE over all held-out ratings, with intervals over users.

    Both are means over ratings, not means of users' means: RMSE = sqrt(sum e^2 / n).

    Args:
        model: The recommender.
        histories: What is known of the users.
        held_out: Columns `user_id`, `item_id`, `rating`.
        minimum: Lowest rating of the scale.
        maximum: Highest rating of the scale; predictions are clipped to it.
        n_resamples: Bootstrap resamples of the users; 0 for no intervals.
        seed: Seed of the bootstrap.

    Returns:
        `rmse` and `mae` in rating units, each with `/low`, `/high` and `/n` (users);
        `n_ratings`; and `n_cold`, the ratings whose user or item is not in the histories,
        which count with the model's fallback prediction.

    Raises:
        InputError: If the scale is empty or `n_resamples` is negative.
    """
    rows = histories.user_rows(held_out["user_id"])
    columns = histories.item_columns(held_out["item_id"])
    predicted = model.predict_ratings(histories.ratings, rows, columns)
    errors = rating_errors(predicted, held_out["rating"].to_numpy(), minimum, maximum)
    sums = rating_errors_per_user(held_out["user_id"], errors)
    report = _pooled_errors(sums, n_resamples, seed)
    report["n_ratings"] = float(len(held_out))
    report["n_cold"] = float(np.count_nonzero((rows < 0) | (columns < 0)))
    return report


def _pooled_errors(sums: pd.DataFrame, n_resamples: int, seed: int) -> dict[str, float]:
    numerators = sums[["squared", "absolute"]].set_axis(["rmse", "mae"], axis="columns")
    denominators = sums[["n_ratings", "n_ratings"]].set_axis(["rmse", "mae"], axis="columns")
    report = ratio_with_interval(numerators, denominators, n_resamples, seed)
    # The root is monotone, so the root of a quantile is the quantile of the roots.
    for key in {"rmse", "rmse/low", "rmse/high"} & report.keys():
        report[key] = math.sqrt(report[key])
    return report
