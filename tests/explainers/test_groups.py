"""Groups that carry what is diffuse, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.explainers.groups import (
    DIFFUSE,
    LEAST_PART,
    find_groups,
    grouping,
    liked_features,
)
from explainable_recsys.liking import Liking
from tests.recommenders.small_graph import features_of

N = 40


def found_of(weights, groups, liked=None, filled=None, of_item=None):
    """Of one user and one item: column, members, and part.

    `groups` are the places in the history that each group has; `of_item` which of them the item
    is of, all unless a test says which.
    """
    n = len(weights)
    described = np.zeros((1, n, len(groups)), np.float32)
    for column, places in enumerate(groups):
        described[0, list(places), column] = 1
    everything = np.ones((1, n), bool)
    found = find_groups(
        np.array(weights, float)[None, None],
        everything if liked is None else np.array(liked)[None],
        everything if filled is None else np.array(filled)[None],
        described,
        np.array([1] * len(groups) if of_item is None else of_item, np.float32)[None, None],
    )
    places = np.flatnonzero(found.members[0, 0]).tolist()
    return int(found.column[0, 0]), places, float(found.part[0, 0])


def test_a_group_is_chosen_for_its_excess_and_not_for_its_size():
    """Drama is 30 of 40 and carries 30.5 of 50; horror is 10 of 40 and carries 19.5 of 50."""
    weights = [1.95] * 10 + [30.5 / 30] * 30
    drama, horror = range(10, 40), range(10)
    column, places, part = found_of(weights, [drama, horror])
    assert column == 1
    assert places == list(horror)
    assert part == pytest.approx(19.5)


def test_what_carries_as_much_as_its_share_of_the_history_does_not_stand_out():
    assert found_of([1.0] * N, [range(20), range(20, 40), range(N)]) == (-1, [], 0.0)
    assert found_of([1.0] * N, []) == (-1, [], 0.0)


def test_only_what_is_diffuse_is_grouped():
    """Of 20 in all, the largest part is 1 (5 %) or a little less."""
    horror = range(15)
    some = [0.8] * 14 + [7.8 / 25] * 25
    assert sum(some) == pytest.approx(19)
    at = DIFFUSE * 20
    assert found_of([at, *some], [horror])[0] == -1
    below = [at * 0.99, *some[:-1], some[-1] + at * 0.01]
    column, places, part = found_of(below, [horror])
    assert (column, places) == (0, list(horror))
    assert part == pytest.approx(14 * 0.8 + at * 0.99)


def test_a_group_with_a_small_part_is_not_told():
    """Ten of 40 carry almost 30 %, or just 30 %."""
    for share, column in ((LEAST_PART * 0.99, -1), (LEAST_PART * 1.01, 0)):
        weights = [share / 10] * 10 + [(1 - share) / 30] * 30
        assert found_of(weights, [range(10)])[0] == column


def test_only_liked_and_supporting_ratings_are_in_a_group():
    """The first two are not liked, the third opposes: of all that supports 17 x 2 carry 34/65."""
    weights = [2.0] * 20 + [1.0] * 27
    weights[2] = -2.0
    liked = [False, False] + [True] * 45
    column, places, part = found_of(weights, [range(20)], liked)
    assert (column, places, part) == (0, list(range(3, 20)), 34.0)
    nothing = found_of(weights, [range(20)], [False] * 47)
    assert nothing == (-1, [], 0.0)


def test_the_item_has_to_be_of_the_group():
    """Horror, 10 of 40, stands out by .39 - .25, and war, 10 others, by .33 - .25."""
    weights = [1.95] * 10 + [1.65] * 10 + [0.7] * 20
    horror, war = range(10), range(10, 20)
    told = {(1, 1): 0, (1, 0): 0, (0, 1): 1, (0, 0): -1}
    for of_item, column in told.items():
        assert found_of(weights, [horror, war], of_item=of_item)[0] == column


def test_padding_is_no_part_of_the_history():
    """Horror is 15 of 30 ratings and carries half: beside ten places of padding as without."""
    weights = [1.0] * 30 + [0.0] * 10
    filled = [True] * 30 + [False] * 10
    assert found_of(weights, [range(15)], filled, filled)[0] == -1
    weights[:15] = [1.1] * 15
    assert found_of(weights, [range(15)], filled, filled)[0] == 0


def test_where_nothing_supports_there_is_no_group():
    assert found_of([-1.0] * N, [range(10)]) == (-1, [], 0.0)
    assert found_of([0.0] * N, [range(10)]) == (-1, [], 0.0)


def test_of_equal_excess_the_first_is_told():
    weights = [1.5] * 20 + [0.5] * 20
    assert found_of(weights, [range(20), range(20)])[0] == 0


@pytest.mark.parametrize(("n_users", "n_items", "length"), [(0, 2, 3), (2, 0, 3), (2, 2, 0)])
def test_nobody_and_nothing(n_users, n_items, length):
    everything = np.ones((n_users, length), bool)
    weights = np.ones((n_users, n_items, length))
    for d in (0, 2):
        described, of_items = np.ones((n_users, length, d)), np.ones((n_users, n_items, d))
        found = find_groups(weights, everything, everything, described, of_items)
        assert found.column.shape == found.part.shape == (n_users, n_items)
        assert found.members.shape == weights.shape
        assert (found.column == -1).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_equals_a_loop(seed):
    rng = np.random.default_rng(seed)
    b, k, length, d = 3, 2, 60, 4
    weights = rng.choice([-0.5, 0.0, 0.5, 0.75, 1.0], (b, k, length))
    filled = np.arange(length) < np.array([60, 50, 25])[:, None]
    weights = np.where(filled[:, None], weights, 0.0)
    described = (rng.random((b, length, d)) < 0.3).astype(np.float32)
    liked = filled & (rng.random((b, length)) < 0.8)
    weights[:, :, :20] += 0.5 * described[:, None, :20, 0] * (weights[:, :, :20] > 0)
    of_items = (rng.random((b, k, d)) < 0.7).astype(np.float32)
    found = find_groups(weights, liked, filled, described, of_items)
    for user in range(b):
        own = [j for j in range(length) if filled[user, j]]
        for item in range(k):
            of = weights[user, item]
            whole = sum(of[j] for j in own if of[j] > 0)
            best, members = (0.0, -1), []
            if whole > 0 and max(of[own]) < 0.05 * whole:
                for g in range(d):
                    has = [j for j in own if described[user, j, g]]
                    carry = [j for j in has if of[j] > 0 and liked[user, j]]
                    part = sum(of[j] for j in carry) / whole
                    excess = part - len(has) / len(own)
                    allowed = of_items[user, item, g] and part >= 0.3 and len(carry) > 1
                    if allowed and excess > best[0] + 1e-12:
                        best, members = (excess, g), carry
            assert found.column[user, item] == best[1]
            assert np.flatnonzero(found.members[user, item]).tolist() == members
            assert found.part[user, item] == pytest.approx(sum(of[j] for j in members))


FEATURES_OF_ITEMS = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]])
"""Five items with three features; the last has none."""


@pytest.mark.parametrize(
    ("ratings", "liked", "expected"),
    [
        # In all 3.25 on average: of the first 4, of the second 3, of the third 5.
        ([5, 3, 4, 2, None], 4.0, [True, False, True]),
        # What has the second is rated as all is, 3, and the item with the third higher.
        ([5, 1, 4, 4, 1], 4.0, [True, True, True]),
        # Nothing that has the second is rated 4, though its mean is above that of all, 2.75.
        ([3, 3, 3, None, 2], 4.0, [False, False, False]),
        ([3, 3, 3, None, 2], 3.0, [True, True, True]),
        # All are rated alike.
        ([4, 4, 4, 4, 4], 4.0, [True, True, True]),
        ([None] * 5, 4.0, [False, False, False]),
    ],
)
def test_features_that_somebody_likes(ratings, liked, expected):
    """An item that has it is liked, and those that have it are rated no lower than the others."""
    columns = [column for column, rating in enumerate(ratings) if rating is not None]
    given_ = np.array([ratings[column] for column in columns], float)
    nobody = ([0, len(columns), len(columns)], (2, 5))
    histories = sparse.csr_array((given_, columns, nobody[0]), shape=nobody[1])
    liking = Liking(liked)
    for scale in (1.0, -0.25):  # only where a weight stands matters
        features = sparse.csr_array(scale * FEATURES_OF_ITEMS)
        found = liked_features(histories, features, liking)
        assert found.toarray().tolist() == [expected, [False] * 3]


def test_features_that_group():
    links = {("popularity", "top"): {0}, ("decade", "1980"): {1}, ("genres", "War"): {0, 1}}
    features = features_of(links, 2)
    found = grouping(features)
    assert found is not None
    assert found.ids.tolist() == ["decade=1980", "genres=War"]
    assert found.matrix.toarray().tolist() == [[0, 1], [1, 1]]
    assert grouping(None) is None
    assert grouping(replace(features, groups=("popularity", "actor", "actor"))) is None
    assert grouping(features_of({}, 2)) is None
