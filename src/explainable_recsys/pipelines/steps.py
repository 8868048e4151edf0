"""How nodes are made: of functions, and of steps, those that judge among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kedro.pipeline import Node

from explainable_recsys.answers.records import Step
from explainable_recsys.pipelines.judging import judges_of

JUDGEMENTS = ("metrics", "user_metrics", "evaluated_on")
"""What is noted of everybody who is judged."""

CHOICE = "choice"
"""Tag of the nodes that choose hyper-parameters."""

DIAGNOSTICS = "diagnostics"
"""Tag of the nodes that only try something out."""


def node(run: Callable[..., Any], inputs: Any, outputs: Sequence[str], **more: Any) -> Node:
    """A node with the name of its function, which returns no tuple if it makes one dataset."""
    made = list(outputs) if len(outputs) > 1 else outputs[0]
    return Node(run, inputs, made, **{"name": run.__name__, **more})


def step_node(step: Step, namespace: str, called: str | None = None, **names: str) -> Node:
    """A step as a node, in a box of the evaluation if it judges.

    It does if what it makes first is metrics, faithfulness, or reasons of the null.

    Args:
        step: The step.
        namespace: Whose it is.
        called: Name of the node, if not that of the function.
        names: What stands in the place of `{…}` in what it reads and makes.
    """
    outputs = [name.format(**names) for name in step.outputs]
    inputs = {argument: name.format(**names) for argument, name in step.inputs.items()}
    run, tags = step.run, [CHOICE] * step.chooses + [DIAGNOSTICS] * step.diagnostic
    if outputs[0].endswith(("metrics", ".faithfulness", ".explanations_of_null")):
        namespace = judges_of(namespace)
    return node(run, inputs, outputs, name=called or run.__name__, namespace=namespace, tags=tags)
