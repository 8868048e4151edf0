"""What killed runs left is removed; what somebody is at work on is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explainable_recsys.datasets.leftovers import DAY, remove_leftovers, temporary
from tests.conftest import run_project

RUN = "2026-01-01T12.00.00.000Z"


@pytest.fixture(scope="module")
def ended() -> int:
    """Number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def make(path: Path, age: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_files_of_processes_that_have_ended_go_with_their_version(
    tmp_path: Path, ended: int
) -> None:
    folder = tmp_path / "06_models" / "als" / "model.npz"
    half = make(folder / RUN / f".model.npz.{ended}.tmp")
    here = temporary(half).name.replace(str(os.getpid()), str(ended))
    other = make(tmp_path / "08_reporting" / "report.html" / RUN / here)
    assert set(remove_leftovers(tmp_path)) == {half, half.parent, other, other.parent}
    assert folder.exists()


def test_what_may_be_in_use_stays_and_what_is_no_result(tmp_path: Path, ended: int) -> None:
    version = tmp_path / "06_models" / "als" / "model.npz" / RUN
    kept = [
        make(temporary(version / "model.npz")),
        make(version / f".model.npz.{ended}@elsewhere.tmp"),
        make(version / "notes.1.tmp", 2 * DAY),
        make(tmp_path / "01_raw" / f".ratings.csv.{ended}.tmp"),
        make(tmp_path / "ml-100k" / "06_models" / f".model.npz.{ended}.tmp"),
    ]
    (tmp_path / "06_models" / "svd").mkdir()
    old = make(version / ".model.npz.1@elsewhere.tmp", 2 * DAY)
    assert remove_leftovers(tmp_path) == [old]
    assert all(path.exists() for path in kept)
    assert (tmp_path / "06_models" / "svd").exists()


def test_versions_without_a_file_and_half_removed_ones_go(tmp_path: Path, ended: int) -> None:
    dataset = tmp_path / "06_models" / "als" / "model.npz"
    empty, new = dataset / RUN, dataset / RUN.replace("2026", "2027")
    empty.mkdir(parents=True)
    new.mkdir()
    os.utime(empty, (0, 0))
    removed = make(dataset.parent / f".model.npz.{RUN}.{ended}.tmp" / "model.npz").parent
    assert set(remove_leftovers(tmp_path)) == {empty, removed}
    assert new.exists()


def test_the_next_run_does_it(tmp_path: Path, ended: int) -> None:
    half = make(tmp_path / "06_models" / "als" / "model.npz" / RUN / f".model.npz.{ended}.tmp")
    run_project(tmp_path, ["data_processing"])
    assert not half.parent.exists()
    assert half.parents[1].exists()
