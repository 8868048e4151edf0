"""Frequent itemsets: which items occur together in many transactions, counted exactly."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks, expand

COUNTS_AT_ONCE = 2_000_000
"""Numbers that one step of counting holds at once."""


@dataclass(frozen=True, eq=False)
class Itemsets:
    """Frequent itemsets of one size.

    Attributes:
        items: (m, size) int32 columns of the transactions; ascending in each row, rows in
            lexicographic order.
        counts: (m,) int64 number of transactions that hold all of them.
    """

    items: NDArray[np.int32]
    counts: NDArray[np.int64]


def frequent_itemsets(
    transactions: sparse.csr_array,
    min_support: float,
    max_length: int,
    max_candidates: int = 5_000_000,
    min_count: int = 1,
) -> list[Itemsets]:
    """Find all itemsets of up to `max_length` items that enough transactions hold.

    Level by level as Apriori (Agrawal & Srikant 1994), on the vertical form of Eclat (Zaki
    2000): pairs come from one sparse product of the transactions with themselves, and a
    longer set's transactions are the bitwise AND of its items' bit rows.

    Args:
        transactions: (n, n_items) CSR; a stored entry is an item of the transaction.
        min_support: Smallest share of the n transactions, in (0, 1].
        max_length: Largest size, from 1.
        max_candidates: Most sets that one level may have to count.
        min_count: Smallest number of transactions, whatever their share.

    Returns:
        One `Itemsets` per size, from 1 to `max_length`; empty where none is frequent.

    Raises:
        InputError: If there are more frequent pairs, or a longer level would count more
            candidates; before it is counted.
    """
    least = max(min_count, least_count(min_support, transactions.shape[0]))
    counts = np.bincount(transactions.indices, minlength=transactions.shape[1])
    columns = np.flatnonzero(counts >= least).astype(np.int32)
    levels = [Itemsets(columns[:, None], counts[columns])]
    held = _ones(transactions)[:, columns]
    if max_length > 1:
        levels.append(_frequent_pairs(held, least, max_candidates))
    bits = pack_bits(held) if max_length > 2 else np.empty((0, 0), np.uint64)
    while len(levels) < max_length:
        sets = levels[-1].items
        starts, lengths = later_in_class(sets[:, :-1])
        levels.append(grow(sets, starts, lengths, bits, least, max_candidates))
    return [levels[0], *(Itemsets(columns[level.items], level.counts) for level in levels[1:])]


def mlxtend_itemsets(
    transactions: sparse.csr_array, min_support: float, max_length: int, min_count: int = 1
) -> list[Itemsets]:
    """The same as `frequent_itemsets`, found by mlxtend's FP-growth."""
    from mlxtend.frequent_patterns import fpgrowth

    n = transactions.shape[0]
    counts = np.bincount(transactions.indices, minlength=transactions.shape[1])
    least = max(min_count, least_count(min_support, n))
    columns = np.flatnonzero(counts >= least)
    baskets = pd.DataFrame(_ones(transactions)[:, columns].toarray().astype(bool), columns=columns)
    # Between two counts, so that mlxtend's rounding of share x n neither loses nor adds a set.
    between = min(1.0, (least - 0.5) / n)
    found = fpgrowth(baskets, min_support=between, max_len=max_length, use_colnames=True)
    lengths = found["itemsets"].map(len).to_numpy()
    levels = []
    for length in range(1, max_length + 1):
        chosen = found[lengths == length]
        listed = itertools.chain.from_iterable(map(sorted, chosen["itemsets"]))
        items = np.fromiter(listed, np.int32).reshape(-1, length)
        order = np.lexsort(items.T[::-1])
        supports = chosen["support"].to_numpy(np.float64)
        levels.append(Itemsets(items[order], np.rint(supports * n).astype(np.int64)[order]))
    return levels


def least_count(min_support: float, n: int) -> int:
    """Smallest count c of at least 1 whose share c / n reaches the minimum support."""
    count = max(1, math.floor(min_support * n))
    while count / n < min_support:
        count += 1
    return count


def pack_bits(held: sparse.csr_array) -> NDArray[np.uint64]:
    """Turn the columns of a matrix into rows of bits.

    Args:
        held: (n, n_items) CSR of ones.

    Returns:
        (n_items, ceil(n / 64)) uint64; bit t of row i is set where transaction t holds i.
    """
    n, n_items = held.shape
    by_item = held.T.tocsr()
    step = max(1, COUNTS_AT_ONCE * 8 // max(n, 1))
    rows = [
        bit_rows(by_item[start : start + step].toarray().astype(bool))
        for start in range(0, n_items, step)
    ]
    return np.concatenate([np.empty((0, -(-n // 64)), np.uint64), *rows])


def later_in_class(
    prefixes: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every row of a sorted array the rows after it that are equal to it.

    Args:
        prefixes: (m, size) in lexicographic order.

    Returns:
        The first of them and how many there are, both (m,).
    """
    m = len(prefixes)
    differs = np.any(prefixes[1:] != prefixes[:-1], axis=1)
    ends = np.append(np.flatnonzero(differs) + 1, m)
    starts = np.arange(1, m + 1)
    return starts, np.repeat(ends, np.diff(ends, prepend=0)) - starts


def grow(
    sets: NDArray[np.int32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    bits: NDArray[np.uint64],
    least: int,
    max_candidates: int,
) -> Itemsets:
    """Join each frequent set with others that differ from it in the last item, and count.

    Args:
        sets: (m, size) rows of `bits`, in lexicographic order.
        starts: (m,) first of the sets that each is joined with.
        lengths: (m,) how many there are.
        bits: (n_items, words) transactions of each item.
        least: Smallest count to keep.
        max_candidates: Most joined sets.

    Returns:
        The frequent sets of size + 1, rows of `bits`.

    Raises:
        InputError: If there are more joined sets; before they are counted.
    """
    size = sets.shape[1] + 1
    if (candidates := int(lengths.sum())) > max_candidates:
        raise InputError(
            f"parameter mining.max_antecedents: rules with {size - 1} antecedents mean counting "
            f"about {candidates:,} sets of {size} items; accepted: up to max_candidates = "
            f"{max_candidates:,}. Raise min_support or min_count, or allow fewer antecedents"
        )
    rows, counts = [np.empty((0, size), np.int32)], [np.empty(0, np.int64)]
    cuts = list(blocks(lengths, max(1, COUNTS_AT_ONCE // bits.shape[1])))
    for block in progress(cuts, "count itemsets"):
        left, right = expand(starts[block], lengths[block])
        shared = np.bitwise_and.reduce(bits[sets[block].T], axis=0)
        joined = shared[left]
        joined &= bits[sets[right, -1]]
        found = np.bitwise_count(joined).sum(axis=1, dtype=np.int64)
        kept = found >= least
        rows.append(np.column_stack([sets[block][left[kept]], sets[right[kept], -1]]))
        counts.append(found[kept])
    return Itemsets(np.concatenate(rows), np.concatenate(counts))


def find_rows(wanted: NDArray[np.int32], rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """Position of each wanted row among distinct rows in lexicographic order, (m,)."""
    base = np.int64(rows.max(initial=0)) + 1
    radix = base ** np.arange(rows.shape[1], dtype=np.int64)[::-1]
    return np.searchsorted(rows @ radix, wanted @ radix)


def bit_rows(held: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack (m, n) truth values into (m, ceil(n / 64)) words."""
    packed = np.packbits(held, axis=1)
    padded = np.zeros((len(held), -(-held.shape[1] // 64) * 8), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def _frequent_pairs(held: sparse.csr_array, least: int, max_candidates: int) -> Itemsets:
    """Pairs of columns that at least `least` rows hold together, from X'X in blocks."""
    n_items = held.shape[1]
    across = held.T.tocsr()
    rows, counts = [np.empty((0, 2), np.int32)], [np.empty(0, np.int64)]
    step = max(1, COUNTS_AT_ONCE // max(n_items, 1))
    for start in progress(range(0, n_items, step), "count pairs"):
        together = (across[start : start + step] @ held).toarray()
        first, second = np.nonzero(np.triu(together >= least, start + 1))
        rows.append(np.column_stack([first + start, second]).astype(np.int32))
        counts.append(together[first, second].astype(np.int64))
        if sum(map(len, counts)) > max_candidates:
            raise InputError(
                f"parameter mining.min_support: more than {max_candidates:,} pairs of items are in "
                f"at least {least} transactions; accepted: up to max_candidates = "
                f"{max_candidates:,}. Raise min_support or min_count"
            )
    return Itemsets(np.concatenate(rows), np.concatenate(counts))


def _ones(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix with every stored entry replaced by 1."""
    ones = np.ones(matrix.nnz, np.int32)
    return sparse.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
