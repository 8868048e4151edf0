"""Item-kNN: a movie scores by how similar it is to those the user rated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, PaddedBlock
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, nearest_items
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender


class ItemKNNParameters(Parameters):
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
class ItemKNN(Recommender):
    """Item-based nearest neighbours (Sarwar et al. 2001; Deshpande & Karypis 2004).

    The score of item i is the sum over the history of r_uj s_ij, j among the k items nearest to
    i: what each rated item contributes is plain to see.

    Attributes:
        neighbours: (n_items, k) int32 columns, most similar first, padded with -1.
        similarities: (n_items, k) float32, 0 where padded.
        parameters: How they were found.
    """

    neighbours: NDArray[np.int32]
    similarities: NDArray[np.float32]
    parameters: ItemKNNParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: ItemKNNParameters) -> ItemKNN:
        """Find the neighbours of every item, in blocks of items.

        Raises:
            InputError: If k exceeds the number of other items.
        """
        if parameters.k >= interactions.n_items:
            raise InputError(
                f"parameter k: {parameters.k} neighbours were asked for, there are "
                f"{interactions.n_items} items; accepted: 1 to {interactions.n_items - 1} "
                "(item_knn.model.k, posthoc_knn.neighbours.k)"
            )
        neighbours, similarities = similar_items(interactions.ratings, parameters)
        return cls(
            neighbours.astype(np.int32),
            np.power(similarities, parameters.amplification).astype(np.float32),
            parameters,
        )

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.neighbours)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Sums of rating times similarity; see `Recommender.scores`."""
        return np.asarray((histories.astype(np.float32) @ self._to_items).toarray())

    def contributions(
        self, histories: PaddedBlock, items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Rating times similarity of every rated item; see `AdditiveRecommender`."""
        values = np.where(histories.filled, histories.values, 0.0).astype(np.float64)
        return self.similarity(histories.columns, items) * values[:, None, :]

    def similarity(self, rated: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.float64]:
        """What nearness to items (b, k) rated items (b, length) have, (b, k, length)."""
        if not items.size or not rated.size:
            return np.zeros((*items.shape, rated.shape[1]))
        rows = np.broadcast_to(rated[:, None, :], (*items.shape, rated.shape[1]))
        columns = np.broadcast_to(items[:, :, None], rows.shape)
        found = self._to_items[rows.ravel(), columns.ravel()]
        return np.asarray(found, dtype=np.float64).reshape(rows.shape)

    @cached_property
    def _to_items(self) -> sparse.csr_array:
        """(n_items, n_items) CSR: row j has the items that j is a neighbour of."""
        items, places = np.nonzero(self.neighbours >= 0)
        rows = self.neighbours[items, places]
        values = self.similarities[items, places]
        return sparse.csr_array((values, (rows, items)), shape=(self.n_items, self.n_items))


def similar_items(
    ratings: sparse.csr_array, parameters: ItemKNNParameters
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k items nearest to each item and their similarities, as `nearest_items`."""
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
