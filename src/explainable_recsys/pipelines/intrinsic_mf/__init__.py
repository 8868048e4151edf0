"""Explainable matrix factorization, explained by the neighbours it was drawn to."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.wiring import approach


def create_pipeline(**_: Any) -> Pipeline:
    """The approach, and all that it needs."""
    return approach("intrinsic_mf")
