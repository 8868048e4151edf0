"""How good a recommender is with some parameters, on validation ratings."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from kedro.pipeline import Pipeline

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.parameters import EvaluationParameters, relevant_of
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.pipelines.parameters import PREFIX, with_values
from explainable_recsys.pipelines.rerun import rerun
from explainable_recsys.pipelines.tuning.space import Metric
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

Evaluate = Callable[[Mapping[str, Any]], Iterator[float]]
"""Value on one fold after the other, of a recommender with parameters given by path."""


Measure = Callable[[Any, Interactions, pd.DataFrame], float]
"""How good a model of some interactions is on held-out ratings."""


def objective(
    model: str,
    part: Pipeline,
    parameters: Mapping[str, Any],
    searched: Collection[str],
    given: Callable[[int], dict[str, Any]],
    held_out: list[pd.DataFrame],
    measure: Measure,
) -> Evaluate:
    """What trains a model with the nodes of the pipelines, and measures it.

    Nodes that do not depend on what is searched run once for each fold.

    Args:
        model: Name of the model's dataset, such as `als.model`.
        part: The nodes that make it, and `interactions`.
        parameters: All parameters at their present values.
        searched: Paths of those that trials change.
        given: What the nodes read, by the number of the fold.
        held_out: Ratings to measure on, of each fold.
        measure: What is measured.

    Returns:
        A function of parameters by path. It raises InputError if the model cannot be
        trained with these values.
    """
    changing = changing_nodes(part, searched)
    fixed = part - changing
    stays = {"interactions"} | fixed.all_outputs() & changing.inputs()

    @cache
    def prepared(fold: int) -> dict[str, Any]:
        data = given(fold)
        return data | rerun(fixed, data, parameters, stays)

    def evaluate(values: Mapping[str, Any]) -> Iterator[float]:
        changed = with_values(parameters, values)
        for fold, ratings in enumerate(held_out):
            fitted = rerun(part, prepared(fold), changed, {model})[model]
            yield measure(fitted, prepared(fold)["interactions"], ratings)

    return evaluate


def measured_by(
    metric: Metric,
    source: SourceParameters,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
) -> Measure:
    """The metric as a function of a model. It raises InputError if it comes out as no number.

    Ratings are predicted within the bounds of their scale.
    """

    def measure(model: Any, interactions: Interactions, held_out: pd.DataFrame) -> float:
        if metric == "rmse":
            scale = source.rating_scale.minimum, source.rating_scale.maximum
            value = evaluate_ratings(model, interactions, held_out, *scale, 0, 0)["rmse"]
        else:
            k = min(evaluation.k, interactions.n_items)
            rows = interactions.user_rows(held_out["user_id"].unique())
            rows = np.sort(rows[rows >= 0])
            ids = interactions.user_ids[rows], interactions.item_ids
            shape = recommendation.model_copy(update={"n": k})
            some = Interactions(interactions.ratings[rows], *ids)
            lists = recommend(model, some, shape, catalogue=interactions)
            relevant = relevant_of(held_out, interactions, source.liking, evaluation)
            if relevant.empty:
                raise InputError(
                    f"parameter evaluation.relevance: '{evaluation.relevance}', but no validation "
                    "rating is liked; accepted: any, or a lower source.liked"
                )
            by_user = ranking_per_user(lists, relevant, k)
            value = float(by_user[f"{metric}@{k}"].mean())
        if not math.isfinite(value):
            raise InputError(f"{metric} is {value}")
        return value

    return measure


def changing_nodes(part: Pipeline, paths: Collection[str]) -> Pipeline:
    """The nodes whose outputs depend on one of some parameters."""
    return part.from_inputs(*(name for name in part.inputs() if _reads(name, paths)))


def _reads(name: str, paths: Collection[str]) -> bool:
    """Whether an input holds one of the parameters, or is a part of one."""
    block = f"{name.removeprefix(PREFIX)}."
    return name == "parameters" or (
        name.startswith(PREFIX)
        and any(f"{path}.".startswith(block) or block.startswith(f"{path}.") for path in paths)
    )
