"""Checks of what stands in `conf/` and on the command line, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.interface.old_names import moved_dataset, moved_parameter

# Several times faster where PyYAML was built with its C library.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_files(conf: Path, env: str | None, given: Mapping[str, Any]) -> None:
    """Make sure that an environment overrides only what exists in `conf/base`, by its new name.

    Args:
        conf: Folder of all environments.
        env: The one that is used; None for `local`.
        given: Parameters of the command line.

    Raises:
        InputError: Naming the file, and the closest parameter or the new name of the dataset.
    """
    own = conf / (env or "local")
    check_globals(conf, own)
    files = sorted(own.glob("parameters*.yml"))
    known = parameters_of(conf / "base") if given or files else {}
    for name, value in given.items():
        check_parameter(name, value, known)
    for file in files:
        _check_file(file, partial(check_parameter, known=known))
    for file in sorted(own.glob("catalog*.yml")):
        _check_file(file, check_dataset)


def check_globals(conf: Path, own: Path) -> None:
    """Make sure that `globals.yml` of an environment can be used.

    Raises:
        InputError: If it has an unknown key, a source that is no block, or a source without
            a root of its own for its results.
    """
    known, file = read_block(conf / "base" / "globals.yml"), own / "globals.yml"
    _check_file(file, partial(check_parameter, known={**known, "source": {}}))
    place, values = f"{own.name}/{file.name}", read_block(file)
    if "source" in values and "data_root" not in values:
        raise InputError(
            f"{place}: a data set of its own needs a root for its results, or they "
            f"would mix with others; add for example data_root: data/{own.name}"
        )
    root = {**known, **values}.get("data_root")
    if not (root and isinstance(root, str)):
        raise InputError(f"{place}: data_root {root!r} is not a folder")


def check_dataset(name: str, _: Any) -> None:
    """Make sure that a dataset has no name of an earlier version.

    Raises:
        InputError: With the new name.
    """
    if moved := moved_dataset(name):
        raise InputError(moved)


def _check_file(file: Path, check: Callable[[str, Any], None]) -> None:
    """Check all that stands in a file; name the file if something is wrong."""
    for name, value in read_block(file).items():
        try:
            check(name, value)
        except InputError as error:
            raise InputError(f"{file.parent.name}/{file.name}: {error}") from None


def parameters_of(folder: Path) -> dict[str, Any]:
    """All parameters that stand in the files of an environment, without resolving anything."""
    files = sorted(folder.glob("parameters*.yml"))
    return {name: value for file in files for name, value in read_block(file).items()}


def read_block(file: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, without resolving anything; empty if there is none.

    Raises:
        InputError: If it holds something else, a key stands there twice, or it is no YAML.
    """
    name = f"{file.parent.name}/{file.name}"
    try:
        block = _loaded(file.read_bytes()) if file.exists() else None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: {' '.join(str(error).split())}") from None
    except InputError as error:
        raise InputError(f"{name}, {error}") from None
    if block is not None and not isinstance(block, dict):
        raise InputError(f"{name}: a list stands where keys should")
    return {str(key): value for key, value in (block or {}).items()}


def _loaded(text: bytes) -> Any:
    """What a YAML document holds.

    Raises:
        InputError: If a key stands twice in the same block, of which YAML would take the last.
    """
    loader = _LOADER(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        for block in _blocks(root):
            lines: dict[object, int] = {}
            for key, _ in block.value:
                line = key.start_mark.line + 1
                if (first := lines.setdefault((key.tag, str(key.value)), line)) < line:
                    raise InputError(
                        f"line {line}: '{key.value}' stands there twice, first in line {first}; "
                        "accepted: once"
                    )
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _blocks(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    """All blocks of keys of a document; those with several names once."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def check_parameter(
    name: str,
    value: Any,
    known: Mapping[str, Any],
    path: tuple[str, ...] = (),
) -> None:
    """Make sure that a parameter exists, and that a block of parameters is given as one.

    A block of which nothing is known may hold anything.

    Raises:
        InputError: Naming the closest parameter that does.
    """
    full = ".".join((*path, name))
    if name not in known:
        if moved := moved_parameter(full, value):
            raise InputError(moved)
        hint = did_you_mean(name, known, "".join(f"{part}." for part in path))
        raise InputError(f"unknown parameter '{full}'; {hint}accepted here: {', '.join(known)}")
    if not isinstance(known[name], Mapping):
        return
    if not isinstance(value, Mapping):
        accepted = f"; accepted: a block with {', '.join(known[name])}" if known[name] else ""
        raise InputError(f"parameter {full}: {value!r} stands where a block should{accepted}")
    if path[1:] == ("search",) and name == "space":
        return  # may name any parameter that the model depends on; the search itself checks which
    for key, inner in value.items() if known[name] else ():
        check_parameter(key, inner, known[name], (*path, name))
