"""Arrays of ranges of different lengths, without a loop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def expand(
    starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write out the ranges start, start + 1, ..., start + length - 1 one after another.

    Args:
        starts: (m,) first number of each range.
        lengths: (m,) how many numbers each range has, from 0.

    Returns:
        Which range each number belongs to, and the number; both (sum of lengths,).
    """
    origin = np.repeat(np.arange(len(lengths)), lengths)
    before = np.cumsum(lengths) - lengths
    return origin, starts[origin] + np.arange(len(origin)) - before[origin]


def blocks(sizes: NDArray[np.int64], limit: int) -> Iterator[slice]:
    """Cut a sequence where the sizes of its elements sum to about a limit.

    Args:
        sizes: (m,) size of each element, from 0.
        limit: Largest sum of a block; a single larger element is a block of its own.

    Yields:
        Slices that cover all elements in order.
    """
    sums = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = sums[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(sums, before + limit, side="right")))
        yield slice(start, stop)
        start = stop


def place_in_run(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal numbers come before each in a sorted array, (m,)."""
    return np.arange(len(numbers)) - np.searchsorted(numbers, numbers)
