"""Nodes of item neighbourhoods, as explanation and as recommender."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import Field

from explainable_recsys.explainers.neighbours import explain_by_similar_items
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.item_knn import ItemKNN, ItemKNNParameters
from explainable_recsys.wording.sentences import neighbour_sentences


class NearItemsParameters(ItemKNNParameters):
    """Which items are near enough to explain one: fewer, and more alike, than to recommend it."""

    k: int = Field(20, ge=1)
    similarity: Literal["cosine", "adjusted_cosine", "pearson"] = "adjusted_cosine"
    shrinkage: float = Field(10.0, ge=0)
    amplification: float = Field(1.0, gt=0)


class SimilarItemsParameters(Parameters):
    """Which rated items count, and how many a sentence names."""

    relevance_threshold: float | None = 4.0
    n_cited: int = Field(3, ge=1)


def find_neighbours(interactions: Interactions, parameters: NearItemsParameters) -> Recommender:
    """Find the items that can explain each item."""
    return ItemKNN.fit(interactions, parameters)


def fit_item_knn(interactions: Interactions, parameters: ItemKNNParameters) -> Recommender:
    """Find the nearest items of every item."""
    return ItemKNN.fit(interactions, parameters)


def explain(
    neighbours: ItemKNN,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    parameters: SimilarItemsParameters,
) -> pd.DataFrame:
    """Look for rated items among the nearest of each recommended one."""
    return explain_by_similar_items(
        neighbours.neighbours,
        neighbours.similarities,
        histories,
        recommendations,
        items,
        parameters.relevance_threshold,
    )


def phrase(explanations: pd.DataFrame, parameters: SimilarItemsParameters) -> pd.DataFrame:
    """Put the explanations into words."""
    return neighbour_sentences(explanations, 0, parameters.relevance_threshold, parameters.n_cited)
