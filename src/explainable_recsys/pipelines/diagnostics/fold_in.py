"""Wiring of the fold-in: every recommender trained without some people, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.experiments.fold_in import fold_people_in, leave_people_out
from explainable_recsys.pipelines.diagnostics.copies import Timed, copied
from explainable_recsys.pipelines.diagnostics.nodes import (
    FOLDED_IN,
    TIMES,
    draw_fold_in,
    gather_fold_in,
)
from explainable_recsys.pipelines.steps import CHOICE, DIAGNOSTICS, node
from explainable_recsys.pipelines.wiring import FAMILIES, everything

WITHOUT, SECONDS = "without_some", "_seconds"
RATINGS = ("train_ratings", "validation_ratings")
"""All that models, and the knowledge that they read, learn from."""

PARAMETERS = {"fold_in": "params:fold_in"}


def fold_in_nodes(again: Mapping[str, str]) -> list[Node]:
    """Leave some people out of all training, fold them in, compare with the stored models.

    Args:
        again: By name of the model (and of other things) that of the same with other seeds.
    """
    names = {name: f"{name}_{WITHOUT}" for name in RATINGS}
    leave_out = _node(leave_people_out, {n: n for n in RATINGS} | PARAMETERS, list(names.values()))
    training = Pipeline(list(_without_some(names)))
    compare = [_compare(name, names, again, training) for name in RECOMMENDERS]
    gathered = {name: name for one in compare for name in one.outputs}
    gather = _node(
        gather_fold_in,
        {"evaluation": "params:evaluation"} | PARAMETERS | gathered,
        ["fold_in", "fold_in_seconds"],
    )
    draw = _node(
        draw_fold_in,
        {"fold_in": "fold_in", "seconds": "fold_in_seconds"},
        ["fold_in_figure", "fold_in_seconds_figure"],
    )
    return [leave_out, *training.nodes, *compare, gather, draw]


def _without_some(names: dict[str, str]) -> Iterator[Node]:
    """The nodes that make models of ratings; notes the new names.

    Chosen hyper-parameters stay as they are. Data processing, which is the same for everybody, is
    no part of the seconds.
    """
    models = [f"{name}.model" for name in RECOMMENDERS]
    for made in everything().to_outputs(*models).nodes:  # in the order in which they can run
        if CHOICE in made.tags or not names.keys() & set(made.inputs):
            continue
        names |= {name: f"{name.replace('.', '_')}_{WITHOUT}" for name in made.outputs}
        if made.namespace in FAMILIES:
            seconds = f"{made.namespace}_{made._name}{SECONDS}"
            yield copied(made, Timed(made.func), names, WITHOUT, seconds)
        else:
            yield copied(made, made.func, names, WITHOUT)


def _compare(
    name: str, names: Mapping[str, str], again: Mapping[str, str], training: Pipeline
) -> Node:
    """The node that folds people into one recommender."""
    model = f"{name}.model"
    steps = training.to_outputs(names[model]).all_outputs()
    inputs = {"without": names[model], "data_without": names["data"], "model": model}
    inputs |= {name: name for name in ("data", "test_ratings")}
    inputs |= {"recommendation": "params:recommendation"} | PARAMETERS
    inputs |= {"again": again[model]} if model in again else {}
    inputs |= {step: step for step in sorted(steps) if step.endswith(SECONDS)}
    return _node(
        fold_people_in, inputs, [f"{name}{FOLDED_IN}", f"{name}{TIMES}"], f"{name}_fold_in"
    )


def _node(run: Callable[..., Any], inputs: Any, outputs: list[str], called: str = "") -> Node:
    return node(run, inputs, outputs, name=called or run.__name__, namespace=DIAGNOSTICS)
