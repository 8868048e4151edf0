"""Evidence of an additive model whose terms are known beforehand."""

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
from explainable_recsys.interactions import Interactions
from tests.lists_of import assert_is_evidence, data_of, lists_of


class TableModel:
    """The contribution of rated item j to item i is terms[i, j] x the rating."""

    def __init__(self, terms):
        self.terms = np.asarray(terms, dtype=float)

    is_personal = True

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


def explain(terms, histories, recommendations, n_evidence=10):
    parameters = ContributionParameters(n_evidence=n_evidence)
    lists = lists_of(histories, recommendations)
    found = explain_by_contributions(TableModel(terms), data_of(histories), lists, parameters)
    assert list(found.details) == ["totals"]
    assert found.facts == {}
    return found.evidence


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
    table = explain(TERMS, interactions, pairs([(1, 15), (2, 10), (2, 11)]))
    expected = [
        (1, 15, 1, "item", "14", "Title 14", 0.5, 1, 14),
        (1, 15, 2, "item", "11", "Title 11", 0.25, 1, 11),
        (1, 15, 3, "item", "13", "Title 13", -0.75, 1, 13),
        (1, 15, 4, "item", "10", "Title 10", -0.5, 1, 10),
        (2, 10, 1, "item", "15", "Title 15", -3.0, 1, 15),
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
    recommendations = pairs([(2, 11), (1, 15), (2, 10)])
    recommendations.index = [7, 7, 3]
    table = explain(TERMS, interactions, recommendations, 2)
    assert table["item_id"].tolist() == [11, 15, 15, 10]
    assert table["position"].tolist() == [1, 1, 2, 1]


def test_empty_history_is_explained_by_nothing(interactions):
    new = interactions.histories(
        pd.DataFrame({"user_id": [8, 9, 9], "item_id": [99, 10, 99], "rating": 1.0})
    )
    table = explain(TERMS, new, pairs([(8, 15), (9, 15)]))
    assert table[["user_id", "rated_item_id", "weight"]].to_numpy().tolist() == [[9, 10, -0.5]]


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


def brute_force(interactions, terms, recommendations, n_evidence, n_cited=3):
    """One user, one item, one rating at a time; the most supporting are always listed."""
    dense = interactions.ratings.toarray()
    rows = []
    for user, item in recommendations.itertuples(index=False):
        weights = [
            (item_id, terms[item - 50, column] * dense[user, column])
            for column, item_id in enumerate(interactions.item_ids)
        ]
        support = sorted((w for w in weights if w[1] > 0), key=lambda w: (-w[1], w[0]))
        opposition = sorted((w for w in weights if w[1] < 0), key=lambda w: (w[1], w[0]))
        first = support[: min(n_cited, n_evidence)]
        others = sorted(support[len(first) :] + opposition, key=lambda w: (-abs(w[1]), w[0]))
        kept = first + others[: n_evidence - len(first)]
        listed = [w for w in support + opposition if w in kept]
        rows += [(user, item, place, *w) for place, w in enumerate(listed, 1)]
    return rows


@settings(max_examples=26, deadline=None)
@given(seed=st.integers(0, 10_000), n_evidence=st.integers(1, 10))
def test_equals_brute_force(seed, n_evidence):
    interactions, terms, recommendations = random_case(seed)
    table = explain(terms, interactions, recommendations, n_evidence)
    found = table[["user_id", "item_id", "position", "rated_item_id", "weight"]]
    expected = brute_force(interactions, terms, recommendations, n_evidence)
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
        assert sums.get((user, item), 0.0) == scores[user, item - 50]


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


@settings(max_examples=33, deadline=None)
@given(weights=st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=8))
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
