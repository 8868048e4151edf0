"""The nodes of a recommender: fit it, make lists, judge them, draw."""

from __future__ import annotations

from kedro.pipeline import Node

from explainable_recsys.answers.records import RecommenderRecord
from explainable_recsys.metrics.evaluation import evaluate_recommender
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.pipelines.steps import JUDGED_WITH, JUDGEMENTS, judge_node, node, step_node
from explainable_recsys.recommenders.lists import make_lists


def recommender_nodes(record: RecommenderRecord) -> list[Node]:
    """All nodes of a recommender, its own steps first."""
    name = record.name
    usual = {"interactions": "interactions", "parameters": f"params:{name}.model"}
    fitted_on = dict(usual if record.inputs is None else record.inputs)
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
        *(step_node(step, name) for step in record.steps),
        node(record.fit, fitted_on, [f"{name}.model"], name="fit", namespace=name),
        node(
            make_lists,
            [f"{name}.model", "data", "data_version", "params:recommendation"],
            [f"{name}.recommendations", f"{name}.data_fingerprint"],
            name="recommend",
            namespace=name,
        ),
        judge_node(
            evaluate_recommender, judged, [f"{name}.{t}" for t in JUDGEMENTS], name="evaluate"
        ),
        *pictures(name),
    ]
