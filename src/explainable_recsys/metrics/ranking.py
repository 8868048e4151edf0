"""How well top-K lists find the held-out items of each user."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import LIST_COLUMNS
from explainable_recsys.errors import InputError, require_columns


def top_k(recommendations: pd.DataFrame, k: int) -> pd.DataFrame:
    """Cut every list after its first k recommendations.

    Args:
        recommendations: Columns `user_id`, `item_id`, `rank` (from 1), in any row order.
        k: Length to cut to.

    Returns:
        The rows with `rank` at most k.

    Raises:
        InputError: If k is below 1, or a column is missing.
    """
    require_columns("recommendations", recommendations, LIST_COLUMNS[:3])
    if k < 1:
        raise InputError(f"evaluation.k = {k}; accepted: 1 or more")
    return recommendations[recommendations["rank"] <= k]


def ranking_per_user(recommendations: pd.DataFrame, relevant: pd.DataFrame, k: int) -> pd.DataFrame:
    """Score the top k of every user who has a relevant held-out item.

    With R the first k recommendations of a user, T the relevant items and h(r) = 1 if the
    item at rank r is in T (Järvelin & Kekäläinen 2002; Manning et al. 2008, chapter 8):

    - recall = |R ∩ T| / |T|, hit_rate = 1 if R ∩ T is not empty, precision = |R ∩ T| / k
    - ndcg = sum_r h(r) / log2(r + 1), over its value for min(|T|, k) hits on top
    - map = sum_r h(r) (hits up to r) / r, over min(|T|, k)
    - mrr = 1 / rank of the first hit, 0 without a hit

    Args:
        recommendations: Columns `user_id`, `item_id`, `rank` (from 1), in any row order.
        relevant: Held-out ratings, columns `user_id`, `item_id`. Items that no model can
            recommend stay relevant and are misses.
        k: Length of the lists.

    Returns:
        Indexed by `user_id`, sorted; columns `recall@k`, `hit_rate@k`, `precision@k`,
        `ndcg@k`, `map@k`, `mrr@k` with k written out, all in [0, 1]. A user without
        recommendations scores 0, a user without relevant items has no row.

    Raises:
        InputError: If k is below 1.
    """
    lists = top_k(recommendations, k)
    require_columns("held-out ratings", relevant, LIST_COLUMNS[:2])
    relevant = relevant[["user_id", "item_id"]].drop_duplicates()
    sizes = relevant.groupby("user_id").size()
    hits = lists[["user_id", "item_id", "rank"]].merge(relevant, on=["user_id", "item_id"])
    rows = sizes.index.get_indexer(pd.Index(hits["user_id"]))
    metrics = _metrics(rows, hits["rank"].to_numpy(), sizes.to_numpy(), k)
    return pd.DataFrame(
        {f"{name}@{k}": values for name, values in metrics.items()}, index=sizes.index
    )


def _metrics(
    rows: NDArray[Any], ranks: NDArray[Any], sizes: NDArray[Any], k: int
) -> dict[str, NDArray[np.float64]]:
    """Metrics (n_users,) from the user row and rank (n_hits,) of every hit."""
    order = np.lexsort((ranks, rows))
    rows, ranks = rows[order], ranks[order]
    n_users = len(sizes)
    hits = np.bincount(rows, minlength=n_users)
    hits_so_far = np.arange(1, len(rows) + 1) - (np.cumsum(hits) - hits)[rows]
    gains = _sums(rows, 1 / np.log2(ranks + 1), n_users)
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[np.minimum(sizes, k) - 1]
    precisions = _sums(rows, hits_so_far / ranks, n_users)
    first = hits_so_far == 1
    return {
        "recall": hits / sizes,
        "hit_rate": (hits > 0).astype(np.float64),
        "precision": hits / k,
        "ndcg": gains / ideal,
        "map": precisions / np.minimum(sizes, k),
        "mrr": _sums(rows[first], 1 / ranks[first], n_users),
    }


def _sums(rows: NDArray[Any], values: NDArray[Any], n_users: int) -> NDArray[np.float64]:
    """Sum of the values of every row; floating point also when there are none."""
    return np.bincount(rows, weights=values, minlength=n_users).astype(np.float64)
