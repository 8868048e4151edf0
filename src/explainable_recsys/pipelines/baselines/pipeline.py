"""Wiring of the baselines; each is an approach without explanations."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import evaluated_approach
from explainable_recsys.pipelines.baselines import nodes


def create_pipeline(**_: Any) -> Pipeline:
    """The approaches `popularity`, `random` and `bias`."""
    popularity = Node(nodes.fit_popularity, "interactions", "model", name="fit")
    random = Node(nodes.fit_random, ["interactions", "params:model"], "model", name="fit")
    bias = Node(nodes.fit_bias, ["interactions", "params:model"], "model", name="fit")
    return (
        evaluated_approach("popularity", [popularity])
        + evaluated_approach("random", [random])
        + evaluated_approach("bias", [bias])
    )
