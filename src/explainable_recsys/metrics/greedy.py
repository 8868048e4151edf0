"""How far recommendations can fall at all: take away the ratings that hold them up most."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.explainers.downdates import downdates_of, scores_without_more
from explainable_recsys.interactions import PaddedBlock, padded_blocks
from explainable_recsys.progress import progress
from explainable_recsys.ragged import place_in_run
from explainable_recsys.recommenders.association_rules import AssociationRules
from explainable_recsys.recommenders.base import (
    AdditiveRecommender,
    ClosedFormRecommender,
    Recommender,
    SideScorer,
)
from explainable_recsys.recommenders.emf import EMF
from explainable_recsys.recommenders.lists import Offered, Ranker

SCORES_AT_ONCE = 2_000_000
"""Scores that are held at a time."""


def take_away(
    ranker: Ranker,
    histories: sparse.csr_array,
    of: NDArray[np.int64],
    items: NDArray[np.int64],
    k: int,
    n: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Take away, one by one, the rating whose loss lowers an item's lead most.

    The lead is over the item that would take the place on the list: the K-th best of the others,
    so that an item is off the list where its lead is below 0. Leads are looked at anew after each
    removal. What they are without a rating is exact where the user side has a closed form; other
    additive recommenders are taken to be sums over the ratings, explainable matrix factorization is
    solved as if the neighbours stayed the same, rules are looked up, and the rest are asked again
    without each rating.
    Which place the item has then is always found by scoring what is left of the history.

    Args:
        ranker: The recommender, and what it recommends.
        histories: (u, n_items) CSR.
        of: (m,) row there of each recommendation's user.
        items: (m,) column of the recommended item; each has the history to lose for itself.
        k: K.
        n: How many ratings.

    Returns:
        Columns (m, n) of the ratings in the order of removal, -1 where none is left; and ranks
        (m, n) of the items without them, 0 where they are not recommended at all.
    """
    removed = np.full((len(items), n), -1, np.int64)
    ranks = np.zeros((len(items), n), np.int64)
    offered = ranker.offered
    left, rows = histories, of
    _, rivals = _places(offered, left, rows, removed, items, k)
    for step in progress(range(n), "take the best away"):
        if isinstance(ranker.model, SideScorer):
            gone = removed[:, :step]
            best = _most_needed_more(ranker.model, histories, of, gone, items, rivals)
        else:
            best = _most_needed(ranker.model, left, rows, items, rivals)
        removed[:, step] = best
        left, rows = _without(left[rows], best), np.arange(len(items))
        ranks[:, step], rivals = _places(offered, left, rows, removed, items, k)
    return removed, ranks


def ranks_without(
    ranker: Ranker,
    histories: sparse.csr_array,
    of: NDArray[np.int64],
    items: NDArray[np.int64],
    removed: NDArray[np.int64],
    k: int,
) -> NDArray[np.int64]:
    """Ranks (m,) of items when some ratings are taken away, 0 where they are not recommended.

    Args:
        ranker: The recommender, and what it recommends.
        histories: (u, n_items) CSR.
        of: (m,) row there of each recommendation's user.
        items: (m,) column of the recommended item.
        removed: (m, n) columns of the ratings that go, padded with -1.
        k: Length of the lists.
    """
    left = histories[of]
    for columns in removed.T:
        left = _without(left, columns)
    return _places(ranker.offered, left, np.arange(len(items)), removed, items, k)[0]


def _places(
    ranker: Offered,
    histories: sparse.csr_array,
    of: NDArray[np.int64],
    removed: NDArray[np.int64],
    items: NDArray[np.int64],
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks (m,) of items, and columns (m,) of the K-th best others, -1 where there are fewer.

    Row `of` (m,) of the histories is what is left for each item; what was taken away is no
    candidate.
    """
    ranks, rivals = np.empty(len(items), np.int64), np.empty(len(items), np.int64)
    step = max(1, SCORES_AT_ONCE // histories.shape[1])
    for start in range(0, len(items), step):
        part = slice(start, start + step)
        different, rows = np.unique(of[part], return_inverse=True)
        scores = ranker.scores(histories[different])[rows]
        every, places = np.nonzero(removed[part] >= 0)
        ranker.close(scores, every, removed[part][every, places])
        ranks[part] = ranker.ranks(scores, items[part], k)
        every = np.arange(len(scores))
        ranker.close(scores, every, items[part])
        last = max(scores.shape[1] - k, 0)
        kth = np.partition(scores, last, axis=1)[:, last]
        there = np.isfinite(kth) & (k <= scores.shape[1])
        kth_places = (scores == kth[:, None]).argmax(axis=1)
        rivals[part] = np.where(there, ranker.columns[kth_places], -1)
    return ranks, rivals


def _most_needed(
    model: Recommender,
    histories: sparse.csr_array,
    of: NDArray[np.int64],
    items: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Column (m,) of the rating without which each item's lead is lowest; -1 without ratings."""
    found = np.full(len(items), -1, np.int64)
    order = np.argsort(of, kind="stable")
    place = place_in_run(of[order])
    asked = np.full((histories.shape[0], int(place.max(initial=-1)) + 1), -1)
    asked[of[order], place] = order
    for block in padded_blocks(histories):
        made = asked[block.rows]
        rows, slots = np.nonzero(made >= 0)
        if not block.filled.any() or not len(rows):
            continue
        lost = _lost_leads(
            model, histories, block, items[made], np.where(made < 0, -1, rivals[made])
        )
        lost = np.where(block.filled[:, None, :], lost, -np.inf)
        found[made[rows, slots]] = block.columns[rows, lost[rows, slots].argmax(axis=1)]
    return found


def _most_needed_more(
    model: SideScorer,
    histories: sparse.csr_array,
    of: NDArray[np.int64],
    gone: NDArray[np.int64],
    items: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> NDArray[np.int64]:
    """`_most_needed` when columns (m, g) are gone already, from the systems of whole histories."""
    found = np.full(len(items), -1, np.int64)
    for block in padded_blocks(histories):
        place = np.full(histories.shape[0], -1)
        place[block.rows] = np.arange(len(block.rows))
        place[block.rows[block.filled.sum(axis=1) <= gone.shape[1]]] = -1  # nothing is left
        asked = np.flatnonzero(place[of] >= 0)
        if not len(asked):
            continue
        (systems,) = model.user_systems(block)
        rows, rival = place[of[asked]], rivals[asked]
        x = systems.items[items[asked]]
        x = x - np.where(rival[:, None] >= 0, systems.items[np.maximum(rival, 0)], 0.0)
        rated = np.where(block.filled, block.columns, -1)[rows]
        places = (rated[:, None] == gone[asked, :, None]).argmax(axis=2)
        leads = scores_without_more(systems, rows, places, x)
        leads[rated < 0] = np.inf
        np.put_along_axis(leads, places, np.inf, axis=1)
        found[asked] = rated[np.arange(len(rows)), leads.argmin(axis=1)]
    return found


def _lost_leads(
    model: Recommender,
    histories: sparse.csr_array,
    block: PaddedBlock,
    items: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What leads of items (b, k) over others (b, k) lose without each rating, (b, k, length).

    Up to a number for each item; without another (-1) it is the score that counts.
    """
    k = items.shape[1]
    losses = _losses(model, block, np.column_stack([items, np.maximum(rivals, 0)]))
    if losses is not None:
        with np.errstate(invalid="ignore"):
            lost = losses[:, :k] - np.where(rivals[..., None] >= 0, losses[:, k:], 0.0)
        return np.where(np.isposinf(losses[:, :k]), np.inf, lost)  # both may be lost
    found = np.zeros((*items.shape, block.columns.shape[1]))
    for row, history in enumerate(block.rows.tolist()):
        own = histories[[history]]
        found[row, :, : own.nnz] = -_leads_without_each(model, own, items[row], rivals[row])
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
    if isinstance(model, AssociationRules) and not math.isnan(model.liked_from):
        return model.losses(block, items)
    return None


def _leads_without_each(
    model: Recommender,
    history: sparse.csr_array,
    items: NDArray[np.int64],
    rivals: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Leads (k, length) when the model scores one history without each of its ratings."""
    columns = np.unique(np.maximum(np.concatenate([items, rivals]), 0))
    found = np.empty((len(items), history.nnz))
    step = max(1, SCORES_AT_ONCE // model.n_items)
    for start in range(0, history.nnz, step):
        left_out = np.arange(start, min(start + step, history.nnz))
        scores = model.scores_of(_each_without(history, left_out), columns).astype(np.float64).T
        own = scores[np.searchsorted(columns, items)]
        others = scores[np.searchsorted(columns, np.maximum(rivals, 0))]
        others = np.where((rivals[:, None] < 0) | np.isneginf(own), 0.0, others)
        found[:, left_out] = own - others
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
