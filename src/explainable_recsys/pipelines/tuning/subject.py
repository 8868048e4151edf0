"""What a search is about: the recommender, its metric, and the parameters that it depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.pipelines.parameters import PREFIX, plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part
from explainable_recsys.pipelines.tuning.folds import LEARNED_FROM, Fold
from explainable_recsys.pipelines.tuning.space import Metric, Range, check_ranges, read_search
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.recommenders.base import RatingPredictor

SETTINGS = ("tuning", "split", "evaluation", "recommendation", "source")
"""Parameters that a search is made with; they are not searched."""


def training_part(model: str, tables: Collection[str]) -> Pipeline:
    """The nodes that make a model of the ratings of a fold and some tables."""
    return needed_part(everything(), {*LEARNED_FROM, *tables}, {model})


def chosen_search(
    name: str | None, parameters: Mapping[str, Any]
) -> tuple[str, Metric, dict[str, Range]]:
    """The recommender to tune, by which metric, and the ranges by path.

    Raises:
        InputError: If it cannot be tuned, or its search space cannot be used.
    """
    chosen = chosen_recommender(name, parameters)
    return chosen, *read_search(chosen, parameters[chosen]["search"])


def chosen_recommender(name: str | None, parameters: Mapping[str, Any]) -> str:
    """The recommender to tune.

    Raises:
        InputError: If there is no such recommender, or it brings no search; naming those that
            can be tuned.
    """
    tunable = sorted(each for each in RECOMMENDERS if "search" in (parameters.get(each) or {}))
    if name in tunable:
        return name
    accepted = f"accepted: {', '.join(tunable) or 'none'}"
    if name is None:
        example = min(tunable, default="NAME")
        problem = f"which one? {accepted}; for example --params tuning.recommender={example}"
    elif name in RECOMMENDERS:
        add = f"add a block {name}.search with metric and space"
        problem = f"'{name}' brings no search; {add}; {accepted}"
    else:
        problem = f"no recommender '{name}'; {did_you_mean(name, tunable)}{accepted}"
    raise InputError(f"parameter tuning.recommender: {problem}")


def check_metric(name: str, metric: Metric, folds: list[Fold], threshold: float | None) -> None:
    """Make sure that a metric can be measured, whatever the parameters.

    Raises:
        InputError: If the recommender predicts no ratings, or no validation rating is relevant.
    """
    if metric == "rmse":
        if not issubclass(RECOMMENDERS[name].model, RatingPredictor):
            raise InputError(
                f"parameter {name}.search.metric: rmse needs a model that predicts ratings, and "
                "this one does not; accepted: ndcg, recall"
            )
    elif threshold is not None and any(max(f.validation["rating"]) < threshold for f in folds):
        raise InputError(
            f"parameter evaluation.relevance_threshold: no validation rating reaches {threshold:g}"
        )


def present_values(
    recommender: str, ranges: Mapping[str, Range], part: Pipeline, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """By path: all that the model depends on, what of it is searched, and the full paths of that.

    Raises:
        InputError: If a range is not that of a parameter, or does not hold the present value.
    """
    known, full = known_parameters(recommender, part, parameters)
    return known, check_ranges(recommender, ranges, known), {path: full[path] for path in ranges}


def known_parameters(
    recommender: str, part: Pipeline, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Present values of the parameters that some nodes read, and their full paths.

    Both are by path: below the recommender for its own, below everything for others.
    """
    known: dict[str, Any] = {}
    for name, value in typed_parameters(part, parameters).items():
        path = name.removeprefix(PREFIX)
        if path.partition(".")[0] not in SETTINGS:
            known |= dict(_leaves(path, plain_parameters({"": value})[""]))
    full = {path.removeprefix(f"{recommender}."): path for path in sorted(known)}
    return {path: known[whole] for path, whole in full.items()}, full


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    else:
        yield path, value
