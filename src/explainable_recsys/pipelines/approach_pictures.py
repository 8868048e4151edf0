"""What is tried out and drawn of single approaches: functions, inputs, outputs."""

from __future__ import annotations

from typing import Any

from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.experiments.coverage_frontier import find_frontier
from explainable_recsys.experiments.lime_stability import repeat_lime
from explainable_recsys.figures.evidence_bars import draw_evidence
from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.figures.surrogate_fit import draw_fit

_LIME = "posthoc_fm_lime"
_EXPLANATION = f"params:{_LIME}.explanation"

APPROACH_PICTURES: list[tuple[Any, Any, list[str]]] = [
    (
        find_frontier,
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
        repeat_lime,
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
        draw_evidence,
        [f"{_LIME}.explanations", "fm.recommendations", "data", "params:evaluation"],
        [f"{_LIME}.evidence_figure"],
    ),
    (
        draw_fit,
        {_LIME: f"{_LIME}.surrogates", **{c: f"{_LIME}.surrogates_of_{c}" for c in CONTROLS}},
        [f"{_LIME}.surrogate_fit_figure"],
    ),
]
