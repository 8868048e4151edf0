"""`kedro prune`: remove what old runs stored, but nothing that newer ones rest on."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, DataCatalog
from rich.console import Group, RenderableType
from rich.text import Text

from explainable_recsys.datasets.leftovers import remove_leftovers, temporary
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import (
    SUCCEEDED,
    ended_runs,
    is_pin,
    is_pinned,
    local_time,
    manifest_of,
    versions_in,
)
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.interface.terminal import (
    below,
    grid,
    indented,
    kedro_command,
    print_plainly,
)
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.wording.numbers import number
from explainable_recsys.wording.phrases import phrase, plural

N_ROWS = 8
"""Most runs that are told one by one."""


@dataclass(frozen=True)
class Plan:
    """What is to go and what stays.

    Attributes:
        kept: Runs of which everything stays, latest first.
        pinned: Those among them that are kept because they are marked.
        going: Folders of versions to be removed, by run, oldest first; its manifest comes last.
        n_needed: How many versions of other runs stay, because a run that is kept read them or
            nothing newer is stored.
    """

    kept: list[str]
    pinned: list[str]
    going: dict[str, list[Path]]
    n_needed: int


def prune(project: Path, env: str | None, keep: int, is_meant: bool) -> None:
    """Say what would be removed, and remove it if that is meant.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        keep: How many of the latest runs that succeeded stay.
        is_meant: Whether to remove it.

    Raises:
        InputError: If no run is stored, or a manifest is damaged.
    """
    catalog = quick_catalog(project, env)
    plan = planned(catalog, keep)
    option = f" --env {env}" if env else ""
    print_plainly(Group(*told(plan, below(Path.cwd(), results_root(catalog)))))
    if is_meant and plan.going:
        remove(plan, results_root(catalog))
        print_plainly(Text(phrase("Removed.")))
    elif plan.going:
        command = f"{kedro_command()} prune --keep {keep} --yes{option}"
        print_plainly(Text(phrase("Nothing is removed yet; to do it: {command}", command=command)))


def planned(catalog: DataCatalog, keep: int) -> Plan:
    """Find out what nobody needs.

    A run is kept with all that it wrote and read if it is one of the latest that succeeded, or
    newer than these, or pinned. The latest version of everything stays too, and the manifest of
    every run of which something does.

    Args:
        catalog: Where the results are.
        keep: How many runs that succeeded are kept.

    Raises:
        InputError: If no run is stored, or a manifest is damaged.
    """
    manifests = dict(ended_runs(catalog))
    if not manifests:
        raise InputError(f"{results_root(catalog)}: no run is stored there yet; first kedro run")
    ended = [run for run in manifests if manifests[run].get("status") == SUCCEEDED][:keep]
    pinned = [run for run in manifests if is_pinned(catalog, run)]
    oldest = ended[-1] if len(ended) == keep else ""  # before every version
    kept = [run for run in manifests if run >= oldest or run in pinned]
    needed = {item for run in kept for item in manifests[run].get("read", {}).items()}
    going, staying = defaultdict[str, list[Path]](list), set[str]()
    n_needed = 0
    for name, folder in _folders(catalog, manifests.values()).items():
        versions = versions_in(folder)
        for run in versions:
            if run >= oldest or run in pinned:
                continue
            if run == versions[-1] or (name, run) in needed or not _is_known(folder / run):
                n_needed += 1
                staying.add(run)
            else:
                going[run].append(folder / run)
    for run in sorted({*manifests, *going} - {*kept, *staying}):
        manifest = manifest_of(catalog, run)
        going[run] += [manifest.parent] if _is_known(manifest.parent) else []
    return Plan(kept, pinned, {run: going[run] for run in sorted(going)}, n_needed)


def remove(plan: Plan, root: Path) -> None:
    """Remove what is planned, each version at once; an interrupted removal can be repeated.

    A version is renamed before it is removed, so that it is there completely or not at all; if
    there is no time for the rest, `remove_leftovers` does it.

    Args:
        plan: What goes.
        root: Folder of the environment's results.

    Raises:
        InputError: If the system refuses.
    """
    remove_leftovers(root)
    for folders in plan.going.values():
        for folder in folders:
            gone = temporary(folder.parent.with_name(f"{folder.parent.name}.{folder.name}"))
            try:
                folder.rename(gone)
                shutil.rmtree(gone)
            except OSError as error:
                raise InputError(f"cannot remove {folder}: {error.strerror}") from error


def told(plan: Plan, root: str) -> Iterator[RenderableType]:
    """The plan in at most 13 lines."""
    pinned = phrase(", {n} pinned", n=len(plan.pinned)) if plan.pinned else ""
    kept = plural(len(plan.kept), "{n} run is kept", "{n} runs are kept")
    yield Text(f"{root}: {kept}{pinned}", style="bold")
    if not plan.going:
        yield Text(phrase("There is nothing to remove."))
        return
    yield indented(_table(plan))
    if plan.n_needed:
        stays = plural(
            plan.n_needed,
            "{n} older version stays: it is the latest, or a kept run read it.",
            "{n} older versions stay: they are the latest, or kept runs read them.",
        )
        yield Text(stays)


def _table(plan: Plan) -> RenderableType:
    """What goes, by run."""
    runs = list(plan.going)
    shown, rest = runs[:N_ROWS], runs[N_ROWS:]
    table = grid()
    for column in range(3):
        table.add_column(justify="right" if column else "left", no_wrap=True)
    for run in shown:
        table.add_row(phrase("run of {time}", time=local_time(run)), *_size(plan.going[run]))
    if rest:
        text = plural(len(rest), "{n} more run", "{n} more runs")
        table.add_row(text, *_size(path for run in rest for path in plan.going[run]))
    table.add_row(phrase("goes"), *_size(path for paths in plan.going.values() for path in paths))
    return table


def _size(folders: Iterable[Path]) -> tuple[str, str]:
    """How many files are in some folders, and how large they are together."""
    sizes = [file.stat().st_size for folder in folders for file in folder.iterdir()]
    size = phrase("{number} MB", number=number(sum(sizes) / 1e6, "one"))
    return plural(len(sizes), "{n} file", "{n} files"), size


def _folders(catalog: DataCatalog, manifests: Iterable[Mapping[str, Any]]) -> dict[str, Path]:
    """Folders of all versioned datasets, of the pipelines and of the runs, by name."""
    names = {name for pipeline in pipelines.values() for name in pipeline.datasets()}
    for manifest in manifests:
        names |= {*manifest.get("read", {}), *manifest.get("written", {})}
    known = {name: catalog.get(name) for name in sorted(names) if name in catalog}
    return {
        name: folder
        for name, dataset in known.items()
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version
        if (folder := Path(str(dataset._describe()["filepath"]))).is_dir()
    }


def _is_known(folder: Path) -> bool:
    """Whether a version has its file, and nothing that a run did not write."""
    if not folder.is_dir():
        return False
    return [path.name for path in folder.iterdir() if not is_pin(path)] == [folder.parent.name]
