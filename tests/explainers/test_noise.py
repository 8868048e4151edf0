"""What is too small to be said, on scores that are known beforehand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.explainers.noise import FLAT, NOISE, noise_floor, what_is_said
from explainable_recsys.explainers.tables import categorical, evidence_table
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker
from tests.lists_of import EVIDENCE_TYPES, lists_of

RATINGS = [{10: 5.0, 11: 2.0}, {12: 4.0, 11: 4.0}, {13: 3.0}]


def interactions():
    """Users 1, 2 and 3 over the items 10 to 15, which nobody rated all."""
    rows = [(u, item, r) for u, of in enumerate(RATINGS, 1) for item, r in of.items()]
    rows += [(9, item, 1.0) for item in range(10, 16)]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


DATA = interactions()
EVERYTHING = Liking(-math.inf)


class Table(Recommender):
    """Scores that stand in a table."""

    def __init__(self, scores):
        self.table = np.array(scores, np.float32)

    n_items = DATA.n_items
    is_personal = False  # an empty history has these scores too

    def scores(self, histories):
        return self.table[: histories.shape[0]].copy()


def floor_of(scores, min_ratings=0, block_size=512):
    users = Interactions(DATA.ratings[: len(scores)], DATA.user_ids[: len(scores)], DATA.item_ids)
    lists = lists_of(users, [(1, 15)])
    ranker = Ranker.of(Table(scores), DATA, min_ratings)
    return noise_floor(ranker, lists, block_size)


def test_the_floor_is_a_share_of_the_spread_of_what_could_be_recommended():
    """User 1 rated the first two items, so that 1, 2, 3 and 6 are open: their spread is √3.5."""
    (floor,) = floor_of([[99.0, -99.0, 1.0, 2.0, 3.0, 6.0]])
    assert floor == pytest.approx(NOISE * math.sqrt(3.5), rel=1e-6)


def test_what_can_be_recommended_to_nobody_says_nothing_about_the_spread():
    """Items 14 and 15 have a single rating; of those with two, 12 and 13 are open to user 1."""
    (floor,) = floor_of([[0.0, 0.0, 1.0, 3.0, 50.0, -50.0]], min_ratings=2)
    assert floor == pytest.approx(NOISE * 1.0, rel=1e-6)
    (floor,) = floor_of([[0.0, 0.0, 1.0, 3.0, -np.inf, -np.inf]])
    assert floor == pytest.approx(NOISE * 1.0, rel=1e-6)


def test_where_all_scores_are_the_same_nothing_says_anything():
    """As of a model of ratings that are all equal: a spread by rounding is none."""
    spread = np.array([0.0, 0.0, 1.0, -1.0, 1.0, -1.0])
    assert floor_of([np.full(6, 3.5)]).tolist() == [np.inf]
    assert floor_of([3.5 + 1e-4 * spread]).tolist() == [np.inf]
    (floor,) = floor_of([3.5 + 3.5 * 2 * FLAT * spread])
    assert floor == pytest.approx(NOISE * 3.5 * 2 * FLAT, rel=1e-3)


def test_scores_of_zero_have_a_floor_of_zero_or_of_their_spread():
    (floor,) = floor_of([[0.0, 0.0, 1e-6, -1e-6, 1e-6, -1e-6]])
    assert floor == pytest.approx(NOISE * 1e-6, rel=1e-5)


def test_small_blocks_of_users_give_the_same():
    class Summing(Table):
        def scores(self, histories):
            return (histories.toarray() @ self.table).astype(np.float32)

    rng = np.random.default_rng(0)
    ranker = Ranker.of(Summing(rng.normal(size=(6, 6))), DATA, 0)
    lists = lists_of(DATA, [(1, 15)])
    floors = noise_floor(ranker, lists)
    assert floors.shape == (4,)
    np.testing.assert_array_equal(noise_floor(ranker, lists, 1), floors)


def test_nobody_has_no_floor():
    nothing = sparse.csr_array((0, 6), dtype=np.float32)
    nobody = Interactions(nothing, DATA.user_ids[:0], DATA.item_ids)
    ranker = Ranker.of(Table(np.zeros((0, 6))), DATA, 0)
    assert noise_floor(ranker, lists_of(nobody, [])).shape == (0,)


LISTS = lists_of(DATA, [(1, 15), (2, 15), (1, 14), (3, 15)])


def evidence(pieces, style="item"):
    """Of [(row of the list, rated item, weight), …] in the order of telling."""
    rows, rated, weights = (np.array(column) for column in zip(*pieces, strict=True))
    columns = rated - 10
    names = categorical([f"Title {item}" for item in rated])
    return evidence_table(LISTS, rows, style, names, weights.astype(float), rated=columns)


def told(table):
    columns = ["user_id", "item_id", "position", "rated_item_id", "weight"]
    return list(table[columns].itertuples(index=False, name=None))


FLOOR = np.array([0.25, 1.0, 0.0, 0.0])  # of users 1, 2, 3 and 9


def test_positions_are_counted_anew():
    """A weight as large as the floor is said, and so is opposition that is as large."""
    table = evidence(
        [(0, 10, 0.25), (0, 11, -0.125), (1, 12, 2.0), (1, 11, 0.5), (2, 11, 0.75), (2, 10, -0.25)]
    )
    found = what_is_said(table, LISTS, FLOOR, EVERYTHING)
    assert told(found) == [
        (1, 15, 1, 10, 0.25),
        (2, 15, 1, 12, 2.0),
        (1, 14, 1, 11, 0.75),
        (1, 14, 2, 10, -0.25),
    ]
    between = evidence([(0, 10, 0.125), (0, 11, 0.5), (0, 12, -0.5)])
    found = what_is_said(between, LISTS, FLOOR, EVERYTHING)
    assert [row[2:4] for row in told(found)] == [(1, 11), (2, 12)]
    assert found.dtypes.astype(str).to_dict() == EVIDENCE_TYPES
    assert isinstance(found.index, pd.RangeIndex)


def test_what_says_enough_stays_as_it_is():
    table = evidence([(0, 10, 0.25), (0, 11, -0.5), (3, 13, 1e-9)])
    assert what_is_said(table, LISTS, FLOOR, EVERYTHING) is table
    nothing = table.iloc[:0]
    assert what_is_said(nothing, LISTS, FLOOR, EVERYTHING).empty


def test_an_infinite_floor_leaves_nothing():
    table = evidence([(0, 10, 1e9), (1, 12, 2.0)])
    found = what_is_said(table, LISTS, np.array([np.inf, 0.0, 0.0, 0.0]), EVERYTHING)
    assert told(found) == [(2, 15, 1, 12, 2.0)]


def test_what_is_left_without_a_liked_rating_is_no_reason():
    """User 1 rated item 11 with 2: it is not left alone, nor is what opposes."""
    pieces = [(0, 10, 0.125), (0, 11, 3.0), (2, 10, 0.5), (2, 11, 3.0), (1, 12, 0.5), (1, 11, -2.0)]
    found = what_is_said(evidence(pieces), LISTS, FLOOR, Liking(4.0))
    assert told(found) == [(1, 14, 1, 10, 0.5), (1, 14, 2, 11, 3.0)]
    everything = what_is_said(evidence(pieces), LISTS, FLOOR, EVERYTHING)
    assert told(everything)[0] == (1, 15, 1, 11, 3.0)
    assert 2 not in set(everything["user_id"])


def test_features_support_whatever_was_rated():
    """They rest on no rated item; what only opposes is no reason by itself."""
    table = evidence([(0, 10, 3.0), (1, 11, 0.125), (1, 12, -3.0)], "feature")
    table["rated_item_id"] = pd.array([None] * 3, "Int64")
    found = what_is_said(table, LISTS, FLOOR, Liking(6.0))
    assert found[["user_id", "weight"]].to_numpy().tolist() == [[1, 3.0]]


def test_a_feature_with_an_unliked_example_is_no_support():
    table = evidence([(0, 11, 3.0), (2, 10, 3.0)], "feature")
    assert what_is_said(table, LISTS, FLOOR, Liking(4.0))["item_id"].tolist() == [14]


def test_beside_what_rests_on_a_rating_other_pieces_are_no_support():
    """User 1 rated item 11 with 2; the second piece rests on nothing, as an item's popularity."""
    table = evidence([(0, 11, 3.0), (0, 12, 5.0), (2, 12, 5.0)], "feature")
    table["rated_item_id"] = pd.array([11, None, None], "Int64")
    found = what_is_said(table, LISTS, FLOOR, Liking(4.0))
    assert found["item_id"].tolist() == [14]
