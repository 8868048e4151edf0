"""A factorization machine explained by LIME."""

from explainable_recsys.pipelines.posthoc_fm_lime.pipeline import create_pipeline

__all__ = ["create_pipeline"]
