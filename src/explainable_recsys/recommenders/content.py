"""Content: recommend what has the features of the items that a user rated, rare ones above all."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions, PaddedBlock
from explainable_recsys.knowledge.features import Features
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders import base
from explainable_recsys.recommenders.base import Recommender, pair_products
from explainable_recsys.recommenders.ease import rating_weights, weighted_ratings

logger = logging.getLogger(__name__)

POPULARITY = "popularity"
"""The group of features, and the part of a score, that is about the crowd and not the item."""


class ContentParameters(Parameters):
    """Which features count, what a rating says about its user, and what popularity adds.

    `groups` are the groups of features; None stands for all but popularity, which is no content. A
    rating r counts max(1 + rating_weight (r - mean of all ratings), 0). The features' part of a
    score grows by up to the share `popularity_weight` for the most popular item: many items have
    the same features, and this alone decides between those.
    """

    groups: tuple[str, ...] | None = Field(None, min_length=1)
    rating_weight: float = Field(0.5, ge=0)
    popularity_weight: float = Field(0.1, ge=0, le=1)


@dataclass(frozen=True, eq=False)
class Content(Recommender):
    """Profiles over item features (Pazzani & Billsus 2007; Lops, de Gemmis & Semeraro 2011).

    An item i is a vector of TF-IDF weights of length 1: for each of its features f

        v_if = idf_f / |idf of its features|,   idf_f = log(n_items / items that have f)

    The profile of a user is the sum of the rated items' vectors, each times what its rating
    counts: p_f = sum over rated j of w(r_j) v_jf. The score of item i is

        (1 + popularity_weight q_i)  sum over f of  p_f v_if

    with q_i its popularity, from 0 for an item that nobody rated to 1:
    log(1 + sum of w over its ratings), divided by the largest. So each feature, and each rated
    item, has an exact part in the score.

    An item that has no feature in common with the profile has the score -inf and is never
    recommended. So there is no list for a user whose rated items have no features, or whose
    ratings are so low that none counts; and none at all where no feature tells items apart.

    Attributes:
        row_starts: (n_items + 1,) int64; with `features` the CSR pattern of items × features.
        features: (n,) int32 columns, sorted within an item.
        idf: (d,) float64, weight of each feature.
        popularity: (n_items,) float64, q.
        mean: Mean of all ratings.
        feature_groups: (d,) text, such as "genres".
        feature_names: (d,) text, such as "Sci-Fi".
        feature_labels: (d,) text, the same after "it is".
        parameters: The weights.
    """

    row_starts: NDArray[np.int64]
    features: NDArray[np.int32]
    idf: NDArray[np.float64]
    popularity: NDArray[np.float64]
    mean: float
    feature_groups: NDArray[np.str_]
    feature_names: NDArray[np.str_]
    feature_labels: NDArray[np.str_]
    parameters: ContentParameters

    @classmethod
    def fit(
        cls, interactions: Interactions, item_features: Features, parameters: ContentParameters
    ) -> Content:
        """Weigh the features; nothing else is learned here.

        Args:
            interactions: Ratings; only their mean and the items' popularity count.
            item_features: (n_items × features) of the same catalogue.
            parameters: Groups and weights.

        Raises:
            InputError: If the features are of other items, or there are none of a group.
        """
        taken = parameters.groups
        if taken is None:
            taken = tuple(
                name for name in dict.fromkeys(item_features.groups) if name != POPULARITY
            )
        described = item_features.only(taken, "content.model.groups")
        counts = np.bincount(described.matrix.indices, minlength=len(described.groups))
        idf = np.log(interactions.n_items / np.maximum(counts, 1))
        if not idf[counts > 0].any():
            logger.warning(
                "content: no feature tells items apart, so it recommends nothing; the items table "
                "needs columns such as genres or year that are not the same for all items"
            )
        mean = float(interactions.ratings.data.mean(dtype=np.float64))
        return cls(
            **_of_items(interactions, described.matrix, mean, parameters),
            idf=idf,
            mean=mean,
            feature_groups=np.array(described.groups, np.str_),
            feature_names=np.array(described.names, np.str_),
            feature_labels=np.array(described.labels, np.str_),
            parameters=parameters,
        )

    def extended(self, interactions: Interactions, item_features: Features) -> Content:
        """The same model over a catalogue with more items, such as `Data.with_items` makes.

        Features are not weighed anew: items that the model knows keep their scores.

        Args:
            interactions: The same ratings over the larger catalogue.
            item_features: (n_more × features) of that catalogue. Features that the model does not
                know are left out: no history has them.

        Raises:
            InputError: If the features are of other items.
        """
        places = pd.Index(self.feature_ids).get_indexer(pd.Index(item_features.ids))
        matrix = sparse.csr_array(item_features.matrix[:, places >= 0]).tocoo()
        moved = (matrix.data, (matrix.row, places[places >= 0][matrix.col]))
        shape = (matrix.shape[0], len(self.idf))
        known = sparse.csr_array(moved, shape=shape)
        items = _of_items(interactions, known, self.mean, self.parameters)
        return dataclasses.replace(self, **items)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.row_starts) - 1

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Profile times vector, -inf where they have nothing in common; see `Recommender`."""
        return self._products(histories, self._boosted)

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Multiply with the vectors of some items only; see `Recommender.scores_of`."""
        return self._products(histories, self._boosted[columns])

    def _products(
        self, histories: sparse.csr_array, boosted: sparse.csr_array
    ) -> NDArray[np.float32]:
        """Profiles times the vectors of m items, (n, m)."""
        scores = np.empty((histories.shape[0], boosted.shape[0]), np.float32)
        step = max(1, base.BLOCK // max(1, len(self.idf)))
        for first in range(0, histories.shape[0], step):
            profiles = self.weighted(histories[first : first + step]) @ self.vectors
            scores[first : first + step] = (boosted @ profiles.toarray().T).T
        scores[scores <= 0] = -np.inf
        return scores

    def contributions(
        self, histories: PaddedBlock, items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """What the features of every rated item add; see `AdditiveRecommender`.

        They sum to the score where it is not -inf, and to 0 where it is.
        """
        weights = rating_weights(histories.values, self.mean, self.parameters.rating_weight)
        weights = np.where(histories.filled, weights, 0.0)
        return (
            pair_products(self.vectors, self._boosted, histories.columns, items) * weights[:, None]
        )

    def weighted(self, histories: sparse.csr_array) -> sparse.csr_array:
        """(n, n_items) float64, what each rating counts."""
        return weighted_ratings(histories, self.mean, self.parameters.rating_weight)

    @property
    def feature_ids(self) -> NDArray[np.str_]:
        """(d,) group and name of each feature, such as "genres=Sci-Fi"."""
        pairs = zip(self.feature_groups, self.feature_names, strict=True)
        return np.array([f"{group}={name}" for group, name in pairs], np.str_)

    @cached_property
    def boosts(self) -> NDArray[np.float64]:
        """(n_items,) by which share popularity raises the features' part of each score."""
        return self.parameters.popularity_weight * self.popularity

    @cached_property
    def vectors(self) -> sparse.csr_array:
        """(n_items, d) float64, v: rows of length 1, or of 0 for an item without features."""
        items = np.repeat(np.arange(self.n_items), np.diff(self.row_starts))
        values = self.idf[self.features]
        squares = np.bincount(items, values**2, minlength=self.n_items)
        lengths = np.sqrt(np.where(squares > 0, squares, 1.0))
        arrays = values / lengths[items], self.features, self.row_starts
        return sparse.csr_array(arrays, shape=(self.n_items, len(self.idf)))

    @cached_property
    def _boosted(self) -> sparse.csr_array:
        """(n_items, d) the vectors of recommended items, with their popularity."""
        vectors = self.vectors
        values = vectors.data * np.repeat(1.0 + self.boosts, np.diff(self.row_starts))
        return sparse.csr_array((values, vectors.indices, vectors.indptr), shape=vectors.shape)


def _of_items(
    interactions: Interactions,
    described: sparse.csr_array,
    mean: float,
    parameters: ContentParameters,
) -> dict[str, Any]:
    """The fields of `Content` that have to do with the items of a catalogue.

    Raises:
        InputError: If other items are described.
    """
    if described.shape[0] != interactions.n_items:
        raise InputError(
            f"the features describe {described.shape[0]} items, the ratings have "
            f"{interactions.n_items}: {DIFFERENT_RUNS}"
        )
    ratings, pattern = interactions.ratings, described.sorted_indices()
    counted = rating_weights(ratings.data, mean, parameters.rating_weight)
    known = np.log1p(np.bincount(ratings.indices, counted, minlength=interactions.n_items))
    return {
        "row_starts": pattern.indptr.astype(np.int64),
        "features": pattern.indices.astype(np.int32),
        "popularity": known / known.max(),
    }
