"""How far recommendations can fall at all: take away the ratings that hold them up most."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.downdates import downdates_of
from explainable_recsys.interactions import PaddedBlock, padded_blocks
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters, greedy_users
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.ranking import top_k
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import (
    AdditiveRecommender,
    ClosedFormRecommender,
    Recommender,
)
from explainable_recsys.recommenders.emf import EMF
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters

SCORES_AT_ONCE = 2_000_000
"""Scores that are held at a time."""


def greedy_removals(
    model: Recommender,
    data: Data,
    recommendations: pd.DataFrame,
    faithfulness: FaithfulnessParameters,
    evaluation: EvaluationParameters,
    recommendation: RecommendationParameters,
) -> pd.DataFrame:
    """Take away, one by one, the rating whose loss lowers an item's lead most.

    The lead is over the item that would take the place on the list: the K-th best of the others,
    so that a recommendation is off the list where its lead is below 0. Leads are looked at anew
    after each removal. What they are without a rating is exact where the user side has a closed
    form, or the score is a sum over the ratings; explainable matrix factorization is solved as if
    the neighbours stayed the same, and others are asked again without each rating. Which place the
    item has then is always found by scoring what is left of the history.

    Args:
        model: The recommender.
        data: What it learned from, and what the lists were made from.
        recommendations: Its lists.
        faithfulness: How many ratings are taken away (`reported`), and of how many users.
        evaluation: K.
        recommendation: What may be recommended.

    Returns:
        A row per recommendation of the sampled users and removal: `user_id`, `item_id`, `step`
        (from 1), `rated_item_id` (what is taken away then) and `rank` (of the item without it and
        those before; 0 where it is not recommended at all).
    """
    lists = Lists.of(data.histories, recommendations)
    lists = lists.take(top_k(lists.table, evaluation.k).index.to_numpy())
    lists = lists.of_users(np.sort(greedy_users(lists.histories, faithfulness)))
    ranker = Ranker.of(model, data.interactions, recommendation.min_ratings)
    removed, ranks = take_away(ranker, lists, evaluation.k, faithfulness.reported)
    rows, steps = np.nonzero(removed >= 0)
    table = lists.table[["user_id", "item_id"]].iloc[rows].reset_index(drop=True)
    return table.assign(
        step=(steps + 1).astype(np.int32),
        rated_item_id=lists.histories.item_ids[removed[rows, steps]],
        rank=ranks[rows, steps].astype(np.int32),
    )


def take_away(
    ranker: Ranker, lists: Lists, k: int, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ratings that are taken away, and what becomes of the recommendations.

    Args:
        ranker: The recommender, and what it recommends.
        lists: m recommendations; each has a history of its own to lose.
        k: K.
        n: How many ratings.

    Returns:
        Columns (m, n) of the ratings in the order of removal, -1 where none is left; and ranks
        (m, n) of the items without them.
    """
    items, histories = lists.items, lists.histories.ratings[lists.users]
    removed = np.full((len(items), n), -1, np.int64)
    ranks = np.zeros((len(items), n), np.int64)
    _, rivals = _places(ranker, histories, removed, items, k)
    for step in progress(range(n), "take the best away"):
        removed[:, step] = _most_needed(ranker.model, histories, items, rivals)
        histories = _without(histories, removed[:, step])
        ranks[:, step], rivals = _places(ranker, histories, removed, items, k)
    return removed, ranks


def _places(
    ranker: Ranker,
    histories: sparse.csr_array,
    removed: NDArray[np.int64],
    items: NDArray[np.int64],
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks (m,) of items, and columns (m,) of the K-th best others, -1 where there are fewer.

    What was taken away is no candidate.
    """
    ranks, rivals = np.empty(len(items), np.int64), np.empty(len(items), np.int64)
    step = max(1, SCORES_AT_ONCE // histories.shape[1])
    for start in range(0, len(items), step):
        part = slice(start, start + step)
        scores = ranker.scores(histories[part])
        rows, places = np.nonzero(removed[part] >= 0)
        scores[rows, removed[part][rows, places]] = -np.inf
        ranks[part] = ranker.ranks(scores, items[part], k)
        every = np.arange(len(scores))
        scores[every, items[part]] = -np.inf
        last = max(scores.shape[1] - k, 0)
        rival = np.argpartition(scores, last, axis=1)[:, last]
        there = np.isfinite(scores[every, rival]) & (k <= scores.shape[1])
        rivals[part] = np.where(there, rival, -1)
    return ranks, rivals


def _most_needed(
    model: Recommender,
    histories: sparse.csr_array,
    items: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Column (m,) of the rating without which each item's lead is lowest; -1 without ratings."""
    found = np.full(len(items), -1, np.int64)
    for block in padded_blocks(histories):
        if not block.columns.shape[1]:
            continue
        of, rival = items[block.rows], rivals[block.rows]
        losses = _losses(model, block, np.column_stack([of, np.maximum(rival, 0)]))
        if losses is None:
            lost = _asked_again(model, histories, block, of, rival)
        else:
            lost = losses[:, 0] - np.where(rival[:, None] >= 0, losses[:, 1], 0.0)
        lost = np.where(block.filled, lost, -np.inf)
        most = np.where(block.filled.any(axis=1), lost.argmax(axis=1), 0)
        column = block.columns[np.arange(len(most)), most]
        found[block.rows] = np.where(block.filled.any(axis=1), column, -1)
    return found


def _losses(
    model: Recommender, block: PaddedBlock, items: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """What scores of items (b, k) lose without each rating, (b, k, length); None: not known."""
    if isinstance(model, ClosedFormRecommender):
        asked = model.systems_given_neighbours if isinstance(model, EMF) else model.user_systems
        parts = [one.losses(items) for one in downdates_of(asked(block), block)]
        return np.asarray(np.sum(parts, axis=0))
    if isinstance(model, AdditiveRecommender):
        return model.contributions(block, items)
    return None


def _asked_again(
    model: Recommender,
    histories: sparse.csr_array,
    block: PaddedBlock,
    items: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Minus the leads (b, length) of items when the model scores without each rating."""
    found = np.full(block.columns.shape, -np.inf)
    for row, (item, rival) in enumerate(zip(items, rivals, strict=True)):
        n = int(block.filled[row].sum())
        own = histories[[int(block.rows[row])]]
        columns = np.unique(np.maximum([item, rival], 0))
        step = max(1, SCORES_AT_ONCE // model.n_items)
        for start in range(0, n, step):
            left_out = np.arange(start, min(start + step, n))
            scores = model.scores_of(_each_without(own, left_out), columns).astype(np.float64)
            lead = scores[:, np.searchsorted(columns, item)]
            if rival >= 0:
                other = scores[:, np.searchsorted(columns, rival)]
                lead = lead - np.where(np.isneginf(lead), 0.0, other)
            found[row, left_out] = -lead
    return found


def _each_without(history: sparse.csr_array, places: NDArray[np.int64]) -> sparse.csr_array:
    """One history (1, n_items) without each of some of its ratings, (m, n_items)."""
    n, m = history.nnz, len(places)
    kept = np.arange(n) != places[:, None]
    entries = np.nonzero(kept)[1]
    starts = np.arange(m + 1) * (n - 1)
    arrays = history.data[entries], history.indices[entries], starts
    return sparse.csr_array(arrays, shape=(m, history.shape[1]))


def _without(histories: sparse.csr_array, columns: NDArray[np.int64]) -> sparse.csr_array:
    """Histories (m, n_items) without the rating in one column each; -1: with all."""
    lengths = np.diff(histories.indptr)
    kept = histories.indices != np.repeat(columns, lengths)
    rows = np.repeat(np.arange(len(columns)), lengths)[kept]
    starts = np.append(0, np.cumsum(np.bincount(rows, minlength=len(columns))))
    arrays = histories.data[kept], histories.indices[kept], starts
    return sparse.csr_array(arrays, shape=histories.shape)
