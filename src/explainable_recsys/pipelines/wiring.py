"""Make nodes from the records of recommenders, knowledge and approaches.

Every record is a namespace, and a box in kedro-viz. Which nodes belong to a pipeline follows from
what they read: a pipeline is some namespaces and all that they need.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.answer import FittedPair, answer
from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import KNOWLEDGE, provided
from explainable_recsys.answers.pairs import APPROACHES, knowledge_of
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.answers.records import Pair, RecommenderRecord, Step
from explainable_recsys.data import Data, Lists
from explainable_recsys.metrics.evaluation import (
    evaluate_approach,
    evaluate_recommender,
    faithfulness_tables,
)
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.data_processing.pipeline import prepare_data
from explainable_recsys.pipelines.judging import EVALUATION_TAG, IfStored, judges_of, whose
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import make_lists

JUDGED_WITH = {"evaluation": "params:evaluation", "data_version": "data_version"}


def approach(name: str) -> Pipeline:
    """An approach with its recommender and knowledge, and all that they need."""
    pair = APPROACHES[name]
    return part(name, pair.recommender, *knowledge_of(pair))


CHOICE = "choice"
"""Tag of the nodes that choose hyper-parameters."""

FAMILIES = frozenset({*RECOMMENDERS, *KNOWLEDGE, *APPROACHES})
"""Names of all recommenders, knowledge and approaches."""


def part(*namespaces: str) -> Pipeline:
    """Some recommenders, knowledge or approaches, and all that they need from the raw files on."""
    names = {"data_processing.describe_dataset"} | {
        node.name for node in everything().nodes if whose(node) in namespaces
    }
    return everything().to_nodes(*names)


@functools.cache
def everything() -> Pipeline:
    """All recommenders, knowledge and approaches, those on request too, with their data."""
    nodes = [*_knowledge_nodes()]
    for recommender in RECOMMENDERS.values():
        nodes += _recommender_nodes(recommender)
    controls: dict[str, Node] = {}
    for pair in APPROACHES.values():
        nodes += _approach_nodes(pair)
        for node in control_nodes(pair):
            controls.setdefault(node.name, node)
    nodes += controls.values()
    return prepare_data() + Pipeline(nodes)


def step_node(step: Step, namespace: str, **names: str) -> Node:
    """A step as a node; `names` stand in the place of `{…}` in what it reads and makes."""
    outputs = [name.format(**names) for name in step.outputs]
    judges = outputs[0].endswith("_metrics")
    return Node(
        IfStored(step.run, len(outputs)) if judges else step.run,
        {argument: name.format(**names) for argument, name in step.inputs.items()},
        outputs if len(outputs) > 1 else outputs[0],
        name=step.run.__name__,
        namespace=judges_of(namespace) if judges else namespace,
        tags=EVALUATION_TAG if judges else CHOICE if step.chooses else None,
    )


def _knowledge_nodes() -> Iterable[Node]:
    for record in KNOWLEDGE.values():
        yield from (step_node(step, record.name) for step in record.steps)
        yield from pictures(record.name)


def fit_node(record: RecommenderRecord) -> Node:
    """The node that makes a recommender's model."""
    usual = {"interactions": "interactions", "parameters": f"params:{record.name}.model"}
    inputs = dict(usual if record.inputs is None else record.inputs)
    return Node(record.fit, inputs, f"{record.name}.model", name="fit", namespace=record.name)


def _recommender_nodes(record: RecommenderRecord) -> list[Node]:
    name = record.name
    steps = [step_node(step, name) for step in record.steps]
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
        fit_node(record),
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


class Explain:
    """The node function that answers for a pair, with the types of the pair's own parameters."""

    def __init__(self, pair: Pair, control: bool = False) -> None:
        """Prepare.

        Args:
            pair: Who answers.
            control: Whether the lists are a control's, of which only some users' are explained.
        """
        self.pair, self.control = pair, control
        self.__name__ = "explain"
        explainer = EXPLAINERS[pair.explainer]
        known = inspect.signature(explainer.explain, eval_str=True).parameters
        kinds: dict[str, Any] = {
            "model": Recommender,
            "data": Data,
            "recommendations": pd.DataFrame,
            "parameters": explainer.parameters,
            **{name: known[name].annotation for name in provided(knowledge_of(pair))},
        }
        if control:
            kinds["evaluation"] = EvaluationParameters
        self.__annotations__ = kinds
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
                for name, kind in kinds.items()
            ]
        )

    def __call__(
        self,
        model: Recommender,
        data: Data,
        recommendations: pd.DataFrame,
        parameters: Parameters,
        evaluation: EvaluationParameters | None = None,
        **knowledge: Any,
    ) -> pd.DataFrame | tuple[pd.DataFrame, ...]:
        """Explain stored lists: the evidence, the sentences (not of controls), the details."""
        if isinstance(parameters, Mapping):  # the approach has no block of parameters
            parameters = EXPLAINERS[self.pair.explainer].parameters(**parameters)
        if evaluation is not None:
            recommendations = of_control_users(recommendations, evaluation)
        lists = Lists.of(data.histories, recommendations)
        said = answer(FittedPair(self.pair, model, parameters, knowledge), data, lists=lists)
        explainer = EXPLAINERS[self.pair.explainer]
        details = (said.details[name] for name in explainer.details)
        if not self.control:
            return (said.explanations, said.sentences, *details)
        return (said.explanations, *details) if explainer.asks_model else said.explanations


def explain_node(pair: Pair) -> Node:
    """The node that explains a pair's lists."""
    tables = ["explanations", "sentences", *EXPLAINERS[pair.explainer].details]
    return Node(
        Explain(pair),
        {
            "model": f"{pair.recommender}.model",
            "data": "data",
            "recommendations": f"{pair.recommender}.recommendations",
            **_explained_with(pair),
        },
        [f"{pair.name}.{table}" for table in tables],
        name="explain",
        namespace=pair.name,
    )


def control_nodes(pair: Pair) -> Iterable[Node]:
    """The same pair on the lists of the controls, if it may find no reasons.

    What does not ask the model says the same whomever it explains, so that is made once, with the
    parameters of the first approach. They have a namespace of their own: in that of knowledge
    kedro-viz saw knowledge wait for recommenders' lists, and showed no layers.
    """
    explainer, owner = EXPLAINERS[pair.explainer], control_owner(pair)
    tables = ["explanations", *(explainer.details if explainer.asks_model else ())]
    for control in CONTROLS if explainer.on_controls else ():
        made = [f"{owner}.{table}_of_{control}" for table in tables]
        asked = pair.recommender if explainer.asks_model else control
        yield Node(
            Explain(pair, control=True),
            {
                "model": f"{asked}.model",
                "data": "data",
                "recommendations": f"{control}.recommendations",
                **_explained_with(pair),
                "evaluation": "params:evaluation",
            },
            made if len(made) > 1 else made[0],
            name=f"{owner}_of_{control}",
            namespace="controls",
        )


def control_owner(pair: Pair) -> str:
    """Whose the explanations of the controls' lists are: the approach's, or its knowledge's."""
    return pair.name if EXPLAINERS[pair.explainer].asks_model else knowledge_of(pair)[0]


def _explained_with(pair: Pair) -> dict[str, str]:
    return {
        "parameters": f"params:{pair.name}.explanation",
        **provided(knowledge_of(pair)),
    }


def _approach_nodes(pair: Pair) -> Iterable[Node]:
    explainer, name = EXPLAINERS[pair.explainer], pair.name
    controls, owner = CONTROLS if explainer.on_controls else (), control_owner(pair)
    yield explain_node(pair)
    if explainer.measure:
        yield step_node(explainer.measure, name, approach=name, recommender=pair.recommender)
    explained = {
        "model": f"{pair.recommender}.model",
        "data": "data",
        "recommendations": f"{pair.recommender}.recommendations",
        "explanations": f"{name}.explanations",
        "faithfulness": "params:faithfulness",
    }
    projected = "projected_evidence" in explainer.details
    yield Node(
        IfStored(faithfulness_tables, 3),
        {
            **explained,
            "evaluation": "params:evaluation",
            **({"projected_evidence": f"{name}.projected_evidence"} if projected else {}),
        },
        [f"{name}.faithfulness", f"{name}.faithfulness_curves", f"{name}.faithfulness_by_user"],
        name="measure_faithfulness",
        namespace=judges_of(name),
        tags=EVALUATION_TAG,
    )
    evaluate = functools.partial(evaluate_approach, adds_up=explainer.adds_up)
    yield Node(
        IfStored(functools.update_wrapper(evaluate, evaluate_approach), 3),
        {
            **explained,
            "data_fingerprint": f"{pair.recommender}.data_fingerprint",
            "faithfulness_by_user": f"{name}.faithfulness_by_user",
            **JUDGED_WITH,
            **({"approach_metrics": f"{name}.approach_metrics"} if explainer.measure else {}),
            **{f"explanations_of_{c}": f"{owner}.explanations_of_{c}" for c in controls},
            **{f"recommendations_of_{c}": f"{c}.recommendations" for c in controls},
        },
        [f"{name}.metrics", f"{name}.user_metrics", f"{name}.evaluated_on"],
        name="evaluate",
        namespace=judges_of(name),
        tags=EVALUATION_TAG,
    )
    yield from pictures(name)
