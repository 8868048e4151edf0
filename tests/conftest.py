"""What several test files share: the project, and runs of it on the `test` environment."""

from __future__ import annotations

import fcntl
import gc
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.runner import AbstractRunner

from tests.command_line import run_afresh, run_prepared

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from explainable_recsys.data import Data

PROJECT = Path(__file__).parents[1]

settings.register_profile("quick", max_examples=15, deadline=None)
settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests, once there, stay to the end: no looking for garbage among them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def run_project(
    data_root: Path,
    pipelines: list[str] | None = None,
    env: str = "test",
    runner: AbstractRunner | None = None,
    **parameters: Any,
) -> None:
    """Run pipelines of the project in this process, with all results under `data_root`."""
    bootstrap_project(PROJECT)
    given = {"data_root": str(data_root), **parameters}
    with KedroSession.create(PROJECT, env=env, runtime_params=given) as session:
        session.run(pipeline_names=pipelines, runner=runner)


@contextmanager
def open_catalog(data_root: Path) -> Iterator[DataCatalog]:
    """The catalog of what `run_project` left behind."""
    bootstrap_project(PROJECT)
    given = {"data_root": str(data_root)}
    with KedroSession.create(PROJECT, env="test", runtime_params=given) as session:
        yield session.load_context().catalog


@pytest.fixture(scope="session")
def make_once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], object]], Path]:
    """Fills a folder of a name once for all processes of the tests; they wait for each other."""
    base = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # of several processes, which have a folder each in a common one
        base = base.parent

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                fill(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def run_once(make_once: Callable[[str, Callable[[Path], object]], Path]) -> Callable[..., Path]:
    """Runs pipelines as `run_project` does, once for all processes of the tests, by a name."""

    def run(name: str, pipelines: list[str] | None = None, **parameters: Any) -> Path:
        return make_once(name, lambda folder: run_project(folder, pipelines, **parameters))

    return run


@pytest.fixture(scope="session")
def full_run(run_once: Callable[..., Path]) -> Path:
    """Results of one run of everything, diagnostics included; not to be changed."""
    return run_once("full_run", ["__default__", "diagnostics", "study_analysis"])


@pytest.fixture(scope="session")
def catalog(full_run: Path) -> DataCatalog:
    """The catalog of that run; not to be changed, like its results."""
    with open_catalog(full_run) as opened:
        return opened


@pytest.fixture(scope="session")
def stored(catalog: DataCatalog) -> Callable[[str], Any]:
    """Loads what that run has stored."""
    return catalog.load


@pytest.fixture(scope="session")
def data(catalog: DataCatalog) -> Data:
    """The data of that run."""
    from explainable_recsys.interface.stored import load_data

    return load_data(catalog)


@pytest.fixture(scope="session")
def make_project_copy() -> Callable[[Path], Path]:
    """Makes copies of the project's code and configuration that a test may change."""

    def copy(folder: Path) -> Path:
        project = folder / "project"
        for name in ("src", "conf"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, project / name, ignore=ignored)
        shutil.copy(PROJECT / "pyproject.toml", project)
        shutil.copy(PROJECT / ".telemetry", project)
        embedded = Path("data/01_raw/movielens-small")
        (project / embedded).parent.mkdir(parents=True)
        (project / embedded).symlink_to(PROJECT / embedded)
        return project

    return copy


@pytest.fixture
def project_copy(tmp_path: Path, make_project_copy: Callable[[Path], Path]) -> Path:
    """One such copy."""
    return make_project_copy(tmp_path)


@pytest.fixture(scope="session")
def kedro() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in a folder, as a user would.

    With `fresh` everything is imported anew: slow, and needed where the folder's code is changed.
    Options are those of `subprocess.run`.
    """

    def run(
        folder: Path, *arguments: str, fresh: bool = False, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        if fresh or options:
            return run_afresh(folder, arguments, **options)
        return run_prepared(folder, arguments)

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, from the distribution's packages; it reaches this machine only."""
    from scripts.lineage import find_browser  # and kedro-viz with it

    executable = find_browser()
    if executable is None:
        pytest.skip("no Chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield opened
        opened.close()
