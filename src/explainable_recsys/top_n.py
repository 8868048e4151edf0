"""The best columns of every row of a block of scores, with deterministic ties."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.ragged import place_in_run


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
    threshold = np.partition(scores, m - n, axis=1)[:, m - n, None]
    rows, candidates = np.nonzero((scores >= threshold) & (scores > -np.inf))
    order = np.lexsort((candidates, -scores[rows, candidates], rows))
    rows, candidates = rows[order], candidates[order]
    place = place_in_run(rows)
    kept = place < n
    rows, candidates, place = rows[kept], candidates[kept], place[kept]
    columns[rows, place] = candidates
    values[rows, place] = scores[rows, candidates]
    return columns, values
