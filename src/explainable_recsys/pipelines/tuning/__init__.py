"""Search for better hyper-parameters of a recommender, on validation ratings."""

from explainable_recsys.pipelines.tuning.pipeline import create_pipeline

__all__ = ["create_pipeline"]
