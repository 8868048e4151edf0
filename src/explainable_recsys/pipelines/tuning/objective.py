"""How good an approach is with some parameters, on validation ratings."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from kedro.pipeline import Node, Pipeline

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.pipelines.parameters import PREFIX, with_values
from explainable_recsys.pipelines.rerun import rerun
from explainable_recsys.pipelines.tuning.folds import Fold
from explainable_recsys.pipelines.tuning.space import Metric
from explainable_recsys.recommenders.base import RatingPredictor, Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend


class UnfitMetricError(InputError):
    """The metric cannot be measured, whatever the parameters."""


@dataclass(frozen=True)
class Protocol:
    """What is measured, and how."""

    metric: Metric
    k: int
    relevance_threshold: float | None
    block_size: int
    minimum: float
    maximum: float


class Objective:
    """Trains an approach's model with the approach's own nodes, and measures it.

    Nodes that do not depend on what is searched run once for each fold.
    """

    def __init__(
        self,
        model: str,
        part: Pipeline,
        parameters: Mapping[str, Any],
        folds: list[Fold],
        data: list[dict[str, Any]],
        protocol: Protocol,
    ) -> None:
        """Prepare the measurement.

        Args:
            model: Name of the model's dataset, such as `intrinsic_als.model`.
            part: The nodes that make it.
            parameters: All parameters at their present values.
            folds: Ratings to measure on.
            data: What the nodes read, for each fold.
            protocol: What is measured.
        """
        self._model, self._part, self._parameters = model, part, parameters
        self._folds, self._data, self._protocol = folds, data, protocol
        self._made: dict[int, dict[str, Any]] = {}

    def __call__(self, values: Mapping[str, Any]) -> Iterator[float]:
        """Value on one fold after the other.

        Args:
            values: Parameters that differ from the present ones, by full path.

        Raises:
            InputError: If the approach cannot be trained with these values.
            UnfitMetricError: If the model is not one for the metric.
        """
        parameters = with_values(self._parameters, values)
        for number, fold in enumerate(self._folds):
            if number not in self._made:
                self._made[number] = self._what_stays(number, values)
            given = {**self._data[number], **self._made[number]}
            model = rerun(self._part, given, parameters, {self._model})[self._model]
            yield measure(model, given["interactions"], fold, self._protocol)

    def _what_stays(self, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
        changing = changing_nodes(self._part, values)
        fixed = Pipeline(set(self._part.nodes) - set(changing))
        read = {name for node in changing for name in node.inputs}
        return rerun(fixed, self._data[number], self._parameters, fixed.all_outputs() & read)


def measure(
    model: Recommender, interactions: Interactions, fold: Fold, protocol: Protocol
) -> float:
    """The metric on the validation part of a fold.

    Raises:
        InputError: If it comes out as no number.
        UnfitMetricError: If it cannot be measured.
    """
    held_out = fold.validation
    if protocol.metric == "rmse":
        if not isinstance(model, RatingPredictor):
            raise UnfitMetricError(
                "rmse needs a model that predicts ratings, and this one does not; accepted: ndcg, "
                "recall"
            )
        value = evaluate_ratings(
            model, interactions, held_out, protocol.minimum, protocol.maximum, 0, 0
        )["rmse"]
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
    block = name.removeprefix(PREFIX)
    return name == "parameters" or (
        name.startswith(PREFIX)
        and any(
            f"{path}.".startswith(f"{block}.") or block.startswith(f"{path}.") for path in paths
        )
    )
