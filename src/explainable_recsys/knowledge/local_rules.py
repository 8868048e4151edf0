"""Rules that hold among the users nearest to one user, mined for that user's list alone."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.knowledge.association_rules import (
    OrderBy,
    RuleParameters,
    Rules,
    preference,
    rules_with_consequent_at,
    take,
)
from explainable_recsys.knowledge.itemsets import (
    Itemsets,
    bit_rows,
    grow,
    later_in_class,
    least_count,
)
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks, expand, place_in_run
from explainable_recsys.threads import one_blas_thread
from explainable_recsys.top_n import top_n

BASKETS_AT_ONCE = 200_000
"""Neighbours times items of the users that are mined at once."""


def nearest_by_factors(
    vectors: NDArray[np.float64], n_neighbours: int, block_size: int = 512
) -> NDArray[np.int64]:
    """The users with the most similar vectors (cosine), most similar first.

    Args:
        vectors: (n_users, d); a vector of zeros is similar to nobody (cosine 0).
        n_neighbours: How many, at most n_users - 1.
        block_size: Users compared with all others at once.

    Returns:
        (n_users, n_neighbours) rows; ties go to the lower row.

    Raises:
        InputError: If there are not that many other users.
    """
    n_users = len(vectors)
    if n_neighbours >= n_users:
        raise InputError(
            f"parameter scopes.n_neighbours: {n_neighbours} neighbours were asked for, a user has "
            f"{n_users - 1} others; accepted: up to {n_users - 1}"
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    nearest = np.empty((n_users, n_neighbours), np.int64)
    for start in progress(range(0, n_users, block_size), "find neighbours"):
        block = np.arange(start, min(start + block_size, n_users))
        with one_blas_thread():  # with more threads the last digits differ
            similarity = directions[block] @ directions.T
        similarity[np.arange(len(block)), block] = -np.inf
        nearest[block] = top_n(similarity, n_neighbours)[0]
    return nearest


def local_rules(
    transactions: sparse.csr_array,
    liked: sparse.csr_array,
    neighbours: NDArray[np.int64],
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    parameters: RuleParameters,
    n_rules: int,
    order_by: OrderBy = "confidence",
) -> tuple[NDArray[np.int64], Rules]:
    """Mine the rules from what each user likes to the user's own recommendations.

    The transactions are those of the user's neighbours alone; a support is a share of them.

    Args:
        transactions: (n_users, n_items) CSR of ones.
        liked: (n_users, n_items) CSR of ones, the items that antecedents may be.
        neighbours: (n_users, k) rows of each user's neighbours.
        users: (r,) row of each recommendation's user.
        items: (r,) column of each recommended item.
        parameters: Thresholds; the engine is always the bit rows.
        n_rules: Most rules per recommendation.
        order_by: The measure by which rules are preferred.

    Returns:
        The recommendation (row of `users`) that each rule explains, ascending, and the
        rules, best first for each recommendation.

    Raises:
        InputError: If too many itemsets would have to be counted.
    """
    order = np.argsort(users, kind="stable")
    distinct, lists = np.unique(users[order], return_counts=True)
    ends = np.cumsum(lists)
    width = np.diff(liked.indptr)[distinct] + lists
    explained, parts = [np.empty(0, np.int64)], [Rules.none()]
    cuts = list(blocks(width * neighbours.shape[1], BASKETS_AT_ONCE))
    for block in progress(cuts, "mine local rules"):
        rows = order[ends[block.start] - lists[block.start] : ends[block.stop - 1]]
        some = neighbours[distinct[block]]
        owners = np.searchsorted(distinct[block], users[rows])
        local = _local_items(transactions, liked[distinct[block]], some, owners, items[rows])
        found, rules = _mine_locally(local, parameters)
        best_first = preference(rules, order_by)
        chosen = best_first[np.argsort(rows[found][best_first], kind="stable")]
        chosen = chosen[place_in_run(rows[found][chosen]) < n_rules]
        explained.append(rows[found][chosen])
        parts.append(take(rules, chosen))
    of_list = np.concatenate(explained)
    order = np.argsort(of_list, kind="stable")
    return of_list[order], take(Rules.concatenate(parts), order)


@dataclass(frozen=True, eq=False)
class LocalItems:
    """The items that matter to each user of a block, and which neighbours hold them.

    Sorted by user; within a user the recommended items come first, then the liked ones.

    Attributes:
        users: (m,) number of the user.
        columns: (m,) int32 column of the item.
        lists: (m,) which recommendation the item is; -1 for a liked item.
        held: (m, k) whether each of the user's k neighbours holds it.
    """

    users: NDArray[np.int64]
    columns: NDArray[np.int32]
    lists: NDArray[np.int64]
    held: NDArray[np.bool_]


def _local_items(
    transactions: sparse.csr_array,
    liked: sparse.csr_array,
    neighbours: NDArray[np.int64],
    owners: NDArray[np.int64],
    recommended: NDArray[np.int64],
) -> LocalItems:
    """Gather them for b users: (b, n_items) liked, (b, k) neighbours, (r,) recommendations."""
    n_items, k = liked.shape[1], neighbours.shape[1]
    likers = np.repeat(np.arange(liked.shape[0]), np.diff(liked.indptr))
    users = np.concatenate([owners, likers])
    columns = np.concatenate([recommended, liked.indices])
    lists = np.concatenate([np.arange(len(owners)), np.full(len(likers), -1)])
    order = np.lexsort([columns, lists < 0, users])
    users, columns, lists = users[order], columns[order], lists[order]

    rows = neighbours.ravel()
    starts, lengths = transactions.indptr[rows], np.diff(transactions.indptr)[rows]
    origin, entries = expand(starts.astype(np.int64), lengths.astype(np.int64))
    wanted = origin // k * n_items + transactions.indices[entries]
    keys = users * n_items + columns
    by_key = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[by_key], wanted), len(keys) - 1)
    there = keys[by_key][place] == wanted
    held = np.zeros((len(keys), k), dtype=bool)
    held[by_key[place[there]], origin[there] % k] = True
    return LocalItems(users, columns.astype(np.int32), lists, held)


def _mine_locally(local: LocalItems, parameters: RuleParameters) -> tuple[NDArray[np.int64], Rules]:
    """Recommendation of each rule, and the rules, in no order that matters."""
    k = local.held.shape[1]
    least = max(parameters.min_count, least_count(parameters.min_support, k))
    counts = local.held.sum(axis=1)
    kept = counts >= least
    users, lists, bits = local.users[kept], local.lists[kept], bit_rows(local.held[kept])
    levels = [Itemsets(np.arange(len(users), dtype=np.int32)[:, None], counts[kept])]
    starts, lengths = later_in_class(users[:, None].astype(np.int32))
    # A rule has one consequent: recommended items meet only liked ones, which come after them.
    first_liked = np.searchsorted(users * 2 + (lists < 0), users * 2 + 1)
    skipped = np.maximum(first_liked - starts, 0)
    starts, lengths = starts + skipped, lengths - skipped
    explained, parts = [np.empty(0, np.int64)], [Rules.none()]
    while len(levels) <= parameters.max_antecedents:
        sets = levels[-1].items
        if len(levels) > 1:
            starts, lengths = later_in_class(sets[:, :-1])
        if len(levels) == parameters.max_antecedents:  # no longer rule needs sets of liked items
            lengths = np.where(lists[sets[:, 0]] >= 0, lengths, 0)
        levels.append(grow(sets, starts, lengths, bits, least, parameters.max_candidates))
        toward = lists[levels[-1].items[:, 0]] >= 0
        of_lists = Itemsets(levels[-1].items[toward], levels[-1].counts[toward])
        rules = rules_with_consequent_at(0, of_lists, levels[-2], levels[0], k)
        strong = (rules.confidence >= parameters.min_confidence) & (
            rules.lift >= parameters.min_lift
        )
        rules = take(rules, strong)
        explained.append(lists[rules.consequents])
        parts.append(_with_columns(rules, local.columns[kept]))
    return np.concatenate(explained), Rules.concatenate(parts)


def _with_columns(rules: Rules, columns: NDArray[np.int32]) -> Rules:
    """Rules over the local items as rules over the catalogue."""
    given = rules.antecedents >= 0
    antecedents = np.where(given, columns[rules.antecedents], -1).astype(np.int32)
    return dataclasses.replace(
        rules, antecedents=antecedents, consequents=columns[rules.consequents]
    )
