"""Nodes of the diagnostics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.draws import sample
from explainable_recsys.experiments.fold_in import FoldInParameters
from explainable_recsys.figures.fold_in import fold_in_figure, fold_in_seconds_figure
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.stability import explanation_overlap
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.wording.phrases import phrase

EXPLANATIONS = ".explanations"
FOLDED_IN, TIMES = "_folded_in", "_fold_in_times"
OVERLAPS = ("overlap", "overlap_of_others", "overlap_of_two_trainings")


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


def gather_fold_in(
    evaluation: EvaluationParameters, fold_in: FoldInParameters, **made: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `fold_people_in` found, in a row per recommender; and the times in another table.

    Args:
        evaluation: Intervals.
        fold_in: Length of the lists.
        made: `<recommender>_folded_in`, its table of people, and `<recommender>_fold_in_times`.

    Returns:
        `recommender`, `n` (length of the lists), `n_people` (with a list), `overlap`,
        `overlap_of_others` and `overlap_of_two_trainings`, each with the bounds of its 95 %
        interval over people (`…/low`, `…/high`, missing if `evaluation.n_resamples` is 0),
        `rmse_fold_in` and `rmse_retrained` (in
        rating points, over `n_held_out` ratings; missing where no ratings are predicted),
        `is_deterministic`. And `recommender`, `seconds_fold_in`, `seconds_training`: measured, so
        never twice the same.
    """
    rows, times = [], []
    for key in sorted(key for key in made if key.endswith(FOLDED_IN)):
        people, name = made[key], key.removesuffix(FOLDED_IN)
        means = mean_with_interval(people[[*OVERLAPS]], *evaluation.resampling)
        squares, n_held_out = people.filter(like="squared_"), int(people["n_held_out"].sum())
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = np.sqrt(squares.sum(min_count=1) / n_held_out)
        rows.append(
            {
                "recommender": name,
                "n": fold_in.n,
                "n_people": int(means["overlap/n"]),
                **{
                    f"{key}{end}": means.get(f"{key}{end}", np.nan)
                    for key in OVERLAPS
                    for end in ("", "/low", "/high")
                },
                "rmse_fold_in": errors["squared_fold_in"],
                "rmse_retrained": errors["squared_retrained"],
                "n_held_out": n_held_out,
                "is_deterministic": bool(people["is_deterministic"].all()),
            }
        )
        times.append({"recommender": name, **made[f"{name}{TIMES}"]})
    return pd.DataFrame(rows), pd.DataFrame(times)


def draw_fold_in(fold_in: pd.DataFrame, seconds: pd.DataFrame) -> tuple[Any, Any]:
    """Figures of lists and predicted ratings, and of times, with the titles of recommenders."""
    titles = {name: phrase(record.title) for name, record in RECOMMENDERS.items()}
    titled = [t.assign(recommender=t["recommender"].replace(titles)) for t in (fold_in, seconds)]
    return fold_in_figure(titled[0]), fold_in_seconds_figure(titled[1])
