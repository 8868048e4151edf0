"""The order of telling: what supports first, then what opposes, each by strength."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.top_n import top_n


def evidence_order(
    weights: NDArray[np.float64], later: NDArray[np.integer[Any]] | None = None
) -> NDArray[np.float64]:
    """Keys that sort evidence (..., length): support, then opposition, each by strength.

    Args:
        weights: Of the pieces. A weight of 0 is no evidence and gets -inf.
        later: (..., length) how many places of importance support is moved back, such as 1 for
            what the person does not like: before the opposition, but after all that is moved back
            less; None: nothing is.
    """
    strength = np.abs(weights)
    back = np.zeros(weights.shape, np.int64) if later is None else later
    back = np.where(weights > 0, back, back.max(initial=0) + 1)
    keys = strength - back * strength.max(axis=-1, keepdims=True, initial=0.0)
    return np.where(weights == 0, -np.inf, keys)


def strongest_evidence(
    weights: NDArray[np.float64],
    n: int,
    n_supporting: int = 0,
    later: NDArray[np.integer[Any]] | None = None,
) -> NDArray[np.int64]:
    """The n strongest entries of every row (m, length), for or against; support comes first.

    Args:
        weights: A weight of 0 is no evidence.
        n: How many.
        n_supporting: So many of the first to be told of what supports are among them, however
            strong the others are.
        later: As `evidence_order`.

    Returns:
        (m, at most n) places, padded with -1.
    """
    strength = np.where(weights == 0, -np.inf, np.abs(weights))
    chosen, _ = top_n(strength, n)
    if n_supporting:  # in most rows they are the strongest anyway
        rows = np.flatnonzero(_n_told_first(weights, chosen, later) < n_supporting)
        some, of_some = weights[rows], None if later is None else later[rows]
        first, _ = top_n(np.where(some > 0, evidence_order(some, of_some), -np.inf), n_supporting)
        at, places = np.nonzero(first >= 0)
        strength[rows[at], first[at, places]] += strength.max(initial=0.0) + 1.0
        chosen[rows], _ = top_n(strength[rows], n)
    places = np.sort(chosen, axis=1)
    of_chosen = np.take_along_axis(weights, places, axis=1)
    moved = None if later is None else np.take_along_axis(later, places, axis=1)
    keys = evidence_order(np.where(places >= 0, of_chosen, 0.0), moved)
    order = np.argsort(-keys, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)


def _n_told_first(
    weights: NDArray[np.float64], chosen: NDArray[np.int64], later: NDArray[np.integer[Any]] | None
) -> NDArray[np.int64]:
    """How many chosen pieces (m, n) support and are of what a row is told first of, (m,)."""
    told = (chosen >= 0) & (np.take_along_axis(weights, chosen, axis=1) > 0)
    if later is not None:
        least = later.min(axis=1, keepdims=True, initial=later.max(initial=0))
        told &= np.take_along_axis(later, chosen, axis=1) == least
    return np.asarray(told.sum(axis=1))
