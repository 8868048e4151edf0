"""Wiring of the evaluation: finds the approaches by itself."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys import pipelines
from explainable_recsys.pipelines.evaluation.nodes import compare


def create_pipeline(**_: Any) -> Pipeline:
    """Evaluate the stored results of every approach again, and compare them."""
    evaluations = _evaluation_nodes()
    metrics = {str(node.namespace): node.outputs[0] for node in evaluations.nodes}
    with warnings.catch_warnings():
        # Kedro warns of a node that reads from another namespace; to compare is to do that.
        warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")
        comparison = Node(compare, dict(sorted(metrics.items())), "comparison", name="compare")
    return evaluations + Pipeline([comparison])


def _evaluation_nodes() -> Pipeline:
    """The evaluation node of each approach of each sibling folder."""
    from explainable_recsys.pipelines.approach import EVALUATION_TAG

    siblings = sorted(
        module.name
        for module in pkgutil.iter_modules(pipelines.__path__)
        if module.ispkg and module.name != "evaluation"
    )
    everything = Pipeline([])
    for name in siblings:
        module = importlib.import_module(f"{pipelines.__name__}.{name}")
        everything += module.create_pipeline()
    return everything.only_nodes_with_tags(EVALUATION_TAG)
