"""kedro-viz: every node of the lineage has its file, every dataset a layer and a preview."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def site(
    full_run: Path,
    tmp_path_factory: pytest.TempPathFactory,
    make_project_copy: Callable[[Path], Path],
    kedro: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """The static site built from the results of a run."""
    project = make_project_copy(tmp_path_factory.mktemp("viz"))
    for folder in full_run.iterdir():
        shutil.copytree(folder, project / "data" / folder.name, dirs_exist_ok=True)
    built = kedro(project, "viz", "build", "--include-previews")
    assert built.returncode == 0, built.stderr
    return project / "build"


def test_every_node_is_written(site: Path) -> None:
    nodes = json.loads((site / "api" / "main").read_text())["nodes"]
    written = {file.name for file in (site / "api" / "nodes").iterdir()}
    assert len(nodes) > 50
    assert {node["name"] for node in nodes if node["id"] not in written} == set()


def test_every_dataset_has_a_layer_and_a_preview(site: Path) -> None:
    nodes = json.loads((site / "api" / "main").read_text())["nodes"]
    datasets = [node for node in nodes if node["type"] == "data"]
    assert {node["name"] for node in datasets if not node["layer"]} == set()
    without_preview = set()
    for node in datasets:
        content = json.loads((site / "api" / "nodes" / node["id"]).read_text())
        if not content.get("preview") or content["preview_type"] not in (
            "TablePreview",
            "JSONPreview",
            "PlotlyPreview",
        ):
            without_preview.add(node["name"])
    assert without_preview == set()


def test_layers_are_in_order(site: Path) -> None:
    """kedro-viz shows none at all if one dataset lies in an earlier layer than its sources."""
    assert json.loads((site / "api" / "main").read_text())["layers"] == [
        "raw",
        "intermediate",
        "primary",
        "model_input",
        "models",
        "model_output",
        "reporting",
    ]


def test_approaches_are_grouped(site: Path) -> None:
    nodes = json.loads((site / "api" / "main").read_text())["nodes"]
    groups = {node["id"] for node in nodes if node["type"] == "modularPipeline"}
    approaches = {"intrinsic_als", "posthoc_ar", "intrinsic_ar", "svd", "intrinsic_mf", "emf", "mf"}
    approaches |= {"posthoc_fm_lime", "fm", "posthoc_influence", "posthoc_knn", "item_knn"}
    assert approaches | {"intrinsic_ease"} <= groups
