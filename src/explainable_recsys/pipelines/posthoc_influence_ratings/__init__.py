"""SVD that predicts ratings, explained by what each rating changes."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.wiring import part


def create_pipeline(**_: Any) -> Pipeline:
    """The approach, and all that it needs."""
    return part("posthoc_influence_ratings")
