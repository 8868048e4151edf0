"""Wiring of the SVD recommender and of its explanation by association rules."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import (
    EVALUATION_TAG,
    approach_pipeline,
    evaluated_approach,
)
from explainable_recsys.pipelines.posthoc_ar import nodes

NAME = "posthoc_ar"


def create_pipeline(**_: Any) -> Pipeline:
    """SVD with a popularity prior, explained; and `svd`, the same model without the prior."""
    without_prior = Node(nodes.without_prior, "corrected_model", "model", name="without_prior")
    return approach_pipeline(
        NAME,
        [*_recommender(), *_rules(), *_explanations(), *_figures()],
        explain_controls=True,
    ) + evaluated_approach("svd", [without_prior], borrowed={"corrected_model": f"{NAME}.model"})


def _recommender() -> list[Node]:
    return [
        Node(
            nodes.calibrate,
            [
                "train_ratings",
                "validation_ratings",
                "params:model",
                "params:sweep",
                "params:evaluation",
                "params:source",
            ],
            ["user_penalties", "popularity_sweep"],
            name="calibrate",
        ),
        Node(
            nodes.fit_svd,
            ["interactions", "user_penalties", "params:model"],
            "model",
            name="fit",
        ),
    ]


def _rules() -> list[Node]:
    return [
        Node(
            nodes.build_transactions,
            ["model", "interactions", "params:transactions"],
            "transactions",
            name="build_transactions",
        ),
        Node(
            nodes.group_users,
            ["model", "interactions", "params:scopes"],
            ["user_clusters", "neighbours"],
            name="group_users",
        ),
        Node(
            nodes.mine_rules,
            ["transactions", "user_clusters", "items", "params:rules"],
            ["rules", "top_rules", "mining_report"],
            name="mine_rules",
        ),
    ]


def _explanations() -> list[Node]:
    return [
        Node(
            nodes.explain,
            [
                "rules",
                "interactions",
                "histories",
                "transactions",
                "user_clusters",
                "neighbours",
                "recommendations",
                "items",
                "params:transactions",
                "params:rules",
                "params:explanation",
            ],
            ["explanations", "cited_rules"],
            name="explain",
        ),
        Node(
            nodes.phrase,
            ["explanations", "cited_rules", "items", "params:transactions"],
            "sentences",
            name="phrase",
        ),
        Node(
            nodes.measure_rules,
            "cited_rules",
            "own_metrics",
            name="measure_rules",
            tags=EVALUATION_TAG,
        ),
    ]


def _figures() -> list[Node]:
    return [
        Node(
            nodes.find_frontier,
            [
                "transactions",
                "histories",
                "recommendations",
                "recommendations_of_popularity",
                "recommendations_of_random",
                "params:transactions",
                "params:rules",
                "params:frontier",
            ],
            "coverage_frontier",
            name="find_frontier",
        ),
        Node(
            nodes.draw_frontier,
            "coverage_frontier",
            "coverage_frontier_figure",
            name="draw_frontier",
        ),
        Node(
            nodes.draw_popularity_sweep,
            "popularity_sweep",
            "popularity_sweep_figure",
            name="draw_popularity_sweep",
        ),
        Node(
            nodes.build_network,
            ["rules", "items", "params:network"],
            ["rule_network", "rule_network_figure"],
            name="build_network",
        ),
    ]
