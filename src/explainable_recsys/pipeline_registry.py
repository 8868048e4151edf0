"""The project's pipelines: every folder of `pipelines/` is one, by its name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Find the pipelines; `__default__` is all of them together."""
    pipelines = find_pipelines(raise_errors=True)
    if "__default__" in pipelines:
        pipelines["__default__"] = sum(pipelines.values(), Pipeline([]))
    return pipelines
