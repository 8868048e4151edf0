"""Search for better hyper-parameters of an approach, on validation ratings."""

from explainable_recsys.pipelines.tuning.pipeline import create_pipeline

__all__ = ["create_pipeline"]
