"""Ranges, cuts and runs against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.ragged import blocks, expand, place_in_run

SIZES = st.lists(st.integers(0, 9), max_size=12)


def whole(numbers):
    return np.array(numbers, dtype=np.int64)


@given(ranges=st.lists(st.tuples(st.integers(-5, 50), st.integers(0, 4)), max_size=10))
def test_expand_writes_out_the_ranges(ranges):
    starts, lengths = whole([start for start, _ in ranges]), whole([n for _, n in ranges])
    origin, numbers = expand(starts, lengths)
    expected = [(row, start + i) for row, (start, n) in enumerate(ranges) for i in range(n)]
    assert list(zip(origin.tolist(), numbers.tolist(), strict=True)) == expected
    assert origin.dtype == numbers.dtype == np.int64


@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 0]])
def test_expand_nothing(lengths):
    origin, numbers = expand(whole(lengths) + 7, whole(lengths))
    assert origin.shape == numbers.shape == (0,)
    assert origin.dtype == numbers.dtype == np.int64


def plain_blocks(sizes, limit):
    """Take elements while their sum stays within the limit; always at least one."""
    cuts, start = [], 0
    while start < len(sizes):
        stop = start + 1
        while stop < len(sizes) and sum(sizes[start : stop + 1]) <= limit:
            stop += 1
        cuts.append((start, stop))
        start = stop
    return cuts


@given(sizes=SIZES, limit=st.integers(0, 30))
def test_blocks(sizes, limit):
    found = [(cut.start, cut.stop) for cut in blocks(whole(sizes), limit)]
    assert found == plain_blocks(sizes, limit)


@given(sizes=SIZES, limit=st.integers(1, 30))
def test_blocks_cover_everything_and_keep_to_the_limit(sizes, limit):
    cuts = list(blocks(whole(sizes), limit))
    assert [i for cut in cuts for i in range(len(sizes))[cut]] == list(range(len(sizes)))
    for cut in cuts:
        assert sum(sizes[cut]) <= limit or cut.stop == cut.start + 1


@pytest.mark.parametrize(
    ("sizes", "limit", "cuts"),
    [
        ([], 3, []),
        ([0], 3, [(0, 1)]),
        ([0, 0, 0], 1, [(0, 3)]),
        ([2, 1, 1, 9, 0, 3], 3, [(0, 2), (2, 3), (3, 4), (4, 6)]),
    ],
)
def test_blocks_by_hand(sizes, limit, cuts):
    assert [(cut.start, cut.stop) for cut in blocks(whole(sizes), limit)] == cuts


@given(numbers=st.lists(st.integers(-3, 3), max_size=15).map(sorted))
def test_place_in_run(numbers):
    expected = [numbers[:i].count(number) for i, number in enumerate(numbers)]
    assert place_in_run(whole(numbers)).tolist() == expected


def test_place_in_no_run():
    assert place_in_run(whole([])).shape == (0,)
