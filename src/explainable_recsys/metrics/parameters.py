"""What counts as a hit, how intervals and p-values are found, and on whom controls are tried."""

from __future__ import annotations

import pandas as pd
from pydantic import Field

from explainable_recsys.draws import sample
from explainable_recsys.metrics.comparison import Correction
from explainable_recsys.parameters import Parameters, Seed


class EvaluationParameters(Parameters):
    """How lists are judged.

    With `sampled_negatives` each held-out item is ranked among so many random items too, as some
    papers do; such figures cannot be compared with others.
    """

    k: int = Field(10, ge=1)
    relevance_threshold: float | None = None
    sampled_negatives: int | None = Field(None, ge=1)
    control_users: int | None = Field(200, ge=1)
    n_resamples: int = Field(1000, ge=0)
    seed: Seed = 0

    @property
    def resampling(self) -> tuple[int, int]:
        """Number of bootstrap resamples of the users, and their seed."""
        return self.n_resamples, self.seed


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
