"""Most-popular: the baseline that every personal recommender has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender


@dataclass(frozen=True, eq=False)
class Popularity(Recommender):
    """The same score for everybody: how many users rated the item.

    Attributes:
        n_ratings: (n_items,) float32, number of training users who rated each item.
    """

    n_ratings: NDArray[np.float32]

    @classmethod
    def fit(cls, interactions: Interactions) -> Popularity:
        """Count the ratings of each item."""
        counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
        return cls(counts.astype(np.float32))

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.n_ratings)

    @property
    def is_personal(self) -> bool:
        """No: a history decides nothing but what is left out."""
        return False

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """The counts, once per history; see `Recommender.scores`."""
        return np.tile(self.n_ratings, (histories.shape[0], 1))
