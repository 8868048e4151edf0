"""The order of telling: what supports first, then what opposes, each by strength."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.top_n import top_n


def evidence_order(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys that sort evidence (..., length): support, then opposition, each by strength.

    A weight of 0 is no evidence and gets -inf.
    """
    strength = np.abs(weights)
    opposing = strength - strength.max(axis=-1, keepdims=True, initial=0.0)
    keys = np.where(weights > 0, weights, opposing)
    return np.where(weights == 0, -np.inf, keys)


def strongest_evidence(
    weights: NDArray[np.float64], n: int, n_supporting: int = 0
) -> NDArray[np.int64]:
    """The n strongest entries of every row (m, length), for or against; support comes first.

    Args:
        weights: A weight of 0 is no evidence.
        n: How many.
        n_supporting: So many of the most supporting are among them, however strong what opposes.

    Returns:
        (m, at most n) places, padded with -1.
    """
    strength = np.where(weights == 0, -np.inf, np.abs(weights))
    if n_supporting:
        first, _ = top_n(np.where(weights > 0, weights, -np.inf), n_supporting)
        rows, places = np.nonzero(first >= 0)
        strength[rows, first[rows, places]] += strength.max(initial=0.0) + 1.0
    chosen, _ = top_n(strength, n)
    kept = np.zeros(weights.shape, bool)
    rows, places = np.nonzero(chosen >= 0)
    kept[rows, chosen[rows, places]] = True
    return top_n(evidence_order(np.where(kept, weights, 0.0)), n)[0]
