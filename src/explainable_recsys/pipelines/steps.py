"""What the nodes of all recommenders, knowledge and approaches have in common."""

from __future__ import annotations

from kedro.pipeline import Node

from explainable_recsys.answers.records import Step
from explainable_recsys.pipelines.judging import EVALUATION_TAG, IfStored, judges_of

JUDGED_WITH = {"evaluation": "params:evaluation", "data_version": "data_version"}

CHOICE = "choice"
"""Tag of the nodes that choose hyper-parameters."""


def step_node(step: Step, namespace: str, called: str | None = None, **names: str) -> Node:
    """A step as a node; `names` stand in the place of `{…}` in what it reads and makes."""
    outputs = [name.format(**names) for name in step.outputs]
    judges = outputs[0].endswith("_metrics")
    return Node(
        IfStored(step.run, len(outputs)) if judges else step.run,
        {argument: name.format(**names) for argument, name in step.inputs.items()},
        outputs if len(outputs) > 1 else outputs[0],
        name=called or step.run.__name__,
        namespace=judges_of(namespace) if judges else namespace,
        tags=EVALUATION_TAG if judges else CHOICE if step.chooses else None,
    )
