"""How good a recommender is with some parameters, on validation ratings."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from kedro.pipeline import Node, Pipeline

from explainable_recsys.data import RatingScale
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.pipelines.parameters import PREFIX, with_values
from explainable_recsys.pipelines.rerun import rerun
from explainable_recsys.pipelines.tuning.space import Metric
from explainable_recsys.recommenders.base import RatingPredictor, Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

Evaluate = Callable[[Mapping[str, Any]], Iterator[float]]
"""Value on one fold after the other, of a recommender with parameters given by path."""


class UnfitMetricError(InputError):
    """The metric cannot be measured, whatever the parameters."""


@dataclass(frozen=True)
class Protocol:
    """What is measured, and how."""

    metric: Metric
    k: int
    relevance_threshold: float | None
    block_size: int
    scale: RatingScale


def objective(
    model: str,
    part: Pipeline,
    parameters: Mapping[str, Any],
    searched: Collection[str],
    given: Callable[[int], dict[str, Any]],
    held_out: list[pd.DataFrame],
    protocol: Protocol,
) -> Evaluate:
    """What trains a model with the nodes of the pipelines, and measures it.

    Nodes that do not depend on what is searched run once for each fold.

    Args:
        model: Name of the model's dataset, such as `als.model`.
        part: The nodes that make it.
        parameters: All parameters at their present values.
        searched: Full paths of those that trials change.
        given: What the nodes read, by the number of the fold.
        held_out: Ratings to measure on, of each fold.
        protocol: What is measured.

    Returns:
        A function of parameters by full path. It raises InputError if the model cannot be
        trained with these values, UnfitMetricError if it is not one for the metric.
    """
    changing = changing_nodes(part, searched)
    fixed = Pipeline(set(part.nodes) - set(changing))
    stays = fixed.all_outputs() & {name for node in changing for name in node.inputs}

    @cache
    def prepared(fold: int) -> dict[str, Any]:
        return given(fold) | rerun(fixed, given(fold), parameters, stays)

    def evaluate(values: Mapping[str, Any]) -> Iterator[float]:
        changed = with_values(parameters, values)
        for fold, ratings in enumerate(held_out):
            fitted = rerun(part, prepared(fold), changed, {model})[model]
            yield measure(fitted, prepared(fold)["interactions"], ratings, protocol)

    return evaluate


def measure(
    model: Recommender, interactions: Interactions, held_out: pd.DataFrame, protocol: Protocol
) -> float:
    """The metric on the validation part of a fold.

    Raises:
        InputError: If it comes out as no number.
        UnfitMetricError: If it cannot be measured.
    """
    if protocol.metric == "rmse":
        if not isinstance(model, RatingPredictor):
            raise UnfitMetricError(
                "rmse needs a model that predicts ratings, and this one does not; accepted: ndcg, "
                "recall"
            )
        scale = protocol.scale
        value = evaluate_ratings(model, interactions, held_out, scale.minimum, scale.maximum, 0, 0)[
            "rmse"
        ]
    else:
        k = min(protocol.k, interactions.n_items)
        rows = np.unique(interactions.user_rows(held_out["user_id"].unique()))
        rows = rows[rows >= 0]
        users = Interactions(
            interactions.ratings[rows], interactions.user_ids[rows], interactions.item_ids
        )
        shape = RecommendationParameters(n=k, block_size=protocol.block_size)
        ranking = ranking_per_user(
            recommend(model, users, shape), held_out, k, protocol.relevance_threshold
        )
        if ranking.empty:
            raise UnfitMetricError(
                f"parameter evaluation.relevance_threshold: no validation rating reaches "
                f"{protocol.relevance_threshold:g}"
            )
        value = float(ranking[f"{protocol.metric}@{k}"].mean())
    if not math.isfinite(value):
        raise InputError(f"{protocol.metric} is {value}")
    return value


def changing_nodes(part: Pipeline, paths: Collection[str]) -> list[Node]:
    """The nodes whose outputs depend on one of some parameters, in running order."""
    changing: list[Node] = []
    changed: set[str] = set()
    for node in part.nodes:
        if any(name in changed or _reads(name, paths) for name in node.inputs):
            changing.append(node)
            changed |= set(node.outputs)
    return changing


def _reads(name: str, paths: Collection[str]) -> bool:
    """Whether an input holds one of the parameters, or is a part of one."""
    block = f"{name.removeprefix(PREFIX)}."
    return name == "parameters" or (
        name.startswith(PREFIX)
        and any(f"{path}.".startswith(block) or block.startswith(f"{path}.") for path in paths)
    )
