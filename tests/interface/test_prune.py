"""What goes when old runs are removed, and what stays."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog

from explainable_recsys.errors import InputError
from explainable_recsys.interface import prune
from explainable_recsys.interface.runs import is_pinned, pin
from tests.conftest import open_catalog

RUNS = [f"2026-01-0{day}T12.00.00.000Z" for day in range(1, 7)]
FILES = {
    "ratings": "03_primary/ratings.parquet",
    "als.model": "06_models/als/model.npz",
    "als.recommendations": "07_model_output/als/recommendations.parquet",
    "svd.model": "06_models/svd/model.npz",
}
MANIFESTS = "08_reporting/run_manifest.json"


def version(root: Path, name: str, run: str) -> Path:
    folder = root / FILES.get(name, MANIFESTS)
    return folder / run / folder.name


def store(
    root: Path,
    run: str,
    written: list[str],
    read: dict[str, str | None] | None = None,
    status: str | None = "succeeded",
) -> None:
    """Files of a run, and its manifest unless it was killed (status None)."""
    for name in written:
        file = version(root, name, run)
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x" * 1000)
    if status is not None:
        file = version(root, "run_manifest", run)
        file.parent.mkdir(parents=True)
        facts = {"status": status, "read": read or {}, "written": dict.fromkeys(written, run)}
        file.write_text(json.dumps({"run_id": run, **facts}))


def versions(root: Path, name: str) -> list[str]:
    """Runs of which a version is there, by their numbers."""
    folder = root / FILES.get(name, MANIFESTS)
    return [str(RUNS.index(path.name)) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataCatalog, Path]:
    """A catalog, which takes long to open, and the folder of its results."""
    root = tmp_path_factory.mktemp("results")
    with open_catalog(root) as catalog:
        return catalog, root


@pytest.fixture
def root(opened: tuple[DataCatalog, Path]) -> Iterator[Path]:
    """Where runs store their results: nothing is there yet."""
    _, folder = opened
    yield folder
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.fixture
def catalog(opened: tuple[DataCatalog, Path], root: Path) -> DataCatalog:
    """The catalog of these results."""
    return opened[0]


def pruned(catalog: DataCatalog, root: Path, keep: int) -> prune.Plan:
    plan = prune.planned(catalog, keep)
    prune.remove(plan, root)
    return plan


def test_the_latest_runs_stay_and_what_nobody_knows(catalog: DataCatalog, root: Path) -> None:
    for run in RUNS[:4]:
        store(root, run, ["ratings", "als.model"])
    raw = root / "01_raw" / "ratings.csv" / RUNS[0] / "ratings.csv"
    mine = root / "06_models" / "als" / "notes" / RUNS[0] / "notes"
    named = root / FILES["als.model"] / "before_the_change" / "model.npz"
    for file in (raw, mine, named):
        file.parent.mkdir(parents=True)
        file.touch()
    (version(root, "ratings", RUNS[1]).parent / "remarks.txt").touch()
    plan = pruned(catalog, root, 2)
    assert plan.kept == [RUNS[3], RUNS[2]]
    assert all(file.exists() for file in (raw, mine, named))
    shutil.rmtree(named.parent)
    assert versions(root, "als.model") == ["2", "3"]
    assert versions(root, "ratings") == ["1", "2", "3"]
    assert versions(root, "run_manifest") == ["1", "2", "3"]
    assert pruned(catalog, root, 2).going == {}


def test_what_a_kept_run_read_stays_with_the_manifest_of_who_made_it(
    catalog: DataCatalog, root: Path
) -> None:
    for run in RUNS[:3]:
        store(root, run, ["ratings", "als.model", "als.recommendations"])
    store(root, RUNS[3], ["als.model", "als.recommendations"], {"ratings": RUNS[1]})
    store(root, RUNS[4], ["als.recommendations"], {"als.model": RUNS[0], "ratings": None})
    plan = pruned(catalog, root, 2)
    assert plan.n_needed == 3  # ratings of 1, and of 2 as the latest, and the model of 0
    assert versions(root, "ratings") == ["1", "2"]
    assert versions(root, "als.model") == ["0", "3"]
    assert versions(root, "als.recommendations") == ["3", "4"]
    assert versions(root, "run_manifest") == ["0", "1", "2", "3", "4"]


def test_the_latest_version_stays_however_old(catalog: DataCatalog, root: Path) -> None:
    store(root, RUNS[0], ["svd.model", "ratings"])
    for run in RUNS[1:4]:
        store(root, run, ["ratings"])
    version(root, "svd.model", RUNS[2]).parent.mkdir()  # of a run that was killed
    pruned(catalog, root, 1)
    assert version(root, "svd.model", RUNS[0]).exists()
    assert versions(root, "ratings") == ["3"]
    assert versions(root, "run_manifest") == ["0", "3"]


def test_a_pinned_run_stays_with_what_it_read(catalog: DataCatalog, root: Path) -> None:
    store(root, RUNS[0], ["ratings", "als.model"])
    store(root, RUNS[1], ["als.model"], {"ratings": RUNS[0]})
    for run in RUNS[2:5]:
        store(root, run, ["ratings", "als.model"])
    pin(catalog, RUNS[1])
    assert [is_pinned(catalog, run) for run in RUNS[:3]] == [False, True, False]
    with pytest.raises(InputError, match=f"{RUNS[5]}: no such run"):
        pin(catalog, RUNS[5])
    plan = pruned(catalog, root, 1)
    assert plan.pinned == [RUNS[1]]
    assert versions(root, "als.model") == ["1", "4"]
    assert versions(root, "ratings") == ["0", "4"]
    assert versions(root, "run_manifest") == ["0", "1", "4"]


def test_runs_that_did_not_succeed_do_not_count_and_go_when_they_are_old(
    catalog: DataCatalog, root: Path
) -> None:
    store(root, RUNS[0], ["ratings"], status=None)
    store(root, RUNS[1], ["ratings"])
    store(root, RUNS[2], ["ratings"])
    store(root, RUNS[3], ["ratings"], status="failed: no")
    store(root, RUNS[4], ["ratings"], status=None)
    store(root, RUNS[5], ["ratings"])
    assert pruned(catalog, root, 4).going == {}
    pruned(catalog, root, 2)
    assert versions(root, "ratings") == ["2", "3", "4", "5"]
    assert versions(root, "run_manifest") == ["2", "3", "5"]


def test_an_interrupted_removal_can_be_repeated(
    catalog: DataCatalog, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in RUNS[:3]:
        store(root, run, ["ratings", "als.model"])

    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prune.shutil, "rmtree", interrupt)
        with pytest.raises(KeyboardInterrupt):
            pruned(catalog, root, 1)
    left = [version(root, name, RUNS[0]) for name in ("ratings", "als.model")]
    assert sum(file.exists() for file in left) == 1
    assert version(root, "run_manifest", RUNS[0]).exists()
    for file in root.rglob("*.tmp"):  # as if the process were no more
        file.rename(file.with_name(f".{file.name.split('.')[1]}.{2**22 + 1}.tmp"))
    pruned(catalog, root, 1)
    for name in ("ratings", "als.model", "run_manifest"):
        assert versions(root, name) == ["2"]
    assert not list(root.rglob("*.tmp"))


@pytest.mark.slow
def test_the_command_says_first_what_would_go(
    tmp_path: Path, project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    root = project_copy / "data" / "test"
    missing = kedro(project_copy, "prune", "--env", "test")
    assert missing.returncode == 1
    assert missing.stderr.count("\n") == 1
    assert "no run is stored there yet" in missing.stderr
    assert kedro(project_copy, "prune", "--keep", "0").returncode == 2
    for day in range(10, 30):
        store(root, f"2025-01-{day}T12.00.00.000Z", ["ratings", "als.model"])
    store(root, RUNS[0], ["als.recommendations"])
    before = sorted(root.rglob("*"))

    def asked(*options: Any) -> str:
        done = kedro(project_copy, "prune", "--env", "test", "--keep", "2", *options)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("\n") <= 15
        return done.stdout

    shown = asked()
    assert sorted(root.rglob("*")) == before
    assert "57 files" in shown  # of 19 runs: ratings, a model, a manifest
    assert "prune --keep 2 --yes --env test" in " ".join(shown.split())
    asked("--yes")
    assert len(list(root.rglob("*.parquet/*/*.parquet"))) == 2
    assert "nothing" in asked()
    assert "Removed" not in asked("--yes")
