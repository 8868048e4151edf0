"""What is searched: the parameters that a recommender depends on, and the ranges of some."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Self, TypeVar

from kedro.pipeline import Pipeline
from pydantic import Field, ValidationError, field_validator, model_validator

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.parameters import PREFIX, plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part
from explainable_recsys.pipelines.tuning.folds import RATINGS
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.recommenders.base import RatingPredictor

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from pydantic_core import ErrorDetails

N = TypeVar("N", int, float)

SETTINGS = ("tuning", "split", "evaluation", "recommendation", "source")
"""Parameters that a search is made with; they are not searched."""

SIGNIFICANT_DIGITS = 3
"""To which proposed decimal numbers are rounded: more make no difference, and do not read well."""


class _Range(Parameters):
    """What a parameter is tried with, checked as Optuna checks it."""

    type: str

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.distribution()
        return self

    def distribution(self) -> BaseDistribution:
        """The range as Optuna has it."""
        from optuna import distributions

        kind = getattr(distributions, f"{self.type.capitalize()}Distribution")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a range that does not end on a step
            made: BaseDistribution = kind(**self.model_dump(exclude={"type"}))
        return made

    def readable(self, value: Any) -> Any:
        """A proposed value as it is used."""
        return value


class _Between(_Range, Generic[N]):
    """Numbers from `low` to `high`, also in steps or on a logarithmic scale."""

    low: N
    high: N
    log: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range, on a step or between two."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high


class IntegerRange(_Between[int]):
    """Whole numbers."""

    type: Literal["int"]
    step: int = Field(1, gt=0)


class DecimalRange(_Between[float]):
    """Decimal numbers."""

    type: Literal["float"]
    step: float | None = Field(None, gt=0)

    def readable(self, value: Any) -> float:
        """A proposed value as it is used: rounded, within the bounds."""
        rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
        return min(max(rounded, self.low), self.high)


class Choices(_Range):
    """One of some values, in no order."""

    type: Literal["categorical"]
    choices: tuple[bool | int | float | str | None, ...] = Field(min_length=1)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the choices."""
        return value in self.choices


Range = IntegerRange | DecimalRange | Choices

Metric = Literal["ndcg", "recall", "rmse"]


class SearchParameters(Parameters):
    """The block `search` of a recommender, its ranges by path, such as `model.factors`."""

    metric: Metric
    space: dict[str, Annotated[Range, Field(discriminator="type")]] = Field(min_length=1)

    @field_validator("space", mode="before")
    @classmethod
    def _by_path(cls, space: Any) -> Any:
        if not isinstance(space, Mapping) or not space:
            return space
        ranges = {path: entry for path, entry in _leaves(space) if entry is not None}
        if not ranges:
            raise ValueError("nothing to search")
        return ranges


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


def read_search(recommender: str, block: Any) -> SearchParameters:
    """Read the block `search` of a recommender.

    Args:
        recommender: Its name.
        block: The metric, and ranges laid out as the parameters are that they are ranges of.
            A parameter of knowledge that it reads stands below that knowledge's name; null is
            for one that is not searched.

    Raises:
        InputError: Naming all that is wrong with it.
    """
    try:
        return SearchParameters.model_validate(block)
    except ValidationError as error:
        problems = (_problem(f"{recommender}.search", found) for found in error.errors())
        raise InputError("; ".join(problems)) from None


def training_part(recommender: str, tables: Collection[str]) -> Pipeline:
    """The nodes that make a model, and `interactions`, of the ratings of a fold and some tables."""
    made = {f"{recommender}.model", "interactions"}
    return needed_part(everything(), {*RATINGS, "fold_in_ratings", *tables}, made)


def known_parameters(part: Pipeline, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Present values of what some nodes read as parameters, by path (`als.model.factors`)."""
    typed = typed_parameters(part, parameters).items()
    read = plain_parameters({name.removeprefix(PREFIX): value for name, value in typed})
    leaves = dict(_leaves(read))
    return {p: leaves[p] for p in sorted(leaves) if p.partition(".")[0] not in SETTINGS}


def check_ranges(
    recommender: str, ranges: Mapping[str, Range], known: Mapping[str, Any]
) -> dict[str, Range]:
    """Make sure that ranges are those of parameters of the model, and hold the present values.

    Args:
        recommender: Its name.
        ranges: Its ranges, by path below its name, or below that of knowledge.
        known: Present values of all parameters that the model depends on, by path.

    Returns:
        The ranges by path.

    Raises:
        InputError: Naming all that are not.
    """
    problems, full = [], {path.removeprefix(f"{recommender}."): path for path in known}
    for path, found in ranges.items():
        place = f"parameter {recommender}.search.space.{path}"
        if path not in full:
            hint = did_you_mean(path, full)
            accepted = ", ".join(sorted(full))
            problems.append(
                f"{place}: no parameter that the model depends on; {hint}accepted: {accepted}"
            )
        elif not found.holds(known[full[path]]):
            problems.append(
                f"{place}: does not hold the present value {known[full[path]]!r}, with which the "
                "search starts; widen the range"
            )
    if problems:
        raise InputError("; ".join(problems))
    return {full[path]: found for path, found in ranges.items()}


def check_metric(name: str, metric: Metric, objective: str = "rating") -> None:
    """Make sure that a metric can be measured, whatever the parameters.

    Raises:
        InputError: If the recommender predicts no ratings.
    """
    predicts = objective == "rating" and issubclass(RECOMMENDERS[name].model, RatingPredictor)
    if metric == "rmse" and not predicts:
        raise InputError(
            f"parameter {name}.search.metric: rmse needs a model that predicts ratings, and "
            "this one does not; accepted: ndcg, recall"
        )


def _leaves(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Values by path; a range, which has a `type`, is one value."""
    for name, value in block.items():
        if isinstance(value, Mapping) and not isinstance(value.get("type"), str):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _problem(place: str, problem: ErrorDetails) -> str:
    keys = [str(key) for key in problem["loc"] if key not in ("int", "float", "categorical")]
    reason = problem["msg"].removeprefix("Value error, ")
    return f"parameter {'.'.join([place, *keys])}: {reason}, found {problem['input']!r}"
