"""All knowledge: prepared once for recommenders and explainers."""

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.pipelines.wiring import part


def create_pipeline(**_: Any) -> Pipeline:
    """A namespace for each that is not for requests only, and the data."""
    return part(*(name for name, record in KNOWLEDGE.items() if not record.on_request))
