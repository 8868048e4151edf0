"""Nodes again, with another function around theirs and other datasets."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

from kedro.pipeline import Node

from explainable_recsys.pipelines.steps import DIAGNOSTICS
from explainable_recsys.pipelines.wrapped import Wrapped


class Timed(Wrapped):
    """A node's function that says last how many seconds it took."""

    def __call__(self, *inputs: Any, **named: Any) -> tuple[Any, ...]:
        """Call it."""
        start = time.perf_counter()
        made = self.run(*inputs, **named)
        seconds = time.perf_counter() - start
        return (*made, seconds) if isinstance(made, tuple) else (made, seconds)


def copied(
    node: Node, run: Callable[..., Any], names: Mapping[str, str], ending: str, *more: str
) -> Node:
    """A node of the diagnostics that does what another one does.

    Args:
        node: The other one.
        run: Its function, with something around it if that is wanted.
        names: What it reads and makes, by what the other one does where that differs.
        ending: Of its name.
        more: What it makes besides.
    """
    arguments = inspect.signature(node.func).bind(*node.inputs).arguments
    made = [*(names[name] for name in node.outputs), *more]
    return Node(
        run,
        {argument: names.get(name, name) for argument, name in arguments.items()},
        made if len(made) > 1 else made[0],
        name=f"{node.namespace}_{node._name}_{ending}",
        namespace=DIAGNOSTICS,
    )
