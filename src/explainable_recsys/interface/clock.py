"""How long nodes take: measured, and expected."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

USUAL_SECONDS = {"fit": 3.0, "explain": 1.5, "measure_faithfulness": 1.5}
"""What nodes of a name usually take on a small data set, where no run has measured them."""

SHORT = 0.2
"""What all others take."""


class NodeClock:
    """Measures nodes: their seconds, and where each has a process the most memory of it."""

    def __init__(self) -> None:
        """Start with no node at work."""
        self.seconds: dict[str, float] = {}
        self.megabytes: dict[str, float] = {}
        self._started: dict[str, float] = {}

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the nodes of another run."""
        self.seconds.clear()
        self.megabytes.clear()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note when the node started."""
        self._started[node.name] = time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Note how long it took."""
        self.seconds[node.name] = round(time.perf_counter() - self._started.pop(node.name), 3)


def expected_seconds(pipeline: Pipeline, manifest: Mapping[str, Any]) -> dict[str, float]:
    """What each node will take: as in the latest run if it measured it, or as is usual.

    Args:
        pipeline: Its nodes.
        manifest: What the latest run wrote down; it may be empty.
    """
    measured = manifest.get("node_seconds", {})
    return {
        node.name: measured.get(node.name, USUAL_SECONDS.get(node.name.rpartition(".")[2], SHORT))
        for node in pipeline.nodes
    }


def latest_manifest(catalog: DataCatalog) -> dict[str, Any]:
    """What the last run wrote down; nothing if there was none, or if nobody can read it."""
    try:
        manifest: Any = catalog.load("run_manifest")
    except Exception:
        return {}
    return manifest if isinstance(manifest, dict) else {}
