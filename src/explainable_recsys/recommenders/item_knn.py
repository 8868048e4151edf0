"""Item-kNN: a movie scores by how similar it is to those the user rated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.knowledge.neighbours import dense_product
from explainable_recsys.knowledge.similar_items import SimilarItems
from explainable_recsys.recommenders.base import Recommender


@dataclass(frozen=True, eq=False)
class ItemKNN(Recommender, SimilarItems):
    """Item-based nearest neighbours (Sarwar et al. 2001; Deshpande & Karypis 2004).

    The score of item i is the sum over the history of r_uj s_ij, j among the k items nearest to
    i: what each rated item contributes is plain to see.

    It is nothing but its similar items, found by `fit` as those are.
    """

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.neighbours)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Sums of rating times similarity; see `Recommender.scores`."""
        return dense_product(histories.astype(np.float32), self._to_items)

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Sum up at once for all that was rated by any; see `Recommender.scores_of`."""
        rated = np.unique(histories.indices)
        ratings = histories[:, rated].astype(np.float32).toarray()
        to_items = self._to_items[rated][:, columns]
        return np.ascontiguousarray((to_items.T @ ratings.T).T)

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
        different, rows = np.unique(rated, return_inverse=True)
        rows = np.broadcast_to(rows.reshape(rated.shape)[:, None], (*items.shape, rated.shape[1]))
        columns = np.broadcast_to(items[:, :, None], rows.shape)
        found = self._to_items[different][rows.ravel(), columns.ravel()]
        return np.asarray(found, dtype=np.float64).reshape(rows.shape)

    @cached_property
    def _to_items(self) -> sparse.csr_array:
        """(n_items, n_items) CSR: row j has the items that j is a neighbour of."""
        there = self.neighbours >= 0
        starts = np.append(0, np.cumsum(there.sum(axis=1)))
        arrays = self.similarities[there], self.neighbours[there], starts.astype(np.int32)
        return sparse.csc_array(arrays, shape=(self.n_items, self.n_items)).tocsr()
