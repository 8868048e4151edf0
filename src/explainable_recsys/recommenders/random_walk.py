"""Random walk with restart: personalised PageRank over items, people and entities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.knowledge.features import Features
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.item_graph import (
    ItemGraph,
    link_arrays,
    per_item,
    relation_names,
)


class RandomWalkParameters(Parameters):
    """How the walk goes.

    It starts from the liked items (from all where there are none), goes from an item to an
    entity and from there to an item, `people` of all steps over people who liked both, and
    starts again with probability `restart` after every item. It ends after `n_hops` items.
    Scores are divided by the item's number of ratings to the power of `popularity_exponent`.
    """

    restart: float = Field(0.5, gt=0, lt=1)
    n_hops: int = Field(2, ge=1)
    people: float = Field(0.9, ge=0, le=1)
    popularity_exponent: float = Field(0.5, ge=0, le=3)


@dataclass(frozen=True, eq=False)
class RandomWalk(ItemGraph):
    """How often a walk that starts at the liked items visits each item (Haveliwala 2002).

    Attributes:
        parameters: How the walk goes; the others are those of `ItemGraph`.
    """

    parameters: RandomWalkParameters

    @classmethod
    def fit(cls, data: Data, entities: Features, parameters: RandomWalkParameters) -> RandomWalk:
        """Put the links together; all relations but people share what people leave equally.

        Raises:
            InputError: As `link_arrays`.
        """
        names = relation_names(entities)
        rest = (1 - parameters.people) / max(1, len(names) - 1)
        weights = dict.fromkeys(names, rest) | {names[0]: parameters.people}
        arrays = link_arrays(data.interactions, entities, weights, data.liking)
        return cls(**arrays, parameters=parameters)

    def scores_from(self, starts: sparse.csr_array) -> NDArray[np.float32]:
        """Visits of every item, damped by popularity; see `ItemGraph.scores_from`."""
        here = np.ascontiguousarray(per_item(starts).toarray().T)
        total = np.zeros_like(here)
        stay = 1 - self.parameters.restart
        for _ in range(self.parameters.n_hops):
            here = stay * (self._inward @ (self._outward.T @ here))
            total += here
        return np.asarray(total.T * self._damping)

    @cached_property
    def _outward(self) -> sparse.csr_array:
        """(n_items, n_links) probability to go from an item to each of its links."""
        relations = self.relations[self.links]
        shares = self.relation_weights[relations] / self.item_degrees
        sums = np.bincount(self.items_of_links, weights=shares, minlength=self.n_items)
        return self.matrix(shares / np.maximum(sums[self.items_of_links], 1e-300))

    @cached_property
    def _inward(self) -> sparse.csr_array:
        """(n_items, n_links) probability to go from a link to each of its items."""
        return self.matrix(1 / self.link_degrees[self.links])

    @cached_property
    def _damping(self) -> NDArray[np.float32]:
        """(n_items,) factor of each item by its number of people."""
        of_people = self.relations[self.links] == 0
        n = np.bincount(self.items_of_links[of_people], minlength=self.n_items)
        exponent = -self.parameters.popularity_exponent
        return np.asarray(np.maximum(n, 1) ** exponent, dtype=np.float32)
