"""The manifest of a run, the check of parameters, the word on long nodes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.runner import SequentialRunner, ThreadRunner

from explainable_recsys.errors import InputError
from explainable_recsys.hooks import git_state
from explainable_recsys.interface.configuration import check_files, check_parameter
from explainable_recsys.interface.workers import WorkersRunner
from tests.conftest import PROJECT, open_catalog, run_project


def manifests(data_root: Path) -> list[dict[str, Any]]:
    files = sorted(data_root.glob("08_reporting/run_manifest.json/*/run_manifest.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def test_the_manifest_names_versions_parameters_and_packages(
    full_run: Path, stored: Callable[[str], Any]
) -> None:
    (manifest,) = manifests(full_run)
    assert manifest["status"] == "succeeded"
    assert manifest["pipelines"] == ["__default__", "diagnostics", "study_analysis"]
    assert manifest["env"] == "test"
    assert manifest["read"]["raw_ratings"] is None
    for name in ("ratings", "als.model", "als.metrics", "intrinsic_als.metrics", "accuracy"):
        assert manifest["written"][name] == manifest["run_id"]
    assert manifest["parameters"]["als"]["model"]["factors"] == 8
    assert {"kedro", "implicit", "numpy"} <= set(manifest["packages"])
    assert manifest["node_seconds"]["als.fit"] >= 0
    assert stored("run_manifest") == manifest


def test_a_partial_run_names_the_versions_that_it_read(tmp_path: Path) -> None:
    run_project(tmp_path, ["intrinsic_als"])
    run_project(tmp_path, ["intrinsic_als"], intrinsic_als={"explanation": {"n_cited": 1}})
    run_project(tmp_path, ["evaluation"])
    first, second, third = manifests(tmp_path)
    assert second["parameters"]["intrinsic_als"]["explanation"]["n_cited"] == 1
    assert second["given"] == {"intrinsic_als.explanation.n_cited": 1}
    assert first["given"] == third["given"] == {}
    with open_catalog(tmp_path) as catalog:
        provenance = catalog.load("provenance")
    assert provenance["given"] == {}
    (earlier,) = provenance["earlier"].items()
    assert earlier[0] == second["run_id"]
    assert earlier[1]["given"] == second["given"]
    assert {"als", "intrinsic_als"} <= set(earlier[1]["made"])
    report = (tmp_path / "08_reporting" / "report.html").read_text(encoding="utf-8")
    assert "with intrinsic_als.explanation.n_cited=1" in report
    assert third["read"]["als.metrics"] == second["run_id"] == second["written"]["als.metrics"]
    assert not [name for name in third["written"] if "." in name]
    assert len({manifest["run_id"] for manifest in (first, second, third)}) == 3


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, WorkersRunner])
def test_nodes_know_their_run_with_every_runner(
    runner: Any, full_run: Path, tmp_path: Path
) -> None:
    (version,) = full_run.glob("*/data_version.json")
    shutil.copytree(version, tmp_path / version.relative_to(full_run))
    bootstrap_project(PROJECT)
    given = {"data_root": str(tmp_path)}
    with KedroSession.create(PROJECT, env="test", runtime_params=given) as session:
        session.run(
            pipeline_names=["evaluation"],
            node_names=["evaluation.note_provenance"],
            runner=runner(),
        )
    *_, manifest = manifests(tmp_path)
    with open_catalog(tmp_path) as catalog:
        provenance = catalog.load("provenance")
        assert catalog.load("run")["run"] is None
    assert provenance["run"] == manifest["run_id"] == session.session_id
    assert provenance["manifest"].endswith(f"/{session.session_id}/run_manifest.json")
    assert provenance["env"] == manifest["env"] == "test"
    assert provenance["commit"] == (manifest["git"] or provenance)["commit"]


def test_a_failed_run_says_so_and_what_it_had_written(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run_project(tmp_path, ["intrinsic_als"], recommendation={"n": 100_000})
    (manifest,) = manifests(tmp_path)
    assert manifest["status"].startswith("failed: parameter recommendation.n")
    assert "interactions" in manifest["written"]
    assert "als.recommendations" not in manifest["written"]


def test_the_source_cannot_be_changed_half_way(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"globals\.yml"):
        run_project(tmp_path, ["data_processing"], source={"name": "other"})


def test_a_data_set_of_its_own_needs_a_root_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "globals.yml").write_text("data_root: data\nseed: 0")
    settings = tmp_path / "shop" / "globals.yml"
    settings.write_text("source: {name: shop}")
    with pytest.raises(InputError, match=r"shop/globals\.yml: .* data_root: data/shop"):
        check_files(tmp_path, "shop", {})
    settings.write_text("data_root: data/shop\nsource: {name: shop}")
    check_files(tmp_path, "shop", {})
    check_files(tmp_path, None, {})


def test_git_state_knows_commit_and_changes(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=b@c"]
        done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "--quiet", "--message", "one")
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "file").write_text("2")
    state = git_state(tmp_path)
    assert state is not None
    assert state["dirty"]


def test_check_parameter_suggests_the_closest_name() -> None:
    known = {"model": {"factors": 3, "alpha": None}}
    check_parameter("model", {"factors": 5, "alpha": {"any": 1}}, known)
    with pytest.raises(InputError, match=r"'model\.factor'; did you mean 'model\.factors'"):
        check_parameter("model", {"factor": 5}, known)
