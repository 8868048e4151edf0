"""All recommenders: trained, listed and judged once."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.pipelines.wiring import part


def create_pipeline(**_: Any) -> Pipeline:
    """A namespace for each, and the data."""
    return part(*RECOMMENDERS)
