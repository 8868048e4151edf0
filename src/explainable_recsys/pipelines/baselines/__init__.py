"""What every approach is compared with: most popular, random, best rated."""

from explainable_recsys.pipelines.baselines.pipeline import create_pipeline

__all__ = ["create_pipeline"]
