"""The run that is served: found by its manifest, marked to be kept, and held in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset, Version

from explainable_recsys.answers.pairs import APPROACHES, record_of
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import SUCCEEDED, ended_runs
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.preprocessing.card import check_same_data


class OtherDataError(InputError):
    """Results that were made from other data than what is served."""


class HeldCatalog(DataCatalog):
    """A catalog of one run that loads everything once, and saves nothing."""

    def __init__(self, datasets: dict[str, Any]) -> None:
        """Hold nothing yet."""
        super().__init__(datasets=datasets)
        self._held: dict[str, Any] = {}
        self._lock = threading.RLock()

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """What is stored, the same object for everybody; nobody changes it.

        Raises:
            InputError: If its file is gone.
        """
        with self._lock:
            if ds_name not in self._held:
                if ds_name in self and not self.exists(ds_name):
                    raise InputError(f"{ds_name}: the run's file is gone; accepted: kedro run")
                self._held[ds_name] = super().load(ds_name, version)
            return self._held[ds_name]

    def save(self, ds_name: str, data: Any) -> None:
        """Refuse.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{ds_name}: a run that is served is not changed")


@dataclass(frozen=True, eq=False)
class Run:
    """A run that has ended, as its manifest has it.

    Attributes:
        id: When it started, in UTC.
        manifest: What it says of itself.
        catalog: What it wrote and read, and its parameters.
    """

    id: str
    manifest: Mapping[str, Any]
    catalog: HeldCatalog


@dataclass(frozen=True, eq=False)
class Found:
    """The runs that the app answers from: usually one.

    Attributes:
        latest: The one whose data count.
        of: The latest run that explained lists by each approach, by name.
        refused: Why others are left out, by name.
        root: The folder below which they and all other results are stored.
    """

    latest: Run
    of: Mapping[str, Run]
    refused: Mapping[str, str]
    root: Path

    @property
    def runs(self) -> list[Run]:
        """All of them, each once, the latest first."""
        return list({run.id: run for run in (self.latest, *self.of.values())}.values())


def find_runs(catalog: DataCatalog, approaches: tuple[str, ...] = ()) -> Found:
    """The latest run of every approach, all of the same data.

    Args:
        catalog: Where the results of runs are.
        approaches: Names of those to be served; none: all that have lists.

    Raises:
        InputError: If no run has explained anything, or an approach that is named has not.
        OtherDataError: If an approach that is named has, but lists of other data.
    """
    for name in approaches:
        record_of(APPROACHES, name, "approach")
    found: dict[str, Run] = {}
    for run, manifest in ended_runs(catalog):
        if manifest.get("status") == SUCCEEDED and (new := explained(manifest) - set(found)):
            found |= dict.fromkeys(sorted(new), Run(run, manifest, catalog_of(catalog, manifest)))
    if not found:
        raise InputError(
            f"{results_root(catalog)}: no run has explained anything there yet; accepted: first "
            "make run"
        )
    latest = max(found.values(), key=lambda run: run.id)
    refused = {name: why for name, run in found.items() if (why := _other_data(latest, run, name))}
    served = {name: run for name, run in found.items() if name not in refused}
    if missing := [name for name in approaches if name not in served]:
        if missing[0] in refused:
            raise OtherDataError(refused[missing[0]])
        raise InputError(
            f"no run has explained lists by {missing[0]} yet; accepted: {', '.join(served)}"
        )
    wanted = approaches or tuple(served)
    of = {name: served[name] for name in wanted}
    return Found(latest, of, refused, results_root(catalog))


def explained(manifest: Mapping[str, Any]) -> set[str]:
    """Approaches whose lists a run explained; none if it does not say of which data."""
    written = manifest.get("written", {})
    if "data_version" not in {*written, *manifest.get("read", {})}:
        return set()
    return {name for name in APPROACHES if f"{name}.sentences" in written}


def catalog_of(catalog: DataCatalog, manifest: Mapping[str, Any]) -> HeldCatalog:
    """What one run wrote and read, and its parameters.

    Args:
        catalog: Where the results of runs are.
        manifest: Of the run.
    """
    given = _parameters(manifest["parameters"], "params:")
    datasets: dict[str, Any] = {name: MemoryDataset(value) for name, value in given}
    for name, version in {**manifest["read"], **manifest["written"]}.items():
        dataset = catalog.get(name)
        if isinstance(dataset, AbstractVersionedDataset):
            datasets[name] = dataset._copy(_version=Version(version, None))
    return HeldCatalog(datasets)


def _parameters(values: Mapping[str, Any], start: str) -> Iterator[tuple[str, Any]]:
    """Parameters by their names in a catalog, and the groups that they stand in."""
    for key, value in values.items():
        yield f"{start}{key}", value
        if isinstance(value, Mapping):
            yield from _parameters(value, f"{start}{key}.")


def _other_data(latest: Run, run: Run, name: str) -> str:
    """Why an approach's results do not fit those of the latest run; empty if they do."""
    if run is latest:
        return ""
    try:
        fingerprint, at_hand = (one.catalog.load("data_version") for one in (run, latest))
        check_same_data(fingerprint, at_hand, f"{name}'s stored")
    except InputError as error:
        return str(error)
    return ""
