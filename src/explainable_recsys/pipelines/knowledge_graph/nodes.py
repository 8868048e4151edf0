"""Nodes that build, describe and draw the knowledge graph."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from explainable_recsys.datasets.source import SourceParameters, line_of
from explainable_recsys.errors import InputError
from explainable_recsys.figures.surroundings import (
    SurroundingsParameters,
    surroundings,
    surroundings_figure,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge import graph, linking
from explainable_recsys.knowledge.features import Features
from explainable_recsys.knowledge.graph import GraphParameters
from explainable_recsys.knowledge.graph_card import graph_card

logger = logging.getLogger(__name__)


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
    if source.graph.items is None:
        linking.check_links(raw_links, raw_items["item_id"], row_name)
        links = raw_links
    else:
        linking.check_links(raw_links, raw_linked_items["item_id"][:0], row_name)
        links = linking.carry_links(raw_links, raw_linked_items, raw_items)
    logger.info("%s: linked to %d of %d items", files, len(links), len(raw_items))
    return links


def build_triples(
    items: pd.DataFrame,
    users: pd.DataFrame,
    raw_tags: pd.DataFrame,
    raw_triples: pd.DataFrame,
    links: pd.DataFrame,
    parameters: GraphParameters,
) -> pd.DataFrame:
    """Put all that is known of items and users into one checked table."""
    triples = graph.build_triples(items, users, raw_tags, raw_triples, links, parameters)
    graph.check_triples(triples, items, users)
    return triples


def describe_graph(
    triples: pd.DataFrame,
    items: pd.DataFrame,
    raw_triples: pd.DataFrame,
    links: pd.DataFrame,
    parameters: GraphParameters,
) -> dict[str, Any]:
    """Write the card of the graph."""
    return graph_card(triples, items, raw_triples, links, parameters)


def describe_items(
    triples: pd.DataFrame, interactions: Interactions, parameters: GraphParameters
) -> Features:
    """Which items of the catalogue have which entities."""
    return graph.item_entities(triples, interactions.item_ids, parameters)


def draw_surroundings(
    triples: pd.DataFrame, interactions: Interactions, parameters: SurroundingsParameters
) -> tuple[nx.DiGraph, go.Figure]:
    """What surrounds one item, by default the most rated one, as a graph and drawn."""
    graph = surroundings(triples, f"item:{_item_drawn(interactions, parameters)}", parameters)
    return graph, surroundings_figure(graph)


def _item_drawn(interactions: Interactions, parameters: SurroundingsParameters) -> str:
    ids = interactions.item_ids.astype(str)
    if parameters.item_id is None:
        counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
        return str(ids[np.argmax(counts)])
    if str(parameters.item_id) not in ids:
        raise InputError(
            f"parameter surroundings.item_id: no item {parameters.item_id} was rated; accepted: "
            "an item_id of the ratings, or null for the item with most of them"
        )
    return str(parameters.item_id)
