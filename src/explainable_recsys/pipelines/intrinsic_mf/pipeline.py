"""Wiring of explainable matrix factorization."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import (
    CONTROLS,
    EVALUATION_TAG,
    approach_pipeline,
    evaluated_approach,
)
from explainable_recsys.pipelines.intrinsic_mf import nodes

NAME = "intrinsic_mf"
EXPLAINABILITY = ("explainability_by_users", "explainability_by_items")
MODEL, NEIGHBOURHOOD = "params:model", "params:neighbourhood"


def create_pipeline(**_: Any) -> Pipeline:
    """EMF with a popularity prior; `emf` without the prior; `mf` without explainability too."""
    shared = {name: f"{NAME}.{name}" for name in EXPLAINABILITY}
    without_prior = Node(nodes.without_prior, "corrected_model", "model", name="without_prior")
    plain = Node(nodes.fit_plain, ["interactions", MODEL, NEIGHBOURHOOD], "model", name="fit")
    return (
        approach_pipeline(
            NAME,
            [
                *_recommender(),
                *_explanations(),
                *_pictures(),
                _measure_node(*(f"recommendations_of_{control}" for control in CONTROLS)),
            ],
            explain_controls=True,
        )
        + evaluated_approach(
            "mf",
            [plain, _measure_node()],
            borrowed=shared
            | {MODEL: f"params:{NAME}.model", NEIGHBOURHOOD: f"params:{NAME}.neighbourhood"},
        )
        + evaluated_approach(
            "emf",
            [without_prior, _measure_node("plain_recommendations")],
            borrowed=shared
            | {
                "corrected_model": f"{NAME}.model",
                "plain_recommendations": "mf.recommendations",
            },
        )
    )


def _recommender() -> list[Node]:
    return [
        Node(
            nodes.sweep,
            [
                "train_ratings",
                "validation_ratings",
                MODEL,
                NEIGHBOURHOOD,
                "params:sweep",
                "params:evaluation",
                "params:source",
            ],
            "explainability_sweep",
            name="sweep",
        ),
        Node(
            nodes.find_explainability,
            ["interactions", "histories", NEIGHBOURHOOD],
            list(EXPLAINABILITY),
            name="find_explainability",
        ),
        Node(
            nodes.fit_emf,
            ["interactions", *EXPLAINABILITY, MODEL, NEIGHBOURHOOD],
            "model",
            name="fit",
        ),
    ]


def _explanations() -> list[Node]:
    return [
        Node(
            nodes.explain,
            ["interactions", "histories", "recommendations", "items", NEIGHBOURHOOD],
            "explanations",
            name="explain",
        ),
        Node(
            nodes.find_co_rated,
            ["interactions", "histories", "recommendations", NEIGHBOURHOOD],
            "history_evidence",
            name="find_co_rated",
        ),
        Node(
            nodes.phrase,
            ["explanations", NEIGHBOURHOOD, "params:explanation"],
            "sentences",
            name="phrase",
        ),
    ]


def _pictures() -> list[Node]:
    return [
        Node(
            nodes.map_items,
            ["model", "interactions", "items", "params:map"],
            ["item_map", "similar_items"],
            name="map_items",
        ),
        Node(nodes.draw_map, "item_map", "item_map_figure", name="draw_map"),
        Node(
            nodes.draw_sweep,
            "explainability_sweep",
            "explainability_sweep_figure",
            name="draw_sweep",
        ),
    ]


def _measure_node(*more_lists: str) -> Node:
    names = ["histories", *EXPLAINABILITY, "recommendations", *more_lists]
    return Node(
        nodes.measure_explainability,
        {name: name for name in names} | {"parameters": "params:evaluation"},
        "own_metrics",
        name="measure_explainability",
        tags=EVALUATION_TAG,
    )
