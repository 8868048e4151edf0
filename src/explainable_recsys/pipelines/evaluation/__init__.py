"""Every approach that there is, measured on one scale."""

from explainable_recsys.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
