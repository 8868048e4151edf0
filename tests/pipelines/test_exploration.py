"""The exploration in real Kedro sessions: its outputs, and who makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline
from pydantic import ValidationError

from explainable_recsys.pipelines.data_processing import create_pipeline
from explainable_recsys.pipelines.data_processing.exploration import ExplorationParameters
from explainable_recsys.pipelines.data_processing.pipeline import prepare_data
from explainable_recsys.pipelines.wiring import everything
from tests.conftest import PROJECT

EXPLORATION = "exploration."

OF_GROUPS = ["n_items", "share_of_items", "n_ratings", "share_of_ratings"]
OF_GROUPS += ["mean_rating", "low", "high"]

COLUMNS = {
    "user_totals": ["user_id", "n_ratings", "mean_rating"],
    "item_totals": ["item_id", "n_ratings", "mean_rating"],
    "rating_distribution": ["rating", "n_ratings", "share"],
    "ratings_per_user": ["n_ratings", "n_users", "share_with_at_least"],
    "ratings_per_item": ["n_ratings", "n_items", "share_with_at_least"],
    "concentration": ["kind", "n_first", "share", "share_of_ratings", "gini"],
    "activity": ["period", "n_ratings", "n_users", "n_new_users", "mean_rating"],
    "sparsity": [
        "user_block",
        "item_block",
        "n_users",
        "n_items",
        "n_ratings",
        "share_filled",
    ],
    "genres": ["genre", *OF_GROUPS],
    "genre_pairs": ["genre", "other", "n_items", "share", "lift"],
    "release_years": ["first_year", *OF_GROUPS],
    "release_decades": ["first_year", *OF_GROUPS],
    "most_rated": [
        "rank",
        "item_id",
        "title",
        "year",
        "n_ratings",
        "share_of_users",
        "mean_rating",
    ],
    "best_rated": [
        "rank",
        "item_id",
        "title",
        "year",
        "n_ratings",
        "share_of_users",
        "shrunk_mean",
        "mean_rating",
        "rank_by_mean",
    ],
    "demographics": [
        "attribute",
        "group",
        "n_users",
        "share_of_users",
        "n_ratings",
        "share_of_ratings",
        "mean_rating",
        "low",
        "high",
    ],
    "genders_by_genre": ["genre", "gender", "n_ratings", "share", "mean_rating"],
    "cleaning_steps": ["step", "reason", "n_ratings", "n_users", "n_items"],
    "cores": [
        "k",
        "n_ratings",
        "n_users",
        "n_items",
        "density",
        "share_of_ratings",
        "share_of_users",
        "share_of_items",
    ],
}


def explored(pipeline: Pipeline) -> set[str]:
    """What a pipeline makes in the namespace `exploration`."""
    return {name for name in pipeline.all_outputs() if name.startswith(EXPLORATION)}


@pytest.fixture(scope="module")
def made(stored: Callable[[str], Any]) -> dict[str, Any]:
    """What a run of everything made, by name without the namespace; and the dataset card."""
    found = {name: stored(name) for name in explored(create_pipeline())}
    named = {name.removeprefix(EXPLORATION): value for name, value in found.items()}
    return {**named, "dataset_card": stored("dataset_card")}


def test_every_table_has_its_columns_and_every_figure_is_one(made: dict[str, Any]) -> None:
    figures = {name for name in made if name.endswith("_figure")}
    assert len(figures) == 14
    assert all(isinstance(made[name], go.Figure) for name in figures)
    tables = made.keys() - figures - {"dataset_card"}
    assert {name: list(made[name].columns) for name in tables} == COLUMNS


def test_the_tables_are_about_the_cleaned_ratings(made: dict[str, Any]) -> None:
    card = made["dataset_card"]
    for name in ("user_totals", "item_totals", "rating_distribution", "activity", "sparsity"):
        assert made[name]["n_ratings"].sum() == card["n_ratings"], name
    assert len(made["user_totals"]) == card["n_users"]
    assert len(made["item_totals"]) == card["n_items"]
    assert made["cores"].loc[0, "density"] == pytest.approx(card["density"])
    steps = made["cleaning_steps"]["n_ratings"]
    assert [steps.iloc[0], steps.iloc[-1]] == [card["n_read"], card["n_ratings"]]
    assert made["demographics"].empty


def test_nothing_else_explores_the_data() -> None:
    bootstrap_project(PROJECT)
    exploring = {name for name, pipeline in pipelines.items() if explored(pipeline)}
    assert exploring == {"__default__", "data_processing"}
    assert not explored(prepare_data() + everything())


@pytest.mark.parametrize(
    "wrong",
    [
        {"damping": -1},
        {"n_listed": 0},
        {"n_blocks": 101},
        {"cores": [2, 2]},
        {"cores": []},
        {"x": 1},
    ],
)
def test_wrong_parameters(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExplorationParameters.model_validate(wrong)
