"""SVD recommendations, explained afterwards by association rules."""

from explainable_recsys.pipelines.posthoc_ar.pipeline import create_pipeline

__all__ = ["create_pipeline"]
