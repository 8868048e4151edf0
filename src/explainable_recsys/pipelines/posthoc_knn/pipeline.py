"""Wiring of item neighbourhoods."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines import intrinsic_als
from explainable_recsys.pipelines.approach import approach_pipeline, evaluated_approach
from explainable_recsys.pipelines.contributions import contribution_nodes
from explainable_recsys.pipelines.posthoc_knn import nodes

MODEL = "intrinsic_als.model"


def create_pipeline(**_: Any) -> Pipeline:
    """The lists of ALS explained by similar items; and `item_knn`, recommended by them."""
    fit = ["interactions", "params:model"]
    return (
        intrinsic_als.create_pipeline().to_outputs(MODEL)
        + approach_pipeline(
            "posthoc_knn",
            [
                Node(
                    nodes.find_neighbours,
                    ["interactions", "params:neighbours"],
                    "neighbours",
                    name="find_neighbours",
                ),
                Node(
                    nodes.explain,
                    [
                        "neighbours",
                        "histories",
                        "recommendations",
                        "items",
                        "params:explanation",
                    ],
                    "explanations",
                    name="explain",
                ),
                Node(
                    nodes.phrase, ["explanations", "params:explanation"], "sentences", name="phrase"
                ),
            ],
            borrowed={"model": MODEL},
            explain_controls=True,
        )
        + evaluated_approach(
            "item_knn",
            [Node(nodes.fit_item_knn, fit, "model", name="fit"), *contribution_nodes()],
        )
    )
