"""Wiring of the search for hyper-parameters."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.approach import RAW_TABLES
from explainable_recsys.pipelines.data_processing import prepare_data
from explainable_recsys.pipelines.tuning import nodes

DATA = ("train_ratings", "validation_ratings", "items", "users", *sorted(RAW_TABLES))
SETTINGS = ("tuning", "split", "evaluation", "recommendation", "source")


def create_pipeline(**_: Any) -> Pipeline:
    """Search; draw the trials; write a parameters file. The approach is `tuning.approach`."""
    settings = {name: f"params:{name}" for name in SETTINGS}
    search = Node(
        nodes.search_parameters,
        {name: name for name in (*DATA, "studies", "parameters")} | settings,
        ["trials", "best_parameters"],
        name="search",
    )
    draw = Node(
        nodes.draw_trials,
        "trials",
        ["history_figure", "parameters_figure"],
        name="draw",
    )
    searching = Pipeline(
        [search, draw],
        namespace="tuning",
        inputs=set(DATA),
        parameters=set(settings.values()),
    )
    return prepare_data() + searching
