"""Recommendations explained by similar rated items, and recommended by them."""

from explainable_recsys.pipelines.posthoc_knn.pipeline import create_pipeline

__all__ = ["create_pipeline"]
