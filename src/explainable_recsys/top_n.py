"""The best columns of every row of a block of scores, with deterministic ties."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.ragged import place_in_run

GROUPS_PER_PLACE, LEAST_GROUPS = 4, 256
"""Into how many groups columns are cut for each of the n best, and at least, to find a bound."""


def top_n(scores: NDArray[Any], n: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The n best columns of every row; equal scores go to the lower column.

    Args:
        scores: (b, m) scores; -inf marks what must not be taken.
        n: How many, at least 1.

    Returns:
        Columns (b, min(n, m)) and their scores, best first. Where a row has fewer than n
        columns to take, the rest is column -1 and score -inf.
    """
    b, m = scores.shape
    n = min(n, m)
    columns = np.full((b, n), -1, dtype=np.int64)
    values = np.full((b, n), -np.inf, dtype=scores.dtype)
    if scores.size == 0:
        return columns, values
    rows, candidates = np.divmod(np.flatnonzero(scores >= _lower_bound(scores, n)), m)
    place = place_in_run(rows)
    shape = b, place.max(initial=-1) + 1
    packed, names = np.full(shape, -np.inf, dtype=scores.dtype), np.full(shape, -1)
    packed[rows, place], names[rows, place] = scores[rows, candidates], candidates
    order = np.argsort(-packed, axis=1, kind="stable")[:, :n]
    columns[:, : order.shape[1]] = np.take_along_axis(names, order, axis=1)
    values[:, : order.shape[1]] = np.take_along_axis(packed, order, axis=1)
    return columns, values


def _lower_bound(scores: NDArray[Any], n: int) -> NDArray[Any]:
    """(b, 1) what the n best of each row reach, and few others.

    The n-th best of the maxima of groups of columns: n columns are as good, whatever the groups.
    """
    b, m = scores.shape
    width = max(1, m // max(GROUPS_PER_PLACE * n, LEAST_GROUPS))
    n_groups = m // width
    best = scores[:, : width * n_groups].reshape(b, width, n_groups).max(axis=1)
    bound = np.partition(best, n_groups - n, axis=1)[:, n_groups - n, None]
    return np.asarray(np.maximum(bound, np.finfo(scores.dtype).min))
