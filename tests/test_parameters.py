"""What the files of `conf/base` show as parameters is what their classes have as defaults."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Node
from kedro.validation.type_extractor import TypeExtractor
from omegaconf import OmegaConf
from pydantic import BaseModel

from explainable_recsys.parameters import Parameters
from tests.conftest import PROJECT

BASE = PROJECT / "conf" / "base"
PREFIX = "params:"
RANGES = "search"
"""Ranges that tuning tries stand in this block of a recommender; only the files have them."""


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model in an annotation, alone or as one of several types."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def annotation_of(function: Callable[..., Any], argument: str) -> Any:
    """An argument's annotation; None where it names what only type checkers import."""
    annotation = inspect.signature(function).parameters[argument].annotation
    names = inspect.unwrap(getattr(function, "__func__", function)).__globals__
    try:
        return eval(annotation, names) if isinstance(annotation, str) else annotation
    except NameError:
        return None


def parameter_classes(nodes: Iterable[Node]) -> dict[str, type[BaseModel]]:
    """The classes that nodes take blocks of parameters as, by the path of the block."""
    found: dict[str, type[BaseModel]] = {}
    for node in nodes:
        positional, named = Node._process_inputs_for_bind(node._inputs)
        bound = inspect.signature(node.func).bind(*positional, **named).arguments
        for argument, dataset in bound.items():
            if isinstance(dataset, str) and dataset.startswith(PREFIX):
                model = model_of(annotation_of(node.func, argument))
                if model is not None:
                    found[dataset.removeprefix(PREFIX)] = model
    return found


def differences(
    shown: Mapping[str, Any], classes: Mapping[str, type[BaseModel]], path: str = ""
) -> Iterator[str]:
    """Where files and classes do not say the same, below a path that no class is for yet."""
    for key, value in shown.items():
        full = f"{path}{key}"
        if full in classes:
            yield from differences_from(classes[full], value, full)
        elif isinstance(value, Mapping):
            if key != RANGES:
                yield from differences(value, classes, f"{full}.")
        elif not isinstance(value, Elsewhere):
            yield f"{full}: in no class"


def differences_from(model: type[BaseModel], shown: Any, path: str) -> Iterator[str]:
    """Where a block differs from the defaults of its class."""
    if isinstance(shown, Elsewhere):
        return
    yield from (f"{path}.{key}: in no class" for key in shown if key not in model.model_fields)
    for name, field in model.model_fields.items():
        place = f"{path}.{name}"
        inner = model_of(field.annotation)
        if name not in shown:
            yield f"{place}: not in the files"
        elif inner and isinstance(shown[name], Mapping):
            yield from differences_from(inner, shown[name], place)
        elif field.is_required():
            yield f"{place}: without a default"
        elif plain(default := field.get_default(call_default_factory=True)) != shown[name]:
            yield f"{place}: {shown[name]!r} in the files, {default!r} in the class"


def plain(value: Any) -> Any:
    """A default as a file has it."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    return [plain(entry) for entry in value] if isinstance(value, tuple | list) else value


class Elsewhere:
    """A block that is taken from `globals.yml` as it is: it describes the data set."""


def shown_parameters() -> dict[str, Any]:
    """All parameters as the files have them, the seed of `globals.yml` put in."""
    loader = OmegaConfigLoader(str(BASE.parent), base_env="base", default_run_env="base")
    resolved = loader["parameters"]
    for file in BASE.glob("parameters*.yml"):
        for key, value in OmegaConf.to_container(OmegaConf.load(file)).items():
            if isinstance(value, str) and isinstance(resolved[key], Mapping):
                resolved[key] = Elsewhere()
    return dict(resolved)


@pytest.fixture(scope="module")
def classes() -> dict[str, type[BaseModel]]:
    bootstrap_project(PROJECT)
    return parameter_classes({node for pipeline in pipelines.values() for node in pipeline.nodes})


def test_every_parameter_stands_in_the_files_with_its_default(
    classes: dict[str, type[BaseModel]],
) -> None:
    assert len(classes) > 20
    assert list(differences(shown_parameters(), classes)) == []


def test_kedro_checks_every_block_by_its_class(classes: dict[str, type[BaseModel]]) -> None:
    """It goes by the order of a node's inputs, also where they are given by name."""
    checked = TypeExtractor(dict(pipelines)).extract_types_from_pipelines()
    assert {path: model_of(annotation) for path, annotation in checked.items()} == classes


class Inner(Parameters):
    size: int = 1


class Block(Parameters):
    inner: Inner = Inner()
    sizes: tuple[int, ...] = (1, 2)
    name: str
    hidden: float | None = None


def take(block: Block | None, other: int = 0, **rest: Any) -> None:
    """A node's function."""


@pytest.mark.parametrize(
    "inputs",
    [["params:a.b"], {"other": "params:a.c", "x": "params:a.d", "block": "params:a.b"}],
)
def test_a_class_is_found_by_the_argument_that_takes_the_block(inputs: Any) -> None:
    assert parameter_classes([Node(take, inputs, "made", name="n")]) == {"a.b": Block}


def test_all_differences_are_named() -> None:
    block = {"inner": {"size": 2}, "sizes": [1, 2], "name": "x", "more": 0}
    shown = {"a": {"b": block, "c": 1, "search": {"space": 1}}, "d": Elsewhere()}
    assert list(differences(shown, {"a.b": Block})) == [
        "a.b.more: in no class",
        "a.b.inner.size: 2 in the files, 1 in the class",
        "a.b.name: without a default",
        "a.b.hidden: not in the files",
        "a.c: in no class",
    ]
