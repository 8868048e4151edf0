"""Ratings summed up by user or by item, and means of groups of these with intervals."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

Whose = Literal["user_id", "item_id"]

_NORMAL_95 = 1.959964  # quantile of the normal distribution for a 95 % interval


def rating_totals(ratings: pd.DataFrame, whose: Whose) -> pd.DataFrame:
    """Number and mean of the ratings of every user or item.

    Args:
        ratings: Columns `user_id`, `item_id`, `rating`.
        whose: Column of the ids.

    Returns:
        Columns `whose`, `n_ratings` (at least 1), `mean_rating`, sorted by id.
    """
    codes, ids = pd.factorize(ratings[whose], sort=True)
    counts = np.bincount(codes, minlength=len(ids))
    sums = np.bincount(codes, ratings["rating"].to_numpy(), minlength=len(ids))
    return pd.DataFrame(
        {whose: np.asarray(ids), "n_ratings": counts, "mean_rating": sums / counts}
    ).astype({"mean_rating": "float64"})


def group_table(groups: sparse.csr_array, totals: pd.DataFrame, kind: str) -> pd.DataFrame:
    """How large groups of users or items are, how many ratings they have, and which.

    The ratings of one item (or user) are not independent, so the items are what the 95 %
    interval counts: with the number n and the sum s of an item's ratings, the variance of the
    mean m = sum s / sum n is G / (G - 1) * sum (s - n m)^2 / (sum n)^2 for G items (the
    linearised variance of a ratio; Cochran 1977, chapter 6).

    Args:
        groups: (n_groups, n) 0/1, which rows of the totals belong to a group; a row may belong
            to several.
        totals: (n) columns `n_ratings` and `mean_rating` of items (or users).
        kind: What the groups are of: `items` or `users`.

    Returns:
        One row per group: `n_<kind>`, `share_of_<kind>`, `n_ratings`, `share_of_ratings` (0 to 1,
        of all rows of the totals), `mean_rating` and its interval `low` and `high`; the mean is
        missing without ratings, the interval with fewer than two items.
    """
    counts = totals["n_ratings"].to_numpy(dtype=np.float64)
    sums = counts * totals["mean_rating"].to_numpy(dtype=np.float64)
    size = np.diff(groups.indptr).astype(np.int64)
    n, s = groups @ counts, groups @ sums
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = s / n
        squares = groups @ sums**2 - 2 * mean * (groups @ (counts * sums))
        squares += mean**2 * (groups @ counts**2)
        variance = np.where(size > 1, size / (size - 1) * np.maximum(squares, 0), np.nan) / n**2
    half = _NORMAL_95 * np.sqrt(variance)
    return pd.DataFrame(
        {
            f"n_{kind}": size,
            f"share_of_{kind}": size / max(len(totals), 1),
            "n_ratings": n.astype(np.int64),
            "share_of_ratings": n / max(counts.sum(), 1),
            "mean_rating": mean,
            "low": mean - half,
            "high": mean + half,
        }
    )


def memberships(codes: NDArray[np.intp], n_groups: int) -> sparse.csr_array:
    """The groups of rows of which each is in one, (n_groups, n) 0/1; a negative code: in none."""
    rows = np.flatnonzero(codes >= 0)
    ones = np.ones(len(rows))
    return sparse.csr_array((ones, (codes[rows], rows)), shape=(n_groups, len(codes)))
