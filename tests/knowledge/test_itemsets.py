"""Frequent itemsets against every combination, counted one by one, and against mlxtend."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mlxtend.frequent_patterns import apriori
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.knowledge import itemsets
from explainable_recsys.knowledge.itemsets import (
    find_rows,
    frequent_itemsets,
    later_in_class,
    least_count,
    mlxtend_itemsets,
)

LONGEST = 4

# The support of some sets is exactly the threshold; numbers of transactions around one and
# two words of 64 bits.
CASES = [
    (1, 1.0),
    (9, 1 / 3),
    (10, 0.3),
    (20, 1.0),
    (30, 0.1),
    (50, 0.14),
    (63, 0.2),
    (64, 0.25),
    (65, 0.2),
    (100, 0.07),
    (128, 0.125),
    (150, 0.02),
]


def random_baskets(seed, n, n_items=8):
    """Popular and rare items, one in nobody's basket, and some empty baskets."""
    rng = np.random.default_rng(seed)
    held = rng.random((n, n_items)) < rng.random(n_items) ** 0.5
    held[:, rng.integers(n_items)] = False
    held[rng.random(n) < 0.1] = False
    return held


def matrix(held):
    return sparse.csr_array(np.asarray(held).astype(np.float32))


def in_words(levels):
    """Per size, the sets and their counts, in the order found."""
    return [
        list(zip(map(tuple, level.items.tolist()), level.counts.tolist(), strict=True))
        for level in levels
    ]


def brute_force(held, min_support, max_length):
    """Look at every combination of items in every transaction."""
    baskets = [set(np.flatnonzero(row).tolist()) for row in held]
    levels = []
    for length in range(1, max_length + 1):
        counted = [
            (combination, sum(basket.issuperset(combination) for basket in baskets))
            for combination in itertools.combinations(range(held.shape[1]), length)
        ]
        levels.append([(c, n) for c, n in counted if n > 0 and n / len(held) >= min_support])
    return levels


@pytest.mark.parametrize("max_length", range(1, LONGEST + 1))
@pytest.mark.parametrize(("n", "min_support"), CASES)
def test_equals_brute_force(n, min_support, max_length):
    for seed in range(3):
        held = random_baskets(seed, n)
        expected = brute_force(held, min_support, max_length)
        found = frequent_itemsets(matrix(held), min_support, max_length)
        assert in_words(found) == expected


@pytest.mark.parametrize(("n", "min_support"), CASES)
def test_equals_apriori_of_mlxtend_to_the_last_bit(n, min_support):
    held = random_baskets(n, n)
    theirs = apriori(pd.DataFrame(held), min_support=min_support, max_len=LONGEST)
    expected = {frozenset(s): p for s, p in zip(theirs["itemsets"], theirs["support"], strict=True)}
    found = [
        pair
        for level in frequent_itemsets(matrix(held), min_support, LONGEST)
        for pair in zip(level.items.tolist(), level.counts.tolist(), strict=True)
    ]
    assert {frozenset(items): count / n for items, count in found} == expected


@pytest.mark.parametrize(("n", "min_support"), CASES)
def test_the_other_engine_finds_the_same(n, min_support):
    for seed in range(3):
        held = matrix(random_baskets(seed, n))
        assert in_words(mlxtend_itemsets(held, min_support, LONGEST)) == in_words(
            frequent_itemsets(held, min_support, LONGEST)
        )


@pytest.mark.parametrize("engine", [frequent_itemsets, mlxtend_itemsets])
def test_items_far_apart_in_a_large_catalogue(engine):
    held = np.zeros((40, 60_000), dtype=bool)
    columns = [1, 8, 16, 300, 4_097, 40_000, 59_998, 59_999]
    held[:, columns] = random_baskets(1, 40)
    expected = [
        [(tuple(columns[item] for item in items), count) for items, count in level]
        for level in brute_force(held[:, columns], 0.2, LONGEST)
    ]
    assert in_words(engine(matrix(held), 0.2, LONGEST)) == expected


@pytest.mark.parametrize("engine", [frequent_itemsets, mlxtend_itemsets])
@pytest.mark.parametrize("min_support", [0.07, 0.14, 0.28])
def test_shares_that_floating_point_misses(engine, min_support):
    """0.07 x 100 is 7.000000000000001; a set in 7 of 100 transactions has support 0.07."""
    count = round(min_support * 100)
    held = np.zeros((100, 4), dtype=bool)
    held[:count, :2] = True
    held[count - 1 : -1, 1:3] = True
    held[-40:, 3] = True
    expected = brute_force(held, min_support, 2)
    assert ((0, 1), count) in expected[1]
    assert in_words(engine(matrix(held), min_support, 2)) == expected


@pytest.mark.parametrize("n", [2, 22, 49, 130])
@pytest.mark.parametrize("min_count", [1, 2, 3, 12, 25])
def test_min_count(n, min_count):
    """A set needs both the share and the number of transactions."""
    held = random_baskets(n, n)
    levels = brute_force(held, 0.1, LONGEST)
    expected = [[pair for pair in level if pair[1] >= min_count] for level in levels]
    found = frequent_itemsets(matrix(held), 0.1, LONGEST, min_count=min_count)
    assert in_words(found) == expected
    assert in_words(mlxtend_itemsets(matrix(held), 0.1, LONGEST, min_count)) == expected


@pytest.mark.parametrize("engine", [frequent_itemsets, mlxtend_itemsets])
@pytest.mark.parametrize("held", [np.eye(10), np.zeros((10, 3)), np.zeros((3, 0))])
def test_no_frequent_item(engine, held):
    levels = engine(matrix(held), 0.3, LONGEST)
    assert [level.items.shape for level in levels] == [(0, size) for size in (1, 2, 3, 4)]
    assert [level.counts.shape for level in levels] == [(0,)] * LONGEST


@pytest.mark.parametrize("engine", [frequent_itemsets, mlxtend_itemsets])
def test_types(engine):
    for level in engine(matrix(random_baskets(0, 40)), 0.3, LONGEST):
        assert level.items.dtype == np.int32
        assert level.counts.dtype == np.int64


@pytest.mark.parametrize("engine", [frequent_itemsets, mlxtend_itemsets])
def test_a_stored_zero_is_an_item_and_an_empty_transaction_counts(engine):
    transactions = sparse.csr_array(
        (np.array([0, 5, 0], np.float32), np.array([0, 2, 2]), np.array([0, 2, 3, 3, 3])),
        shape=(4, 3),
    )
    expected = [[((0,), 1), ((2,), 2)], [((0, 2), 1)]]
    assert in_words(engine(transactions, 0.25, 2)) == expected
    assert in_words(engine(transactions, 0.26, 2)) == [[((2,), 2)], []]


@pytest.mark.parametrize("cells", [1, 7, 40, 300])
def test_small_steps_find_the_same(monkeypatch, cells):
    held = random_baskets(5, 130, n_items=12)
    expected = brute_force(held, 0.1, LONGEST)
    monkeypatch.setattr(itemsets, "COUNTS_AT_ONCE", cells)
    assert in_words(frequent_itemsets(matrix(held), 0.1, LONGEST)) == expected


@pytest.mark.parametrize(("size", "candidates"), [(3, math.comb(20, 3)), (4, math.comb(20, 4))])
def test_too_many_candidates_are_refused_before_they_are_counted(monkeypatch, size, candidates):
    everything = matrix(np.ones((5, 20)))
    levels = frequent_itemsets(everything, 1.0, size, max_candidates=candidates)
    assert len(levels[-1].items) == candidates

    counted = []
    expand = itemsets.expand
    monkeypatch.setattr(
        itemsets, "expand", lambda starts, n: counted.append(n.sum()) or expand(starts, n)
    )
    with pytest.raises(InputError) as error:
        frequent_itemsets(everything, 1.0, size, max_candidates=candidates - 1)
    assert f"{size - 1} antecedents" in str(error.value)
    assert f"{candidates:,} sets of {size} items" in str(error.value)
    assert f"max_candidates = {candidates - 1:,}" in str(error.value)
    assert sum(counted) < candidates


@pytest.mark.parametrize("cells", [30, 2_000_000])
def test_too_many_frequent_pairs_are_refused(monkeypatch, cells):
    monkeypatch.setattr(itemsets, "COUNTS_AT_ONCE", cells)
    everything = matrix(np.ones((5, 20)))
    pairs = math.comb(20, 2)
    assert len(frequent_itemsets(everything, 1.0, 2, max_candidates=pairs)[1].items) == pairs
    with pytest.raises(InputError) as error:
        frequent_itemsets(everything, 1.0, 2, max_candidates=pairs - 1)
    assert f"more than {pairs - 1} pairs of items are in at least 5" in str(error.value)
    assert f"max_candidates = {pairs - 1}." in str(error.value)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 140))
def test_the_order_of_the_transactions_does_not_matter(seed, n):
    held = random_baskets(seed, n)
    shuffled = np.random.default_rng(seed).permutation(held)
    found = frequent_itemsets(matrix(held), 0.2, 3)
    assert in_words(frequent_itemsets(matrix(shuffled), 0.2, 3)) == in_words(found)


@pytest.mark.parametrize(
    ("min_support", "n", "count"),
    [
        (0.1, 30, 3),
        (0.3, 10, 3),
        (1 / 3, 9, 3),
        (0.07, 100, 7),
        (0.29, 100, 29),
        (0.31, 10, 4),
        (1.0, 17, 17),
        (1e-9, 50, 1),
    ],
)
def test_least_count_by_hand(min_support, n, count):
    assert least_count(min_support, n) == count


@given(
    min_support=st.one_of(
        st.floats(0, 1, exclude_min=True), st.integers(1, 100).map(lambda percent: percent / 100)
    ),
    n=st.integers(1, 300),
)
def test_least_count(min_support, n):
    assert least_count(min_support, n) == next(c for c in range(1, n + 1) if c / n >= min_support)


@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12).map(sorted))
def test_later_in_class(rows):
    starts, lengths = later_in_class(np.array(rows, np.int32).reshape(-1, 2))
    for i, row in enumerate(rows):
        later = [j for j in range(i + 1, len(rows)) if rows[j] == row]
        assert list(range(starts[i], starts[i] + lengths[i])) == later
    assert len(starts) == len(lengths) == len(rows)


@given(
    rows=st.sets(
        st.tuples(*[st.integers(0, 100) | st.integers(60_000, 60_010)] * 3), min_size=1
    ).map(sorted)
)
@example(rows=[(0, 0, 2), (0, 1, 0), (0, 2, 2), (1, 0, 0)])
def test_find_rows(rows):
    found = find_rows(np.array(rows[::-1], np.int32), np.array(rows, np.int32))
    assert found.tolist() == list(range(len(rows)))[::-1]
