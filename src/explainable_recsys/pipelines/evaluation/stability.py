"""How much explanations change when everything random is drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from kedro.pipeline import Node, Pipeline
from pydantic import Field

from explainable_recsys import draws
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.stability import explanation_overlap
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.pipelines.discovery import approach_names, every_approach
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.pipelines.parameters import (
    PREFIX,
    plain_parameters,
    typed_parameters,
    with_values,
)
from explainable_recsys.pipelines.rerun import needed_part, rerun

EXPLANATIONS, RECOMMENDATIONS = ".explanations", ".recommendations"
N_SEEDS = 2**32


class StabilityParameters(Parameters):
    """How often the approaches are trained again, and what is compared."""

    n_retrainings: int = Field(1, ge=0)
    n_users: int = Field(100, ge=1)
    n_cited: int = Field(3, ge=1)
    seed: Seed = 0


def stability_node(approaches: Pipeline) -> Node:
    """The node that measures all approaches with explanations.

    Args:
        approaches: Their pipelines.
    """
    from explainable_recsys.pipelines.approach import SHARED_DATA

    explained = [name for name in approaches.all_outputs() if name.endswith(EXPLANATIONS)]
    lists = [name.removesuffix(EXPLANATIONS) + RECOMMENDATIONS for name in explained]
    tables = {name: name for name in sorted([*SHARED_DATA, *explained, *lists])}
    parameters = {
        "stability": "params:stability",
        "evaluation": "params:evaluation",
        "parameters": "parameters",
    }
    return Node(measure_stability, parameters | tables, "stability", name="measure_stability")


def measure_stability(
    stability: StabilityParameters,
    evaluation: EvaluationParameters,
    parameters: dict[str, Any],
    interactions: Interactions,
    histories: Interactions,
    **tables: pd.DataFrame,
) -> pd.DataFrame:
    """Train and explain again under other seeds; compare the reasons of the same lists.

    The recommendations stay those of the run, so that what is compared are two explanations of
    one thing. The approaches' models are trained one after the other: most of them hold
    Python's lock while they learn, and would not be faster in threads.

    Args:
        stability: How often, and for how many users.
        evaluation: Intervals.
        parameters: All parameters.
        interactions: Training ratings.
        histories: What the lists were made from.
        tables: Other data that approaches share, and `<approach>.explanations` and
            `<approach>.recommendations` of all that explain.

    Returns:
        One row per approach: `approach`, `n_cited`, `jaccard` (mean over users of the mean
        over their recommendations), `low` and `high` (its 95 % interval, missing if
        `evaluation.n_resamples` is 0), `n_users`, `n_recommendations` and `n_retrainings`,
        which is 0 where explanations depend on no seed and cannot change.
    """
    chosen = draws.sample(histories.user_ids, stability.n_users, stability.seed, "stability")
    given: dict[str, Any] = {
        name: table[table["user_id"].isin(chosen)] if "." in name else table
        for name, table in tables.items()
    }
    explained = {name: given.pop(name) for name in sorted(given) if name.endswith(EXPLANATIONS)}
    given |= {"interactions": interactions, "histories": histories}
    approaches = every_approach()
    random = {name for name in explained if _seeds(approaches, given, parameters, {name})}
    seeds = _seeds(approaches, given, parameters, random)
    overlaps: dict[str, list[pd.DataFrame]] = {
        name: [] if name in random else [explanation_overlap(table, table, stability.n_cited)]
        for name, table in explained.items()
    }
    for step in range(1, stability.n_retrainings + 1):
        shifted = {path: (seed + step) % N_SEEDS for path, seed in seeds.items()}
        again = rerun(approaches, given, with_values(parameters, shifted), random)
        for name, table in again.items():
            overlaps[name].append(explanation_overlap(explained[name], table, stability.n_cited))
    rows = [
        {
            "approach": name.removesuffix(EXPLANATIONS),
            "n_cited": stability.n_cited,
            **_summary(found, evaluation),
            "n_retrainings": stability.n_retrainings if name in random else 0,
        }
        for name, found in overlaps.items()
    ]
    return pd.DataFrame(rows)


def _summary(overlaps: list[pd.DataFrame], evaluation: EvaluationParameters) -> dict[str, Any]:
    """Mean over users and its interval; all missing where nothing was compared."""
    columns = ["user_id", "item_id", "jaccard"]
    table = pd.concat([pd.DataFrame(columns=columns), *overlaps])
    values = table.astype({"jaccard": "float64"}).groupby("user_id")[["jaccard"]].mean()
    mean = mean_with_interval(values, evaluation.n_resamples, evaluation.seed)
    return {
        "jaccard": mean["jaccard"],
        "low": mean.get("jaccard/low", np.nan),
        "high": mean.get("jaccard/high", np.nan),
        "n_users": len(values),
        "n_recommendations": len(table[columns[:2]].drop_duplicates()),
    }


def _seeds(
    approaches: Pipeline,
    given: Mapping[str, Any],
    parameters: Mapping[str, Any],
    outputs: set[str],
) -> dict[str, int]:
    """Value by path of every `seed` of an approach that the outputs depend on."""
    part = needed_part(approaches, given, outputs)
    blocks = approach_names(approaches)
    seeds: dict[str, int] = {}
    for name, value in typed_parameters(part, parameters).items():
        path = name.removeprefix(PREFIX)
        if path.partition(".")[0] in blocks:
            seeds |= dict(_seeds_in(path, plain_parameters({"": value})[""]))
    return seeds


def _seeds_in(path: str, value: Any) -> list[tuple[str, int]]:
    if path.endswith(".seed"):
        return [(path, value)]
    if not isinstance(value, Mapping):
        return []
    return [pair for key, inner in value.items() for pair in _seeds_in(f"{path}.{key}", inner)]
