"""Raw files to clean ratings, their split, the training matrix, and what the ratings are like."""

from explainable_recsys.pipelines.data_processing.pipeline import create_pipeline, prepare_data

__all__ = ["create_pipeline", "prepare_data"]
