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
from explainable_recsys.answers.records import RecommenderRecord, Step
from explainable_recsys.metrics.evaluation import evaluate_recommender
from explainable_recsys.pipelines.approach_nodes import approach_nodes, control_nodes
from explainable_recsys.pipelines.data_processing.pipeline import prepare_data
from explainable_recsys.pipelines.judging import whose
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.pipelines.steps import JUDGEMENTS, step_node
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
    for knowledge in KNOWLEDGE.values():
        nodes += [step_node(step, knowledge.name) for step in knowledge.steps]
        nodes += pictures(knowledge.name)
    for recommender in RECOMMENDERS.values():
        nodes += _recommender_nodes(recommender)
    for pair in APPROACHES.values():
        nodes += approach_nodes(pair)
        for node in control_nodes(pair):
            controls.setdefault(node.name, node)
    return prepare_data() + Pipeline([*nodes, *controls.values()])


def _recommender_nodes(record: RecommenderRecord) -> Iterable[Node]:
    """Fit a recommender, make lists, judge them, draw; its own steps first."""
    name = record.name
    lists = [f"{name}.{table}" for table in ("recommendations", "data_fingerprint")]
    judgements = tuple(f"{name}.{table}" for table in JUDGEMENTS)
    more = f"{name}.list_metrics"
    has_more = any(more in step.outputs for step in record.steps)
    judge = Step(evaluate_recommender, judgements, {"list_metrics": more} if has_more else {})
    yield from (step_node(step, name, recommender=name) for step in record.steps)
    yield step_node(record.training, name, "fit", recommender=name)
    yield step_node(
        Step(make_lists, tuple(lists), {"parameters": "params:recommendation"}),
        name,
        "recommend",
        recommender=name,
    )
    yield step_node(judge, name, "evaluate", recommender=name)
    yield from pictures(name, recommender=name)
