"""What many small pieces of evidence have in common: told where none of them says much alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.knowledge.features import Features
from explainable_recsys.liking import NO_DIFFERENCE, Liking

DIFFUSE = 0.05
"""Evidence is diffuse where its largest part is a smaller share of all that supports."""

LEAST_PART = 0.3
"""A group that makes up less of what supports is not told."""

GROUPED_BY = ("genres", "decade")
"""Features by which rated items are grouped."""


SLIGHT = ("popularity", "decade")
"""Groups of features that are no reason by themselves."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each of b x k recommendations that stands out, if there is one.

    Attributes:
        column: (b, k) the feature that its members share; -1 where there is no group.
        members: (b, k, length) which liked and supporting ratings are in it.
        part: (b, k) sum of their weights.
    """

    column: NDArray[np.int64]
    members: NDArray[np.bool_]
    part: NDArray[np.float64]


def grouping(features: Features | None, n: int = len(GROUPED_BY)) -> Features | None:
    """The features that ratings are grouped by, of n groups at most; None if there are none."""
    if features is None:
        return None
    found = tuple(group for group in GROUPED_BY if group in features.groups)[:n]
    return features.only(found, "features.item") if found else None


def liked_features(
    histories: sparse.csr_array, features: sparse.csr_array, liking: Liking
) -> sparse.csr_array:
    """Which features each person likes, (n, d) CSR of true values.

    Somebody likes a feature who likes an item that has it, and rates those that have it no lower
    on average than all others.

    Args:
        histories: (n, n_items)
        features: (n_items, d); an item has those that are stored, by whatever weight.
        liking: What is liked.

    >>> histories = sparse.csr_array([[5.0, 1.0, 4.0]])
    >>> features = sparse.csr_array([[1, 0], [1, 1], [0, 1]])  # rated 3 and 2.5 on average, of 3.3
    >>> liked_features(histories, features, Liking(4.0)).toarray().tolist()
    [[False, False]]
    >>> features = sparse.csr_array([[1, 0], [0, 1], [1, 1]])
    >>> liked_features(histories, features, Liking(4.0)).toarray().tolist()
    [[True, False]]
    """
    ones = np.ones(len(features.data))
    has = sparse.csr_array((ones, features.indices, features.indptr), shape=features.shape)
    sizes = np.diff(histories.indptr)
    means = histories.sum(axis=1, dtype=np.float64) / np.maximum(sizes, 1)
    above = histories.data - np.repeat(means, sizes) + NO_DIFFERENCE
    spread = sparse.csr_array((above, histories.indices, histories.indptr), shape=histories.shape)
    lower = (spread @ has) < 0
    return sparse.csr_array(((liking.items(histories) @ has) > 0) > lower)


def find_groups(
    weights: NDArray[np.float64],
    liked: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    described: NDArray[np.float32],
    of_items: NDArray[np.float32],
) -> Groups:
    """Group what supports each recommendation, where it is diffuse.

    A group is told where its part of all that supports exceeds its share of the history most, and
    the part is `LEAST_PART` or more: what is half of everybody's history says nothing by being
    half of the score. The recommended item has to be of the group too.

    Args:
        weights: (b, k, length) of the ratings of b users for k items.
        liked: (b, length) which of the ratings are of liked items.
        filled: (b, length) which are ratings at all, not padding.
        described: (b, length, d) 0/1 features of the rated items.
        of_items: (b, k, d) those of the recommended ones.

    >>> weights = np.full((1, 1, 30), 1.0)
    >>> weights[0, 0, :2] = 1.2
    >>> horror = (np.arange(30) < 12).astype(np.float32)[None, :, None]
    >>> all_of_them = np.ones((1, 30), bool)
    >>> also_horror = np.ones((1, 1, 1), np.float32)
    >>> found = find_groups(weights, all_of_them, all_of_them, horror, also_horror)
    >>> int(found.column[0, 0]), round(float(found.part[0, 0]), 1)  # 12 of 30 carry 12.4 of 30.4
    (0, 12.4)
    """
    if not of_items.size:
        shape = weights.shape[:2]
        return Groups(np.full(shape, -1), np.zeros(weights.shape, bool), np.zeros(shape))
    support = np.where(liked[:, None, :], np.maximum(weights, 0.0), 0.0)
    whole = np.maximum(weights, 0.0).sum(axis=2)
    diffuse = (whole > 0) & (np.maximum(weights, 0.0).max(axis=2, initial=0.0) < DIFFUSE * whole)
    parts = support @ described.astype(np.float64)  # (b, k, d)
    counts = (support > 0).astype(np.float32) @ described
    of_history = (described * filled[..., None]).sum(axis=1, dtype=np.float64)
    of_history /= np.maximum(filled.sum(axis=1), 1)[:, None]
    shares = parts / np.where(whole > 0, whole, 1.0)[..., None]
    allowed = diffuse[..., None] & (shares >= LEAST_PART) & (counts >= 2) & (of_items > 0)
    excess = np.where(allowed, shares - of_history[:, None, :], 0.0)
    best = excess.argmax(axis=2)
    found = np.take_along_axis(excess, best[..., None], axis=2)[..., 0] > 0
    users = np.arange(len(best))[:, None]
    members = (described[users, :, best] > 0) & (support > 0) & found[..., None]
    part = np.where(members, support, 0.0).sum(axis=2)
    return Groups(np.where(found, best, -1), members, part)
