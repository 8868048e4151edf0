"""Sampled zeros: of unrated items alone, the same in any order of rows, others in every epoch."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders import sampled_zeros
from explainable_recsys.recommenders.fm import Examples, FMParameters
from explainable_recsys.recommenders.sampled_zeros import SampledZeros
from explainable_recsys.recommenders.svd import SVD, SVDParameters

N_USERS, N_ITEMS = 20, 30


def frame_of(seed=0, share=0.2):
    """Text and gaps in the ids of items, users from 100 on."""
    rng = np.random.default_rng(seed)
    rated = rng.random((N_USERS, N_ITEMS)) < share
    rated[:, 0] = rated[0] = True
    users, items = np.nonzero(rated)
    names = [f"item {3 * item:02}" for item in items]
    return pd.DataFrame({"user_id": users + 100, "item_id": names, "rating": 3.0})


def drawn(frame, n=4, epoch=0, seed=0, part=slice(None)):
    """(user id, item id) of the ratings and of the zeros that follow them, in order."""
    data = Interactions.from_frame(frame)
    rows, columns, rated = SampledZeros(data, n, seed).pairs(part, epoch)
    pairs = list(zip(data.user_ids[rows].tolist(), data.item_ids[columns].tolist(), strict=True))
    return (
        [pair for pair, of in zip(pairs, rated, strict=True) if of],
        [pair for pair, of in zip(pairs, rated, strict=True) if not of],
    )


def pairs_of(frame):
    return set(zip(frame["user_id"], frame["item_id"], strict=True))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.0, 0.2, 0.9]),
    n=st.integers(1, 9),
    epoch=st.integers(0, 3),
)
def test_every_rating_once_and_zeros_of_what_its_user_has_not_rated(seed, share, n, epoch):
    frame = frame_of(seed, share)
    rated, zeros = drawn(frame, n, epoch, seed)
    assert sorted(rated) == sorted(pairs_of(frame))
    assert not set(zeros) & pairs_of(frame)
    assert len(zeros) <= n * len(rated)
    assert {user for user, _ in zeros} <= {user for user, _ in rated} - {100}  # who rated all


def test_a_rating_is_followed_by_its_own_zeros():
    data = Interactions.from_frame(frame_of())
    rows, columns, rated = SampledZeros(data, 4, 0).pairs(slice(None))
    starts = np.flatnonzero(rated)
    assert starts[0] == 0
    assert (np.diff(starts) <= 5).all()
    np.testing.assert_array_equal(columns[starts], data.ratings.indices)
    np.testing.assert_array_equal(rows, rows[starts][np.cumsum(rated) - 1])


def test_in_parts_they_are_the_same(monkeypatch):
    data = Interactions.from_frame(frame_of())
    zeros = SampledZeros(data, 4, 0)
    at_once = zeros.pairs(slice(None), 2)
    monkeypatch.setattr(sampled_zeros, "RATINGS_AT_ONCE", 5)
    for whole, some in zip(at_once, zeros.pairs(slice(None), 2), strict=True):
        np.testing.assert_array_equal(some, whole)
    parts = [zeros.pairs(slice(start, start + 7), 2) for start in range(0, data.ratings.nnz, 7)]
    for whole, *some in zip(zeros.pairs(slice(None), 2), *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate(some), whole)


def test_a_rating_of_0_is_one():
    frame = frame_of(share=0.6)
    _, zeros = drawn(frame.assign(rating=0.0))
    assert zeros == drawn(frame)[1]


def test_the_order_of_rows_and_who_else_there_is_do_not_matter():
    frame = frame_of()
    expected = drawn(frame)
    assert drawn(frame.sample(frac=1, random_state=0)) == expected
    without = frame[frame["user_id"] != 103]
    assert drawn(without)[1] == [pair for pair in expected[1] if pair[0] != 103]


def test_they_differ_by_epoch_and_by_seed():
    frame = frame_of()
    found = [drawn(frame, **of)[1] for of in ({}, {"epoch": 1}, {"seed": 1})]
    for place, one in enumerate(found):
        for other in found[place + 1 :]:
            assert len(set(one) & set(other)) < 0.8 * len(set(one))
    assert drawn(frame, epoch=1)[1] == found[1]


def test_all_unrated_items_are_drawn_about_as_often():
    frame = frame_of()
    counts = {pair: 0 for user in range(101, 120) for pair in unrated_of(frame, user)}
    for epoch in range(50):
        for pair in drawn(frame, 20, epoch)[1]:
            counts[pair] += 1
    lengths = frame["user_id"].value_counts()
    shares = np.array([count / lengths[user] for (user, _), count in counts.items()])
    assert shares.mean() == pytest.approx(50 * 20 / N_ITEMS, rel=0.02)
    assert shares.std() < 0.15 * shares.mean()


def unrated_of(frame, user):
    own = set(frame.loc[frame["user_id"] == user, "item_id"])
    return [(user, item) for item in sorted(set(frame["item_id"]) - own)]


def test_who_has_rated_nearly_everything_has_fewer():
    """One item is left of 30, so about one draw in 30 meets it."""
    rows = [(1, item) for item in range(29)] + [(2, item) for item in (0, 29)]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(rating=3.0)
    _, zeros = drawn(frame, n=16)
    of_first, of_second = (sum(user == of for user, _ in zeros) for of in (1, 2))
    assert {item for user, item in zeros if user == 1} == {29}
    assert 1 <= of_first < 0.1 * 16 * 29
    assert of_second > 0.8 * 16 * 2


def fit_svd(data):
    SVD.fit(data, SVDParameters(factors=2, epochs=3))


def examples_of_fm(data):
    Examples.of(data, FMParameters())


@pytest.mark.parametrize("learn", [fit_svd, examples_of_fm])
def test_that_zeros_are_few_is_said_once(learn, caplog):
    """Users 100 (all 30 items) and 101 (16 of 30), but not 102 (15 of 30)."""
    rows = [(user, item) for user, n in ((100, 30), (101, 16), (102, 15)) for item in range(n)]
    data = Interactions.from_frame(
        pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(rating=3.0)
    )
    with caplog.at_level(logging.WARNING):
        learn(data)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("users who have rated more than half of all items: 2;")


def test_nothing_is_said_where_there_are_enough(caplog):
    frame = frame_of(share=0.1)
    with caplog.at_level(logging.WARNING):
        fit_svd(Interactions.from_frame(frame[frame["user_id"] != 100]))
    assert caplog.messages == []


def test_only_zeros_are_lost_where_everybody_has_rated_everything():
    rows = [(user, item) for user in range(3) for item in range(4)]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(rating=3.0)
    rated, zeros = drawn(frame)
    assert (len(rated), zeros) == (12, [])
