"""Wiring of the data processing."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.exploration import people as about_people
from explainable_recsys.exploration import ratings as about_ratings
from explainable_recsys.figures import (
    exploration_filters,
    exploration_items,
    exploration_people,
    exploration_ratings,
)
from explainable_recsys.pipelines.data_processing import exploration, nodes
from explainable_recsys.pipelines.steps import node
from explainable_recsys.preprocessing.splits import split_ratings

SOURCE, SPLIT = "params:source", "params:split"
PARAMETERS, DAMPING = "params:exploration", "params:exploration.damping"

FIGURES: dict[Any, list[str]] = {
    exploration_ratings.rating_distribution_figure: ["rating_distribution"],
    exploration_ratings.long_tail_figure: ["ratings_per_user", "ratings_per_item"],
    exploration_ratings.concentration_figure: ["concentration"],
    exploration_ratings.activity_figure: ["activity"],
    exploration_ratings.sparsity_figure: ["sparsity"],
    exploration_items.genres_figure: ["genres"],
    exploration_items.genre_pairs_figure: ["genre_pairs"],
    exploration_items.releases_figure: ["release_years", "release_decades"],
    exploration_items.most_rated_figure: ["most_rated"],
    exploration_items.best_rated_figure: ["best_rated", DAMPING],
    exploration_people.demographics_figure: ["demographics"],
    exploration_people.genders_by_genre_figure: ["genders_by_genre"],
    exploration_filters.cleaning_figure: ["cleaning_steps"],
    exploration_filters.cores_figure: ["cores"],
}
"""What each figure shows; it is stored under the name of the function that draws it."""


def prepare_data() -> Pipeline:
    """Raw files to ratings, items, users, split parts, interactions and the card."""
    parts = ["train_ratings", "validation_ratings", "test_ratings", "fold_in_ratings"]
    raw_links = ["raw_links", "raw_linked_items", "raw_items"]
    return Pipeline(
        [
            node(nodes.validate_ratings, ["raw_ratings", SOURCE], ["validated_ratings"]),
            node(
                nodes.clean_ratings,
                ["validated_ratings", "raw_items", SOURCE, "params:cleaning"],
                ["ratings", "cleaning_report"],
            ),
            node(nodes.clean_items, ["raw_items", "ratings", SOURCE], ["items"]),
            node(nodes.clean_users, ["raw_users", "ratings", SOURCE], ["users"]),
            node(split_ratings, ["ratings", SPLIT, "raw_train", "raw_test"], parts),
            node(
                nodes.build_interactions, ["train_ratings", "validation_ratings"], ["interactions"]
            ),
            node(
                nodes.gather_data,
                ["interactions", "fold_in_ratings", "items", "users", SOURCE],
                ["data"],
            ),
            node(nodes.link_items, [*raw_links, SOURCE], ["links"]),
            node(nodes.note_version, [SOURCE, SPLIT, *parts], ["data_version"]),
            node(
                nodes.describe_dataset,
                ["ratings", "cleaning_report", SOURCE, *parts],
                ["dataset_card"],
            ),
        ],
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )


def explore_data() -> Pipeline:
    """Tables and figures about the cleaned ratings, in the namespace `exploration`."""
    both = ["user_totals", "item_totals"]
    of_tail = ["ratings_per_user", "ratings_per_item", "concentration"]
    of_items = ["genres", "genre_pairs", "release_years", "release_decades"]
    of_items += ["most_rated", "best_rated"]
    of_filters = ["cleaning_steps", "cores"]
    nodes = [
        node(exploration.explore_ratings, ["ratings", PARAMETERS], [*both, "sparsity"]),
        node(about_ratings.rating_distribution, ["ratings"], ["rating_distribution"]),
        node(about_ratings.activity, ["ratings"], ["activity"]),
        node(exploration.explore_long_tail, both, of_tail),
        node(exploration.explore_items, ["items", *both, PARAMETERS], of_items),
        node(about_people.demographics, ["users", "user_totals"], ["demographics"]),
        node(about_people.genders_by_genre, ["ratings", "users", "items"], ["genders_by_genre"]),
        node(exploration.explore_filters, ["ratings", "cleaning_report", PARAMETERS], of_filters),
        *(node(draw, shown, [draw.__name__]) for draw, shown in FIGURES.items()),
    ]
    return Pipeline(
        nodes,
        namespace="exploration",
        inputs={"ratings", "items", "users", "cleaning_report"},
        parameters={PARAMETERS, DAMPING},
    )


def create_pipeline(**_: Any) -> Pipeline:
    """The same, and tables and figures that describe the ratings."""
    return prepare_data() + explore_data()
