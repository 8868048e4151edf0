"""Parameters as nodes get them, for nodes that run outside of a Kedro session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kedro.pipeline import Pipeline
from pydantic import BaseModel

from explainable_recsys.errors import InputError

PREFIX = "params:"


def typed_parameters(pipeline: Pipeline, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the nodes of a pipeline get for their `params:…` and `parameters`.

    Kedro's own session does the same: blocks that a node takes as a pydantic model are
    instances of it, here and inside of the blocks around them.

    Args:
        pipeline: Nodes to be run.
        parameters: All parameters, as configured or as the dataset `parameters` holds them.

    Returns:
        One entry for every parameter that the pipeline reads, by the name it has there.

    Raises:
        InputError: If a value is not accepted, or a parameter is missing; it is named.
    """
    from kedro.validation import ParameterValidationError, ParameterValidator

    try:
        typed = ParameterValidator({"": pipeline}).validate_raw_params(plain_parameters(parameters))
    except ParameterValidationError as error:
        raise InputError(parameter_message(str(error))) from None
    names = sorted(name for name in pipeline.inputs() if name.startswith(PREFIX))
    found = {name: _value(typed, name.removeprefix(PREFIX)) for name in names}
    return found | ({"parameters": typed} if "parameters" in pipeline.inputs() else {})


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without pydantic models, all blocks new dictionaries."""
    return {str(name): _plain(value) for name, value in parameters.items()}


def with_values(parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of which some have other values.

    Args:
        parameters: All parameters; they stay as they are.
        values: New values by path, such as `als.model.factors`. Blocks on the way
            that are not there are added.

    Returns:
        New dictionaries, without pydantic models.
    """
    changed = plain_parameters(parameters)
    for path, value in values.items():
        *blocks, last = path.split(".")
        place = changed
        for name in blocks:
            place = place.setdefault(name, {})
        place[last] = value
    return changed


def parameter_message(text: str) -> str:
    """Kedro's report of wrong parameters, one line for each, without pydantic's addresses."""
    problems: list[str] = []
    parameter = key = ""
    for line in text.splitlines():
        if named := re.match(r"- Parameter '(.+?)': (.*)", line):
            (parameter, rest), key = named.groups(), ""
            if not rest.startswith("Failed to instantiate"):
                problems.append(f"parameter {parameter}: {rest}")
        elif reason := re.match(r"  (\S.*?) \[type=\S+, input_value=(.*), input_type=\w+\]", line):
            found = f"{reason[1].removeprefix('Value error, ')}, found {reason[2]}"
            problems.append(f"parameter {parameter}{key}: {found}")
        elif parameter and not line.startswith(" "):
            key = f".{line}"
    return "; ".join(problems) or text


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return plain_parameters(value) if isinstance(value, Mapping) else value


def _value(parameters: dict[str, Any], path: str) -> Any:
    """The value at `a.b.c`, also inside of a model."""
    value: Any = parameters
    for key in path.split("."):
        try:
            value = getattr(value, key) if isinstance(value, BaseModel) else value[key]
        except (AttributeError, KeyError, TypeError):
            raise InputError(f"parameters {path} are missing in conf/base") from None
    return value
