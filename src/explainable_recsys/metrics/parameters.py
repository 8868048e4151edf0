"""What counts as a hit, how intervals and p-values are found, and on whom controls are tried."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys.draws import sample
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import NO_DIFFERENCE, Liking
from explainable_recsys.metrics.comparison import Correction
from explainable_recsys.parameters import Parameters, Seed


class EvaluationParameters(Parameters):
    """How lists are judged.

    A held-out item is relevant whatever its rating (`any`), or if it is `liked`.
    With `sampled_negatives` each held-out item is ranked among so many random items too, as some
    papers do; such figures cannot be compared with others.
    """

    k: int = Field(10, ge=1)
    relevance: Literal["any", "liked"] = "any"
    sampled_negatives: int | None = Field(None, ge=1)
    control_users: int | None = Field(100, ge=1)
    n_resamples: int = Field(1000, ge=0)
    seed: Seed = 0

    @property
    def resampling(self) -> tuple[int, int]:
        """Number of bootstrap resamples of the users, and their seed."""
        return self.n_resamples, self.seed


def is_relevant(
    held_out: pd.DataFrame,
    histories: Interactions,
    liking: Liking,
    evaluation: EvaluationParameters,
) -> NDArray[np.bool_]:
    """Which of the held-out ratings (n,), columns `user_id`, `rating`, count as relevant.

    Whoever has no history has no mean: then all of them do, where the mean is what counts.
    """
    if evaluation.relevance == "any":
        return np.ones(len(held_out), bool)
    unknown = np.nan_to_num(liking.at_least, nan=-np.inf)
    least = np.append(liking.thresholds(histories.ratings), unknown)
    of_users = least[histories.user_rows(held_out["user_id"])]
    return np.asarray(held_out["rating"].to_numpy() >= of_users - NO_DIFFERENCE)


def relevant_of(
    held_out: pd.DataFrame,
    histories: Interactions,
    liking: Liking,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """The held-out ratings that count as relevant."""
    return held_out[is_relevant(held_out, histories, liking, evaluation)]


class ComparisonParameters(Parameters):
    """How p-values are corrected for many comparisons: Benjamini-Yekutieli or -Hochberg."""

    correction: Correction = "by"


def of_control_users(table: pd.DataFrame, evaluation: EvaluationParameters) -> pd.DataFrame:
    """The rows of `control_users` users, drawn by hash: those whose control lists are explained."""
    if evaluation.control_users is None:
        return table
    chosen = sample(
        table["user_id"].unique(), evaluation.control_users, evaluation.seed, "control users"
    )
    return table[table["user_id"].isin(chosen)]
