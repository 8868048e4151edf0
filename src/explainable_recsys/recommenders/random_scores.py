"""Random recommendations: the floor of every comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.recommenders.base import Recommender


class RandomScoresParameters(Parameters):
    """The seed of the scores."""

    seed: Seed = 0


@dataclass(frozen=True, eq=False)
class RandomScores(Recommender):
    """A random order of the catalogue for each history, the same whenever it is asked.

    The score of an item is a hash of its id, the set of items in the history and the seed. The
    history stands for the user, whose id a recommender does not know: users who rated the same
    items get the same list, and one more rating makes another list.

    Attributes:
        item_keys: (n_items,) uint64, a hash of the seed and the id of each item.
        parameters: The seed.
    """

    item_keys: NDArray[np.uint64]
    parameters: RandomScoresParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: RandomScoresParameters) -> RandomScores:
        """Hash the items."""
        keys = draws.hashes(interactions.item_ids, seed=parameters.seed, purpose="items")
        return cls(keys, parameters)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_keys)

    @property
    def is_personal(self) -> bool:
        """No: a history decides nothing but what is left out."""
        return False

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Numbers spread evenly over [0, 1); see `Recommender.scores`."""
        sums = np.append(np.uint64(0), np.cumsum(self.item_keys[histories.indices]))
        users = sums[histories.indptr[1:]] - sums[histories.indptr[:-1]]
        found = draws.hashes(
            users[:, None], self.item_keys, seed=self.parameters.seed, purpose="random scores"
        )
        return (found >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
