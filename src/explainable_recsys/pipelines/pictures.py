"""The nodes that try out and draw what single recommenders, knowledge and approaches have made."""

from __future__ import annotations

from kedro.pipeline import Node

from explainable_recsys.answers.records import Step
from explainable_recsys.exploration.item_map import map_items
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.figures.rule_network import draw_network
from explainable_recsys.figures.surroundings import draw_surroundings
from explainable_recsys.pipelines.approach_pictures import APPROACH_PICTURES
from explainable_recsys.pipelines.steps import step_node


def pictures(namespace: str, **names: str) -> list[Node]:
    """The nodes of a namespace that try something out or draw something."""
    return [
        step_node(step, namespace, **names)
        for step in (*_PICTURES, *APPROACH_PICTURES)
        if step.outputs[0].startswith(f"{namespace}.")
    ]


_PICTURES = (
    Step(map_items, ("emf.item_map", "emf.similar_items"), {"parameters": "params:emf.map"}),
    Step(item_map_figure, ("emf.item_map_figure",), {"item_map": "emf.item_map"}),
    Step(
        explainability_sweep_figure,
        ("emf.explainability_sweep_figure",),
        {"sweep": "emf.explainability_sweep"},
        diagnostic=True,
    ),
    Step(
        draw_network,
        ("rules.network", "rules.network_figure"),
        {"parameters": "params:rules.network"},
    ),
    Step(
        draw_surroundings,
        ("graph.surroundings", "graph.surroundings_figure"),
        {"parameters": "params:graph.surroundings"},
    ),
)
