"""Raw files to clean ratings, their split, and the training matrix."""

from explainable_recsys.pipelines.data_processing.pipeline import create_pipeline, prepare_data

__all__ = ["create_pipeline", "prepare_data"]
