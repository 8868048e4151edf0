"""Wiring of the evaluation: finds the approaches by itself."""

from __future__ import annotations

import warnings
from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.discovery import every_approach
from explainable_recsys.pipelines.evaluation.nodes import compare
from explainable_recsys.pipelines.evaluation.stability import stability_node


def create_pipeline(**_: Any) -> Pipeline:
    """Evaluate the stored results of every approach again, and compare them."""
    from explainable_recsys.pipelines.approach import EVALUATION_TAG

    approaches = every_approach()
    evaluations = approaches.only_nodes_with_tags(EVALUATION_TAG)
    metrics = {str(node.namespace): node.outputs[0] for node in evaluations.nodes}
    with warnings.catch_warnings():
        # Kedro warns of a node that reads from another namespace; to compare is to do that.
        warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")
        comparison = Node(compare, dict(sorted(metrics.items())), "comparison", name="compare")
        stability = stability_node(approaches)
    return evaluations + Pipeline([comparison, stability])
