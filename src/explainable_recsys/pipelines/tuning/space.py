"""Search spaces: which parameters of a recommender are tried, and between which bounds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.parameters import Parameters

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

N = TypeVar("N", int, float)

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

_RANGE: TypeAdapter[Range] = TypeAdapter(Annotated[Range, Field(discriminator="type")])

Metric = Literal["ndcg", "recall", "rmse"]


class SearchParameters(Parameters):
    """The block `search` of a recommender."""

    metric: Metric
    space: dict[str, Any] = Field(min_length=1)


def read_search(recommender: str, block: Any) -> tuple[Metric, dict[str, Range]]:
    """Read the block `search` of a recommender.

    Args:
        recommender: Its name.
        block: The metric, and ranges laid out as the parameters are that they are ranges of.
            A parameter of knowledge that it reads stands below that knowledge's name; null is
            for one that is not searched.

    Returns:
        The metric, and the ranges by path below the recommender, such as `model.factors`.

    Raises:
        InputError: Naming all that is wrong with it.
    """
    place = f"{recommender}.search"
    try:
        search = SearchParameters.model_validate(block)
    except ValidationError as error:
        raise InputError("; ".join(_problems(place, error))) from None
    ranges: dict[str, Range] = {}
    problems: list[str] = []
    for path, entry in _entries(search.space):
        try:
            ranges[path] = _RANGE.validate_python(entry)
        except ValidationError as error:
            problems += _problems(f"{place}.space.{path}", error)
    if not ranges and not problems:
        problems.append(f"parameter {place}.space: nothing to search")
    if problems:
        raise InputError("; ".join(problems))
    return search.metric, ranges


def check_ranges(
    recommender: str, ranges: Mapping[str, Range], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Make sure that ranges are those of parameters of the model, and hold the present values.

    Args:
        recommender: Its name.
        ranges: Its ranges by path.
        known: Present values of all parameters that the model depends on, by path.

    Returns:
        Present values by path.

    Raises:
        InputError: Naming all that are not.
    """
    problems = []
    for path, found in ranges.items():
        place = f"parameter {recommender}.search.space.{path}"
        if path not in known:
            hint = did_you_mean(path, known)
            accepted = ", ".join(sorted(known))
            problems.append(
                f"{place}: no parameter that the model depends on; {hint}accepted: {accepted}"
            )
        elif not found.holds(known[path]):
            problems.append(
                f"{place}: does not hold the present value {known[path]!r}, with which the search "
                "starts; widen the range"
            )
    if problems:
        raise InputError("; ".join(problems))
    return {path: known[path] for path in ranges}


def _entries(space: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Ranges and whatever stands in their place, by path."""
    for name, entry in space.items():
        full = f"{path}{name}"
        if isinstance(entry, Mapping) and not isinstance(entry.get("type"), str):
            yield from _entries(entry, f"{full}.")
        elif entry is not None:
            yield full, entry


def _problems(place: str, error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        keys = [str(key) for key in problem["loc"] if key not in ("int", "float", "categorical")]
        reason = problem["msg"].removeprefix("Value error, ")
        yield f"parameter {'.'.join([place, *keys])}: {reason}, found {problem['input']!r}"
