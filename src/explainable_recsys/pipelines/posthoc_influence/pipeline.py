"""Wiring of the explanation by influence, over the recommendations of SVD with its prior."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines import posthoc_ar
from explainable_recsys.pipelines.approach import EVALUATION_TAG, approach_pipeline
from explainable_recsys.pipelines.posthoc_influence import nodes

MODEL = "posthoc_ar.model"


def create_pipeline(**_: Any) -> Pipeline:
    """Explain, phrase, measure; SVD itself is that of `posthoc_ar`."""
    return posthoc_ar.create_pipeline().to_outputs(MODEL) + approach_pipeline(
        "posthoc_influence",
        [
            Node(
                nodes.explain,
                ["model", "histories", "recommendations", "items", "params:explanation"],
                ["explanations", "cited_groups"],
                name="explain",
            ),
            Node(nodes.phrase, ["explanations", "params:explanation"], "sentences", name="phrase"),
            Node(
                nodes.measure_influence,
                ["cited_groups", "explanations", "params:evaluation"],
                "own_metrics",
                name="measure_influence",
                tags=EVALUATION_TAG,
            ),
        ],
        borrowed={"model": MODEL},
    )
