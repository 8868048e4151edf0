"""Wiring of the data processing and the knowledge graph."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.data_processing import prepare_data
from explainable_recsys.pipelines.knowledge_graph.graph import RAW_DATA, graph_nodes

NAME = "knowledge_graph"


def create_pipeline(**_: Any) -> Pipeline:
    """Everything from the raw files to the graph."""
    graph = Pipeline(
        graph_nodes(),
        namespace=NAME,
        inputs={*RAW_DATA, "items", "users", "interactions"},
        parameters={"params:source"},
    )
    return prepare_data() + graph
