"""Evidence of an additive model whose terms are known beforehand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.explainers.order import evidence_order, strongest_evidence
from explainable_recsys.explainers.views import LEAST_LIKED
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from tests.lists_of import assert_is_evidence, data_of, lists_of
from tests.recommenders.small_graph import features_of


class TableModel(Recommender):
    """The contribution of rated item j to item i is terms[i, j] x the rating."""

    def __init__(self, terms):
        self.terms = np.asarray(terms, dtype=float)

    @property
    def n_items(self):
        return len(self.terms)

    def scores(self, histories):
        return (histories.toarray() @ self.terms.T).astype(np.float32)

    def contributions(self, histories, items):
        terms = self.terms[items[:, :, None], histories.columns[:, None, :]]
        ratings = histories.values * histories.filled  # noqa: PD011
        return terms * ratings[:, None, :]


def interactions_of(rows):
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def explained(terms, histories, recommendations, liked_from, features=None, **parameters):
    found = explain_by_contributions(
        TableModel(terms),
        data_of(histories, liked_from=liked_from),
        lists_of(histories, recommendations),
        ContributionParameters(**parameters),
        item_features=features,
    )
    assert list(found.details) == ["totals"]
    assert found.facts == {}
    return found.evidence, found.details["totals"]


def explain(terms, histories, recommendations, n_evidence=10, liked_from=-math.inf):
    return explained(terms, histories, recommendations, liked_from, n_evidence=n_evidence)[0]


def pairs(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


@pytest.fixture
def interactions():
    """Catalogue 10 … 15; user 1 rated 10 to 14, user 2 rated 15 only."""
    rows = [(1, 10 + j, 1.0) for j in range(5)] + [(2, 15, 2.0)]
    return interactions_of(rows)


TERMS = np.zeros((6, 6))
TERMS[5, :5] = [-0.5, 0.25, 0.0, -0.75, 0.5]
TERMS[0, 5] = -1.5
TERMS[1, 5] = 0.25


def test_nobody_has_a_list(interactions):
    table = explain(TERMS, interactions, pairs([]))
    assert len(table) == 0
    assert list(table) == list(explain(TERMS, interactions, pairs([(1, 15)])))


def test_by_hand(interactions):
    """Nothing supports that user 2 gets item 10, so that nothing is said of it."""
    table = explain(TERMS, interactions, pairs([(1, 15), (2, 10), (2, 11)]))
    expected = [
        (1, 15, 1, "item", "14", "Title 14", 0.5, 1, 14),
        (1, 15, 2, "item", "11", "Title 11", 0.25, 1, 11),
        (1, 15, 3, "item", "13", "Title 13", -0.75, 1, 13),
        (1, 15, 4, "item", "10", "Title 10", -0.5, 1, 10),
        (2, 11, 1, "item", "15", "Title 15", 0.5, 1, 15),
    ]
    told = table.drop(columns=["share", "loss", "lead"])
    assert list(told.itertuples(index=False, name=None)) == expected
    for view in ("share", "loss"):  # the model is linear
        assert (table[view] == table["weight"]).all()


def test_contract_columns_and_types(interactions):
    assert_is_evidence(explain(TERMS, interactions, pairs([(1, 15)])), views=True)


@pytest.mark.parametrize(("n_evidence", "cited"), [(1, [14]), (3, [14, 11, 13]), (99, None)])
def test_n_evidence(interactions, n_evidence, cited):
    table = explain(TERMS, interactions, pairs([(1, 15)]), n_evidence)
    assert table["rated_item_id"].tolist() == (cited or [14, 11, 13, 10])


def test_ties_go_to_the_lower_item(interactions):
    terms = np.zeros((6, 6))
    terms[5, :5] = [-1, 2, -1, 2, 2]
    table = explain(terms, interactions, pairs([(1, 15)]))
    assert table["rated_item_id"].tolist() == [11, 13, 14, 10, 12]


def test_order_follows_the_recommendations(interactions):
    terms = TERMS.copy()
    terms[2, 5] = 1.0
    recommendations = pairs([(2, 11), (1, 15), (2, 12)])
    recommendations.index = [7, 7, 3]
    table = explain(terms, interactions, recommendations, 2)
    assert table["item_id"].tolist() == [11, 15, 15, 12]
    assert table["position"].tolist() == [1, 1, 2, 1]


def test_empty_history_is_explained_by_nothing(interactions):
    new = interactions.histories(
        pd.DataFrame({"user_id": [8, 9, 9], "item_id": [99, 11, 99], "rating": 1.0})
    )
    table = explain(TERMS, new, pairs([(8, 15), (9, 15)]))
    assert table[["user_id", "rated_item_id", "weight"]].to_numpy().tolist() == [[9, 11, 0.25]]


def test_only_empty_histories(interactions):
    new = interactions.histories(
        pd.DataFrame({"user_id": [8, 9], "item_id": [99, 98], "rating": 1.0})
    )
    table = explain(TERMS, new, pairs([(8, 15), (9, 15)]))
    assert table.empty
    assert_is_evidence(table, views=True)


def test_no_recommendations(interactions):
    nothing = pairs([(1, 15)]).iloc[:0]
    table = explain(TERMS, interactions, nothing)
    assert table.empty
    assert_is_evidence(table, views=True)


def test_recommendation_of_another_run(interactions):
    with pytest.raises(InputError, match="item_id 77 is not among the interactions"):
        explain(TERMS, interactions, pairs([(1, 77)]))


def random_case(seed, n_users=7, n_items=9):
    """Weights are multiples of 1/4, so ties and zeros are frequent and sums exact."""
    rng = np.random.default_rng(seed)
    rated = rng.random((n_users, n_items)) < rng.random()
    rated[:, 0] = rated[0] = True
    users, items = np.nonzero(rated)
    interactions = interactions_of(
        {"user_id": users, "item_id": items + 50, "rating": rng.integers(0, 3, len(users))}
    )
    terms = rng.integers(-2, 3, (n_items, n_items)) / 4
    chosen = np.argwhere(rng.random((n_users, n_items)) < 0.4)
    return interactions, terms, pairs(rng.permutation(chosen) + np.array([0, 50]))


def liked_by(interactions, user, liked_from):
    """Ids of the items that a user likes; NaN: what is rated no lower than the user's mean."""
    cells = slice(*interactions.ratings.indptr[user : user + 2])
    rated = interactions.item_ids[interactions.ratings.indices[cells]].tolist()
    ratings = interactions.ratings.data[cells].astype(float)
    least = ratings.mean() if math.isnan(liked_from) else liked_from
    return {item for item, rating in zip(rated, ratings, strict=True) if rating >= least}


def weights_of(interactions, terms, user, item):
    """(rated item, weight) of a user's ratings for an item."""
    dense = interactions.ratings.toarray()
    return [
        (item_id, terms[item - 50, column] * dense[user, column])
        for column, item_id in enumerate(interactions.item_ids)
    ]


def liked_enough(support, liked):
    """Whether what is liked is enough of [(rated item, weight), …] that support."""
    by_liked = math.fsum(weight for piece, weight in support if piece in liked)
    return by_liked > 0 and by_liked >= LEAST_LIKED * math.fsum(weight for _, weight in support)


def brute_force(interactions, terms, recommendations, n_evidence, liked_from, n_cited=3):
    """One user, one item, one rating at a time; the first to be told are always listed.

    Support by what is liked is told first, and where it is too little nothing is.
    """
    rows = []
    for user, item in recommendations.itertuples(index=False):
        weights = weights_of(interactions, terms, user, item)
        liked = liked_by(interactions, user, liked_from)
        support = [w for w in weights if w[1] > 0]
        if not liked_enough(support, liked):
            continue
        support.sort(key=lambda w: (w[0] not in liked, -w[1], w[0]))
        opposition = sorted((w for w in weights if w[1] < 0), key=lambda w: (w[1], w[0]))
        first = support[: min(n_cited, n_evidence)]
        others = sorted(support[len(first) :] + opposition, key=lambda w: (-abs(w[1]), w[0]))
        kept = first + others[: n_evidence - len(first)]
        listed = [w for w in support + opposition if w in kept]
        rows += [(user, item, place, *w) for place, w in enumerate(listed, 1)]
    return rows


@settings(max_examples=26, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_evidence=st.integers(1, 10),
    liked_from=st.sampled_from([-math.inf, 1.0, 2.0, math.nan]),
)
def test_equals_brute_force(seed, n_evidence, liked_from):
    interactions, terms, recommendations = random_case(seed)
    table = explain(terms, interactions, recommendations, n_evidence, liked_from)
    found = table[["user_id", "item_id", "position", "rated_item_id", "weight"]]
    expected = brute_force(interactions, terms, recommendations, n_evidence, liked_from)
    assert list(found.itertuples(index=False, name=None)) == expected
    rows = interactions.user_rows(table["user_id"])
    columns = interactions.item_columns(table["rated_item_id"])
    rated = interactions.ratings.astype(bool).toarray() | (interactions.ratings.toarray() != 0)
    assert rated[rows, columns].all()


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_complete_lists_sum_to_the_score(seed):
    interactions, terms, recommendations = random_case(seed)
    table = explain(terms, interactions, recommendations, 99)
    sums = table.groupby(["user_id", "item_id"])["weight"].sum()
    scores = interactions.ratings.toarray() @ terms.T
    for user, item in recommendations.itertuples(index=False):
        weights = weights_of(interactions, terms, user, item)
        supported = any(weight > 0 for _, weight in weights)
        assert sums.get((user, item), 0.0) == (scores[user, item - 50] if supported else 0.0)


@settings(max_examples=26, deadline=None)
@given(seed=st.integers(0, 10_000), liked_from=st.sampled_from([-math.inf, 2.0, math.nan]))
def test_totals_are_sums_over_the_whole_history(seed, liked_from):
    interactions, terms, recommendations = random_case(seed)
    given_ = (terms, interactions, recommendations, liked_from)
    _, totals = explained(*given_, n_evidence=1, n_cited=1)
    expected = []
    for user, item in recommendations.itertuples(index=False):
        liked = liked_by(interactions, user, liked_from)
        weights = weights_of(interactions, terms, user, item)
        support = {piece: weight for piece, weight in weights if weight > 0}
        if liked_enough(support.items(), liked):
            opposing = sum(weight for _, weight in weights if weight < 0)
            lower = sum(weight for piece, weight in support.items() if piece not in liked)
            expected.append((user, item, sum(support.values()), opposing, lower))
    columns = ["user_id", "item_id", "supporting", "opposing", "lower"]
    assert list(totals[columns].itertuples(index=False, name=None)) == expected
    assert totals["shared"].isna().all()


def test_where_nobody_likes_anything_nothing_is_explained(interactions):
    recommendations = pairs([(1, 15), (2, 11)])
    table, totals = explained(TERMS, interactions, recommendations, 3.0)
    assert table.empty
    assert totals.empty
    assert_is_evidence(table, views=True)


def test_what_is_rated_lower_comes_after_weaker_likes_and_is_summed_up():
    """Item 12 weighs most, and was rated 2."""
    terms = np.zeros((6, 6))
    terms[5, :5] = [0.75, 0.375, 2.0, 0.5, -0.25]
    rows = [(1, 10, 4.0), (1, 11, 5.0), (1, 12, 2.0), (1, 13, 1.0), (1, 14, 5.0), (2, 15, 5.0)]
    table, totals = explained(terms, interactions_of(rows), pairs([(1, 15)]), 4.0)
    assert table["rated_item_id"].tolist() == [10, 11, 12, 13, 14]
    assert table["weight"].tolist() == [3.0, 1.875, 4.0, 0.5, -1.25]
    (of_pair,) = totals.to_dict("records")
    assert of_pair["supporting"] == 9.375
    assert of_pair["lower"] == 4.5
    assert of_pair["opposing"] == -1.25


@pytest.mark.parametrize(("weight", "told"), [(1.5, True), (1.4375, False)])
def test_what_is_liked_has_to_be_a_third_of_what_supports(weight, told):
    """Item 10 is liked, 11 is not and adds 3, item 12 opposes and does not count."""
    terms = np.zeros((4, 4))
    terms[3, :3] = [weight / 4, 1.0, -2.0]
    rows = [(1, 10, 4.0), (1, 11, 3.0), (1, 12, 5.0), (2, 13, 5.0)]
    table, totals = explained(terms, interactions_of(rows), pairs([(1, 13)]), 4.0)
    assert table["rated_item_id"].tolist() == ([10, 11, 12] if told else [])
    assert totals["supporting"].tolist() == ([4.5] if told else [])


def diffuse_history(also_horror=True):
    """User 1 rated 40 items of one decade: ten of horror weigh most, three of which were rated 3.

    The others were rated 4, so that 7 x 3 + 3 x 2.25 + 5 x 2 + 25 x 1 = 62.75 supports. Item 140
    is horror too, unless a test says that it is not.
    """
    terms = np.zeros((41, 41))
    terms[40, :40] = [0.75] * 10 + [0.5] * 5 + [0.25] * 25
    rows = [(1, 100 + j, 4.0) for j in range(40)] + [(2, 140, 4.0)]
    rows[7:10] = [(1, 107, 3.0), (1, 108, 3.0), (1, 109, 3.0)]
    horror = {*range(10), 40} if also_horror else set(range(10))
    links = {("genres", "Horror"): horror, ("decade", "1980"): set(range(41))}
    return terms, interactions_of(rows), features_of(links, 41)


def test_a_group_that_stands_out_comes_first():
    """Liked horror carries 21 of 62.75: above its quarter of the history, unlike the decade."""
    terms, interactions, features = diffuse_history()
    given_ = (terms, interactions, pairs([(1, 140)]))
    table, totals = explained(*given_, 4.0, features, n_evidence=20)
    (of_pair,) = totals.to_dict("records")
    assert of_pair["shared"] == "genres=Horror"
    assert of_pair["n_sharing"] == 7
    assert of_pair["of_sharing"] == 7 * 0.75 * 4
    assert of_pair["supporting"] == 62.75
    assert of_pair["lower"] == 3 * 0.75 * 3
    assert table["rated_item_id"].tolist()[:7] == list(range(100, 107))
    assert table["rated_item_id"].tolist()[7:12] == list(range(110, 115))
    assert table["rated_item_id"].tolist()[-3:] == [107, 108, 109]


def test_a_group_that_the_item_is_not_of_is_not_told():
    terms, interactions, features = diffuse_history(also_horror=False)
    _, totals = explained(terms, interactions, pairs([(1, 140)]), 4.0, features)
    assert totals["shared"].isna().all()


def test_without_features_there_is_no_group():
    terms, interactions, features = diffuse_history()
    only_popularity = replace(features, groups=("popularity", "popularity"))
    for known in (None, only_popularity):
        _, totals = explained(terms, interactions, pairs([(1, 140)]), 4.0, known)
        assert totals["shared"].isna().all()
        assert totals["of_sharing"].tolist() == [0.0]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_removing_ratings_without_weight_changes_nothing(seed):
    interactions, terms, recommendations = random_case(seed)
    users = np.repeat(np.arange(interactions.n_users), np.diff(interactions.ratings.indptr))
    ratings = pd.DataFrame(
        {
            "user_id": users,
            "item_id": interactions.item_ids[interactions.ratings.indices],
            "rating": interactions.ratings.data,
        }
    )
    full = explain(terms, interactions, recommendations, 99)
    cited = full[["user_id", "rated_item_id"]].drop_duplicates()
    pair = ratings[["user_id", "item_id"]].apply(tuple, axis=1)
    kept = pair.isin(list(cited.itertuples(index=False, name=None)))
    keep_users = ~ratings["user_id"].isin(ratings[kept]["user_id"])
    fewer = interactions.histories(ratings[kept | keep_users])
    again = explain(terms, fewer, recommendations, 99)
    # What is next best may be another item.
    pd.testing.assert_frame_equal(again.drop(columns="lead"), full.drop(columns="lead"))


WEIGHTS = st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0])


@settings(max_examples=50, deadline=None)
@given(pieces=st.lists(st.tuples(WEIGHTS, st.integers(0, 3)), min_size=1, max_size=9))
def test_support_is_moved_back_and_opposition_is_not(pieces):
    """Whatever is moved back by less comes first, however weak it is, and opposition last."""
    weights, later = (np.array(column) for column in zip(*pieces, strict=True))
    keys = evidence_order(weights, later)
    found = [i for i in np.argsort(-keys, kind="stable") if keys[i] > -np.inf]
    support = [i for i in range(len(pieces)) if weights[i] > 0]
    support.sort(key=lambda i: (later[i], -weights[i], i))
    opposition = sorted((i for i in range(len(pieces)) if weights[i] < 0), key=lambda i: weights[i])
    assert found == support + opposition


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.tuples(WEIGHTS, st.integers(0, 2)), min_size=6, max_size=6),
        min_size=1,
        max_size=4,
    ),
    n=st.integers(1, 7),
    n_supporting=st.integers(0, 4),
)
def test_the_first_to_be_told_are_among_the_strongest(rows, n, n_supporting):
    weights, later = (np.array([[piece[k] for piece in row] for row in rows]) for k in (0, 1))
    found = strongest_evidence(weights, n, min(n, n_supporting), later)
    for chosen, row in zip(found.tolist(), rows, strict=True):
        told = [i for i in range(6) if row[i][0] > 0]
        told.sort(key=lambda i: (row[i][1], -row[i][0], i))
        kept = told[: min(n, n_supporting)]
        others = [i for i in range(6) if row[i][0] != 0 and i not in kept]
        kept += sorted(others, key=lambda i: (-abs(row[i][0]), i))[: n - len(kept)]
        opposition = sorted((i for i in range(6) if row[i][0] < 0), key=lambda i: row[i][0])
        expected = [i for i in told + opposition if i in kept]
        assert chosen == expected + [-1] * (len(chosen) - len(expected))


@settings(max_examples=33, deadline=None)
@given(weights=st.lists(WEIGHTS, min_size=1, max_size=8))
def test_evidence_order(weights):
    keys = evidence_order(np.array(weights))
    order = [i for i in np.argsort(-keys, kind="stable") if keys[i] > -np.inf]
    places = range(len(weights))
    support = sorted((i for i in places if weights[i] > 0), key=lambda i: -weights[i])
    opposition = sorted((i for i in places if weights[i] < 0), key=lambda i: weights[i])
    assert order == support + opposition


def strongest_by_hand(weights, n):
    """Places of one row: the n strongest, ties to the lower; then support before opposition."""
    places = [place for place, weight in enumerate(weights) if weight != 0]
    kept = sorted(places, key=lambda place: -abs(weights[place]))[:n]
    return sorted(kept, key=lambda place: (weights[place] < 0, -abs(weights[place]), place))


def test_strongest_evidence_by_hand():
    weights = np.array([[0.1, -0.5, 0.0, 0.3, -0.2], [0.0, 0.0, -1.0, 0.0, 0.0]])
    assert strongest_evidence(weights, 3).tolist() == [[3, 1, 4], [2, -1, -1]]
    assert strongest_evidence(weights, 1).tolist() == [[1], [2]]
    assert strongest_evidence(weights, 4).tolist() == [[3, 0, 1, 4], [2, -1, -1, -1]]


def test_strong_opposition_crowds_out_weak_support_that_is_not_asked_for():
    weights = np.array([[0.1, -0.5, -0.4, 0.2]])
    assert strongest_evidence(weights, 2).tolist() == [[1, 2]]
    assert strongest_evidence(weights, 2, 1).tolist() == [[3, 1]]
    assert strongest_evidence(weights, 2, 2).tolist() == [[3, 0]]
    assert strongest_evidence(weights, 3, 9).tolist() == [[3, 0, 1]]


@settings(max_examples=50, deadline=None)
@given(
    rows=st.integers(1, 9).flatmap(
        lambda length: st.lists(
            st.lists(
                st.sampled_from([-2.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1e-300, -1e-300]),
                min_size=length,
                max_size=length,
            ),
            min_size=1,
            max_size=4,
        )
    ),
    n=st.integers(1, 11),
)
def test_strongest_evidence_equals_brute_force(rows, n):
    weights = np.array(rows)
    before = weights.copy()
    found = strongest_evidence(weights, n)
    assert found.shape == (len(rows), min(n, weights.shape[1]))
    for chosen, row in zip(found.tolist(), rows, strict=True):
        expected = strongest_by_hand(row, n)
        assert chosen == expected + [-1] * (len(chosen) - len(expected))
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_strongest_evidence_of_nothing(shape):
    assert strongest_evidence(np.zeros(shape), 2).shape == (shape[0], min(2, shape[1]))


def test_all_weights_zero_are_no_evidence():
    assert (strongest_evidence(np.array([[0.0, -0.0, 0.0]]), 2) == -1).all()
