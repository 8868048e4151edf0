"""Local rules against mining each user's neighbours by themselves, one user at a time."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge import itemsets
from explainable_recsys.knowledge import local_rules as local_rules_module
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    Rules,
    TransactionParameters,
    mine,
    preference,
    rules_table,
    take,
)
from explainable_recsys.knowledge.local_rules import local_rules, nearest_by_factors
from tests.lists_of import data_of, lists_of

ARRAYS = ("antecedents", "consequents", "counts", "support", "confidence", "lift")


def matrix(held):
    return sparse.csr_array(np.asarray(held).astype(np.float32))


def thresholds(**given):
    free = {"min_support": 1e-9, "min_count": 2, "min_confidence": 0.4, "min_lift": 1.0}
    return RuleParameters(**(free | given))


def cosine_order(vectors, user):
    """The other users, most similar first, then in order of their rows."""

    def cosine(other):
        dot = sum(a * b for a, b in zip(vectors[user], vectors[other], strict=True))
        lengths = math.hypot(*vectors[user]) * math.hypot(*vectors[other])
        return dot / lengths if lengths else 0.0

    others = [other for other in range(len(vectors)) if other != user]
    return sorted(others, key=lambda other: (-cosine(other), other))


@pytest.mark.parametrize("block_size", [1, 7, 512])
@pytest.mark.parametrize("n_neighbours", [1, 5, 39])
def test_nearest_users(n_neighbours, block_size):
    vectors = np.random.default_rng(0).normal(size=(40, 3))
    found = nearest_by_factors(vectors, n_neighbours, block_size)
    expected = [cosine_order(vectors.tolist(), user)[:n_neighbours] for user in range(40)]
    assert found.tolist() == expected


@pytest.mark.parametrize("block_size", [1, 7, 512])
@pytest.mark.parametrize("n_neighbours", [1, 5, 29])
def test_nearest_users_with_ties(n_neighbours, block_size):
    """Lengths are 0 or powers of two, so that equal cosines are equal numbers."""
    rng = np.random.default_rng(1)
    vectors = np.concatenate(
        [np.eye(4), -np.eye(4), rng.choice([-1.0, 1.0], (20, 4)), 0 * np.eye(4)]
    )
    vectors = rng.permutation(vectors)[:30] * rng.choice([1.0, 0.5], (30, 1))
    assert (vectors == 0).all(axis=1).any()
    found = nearest_by_factors(vectors, n_neighbours, block_size)
    expected = [cosine_order(vectors.tolist(), user)[:n_neighbours] for user in range(30)]
    assert found.tolist() == expected


def test_users_with_equal_vectors():
    """A user is not the own neighbour, not even among equals; lower rows come first."""
    vectors = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0], [4.0, 0.0], [0.0, 0.0]])
    assert nearest_by_factors(vectors, 4).tolist() == [
        [2, 3, 1, 4],
        [0, 2, 3, 4],
        [0, 3, 1, 4],
        [0, 2, 1, 4],
        [0, 1, 2, 3],
    ]


def test_too_many_neighbours():
    vectors = np.eye(5)
    assert nearest_by_factors(vectors, 4).shape == (5, 4)
    with pytest.raises(InputError, match=r"n_neighbours: 5 .* 4 others; accepted: up to 4"):
        nearest_by_factors(vectors, 5)


def random_case(seed, n_users=30, n_items=9, k=12):
    """Transactions and likes that differ, users without likes, lists of different lengths."""
    rng = np.random.default_rng(seed)
    held = rng.random((n_users, n_items)) < rng.random(n_items) ** 0.5
    liked = rng.random((n_users, n_items)) < 0.5
    liked[rng.random(n_users) < 0.1] = False
    neighbours = np.array(
        [rng.permutation(np.delete(np.arange(n_users), user))[:k] for user in range(n_users)]
    )
    unseen = rng.permutation(np.argwhere(~liked))
    unseen = unseen[rng.random(n_users)[unseen[:, 0]] < 0.8][: 3 * n_users]
    return matrix(held), matrix(liked), neighbours, unseen[:, 0], unseen[:, 1]


def brute_force(case, parameters, n_rules, order_by="confidence"):
    """Mine each user's neighbours; keep the rules from the user's likes to the item."""
    transactions, liked, neighbours, users, items = case
    mined = {user: mine(transactions[neighbours[user]], parameters)[0] for user in set(users)}
    explained, parts = [], [Rules.none()]
    for row, (user, item) in enumerate(zip(users, items, strict=True)):
        rules, own = mined[user], {-1, *liked[[user]].indices.tolist()}
        fitting = [own.issuperset(antecedents) for antecedents in rules.antecedents.tolist()]
        rules = take(rules, np.array(fitting, dtype=bool) & (rules.consequents == item))
        parts.append(take(rules, preference(rules, order_by)[:n_rules]))
        explained += [row] * len(parts[-1])
    return explained, Rules.concatenate(parts)


def assert_same(found, expected):
    assert found[0].tolist() == expected[0]
    for name in ARRAYS:
        ours, theirs = getattr(found[1], name), getattr(expected[1], name)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("max_antecedents", [1, 2, 3])
@pytest.mark.parametrize("order_by", ["confidence", "lift", "support"])
@pytest.mark.parametrize("n_rules", [1, 3, 99])
def test_equals_mining_of_the_neighbours(n_rules, order_by, max_antecedents):
    parameters = thresholds(max_antecedents=max_antecedents)
    case = random_case(max_antecedents)
    expected = brute_force(case, parameters, n_rules, order_by)
    assert len(expected[0]) > 20
    assert (expected[1].antecedents >= 0).sum(axis=1).max() == max_antecedents or n_rules == 1
    assert_same(local_rules(*case, parameters, n_rules, order_by), expected)


@pytest.mark.parametrize(
    "given",
    [
        {"min_support": 0.25},
        {"min_support": 0.5, "min_count": 1},
        {"min_count": 4},
        {"min_confidence": 0.75},
        {"min_lift": 1.5},
    ],
)
def test_thresholds(given):
    parameters = thresholds(**given)
    for seed in range(3):
        case = random_case(seed)
        assert_same(local_rules(*case, parameters, 4), brute_force(case, parameters, 4))


@pytest.mark.parametrize("k", [1, 63, 64, 65, 70])
def test_neighbours_around_one_word_of_bits(k):
    case = random_case(7, n_users=80, n_items=7, k=k)
    parameters = thresholds(min_count=1, min_lift=0.9)
    expected = brute_force(case, parameters, 3)
    assert len(expected[0]) > 20
    assert_same(local_rules(*case, parameters, 3), expected)


@pytest.mark.parametrize(
    ("module", "bound", "cells"),
    [
        (local_rules_module, "BASKETS_AT_ONCE", 1),
        (local_rules_module, "BASKETS_AT_ONCE", 300),
        (itemsets, "COUNTS_AT_ONCE", 1),
        (itemsets, "COUNTS_AT_ONCE", 40),
    ],
)
def test_small_steps_find_the_same(monkeypatch, module, bound, cells):
    case = random_case(8)
    expected = brute_force(case, thresholds(max_antecedents=3), 3)
    monkeypatch.setattr(module, bound, cells)
    assert_same(local_rules(*case, thresholds(max_antecedents=3), 3), expected)


def test_the_order_of_the_recommendations_does_not_matter():
    transactions, liked, neighbours, users, items = random_case(9)
    explained, rules = local_rules(transactions, liked, neighbours, users, items, thresholds(), 2)
    back = np.arange(len(users))[::-1]
    again, same = local_rules(
        transactions, liked, neighbours, users[back], items[back], thresholds(), 2
    )
    order = np.argsort(back[again], kind="stable")
    assert_same((back[again][order], take(same, order)), (explained.tolist(), rules))


def test_nothing_to_find():
    transactions, liked, neighbours, users, items = random_case(10)
    cases = [
        (transactions, liked, neighbours, users[:0], items[:0]),
        (transactions, matrix(np.zeros(liked.shape)), neighbours, users, items),
        (matrix(np.zeros(liked.shape)), liked, neighbours, users, items),
    ]
    for case in cases:
        assert_same(local_rules(*case, thresholds(), 3), ([], Rules.none()))
    strict = thresholds(min_count=13)
    assert_same(
        local_rules(transactions, liked, neighbours, users, items, strict, 3), ([], Rules.none())
    )


def test_too_many_candidates():
    with pytest.raises(InputError, match=r"sets of 2 items; accepted: up to max_candidates = 1\b"):
        local_rules(*random_case(11), thresholds(max_candidates=1), 3)


def explain(case, rules, clusters, local, n_rules):
    transactions, liked, neighbours, users, items = case
    n_users, n_items = liked.shape
    interactions = Interactions(liked, np.arange(n_users) + 1, np.arange(n_items) + 100)
    tables = [rules_table(mined, interactions, number) for number, mined in rules.items()]
    nearest = {
        "user_id": np.repeat(interactions.user_ids, neighbours.shape[1]),
        "neighbour_id": interactions.user_ids[neighbours.ravel()],
    }
    found = explain_by_rules(
        None,
        data_of(interactions),
        lists_of(interactions, list(zip(users + 1, items + 100, strict=True))),
        RuleExplanationParameters(n_rules=n_rules),
        rules=pd.concat(tables, ignore_index=True),
        transactions=TransactionParameters(),
        baskets=Interactions(transactions, interactions.user_ids, interactions.item_ids),
        user_clusters=pd.DataFrame({"user_id": interactions.user_ids, "cluster": clusters}),
        neighbours=pd.DataFrame(nearest) if local else None,
        thresholds=local,
    )
    return found.evidence, found.details["cited_rules"]


def antecedents_and_consequents(rules):
    return list(map(tuple, np.column_stack([rules.antecedents, rules.consequents]).tolist()))


@pytest.mark.parametrize("n_rules", [1, 3, 6])
def test_local_rules_only_fill_up(n_rules):
    """After those of all users and of the cluster, as many as are still missing."""
    case = random_case(12)
    clusters = np.arange(30, dtype=np.int32) % 2 + 1
    few = thresholds(min_support=0.45, max_antecedents=1)
    rules = {0: mine(case[0], few)[0]}
    known = set(antecedents_and_consequents(rules[0]))
    for number in (1, 2):
        mined = mine(case[0][clusters == number], few)[0]
        new = [rule not in known for rule in antecedents_and_consequents(mined)]
        rules[number] = take(mined, np.array(new))
    reasons, without = explain(case, rules, clusters, None, n_rules)
    cited_before = reasons.groupby(["user_id", "item_id", "group"])["rated_item_id"].agg(set)
    explanations, cited = explain(case, rules, clusters, thresholds(), n_rules)

    explained, local = brute_force(case, thresholds(), n_rules)
    columns = ["scope", "n_antecedents", "support", "confidence", "lift"]
    expected = []
    for row, (user, item) in enumerate(zip(case[3] + 1, case[4] + 100, strict=True)):
        own = without[(without["user_id"] == user) & (without["item_id"] == item)]
        listed = list(own[columns].itertuples(index=False, name=None))
        before = [cited_before[user, item, group] for group in own["group"]]
        for i in np.flatnonzero(np.array(explained) == row):
            given = local.antecedents[i][local.antecedents[i] >= 0]
            if set((given + 100).tolist()) in before:
                continue  # cited already, as a rule of more users
            size = int((local.antecedents[i] >= 0).sum())
            listed.append(("local", size, local.support[i], local.confidence[i], local.lift[i]))
        listed = listed[:n_rules]
        expected += [(user, item, group, *rule) for group, rule in enumerate(listed, 1)]
    assert list(cited.itertuples(index=False, name=None)) == expected
    assert set(cited["scope"]) == {"global", "cluster", "local"}

    of_rule = explanations.groupby(["user_id", "item_id", "group"], sort=False)["rated_item_id"]
    assert of_rule.size().tolist() == cited["n_antecedents"].tolist()
    liked = case[1].toarray() > 0
    columns = explanations["rated_item_id"].to_numpy() - 100
    assert liked[explanations["user_id"] - 1, columns].all()


def test_only_local_rules():
    case = random_case(13)
    explained, local = brute_force(case, thresholds(), 3)
    explanations, cited = explain(case, {0: Rules.none()}, np.zeros(30, np.int32), thresholds(), 3)
    assert set(cited["scope"]) == {"local"}
    assert cited["user_id"].tolist() == (case[3][explained] + 1).tolist()
    assert cited["item_id"].tolist() == (local.consequents + 100).tolist()
    assert cited["confidence"].tolist() == local.confidence.tolist()
    given = local.antecedents >= 0
    assert explanations["rated_item_id"].tolist() == (local.antecedents[given] + 100).tolist()
