"""The nodes that try out and draw what single recommenders, knowledge and approaches have made."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node

from explainable_recsys.exploration.item_map import map_items
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.figures.popularity_prior import popularity_sweep_figure
from explainable_recsys.figures.rule_network import draw_network
from explainable_recsys.figures.surroundings import draw_surroundings
from explainable_recsys.pipelines.approach_pictures import APPROACH_PICTURES
from explainable_recsys.pipelines.steps import node


def pictures(namespace: str) -> list[Node]:
    """The nodes of a namespace that try something out or draw something."""
    return [
        node(run, inputs, outputs, namespace=namespace)
        for run, inputs, outputs in (*_PICTURES, *APPROACH_PICTURES)
        if outputs[0].startswith(f"{namespace}.")
    ]


_PICTURES: list[tuple[Any, Any, list[str]]] = [
    (popularity_sweep_figure, "svd.popularity_sweep", ["svd.popularity_sweep_figure"]),
    (
        map_items,
        ["emf.model", "data", "params:emf.map"],
        ["emf.item_map", "emf.similar_items"],
    ),
    (item_map_figure, "emf.item_map", ["emf.item_map_figure"]),
    (
        explainability_sweep_figure,
        "emf.explainability_sweep",
        ["emf.explainability_sweep_figure"],
    ),
    (
        draw_network,
        ["rules.rules", "items", "params:rules.network"],
        ["rules.network", "rules.network_figure"],
    ),
    (
        draw_surroundings,
        ["graph.triples", "interactions", "params:graph.surroundings"],
        ["graph.surroundings", "graph.surroundings_figure"],
    ),
]
