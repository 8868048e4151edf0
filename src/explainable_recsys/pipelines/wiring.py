"""Make nodes from the records of recommenders, knowledge and approaches.

Every record is a namespace, and a box in kedro-viz. Which nodes belong to a pipeline follows from
what they read: a pipeline is some namespaces and all that they need.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.answers.pairs import APPROACHES, knowledge_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.metrics.evaluation import evaluate_recommender
from explainable_recsys.pipelines.approach_nodes import approach_nodes, control_nodes
from explainable_recsys.pipelines.data_processing.pipeline import prepare_data
from explainable_recsys.pipelines.judging import whose
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.pipelines.steps import JUDGED_WITH, JUDGEMENTS, judge_node, step_node
from explainable_recsys.pipelines.steps import node as make_node
from explainable_recsys.recommenders.lists import make_lists

FAMILIES = frozenset({*RECOMMENDERS, *KNOWLEDGE, *APPROACHES})
"""Names of all recommenders, knowledge and approaches."""


def approach(name: str) -> Pipeline:
    """An approach with its recommender and knowledge, and all that they need."""
    pair = APPROACHES[name]
    return part(name, pair.recommender, *knowledge_of(pair))


def part(*namespaces: str) -> Pipeline:
    """Some recommenders, knowledge or approaches, and all that they need from the raw files on."""
    names = {"data_processing.describe_dataset"} | {
        node.name for node in everything().nodes if whose(node) in namespaces
    }
    return everything().to_nodes(*names)


@functools.cache
def everything() -> Pipeline:
    """All recommenders, knowledge and approaches, those on request too, with their data."""
    nodes, controls = list[Node](), dict[str, Node]()
    steps = {name: record.steps for name, record in KNOWLEDGE.items()}
    steps |= {name: record.steps for name, record in RECOMMENDERS.items()}
    for name in steps:
        nodes += [step_node(step, name) for step in steps[name]]
        nodes += pictures(name)
    for name in RECOMMENDERS:
        nodes += _recommender_nodes(name)
    for pair in APPROACHES.values():
        nodes += approach_nodes(pair)
        for node in control_nodes(pair):
            controls.setdefault(node.name, node)
    return prepare_data() + Pipeline([*nodes, *controls.values()])


def _recommender_nodes(name: str) -> Iterable[Node]:
    """Fit a recommender, make lists, judge them."""
    record, model = RECOMMENDERS[name], f"{name}.model"
    usual = {"interactions": "interactions", "parameters": f"params:{model}"}
    fitted_on = dict(usual if record.inputs is None else record.inputs)
    yield make_node(record.fit, fitted_on, [model], name="fit", namespace=name)
    yield make_node(
        make_lists,
        [model, "data", "data_version", "params:recommendation"],
        [f"{name}.recommendations", f"{name}.data_fingerprint"],
        name="recommend",
        namespace=name,
    )
    judged = {
        "model": model,
        "data": "data",
        "recommendations": f"{name}.recommendations",
        "data_fingerprint": f"{name}.data_fingerprint",
        "test_ratings": "test_ratings",
        "recommendation": "params:recommendation",
        **JUDGED_WITH,
    }
    if any(f"{name}.list_metrics" in step.outputs for step in record.steps):
        judged["list_metrics"] = f"{name}.list_metrics"
    judgements = [f"{name}.{table}" for table in JUDGEMENTS]
    yield judge_node(evaluate_recommender, judged, judgements, name="evaluate")
