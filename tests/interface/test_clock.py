"""How long nodes take, and how long they are expected to."""

from __future__ import annotations

import time
from pathlib import Path

from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from explainable_recsys.datasets.files import JSONDataset
from explainable_recsys.interface.clock import (
    SHORT,
    USUAL_SECONDS,
    NodeClock,
    expected_seconds,
    latest_manifest,
)


def test_the_clock_measures_nodes_that_run_at_the_same_time() -> None:
    clock = NodeClock()
    long, short = (Node(lambda: 1, None, name, name=name) for name in ("long", "short"))
    clock.before_node_run(long)
    clock.before_node_run(short)
    clock.after_node_run(short)
    time.sleep(0.1)
    clock.after_node_run(long)
    assert clock.seconds["short"] < 0.1 <= clock.seconds["long"]
    clock.before_pipeline_run()
    assert not clock.seconds


def test_what_was_measured_is_expected_again() -> None:
    nodes = Pipeline(
        [
            Node(len, "x", f"{namespace}_{name}", name=name, namespace=namespace)
            for namespace, name in (("als", "fit"), ("svd", "fit"), ("als", "recommend"))
        ]
    )
    usual = USUAL_SECONDS["fit"]
    assert expected_seconds(nodes, {}) == {
        "als.fit": usual,
        "svd.fit": usual,
        "als.recommend": SHORT,
    }
    assert expected_seconds(nodes, {"node_seconds": {"svd.fit": 77.0}})["svd.fit"] == 77


def test_a_manifest_that_nobody_can_read_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    catalog = DataCatalog({"run_manifest": JSONDataset(filepath=str(file))})
    assert latest_manifest(catalog) == {}
    catalog.save("run_manifest", {"node_seconds": {}})
    assert latest_manifest(catalog) == {"node_seconds": {}}
    file.write_text("not JSON")
    assert latest_manifest(catalog) == {}
