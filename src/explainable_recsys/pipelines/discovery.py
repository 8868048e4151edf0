"""Find the approaches, whatever folders there are."""

from __future__ import annotations

import importlib
import pkgutil

from kedro.pipeline import Pipeline

from explainable_recsys import pipelines


def every_approach() -> Pipeline:
    """All nodes of all approaches, with those of their data."""
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(pipelines.__path__)
        if module.ispkg and module.name not in pipelines.NO_APPROACHES
    )
    everything = Pipeline([])
    for name in names:
        module = importlib.import_module(f"{pipelines.__name__}.{name}")
        everything += module.create_pipeline()
    return everything


def approach_names(pipeline: Pipeline) -> set[str]:
    """Names of the approaches that a pipeline evaluates: the namespaces that have metrics."""
    outputs = pipeline.all_outputs()
    namespaces = {str(node.namespace) for node in pipeline.nodes if node.namespace}
    return {name for name in namespaces if f"{name}.metrics" in outputs}
