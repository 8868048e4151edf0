"""What is liked, rating by rating."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.liking import Liking, ScaleShare

MEAN = Liking(math.nan)


def histories(rows, n_items=5):
    """Of {column: rating}, also ratings of 0."""
    cells = [(user, item, value) for user, of in enumerate(rows) for item, value in of.items()]
    users, items, values = (np.array(part) for part in zip(*cells, strict=True))
    shape = (len(rows), n_items)
    return sparse.csr_array((values.astype(np.float32), (users, items)), shape=shape)


@pytest.mark.parametrize(
    ("liked", "scale", "at_least"),
    [
        (4.0, (1, 5), 4.0),
        (4, (1, 5), 4.0),
        (5.0, (1, 5), 5.0),
        (-3.0, (1, 5), -3.0),  # everything reaches it
        (ScaleShare(), (1, 5), 4.0),
        (ScaleShare(), (0.5, 5), 3.875),
        (ScaleShare(), (0, 10), 7.5),
        (ScaleShare(share=0), (1, 5), 1.0),
        (ScaleShare(share=1), (-10, 10), 10.0),
        ("all", (1, 5), -math.inf),
    ],
)
def test_settings_on_a_scale(liked, scale, at_least):
    found = Liking.of(liked, *scale)
    assert found.at_least == at_least
    assert found.everything == (liked == "all")


def test_the_mean_is_no_number():
    found = Liking.of("user_mean", 1, 5)
    assert math.isnan(found.at_least)
    assert not found.everything


@pytest.mark.parametrize("liked", [5.5, math.inf, math.nan])
def test_nothing_on_the_scale_is_liked(liked):
    with pytest.raises(InputError, match=r"source\.liked.*the highest rating is 5"):
        Liking.of(liked, 1, 5)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_places_that_are_not_on_the_scale(share):
    with pytest.raises(ValueError, match="share"):
        ScaleShare(share=share)


ROWS = [{0: 5, 1: 3, 4: 4}, {}, {2: 0}, {0: 3, 1: 3, 2: 3}, {3: 1, 4: 2}]
EXPECTED = {
    4.0: [{0, 4}, set(), set(), set(), set()],
    3.0: [{0, 1, 4}, set(), set(), {0, 1, 2}, set()],
    -math.inf: [{0, 1, 4}, set(), {2}, {0, 1, 2}, {3, 4}],
    9.0: [set()] * 5,
    math.nan: [{0, 4}, set(), {2}, {0, 1, 2}, {4}],  # equal ratings are all their mean
}


def columns_of(mask, ratings):
    """The marked columns of each row."""
    rows = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    marked = zip(rows[mask].tolist(), ratings.indices[mask].tolist(), strict=True)
    found = [set() for _ in range(ratings.shape[0])]
    for row, column in marked:
        found[row].add(column)
    return found


@pytest.mark.parametrize("at_least", EXPECTED)
def test_what_is_liked_by_hand(at_least):
    ratings, liking = histories(ROWS), Liking(at_least)
    assert columns_of(liking.mask(ratings), ratings) == EXPECTED[at_least]
    items = liking.items(ratings)
    assert items.dtype == np.float32
    assert items.shape == ratings.shape
    assert (items.data == 1).all()
    assert columns_of(np.ones(items.nnz, bool), items) == EXPECTED[at_least]


def test_thresholds_are_the_mean_of_each_history():
    assert MEAN.thresholds(histories(ROWS)).tolist() == [4.0, 0.0, 0.0, 3.0, 1.5]
    assert Liking(2.5).thresholds(histories(ROWS)).tolist() == [2.5] * 5


@pytest.mark.parametrize("rating", [0.1, 3.3, 4.7])
@pytest.mark.parametrize("n", [1, 3, 7, 999])
def test_equal_ratings_are_all_liked_by_their_mean(rating, n):
    """Whatever rounding makes of the sum of many ratings in single precision."""
    ratings = sparse.csr_array(np.full((2, n), rating, np.float32))
    assert MEAN.mask(ratings).all()
    for block in padded_blocks(ratings):
        assert MEAN.padded(block).all()


def test_a_rating_that_is_no_binary_fraction_reaches_itself():
    ratings = histories([{0: 3.3, 1: 3.2}])
    assert Liking(3.3).mask(ratings).tolist() == [True, False]


@pytest.mark.parametrize("at_least", EXPECTED)
def test_padding_is_never_liked(at_least):
    """Histories of different lengths side by side; a rating of 0 is none."""
    ratings, liking = histories(ROWS), Liking(at_least)
    found = [set() for _ in ROWS]
    n_users = 0
    for block in padded_blocks(ratings):
        liked = liking.padded(block)
        assert liked.shape == block.filled.shape
        assert not liked[~block.filled].any()
        for row, user in enumerate(np.arange(len(ROWS))[block.rows].tolist()):
            found[user] = set(block.columns[row][liked[row]].tolist())
            n_users += 1
    assert n_users >= sum(map(bool, ROWS))
    assert found == EXPECTED[at_least]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.integers(0, 4), st.sampled_from([0.0, 0.5, 3.3, 4.0, 5.0])), min_size=1
    ).filter(any),
    at_least=st.sampled_from([-math.inf, 0.0, 3.3, 4.5, math.nan]),
)
def test_equals_a_loop(rows, at_least):
    ratings = histories(rows)
    expected = []
    for row in rows:
        mean = sum(row.values()) / max(len(row), 1)
        least = mean - 1e-9 if math.isnan(at_least) else at_least
        expected.append({column for column, rating in row.items() if rating >= least})
    liking = Liking(at_least)
    assert columns_of(liking.mask(ratings), ratings) == expected


def test_interactions_of_liked_items():
    frame = pd.DataFrame({"user_id": [7, 7, 8], "item_id": [1, 2, 1], "rating": [5.0, 1.0, 2.0]})
    rated = Interactions.from_frame(frame)
    liked = Liking(4.0).interactions(rated)
    assert liked.user_ids is rated.user_ids
    assert liked.item_ids is rated.item_ids
    assert liked.ratings.toarray().tolist() == [[1, 0], [0, 0]]
    assert rated.ratings.toarray().tolist() == [[5, 1], [2, 0]]


def test_nobody():
    nobody = sparse.csr_array((0, 5), dtype=np.float32)
    for liking in (MEAN, Liking(), Liking(4.0)):
        assert liking.mask(nobody).shape == (0,)
        assert liking.items(nobody).shape == (0, 5)
