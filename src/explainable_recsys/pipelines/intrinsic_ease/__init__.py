"""EASE, explained by the weights that its scores are sums of."""

from explainable_recsys.pipelines.intrinsic_ease.pipeline import create_pipeline

__all__ = ["create_pipeline"]
