"""What people said of the reasons that a study showed them."""

from explainable_recsys.pipelines.study_analysis.pipeline import create_pipeline

__all__ = ["create_pipeline"]
