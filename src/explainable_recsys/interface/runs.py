"""Which runs made what is stored, and with which parameters of the command line."""

from __future__ import annotations

import datetime
import glob
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kedro.io import AbstractVersionedDataset, DataCatalog

from explainable_recsys.answers.pairs import knowledge_inputs
from explainable_recsys.answers.records import Pair
from explainable_recsys.datasets.leftovers import VERSION, temporary
from explainable_recsys.errors import InputError
from explainable_recsys.wording.numbers import date
from explainable_recsys.wording.phrases import phrase
from explainable_recsys.wording.runs import named_run

NOT_A_PARAMETER = "data_root"
"""What the command line may give besides: where results go, not what they are."""

SUCCEEDED = "succeeded"
"""What the manifest of a run says that did not fail."""

PIN = "pinned"
"""Name of the file beside its manifest that keeps a run."""


class Run(NamedTuple):
    """A run that made something.

    Attributes:
        id: When it started, in UTC: the version of all that it wrote.
        given: Parameters of its command line, by full name; None without a manifest, which a run
            that was interrupted has not written.
        made: Recommenders and others with a name of which it made something, sorted.
    """

    id: str
    given: dict[str, Any] | None
    made: list[str]

    def __str__(self) -> str:
        """When it was here, with what was given: `run of 21:28, with recommendation.n=20`."""
        return named_run(phrase("run of {time}", time=local_time(self.id)), self.given)


def named(run: Run) -> str:
    """Whose results a run made, and with which parameters."""
    return f"{', '.join(run.made)}: {run}"


def version_of(catalog: DataCatalog, name: str) -> str | None:
    """The version that a dataset is loaded with; None without versions or anything stored."""
    found = catalog.get(name)
    if isinstance(found, AbstractVersionedDataset) and found.exists():
        return found.resolve_load_version()
    return None


def runs_of(catalog: DataCatalog, names: Iterable[str]) -> list[Run]:
    """The runs that made some stored datasets, latest first."""
    made: dict[str, set[str]] = {}
    for name in names:
        if version := version_of(catalog, name):
            whose, _, dataset = name.partition(".")
            made.setdefault(version, set()).update([whose] if dataset else [])
    files = {version: manifest_of(catalog, version) for version in sorted(made, reverse=True)}
    return [Run(run, _given_in(file), sorted(made[run])) for run, file in files.items()]


def manifest_of(catalog: DataCatalog, run: str) -> Path:
    """The file in which a run is described if it has ended."""
    folder = Path(str(catalog.get("run_manifest")._describe()["filepath"]))  # type: ignore[union-attr]
    return folder / run / folder.name


def pin(catalog: DataCatalog, run: str, for_good: bool = True) -> Path:
    """Mark a run that has ended, so that `kedro prune` keeps what it made and read.

    Args:
        catalog: Where the results are.
        run: Its id.
        for_good: Whether it stays marked when this process has ended.

    Returns:
        The file; without it the run is not marked any more.

    Raises:
        InputError: If there is no such run.
    """
    manifest = manifest_of(catalog, run)
    if not manifest.exists():
        raise InputError(f"{manifest.parent}: no such run has ended")
    file = manifest.parent / PIN
    file = file if for_good else temporary(file)
    file.touch()
    return file


def is_pin(file: Path) -> bool:
    """Whether a file marks the run in whose folder it lies."""
    return file.name == PIN or file.name.startswith(f".{PIN}.")


def is_pinned(catalog: DataCatalog, run: str) -> bool:
    """Whether a run is marked to be kept."""
    folder = manifest_of(catalog, run).parent
    return folder.is_dir() and any(map(is_pin, folder.iterdir()))


def ended_runs(catalog: DataCatalog) -> Iterator[tuple[str, dict[str, Any]]]:
    """Runs that have ended with their manifests, latest first.

    Raises:
        kedro.io.DatasetError: If a manifest is damaged.
    """
    for run in versions_in(manifest_of(catalog, "").parent)[::-1]:
        yield run, catalog.load("run_manifest", version=run)


def versions_in(folder: Path) -> list[str]:
    """Runs that stored a file in a folder of versions, latest last."""
    files = folder.glob(f"*/{glob.escape(folder.name)}")
    return sorted(file.parent.name for file in files if VERSION.fullmatch(file.parent.name))


def runs_behind(catalog: DataCatalog, pair: Pair, lists: str) -> list[Run]:
    """Runs with parameters on their command lines, or interrupted, that an answer rests on.

    Args:
        catalog: Where the results are.
        pair: Who explains.
        lists: Recommender whose lists are explained.
    """
    models = {f"{name}.model" for name in (lists, pair.recommender)}
    names = [f"{lists}.recommendations", *models, *knowledge_inputs(pair).values()]
    return [run for run in runs_of(catalog, names) if run.given != {}]


def _given_in(file: Path) -> dict[str, Any] | None:
    """What a manifest says of the command line; nothing in those of earlier versions."""
    if not file.exists():
        return None
    given: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")).get("given", {})
    return given


def given_parameters(given: Mapping[str, Any] | None, *path: str) -> dict[str, Any]:
    """Parameters of the command line by their full names, such as `als.model.factors`."""
    found: dict[str, Any] = {}
    for name, value in (given or {}).items():
        if isinstance(value, Mapping) and value:
            found |= given_parameters(value, *path, name)
        elif path or name != NOT_A_PARAMETER:
            found[".".join((*path, name))] = value
    return found


def local_time(run: str) -> str:
    """When a run started, on the clock here: the time, with the day before it if not today."""
    try:
        utc = datetime.datetime.strptime(f"{run}+0000", "%Y-%m-%dT%H.%M.%S.%fZ%z")
    except ValueError:
        return run  # a name that somebody gave
    here = utc.astimezone()
    time = f"{here:%H:%M}"
    is_today = here.date() == datetime.datetime.now(here.tzinfo).date()
    return time if is_today else f"{date(here.date().isoformat())} {time}"
