"""Rules cited for recommendations against a scan of the whole rules table for each."""

import math

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from explainable_recsys.errors import InputError
from explainable_recsys.explainers import rule_explanations
from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import RuleParameters, TransactionParameters
from tests.lists_of import assert_is_evidence, data_of, lists_of

ANTECEDENTS = ["antecedent_1", "antecedent_2", "antecedent_3"]
MEASURES = ["support", "confidence", "lift"]


def likes(pairs, user_ids, item_ids):
    """The users over the catalogue with a 1 for each liked item."""
    everything = Interactions.from_frame(
        pd.DataFrame(
            [(user, item, 1.0) for user in user_ids for item in item_ids],
            columns=["user_id", "item_id", "rating"],
        )
    )
    matrix = everything.ratings.copy()
    chosen = set(pairs)
    matrix.data[:] = [(user, item) in chosen for user in user_ids for item in item_ids]
    matrix.eliminate_zeros()
    return Interactions(matrix, everything.user_ids, everything.item_ids)


def rules_of(rows, text=False):
    """Rows of (cluster, antecedents, consequent, support, confidence, lift)."""
    table = pd.DataFrame(
        [(c, *[*a, None, None][:3], i, 9, *measures) for c, a, i, *measures in rows],
        columns=["cluster", *ANTECEDENTS, "consequent", "count", *MEASURES],
    )
    types = dict.fromkeys(ANTECEDENTS, "str" if text else "Int64")
    types |= {"cluster": "int32", "consequent": "str" if text else "int64"}
    return table.astype(types | dict.fromkeys(MEASURES, "float64"))


def pairs(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


def of_clusters(clusters):
    return pd.DataFrame(
        {"user_id": list(clusters), "cluster": np.array(list(clusters.values()), np.int32)}
    )


def explain(rules, liked, recommendations, clusters=None, **parameters):
    found = explain_by_rules(
        None,
        data_of(liked),
        lists_of(liked, recommendations),
        RuleExplanationParameters(**parameters),
        rules=rules,
        transactions=TransactionParameters(),
        user_clusters=None if clusters is None else of_clusters(clusters),
    )
    return found.evidence, found.details["cited_rules"]


def evidence(explanations):
    """(user, item, group, antecedent) of each row, in order."""
    columns = ["user_id", "item_id", "group", "rated_item_id"]
    return list(explanations[columns].itertuples(index=False, name=None))


LIKED = likes(
    [(1, 10), (1, 11), (1, 12), (2, 11), (4, 14)], user_ids=[1, 2, 3, 4], item_ids=range(10, 16)
)
"""User 1 likes 10, 11 and 12; user 2 likes 11; user 3 nothing; user 4 likes 14."""

RULES = rules_of(
    [
        (0, [10], 15, 0.25, 0.5, 2.0),
        (0, [11, 12], 15, 0.25, 0.75, 1.5),
        (0, [11, 13], 15, 0.125, 0.875, 3.0),
        (0, [11], 14, 0.5, 0.625, 1.25),
        (0, [10, 11, 12], 14, 0.125, 0.5, 4.0),
    ]
)


def test_by_hand():
    explanations, cited = explain(RULES, LIKED, pairs([(1, 15), (2, 14), (1, 14), (2, 15)]))
    assert list(explanations.itertuples(index=False, name=None)) == [
        (1, 15, 1, "rule", "11", "Title 11", 0.75, 1, 11),
        (1, 15, 2, "rule", "12", "Title 12", 0.75, 1, 12),
        (1, 15, 3, "rule", "10", "Title 10", 0.5, 2, 10),
        (2, 14, 1, "rule", "11", "Title 11", 0.625, 1, 11),
        (1, 14, 1, "rule", "11", "Title 11", 0.625, 1, 11),
        (1, 14, 2, "rule", "10", "Title 10", 0.5, 2, 10),
        (1, 14, 3, "rule", "11", "Title 11", 0.5, 2, 11),
        (1, 14, 4, "rule", "12", "Title 12", 0.5, 2, 12),
    ]
    assert list(cited.itertuples(index=False, name=None)) == [
        (1, 15, 1, "global", 2, 0.25, 0.75, 1.5),
        (1, 15, 2, "global", 1, 0.25, 0.5, 2.0),
        (2, 14, 1, "global", 1, 0.5, 0.625, 1.25),
        (1, 14, 1, "global", 1, 0.5, 0.625, 1.25),
        (1, 14, 2, "global", 3, 0.125, 0.5, 4.0),
    ]


def test_antecedents_that_are_only_partly_liked():
    """The most confident rule, 11 and 13 => 15, asks for 13, which nobody likes."""
    explanations, cited = explain(RULES, LIKED, pairs([(1, 15), (2, 15)]), n_rules=9)
    assert 13 not in set(explanations["rated_item_id"])
    assert cited["confidence"].max() == 0.75
    assert set(cited["user_id"]) == {1}


@pytest.mark.parametrize(("n_rules", "kept"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_n_rules(n_rules, kept):
    liked = likes([(1, item) for item in range(10, 14)], [1], range(10, 16))
    _, cited = explain(RULES, liked, pairs([(1, 15)]), n_rules=n_rules)
    assert cited["confidence"].tolist() == [0.875, 0.75, 0.5][:kept]
    assert cited["group"].tolist() == list(range(1, kept + 1))


@pytest.mark.parametrize(
    ("order_by", "lifts"), [("confidence", [1.5, 2]), ("lift", [2, 1.5]), ("support", [1.5, 2])]
)
def test_order_by(order_by, lifts):
    _, cited = explain(RULES, LIKED, pairs([(1, 15)]), order_by=order_by)
    assert cited["lift"].tolist() == lifts


TIED = [[12], [10, 13], [10, 12, 13], [13], [10], [11, 12], [10, 11]]


@pytest.mark.parametrize("order_by", ["confidence", "lift", "support"])
@pytest.mark.parametrize("seed", range(3))
def test_equal_rules_come_in_the_order_of_their_items(seed, order_by):
    """Fewer antecedents first, then lower ones; whatever the order of the table."""
    liked = likes([(1, item) for item in range(10, 14)], [1], range(10, 16))
    rules = rules_of([(0, antecedents, 15, 0.5, 0.5, 1.5) for antecedents in TIED])
    shuffled = rules.sample(frac=1, random_state=seed)
    explanations, _ = explain(shuffled, liked, pairs([(1, 15)]), n_rules=9, order_by=order_by)
    listed = explanations.groupby("group")["rated_item_id"].apply(list).tolist()
    assert listed == [[10], [12], [13], [10, 11], [10, 13], [11, 12], [10, 12, 13]]


def test_rules_of_everybody_come_before_those_of_the_own_cluster():
    rules = rules_of(
        [
            (2, [10], 15, 0.5, 1.0, 9.0),
            (1, [10], 15, 0.5, 0.75, 3.0),
            (1, [11], 15, 0.5, 0.25, 2.0),
            (0, [12], 15, 0.25, 0.125, 1.25),
        ]
    )
    explanations, cited = explain(rules, LIKED, pairs([(1, 15), (2, 15)]), {1: 1, 2: 2})
    assert evidence(explanations) == [
        (1, 15, 1, 12),
        (1, 15, 2, 10),
        (1, 15, 3, 11),
    ]
    assert cited["scope"].tolist() == ["global", "cluster", "cluster"]
    everybody, cited = explain(rules, LIKED, pairs([(1, 15), (2, 15)]))
    assert evidence(everybody) == [(1, 15, 1, 12)]
    assert cited["scope"].tolist() == ["global"]


def test_a_user_without_a_cluster_among_users_with_one():
    """Users 2 and 4 are in no cluster; rules of all users are cited to them, once."""
    rules = rules_of([(0, [11], 15, 0.5, 0.5, 2.0), (3, [11], 15, 0.5, 0.75, 2.0)])
    explanations, cited = explain(
        rules, LIKED, pairs([(1, 15), (2, 15), (4, 15)]), {1: 3, 2: 0, 3: 3}
    )
    assert evidence(explanations) == [(1, 15, 1, 11), (1, 15, 2, 11), (2, 15, 1, 11)]
    assert cited["scope"].tolist() == ["global", "cluster", "global"]


NOTHING = {
    "no rules": (rules_of([]), [(1, 15), (2, 14)]),
    "no recommendations": (RULES, []),
    "no rule to the item": (RULES, [(1, 13), (2, 10)]),
    "nothing liked": (RULES, [(3, 15), (3, 14)]),
    "other things liked": (RULES, [(4, 15)]),
}


@pytest.mark.parametrize("clusters", [None, {1: 1, 2: 1, 3: 2, 4: 2}])
@pytest.mark.parametrize(("rules", "recommendations"), NOTHING.values(), ids=NOTHING)
def test_nothing_to_cite(rules, recommendations, clusters):
    table = pairs(recommendations).astype("int64")
    explanations, cited = explain(rules, LIKED, table, clusters)
    some, some_cited = explain(RULES, LIKED, pairs([(1, 15)]))
    for found, expected in ((explanations, some), (cited, some_cited)):
        assert found.empty
        assert found.columns.tolist() == expected.columns.tolist()
        assert found.dtypes.astype(str).to_dict() == expected.dtypes.astype(str).to_dict()


def test_columns_and_types():
    explanations, cited = explain(RULES, LIKED, pairs([(1, 15)]))
    assert_is_evidence(explanations)
    assert cited.dtypes.astype(str).to_dict() == {
        "user_id": "int64",
        "item_id": "int64",
        "group": "int32",
        "scope": "category",
        "n_antecedents": "int32",
        "support": "float64",
        "confidence": "float64",
        "lift": "float64",
    }
    assert cited["scope"].cat.categories.tolist() == ["global", "cluster", "local"]
    assert isinstance(cited.index, pd.RangeIndex)


def random_case(seed, text=False, n_users=12, n_items=9):
    """Rules at random with measures from short lists, so that many are equal."""
    rng = np.random.default_rng(seed)
    user_ids = [f"user {u}" if text else u * 3 for u in range(n_users)]
    item_ids = [f"m{i}" if text else 50 + i for i in range(n_items)]
    held = rng.random((n_users, n_items)) < rng.random((n_users, 1))
    liked = likes(
        [(user_ids[u], item_ids[i]) for u, i in np.argwhere(held)], sorted(user_ids), item_ids
    )
    drawn = set()
    while len(drawn) < 300:
        size = rng.integers(1, 4)
        chosen = rng.choice(n_items, size + 1, replace=False).tolist()
        drawn.add((int(rng.integers(0, 4)), tuple(sorted(chosen[1:])), chosen[0]))
    rows = [
        (
            cluster,
            [item_ids[i] for i in antecedents],
            item_ids[consequent],
            rng.choice([0.125, 0.25]),
            rng.choice([0.25, 0.5, 0.75]),
            rng.choice([1.5, 2.0, 2.5]),
        )
        for cluster, antecedents, consequent in sorted(drawn)
    ]
    rules = rules_of(rows, text).sample(frac=1, random_state=seed)
    unseen = rng.permutation(np.argwhere(~held))[:40]
    recommendations = pairs([(user_ids[u], item_ids[i]) for u, i in unseen])
    recommendations.index = rng.integers(0, 9, len(unseen))
    clusters = {user: int(rng.integers(1, 4)) for user in user_ids}
    return rules, liked, recommendations, clusters


def brute_force(rules, liked, recommendations, clusters, n_rules, order_by):
    """Hold every rule against every recommendation."""
    of_user = {
        user: set(liked.item_ids[liked.ratings[[row]].indices].tolist())
        for row, user in enumerate(liked.user_ids.tolist())
    }
    then = [name for name in ("confidence", "lift", "support") if name != order_by]
    listed = [
        ([rule[name] for name in ANTECEDENTS if not pd.isna(rule[name])], rule)
        for rule in rules.to_dict("records")
    ]
    cited = []
    for user, item in recommendations.itertuples(index=False):
        applying = []
        for antecedents, rule in listed:
            if (
                rule["consequent"] == item
                and rule["cluster"] in (0, clusters.get(user, 0))
                and of_user[user].issuperset(antecedents)
            ):
                measures = [-rule[name] for name in (order_by, *then)]
                key = (rule["cluster"] > 0, *measures, len(antecedents), antecedents)
                applying.append((key, antecedents, rule))
        best = sorted(applying, key=lambda applied: applied[0])[:n_rules]
        cited += [(user, item, group, *rule[1:]) for group, rule in enumerate(best, 1)]
    return cited


def assert_equals(found, cited):
    """Compare both tables with (user, item, group, antecedents, rule) in order."""
    explanations, cited_rules = found
    rows, positions = [], {}
    for user, item, group, antecedents, rule in cited:
        for antecedent in antecedents:
            positions[user, item] = position = positions.get((user, item), 0) + 1
            weight = rule["confidence"]
            title = f"Title {antecedent}"
            rows.append(
                (user, item, position, "rule", str(antecedent), title, weight, group, antecedent)
            )
    assert list(explanations.itertuples(index=False, name=None)) == rows
    assert list(cited_rules.itertuples(index=False, name=None)) == [
        (
            user,
            item,
            group,
            "cluster" if rule["cluster"] else "global",
            len(antecedents),
            *(rule[name] for name in MEASURES),
        )
        for user, item, group, antecedents, rule in cited
    ]


def clusters_of(which, clusters):
    """For all users, for some of them, or for none."""
    some = {user: number - 1 for user, number in clusters.items()}
    return {"all": clusters, "some": some, "none": None}[which]


@pytest.mark.parametrize("which", ["none", "all", "some"])
@pytest.mark.parametrize("order_by", ["confidence", "lift", "support"])
@pytest.mark.parametrize("n_rules", [1, 2, 3, 4])
def test_equals_brute_force(n_rules, order_by, which):
    rules, liked, recommendations, clusters = random_case(n_rules)
    clusters = clusters_of(which, clusters)
    expected = brute_force(rules, liked, recommendations, clusters or {}, n_rules, order_by)
    assert len(expected) > n_rules * 5
    found = explain(rules, liked, recommendations, clusters, n_rules=n_rules, order_by=order_by)
    assert_equals(found, expected)


@pytest.mark.parametrize("which", ["none", "all"])
def test_equals_brute_force_with_text_ids(which):
    rules, liked, recommendations, clusters = random_case(11, text=True)
    clusters = clusters_of(which, clusters)
    expected = brute_force(rules, liked, recommendations, clusters or {}, 3, "confidence")
    assert len(expected) > 15
    assert_equals(explain(rules, liked, recommendations, clusters), expected)


@pytest.mark.parametrize("name", ["LOOKUPS", "CANDIDATES"])
@pytest.mark.parametrize("size", [1, 3, 40])
def test_small_steps_find_the_same(monkeypatch, name, size):
    rules, liked, recommendations, clusters = random_case(5)
    expected = brute_force(rules, liked, recommendations, clusters, 3, "confidence")
    monkeypatch.setattr(rule_explanations, name, size)
    assert_equals(explain(rules, liked, recommendations, clusters), expected)


def test_a_stored_rules_table(tmp_path):
    rules, liked, recommendations, clusters = random_case(6)
    rules.reset_index(drop=True).to_parquet(tmp_path / "rules.parquet")
    stored = pd.read_parquet(tmp_path / "rules.parquet")
    expected = brute_force(rules, liked, recommendations, clusters, 3, "confidence")
    assert_equals(explain(stored, liked, recommendations, clusters), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recommendations": pairs([(1, 15), (9, 15)])}, "user_id 9 is not among"),
        ({"recommendations": pairs([(1, 15), (1, 77)])}, "item_id 77 is not among"),
        ({"clusters": {1: 1, 8: 1}}, "user_id 8 is not among"),
        ({"rules": rules_of([(0, [10, 99], 15, 0.5, 0.5, 2.0)])}, "item_id 99 is not among"),
        ({"rules": rules_of([(0, [10], 98, 0.5, 0.5, 2.0)])}, "item_id 98 is not among"),
    ],
)
def test_tables_of_another_run(changes, message):
    given = {"rules": RULES, "liked": LIKED, "recommendations": pairs([(1, 15)])}
    with pytest.raises(InputError, match=message):
        explain(**(given | changes))


ALL = [(user, item) for user in (1, 2, 3) for item in range(10, 13)]
RATED = data_of(likes(ALL, [1, 2, 3], range(10, 16)))
"""Everybody rated 10, 11 and 12, with 1."""


def ask(data, lists, liked_from=-math.inf, source="liked", **scopes):
    data = data_of(data.interactions, liked_from=liked_from)
    transactions = TransactionParameters(source=source)
    parameters = RuleExplanationParameters()
    return explain_by_rules(
        None, data, lists, parameters, rules=RULES, transactions=transactions, **scopes
    )


@pytest.mark.parametrize(
    ("source", "liked_from", "relation"),
    [
        ("liked", 4.0, "liked"),
        ("liked", -math.inf, "rated"),
        ("liked", math.nan, "liked"),
        ("lists", 4.0, "lists"),
        ("lists", -math.inf, "lists"),
    ],
)
def test_what_the_rules_are_about(source, liked_from, relation):
    found = ask(RATED, lists_of(RATED.interactions, [(1, 15)]), liked_from, source)
    assert found.facts == {"relation": relation}


@pytest.mark.parametrize(
    ("liked_from", "n_pieces"), [(-math.inf, 3), (1.0, 3), (1.5, 0), (math.nan, 3)]
)
def test_antecedents_are_looked_for_in_what_is_liked(liked_from, n_pieces):
    found = ask(RATED, lists_of(RATED.interactions, [(1, 15)]), liked_from)
    assert len(found.evidence) == n_pieces


NEAREST = pd.DataFrame({"user_id": [1, 2, 3], "neighbour_id": [2, 1, 1]})
SCOPES = [{"user_clusters": of_clusters({1: 1, 2: 1, 3: 1})}, {"neighbours": NEAREST}]


@pytest.mark.parametrize("scopes", SCOPES)
def test_held_out_users_are_in_no_scope(scopes):
    held_out = Interactions(
        RATED.interactions.ratings[:1], np.array([9]), RATED.interactions.item_ids
    )
    lists = lists_of(held_out, [(9, 15)])
    with pytest.raises(InputError, match=r"rules_of_svd\.scopes: held-out users"):
        ask(RATED, lists, **scopes)
    nobody = {name: table.iloc[:0] for name, table in scopes.items()}
    assert len(ask(RATED, lists, **nobody).evidence) == 3


def test_local_rules_fill_up():
    """In the basket of user 1's only neighbour 10 and 11 lead to 15, and to nothing else."""
    baskets = likes([(2, 10), (2, 11), (2, 15), (3, 12)], [1, 2, 3], range(10, 16))
    found = ask(
        RATED,
        lists_of(RATED.interactions, [(1, 15)]),
        neighbours=NEAREST,
        baskets=baskets,
        thresholds=RuleParameters(min_count=1, min_lift=0, max_antecedents=1),
    )
    cited = found.details["cited_rules"]
    assert cited["scope"].tolist() == ["global", "global", "local"]
    assert evidence(found.evidence) == [
        (1, 15, 1, 11),
        (1, 15, 1, 12),
        (1, 15, 2, 10),
        (1, 15, 3, 11),
    ]


@pytest.mark.parametrize("given", [{"n_rules": 0}, {"order_by": "leverage"}, {"n": 3}])
def test_parameters_out_of_range(given):
    with pytest.raises(ValidationError, match=next(iter(given))):
        RuleExplanationParameters(**given)
