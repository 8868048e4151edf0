"""The steps that try out and draw what single approaches have made."""

from __future__ import annotations

from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.answers.records import Step
from explainable_recsys.experiments.coverage_frontier import find_frontier
from explainable_recsys.experiments.lime_stability import repeat_lime
from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from explainable_recsys.pipelines.evidence import draw_evidence

_LIME = "posthoc_fm_lime"
_EXPLANATION = f"params:{_LIME}.explanation"

APPROACH_PICTURES = (
    Step(
        find_frontier,
        ("posthoc_ar.coverage_frontier",),
        {
            "baskets": "rules.baskets",
            "thresholds": "params:rules.mining",
            "parameters": "params:posthoc_ar.frontier",
            **{control: f"{control}.recommendations" for control in CONTROLS},
        },
        diagnostic=True,
    ),
    Step(
        coverage_frontier_figure,
        ("posthoc_ar.coverage_frontier_figure",),
        {"frontier": "posthoc_ar.coverage_frontier"},
        diagnostic=True,
    ),
    Step(
        repeat_lime,
        (f"{_LIME}.stability",),
        {
            "feature_parameters": "params:features",
            "lime": _EXPLANATION,
            "parameters": f"params:{_LIME}.stability",
        },
        diagnostic=True,
    ),
    Step(
        lime_stability_figure,
        (f"{_LIME}.stability_figure",),
        {"stability": f"{_LIME}.stability", "n_samples": f"{_EXPLANATION}.n_samples"},
        diagnostic=True,
    ),
    Step(draw_evidence, (f"{_LIME}.evidence_figure",), {"source": "params:source"}),
    Step(
        surrogate_fit_figure,
        (f"{_LIME}.surrogate_fit_figure",),
        {_LIME: f"{_LIME}.surrogates", **{c: f"{_LIME}.surrogates_of_{c}" for c in CONTROLS}},
    ),
)
