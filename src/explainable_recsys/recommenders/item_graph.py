"""Items linked by what they share: the pattern of a knowledge graph that paths lead through."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders import base
from explainable_recsys.recommenders.base import Recommender

PEOPLE = "liked by the same people"
"""The relation of items that the same people liked."""


@dataclass(frozen=True, eq=False)
class ItemGraph(Recommender):
    """Base of recommenders that walk from liked items over shared entities to other items.

    Attributes:
        row_starts: (n_items + 1,) int64; with `links` the CSR pattern of items × links.
        links: (n,) int32 columns, sorted within an item.
        relations: (n_links,) int32 relation of each link.
        relation_names: (n_relations,) text; the first is `PEOPLE`.
        relation_weights: (n_relations,) float64, 0 or more.
        link_names: (n_links,) text, such as "person:m.02vxxgs"; of people empty.
        link_labels: (n_links,) text for readers; of people empty.
        liked_from: Lowest liked rating, as `Liking` has it; paths start from what is liked.
    """

    row_starts: NDArray[np.int64]
    links: NDArray[np.int32]
    relations: NDArray[np.int32]
    relation_names: NDArray[np.str_]
    relation_weights: NDArray[np.float64]
    link_names: NDArray[np.str_]
    link_labels: NDArray[np.str_]
    liked_from: float

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.row_starts) - 1

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Scores of some histories at a time; see `Recommender.scores`."""
        starts = self.starts(histories)
        result = np.empty((starts.shape[0], self.n_items), np.float32)
        step = max(1, base.BLOCK // max(1, len(self.relations)))
        for first in range(0, starts.shape[0], step):
            result[first : first + step] = self.scores_from(starts[first : first + step])
        return result

    @abstractmethod
    def scores_from(self, starts: sparse.csr_array) -> NDArray[np.float32]:
        """Score every item for every set of liked items, (n, n_items)."""

    def starts(self, histories: sparse.csr_array) -> sparse.csr_array:
        """(n, n_items) where paths start: 1 for each liked item."""
        return liked_or_all(histories, Liking(self.liked_from))

    @cached_property
    def link_degrees(self) -> NDArray[np.int64]:
        """(n_links,) how many items have the entity."""
        return np.bincount(self.links, minlength=len(self.relations))

    @cached_property
    def item_degrees(self) -> NDArray[np.int64]:
        """(n,) how many links of the same relation the item of each link has."""
        keys = self.items_of_links * len(self.relation_names) + self.relations[self.links]
        counts = np.bincount(keys, minlength=self.n_items * len(self.relation_names))
        return np.asarray(counts[keys])

    @property
    def items_of_links(self) -> NDArray[np.int64]:
        """(n,) item of each link."""
        return np.repeat(np.arange(self.n_items), np.diff(self.row_starts))

    def matrix(self, values: NDArray[Any]) -> sparse.csr_array:
        """(n_items, n_links) float32 with a value for each link."""
        shape = (self.n_items, len(self.relations))
        arrays = values.astype(np.float32), self.links, self.row_starts
        return sparse.csr_array(arrays, shape=shape)


def link_arrays(
    interactions: Interactions,
    entities: Features,
    weights: dict[str, float],
    liking: Liking,
) -> dict[str, Any]:
    """The fields of `ItemGraph`, from who liked what and what the items are linked to.

    Args:
        interactions: Ratings to learn from.
        entities: (n_items × entities) columns of one relation side by side.
        weights: Of every relation, `PEOPLE` among them.
        liking: What is liked.

    Raises:
        InputError: If the entities are of other items, or a relation has no weight.
    """
    if entities.matrix.shape[0] != interactions.n_items:
        raise InputError(
            f"the graph has {entities.matrix.shape[0]} items, the ratings have "
            f"{interactions.n_items}; run the approach again, or load versions of one run"
        )
    names = relation_names(entities)
    if missing := [name for name in names if name not in weights]:
        raise InputError(f"no weight of relation '{missing[0]}'; there are: {', '.join(weights)}")
    places = {name: place for place, name in enumerate(names)}
    people = liked_or_all(interactions.ratings, liking).T.tocsr()
    matrix = sparse.csr_array(sparse.hstack([people, entities.matrix], format="csr"))
    matrix.sort_indices()
    nobody = [""] * interactions.n_users
    relations = [0] * interactions.n_users + [places[group] for group in entities.groups]
    return {
        "row_starts": matrix.indptr.astype(np.int64),
        "links": matrix.indices.astype(np.int32),
        "relations": np.array(relations, np.int32),
        "relation_names": np.array(names, np.str_),
        "relation_weights": np.array([weights[name] for name in names], np.float64),
        "link_names": np.array([*nobody, *entities.names], np.str_),
        "link_labels": np.array([*nobody, *entities.labels], np.str_),
        "liked_from": liking.at_least,
    }


def relation_names(entities: Features) -> Sequence[str]:
    """`PEOPLE` and the relations of the entities, in order."""
    return [PEOPLE, *dict.fromkeys(entities.groups)]


def liked_or_all(ratings: sparse.csr_array, liking: Liking) -> sparse.csr_array:
    """1 where an item is liked; of those who like nothing, where anything is rated."""
    n = ratings.shape[0]
    rows = np.repeat(np.arange(n), np.diff(ratings.indptr))
    kept = liking.mask(ratings)
    kept |= (np.bincount(rows, weights=kept, minlength=n) == 0)[rows]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=n))])
    arrays = np.ones(kept.sum(), np.float32), ratings.indices[kept], starts
    return sparse.csr_array(arrays, shape=ratings.shape)


def per_item(liked: sparse.csr_array) -> sparse.csr_array:
    """Each row divided by its sum; an empty row stays empty."""
    n = np.diff(liked.indptr)
    values = (liked.data / np.repeat(np.maximum(n, 1), n)).astype(np.float32)
    return sparse.csr_array((values, liked.indices, liked.indptr), shape=liked.shape)
