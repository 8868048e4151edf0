"""Nodes of the diagnostics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.draws import sample
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.stability import explanation_overlap
from explainable_recsys.parameters import Parameters, Seed

EXPLANATIONS = ".explanations"


class StabilityParameters(Parameters):
    """Whose explanations are compared, and how much of each."""

    n_users: int = Field(100, ge=1)
    n_cited: int = Field(3, ge=1)
    seed: Seed = 0


def some_users_lists(recommendations: pd.DataFrame, stability: StabilityParameters) -> pd.DataFrame:
    """The lists of the users whose explanations are compared."""
    return _of_some(recommendations, stability)


def measure_stability(
    stability: StabilityParameters, evaluation: EvaluationParameters, **tables: pd.DataFrame
) -> pd.DataFrame:
    """Compare the reasons of the same lists.

    Args:
        stability: Whose, and how many pieces of each.
        evaluation: Intervals.
        tables: `<approach>.explanations`, and `<approach>.explanations_again` where everything
            random was drawn again; without it explanations depend on no seed and cannot change.

    Returns:
        One row per approach: `approach`, `n_cited`, `jaccard` (mean over users of the mean
        over their recommendations), `low` and `high` (its 95 % interval, missing if
        `evaluation.n_resamples` is 0), `n_users`, `n_recommendations` and `n_retrainings`.
    """
    rows = []
    for name in sorted(name for name in tables if name.endswith(EXPLANATIONS)):
        first = _of_some(tables[name], stability)
        again = tables.get(f"{name}_again")
        overlap = explanation_overlap(first, first if again is None else again, stability.n_cited)
        rows.append(
            {
                "approach": name.removesuffix(EXPLANATIONS),
                "n_cited": stability.n_cited,
                **_summary(overlap, evaluation),
                "n_retrainings": int(again is not None),
            }
        )
    return pd.DataFrame(rows)


def _of_some(table: pd.DataFrame, stability: StabilityParameters) -> pd.DataFrame:
    """The rows of some users, drawn by hash."""
    users = sample(table["user_id"].unique(), stability.n_users, stability.seed, "stability")
    return table[table["user_id"].isin(users)]


def _summary(overlap: pd.DataFrame, evaluation: EvaluationParameters) -> dict[str, Any]:
    """Mean over users and its interval; all missing where nothing was compared."""
    values = overlap.astype({"jaccard": "float64"}).groupby("user_id")[["jaccard"]].mean()
    mean = mean_with_interval(values, *evaluation.resampling)
    return {
        "jaccard": mean["jaccard"],
        "low": mean.get("jaccard/low", np.nan),
        "high": mean.get("jaccard/high", np.nan),
        "n_users": len(values),
        "n_recommendations": len(overlap[["user_id", "item_id"]].drop_duplicates()),
    }
