"""Wiring of the data processing."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.pipelines.data_processing import nodes
from explainable_recsys.pipelines.data_processing.exploration import explore_data


def prepare_data() -> Pipeline:
    """Raw files to ratings, items, users, split parts, interactions and the card."""
    parts = ["train_ratings", "validation_ratings", "test_ratings", "fold_in_ratings"]
    return Pipeline(
        [
            Node(
                nodes.validate_ratings,
                ["raw_ratings", "params:source"],
                "validated_ratings",
                name="validate_ratings",
            ),
            Node(
                nodes.clean_ratings,
                ["validated_ratings", "raw_items", "params:source", "params:cleaning"],
                ["ratings", "cleaning_report"],
                name="clean_ratings",
            ),
            Node(
                nodes.clean_items,
                ["raw_items", "ratings", "params:source"],
                "items",
                name="clean_items",
            ),
            Node(
                nodes.clean_users,
                ["raw_users", "ratings", "params:source"],
                "users",
                name="clean_users",
            ),
            Node(
                nodes.split_ratings,
                ["ratings", "raw_train", "raw_test", "params:split"],
                parts,
                name="split_ratings",
            ),
            Node(
                nodes.build_interactions,
                ["train_ratings", "validation_ratings"],
                "interactions",
                name="build_interactions",
            ),
            Node(
                nodes.gather_data,
                ["interactions", "fold_in_ratings", "items", "users", "params:source"],
                "data",
                name="gather_data",
            ),
            Node(
                nodes.link_items,
                ["raw_links", "raw_linked_items", "raw_items", "params:source"],
                "links",
                name="link_items",
            ),
            Node(
                nodes.note_version,
                [*parts, "params:source", "params:split"],
                "data_version",
                name="note_version",
            ),
            Node(
                nodes.describe_dataset,
                ["ratings", *parts, "cleaning_report", "params:source"],
                "dataset_card",
                name="describe_dataset",
            ),
        ],
        namespace="data_processing",
        prefix_datasets_with_namespace=False,
    )


def create_pipeline(**_: Any) -> Pipeline:
    """The same, and tables and figures that describe the ratings."""
    return prepare_data() + explore_data()
