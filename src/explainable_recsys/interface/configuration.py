"""Checks of what stands in `conf/` and on the command line, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from yaml import YAMLError

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.interface.old_names import moved_dataset, moved_parameter


def check_globals(conf: Path, env: str | None) -> None:
    """Make sure that `globals.yml` of an environment can be used.

    Raises:
        InputError: If it has an unknown key, a source that is no block, or a source without
            a root of its own for its results.
    """
    own = env or "local"
    given, known = (read_block(conf / name / "globals.yml") for name in (own, "base"))
    for name, value in given.items():
        try:
            check_parameter(name, value, {**known, "source": {}}, path=(), deeply=False)
        except InputError as error:
            raise InputError(f"{own}/globals.yml: {error}") from None
    if "source" in given and "data_root" not in given:
        raise InputError(
            f"{own}/globals.yml: a data set of its own needs a root for its results, or they "
            f"would mix with others; add for example data_root: data/{own}"
        )
    root = {**known, **given}.get("data_root")
    if not (root and isinstance(root, str)):
        raise InputError(f"{own}/globals.yml: data_root {root!r} is not a folder")


def check_parameter_files(conf: Path, env: str | None) -> None:
    """Make sure that an environment overrides only parameters that exist in `conf/base`.

    Raises:
        InputError: Naming the file and the closest parameter that does.
    """
    own = conf / (env or "local")
    files = sorted(own.glob("parameters*.yml"))
    known = parameters_of(conf, "base") if files else {}
    for file in files:
        for name, value in read_block(file).items():
            try:
                check_parameter(name, value, known, path=())
            except InputError as error:
                raise InputError(f"{own.name}/{file.name}: {error}") from None


def parameters_of(conf: Path, env: str) -> dict[str, Any]:
    """All parameters that stand in the files of an environment, without resolving anything."""
    files = sorted((conf / env).glob("parameters*.yml"))
    return {name: value for file in files for name, value in read_block(file).items()}


def check_catalog_files(conf: Path, env: str | None) -> None:
    """Make sure that an environment describes no dataset under a name of an earlier version.

    Raises:
        InputError: Naming the file and the new name.
    """
    for file in sorted((conf / (env or "local")).glob("catalog*.yml")):
        for name in read_block(file):
            if moved := moved_dataset(name):
                raise InputError(f"{file.parent.name}/{file.name}: {moved}")


def read_block(file: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, without resolving anything; empty if there is none.

    Raises:
        InputError: If it holds something else or is no YAML.
    """
    name = f"{file.parent.name}/{file.name}"
    try:
        content = OmegaConf.load(file) if file.exists() else OmegaConf.create({})
    except YAMLError as error:
        raise InputError(f"{name}: {' '.join(str(error).split())}") from None
    block = OmegaConf.to_container(content, resolve=False)
    if not isinstance(block, dict):
        raise InputError(f"{name}: a list stands where keys should")
    return {str(key): value for key, value in block.items()}


def check_parameter(
    name: str,
    value: Any,
    known: Mapping[str, Any],
    path: tuple[str, ...],
    deeply: bool = True,
) -> None:
    """Make sure that a parameter exists, and that a block of parameters is given as one.

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
    if deeply:
        for key, inner in value.items():
            check_parameter(key, inner, known[name], (*path, name))
