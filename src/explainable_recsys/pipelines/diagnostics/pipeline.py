"""Wiring of the diagnostics: what depends on a seed is made again, and what is tried out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.diagnostics.copies import copied
from explainable_recsys.pipelines.diagnostics.fold_in import fold_in_nodes
from explainable_recsys.pipelines.diagnostics.nodes import measure_stability, some_users_lists
from explainable_recsys.pipelines.steps import CHOICE, DIAGNOSTICS
from explainable_recsys.pipelines.wiring import FAMILIES, everything
from explainable_recsys.pipelines.wrapped import Wrapped

LISTS = ".recommendations"
SEEDS = 2**32


class Reseeded(Wrapped):
    """A node's function with every seed among its parameters one higher."""

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Call it."""
        shifted = {name: _reseeded(value) for name, value in named.items()}
        return self.run(*(_reseeded(value) for value in inputs), **shifted)


def create_pipeline(**_: Any) -> Pipeline:
    """Train and explain again what is random; compare the reasons of the same lists.

    The lists stay those that are stored (of some users), so that what is compared are two
    explanations of one thing. Every recommender is also trained without some people, who are
    folded in. With them run the steps that only try something out.
    """
    pairs = [pair for pair in APPROACHES.values() if not pair.on_request]
    explained = [f"{pair.name}.explanations" for pair in pairs]
    models = [f"{name}.model" for name in RECOMMENDERS]
    again, nodes = dict[str, str](), list[Node]()
    for pair in pairs:
        lists = f"{pair.recommender}{LISTS}"
        if lists not in again:
            again[lists] = f"{pair.recommender}_some_lists"
            nodes.append(
                Node(
                    some_users_lists,
                    [lists, "params:stability"],
                    again[lists],
                    name=again[lists],
                    namespace=DIAGNOSTICS,
                )
            )
    nodes += _again(everything().to_outputs(*explained, *models), again)
    compared = {name: name for name in explained}
    compared |= {f"{name}_again": again[name] for name in explained if name in again}
    compared |= {f"{pair.name}.lists": again[f"{pair.recommender}{LISTS}"] for pair in pairs}
    compare = Node(
        measure_stability,
        {"stability": "params:stability", "evaluation": "params:evaluation", **compared},
        "stability",
        name="measure_stability",
        namespace=DIAGNOSTICS,
    )
    nodes += fold_in_nodes(again)
    gather = everything().only_nodes("data_processing.gather_data")
    return gather + everything().only_nodes_with_tags(DIAGNOSTICS) + Pipeline([*nodes, compare])


def _again(pipeline: Pipeline, again: dict[str, str]) -> Iterator[Node]:
    """The nodes that have a seed, and those that read what these make; notes the new names."""
    for node in pipeline.nodes:  # in the order in which they can run
        if node.namespace not in FAMILIES or CHOICE in node.tags:
            continue
        if any(name in again for name in node.outputs):  # the lists stay as they are
            continue
        changed = [name for name in node.inputs if name in again]
        if _has_seed(node.func) or any(not name.endswith(LISTS) for name in changed):
            again |= {name: f"{name.replace('.', '_')}_again" for name in node.outputs}
            yield copied(node, Reseeded(node.func), again, "again")


def _has_seed(run: Callable[..., Any]) -> bool:
    """Whether a parameter of a node's function has a seed."""
    kinds = get_type_hints(run)
    names = inspect.signature(run).parameters
    return any("seed" in getattr(kinds.get(name), "model_fields", {}) for name in names)


def _reseeded(value: Any) -> Any:
    if isinstance(value, Parameters) and "seed" in type(value).model_fields:
        return value.model_copy(update={"seed": (value.seed + 1) % SEEDS})  # type: ignore[attr-defined]
    return value
