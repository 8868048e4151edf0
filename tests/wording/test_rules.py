"""Association rules in words."""

import pandas as pd
import pytest

from explainable_recsys.wording.rules import rule_sentences
from tests.wording.tables import TITLES, data_of, explained_by, keys, shown

SCOPES = ["global", "cluster", "local"]


def explained_rules(cited, relation="liked", titles=TITLES):
    """Of [(user, item, [(scope, antecedents, confidence, lift), …]), …]."""
    pieces, rules = [], []
    for user, item, of_item in cited:
        place = 0
        for group, (scope, antecedents, confidence, lift) in enumerate(of_item, 1):
            rules.append((user, item, group, scope, confidence, lift))
            for antecedent in antecedents:
                place += 1
                pieces.append((user, item, place, titles[antecedent], group))
    names = ["user_id", "item_id", "position", "evidence", "group"]
    evidence = pd.DataFrame(pieces, columns=names)
    evidence["evidence"] = pd.Categorical(evidence["evidence"])
    names = ["user_id", "item_id", "group", "scope", "confidence", "lift"]
    cited_rules = pd.DataFrame(rules, columns=names).astype({"confidence": float, "lift": float})
    cited_rules["scope"] = pd.Categorical(cited_rules["scope"], categories=SCOPES)
    return explained_by(evidence, {"relation": relation}, cited_rules=cited_rules)


def sentences(cited, relation="liked", titles=TITLES):
    return rule_sentences(explained_rules(cited, relation, titles), data_of(titles), None, None)


@pytest.mark.parametrize(
    ("antecedents", "named"),
    [
        ([2], "⟨Alien⟩"),
        ([2, 4], "⟨Alien⟩ and ⟨Amélie⟩"),
        ([2, 4, 6], "⟨Alien⟩, ⟨Amélie⟩ and ⟨New⟩"),
    ],
)
def test_sentence_of_a_rule(antecedents, named):
    table = sentences([(7, 1, [("global", antecedents, 0.71, 3.21)])])
    assert keys(table) == [(7, 1)]
    assert shown(table) == [
        f"People who liked {named}, as you did, also liked ⟨Aliens⟩ (71 % of them, 3.2 times as "
        "often as everybody)."
    ]


@pytest.mark.parametrize(
    ("scope", "who"),
    [
        ("global", "People"),
        ("cluster", "People with a taste like yours"),
        ("local", "Of the people nearest to you in taste, those"),
    ],
)
@pytest.mark.parametrize(
    ("relation", "did", "also"),
    [
        ("liked", "who liked", ", as you did, also liked"),
        ("rated", "who rated", ", as you did, also rated"),
        ("lists", "to whom we recommend", " are also recommended"),
    ],
)
def test_a_sentence_says_whom_the_rule_is_about(scope, who, relation, did, also):
    (text,) = shown(sentences([(1, 1, [(scope, [2], 0.5, 2)])], relation))
    measures = "(50 % of them, 2.0 times as often as everybody)."
    assert text == f"{who} {did} ⟨Alien⟩{also} ⟨Aliens⟩ {measures}"


def test_only_the_first_rule_is_put_into_words():
    cited = [
        (1, 5, [("local", [2, 3], 0.5, 2.0), ("global", [1], 0.9, 9.0)]),
        (1, 1, [("global", [4], 0.4, 1.5)]),
        (2, 1, [("cluster", [3], 0.3, 1.3), ("local", [2, 4, 6], 0.2, 8.0)]),
        (2, 6, [("global", [1, 2, 3], 0.1, 1.2), ("global", [4], 0.1, 1.1)]),
    ]
    table = sentences(cited)
    assert keys(table) == [(1, 5), (1, 1), (2, 1), (2, 6)]
    assert [text.partition(" (")[0] for text in shown(table)] == [
        "Of the people nearest to you in taste, those who liked ⟨Alien⟩ and ⟨M*A*S*H⟩, as you did, "
        "also liked ⟨千と千尋の神隠し⟩",
        "People who liked ⟨Amélie⟩, as you did, also liked ⟨Aliens⟩",
        "People with a taste like yours who liked ⟨M*A*S*H⟩, as you did, also liked ⟨Aliens⟩",
        "People who liked ⟨Aliens⟩, ⟨Alien⟩ and ⟨M*A*S*H⟩, as you did, also liked ⟨New⟩",
    ]
    alone = [sentences([one]) for one in cited]
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True))


@pytest.mark.parametrize(
    ("confidence", "lift", "measures"),
    [
        (0.7049, 1.249, "70 % of them, 1.2"),
        (0.7051, 1.251, "71 % of them, 1.3"),
        (0.705, 1.25, "70 % of them, 1.2"),  # halves to even, as round() does
        (0.715, 1.75, "72 % of them, 1.8"),
        (0.994, 0.96, "99 % of them, 1.0"),
        (0.996, 12.34, "100 % of them, 12.3"),
        (1.0, 1234.56, "100 % of them, 1,234.6"),
        (0.004, 0.04, "0 % of them, 0.0"),
    ],
)
def test_rounded_measures_of_a_rule(confidence, lift, measures):
    (text,) = shown(sentences([(1, 1, [("global", [2], confidence, lift)])]))
    assert text.endswith(f"({measures} times as often as everybody).")


@pytest.mark.parametrize("relation", ["liked", "lists"])
def test_no_rules_no_sentences(relation):
    assert shown(sentences([], relation)) == []


def test_rules_of_some_scopes_only():
    """A table that was filtered and stored may have lost the scopes that it does not use."""
    for cited in ([(1, 1, [("local", [2], 0.5, 2.0)])], []):
        explained = explained_rules(cited)
        expected = rule_sentences(explained, data_of(), None, None)
        rules = explained.details["cited_rules"]
        rules["scope"] = rules["scope"].cat.remove_unused_categories()
        pd.testing.assert_frame_equal(rule_sentences(explained, data_of(), None, None), expected)
