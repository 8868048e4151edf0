"""SVD recommendations, explained by what each rating changes about the score."""

from explainable_recsys.pipelines.posthoc_influence.pipeline import create_pipeline

__all__ = ["create_pipeline"]
