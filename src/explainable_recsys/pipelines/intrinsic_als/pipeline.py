"""Wiring of the ALS approach."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import approach_pipeline
from explainable_recsys.pipelines.intrinsic_als import nodes


def create_pipeline(**_: Any) -> Pipeline:
    """Fit, recommend, explain, phrase, evaluate."""
    return approach_pipeline(
        "intrinsic_als",
        [
            Node(nodes.fit_als, ["interactions", "params:model"], "model", name="fit"),
            Node(
                nodes.explain,
                ["model", "interactions", "recommendations", "items", "params:explanation"],
                "explanations",
                name="explain",
            ),
            Node(
                nodes.phrase,
                ["explanations", "recommendations", "interactions", "params:explanation"],
                "sentences",
                name="phrase",
            ),
        ],
    )
