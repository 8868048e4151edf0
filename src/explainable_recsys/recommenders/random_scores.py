"""Random recommendations: the floor of every comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Parameters, Recommender, Seed


class ShuffleParameters(Parameters):
    """The seed of the order."""

    seed: Seed = 0


@dataclass(frozen=True, eq=False)
class Shuffle(Recommender):
    """A random order of the catalogue for each history, the same whenever it is asked.

    The score of an item is a hash of the item, the set of items in the history and the
    seed: unlike random numbers drawn in sequence, it does not depend on which users are
    scored together.

    Attributes:
        item_keys: (n_items,) uint32, a random number for each item.
        parameters: The seed that drew them.
    """

    item_keys: NDArray[np.uint32]
    parameters: ShuffleParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: ShuffleParameters) -> Shuffle:
        """Draw the item keys."""
        rng = np.random.default_rng(parameters.seed)
        keys = rng.integers(0, 2**32, interactions.n_items, dtype=np.uint32)
        return cls(keys, parameters)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_keys)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Numbers spread evenly over [0, 1); see `Recommender.scores`."""
        rated = sparse.csr_array(
            (
                self.item_keys[histories.indices].astype(np.uint64),
                histories.indices,
                histories.indptr,
            ),
            shape=histories.shape,
        )
        user_keys = _mix(np.asarray(rated.sum(axis=1)).astype(np.uint32))
        mixed = _mix(user_keys[:, None] ^ self.item_keys)
        return (mixed >> np.uint32(8)).astype(np.float32) / np.float32(2**24)


def _mix(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Scramble 32-bit integers one-to-one (Wellons 2018, hash `lowbias32`)."""
    values = values ^ (values >> np.uint32(16))
    values *= np.uint32(0x7FEB352D)
    values ^= values >> np.uint32(15)
    values *= np.uint32(0x846CA68B)
    values ^= values >> np.uint32(16)
    return values
