"""Wiring of the factorization machine and of its explanation by LIME."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import (
    CONTROLS,
    EVALUATION_TAG,
    approach_pipeline,
    evaluated_approach,
)
from explainable_recsys.pipelines.posthoc_fm_lime import nodes

FEATURES = ("item_features", "user_features")
OF_LISTS = ("item_features", "history_features")
LIME = "params:lime"
SENTENCES = "params:explanation"
SURROGATES_OF_CONTROLS = {name: name for name in (f"surrogates_of_{c}" for c in CONTROLS)}


def create_pipeline(**_: Any) -> Pipeline:
    """FM with a popularity prior, explained; and `fm`, the same without the prior, explained."""
    without_prior = Node(nodes.without_prior, "corrected_model", "model", name="without_prior")
    return approach_pipeline(
        nodes.NAME,
        [
            *_recommender(),
            _explain_node(),
            *_stability(),
            _measure_node({"stability": "stability"} | SURROGATES_OF_CONTROLS),
            _phrase_node(),
            *_figures(),
        ],
        explain_controls=True,
    ) + evaluated_approach(
        "fm",
        [without_prior, _explain_node(), _phrase_node(), _measure_node({})],
        borrowed={name: f"{nodes.NAME}.{name}" for name in OF_LISTS}
        | {"corrected_model": f"{nodes.NAME}.model"}
        | {name: name.replace(":", f":{nodes.NAME}.") for name in (LIME, SENTENCES)},
    )


def _recommender() -> list[Node]:
    return [
        Node(
            nodes.build_features,
            ["interactions", "histories", "items", "users", "params:features"],
            [*FEATURES, "history_features"],
            name="build_features",
        ),
        Node(
            nodes.fit_fm,
            ["interactions", *FEATURES, "params:model", "params:learned_features"],
            "model",
            name="fit",
        ),
    ]


def _explain_node() -> Node:
    return Node(
        nodes.explain,
        ["model", "histories", "recommendations", "items", *OF_LISTS, LIME],
        ["explanations", "surrogates"],
        name="explain",
    )


def _measure_node(more: dict[str, str]) -> Node:
    return Node(
        nodes.measure_surrogates,
        {"lime": LIME, "parameters": "params:evaluation", "surrogates": "surrogates"} | more,
        "own_metrics",
        name="measure_surrogates",
        tags=EVALUATION_TAG,
    )


def _stability() -> list[Node]:
    return [
        Node(
            nodes.measure_stability,
            [
                "model",
                "histories",
                "recommendations",
                *OF_LISTS,
                LIME,
                "params:stability",
            ],
            "stability",
            name="measure_stability",
        ),
        Node(
            nodes.draw_stability,
            ["stability", LIME],
            "stability_figure",
            name="draw_stability",
        ),
    ]


def _phrase_node() -> Node:
    inputs = ["explanations", "items", LIME, SENTENCES]
    return Node(nodes.phrase, inputs, "sentences", name="phrase")


def _figures() -> list[Node]:
    return [
        Node(
            nodes.draw_evidence,
            ["explanations", "recommendations", "items", "params:evaluation"],
            "evidence_figure",
            name="draw_evidence",
        ),
        Node(
            nodes.draw_fit,
            {"surrogates": "surrogates"} | SURROGATES_OF_CONTROLS,
            "surrogate_fit_figure",
            name="draw_fit",
        ),
    ]
