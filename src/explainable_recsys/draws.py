"""Draws that depend on the seed and on what is drawn: not on the order of rows, nor on who else is.

Whatever is drawn (users for a sample, ratings for a test part, items that nobody rated) has a hash
of the seed, of what the draw is for and of its ids. A draw takes those with the smallest hashes, or
compares hashes with a chance. So it is the same in any order of rows, in any part of them that is
looked at alone, and on any machine.

Libraries draw starting factors and samples by themselves and get the seed; a bootstrap resample is
a draw of no particular user, and numpy's generator makes it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_TEXT_KEY = "explainable-recs"  # 16 bytes, the key of SipHash
_AT_ONCE = 1 << 15  # numbers that stay in the processor's cache


def numbers(ids: ArrayLike) -> NDArray[np.uint64]:
    """Ids as 64-bit numbers: integers of any width as they are, text by pandas' SipHash.

    Worth calling once where the same ids are hashed often; numbers of numbers are the same.

    Args:
        ids: Integers or text, of any shape; an id alone is an array of one.
    """
    values = ids.array if isinstance(ids, pd.Series) else np.atleast_1d(np.asarray(ids))
    if values.dtype.kind in "iu":
        return np.asarray(values).astype(np.uint64)
    codes, different = pd.factorize(values.ravel())  # type: ignore[arg-type]
    found = np.asarray(pd.Series(different).infer_objects())
    if found.dtype.kind not in "iu":
        found = pd.util.hash_array(found.astype(object), hash_key=_TEXT_KEY, categorize=False)
    return found.astype(np.uint64)[codes].reshape(values.shape)


def hashes(*ids: ArrayLike, seed: int, purpose: str) -> NDArray[np.uint64]:
    """Numbers spread evenly over 64 bits, each a function of the seed, the purpose and its ids.

    The hash of an id is the output of SplitMix64 (Steele, Lea & Flood 2014) of that number, in the
    stream that starts at the hash of what comes before: the purpose, the seed, the ids from the
    left. That is one-to-one, so different integers never share a hash, given the ids before them.

    Args:
        ids: As `numbers`, of shapes that broadcast; such as users, items and the number of a draw.
        seed: Of all draws.
        purpose: What is drawn; the same ids are drawn anew for another purpose.

    Returns:
        Of the shape that the ids broadcast to.
    """
    found = _start(purpose, seed)
    for part in ids:
        found = _next(found, numbers(part))
    return found


def uniforms(*ids: ArrayLike, seed: int, purpose: str) -> NDArray[np.float64]:
    """Numbers from 0 up to 1, not 1 itself; arguments and shape as `hashes`.

    >>> uniforms([3, 1, 2], seed=0, purpose="example").round(3)
    array([0.312, 0.695, 0.059])
    >>> uniforms([2, 3], seed=0, purpose="example").round(3)
    array([0.059, 0.312])
    """
    found = hashes(*ids, seed=seed, purpose=purpose)
    found >>= np.uint64(11)
    return np.asarray(found.view(np.int64) * 2.0**-53)


def random_order(ids: ArrayLike, seed: int, purpose: str) -> NDArray[np.int64]:
    """Positions (n,) that put different ids (n,) in random order: the smallest hash first."""
    return np.argsort(hashes(ids, seed=seed, purpose=purpose), kind="stable")


def sample(ids: ArrayLike, n: int, seed: int, purpose: str) -> NDArray[Any]:
    """The n ids with the smallest hashes, sorted; all of them if they are fewer.

    Args:
        ids: (m,) repeated or not, in any order.
        n: How many different ones.
        seed: As `hashes`.
        purpose: As `hashes`.
    """
    different = np.sort(np.asarray(pd.unique(np.asarray(ids))))
    return np.sort(different[random_order(different, seed, purpose)[:n]])


@cache
def _start(purpose: str, seed: int) -> NDArray[np.uint64]:
    """The hash (1,) that those of a purpose and a seed go on from."""
    return _next(numbers(purpose), numbers(seed))


def _next(start: NDArray[np.uint64], number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return _mixed(start + (number + np.uint64(1)) * _STEP)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers one-to-one, in place (Stafford's variant 13)."""
    flat = values.reshape(-1)
    shifted = np.empty(min(len(flat), _AT_ONCE), np.uint64)
    for start in range(0, len(flat), _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        out = shifted[: len(part)]
        part ^= np.right_shift(part, np.uint64(30), out=out)
        part *= np.uint64(0xBF58476D1CE4E5B9)
        part ^= np.right_shift(part, np.uint64(27), out=out)
        part *= np.uint64(0x94D049BB133111EB)
        part ^= np.right_shift(part, np.uint64(31), out=out)
    return values
