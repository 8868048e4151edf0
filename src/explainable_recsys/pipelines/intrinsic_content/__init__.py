"""A content-based recommender, explained by the features that its scores are made of."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.wiring import approach


def create_pipeline(**_: Any) -> Pipeline:
    """The approach, and all that it needs."""
    return approach("intrinsic_content")
