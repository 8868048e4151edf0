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
    """The lists of the users whose explanations are compared, drawn by hash."""
    everybody = recommendations["user_id"].unique()
    users = sample(everybody, stability.n_users, stability.seed, "stability")
    return recommendations[recommendations["user_id"].isin(users)]


def measure_stability(
    stability: StabilityParameters, evaluation: EvaluationParameters, **tables: pd.DataFrame
) -> pd.DataFrame:
    """Compare the reasons of the same lists.

    Args:
        stability: How many pieces of each.
        evaluation: Intervals.
        tables: `<approach>.explanations`, `<approach>.lists` of some users, and
            `<approach>.explanations_again` of these, where everything random was drawn again;
            without it explanations depend on no seed and cannot change.

    Returns:
        One row per approach: `approach`, `n_cited`, `jaccard` (mean over users of the mean
        over their recommendations), `low` and `high` (its 95 % interval, missing if
        `evaluation.n_resamples` is 0), `n_users`, `n_recommendations` and `n_retrainings`.
    """
    rows = []
    for name in sorted(name for name in tables if name.endswith(EXPLANATIONS)):
        approach, again = name.removesuffix(EXPLANATIONS), tables.get(f"{name}_again")
        users = tables[f"{approach}.lists"]["user_id"]
        first = tables[name][tables[name]["user_id"].isin(users)]
        overlap = explanation_overlap(first, first if again is None else again, stability.n_cited)
        rows.append(
            {
                "approach": approach,
                "n_cited": stability.n_cited,
                **_summary(overlap, evaluation),
                "n_retrainings": int(again is not None),
            }
        )
    return pd.DataFrame(rows)


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
