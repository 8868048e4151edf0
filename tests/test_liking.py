"""What is liked: by hand, against loops, and padded as it is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.liking import Liked, Liking, ScaleShare

LEAST = [-math.inf, 0.0, 2.5, 4.0, 9.0, math.nan]

RATINGS = sparse.csr_array(
    (
        np.array([4, 3.5, 0, 5, 3.3], np.float32),
        np.array([0, 2, 1, 2, 3]),
        np.array([0, 2, 2, 5]),
    ),
    shape=(3, 4),
)
"""Rows: 4 and 3.5; nothing; a stored 0, 5 and 3.3. Means are 3.75, none and 2.77."""


@pytest.mark.parametrize(
    ("least", "liked"),
    [
        (-math.inf, [[0, 2], [], [1, 2, 3]]),
        (0, [[0, 2], [], [1, 2, 3]]),
        (3.3, [[0, 2], [], [2, 3]]),
        (3.5, [[0, 2], [], [2]]),
        (4.0, [[0], [], [2]]),
        (4.01, [[], [], [2]]),
        (5.5, [[], [], []]),
        (math.nan, [[0], [], [2, 3]]),
    ],
)
def test_liked_items_by_hand(least: float, liked: list[list[int]]) -> None:
    found = Liking(least).items(RATINGS)
    expected = np.zeros(RATINGS.shape)
    for row, columns in enumerate(liked):
        expected[row, columns] = 1
    assert found.toarray().tolist() == expected.tolist()
    assert found.nnz == sum(map(len, liked))
    assert found.dtype == np.float32
    assert Liking(least).mask(RATINGS).sum() == found.nnz
    same = Liking(least).interactions(
        Interactions(RATINGS, np.array([1, 2, 3]), np.array([7, 8, 9, 10]))
    )
    assert same.ratings.toarray().tolist() == expected.tolist()
    assert (same.user_ids.tolist(), same.item_ids.tolist()) == ([1, 2, 3], [7, 8, 9, 10])


def test_thresholds_by_hand() -> None:
    """Who rated nothing has no mean; then nothing is too low."""
    assert Liking(4.0).thresholds(RATINGS).tolist() == [4, 4, 4]
    assert Liking().thresholds(RATINGS).tolist() == [-math.inf] * 3
    means = Liking(math.nan).thresholds(RATINGS)
    assert means.tolist() == pytest.approx([3.75, -math.inf, 8.3 / 3], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), least=st.sampled_from(LEAST))
def test_items_equal_a_loop_and_padded_histories_are_the_same(seed: int, least: float) -> None:
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((9, 7)) < rng.random((9, 1)))
    values = (rng.integers(-4, 11, len(users)) / 2).astype(np.float32)
    ratings = sparse.csr_array((values, (users, items)), shape=(9, 7))
    expected = []
    for row, value in zip(users, values.tolist(), strict=True):
        own = values[users == row].astype(float)
        lowest = math.fsum(own) / len(own) if math.isnan(least) else least
        expected.append(value >= lowest)
    liking = Liking(least)
    assert liking.mask(ratings).tolist() == expected
    liked = liking.items(ratings).toarray()
    for block in padded_blocks(ratings, cells=8):
        padded = liking.padded(block)
        assert not padded[~block.filled].any()
        rows = np.broadcast_to(np.asarray(block.rows)[:, None], block.columns.shape)
        of_items = liked[rows[block.filled], block.columns[block.filled]]
        assert padded[block.filled].tolist() == (of_items > 0).tolist()


@pytest.mark.parametrize("value", [1.1, 3.3, 4.7])
@pytest.mark.parametrize("n", [1, 3, 7, 1000])
def test_who_rates_all_alike_likes_it_all(value: float, n: int) -> None:
    """Such decimals and their means are other numbers in 32 bits than in 64."""
    ratings = sparse.csr_array(np.full((1, n), value, np.float32))
    for least in (value, math.nan):
        assert Liking(least).mask(ratings).all()
        for block in padded_blocks(ratings):
            assert Liking(least).padded(block).all()
    assert not Liking(value + 0.1).mask(ratings).any()


@pytest.mark.parametrize("least", LEAST)
@pytest.mark.parametrize("n", [0, 2])
def test_nothing_is_liked_in_empty_histories(least: float, n: int) -> None:
    found = Liking(least).items(sparse.csr_array((n, 4), dtype=np.float32))
    assert (found.shape, found.nnz) == ((n, 4), 0)


def test_what_is_given_stays_as_it_is() -> None:
    before = RATINGS.copy()
    liked = Liking().items(RATINGS)
    liked.data[:] = 7
    liked.indices[:] = 0
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(RATINGS, name), getattr(before, name))


@pytest.mark.parametrize(
    ("setting", "least"),
    [
        (4.0, 4.0),
        (5, 5.0),
        (0.5, 0.5),
        (-3.0, -3.0),  # all is liked
        ({"share": 0.75}, 3.875),
        ({"share": 0}, 0.5),
        ({"share": 1}, 5.0),
        ({}, 3.875),
        ("user_mean", math.nan),
        ("all", -math.inf),
    ],
)
def test_settings_on_a_scale_of_half_stars(setting: object, least: float) -> None:
    liking = Liking.of(TypeAdapter[Liked](Liked).validate_python(setting), 0.5, 5.0)
    np.testing.assert_equal(liking.at_least, least)


def test_everything() -> None:
    assert Liking.of("all", 1, 5).everything
    assert Liking().everything
    for setting in (4.0, ScaleShare(), "user_mean"):
        assert not Liking.of(setting, 1, 5).everything


def test_the_default_is_four_of_five_stars() -> None:
    assert Liking.of(ScaleShare(), 1, 5).at_least == 4


@pytest.mark.parametrize("liked", [5.01, 80.0, math.inf, math.nan])
def test_a_rating_that_nothing_reaches_is_refused(liked: float) -> None:
    with pytest.raises(InputError, match=r"source\.liked: .*highest rating is 5; accepted: .*all"):
        Liking.of(liked, 0.5, 5.0)


@pytest.mark.parametrize("setting", ["mean", "none", {"share": 1.1}, {"share": -0.1}, {"from": 4}])
def test_settings_that_are_none(setting: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[Liked](Liked).validate_python(setting)
