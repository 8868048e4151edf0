"""What happens around a run: checks before, a word on long nodes, manifest and summary after."""

from __future__ import annotations

import logging
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.pipeline import Pipeline

from explainable_recsys.datasets.leftovers import remove_leftovers
from explainable_recsys.errors import InputError
from explainable_recsys.interface.clock import NodeClock
from explainable_recsys.interface.configuration import check_files
from explainable_recsys.interface.runs import given_parameters, runs_of, version_of
from explainable_recsys.interface.terminal import below
from explainable_recsys.pipelines.judging import (
    is_absent,
    leave_out_what_is_not_stored,
    leave_out_what_is_only_shown,
    results_root,
)
from explainable_recsys.preprocessing.card import check_same_data

logger = logging.getLogger(__name__)

RECORDED_PACKAGES = ("explainable-recsys", "kedro", "numpy", "scipy", "pandas", "implicit")


class ParameterHook:
    """Rejects parameters on the command line that do not exist."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: Any) -> None:
        """Compare what the command line asked for with what `conf/` holds.

        The files are then read once: the loader keeps the parameters, which it would read anew
        for everybody who asks for them.
        """
        loader = context.config_loader
        given = dict(loader.runtime_params or {})
        folder = given.pop("data_root", "data")
        if not (folder and isinstance(folder, str)):
            raise InputError(f"parameter data_root: {folder!r} is not a folder")
        if "source" in given:
            raise InputError(
                "parameter source: the data set is described in globals.yml of the "
                "environment, for the catalog too; it cannot be changed on the command line"
            )
        check_files(Path(loader.conf_source), loader.env, given)
        loader["parameters"] = loader["parameters"]


class ManifestHook:
    """Writes down which versions a run read and wrote, with which code and parameters.

    The versions come from the catalog once the run has ended, so they are right with every
    runner.
    """

    def __init__(self, clock: NodeClock) -> None:
        """Start with nothing recorded but what the clock measures."""
        self._clock, self._started = clock, 0.0
        self._context: Any = None
        self._git: dict[str, Any] | None = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Keep what knows the parameters as they are configured, and where they come from."""
        self._context = context

    @property
    def _given(self) -> dict[str, Any]:
        """Parameters of the command line."""
        return given_parameters(self._context.config_loader.runtime_params)

    @hook_impl
    def after_catalog_created(
        self, catalog: DataCatalog, conf_catalog: dict[str, Any], save_version: str | None
    ) -> None:
        """Put what is known of the run into the catalog, for nodes that report it.

        The manifest holds the rest, such as the versions of all that was read and written; it
        is written when the run has ended. Without a run there is neither.
        """
        project = Path(self._context.project_path)
        self._git = git_state(project)
        path = Path(conf_catalog["run_manifest"]["filepath"])
        manifest = path / save_version / path.name if save_version else None
        facts = {
            "run": save_version,
            "manifest": manifest and below(project, manifest),
            "env": self._context.env,
            "given": self._given,
            **(self._git or {"commit": None, "dirty": False}),
            "node_seconds": self._clock.seconds,
        }
        catalog.save("run", facts)

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    @hook_impl(tryfirst=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Save the manifest of a run that succeeded."""
        self._save("succeeded", run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Save the manifest of a run that failed after it had written something."""
        if any(_written_by(catalog, name, run_params) for name in pipeline.all_outputs()):
            try:
                self._save(f"failed: {error}", run_params, pipeline, catalog)
            except Exception:
                logger.debug("the manifest of the failed run could not be written")

    def _save(
        self, status: str, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        manifest = {
            "run_id": run_params.get("run_id"),
            "status": status,
            "env": self._context.env,
            "pipelines": run_params.get("pipeline_names") or ["__default__"],
            "seconds": time.perf_counter() - self._started,
            "git": self._git,
            "python": platform.python_version(),
            "packages": {name: version(name) for name in RECORDED_PACKAGES},
            "given": self._given,
            "parameters": self._context.config_loader["parameters"],
            "read": {
                name: version_of(catalog, name)
                for name in sorted(pipeline.inputs())
                if not name.startswith("param")
            },
            "written": {
                name: run_params.get("run_id")
                for name in sorted(pipeline.all_outputs())
                if _written_by(catalog, name, run_params)
            },
            "node_seconds": self._clock.seconds,
            "node_megabytes": self._clock.megabytes,
        }
        catalog.save("run_manifest", manifest)


def git_state(project: Path) -> dict[str, Any] | None:
    """Commit of the project and whether files differ from it; None outside a checkout."""
    command = ["git", "-C", str(project), "status", "--porcelain=v2", "--branch"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    commit = re.search(r"^# branch\.oid ([0-9a-f]+)$", done.stdout, re.MULTILINE)
    if commit is None:
        return None
    is_dirty = any(not line.startswith("#") for line in done.stdout.splitlines())
    return {"commit": commit[1], "dirty": is_dirty}


def _written_by(catalog: DataCatalog, name: str, run_params: dict[str, Any]) -> bool:
    """Whether the run saved a version of this dataset."""
    dataset = catalog.get(name)
    if not isinstance(dataset, AbstractVersionedDataset):
        return False
    return run_params.get("run_id") in dataset.list_versions(full_path=False)


def _earlier_seconds(pipeline: Pipeline, catalog: DataCatalog) -> dict[str, float]:
    """How long it took to make the explanations that a run reads, by node, as manifests say."""
    manifests: Any = catalog.get("run_manifest")
    kept, seconds = set(manifests.list_versions(full_path=False)), dict[str, float]()
    read = {name for name in pipeline.inputs() if name.endswith(".explanations")}
    made = {name: version_of(catalog, name) for name in read if not is_absent(catalog, name)}
    for run in kept.intersection(made.values()):
        clocked: Any = catalog.load("run_manifest", version=run)
        nodes = {name.replace(".explanations", ".explain") for name in made if made[name] == run}
        seconds |= {n: s for n, s in clocked.get("node_seconds", {}).items() if n in nodes}
    return seconds


class StoredResultsHook:
    """Looks at what is stored before any node runs: is it of the data at hand, is it there?"""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Stop a run that would judge lists by other data; let others go on without what lacks.

        What killed runs left half-written is removed.

        Raises:
            InputError: If lists were made from other data, or nothing is stored to be judged.
        """
        remove_leftovers(results_root(catalog))
        leave_out_what_is_not_stored(pipeline, catalog)
        leave_out_what_is_only_shown(pipeline, catalog)
        _note_earlier_runs(pipeline, catalog)
        noted = (".data_fingerprint", ".evaluated_on")
        stored = sorted(name for name in pipeline.inputs() if name.endswith(noted))
        if "data_version" not in pipeline.inputs() or not catalog.exists("data_version"):
            return
        at_hand: Any = catalog.load("data_version")
        for name in stored:
            if catalog.exists(name) and not is_absent(catalog, name):
                fingerprint: Any = catalog.load(name)
                check_same_data(fingerprint, at_hand, name.partition(".")[0])


def _note_earlier_runs(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Put into the facts of a run which runs with other parameters made what it reads."""
    facts: Any = catalog.load("run")
    names = sorted(name for name in pipeline.inputs() if not name.startswith("param"))
    runs = [run for run in runs_of(catalog, names) if run.given != {}]
    facts |= {"earlier": {run.id: {"given": run.given, "made": run.made} for run in runs}}
    facts |= {"earlier_seconds": _earlier_seconds(pipeline, catalog)}
    if "stability" in names and not is_absent(catalog, "stability"):
        facts |= {"diagnostics": version_of(catalog, "stability")}
    catalog.save("run", facts)


class SummaryHook:
    """Prints what a run found out."""

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Print the data, the best lists, how good reasons are, and those of one person."""
        from explainable_recsys.interface.summary import print_summary

        outputs = {name for name in pipeline.all_outputs() if not is_absent(catalog, name)}
        print_summary(outputs, catalog, run_params.get("env"))
