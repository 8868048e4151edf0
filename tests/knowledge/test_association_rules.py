"""Association rules against mlxtend to the last bit, and against examples counted by hand."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from mlxtend.frequent_patterns import apriori
from mlxtend.frequent_patterns import association_rules as mlxtend_rules
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    Funnel,
    RuleParameters,
    Rules,
    TransactionParameters,
    build_baskets,
    mine,
    mine_by_cluster,
    no_rules_message,
    preference,
    readable_rules,
    rules_from_table,
    rules_table,
    take,
    user_clusters,
    user_transactions,
)
from explainable_recsys.recommenders.lists import best_columns
from tests.lists_of import data_of

COLUMNS = [
    "cluster",
    "antecedent_1",
    "antecedent_2",
    "antecedent_3",
    "consequent",
    "count",
    "support",
    "confidence",
    "lift",
]
ARRAYS = ("antecedents", "consequents", "counts", "support", "confidence", "lift")

ALIEN, TERMINATOR, ALIENS, DUNE, ROCKY, NOBODYS = range(6)
TITLES = ["Alien", "The Terminator", "Aliens", "Dune", "Rocky", "Nobody's"]
BASKETS = [
    {ALIEN, TERMINATOR, ALIENS},
    {ALIEN, TERMINATOR, ALIENS},
    {ALIEN, TERMINATOR, ALIENS},
    {ALIEN, TERMINATOR},
    {ALIEN, DUNE},
    {TERMINATOR, DUNE},
    {ALIENS, DUNE},
    {DUNE, ROCKY},
]
"""Alone: 5, 5, 4, 4, 1. Alien + The Terminator: 4; Aliens with either or both: 3; Dune: 1."""

ITEMS = pd.DataFrame({"item_id": range(6), "title": TITLES})


def matrix(held):
    return sparse.csr_array(np.asarray(held).astype(np.float32))


def held_in(baskets, n_items):
    return np.array([[item in basket for item in range(n_items)] for basket in baskets])


def interactions_of(held, item_ids, user_ids=None):
    user_ids = np.arange(1, len(held) + 1) if user_ids is None else user_ids
    return Interactions(matrix(held), user_ids, np.asarray(item_ids))


def thresholds(**given):
    """All rules of up to two antecedents, unless something is given."""
    free = {"min_support": 1e-9, "min_count": 1, "min_confidence": 1e-9, "min_lift": 0}
    return RuleParameters(**(free | {"max_antecedents": 2} | given))


def named(rules):
    """Antecedents and consequent of every rule, in order."""
    return [
        (tuple(column for column in row if column >= 0), consequent)
        for row, consequent in zip(
            rules.antecedents.tolist(), rules.consequents.tolist(), strict=True
        )
    ]


def assert_same(rules, others):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(rules, name), getattr(others, name))


def random_baskets(seed, n, n_items=8):
    rng = np.random.default_rng(seed)
    held = rng.random((n, n_items)) < rng.random(n_items) ** 0.5
    held[rng.random(n) < 0.1] = False
    return held


def rules_of_mlxtend(held, parameters):
    """Every rule with one consequent that reaches the thresholds, with its measures."""
    found = apriori(
        pd.DataFrame(held),
        min_support=parameters.min_support,
        max_len=parameters.max_antecedents + 1,
    )
    rules = mlxtend_rules(found, metric="confidence", min_threshold=parameters.min_confidence)
    rules = rules[(rules["consequents"].map(len) == 1) & (rules["lift"] >= parameters.min_lift)]
    return {
        (tuple(sorted(rule.antecedents)), *rule.consequents): (
            rule.support,
            rule.confidence,
            rule.lift,
        )
        for rule in rules.itertuples()
    }


@pytest.mark.parametrize("max_antecedents", [1, 2, 3])
@pytest.mark.parametrize("engine", ["bitsets", "mlxtend"])
@pytest.mark.parametrize(
    ("n", "min_support", "min_confidence", "min_lift"),
    [(10, 0.1, 0.75, 0), (30, 0.1, 0.5, 1.0), (64, 0.05, 0.3, 1.2), (90, 0.1, 1e-9, 0)],
)
def test_equals_mlxtend_to_the_last_bit(
    n, min_support, min_confidence, min_lift, engine, max_antecedents
):
    parameters = thresholds(
        min_support=min_support,
        min_confidence=min_confidence,
        min_lift=min_lift,
        max_antecedents=max_antecedents,
        engine=engine,
    )
    held = random_baskets(n, n)
    expected = rules_of_mlxtend(held, parameters)
    rules, funnel = mine(matrix(held), parameters)
    measures = zip(rules.support, rules.confidence, rules.lift, strict=True)
    assert len(expected) > 5
    assert dict(zip(named(rules), measures, strict=True)) == expected
    assert len(rules) == funnel.kept == len(expected)
    assert (rules.counts / n == rules.support).all()


@pytest.mark.parametrize("engine", ["bitsets", "mlxtend"])
def test_by_hand(engine):
    parameters = thresholds(min_support=3 / 8, engine=engine)
    rules, _ = mine(matrix(held_in(BASKETS, 6)), parameters)
    measured = zip(named(rules), rules.counts, rules.support, rules.confidence, strict=True)
    expected = [
        # Equal in all measures: the lower consequent, then the lower antecedents.
        (((TERMINATOR, ALIENS), ALIEN), 3, 3 / 8, 1.0),
        (((ALIEN, ALIENS), TERMINATOR), 3, 3 / 8, 1.0),
        (((TERMINATOR,), ALIEN), 4, 4 / 8, 4 / 5),
        (((ALIEN,), TERMINATOR), 4, 4 / 8, 4 / 5),
        (((ALIEN, TERMINATOR), ALIENS), 3, 3 / 8, 3 / 4),
        (((ALIENS,), ALIEN), 3, 3 / 8, 3 / 4),
        (((ALIENS,), TERMINATOR), 3, 3 / 8, 3 / 4),
        (((ALIEN,), ALIENS), 3, 3 / 8, 3 / 5),
        (((TERMINATOR,), ALIENS), 3, 3 / 8, 3 / 5),
    ]
    assert list(measured) == expected
    of_consequent = {ALIEN: 5 / 8, TERMINATOR: 5 / 8, ALIENS: 4 / 8}
    lift = [confidence / of_consequent[rule[1]] for rule, _, _, confidence in expected]
    np.testing.assert_allclose(rules.lift, lift, rtol=1e-15)


@pytest.mark.parametrize(
    ("max_antecedents", "funnel"),
    [
        # Rocky is rare (nobody's item is in no transaction), as are Dune's three pairs. Alien
        # or The Terminator => Aliens have confidence 0.6; Aliens => either lift 1.2.
        (1, Funnel(rare_items=1, rare_pairs=3, uncertain=2, weak=2, kept=2)),
        (2, Funnel(rare_items=1, rare_pairs=3, uncertain=2, weak=2, kept=5)),
        (3, Funnel(rare_items=1, rare_pairs=3, uncertain=2, weak=2, kept=5)),
    ],
)
def test_funnel(max_antecedents, funnel):
    parameters = RuleParameters(
        min_support=3 / 8, min_confidence=0.7, min_lift=1.25, max_antecedents=max_antecedents
    )
    assert mine(matrix(held_in(BASKETS, 6)), parameters)[1] == funnel


def test_thresholds_are_met_by_equal_values():
    held = matrix(held_in(BASKETS, 6))
    rule = ((ALIEN, TERMINATOR), ALIENS)
    met = thresholds(min_support=3 / 8, min_confidence=3 / 4, min_lift=1.5)
    assert rule in named(mine(held, met)[0])
    for name in ("min_support", "min_confidence", "min_lift"):
        missed = met.model_copy(update={name: np.nextafter(getattr(met, name), 9)})
        assert rule not in named(mine(held, missed)[0])


@pytest.mark.parametrize("seed", range(4))
def test_order_with_exact_shares(seed):
    """With 16 transactions the measures are exact, so the order can be told by fractions."""
    held = random_baskets(seed, 16, n_items=7)
    rules, _ = mine(matrix(held), thresholds(max_antecedents=3))

    def share(*items):
        return Fraction(int(held[:, items].all(axis=1).sum()), 16)

    def key(rule):
        antecedents, consequent = rule
        support = share(*antecedents, consequent)
        confidence = support / share(*antecedents)
        return (
            -confidence,
            -confidence / share(consequent),
            -support,
            len(antecedents),
            consequent,
            antecedents,
        )

    keys = [key(rule) for rule in named(rules)]
    assert keys == sorted(keys)
    assert len({k[:4] for k in keys}) < len(keys), "no ties to break"


@pytest.mark.parametrize("engine", ["bitsets", "mlxtend"])
def test_min_count(engine):
    """It works on the whole set, antecedents and consequent, whatever the share."""
    held = matrix(held_in(BASKETS, 6))
    every, _ = mine(held, thresholds(max_antecedents=3))
    for min_count in range(1, 10):
        parameters = thresholds(max_antecedents=3, min_count=min_count, engine=engine)
        rules, funnel = mine(held, parameters)
        assert_same(rules, take(every, every.counts >= min_count))
        assert funnel.rare_items == sum(count < min_count for count in (5, 5, 4, 4, 1))


def test_three_people_follow_a_rule_unless_told():
    held = matrix(held_in(BASKETS[1:], 6))
    assert 2 in mine(held, thresholds())[0].counts
    rules, _ = mine(held, RuleParameters(min_support=1e-9, min_confidence=1e-9, min_lift=0))
    assert rules.counts.min() == 3


def test_the_order_of_the_transactions_does_not_matter():
    held = random_baskets(1, 70)
    rules, funnel = mine(matrix(held), thresholds(max_antecedents=3))
    shuffled = np.random.default_rng(0).permutation(held)
    again, again_funnel = mine(matrix(shuffled), thresholds(max_antecedents=3))
    assert_same(again, rules)
    assert again_funnel == funnel


def rules_by_hand(rows):
    """Rows of (antecedents, consequent, confidence, lift, support)."""
    antecedents, consequents, confidence, lift, support = zip(*rows, strict=True)
    padded = [[*row, -1, -1, -1][:3] for row in antecedents]
    return Rules(
        np.array(padded, np.int32),
        np.array(consequents, np.int32),
        np.round(np.array(support) * 100).astype(np.int64),
        *(np.array(measure, float) for measure in (support, confidence, lift)),
    )


PREFERENCES = [
    ((0,), 9, 0.5, 2.0, 0.1),
    ((0,), 8, 0.5, 2.0, 0.2),
    ((0,), 7, 0.5, 3.0, 0.1),
    ((0,), 6, 0.9, 1.0, 0.3),
    ((1, 2), 5, 0.9, 1.0, 0.3),
    ((1, 3), 4, 0.9, 1.0, 0.3),
    ((1, 2), 4, 0.9, 1.0, 0.3),
    ((1, 2, 3), 3, 0.9, 1.0, 0.3),
    ((4,), 6, 0.9, 1.0, 0.3),
    ((0,), 2, 0.1, 3.0, 0.3),
]
"""Rules 3, 8, 6, 5, 4, 7 are equal in all measures and come in this order."""


@pytest.mark.parametrize(
    ("order_by", "order"),
    [
        ("confidence", [3, 8, 6, 5, 4, 7, 2, 1, 0, 9]),
        ("lift", [2, 9, 1, 0, 3, 8, 6, 5, 4, 7]),
        ("support", [3, 8, 6, 5, 4, 7, 9, 1, 2, 0]),
    ],
)
def test_preference(order_by, order):
    rules = rules_by_hand(PREFERENCES)
    assert preference(rules, order_by).tolist() == order
    reversed_rules = take(rules, np.arange(len(rules))[::-1])
    assert (len(rules) - 1 - preference(reversed_rules, order_by)).tolist() == order


def test_preference_is_by_confidence_unless_told():
    rules = rules_by_hand(PREFERENCES)
    assert preference(rules).tolist() == preference(rules, "confidence").tolist()
    assert preference(Rules.none()).shape == (0,)


def test_one_user():
    held = matrix(np.array([[1, 0, 1, 1]]))
    rules, funnel = mine(held, thresholds(min_support=1, max_antecedents=2))
    assert named(rules) == [
        ((2,), 0),
        ((3,), 0),
        ((0,), 2),
        ((3,), 2),
        ((0,), 3),
        ((2,), 3),
        ((2, 3), 0),
        ((0, 3), 2),
        ((0, 2), 3),
    ]
    assert (np.stack([rules.support, rules.confidence, rules.lift]) == 1).all()
    assert funnel == Funnel(rare_items=0, rare_pairs=0, uncertain=0, weak=0, kept=9)


@pytest.mark.parametrize("engine", ["bitsets", "mlxtend"])
def test_items_that_nobody_else_likes(engine):
    parameters = RuleParameters(min_support=0.5, engine=engine)
    rules, funnel = mine(matrix(np.eye(4)), parameters)
    assert len(rules) == 0
    assert funnel == Funnel(rare_items=4, rare_pairs=0, uncertain=0, weak=0, kept=0)


def test_no_rules():
    transactions = interactions_of(held_in(BASKETS, 6), range(6))
    parameters = thresholds(min_support=3 / 8, min_count=3, min_confidence=0.7, min_lift=9)
    table, funnels = mine_by_cluster(transactions, np.zeros(8, np.int32), parameters)
    assert table.columns.tolist() == COLUMNS
    assert table.empty
    some, _ = mine_by_cluster(transactions, np.zeros(8, np.int32), thresholds())
    assert table.dtypes.to_dict() == some.dtypes.to_dict()
    assert len(rules_from_table(table, transactions)) == 0
    message = no_rules_message(funnels[0], parameters)
    for part in (
        "min_support 0.375",
        "left out 1 items and 3 pairs",
        "min_confidence 0.7 2 rules",
        "min_lift 9 7;",
    ):
        assert part in message


def test_message_names_the_count_that_left_everything_out():
    parameters = RuleParameters(min_support=1e-9, min_count=6)
    _, funnel = mine(matrix(held_in(BASKETS, 6)), parameters)
    assert funnel.kept == 0
    assert "min_count 6" in no_rules_message(funnel, parameters)


@pytest.mark.parametrize("engine", ["bitsets", "mlxtend"])
def test_cluster_smaller_than_min_count(engine):
    transactions = interactions_of(held_in(BASKETS, 6), range(6))
    clusters = np.array([1, 1, 1, 1, 1, 1, 2, 2], np.int32)
    parameters = RuleParameters(min_support=0.3, min_count=3, min_lift=1, engine=engine)
    table, funnels = mine_by_cluster(transactions, clusters, parameters)
    assert 2 not in set(table["cluster"])
    assert funnels[1].kept > 0
    assert funnels[2] == Funnel(rare_items=3, rare_pairs=0, uncertain=0, weak=0, kept=0)


def test_too_many_candidates():
    everything = matrix(np.ones((4, 12)))
    with pytest.raises(InputError, match=f"{math.comb(12, 3)} sets of 3 items.*= 219"):
        mine(everything, thresholds(max_candidates=math.comb(12, 3) - 1))
    mine(everything, thresholds(max_candidates=math.comb(12, 3)))
    with pytest.raises(InputError, match=r"more than 65 pairs .* max_candidates = 65\b"):
        mine(everything, thresholds(max_antecedents=1, max_candidates=math.comb(12, 2) - 1))
    mine(everything, thresholds(max_antecedents=1, max_candidates=math.comb(12, 2)))


IDS = {
    "integer": [3, 10, 200, 201, 4000, 4001],
    "text": ["a", "alien", "b", "x10", "x9", "ß 7"],
}


def mined_table(kind, cluster=0):
    transactions = interactions_of(held_in(BASKETS, 6), IDS[kind])
    rules, _ = mine(transactions.ratings, thresholds(max_antecedents=3))
    return rules, rules_table(rules, transactions, cluster), transactions


@pytest.mark.parametrize("kind", IDS)
def test_rules_table(kind):
    rules, table, transactions = mined_table(kind, cluster=4)
    assert table.columns.tolist() == COLUMNS
    assert table["cluster"].tolist() == [4] * len(rules)
    ids = IDS[kind]
    for row, (antecedents, consequent) in zip(table.itertuples(), named(rules), strict=True):
        given = [row.antecedent_1, row.antecedent_2, row.antecedent_3]
        assert [i for i in given if not pd.isna(i)] == [ids[column] for column in antecedents]
        assert row.consequent == ids[consequent]
    for name, values in (("count", rules.counts), ("support", rules.support)):
        assert table[name].tolist() == values.tolist()
    for name in ("confidence", "lift"):
        assert table[name].tolist() == getattr(rules, name).tolist()
    types = table.dtypes.astype(str)
    identifier = {"integer": ("Int64", "int64"), "text": ("str", "str")}[kind]
    assert (types["antecedent_3"], types["consequent"]) == identifier
    assert_same(rules_from_table(table, transactions), rules)


@pytest.mark.parametrize("kind", IDS)
def test_stored_table(kind, tmp_path):
    rules, table, transactions = mined_table(kind)
    table.to_parquet(tmp_path / "rules.parquet")
    stored = pd.read_parquet(tmp_path / "rules.parquet")
    assert_same(rules_from_table(stored, transactions), rules)
    one_antecedent = stored[stored["antecedent_2"].isna()]
    assert_same(
        rules_from_table(one_antecedent, transactions),
        take(rules, rules.antecedents[:, 1] < 0),
    )


@pytest.mark.parametrize("column", ["antecedent_1", "antecedent_2", "consequent"])
@pytest.mark.parametrize(("kind", "unknown"), [("integer", 5), ("text", "c"), ("text", "alien 3")])
def test_rule_of_another_run(kind, unknown, column):
    """`alien 3` is longer than all ids of the catalogue and begins like one of them."""
    _, table, transactions = mined_table(kind)
    row = int(table["antecedent_2"].notna().to_numpy().argmax())
    table.loc[row, column] = unknown
    with pytest.raises(InputError, match=f"item_id {unknown} is not among the interactions"):
        rules_from_table(table, transactions)


def test_rules_with_another_kind_of_id():
    _, table, _ = mined_table("text")
    with pytest.raises(InputError, match="ids must be integers"):
        rules_from_table(table, interactions_of(held_in(BASKETS, 6), IDS["integer"]))


RATINGS = sparse.csr_array(
    (
        np.array([4, 3.5, 0, 5, 3.3], np.float32),
        np.array([0, 2, 1, 2, 3]),
        np.array([0, 2, 2, 5]),
    ),
    shape=(3, 4),
)
"""Rows: 4 and 3.5; nothing; a stored 0, 5 and 3.3."""


class LinearModel:
    """Scores are the rating history times a matrix."""

    def __init__(self, weights):
        self.weights = np.asarray(weights, np.float32)

    def scores(self, histories):
        return histories.toarray() @ self.weights


@pytest.mark.parametrize(
    ("liked_from", "liked"),
    [
        (-math.inf, [{0, 2}, set(), {1, 2, 3}]),
        (3.3, [{0, 2}, set(), {2, 3}]),
        (3.5, [{0, 2}, set(), {2}]),
        (4.01, [set(), set(), {2}]),
        (math.nan, [{0}, set(), {2, 3}]),
    ],
)
def test_transactions_of_liked_items(liked_from, liked):
    """Means are 3.75, of nothing, and 2.77; a rating of 0 is one too."""
    interactions = Interactions(RATINGS, np.array([1, 2, 3]), np.arange(4))
    data = data_of(interactions, liked_from=liked_from)
    found = user_transactions(data, TransactionParameters())
    assert found.toarray().tolist() == held_in(liked, 4).tolist()
    assert found.nnz == sum(map(len, liked))
    same = build_baskets(data, TransactionParameters())
    assert same.ratings.toarray().tolist() == found.toarray().tolist()
    assert same.user_ids.tolist() == [1, 2, 3]
    assert same.item_ids.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("block_size", [1, 4, 512])
@pytest.mark.parametrize("list_length", [1, 3, 6, 50])
def test_transactions_of_lists(list_length, block_size):
    """The best items, rated or not; equal scores go to the lower item."""
    rng = np.random.default_rng(3)
    ratings = rng.integers(0, 6, (11, 6)) * (rng.random((11, 6)) < 0.5)
    weights = rng.integers(-1, 2, (6, 6))
    interactions = interactions_of(ratings, range(6))
    parameters = TransactionParameters(source="lists", list_length=list_length)
    lists = best_columns(LinearModel(weights), interactions, list_length, block_size)
    found = user_transactions(data_of(interactions), parameters, lists)
    scores = (ratings @ weights).tolist()
    best = [
        set(sorted(range(6), key=lambda item, row=row: (-row[item], item))[:list_length])
        for row in scores
    ]
    assert found.toarray().tolist() == held_in(best, 6).tolist()
    assert found.nnz == 11 * min(list_length, 6)
    assert any(best[user] & set(np.flatnonzero(ratings[user]).tolist()) for user in range(11))


@pytest.mark.parametrize("source", ["liked", "lists"])
def test_no_rating_is_liked(source):
    interactions = Interactions(RATINGS, np.array([1, 2, 3]), np.arange(4))
    data, parameters = data_of(interactions, liked_from=5.5), TransactionParameters(source=source)
    with pytest.raises(
        InputError, match=r"source.liked: no rating reaches 5.5; accepted: up to 5, "
    ):
        user_transactions(data, parameters)


def test_nobody_has_lists_without_a_recommender():
    interactions = Interactions(RATINGS, np.array([1, 2, 3]), np.arange(4))
    with pytest.raises(InputError, match=r"rules\.transactions\.source: .*accepted: liked"):
        user_transactions(data_of(interactions), TransactionParameters(source="lists"))


def test_mine_by_cluster():
    held = random_baskets(2, 60)
    transactions = interactions_of(held, np.arange(8) * 10)
    clusters = np.random.default_rng(0).integers(0, 4, 60).astype(np.int32)
    clusters[clusters == 2] = 5
    parameters = thresholds(min_support=0.4, min_confidence=0.7)
    table, funnels = mine_by_cluster(transactions, clusters, parameters)
    members = {0: held} | {number: held[clusters == number] for number in (1, 3, 5)}
    assert list(funnels) == list(members)
    assert table["cluster"].drop_duplicates().tolist() == [0, 1, 3]  # 5 adds nothing of its own
    of_all = rules_of_mlxtend(held, parameters)
    for number, rows in members.items():
        every = rules_of_mlxtend(rows, parameters)
        # What holds among all users is not repeated for a cluster.
        expected = {rule: every[rule] for rule in every if number == 0 or rule not in of_all}
        mined = table[table["cluster"] == number]
        rules = rules_from_table(mined, transactions)
        measures = zip(rules.support, rules.confidence, rules.lift, strict=True)
        assert dict(zip(named(rules), measures, strict=True)) == expected
        assert (mined["support"] == mined["count"] / len(rows)).all()
        assert (preference(rules) == np.arange(len(rules))).all()
        assert funnels[number] == mine(matrix(rows), parameters)[1]
        assert funnels[number].kept == len(every)


def test_user_clusters():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, 40)
    vectors = 10 * np.eye(3)[group] + 0.1 * rng.normal(size=(40, 3))
    found = user_clusters(vectors, 3, seed=0)
    assert found.dtype == np.int32
    assert sorted(set(found.tolist())) == [1, 2, 3]
    assert len(set(zip(group.tolist(), found.tolist(), strict=True))) == 3


def test_user_clusters_are_decided_by_the_seed():
    vectors = np.random.default_rng(1).normal(size=(120, 6))
    found = user_clusters(vectors, 5, seed=7).tolist()
    assert user_clusters(vectors, 5, seed=7).tolist() == found
    assert any(user_clusters(vectors, 5, seed=seed).tolist() != found for seed in range(3))


def test_as_many_clusters_as_users():
    vectors = np.arange(4.0)[:, None]
    assert sorted(user_clusters(vectors, 4, seed=0).tolist()) == [1, 2, 3, 4]
    with pytest.raises(InputError, match=r"n_clusters: 5 clusters.* 4 users; accepted: 1 to 4"):
        user_clusters(vectors, 5, seed=0)


@pytest.mark.parametrize(
    "given",
    [
        {"min_support": 0},
        {"min_support": -0.1},
        {"min_support": 1.5},
        {"min_support": math.nan},
        {"min_count": 0},
        {"min_count": 2.5},
        {"min_confidence": 0},
        {"min_confidence": 1.01},
        {"min_lift": -0.1},
        {"min_lift": math.inf},
        {"max_antecedents": 0},
        {"max_antecedents": 4},
        {"max_antecedents": 1.5},
        {"max_candidates": 0},
        {"engine": "spark"},
        {"minimum_support": 0.1},
    ],
)
def test_rule_parameters_out_of_range(given):
    with pytest.raises(ValidationError, match=next(iter(given))):
        RuleParameters(**given)


def test_rule_parameters_at_the_ends_of_their_ranges():
    RuleParameters(min_support=1, min_count=1, min_confidence=1, min_lift=0)
    RuleParameters(max_antecedents=1, max_candidates=1)
    RuleParameters(min_support=1e-9, min_confidence=1e-9, max_antecedents=3)


@pytest.mark.parametrize(
    "given",
    [
        {"source": "ratings"},
        {"list_length": 0},
        {"threshold": 4},
    ],
)
def test_transaction_parameters_out_of_range(given):
    with pytest.raises(ValidationError, match=next(iter(given))):
        TransactionParameters(**given)


@pytest.mark.parametrize("kind", IDS)
def test_readable_rules(kind):
    rules = rules_by_hand(
        [
            ((ALIEN, TERMINATOR), ALIENS, 0.75, 1.5, 0.25),
            ((DUNE,), ROCKY, 0.5, 2.0, 0.125),
            ((ALIEN, TERMINATOR, ALIENS), DUNE, 0.25, 1.25, 0.5),
        ]
    )
    transactions = interactions_of(held_in(BASKETS, 6), IDS[kind])
    table = rules_table(rules, transactions, 2)
    items = pd.DataFrame({"item_id": IDS[kind], "title": TITLES}).iloc[::-1]
    readable = readable_rules(table, items, 9)
    assert readable["rule"].tolist() == [
        "Alien + The Terminator ⇒ Aliens",
        "Dune ⇒ Rocky",
        "Alien + The Terminator + Aliens ⇒ Dune",
    ]
    measures = ["cluster", "count", "support", "confidence", "lift"]
    assert readable.columns.tolist() == ["rule", *measures]
    pd.testing.assert_frame_equal(readable[measures], table[measures])
    pd.testing.assert_frame_equal(readable_rules(table, items, 1), readable.head(1))
    assert readable_rules(table.head(0), items, 9)["rule"].tolist() == []
