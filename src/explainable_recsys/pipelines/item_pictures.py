"""Nodes that show where items lie: on a map of factors, and in the knowledge graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.exploration.item_map import ItemMapParameters, item_map, similar_items
from explainable_recsys.figures.surroundings import (
    SurroundingsParameters,
    surroundings,
    surroundings_figure,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.emf import EMF


def map_items(
    model: EMF, data: Data, parameters: ItemMapParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Project the items to two dimensions; list what lies near what."""
    arguments = (model.item_factors, data.interactions, data.items, parameters)
    return item_map(*arguments), similar_items(*arguments)


def draw_surroundings(
    triples: pd.DataFrame, interactions: Interactions, parameters: SurroundingsParameters
) -> tuple[Any, Any]:
    """What surrounds one item, by default the most rated one, as a graph and drawn.

    Raises:
        InputError: If nobody rated the item that is asked for.
    """
    ids = interactions.item_ids.astype(str)
    if parameters.item_id is None:
        counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
        drawn = ids[np.argmax(counts)]
    elif str(parameters.item_id) in ids:
        drawn = str(parameters.item_id)
    else:
        raise InputError(
            f"parameter graph.surroundings.item_id: no item {parameters.item_id} was rated; "
            "accepted: an item_id of the ratings, or null for the item with most of them"
        )
    graph = surroundings(triples, f"item:{drawn}", parameters)
    return graph, surroundings_figure(graph)
