"""The nodes of an approach: explain lists, the controls' too, measure, judge, draw."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from kedro.pipeline import Node

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import provided
from explainable_recsys.answers.pairs import knowledge_of
from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.answers.records import Pair
from explainable_recsys.metrics.evaluation import evaluate_approach, faithfulness_tables
from explainable_recsys.pipelines.explaining import Explain
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.pipelines.steps import JUDGED_WITH, JUDGEMENTS, judge_node, node, step_node


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
        asked = pair.recommender if explainer.asks_model else control
        yield node(
            Explain(pair, control=True),
            {
                "model": f"{asked}.model",
                "data": "data",
                "recommendations": f"{control}.recommendations",
                **_explained_with(pair),
                "evaluation": "params:evaluation",
            },
            [f"{owner}.{table}_of_{control}" for table in tables],
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


def approach_nodes(pair: Pair) -> Iterable[Node]:
    """All nodes of an approach but those of the controls, which several may share."""
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
    yield judge_node(
        faithfulness_tables,
        {
            **explained,
            "evaluation": "params:evaluation",
            **({"projected_evidence": f"{name}.projected_evidence"} if projected else {}),
        },
        [f"{name}.faithfulness", f"{name}.faithfulness_curves", f"{name}.faithfulness_by_user"],
        name="measure_faithfulness",
    )
    evaluate = functools.partial(evaluate_approach, adds_up=explainer.adds_up)
    yield judge_node(
        functools.update_wrapper(evaluate, evaluate_approach),
        {
            **explained,
            "data_fingerprint": f"{pair.recommender}.data_fingerprint",
            "faithfulness_by_user": f"{name}.faithfulness_by_user",
            **JUDGED_WITH,
            **({"approach_metrics": f"{name}.approach_metrics"} if explainer.measure else {}),
            **{f"explanations_of_{c}": f"{owner}.explanations_of_{c}" for c in controls},
            **{f"recommendations_of_{c}": f"{c}.recommendations" for c in controls},
        },
        [f"{name}.{table}" for table in JUDGEMENTS],
        name="evaluate",
    )
    yield from pictures(name)
