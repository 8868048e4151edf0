"""Run nodes of the approaches again in memory, with other parameters or other data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.parameters import PREFIX, typed_parameters


def rerun(
    pipeline: Pipeline,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    outputs: Collection[str],
) -> dict[str, Any]:
    """Make some datasets of a pipeline from inside of a node, storing nothing.

    The nodes are those of the real run and get what they get there, so what they make is the
    same too. They get the very objects that others made, not copies: a node changes none of
    its inputs.

    Args:
        pipeline: Nodes to choose from, such as those of several approaches.
        inputs: Datasets that are there, by name. Nodes needed for nothing else do not run.
        parameters: All parameters, as configured or as the dataset `parameters` holds them.
        outputs: Names of the datasets to make.

    Returns:
        The outputs by name.

    Raises:
        InputError: If a parameter is missing or not accepted; and whatever a node raises.
        ValueError: If an output can be made from nothing that is there.
    """
    part = needed_part(pipeline, inputs, outputs)
    values = {**inputs, **typed_parameters(part, parameters)}
    last_reader = {name: node.name for node in part.nodes for name in node.inputs}
    for node in part.nodes:
        made = node.run({name: values[name] for name in node.inputs})
        values |= {name: value for name, value in made.items() if name not in inputs}
        for name in node.inputs:
            if last_reader[name] == node.name and name not in outputs:
                values.pop(name, None)
    return {name: values[name] for name in outputs}


def needed_part(pipeline: Pipeline, inputs: Collection[str], outputs: Collection[str]) -> Pipeline:
    """The nodes that must run to make the outputs, when the inputs are there.

    Raises:
        ValueError: If nothing makes one of the outputs, or something that a node reads.
    """
    makers = {name: node for node in pipeline.nodes for name in node.outputs}
    wanted, nodes = sorted(outputs), set[Node]()
    while wanted:
        name = wanted.pop()
        if name in inputs or name.startswith(PREFIX) or name == "parameters":
            continue
        if name not in makers:
            raise ValueError(f"nothing makes {name}, and it is not given")
        if makers[name] not in nodes:
            nodes.add(makers[name])
            wanted += makers[name].inputs
    return Pipeline(nodes)
