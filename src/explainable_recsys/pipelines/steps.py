"""How nodes are made: of functions, of steps, and those that judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kedro.pipeline import Node

from explainable_recsys.answers.records import Step
from explainable_recsys.pipelines.judging import EVALUATION_TAG, IfStored, judges_of

JUDGED_WITH = {"evaluation": "params:evaluation", "data_version": "data_version"}
JUDGEMENTS = ("metrics", "user_metrics", "evaluated_on")

CHOICE = "choice"
"""Tag of the nodes that choose hyper-parameters."""


def node(run: Callable[..., Any], inputs: Any, outputs: Sequence[str], **more: Any) -> Node:
    """A node with the name of its function, which returns no tuple if it makes one dataset."""
    made = list(outputs) if len(outputs) > 1 else outputs[0]
    return Node(run, inputs, made, **{"name": run.__name__, **more})


def judge_node(
    run: Callable[..., Any], inputs: Mapping[str, str], outputs: Sequence[str], **more: Any
) -> Node:
    """A node that judges the one whose datasets it makes, if all that it reads is stored."""
    place = {"namespace": judges_of(outputs[0].partition(".")[0]), "tags": EVALUATION_TAG}
    return node(IfStored(run, len(outputs)), dict(inputs), outputs, **place, **more)


def step_node(step: Step, namespace: str, **names: str) -> Node:
    """A step as a node; `names` stand in the place of `{…}` in what it reads and makes."""
    inputs = {argument: name.format(**names) for argument, name in step.inputs.items()}
    outputs = [name.format(**names) for name in step.outputs]
    if outputs[0].endswith("_metrics"):
        return judge_node(step.run, inputs, outputs)
    tags = CHOICE if step.chooses else None
    return node(step.run, inputs, outputs, namespace=namespace, tags=tags)
