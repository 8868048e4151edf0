"""SVD, explained by association rules."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.wiring import approach


def create_pipeline(**_: Any) -> Pipeline:
    """The approach, and all that it needs."""
    return approach("posthoc_ar")
