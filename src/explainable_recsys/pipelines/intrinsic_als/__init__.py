"""ALS recommendations, explained by what each rated item contributes to the score."""

from explainable_recsys.pipelines.intrinsic_als.pipeline import create_pipeline

__all__ = ["create_pipeline"]
