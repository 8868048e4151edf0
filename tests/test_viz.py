"""kedro-viz: every node has its file, every dataset a layer and a preview, and pages work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd
import pytest
from click.testing import CliRunner
from kedro_viz import server
from kedro_viz.api import apps
from kedro_viz.launchers.cli import utils
from kedro_viz.launchers.cli.main import viz
from scripts.lineage import missing_files, serve

from explainable_recsys import cli
from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.interface import lineage
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


@pytest.fixture(scope="module")
def site(
    full_run: Path,
    make_once: Callable[[str, Callable[[Path], object]], Path],
    make_project_copy: Callable[[Path], Path],
) -> Path:
    """The static site built from the results of a run; not to be changed."""

    def build(folder: Path) -> None:
        project = make_project_copy(folder)
        for results in full_run.iterdir():
            shutil.copytree(results, project / "data" / results.name, dirs_exist_ok=True)
        built = subprocess.run(
            [sys.executable, str(PROJECT / "scripts" / "lineage.py"), "build"],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(project / "src")},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert built.returncode == 0, built.stderr

    return make_once("site", build) / "project" / "build"


def test_every_node_is_written(site: Path) -> None:
    assert len(json.loads((site / "api" / "main").read_text())["nodes"]) > 50
    assert missing_files(site) == []


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """kedro-viz itself says that all is well."""
    assert missing_files(tmp_path) == ["the lineage itself"]
    for folder in ("nodes", "pipelines"):
        (tmp_path / "api" / folder).mkdir(parents=True)
    nodes = [{"id": name, "name": name.upper()} for name in "abc"]
    lineage = {"nodes": nodes, "pipelines": [{"id": "p", "name": "p"}]}
    (tmp_path / "api" / "main").write_text(json.dumps(lineage))
    (tmp_path / "api" / "nodes" / "a").write_text("{}")
    (tmp_path / "api" / "nodes" / "b").write_text('{"torn": ')
    assert missing_files(tmp_path) == ["node B", "node C", "pipeline p"]


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
    of_run = ("_again", "_some_lists", ".oversight", ".explanations_of_null", "_by_user")
    in_memory = {name for name in without_preview if name.endswith(of_run)}
    assert without_preview - in_memory == {"run", "data"}


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


def test_a_box_for_everybody_with_a_name(site: Path) -> None:
    content = json.loads((site / "api" / "main").read_text())
    boxes = {child["id"] for child in content["modular_pipelines"]["__root__"]["children"]}
    names = {*RECOMMENDERS, *KNOWLEDGE, *APPROACHES} - {"posthoc_ar_of_lists", "rules_of_svd"}
    others = {"data_processing", "exploration", "controls", "evaluation"}
    assert names | others <= boxes
    tasks = {node["name"] for node in content["nodes"] if node["type"] == "task" and is_loose(node)}
    assert tasks == set()


def test_the_start_page_is_small_enough_to_be_drawn(site: Path) -> None:
    """kedro-viz asks before it draws more than 1,000 datasets, boxes and (1.5 each) arrows."""
    content = json.loads((site / "api" / "main").read_text())
    children = content["modular_pipelines"]["__root__"]["children"]
    shown = {child["id"] for child in children if child["type"] != "parameters"}
    arrows = [edge for edge in content["edges"] if {edge["source"], edge["target"]} <= shown]
    assert len(shown) + 1.5 * len(arrows) < 1000


def is_loose(node: dict[str, object]) -> bool:
    return not node["modular_pipelines"]


@pytest.mark.parametrize(
    ("command", "module", "name", "ours"),
    [
        ("run", server, "run_server", lineage.serve),
        ("build", utils, "_load_and_deploy_viz", lineage.deploy),
    ],
)
def test_kedro_viz_starts_our_process(
    command: str, module: Any, name: str, ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And prints and opens its own address, with nothing to add to it."""
    assert cli.viz is viz
    started: list[Any] = []
    theirs = getattr(lineage, f"kedro_viz_{command}")
    monkeypatch.setattr(module, name, None)
    monkeypatch.setattr(theirs, "callback", lambda **_: started.append(getattr(module, name)))
    found = viz.get_command(click.Context(viz), command)
    done = CliRunner().invoke(found, [])
    assert (done.exit_code, done.output, started) == (0, "", [ours])


def test_the_page_without_a_query_opens_with_the_overview(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "HTMLResponse", apps.HTMLResponse)
    monkeypatch.setattr(server, "populate_data", None)
    pages: list[bytes] = []
    page = "<head></head>"
    monkeypatch.setattr(
        lineage, "_run_server", lambda **_: pages.append(apps.HTMLResponse(page).body)
    )
    lineage.serve(port=1)
    assert lineage.OVERVIEW.encode() in pages[0]
    assert pages[0].endswith(b"</head>")


def test_statistics_are_those_of_the_latest_versions(site: Path, full_run: Path) -> None:
    nodes = json.loads((site / "api" / "main").read_text())["nodes"]
    ids = {node["name"]: node["id"] for node in nodes}
    for name, folder in {"ratings": "03_primary", "svd.recommendations": "07_model_output"}.items():
        path = full_run / folder / f"{name.replace('.', '/')}.parquet"
        file = max(path.glob("*/*.parquet"))
        facts = json.loads((site / "api" / "nodes" / ids[name]).read_text())["stats"]
        table = pd.read_parquet(file)
        assert facts == {
            "rows": len(table),
            "columns": len(table.columns),
            "file_size": file.stat().st_size,
        }


def test_a_run_writes_no_statistics(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """A test's, or that of a part, would be taken for those of the project."""
    done = kedro(project_copy, "run", "--env", "test", "--pipelines", "data_processing")
    assert done.returncode == 0, done.stderr
    assert not (project_copy / ".viz").exists()


@pytest.fixture
def page(site: Path, browser: Browser) -> Iterator[Page]:
    """The site's start page, which may neither log an error nor ask for what is not there."""
    problems: list[str] = []
    with serve(site) as address:
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, base_url=address)
        page.set_default_timeout(20_000)
        page.on("requestfailed", lambda request: problems.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "response",
            lambda answer: problems.append(answer.url) if answer.status >= 400 else None,
        )
        page.on(
            "console",
            lambda message: problems.append(message.text) if message.type == "error" else None,
        )
        yield page
        page.close()
    assert problems == []


@pytest.mark.browser
def test_the_site_opens_with_an_overview(page: Page) -> None:
    page.goto("/")
    shown = page.locator(".pipeline-node")
    shown.first.wait_for()
    kinds = {node.get_attribute("data-node-type") for node in shown.all()}
    assert kinds == {"modularPipeline"}
    assert shown.count() < 50


@pytest.mark.browser
def test_a_recommender_opens_and_shows_what_it_made(page: Page, site: Path) -> None:
    nodes = json.loads((site / "api" / "main").read_text())["nodes"]
    ids = {node["name"]: node["id"] for node in nodes}

    def drawn(name: str) -> Locator:
        return page.locator(f".pipeline-node[data-id='{ids.get(name, name)}']")

    panel = page.locator(".pipeline-metadata")
    # The map in the corner would lie over some of the datasets.
    page.add_init_script("""localStorage.KedroViz = '{"visible": {"miniMap": false}}'""")
    page.goto("/?pid=posthoc_ar&types=nodes,datasets&expandAllPipelines=false")
    drawn("rules").click()
    drawn("rules.network_figure").click()
    panel.locator(".js-plotly-plot svg .trace").first.wait_for()

    # The panel now lies over a part of the graph, which takes real clicks away.
    drawn("svd.recommendations").dispatch_event("click")
    panel.get_by_text("recommendations.parquet").wait_for()
    header = panel.locator("th").all_inner_texts()
    assert header == ["user_id", "item_id", "rank", "score"]
    drawn("svd.model").dispatch_event("click")
    panel.get_by_text("item_factors").wait_for()
    assert re.search(r'"item_factors":"\d+ × \d+ float32"', panel.inner_text())
