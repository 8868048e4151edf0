"""Meta-paths over the knowledge graph, explained by the paths that carry the score."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.wiring import approach


def create_pipeline(**_: Any) -> Pipeline:
    """The approach, and all that it needs."""
    return approach("knowledge_graph")
