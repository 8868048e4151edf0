"""Which nodes try out and draw what single recommenders, knowledge and approaches have made."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node

from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.popularity_prior import popularity_sweep_figure
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.pipelines import item_pictures, lime_pictures, rule_pictures
from explainable_recsys.pipelines.steps import node


def pictures(namespace: str) -> list[Node]:
    """The nodes of a namespace that try something out or draw something."""
    return [
        node(run, inputs, outputs, namespace=namespace)
        for run, inputs, outputs in _PICTURES
        if outputs[0].startswith(f"{namespace}.")
    ]


_LIME = "posthoc_fm_lime"
_EXPLANATION = f"params:{_LIME}.explanation"

_PICTURES: list[tuple[Any, Any, list[str]]] = [
    (popularity_sweep_figure, "svd.popularity_sweep", ["svd.popularity_sweep_figure"]),
    (
        item_pictures.map_items,
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
        rule_pictures.draw_network,
        ["rules.rules", "items", "params:rules.network"],
        ["rules.network", "rules.network_figure"],
    ),
    (
        item_pictures.draw_surroundings,
        ["graph.triples", "interactions", "params:graph.surroundings"],
        ["graph.surroundings", "graph.surroundings_figure"],
    ),
    (
        rule_pictures.find_frontier,
        {
            "baskets": "rules.baskets",
            "data": "data",
            "recommendations": "svd.recommendations",
            "transactions": "params:rules.transactions",
            "thresholds": "params:rules.mining",
            "parameters": "params:posthoc_ar.frontier",
            "evaluation": "params:evaluation",
            **{control: f"{control}.recommendations" for control in CONTROLS},
        },
        ["posthoc_ar.coverage_frontier"],
    ),
    (
        coverage_frontier_figure,
        "posthoc_ar.coverage_frontier",
        ["posthoc_ar.coverage_frontier_figure"],
    ),
    (
        lime_pictures.repeat_lime,
        {
            "model": "fm.model",
            "data": "data",
            "recommendations": "fm.recommendations",
            "item_features": "features.item",
            "feature_parameters": "params:features",
            "lime": _EXPLANATION,
            "parameters": f"params:{_LIME}.stability",
        },
        [f"{_LIME}.stability"],
    ),
    (
        lime_stability_figure,
        [f"{_LIME}.stability", f"{_EXPLANATION}.n_samples"],
        [f"{_LIME}.stability_figure"],
    ),
    (
        lime_pictures.draw_evidence,
        [f"{_LIME}.explanations", "fm.recommendations", "data", "params:evaluation"],
        [f"{_LIME}.evidence_figure"],
    ),
    (
        lime_pictures.draw_fit,
        {_LIME: f"{_LIME}.surrogates", **{c: f"{_LIME}.surrogates_of_{c}" for c in CONTROLS}},
        [f"{_LIME}.surrogate_fit_figure"],
    ),
]
