"""Wiring of the knowledge graph, of recommendations over it, and of their paths."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import (
    EVALUATION_TAG,
    approach_pipeline,
    evaluated_approach,
)
from explainable_recsys.pipelines.knowledge_graph import path_nodes
from explainable_recsys.pipelines.knowledge_graph.graph import graph_nodes

NAME = "knowledge_graph"


def create_pipeline(**_: Any) -> Pipeline:
    """Weighted meta-paths, explained by paths; and `random_walk`, over the same graph."""
    walk = Node(
        path_nodes.fit_random_walk,
        ["interactions", "item_entities", "params:model"],
        "model",
        name="fit",
    )
    return approach_pipeline(
        NAME,
        [*graph_nodes(), *_recommender(), *_explanations()],
    ) + evaluated_approach(
        "random_walk", [walk], borrowed={"item_entities": f"{NAME}.item_entities"}
    )


def _recommender() -> list[Node]:
    return [
        Node(
            path_nodes.weigh_relations,
            [
                "interactions",
                "train_ratings",
                "validation_ratings",
                "item_entities",
                "params:model",
                "params:learning",
            ],
            "relation_weights",
            name="weigh_relations",
        ),
        Node(
            path_nodes.fit_meta_paths,
            ["interactions", "item_entities", "relation_weights", "params:model"],
            "model",
            name="fit",
        ),
    ]


def _explanations() -> list[Node]:
    return [
        Node(
            path_nodes.explain,
            ["model", "histories", "recommendations", "items", "params:explanation"],
            ["explanations", "paths"],
            name="explain",
        ),
        Node(
            path_nodes.phrase,
            ["model", "paths", "items", "params:explanation"],
            "sentences",
            name="phrase",
        ),
        Node(
            path_nodes.measure_paths,
            [
                "paths",
                "train_ratings",
                "validation_ratings",
                "item_entities",
                "relation_weights",
                "params:evaluation",
            ],
            "own_metrics",
            name="measure_paths",
            tags=EVALUATION_TAG,
        ),
    ]
