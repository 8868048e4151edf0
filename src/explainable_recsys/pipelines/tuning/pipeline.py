"""Wiring of the search for hyper-parameters."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.figures.tuning import tuning_history_figure, tuning_parameters_figure
from explainable_recsys.pipelines.data_processing.pipeline import prepare_data
from explainable_recsys.pipelines.tuning.folds import RATINGS
from explainable_recsys.pipelines.tuning.nodes import search_parameters
from explainable_recsys.pipelines.tuning.space import SETTINGS

TABLES = ("items", "users", "links", "raw_tags", "raw_triples")


def create_pipeline(**_: Any) -> Pipeline:
    """Search; draw the trials; write a parameters file. What is tuned is `tuning.recommender`."""
    settings = {name: f"params:{name}" for name in SETTINGS}
    # In the order of the function's arguments, by which Kedro finds the types of parameters.
    inputs = {name: name for name in (*RATINGS, "studies", "parameters")} | settings
    search = Node(
        search_parameters,
        inputs | {name: name for name in TABLES},
        ["trials", "best_parameters"],
        name="search",
    )
    shown = {"history_figure": tuning_history_figure, "parameters_figure": tuning_parameters_figure}
    draw = [Node(figure, "trials", name, name=f"draw_{name}") for name, figure in shown.items()]
    searching = Pipeline(
        [search, *draw],
        namespace="tuning",
        inputs={*RATINGS, *TABLES},
        parameters=set(settings.values()),
    )
    return prepare_data() + searching
