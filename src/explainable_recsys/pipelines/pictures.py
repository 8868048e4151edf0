"""Which nodes try out and draw what single recommenders, knowledge and approaches have made."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node

from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.figures.popularity_prior import popularity_sweep_figure
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.pipelines import item_pictures, lime_pictures, rule_pictures


def pictures(namespace: str) -> list[Node]:
    """The nodes of a namespace that draw something."""
    return [
        Node(run, inputs, outputs, name=run.__name__, namespace=namespace)
        for run, inputs, outputs in _PICTURES.get(namespace, ())
    ]


def _of_controls(table: str) -> dict[str, str]:
    return {f"{table}_of_{c}": f"posthoc_fm_lime.{table}_of_{c}" for c in CONTROLS}


_LIME = "params:posthoc_fm_lime.explanation"

_PICTURES: dict[str, list[tuple[Any, Any, str | list[str]]]] = {
    "svd": [(popularity_sweep_figure, "svd.popularity_sweep", "svd.popularity_sweep_figure")],
    "emf": [
        (
            item_pictures.map_items,
            ["emf.model", "data", "params:emf.map"],
            ["emf.item_map", "emf.similar_items"],
        ),
        (item_map_figure, "emf.item_map", "emf.item_map_figure"),
        (
            explainability_sweep_figure,
            "emf.explainability_sweep",
            "emf.explainability_sweep_figure",
        ),
    ],
    "rules": [
        (
            rule_pictures.draw_network,
            ["rules.rules", "items", "params:rules.network"],
            ["rules.network", "rules.network_figure"],
        )
    ],
    "graph": [
        (
            item_pictures.draw_surroundings,
            ["graph.triples", "interactions", "params:graph.surroundings"],
            ["graph.surroundings", "graph.surroundings_figure"],
        )
    ],
    "posthoc_ar": [
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
                **{f"recommendations_of_{c}": f"{c}.recommendations" for c in CONTROLS},
            },
            "posthoc_ar.coverage_frontier",
        ),
        (
            coverage_frontier_figure,
            "posthoc_ar.coverage_frontier",
            "posthoc_ar.coverage_frontier_figure",
        ),
    ],
    "posthoc_fm_lime": [
        (
            lime_pictures.repeat_lime,
            {
                "model": "fm.model",
                "data": "data",
                "recommendations": "fm.recommendations",
                "item_features": "features.item",
                "feature_parameters": "params:features",
                "lime": _LIME,
                "parameters": "params:posthoc_fm_lime.stability",
            },
            "posthoc_fm_lime.stability",
        ),
        (
            lime_pictures.draw_stability,
            ["posthoc_fm_lime.stability", _LIME],
            "posthoc_fm_lime.stability_figure",
        ),
        (
            lime_pictures.draw_evidence,
            ["posthoc_fm_lime.explanations", "fm.recommendations", "data", "params:evaluation"],
            "posthoc_fm_lime.evidence_figure",
        ),
        (
            lime_pictures.draw_fit,
            {"surrogates": "posthoc_fm_lime.surrogates", **_of_controls("surrogates")},
            "posthoc_fm_lime.surrogate_fit_figure",
        ),
    ],
}
