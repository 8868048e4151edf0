"""Search spaces: which parameters of an approach are tried, and between which bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.parameters import Parameters

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SIGNIFICANT_DIGITS = 3
"""To which proposed decimal numbers are rounded: more make no difference, and do not read well."""


class IntegerRange(Parameters):
    """Whole numbers from `low` to `high`, in steps or on a logarithmic scale."""

    type: Literal["int"]
    low: int
    high: int
    step: int = Field(1, ge=1)
    log: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_bounds(self.low, self.high, self.log)
        if self.log and self.step > 1:
            raise ValueError("a logarithmic range has no step")
        return self

    def distribution(self) -> BaseDistribution:
        """The range as Optuna has it."""
        from optuna.distributions import IntDistribution

        return IntDistribution(self.low, self.high, log=self.log, step=self.step)

    def readable(self, value: Any) -> int:
        """A proposed value as it is used."""
        return int(value)

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range, on a step or between two."""
        return _is_number(value) and self.low <= value <= self.high


class DecimalRange(Parameters):
    """Decimal numbers from `low` to `high`, also in steps or on a logarithmic scale."""

    type: Literal["float"]
    low: float
    high: float
    step: float | None = Field(None, gt=0)
    log: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_bounds(self.low, self.high, self.log)
        if self.log and self.step is not None:
            raise ValueError("a logarithmic range has no step")
        return self

    def distribution(self) -> BaseDistribution:
        """The range as Optuna has it."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.log, step=self.step)

    def readable(self, value: Any) -> float:
        """A proposed value as it is used: rounded, within the bounds."""
        rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
        return min(max(rounded, self.low), self.high)

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range."""
        return _is_number(value) and self.low <= value <= self.high


class Choices(Parameters):
    """One of some values, in no order."""

    type: Literal["categorical"]
    choices: tuple[bool | int | float | str | None, ...] = Field(min_length=1)

    def distribution(self) -> BaseDistribution:
        """The choices as Optuna has them."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.choices)

    def readable(self, value: Any) -> Any:
        """A proposed value as it is used."""
        return value

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the choices."""
        return value in self.choices


Range = IntegerRange | DecimalRange | Choices

_RANGE: TypeAdapter[Range] = TypeAdapter(Annotated[Range, Field(discriminator="type")])

Metric = Literal["ndcg", "recall", "rmse"]


class SearchParameters(Parameters):
    """The block `search` of an approach."""

    metric: Metric
    space: dict[str, Any] = Field(min_length=1)


def read_search(approach: str, block: Any) -> tuple[Metric, dict[str, Range]]:
    """Read the block `search` of an approach.

    Args:
        approach: Its name.
        block: The metric, and ranges laid out as the parameters are that they are ranges of.
            A parameter of another approach stands below that approach's name; null is for
            one that is not searched.

    Returns:
        The metric, and the ranges by path below the approach, such as `model.factors`.

    Raises:
        InputError: Naming all that is wrong with it.
    """
    place = f"{approach}.search"
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
    approach: str, ranges: Mapping[str, Range], known: Mapping[str, Any]
) -> dict[str, Any]:
    """Make sure that ranges are those of parameters of the model, and hold the present values.

    Args:
        approach: Name of the approach.
        ranges: Its ranges by path.
        known: Present values of all parameters that the model depends on, by path.

    Returns:
        Present values by path.

    Raises:
        InputError: Naming all that are not.
    """
    problems = []
    for path, found in ranges.items():
        place = f"parameter {approach}.search.space.{path}"
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


def _check_bounds(low: float, high: float, log: bool) -> None:
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic range starts above 0, not at {low:g}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
