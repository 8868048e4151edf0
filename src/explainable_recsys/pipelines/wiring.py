"""Make nodes from the records of recommenders, knowledge and approaches.

Every record is a namespace, and a box in kedro-viz. Which nodes belong to a pipeline follows from
what they read: a pipeline is some namespaces and all that they need.
"""

from __future__ import annotations

import functools

from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.answers.pairs import APPROACHES, knowledge_of
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.pipelines.data_processing.pipeline import prepare_data
from explainable_recsys.pipelines.family_nodes import (
    approach_nodes,
    control_nodes,
    knowledge_nodes,
    recommender_nodes,
)
from explainable_recsys.pipelines.judging import whose
from explainable_recsys.pipelines.steps import DIAGNOSTICS

FAMILIES = frozenset({*RECOMMENDERS, *KNOWLEDGE, *APPROACHES})
"""Names of all recommenders, knowledge and approaches."""


def approach(name: str) -> Pipeline:
    """An approach with its recommender, beside most-popular and random, and all they need."""
    pair = APPROACHES[name]
    return part(name, pair.recommender, *knowledge_of(pair), *CONTROLS)


def part(*namespaces: str) -> Pipeline:
    """Some recommenders, knowledge or approaches, and all that they need from the raw files on."""
    names = {"data_processing.describe_dataset"} | {
        node.name
        for node in everything().nodes
        if whose(node) in namespaces and DIAGNOSTICS not in node.tags
    }
    return everything().to_nodes(*names)


@functools.cache
def everything() -> Pipeline:
    """All recommenders, knowledge and approaches, those on request too, with their data."""
    nodes, controls = list[Node](), dict[str, Node]()
    for knowledge in KNOWLEDGE.values():
        nodes += knowledge_nodes(knowledge)
    for recommender in RECOMMENDERS.values():
        nodes += recommender_nodes(recommender)
    for pair in APPROACHES.values():
        nodes += approach_nodes(pair)
        for node in control_nodes(pair):
            controls.setdefault(node.name, node)
    return prepare_data() + Pipeline([*nodes, *controls.values()])
