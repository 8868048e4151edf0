"""Scores and ranks of recommendations for parts of the histories they were made from, in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.explainers.downdates import FEW, sides_of_parts
from explainable_recsys.interactions import padded_blocks
from explainable_recsys.ragged import expand, place_in_run
from explainable_recsys.recommenders.base import SideScorer
from explainable_recsys.recommenders.lists import Offered, Ranker

SCORES_AT_ONCE = 2_000_000
"""Scores that are held at a time."""


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders of the items of histories; of one history there can be several.

    Attributes:
        users: (o,) row of the history that each order belongs to.
        starts: (o,) where its items begin in `entries` and `places`.
        entries: (sum of lengths,) position of each item in the histories' `indices`, ascending
            within an order.
        ordered: (sum of lengths,) the same in order.
        places: (sum of lengths,) place of each item in the order, from 0.
        prefixes: (1 + sum of lengths,) running sums of random numbers of the items in order; the
            difference of two of an order is a fingerprint of the set of items between them.
    """

    users: NDArray[np.int64]
    starts: NDArray[np.int64]
    entries: NDArray[np.int64]
    ordered: NDArray[np.int64]
    places: NDArray[np.int64]
    prefixes: NDArray[np.uint64]

    @classmethod
    def by_keys(
        cls,
        histories: sparse.csr_array,
        users: NDArray[np.int64],
        keys: NDArray[np.float64],
        item_numbers: NDArray[np.uint64],
    ) -> Self:
        """Order histories by the keys of their items, lowest first, ties by column.

        Args:
            histories: (b, n_items) CSR.
            users: (o,) the history of each order.
            keys: (sum of the lengths of these histories,) one for each item of each order.
            item_numbers: (n_items,) a random number for each item.
        """
        lengths = np.diff(histories.indptr)[users].astype(np.int64)
        orders, entries = expand(histories.indptr[users].astype(np.int64), lengths)
        sorted_items = np.lexsort((keys, orders))
        places = np.empty(len(entries), np.int64)
        places[sorted_items] = place_in_run(orders)
        ordered = entries[sorted_items]
        numbers = item_numbers[histories.indices[ordered]]
        prefixes = np.append(np.uint64(0), np.cumsum(numbers, dtype=np.uint64))
        return cls(users, np.cumsum(lengths) - lengths, entries, ordered, places, prefixes)

    def first(self, orders: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Fingerprint of the first items of some orders, (m,)."""
        starts = self.starts[orders]
        return np.asarray(self.prefixes[starts + sizes] - self.prefixes[starts])


@dataclass(frozen=True, eq=False)
class MaskedHistories:
    """Items whose rank is asked for when the first items of an order are removed, or kept.

    Attributes:
        items: (q,) column of the item, none of its user's history.
        orders: (q,) order of that history.
        sizes: (q,) how many of the first items.
        kept: (q,) whether they are kept (else removed).
    """

    items: NDArray[np.int64]
    orders: NDArray[np.int64]
    sizes: NDArray[np.int64]
    kept: NDArray[np.bool_]


def counterfactual_ranks(
    ranker: Ranker,
    histories: sparse.csr_array,
    orders: Orders,
    queries: MaskedHistories,
    n: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Recommend from parts of histories.

    Parts that several queries ask for are scored once. They are told apart by the sum of 64-bit
    random numbers of their items.

    Args:
        ranker: The recommender, and what it recommends.
        histories: (b, n_items) CSR of ratings.
        orders: Orders of their items.
        queries: What is asked.
        n: Length of the lists.

    Returns:
        Rank (q,) of each item, as `Ranker.ranks`, among the others that are not in the whole
        history; 0 for a score of -inf, which is never recommended. And the scores (q,).
    """
    offered, users = ranker.offered, orders.users[queries.orders]
    parts = orders.first(queries.orders, queries.sizes)
    by_part = np.lexsort((parts, queries.kept, users))
    change = np.zeros(len(by_part), bool)
    change[:1] = True
    for key in (parts, queries.kept, users):
        change[1:] |= np.diff(key[by_part]) != 0
    starts = np.append(np.flatnonzero(change), len(by_part))
    ranks, scores = np.empty(len(by_part), np.int64), np.empty(len(by_part))
    one_each = by_part[starts[:-1]]
    sides = None
    if isinstance(ranker.model, SideScorer):
        sides = _sides(ranker.model, histories, orders, queries, one_each)
    step = max(1, SCORES_AT_ONCE // histories.shape[1])
    for start in range(0, len(starts) - 1, step):
        stop = min(start + step, len(starts) - 1)
        asked = by_part[starts[start] : starts[stop]]
        rows = np.repeat(np.arange(stop - start), np.diff(starts[start : stop + 1]))
        known = None if sides is None else sides[start:stop]
        scored = _score_parts(offered, histories, orders, queries, one_each[start:stop], known)
        ranks[asked], scores[asked] = _ranks(offered, scored, rows, queries.items[asked], n)
    return ranks, scores


def _score_parts(
    ranker: Offered,
    histories: sparse.csr_array,
    orders: Orders,
    queries: MaskedHistories,
    chosen: NDArray[np.int64],
    sides: NDArray[np.float64] | None,
) -> NDArray[np.float32]:
    """Scores (m, offered) for the part of each chosen query; -inf also for the whole history."""
    left = _parts(histories, orders, queries, chosen)
    if sides is None:
        scores = ranker.scores(left)
    else:
        assert isinstance(ranker.model, SideScorer)
        scores = ranker.open_to(ranker.model.scores_given(sides, ranker.columns), left)
    whole = histories[orders.users[queries.orders[chosen]]]
    rows = np.repeat(np.arange(len(chosen)), np.diff(whole.indptr))
    ranker.close(scores, rows, whole.indices)
    return scores


def _parts(
    histories: sparse.csr_array,
    orders: Orders,
    queries: MaskedHistories,
    chosen: NDArray[np.int64],
) -> sparse.csr_array:
    """The part (m, n_items) of a history that each chosen query asks for."""
    of = queries.orders[chosen]
    lengths = np.diff(histories.indptr)[orders.users[of]].astype(np.int64)
    rows, places = expand(orders.starts[of], lengths)
    entries = orders.entries[places]
    there = (orders.places[places] < queries.sizes[chosen][rows]) == queries.kept[chosen][rows]
    kept = entries[there]
    starts = np.append(0, np.cumsum(np.bincount(rows[there], minlength=len(chosen))))
    arrays = histories.data[kept], histories.indices[kept], starts
    return sparse.csr_array(arrays, shape=(len(chosen), histories.shape[1]))


def _sides(
    model: SideScorer,
    histories: sparse.csr_array,
    orders: Orders,
    queries: MaskedHistories,
    chosen: NDArray[np.int64],
) -> NDArray[np.float64]:
    """User sides (m, f) for the part of each chosen query, from those of the whole histories."""
    of, sizes, kept = queries.orders[chosen], queries.sizes[chosen], queries.kept[chosen]
    users, few = orders.users[of], sizes <= FEW
    solved = model.user_factors(_parts(histories, orders, queries, chosen[~few]))
    found = np.empty((len(chosen), solved.shape[1]))
    found[~few] = solved
    for block in padded_blocks(histories):
        (systems,) = model.user_systems(block)
        place = np.full(histories.shape[0], -1)
        place[block.rows] = np.arange(len(block.rows))
        here = few & (place[users] >= 0)
        for keep, size in np.unique(np.column_stack([kept, sizes])[here], axis=0).tolist():
            asked = np.flatnonzero(here & (kept == keep) & (sizes == size))
            first = orders.starts[of[asked], None] + np.arange(size)
            groups = orders.ordered[first] - histories.indptr[users[asked], None]
            found[asked] = sides_of_parts(systems, place[users[asked]], groups, bool(keep))
    return found


def _ranks(
    ranker: Offered,
    scores: NDArray[np.float32],
    rows: NDArray[np.int64],
    items: NDArray[np.int64],
    n: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ranks (q,) and scores (q,) of items in some rows of the scores (m, offered)."""
    ranks = np.empty(len(rows), np.int64)
    step = max(1, SCORES_AT_ONCE // (4 * scores.shape[1]))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        ranks[part] = ranker.ranks(scores[rows[part]], items[part], n)
    places = ranker.places[items]
    return ranks, np.where(places < 0, -np.inf, scores[rows, places].astype(np.float64))
