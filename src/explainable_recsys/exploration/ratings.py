"""The ratings by themselves: their values, the long tail, the time, the empty table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.exploration.totals import Whose

MOST_POINTS = 200
"""Rows of a concentration curve, at most."""

MOST_MONTHS = 48
"""A longer time is told by years."""


def rating_distribution(ratings: pd.DataFrame) -> pd.DataFrame:
    """How often each rating is given.

    Args:
        ratings: Column `rating`.

    Returns:
        Columns `rating`, `n_ratings`, `share` (0 to 1), by rating.
    """
    counts = ratings["rating"].value_counts().sort_index()
    table = counts.rename_axis("rating").reset_index(name="n_ratings")
    table["share"] = table["n_ratings"] / max(len(ratings), 1)
    return table.astype({"rating": "float64"})


def how_many_have(totals: pd.DataFrame, name: str) -> pd.DataFrame:
    """How many users or items have how many ratings: the long tail.

    Args:
        totals: Column `n_ratings`, a row per user or item.
        name: Name of the column with the number of users or items.

    Returns:
        Columns `n_ratings`, `name`, and `share_with_at_least` (0 to 1: share of users or items
        with this many ratings or more), by number of ratings.
    """
    numbers, counts = np.unique(totals["n_ratings"], return_counts=True)
    at_least = counts[::-1].cumsum()[::-1]
    return pd.DataFrame(
        {
            "n_ratings": numbers.astype(np.int64),
            name: counts.astype(np.int64),
            "share_with_at_least": at_least / max(len(totals), 1),
        }
    )


def concentration(totals: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Which share of the ratings the most active users or the most rated items have.

    Args:
        totals: Column `n_ratings`, a row per user or item, at least one.
        kind: What they are, such as "items".

    Returns:
        At most `MOST_POINTS` rows, among them the first with half of the ratings: `kind`,
        `n_first` (so many with the most ratings), `share` of all users or items that these
        are, `share_of_ratings` that they have, and `gini`, the same in each row (0: all have
        equally many; near 1: one has nearly all).
    """
    counts = np.sort(totals["n_ratings"].to_numpy(dtype=np.int64))[::-1]
    n, running = len(counts), np.cumsum(counts)
    half = int(np.searchsorted(2 * running, running[-1])) + 1
    evenly = np.linspace(1, n, MOST_POINTS // 2)
    densely_first = np.geomspace(1, n, MOST_POINTS // 2 - 1)
    points = np.unique(np.concatenate([evenly, densely_first, [half]]).astype(int))
    ranks = np.arange(1, n + 1)
    return pd.DataFrame(
        {
            "kind": pd.Series([kind] * len(points), dtype="str"),
            "n_first": points,
            "share": points / n,
            "share_of_ratings": running[points - 1] / running[-1],
            "gini": (n + 1 - 2 * (ranks * (counts / running[-1])).sum()) / n,
        }
    )


def activity(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings, users and mean rating over time; by months up to `MOST_MONTHS`, else by years.

    Args:
        ratings: Columns `user_id`, `rating`, `timestamp` (may be absent or missing; ratings
            without are left out).

    Returns:
        One row per period from the first to the last rating: `period` ("1999" or "1999-12"),
        `n_ratings`, `n_users` (who rated in it), `n_new_users` (who had not rated before),
        `mean_rating` (missing without ratings). No rows without timestamps.
    """
    part = ratings.dropna(subset="timestamp") if "timestamp" in ratings else ratings.head(0)
    if part.empty:
        # The columns of a table about some time, without its rows.
        return activity(ratings.head(1).assign(timestamp=pd.Timestamp(0))).head(0)
    months = part["timestamp"].to_numpy().astype("datetime64[M]")
    periods = months
    if int((months.max() - months.min()).astype(np.int64)) >= MOST_MONTHS:
        periods = months.astype("datetime64[Y]")
    steps = (periods - periods.min()).astype(np.int64)
    n = int(steps.max()) + 1
    users, known_users = pd.factorize(part["user_id"])
    first = np.full(len(known_users), n)
    np.minimum.at(first, users, steps)
    pairs = pd.unique(users * n + steps)
    counts = np.bincount(steps, minlength=n)
    sums = np.bincount(steps, part["rating"].to_numpy(), minlength=n)
    with np.errstate(invalid="ignore"):
        means = sums / counts
    return pd.DataFrame(
        {
            "period": (periods.min() + np.arange(n)).astype(str),
            "n_ratings": counts,
            "n_users": np.bincount(pairs % n, minlength=n),
            "n_new_users": np.bincount(first, minlength=n),
            "mean_rating": means,
        }
    ).astype({"period": "str"})


def sparsity(ratings: pd.DataFrame, n_blocks: int) -> pd.DataFrame:
    """How full the table of users and items is, block by block.

    Users and items are sorted by their number of ratings, most first, and either are cut into
    blocks of nearly equal size.

    Args:
        ratings: Columns `user_id`, `item_id`, each pair once.
        n_blocks: Blocks of users, and of items, at most.

    Returns:
        One row per block: `user_block`, `item_block` (from 0, the most ratings), `n_users`,
        `n_items`, `n_ratings`, `share_filled` (0 to 1: ratings by pairs of user and item).
    """
    users, user_sizes = _blocks(ratings, "user_id", n_blocks)
    items, item_sizes = _blocks(ratings, "item_id", n_blocks)
    shape = len(user_sizes), len(item_sizes)
    counts = np.bincount(users * shape[1] + items, minlength=shape[0] * shape[1])
    rows, columns = (place.ravel() for place in np.indices(shape))
    return pd.DataFrame(
        {
            "user_block": rows,
            "item_block": columns,
            "n_users": user_sizes[rows],
            "n_items": item_sizes[columns],
            "n_ratings": counts,
            "share_filled": counts / (user_sizes[rows] * item_sizes[columns]),
        }
    )


def _blocks(
    ratings: pd.DataFrame, whose: Whose, n_blocks: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Block of every rating's user or item, and how many users or items each block holds."""
    codes, ids = pd.factorize(ratings[whose])
    counts: NDArray[Any] = np.bincount(codes, minlength=len(ids))
    n = min(n_blocks, len(ids))
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[np.argsort(-counts, kind="stable")] = np.arange(len(ids))
    blocks = (ranks * n // max(len(ids), 1)).astype(np.int32)
    return blocks[codes], np.bincount(blocks, minlength=n)
