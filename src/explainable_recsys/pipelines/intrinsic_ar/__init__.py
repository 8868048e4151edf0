"""Recommendations made by association rules, which explain them too."""

from explainable_recsys.pipelines.intrinsic_ar.pipeline import create_pipeline

__all__ = ["create_pipeline"]
