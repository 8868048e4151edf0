"""Which held-out ratings count as relevant, against a loop over them and by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking
from explainable_recsys.metrics.parameters import EvaluationParameters, is_relevant, relevant_of

ANY, LIKED = EvaluationParameters(relevance="any"), EvaluationParameters(relevance="liked")


def histories() -> Interactions:
    """Means 3, 4.5 and -2.5; user 40 is known, but rated nothing."""
    ratings = np.array([1, 5, 4.5, 4.5, -5, 0], np.float32)
    matrix = sparse.csr_array(
        (ratings, np.array([0, 1, 0, 2, 1, 2]), np.array([0, 2, 4, 6, 6])), shape=(4, 3)
    )
    return Interactions(matrix, np.array([10, 20, 30, 40]), np.array([7, 8, 9]))


def held_out(*rows: tuple[int, float]) -> pd.DataFrame:
    """Users and ratings."""
    table = pd.DataFrame(rows, columns=["user_id", "rating"])
    return table.assign(item_id=np.arange(len(rows)) + 100)


@pytest.mark.parametrize(
    ("liked_from", "expected"),
    [
        (-math.inf, [True] * 9),
        (3.0, [True, False, True, True, False, False, False, True, True]),
        (4.5, [False, False, True, False, False, False, False, True, False]),
        # By hand; of users 40 and 99 nothing is known, so all of theirs is relevant.
        (math.nan, [True, False, True, False, True, False, True, True, True]),
    ],
)
def test_by_hand(liked_from: float, expected: list[bool]) -> None:
    table = held_out(
        *((10, 3.0), (10, 2.5), (20, 4.5), (20, 4.0), (30, -2.5), (30, -3.0)),
        *((40, -1.0), (99, 5.0), (99, 3.0)),
    )
    table.index = pd.Index(range(50, 59))
    found = is_relevant(table, histories(), Liking(liked_from), LIKED)
    assert found.tolist() == expected
    pd.testing.assert_frame_equal(
        relevant_of(table, histories(), Liking(liked_from), LIKED), table[expected]
    )


@pytest.mark.parametrize("liked_from", [-math.inf, 4.0, 99.0, math.nan])
def test_any_rating_is_relevant_unless_told(liked_from: float) -> None:
    table = held_out((10, 1.0), (40, -5.0), (99, 0.0))
    assert is_relevant(table, histories(), Liking(liked_from), ANY).all()
    assert EvaluationParameters().relevance == "any"


def test_nothing_held_out_and_nothing_liked() -> None:
    nothing = held_out()
    for liked_from in (-math.inf, 4.0, math.nan):
        assert relevant_of(nothing, histories(), Liking(liked_from), LIKED).empty
    assert relevant_of(held_out((10, 5.0)), histories(), Liking(5.5), LIKED).empty


@pytest.mark.parametrize(("liked_from", "n"), [(3.3, 2), (3.4, 1)])
def test_ratings_at_the_threshold_are_relevant_in_32_bits_too(liked_from: float, n: int) -> None:
    table = held_out((10, 3.3), (10, 3.4), (10, 3.2))
    for dtype in ("float32", "float64"):
        typed = table.astype({"rating": dtype})
        assert is_relevant(typed, histories(), Liking(liked_from), LIKED).sum() == n


def test_who_rates_all_alike_likes_it() -> None:
    """In 32 bits the mean of seven ratings of 1.1 may be a little above 1.1."""
    rated = pd.DataFrame({"user_id": 1, "item_id": range(7), "rating": 1.1})
    known = Interactions.from_frame(rated)
    table = held_out((1, 1.1), (1, 1.0))
    assert is_relevant(table, known, Liking(math.nan), LIKED).tolist() == [True, False]


def test_text_ids() -> None:
    known = histories()
    named = Interactions(known.ratings, np.array(["a", "b", "c", "d"]), known.item_ids)
    table = pd.DataFrame({"user_id": ["b", "a", "z", "b"], "rating": [4.0, 4.0, 0.5, 5.0]})
    found = is_relevant(table, named, Liking(math.nan), LIKED)
    assert found.tolist() == [False, True, True, True]


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000), liked_from=st.sampled_from([-math.inf, 0.0, 2.5, math.nan, 9.0])
)
def test_equals_a_loop(seed: int, liked_from: float) -> None:
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((8, 6)) < 0.5)
    ratings = rng.integers(-6, 11, len(users)) / 2
    table = pd.DataFrame({"user_id": users * 3, "item_id": items, "rating": ratings})
    table = table.sample(frac=1, random_state=seed)
    cut = len(table) // 2
    rated, kept = table[:cut], table[cut:]
    if rated.empty:
        return
    expected = []
    for user, rating in zip(kept["user_id"], kept["rating"], strict=True):
        own = rated["rating"][rated["user_id"] == user].tolist()
        least = liked_from
        if math.isnan(liked_from):
            least = sum(own) / len(own) if own else -math.inf
        expected.append(rating >= least)
    found = is_relevant(kept, Interactions.from_frame(rated), Liking(liked_from), LIKED)
    assert found.tolist() == expected
