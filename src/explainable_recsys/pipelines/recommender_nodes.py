"""The nodes of a recommender: fit it, make lists, judge them, draw."""

from __future__ import annotations

from kedro.pipeline import Node

from explainable_recsys.answers.records import RecommenderRecord
from explainable_recsys.metrics.evaluation import evaluate_recommender
from explainable_recsys.pipelines.judging import EVALUATION_TAG, IfStored, judges_of
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.pipelines.steps import JUDGED_WITH, step_node
from explainable_recsys.recommenders.lists import make_lists


def recommender_nodes(record: RecommenderRecord) -> list[Node]:
    """All nodes of a recommender, its own steps first."""
    name = record.name
    steps = [step_node(step, name, recommender=name) for step in record.steps]
    judged = {
        "model": f"{name}.model",
        "data": "data",
        "recommendations": f"{name}.recommendations",
        "data_fingerprint": f"{name}.data_fingerprint",
        "test_ratings": "test_ratings",
        "recommendation": "params:recommendation",
        **JUDGED_WITH,
    }
    if any(f"{name}.list_metrics" in step.outputs for step in record.steps):
        judged["list_metrics"] = f"{name}.list_metrics"
    return [
        *steps,
        step_node(record.training, name, "fit", recommender=name),
        Node(
            make_lists,
            [f"{name}.model", "data", "data_version", "params:recommendation"],
            [f"{name}.recommendations", f"{name}.data_fingerprint"],
            name="recommend",
            namespace=name,
        ),
        Node(
            IfStored(evaluate_recommender, 3),
            judged,
            [f"{name}.metrics", f"{name}.user_metrics", f"{name}.evaluated_on"],
            name="evaluate",
            namespace=judges_of(name),
            tags=EVALUATION_TAG,
        ),
        *pictures(name),
    ]
