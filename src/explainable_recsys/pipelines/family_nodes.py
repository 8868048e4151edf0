"""The nodes of knowledge, recommenders and approaches: make, list, explain, judge, draw."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from kedro.pipeline import Node

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import knowledge_inputs, knowledge_of
from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.answers.records import KnowledgeRecord, Pair, RecommenderRecord, Step
from explainable_recsys.metrics.evaluation import (
    evaluate_approach,
    evaluate_recommender,
    faithfulness_tables,
)
from explainable_recsys.pipelines.explaining import Explain
from explainable_recsys.pipelines.judging import judges_of
from explainable_recsys.pipelines.pictures import pictures
from explainable_recsys.pipelines.steps import JUDGEMENTS, step_node
from explainable_recsys.recommenders.lists import make_lists


def knowledge_nodes(record: KnowledgeRecord) -> Iterable[Node]:
    """Prepare knowledge, draw it."""
    yield from (step_node(step, record.name) for step in record.steps)
    yield from pictures(record.name)


def recommender_nodes(record: RecommenderRecord) -> Iterable[Node]:
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


def explain_node(pair: Pair) -> Node:
    """The node that explains a pair's lists."""
    tables = ["explanations", "sentences", *EXPLAINERS[pair.explainer].details]
    outputs = tuple(f"{pair.name}.{table}" for table in tables)
    step = Step(Explain(pair), outputs, _explained_with(pair))
    return step_node(step, pair.name, recommender=pair.recommender)


def null_node(pair: Pair) -> Node:
    """The same lists explained to others, who have histories as long."""
    step = Step(Explain(pair, null=True), (_of_null(pair),), _explained_with(pair))
    return step_node(step, pair.name, "explain_null", recommender=pair.recommender)


def _of_null(pair: Pair) -> str:
    return f"{judges_of(pair.name)}.explanations_of_null"


def control_nodes(pair: Pair) -> Iterable[Node]:
    """The same pair on the lists of the controls, if it may find no reasons.

    What does not ask the model says the same whomever it explains, so that is made once, with the
    parameters of the first approach. They have a namespace of their own: in that of knowledge
    kedro-viz saw knowledge wait for recommenders' lists, and showed no layers.
    """
    explainer, owner = EXPLAINERS[pair.explainer], control_owner(pair)
    tables = ["explanations", *explainer.compared]
    for control in CONTROLS if explainer.on_controls else ():
        outputs = tuple(f"{owner}.{table}_of_{control}" for table in tables)
        asked = pair.recommender if explainer.asks_model else control
        lists = {"model": f"{asked}.model", "recommendations": f"{control}.recommendations"}
        step = Step(Explain(pair, control=True), outputs, lists | _explained_with(pair))
        yield step_node(step, "controls", f"{owner}_of_{control}")


def control_owner(pair: Pair) -> str:
    """Whose the explanations of the controls' lists are: the approach's, or its knowledge's."""
    return pair.name if EXPLAINERS[pair.explainer].asks_model else knowledge_of(pair)[0]


def _explained_with(pair: Pair) -> dict[str, str]:
    explanation = f"params:{pair.name}.explanation"
    return {"parameters": explanation, **knowledge_inputs(pair)}


def approach_nodes(pair: Pair) -> Iterable[Node]:
    """All nodes of an approach but those of the controls, which several may share."""
    explainer, name = EXPLAINERS[pair.explainer], pair.name
    controls, owner = CONTROLS if explainer.on_controls else (), control_owner(pair)
    names = {"approach": name, "recommender": pair.recommender}
    yield explain_node(pair)
    yield null_node(pair)
    if explainer.measure:
        yield step_node(explainer.measure, name, **names)
    taken = [f"{name}.{table}" for table in ("faithfulness", "faithfulness_curves")]
    by_user, projected = f"{judges_of(name)}.faithfulness_by_user", f"{name}.projected_evidence"
    has_projected = "projected_evidence" in explainer.details
    measured = Step(
        faithfulness_tables,
        (*taken, by_user),
        {"projected_evidence": projected} if has_projected else {},
    )
    yield step_node(measured, name, "measure_faithfulness", **names)
    evaluate = functools.partial(evaluate_approach, adds_up=explainer.adds_up)
    judged = Step(
        functools.update_wrapper(evaluate, evaluate_approach),
        tuple(f"{name}.{table}" for table in JUDGEMENTS),
        {
            "faithfulness_by_user": by_user,
            "explanations_of_null": _of_null(pair),
            **({"approach_metrics": f"{name}.approach_metrics"} if explainer.measure else {}),
            **{f"explanations_of_{c}": f"{owner}.explanations_of_{c}" for c in controls},
            **{f"recommendations_of_{c}": f"{c}.recommendations" for c in controls},
        },
    )
    yield step_node(judged, name, "evaluate", **names)
    yield from pictures(name, **names)
