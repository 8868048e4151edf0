"""Which items are near an item, by the ratings of those who rated both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, nearest_items
from explainable_recsys.named_arrays import NamedArrays
from explainable_recsys.parameters import Parameters


class ItemSimilarityParameters(Parameters):
    """Which items are near an item, and what nearness is worth.

    `similarity`: `cosine` of the ratings; `adjusted_cosine`, of the ratings minus the user's
    mean; `pearson`, of those minus the item's mean. It is multiplied by n / (n + shrinkage), n
    the number of users who rated both, and raised to `amplification` (Breese et al. 1998).
    """

    k: int = Field(260, ge=1)
    similarity: Literal["cosine", "adjusted_cosine", "pearson"] = "cosine"
    shrinkage: float = Field(3.8, ge=0)
    amplification: float = Field(0.823, gt=0)


@dataclass(frozen=True, eq=False)
class SimilarItems(NamedArrays):
    """The items nearest to each item.

    Attributes:
        neighbours: (n_items, k) int32 columns, most similar first, padded with -1.
        similarities: (n_items, k) float32, 0 where padded.
        parameters: How they were found.
    """

    neighbours: NDArray[np.int32]
    similarities: NDArray[np.float32]
    parameters: ItemSimilarityParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: ItemSimilarityParameters) -> Self:
        """Find the neighbours of every item, in blocks of items.

        Raises:
            InputError: If k exceeds the number of other items.
        """
        if parameters.k >= interactions.n_items:
            raise InputError(
                f"parameter k: {parameters.k} neighbours were asked for, there are "
                f"{interactions.n_items} items; accepted: 1 to {interactions.n_items - 1} "
                "(item_knn.model.k, similar_items.k)"
            )
        neighbours, similarities = find_similar_items(interactions.ratings, parameters)
        return cls(
            neighbours.astype(np.int32),
            np.power(similarities, parameters.amplification).astype(np.float32),
            parameters,
        )


def find_similar_items(
    ratings: sparse.csr_array, parameters: ItemSimilarityParameters
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Columns and similarities (n_items, k) of the items nearest to each, as `nearest_items`."""
    similarity: Literal["cosine", "pearson"] = "cosine"
    if parameters.similarity == "pearson":
        similarity = "pearson"
    if parameters.similarity == "adjusted_cosine":
        ratings = _minus_user_means(ratings)
    return nearest_items(
        ratings,
        NeighbourhoodParameters(
            form="items", k=parameters.k, similarity=similarity, shrinkage=parameters.shrinkage
        ),
    )


def _minus_user_means(ratings: sparse.csr_array) -> sparse.csr_array:
    """Each rating minus its user's mean; what is 0 then stays stored."""
    lengths = np.diff(ratings.indptr)
    means = ratings.sum(axis=1, dtype=np.float64) / np.maximum(lengths, 1)
    values = ratings.data - np.repeat(means, lengths)
    values[np.abs(values) < 1e-9] = 0.0
    return sparse.csr_array((values, ratings.indices, ratings.indptr), shape=ratings.shape)


class NearItemsParameters(ItemSimilarityParameters):
    """Which items are near enough to explain one: fewer, and more alike, than to recommend it."""

    k: int = Field(20, ge=1)
    similarity: Literal["cosine", "adjusted_cosine", "pearson"] = "adjusted_cosine"
    shrinkage: float = Field(10.0, ge=0)
    amplification: float = Field(1.0, gt=0)


def find_near_items(interactions: Interactions, parameters: NearItemsParameters) -> SimilarItems:
    """The items that can explain each item."""
    return SimilarItems.fit(interactions, parameters)
