"""`kedro viz`, which opens with an overview here, and tells what the latest versions hold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro_viz import server
from kedro_viz.launchers.cli import utils
from kedro_viz.launchers.cli.build import build as kedro_viz_build
from kedro_viz.launchers.cli.run import run as kedro_viz_run
from kedro_viz.models.metadata import NodeExtras

from explainable_recsys.datasets.atomic import AtomicDataset

OVERVIEW = "types=nodes&expandAllPipelines=false&pid=__default__"
"""Boxes and what leads from one to another; with every dataset nobody sees them."""

START = f"""<script>
  localStorage.KedroViz ||= '{{"showFeatureHints": false}}';
  if (!location.search) history.replaceState(null, "", "?{OVERVIEW}");
</script>
</head>"""
"""The end of the head of kedro-viz' page; it has no setting for how it opens."""

_run_server, _deploy, _populate = (
    server.run_server,
    utils._load_and_deploy_viz,
    server.populate_data,
)


def run_with_overview(**options: Any) -> None:
    """Serve as kedro-viz does, which starts a process for that."""
    server.run_server = serve
    assert kedro_viz_run.callback is not None
    kedro_viz_run.callback(**options)


def build_with_statistics(**options: Any) -> None:
    """Build as kedro-viz does, which starts a process for that."""
    utils._load_and_deploy_viz = deploy
    assert kedro_viz_build.callback is not None
    kedro_viz_build.callback(**options)


def serve(**options: Any) -> None:
    """Run the server; its page opens with the overview."""
    from kedro_viz.api import apps

    page = apps.HTMLResponse
    apps.HTMLResponse = lambda content: page(content.replace("</head>", START))
    server.populate_data = populate
    _run_server(**options)


def deploy(*arguments: Any) -> None:
    """Write the static site."""
    server.populate_data = populate
    _deploy(*arguments)


def populate(
    manager: Any, catalog: DataCatalog, pipelines: dict[str, Pipeline], _: dict[str, Any]
) -> None:
    """Give kedro-viz the project, with statistics of what is stored.

    Its own are those of the last run, whatever it was of and wherever it wrote.
    """
    names = {name for pipeline in pipelines.values() for name in pipeline.datasets()}
    stored = {name: catalog.get(name) for name in names if not name.startswith("param")}
    extras = {
        name: NodeExtras(stats=dataset.statistics())
        for name, dataset in stored.items()
        if isinstance(dataset, AtomicDataset) and dataset.exists()
    }
    _populate(manager, catalog, pipelines, extras)


def _with(command: Any, callback: Callable[..., None]) -> Any:
    changed = copy.copy(command)
    changed.callback = callback
    return changed


run = _with(kedro_viz_run, run_with_overview)
build = _with(kedro_viz_build, build_with_statistics)
