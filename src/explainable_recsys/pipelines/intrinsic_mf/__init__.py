"""Matrix factorization that leans towards what a user's neighbourhood can explain."""

from explainable_recsys.pipelines.intrinsic_mf.pipeline import create_pipeline

__all__ = ["create_pipeline"]
