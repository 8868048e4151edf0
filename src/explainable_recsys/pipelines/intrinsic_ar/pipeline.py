"""Wiring of the recommender made of association rules."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines import posthoc_ar
from explainable_recsys.pipelines.approach import EVALUATION_TAG, approach_pipeline
from explainable_recsys.pipelines.intrinsic_ar import nodes
from explainable_recsys.pipelines.posthoc_ar.nodes import measure_rules, phrase


def create_pipeline(**_: Any) -> Pipeline:
    """The rules that `posthoc_ar` mines, recommended and explained by themselves."""
    mining = posthoc_ar.create_pipeline().to_outputs("posthoc_ar.rules")
    transactions = "params:transactions"
    return mining + approach_pipeline(
        "intrinsic_ar",
        [
            Node(
                nodes.collect_rules,
                ["rules", "interactions", transactions],
                "model",
                name="collect_rules",
            ),
            Node(
                nodes.explain,
                [
                    "rules",
                    "histories",
                    "recommendations",
                    "items",
                    transactions,
                    "params:explanation",
                ],
                ["explanations", "cited_rules"],
                name="explain",
            ),
            Node(
                phrase,
                ["explanations", "cited_rules", "items", transactions],
                "sentences",
                name="phrase",
            ),
            Node(
                measure_rules,
                "cited_rules",
                "own_metrics",
                name="measure_rules",
                tags=EVALUATION_TAG,
            ),
        ],
        borrowed={"rules": "posthoc_ar.rules", transactions: "params:posthoc_ar.transactions"},
        explain_controls=True,
    )
