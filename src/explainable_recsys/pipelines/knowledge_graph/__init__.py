"""What is known of items and users, as a graph."""

from explainable_recsys.pipelines.knowledge_graph.pipeline import create_pipeline

__all__ = ["create_pipeline"]
