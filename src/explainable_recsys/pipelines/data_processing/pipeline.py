"""Wiring of the data processing."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Pipeline

from explainable_recsys.pipelines.data_processing import nodes
from explainable_recsys.pipelines.data_processing.exploration import explore_data, named_node
from explainable_recsys.preprocessing.splits import split_ratings

SOURCE, SPLIT = "params:source", "params:split"


def prepare_data() -> Pipeline:
    """Raw files to ratings, items, users, split parts, interactions and the card."""
    parts = ["train_ratings", "validation_ratings", "test_ratings", "fold_in_ratings"]
    of_card = ["ratings", *parts, "cleaning_report", SOURCE]
    raw_links = ["raw_links", "raw_linked_items", "raw_items"]
    return Pipeline(
        [
            named_node(nodes.validate_ratings, ["raw_ratings", SOURCE], "validated_ratings"),
            named_node(
                nodes.clean_ratings,
                ["validated_ratings", "raw_items", SOURCE, "params:cleaning"],
                ["ratings", "cleaning_report"],
            ),
            named_node(nodes.clean_items, ["raw_items", "ratings", SOURCE], "items"),
            named_node(nodes.clean_users, ["raw_users", "ratings", SOURCE], "users"),
            named_node(split_ratings, ["ratings", SPLIT, "raw_train", "raw_test"], parts),
            named_node(
                nodes.build_interactions, ["train_ratings", "validation_ratings"], "interactions"
            ),
            named_node(
                nodes.gather_data,
                ["interactions", "fold_in_ratings", "items", "users", SOURCE],
                "data",
            ),
            named_node(nodes.link_items, [*raw_links, SOURCE], "links"),
            named_node(nodes.note_version, [*parts, SOURCE, SPLIT], "data_version"),
            named_node(nodes.describe_dataset, of_card, "dataset_card"),
        ],
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )


def create_pipeline(**_: Any) -> Pipeline:
    """The same, and tables and figures that describe the ratings."""
    return prepare_data() + explore_data()
