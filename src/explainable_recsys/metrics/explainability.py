"""How explainable the lists themselves are: MEP, MER and explainable nDCG."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.metrics.ranking import top_k
from explainable_recsys.ragged import expand


def explainability_per_user(
    lists: Lists, explainable: sparse.csr_array, k: int, threshold: float = 0.0
) -> pd.DataFrame:
    """Mean explainability precision and recall, and nDCG with explainability as gain.

    With R the first k recommendations of a user and W the items outside the history with
    E_ui > threshold (Abdollahi & Nasraoui 2016; Coba, Symeonidis & Zanker 2019):

    - mep = |R ∩ W| / |R|, mer = |R ∩ W| / |W|
    - e_ndcg = sum_r E(r) / log2(r + 1), over its value for the k largest E outside the history

    Args:
        lists: The recommendations, with ranks.
        explainable: E, (n_users, n_items).
        k: Length of the lists.
        threshold: E above it counts as explainable.

    Returns:
        Indexed by `user_id`, a row for every user; columns `mep@k`, `mer@k`, `e_ndcg@k` with k
        written out; NaN for a user without recommendations (mep) or without any explainable
        item (mer, e_ndcg).
    """
    histories = lists.histories
    candidates = _outside_history(explainable, histories.ratings)
    lists = lists.take(top_k(lists.table, k).index.to_numpy())
    rows, columns = lists.users, lists.items
    gains = np.asarray(candidates[rows, columns]).ravel() if len(rows) else np.empty(0)
    n = histories.n_users
    ranks = lists.table["rank"].to_numpy(np.float64)
    hits = np.bincount(rows, weights=gains > threshold, minlength=n)
    dcg = np.bincount(rows, weights=gains / np.log2(ranks + 1), minlength=n)
    owners = np.repeat(np.arange(n), np.diff(candidates.indptr))
    n_explainable = np.bincount(owners, weights=candidates.data > threshold, minlength=n)
    table = {
        f"mep@{k}": _divide(hits, np.bincount(rows, minlength=n)),
        f"mer@{k}": _divide(hits, n_explainable),
        f"e_ndcg@{k}": _divide(dcg, _ideal_dcg(candidates, k)),
    }
    return pd.DataFrame(table, index=pd.Index(histories.user_ids, name="user_id"))


def _outside_history(explainable: sparse.csr_array, ratings: sparse.csr_array) -> sparse.csr_array:
    """E without the items of each history."""
    if explainable.shape != ratings.shape:
        raise InputError(
            f"the stored explainability is of {explainable.shape[0]} users and "
            f"{explainable.shape[1]} items, the histories of {ratings.shape[0]} and "
            f"{ratings.shape[1]}: {DIFFERENT_RUNS}"
        )
    rated = sparse.csr_array(
        (np.ones(ratings.nnz), ratings.indices.copy(), ratings.indptr.copy()), shape=ratings.shape
    )
    candidates = sparse.csr_array(explainable - explainable * rated)
    candidates.eliminate_zeros()
    return candidates


def _ideal_dcg(candidates: sparse.csr_array, k: int) -> NDArray[np.float64]:
    """DCG of the k largest entries of each row."""
    lengths = np.diff(candidates.indptr)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort([-candidates.data, owners])
    _, places = expand(np.zeros(len(lengths), np.int64), lengths.astype(np.int64))
    best = places < k
    gains = candidates.data[order][best] / np.log2(places[best] + 2)
    return np.asarray(np.bincount(owners[best], weights=gains, minlength=len(lengths)))


def _divide(over: NDArray[Any], under: NDArray[Any]) -> NDArray[np.float64]:
    quotient: NDArray[np.float64] = np.full(len(over), np.nan)
    np.divide(over, under, out=quotient, where=under > 0)
    return quotient


def measure_explainability(
    data: Data,
    explainability_by_users: Interactions,
    explainability_by_items: Interactions,
    evaluation: EvaluationParameters,
    recommendations: pd.DataFrame,
    plain_recommendations: pd.DataFrame | None = None,
    **of_controls: pd.DataFrame,
) -> dict[str, float]:
    """MEP, MER and explainable nDCG of lists by both forms of E, and the gain over other lists.

    Args:
        data: What the lists were made from.
        explainability_by_users: E by similar users.
        explainability_by_items: E by similar items.
        evaluation: List length and intervals.
        recommendations: The lists.
        plain_recommendations: Lists over which the gain is taken, user by user.
        of_controls: `recommendations_of_<control>`, of which some users' are measured.
    """
    metrics: dict[str, float] = {}
    lists = Lists.of(data.histories, recommendations)
    for form, shares in (("users", explainability_by_users), ("items", explainability_by_items)):
        own = explainability_per_user(lists, shares.ratings, evaluation.k)
        own = own[own.index.isin(recommendations["user_id"])]
        columns = {column: column.replace("@", f"_{form}@") for column in own.columns}
        metrics |= mean_with_interval(own.rename(columns=columns), *evaluation.resampling)
        if plain_recommendations is not None:
            plain = Lists.of(data.histories, plain_recommendations)
            gain = own - explainability_per_user(plain, shares.ratings, evaluation.k)
            gains = {column: f"{new}_gain" for column, new in columns.items()}
            metrics |= mean_with_interval(gain.rename(columns=gains), *evaluation.resampling)
        for name, table in of_controls.items():
            chosen = Lists.of(data.histories, of_control_users(table, evaluation))
            of_users = explainability_per_user(chosen, shares.ratings, evaluation.k)
            of_users = of_users[of_users.index.isin(chosen.table["user_id"])]
            control = name.removeprefix("recommendations")
            of_control = of_users.rename(columns={c: new + control for c, new in columns.items()})
            metrics |= mean_with_interval(of_control, *evaluation.resampling)
    empty = np.diff(explainability_by_users.ratings.indptr) == 0
    return metrics | {"n_users_without_neighbours": float(empty.sum())}
