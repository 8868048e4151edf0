"""Ranking among sampled items: an extra, for comparison with papers that do it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.interactions import Interactions
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks
from explainable_recsys.recommenders.base import Recommender

CANDIDATES_AT_ONCE = 4_000_000
"""Random numbers that are drawn at once."""


def sampled_ranking_per_user(
    model: Recommender,
    histories: Interactions,
    held_out: pd.DataFrame,
    relevant: NDArray[np.bool_],
    k: int,
    n_negatives: int,
    seed: int,
) -> pd.DataFrame:
    """Rank each relevant held-out item among random items that its user has not rated.

    He et al. (2017) do so with 99 items. What comes out depends on the number of items, does not
    tell good rankings from bad ones as ranking the catalogue does (Krichene & Rendle 2020), and
    must not be compared with it.

    Args:
        model: The recommender.
        histories: What it recommends from.
        held_out: Columns `user_id`, `item_id`, `rating`; users and items that the histories do not
            know are left out.
        relevant: (len(held_out),) which of them count as relevant; none of them is a negative.
        k: Length of the lists.
        n_negatives: Random items per held-out item, neither in the history nor held out; all there
            are if they are fewer.
        seed: Of the choice, which else depends on the ids of user, held-out item and item alone.

    Returns:
        Indexed by `user_id`, sorted: `sampled_<n>_recall@k` (share of the held-out items that are
        among the first k) and `sampled_<n>_ndcg@k` (mean of 1 / log2(1 + rank), 0 beyond k). An
        item ranks behind items of the same score.
    """
    rows = histories.user_rows(held_out["user_id"])
    columns = histories.item_columns(held_out["item_id"])
    known = (rows >= 0) & (columns >= 0)
    seen = _marks(rows[known], columns[known], histories)
    known &= relevant
    order = np.lexsort((columns[known], rows[known]))
    rows, columns = rows[known][order], columns[known][order]
    user_ids, item_ids = draws.numbers(histories.user_ids), draws.numbers(histories.item_ids)
    ranks = np.empty(len(rows), np.int64)
    sizes = np.full(len(rows), histories.n_items)
    for part in progress(list(blocks(sizes, CANDIDATES_AT_ONCE)), "rank among sampled items"):
        users, asked = np.unique(rows[part], return_inverse=True)
        scores = model.scores(histories.ratings[users])
        forbidden = (seen[users].toarray() > 0)[asked]
        pairs = user_ids[rows[part], None], item_ids[columns[part], None]
        keys = draws.uniforms(*pairs, item_ids, seed=seed, purpose="sampled negatives")
        chosen = _smallest(keys, forbidden, n_negatives)
        own = scores[asked, columns[part]]
        drawn = np.take_along_axis(scores[asked], np.maximum(chosen, 0), axis=1)
        ranks[part] = 1 + ((drawn >= own[:, None]) & (chosen >= 0)).sum(axis=1)
    found = ranks <= k
    gains = np.where(found, 1 / np.log2(1 + ranks), 0.0)
    names = [f"sampled_{n_negatives}_{metric}@{k}" for metric in ("recall", "ndcg")]
    table = pd.DataFrame({"user_id": histories.user_ids[rows], names[0]: found, names[1]: gains})
    return table.astype({names[0]: np.float64}).groupby("user_id").mean()


def _marks(
    rows: NDArray[np.int64], columns: NDArray[np.int64], histories: Interactions
) -> sparse.csr_array:
    """(n_users, n_items) CSR with an entry for each rated or held-out item."""
    ratings = histories.ratings
    held_out = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=ratings.shape)
    rated = sparse.csr_array(
        (np.ones(ratings.nnz), ratings.indices, ratings.indptr), shape=ratings.shape
    )
    return sparse.csr_array(rated + held_out)


def _smallest(keys: NDArray[np.float64], forbidden: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """The n allowed columns (m, n) with the smallest keys of each row; -1 where there are fewer."""
    keys[forbidden] = np.inf
    n = min(n, keys.shape[1])
    chosen = np.argpartition(keys, n - 1, axis=1)[:, :n]
    return np.where(np.isinf(np.take_along_axis(keys, chosen, axis=1)), -1, chosen)
