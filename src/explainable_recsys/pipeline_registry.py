"""The project's pipelines: every folder of `pipelines/` is one, by its name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

from explainable_recsys.pipelines import ON_REQUEST


def register_pipelines() -> dict[str, Pipeline]:
    """Find the pipelines, from a to z; `__default__` is all that are not for requests only."""
    pipelines = dict(sorted(find_pipelines(raise_errors=True).items()))
    if "__default__" in pipelines:
        usual = (pipeline for name, pipeline in pipelines.items() if name not in ON_REQUEST)
        pipelines["__default__"] = Pipeline({node for made in usual for node in made.nodes})
    return pipelines
