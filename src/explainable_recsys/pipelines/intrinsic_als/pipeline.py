"""Wiring of the ALS approach."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import approach_pipeline
from explainable_recsys.pipelines.contributions import contribution_nodes
from explainable_recsys.pipelines.intrinsic_als import nodes


def create_pipeline(**_: Any) -> Pipeline:
    """Fit, recommend, explain, phrase, evaluate."""
    fit = Node(nodes.fit_als, ["interactions", "params:model"], "model", name="fit")
    return approach_pipeline("intrinsic_als", [fit, *contribution_nodes()])
