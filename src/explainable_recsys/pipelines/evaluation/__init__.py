"""Every recommender and approach that is stored, measured on one scale."""

from explainable_recsys.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
