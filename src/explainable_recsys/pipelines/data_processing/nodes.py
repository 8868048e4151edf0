"""Nodes of the data processing."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pandas as pd

from explainable_recsys.data import Data
from explainable_recsys.datasets.source import SourceParameters, line_of
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge import linking
from explainable_recsys.preprocessing import cleaning
from explainable_recsys.preprocessing.card import data_version, dataset_card
from explainable_recsys.preprocessing.cleaning import CleaningParameters, Dropped
from explainable_recsys.preprocessing.splits import Split, SplitParameters

logger = logging.getLogger(__name__)


def validate_ratings(raw_ratings: pd.DataFrame, source: SourceParameters) -> pd.DataFrame:
    """Check that every rating lies on the data set's scale."""
    scale = source.rating_scale
    return cleaning.validate_ratings(
        raw_ratings, scale.minimum, scale.maximum, partial(line_of, source.ratings)
    )


def clean_ratings(
    validated_ratings: pd.DataFrame,
    raw_items: pd.DataFrame,
    source: SourceParameters,
    parameters: CleaningParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Deduplicate and filter; report what was read and what was dropped."""
    ratings, dropped = cleaning.clean_ratings(
        validated_ratings, raw_items, parameters, partial(line_of, source.ratings)
    )
    report = {
        "n_read": len(validated_ratings),
        "dropped": [step.model_dump() for step in dropped],
    }
    return ratings, report


def clean_items(
    raw_items: pd.DataFrame, ratings: pd.DataFrame, source: SourceParameters
) -> pd.DataFrame:
    """Tidy titles; keep the items that were rated."""
    if source.items is None:
        return cleaning.clean_items(raw_items, ratings)
    return cleaning.clean_items(raw_items, ratings, partial(line_of, source.items))


def clean_users(
    raw_users: pd.DataFrame, ratings: pd.DataFrame, source: SourceParameters
) -> pd.DataFrame:
    """Keep the users who rated; an empty table where the data set describes no users."""
    if source.users is not None:
        cleaning.check_listed_once(raw_users["user_id"], "user", partial(line_of, source.users))
    kept = raw_users["user_id"].isin(ratings["user_id"].unique())
    return raw_users[kept].sort_values("user_id", ignore_index=True)


def build_interactions(
    train_ratings: pd.DataFrame, validation_ratings: pd.DataFrame
) -> Interactions:
    """Build the matrix that models learn from: everything not held out for the test.

    Validation ratings choose hyper-parameters; the final models learn from them too.
    """
    return Interactions.from_frame(pd.concat([train_ratings, validation_ratings]))


def gather_data(
    interactions: Interactions,
    fold_in_ratings: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.DataFrame,
    source: SourceParameters,
) -> Data:
    """Put together what methods may ask; lists are made from held-out users' ratings, if any."""
    histories = interactions
    if not fold_in_ratings.empty:
        histories = interactions.histories(fold_in_ratings)
    return Data(interactions, histories, items, users, source.rating_scale, source.liking)


def link_items(
    raw_links: pd.DataFrame,
    raw_linked_items: pd.DataFrame,
    raw_items: pd.DataFrame,
    source: SourceParameters,
) -> pd.DataFrame:
    """Which entity of the raw triples each item is; no rows without a graph."""
    if source.graph is None:
        return raw_links
    files = f"{source.graph.triples.file} and {source.graph.links.file}"
    if raw_links.empty:
        logger.info("no files %s: the graph has only what the other tables say", files)
        return raw_links
    row_name = partial(line_of, source.graph.links)
    carried = source.graph.items is not None
    linking.check_links(raw_links, raw_items["item_id"][: 0 if carried else None], row_name)
    links = raw_links
    if carried:
        links = linking.carry_links(raw_links, raw_linked_items, raw_items)
    logger.info("%s: linked to %d of %d items", files, len(links), len(raw_items))
    return links


def note_version(
    source: SourceParameters, parameters: SplitParameters, *parts: pd.DataFrame
) -> dict[str, Any]:
    """Name and fingerprint of the data, and its split; every approach keeps it with its lists."""
    version, chosen = data_version(Split(*parts)), parameters.model_dump(mode="json")
    return {"name": source.name, "version": version, "split": chosen}


def describe_dataset(
    ratings: pd.DataFrame,
    cleaning_report: dict[str, Any],
    source: SourceParameters,
    *parts: pd.DataFrame,
) -> dict[str, Any]:
    """Write the dataset card."""
    dropped = [Dropped.model_validate(step) for step in cleaning_report["dropped"]]
    return dataset_card(source.name, ratings, Split(*parts), dropped, cleaning_report["n_read"])
