"""What the files of `conf/base` show as parameters is what their classes have as defaults."""

from __future__ import annotations

import inspect
import re
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
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, inspect.unwrap(getattr(function, "__func__", function)).__globals__)
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


def differences(shown: Mapping[str, Any], classes: Mapping[str, type[BaseModel]]) -> list[str]:
    """Where files and classes do not say the same."""
    found = list(differences_without_class(shown, classes))
    for model in set(classes.values()):
        paths = [path for path, other in classes.items() if other is model]
        blocks = {path: block for path in paths if (block := block_at(shown, path))}
        if not blocks:
            found.append(f"{paths[0]}: not in the files")
        if not any(isinstance(block, Elsewhere) for block in blocks.values()):
            found += differences_from(model, blocks)
    return sorted(found)


def differences_without_class(
    shown: Mapping[str, Any], classes: Mapping[str, type[BaseModel]], path: str = ""
) -> Iterator[str]:
    """Values in blocks that no node takes as an object of a class."""
    for key, value in shown.items():
        full = f"{path}{key}"
        if full in classes or key == RANGES or isinstance(value, Elsewhere):
            continue
        if isinstance(value, Mapping):
            yield from differences_without_class(value, classes, f"{full}.")
        else:
            yield f"{full}: in no class"


def differences_from(
    model: type[BaseModel], blocks: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Where all blocks of a class differ from its defaults; of several one has to show each."""
    for path, block in blocks.items():
        yield from (f"{path}.{key}: in no class" for key in block if key not in model.model_fields)
        missing = [name for name in model.model_fields if name not in block]
        yield from (f"{path}.{name}: not in the files" for name in missing)
    for name, field in model.model_fields.items():
        values = {f"{path}.{name}": b[name] for path, b in blocks.items() if name in b}
        inner = model_of(field.annotation)
        default = field.get_default(call_default_factory=True)
        if inner and all(isinstance(value, Mapping) for value in values.values()):
            yield from differences_from(inner, values)
        elif field.is_required():
            yield from (f"{path}: without a default" for path in values)
        elif plain(default) not in values.values():
            for path, value in values.items():
                yield f"{path}: {value!r} in the files, {default!r} in the class"


def block_at(shown: Mapping[str, Any], path: str) -> Any:
    """A block by its path; empty where it is not shown, as of an approach that needs none."""
    for key in path.split("."):
        shown = shown.get(key, {})
    return shown


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
    assert differences(shown_parameters(), classes) == []


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
    assert differences(shown, {"a.b": Block}) == [
        "a.b.hidden: not in the files",
        "a.b.inner.size: 2 in the files, 1 in the class",
        "a.b.more: in no class",
        "a.b.name: without a default",
        "a.c: in no class",
    ]


def test_of_several_blocks_of_a_class_one_shows_the_defaults() -> None:
    shown = {"a": {"size": 2}, "b": {"size": 1}}
    assert differences(shown, {"a": Inner, "b": Inner, "c": Inner}) == []
    del shown["b"]
    assert differences(shown, {"a": Inner}) == ["a.size: 2 in the files, 1 in the class"]
    assert differences({}, {"a": Inner}) == ["a: not in the files"]


def test_messages_name_parameters_that_there_are() -> None:
    """By the end of the path at least: one class is of several blocks."""
    loader = OmegaConfigLoader(str(PROJECT / "conf"), base_env="base", default_run_env="base")
    known = [f".{path}" for path in paths_of(loader["parameters"])]
    path = r"([a-z_]+(?:\.[a-z_]+)+)"
    named = {
        (file.name, name)
        for file in (PROJECT / "src").rglob("*.py")
        for pattern in (rf"parameters? {path}(?=:|,| are| is)", rf"[a-z}}] \({path}\)\"")
        for name in re.findall(pattern, file.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert [
        (file, name)
        for file, name in sorted(named)
        if not any(path.endswith(f".{name}") for path in known)
    ] == []


def paths_of(block: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Paths of all blocks and parameters, such as `als.model.factors`."""
    for key, value in block.items():
        yield f"{before}{key}"
        if isinstance(value, Mapping):
            yield from paths_of(value, f"{before}{key}.")
