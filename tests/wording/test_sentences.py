"""Sentences, letter by letter."""

import warnings

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.explainers.tables import evidence_table, explanation_table
from explainable_recsys.interactions import Interactions
from explainable_recsys.wording.sentences import (
    contribution_sentences,
    enumerate_runs,
    feature_sentences,
    influence_sentences,
    italic,
    neighbour_sentences,
    rule_sentences,
)

TITLES = {1: "Aliens", 2: "Alien", 3: "M*A*S*H", 4: "Amélie", 5: "千と千尋の神隠し", 6: "New"}
RATINGS = [(1, 1, 5.0), (1, 2, 4.0), (1, 3, 4.5), (1, 4, 0.5), (2, 5, 0.0), (2, 6, 1.0), (2, 1, 3)]


def interactions_of(rows):
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def sentences(evidence, scores, n_cited=3, ratings=RATINGS, titles=TITLES):
    """Sentences of [(user, item, [(evidence item, weight), …]), …]."""
    rows = [
        (user, item, place, cited, weight)
        for user, item, cites in evidence
        for place, (cited, weight) in enumerate(cites, 1)
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "place", "evidence_id", "weight"])
    explanations = explanation_table(
        table,
        place=table["place"].to_numpy(),
        evidence_ids=table["evidence_id"].to_numpy(),
        weights=table["weight"].to_numpy(),
        style="item",
        items=pd.DataFrame({"item_id": list(titles), "title": list(titles.values())}),
    )
    recommendations = pd.DataFrame(
        [(user, item, score) for (user, item), score in scores.items()],
        columns=["user_id", "item_id", "score"],
    )
    return contribution_sentences(explanations, recommendations, interactions_of(ratings), n_cited)


def test_exact_sentence():
    table = sentences([(1, 6, [(1, 0.42), (2, 0.31)])], {(1, 6): 1.0})
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table.to_numpy().tolist() == [
        [1, 6, "Recommended because you rated *Aliens* ★5 (42 %), *Alien* ★4 (31 %)."]
    ]
    assert table["sentence"].dtype == "str"


def test_half_stars_zero_stars_asterisks_and_other_scripts():
    table = sentences(
        [(1, 6, [(3, 1.0), (4, 0.5)]), (2, 2, [(5, 1.5)])], {(1, 6): 2.0, (2, 2): 1.5}
    )
    assert table["sentence"].tolist() == [
        r"Recommended because you rated *M\*A\*S\*H* ★4.5 (50 %), *Amélie* ★0.5 (25 %).",
        "Recommended because you rated *千と千尋の神隠し* ★0 (100 %).",
    ]


@pytest.mark.parametrize(
    ("n_cited", "cited"),
    [
        (1, "*Aliens* ★5 (60 %)"),
        (2, "*Aliens* ★5 (60 %), *Alien* ★4 (50 %)"),
        (9, "*Aliens* ★5 (60 %), *Alien* ★4 (50 %)"),
    ],
)
def test_n_cited_and_opposing_evidence(n_cited, cited):
    evidence = [(1, 6, [(1, 0.6), (2, 0.5), (3, -0.09), (4, -0.01)])]
    table = sentences(evidence, {(1, 6): 1.0}, n_cited)
    assert table["sentence"].tolist() == [f"Recommended because you rated {cited}."]


def test_recommendation_without_support_has_no_row():
    evidence = [(1, 5, [(1, -0.5)]), (1, 6, [(2, 0.5)]), (2, 3, [(5, -1.0), (6, -0.5)])]
    table = sentences(evidence, {(1, 5): -0.5, (1, 6): 0.5, (2, 3): -1.5, (2, 4): 0.0})
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [[1, 6]]


def test_no_support_at_all():
    table = sentences([(1, 5, [(1, -0.5)])], {(1, 5): -0.5})
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table.empty


def test_shares_are_of_each_recommendations_own_score():
    evidence = [(2, 2, [(6, 1.0)]), (1, 6, [(2, 1.0)]), (1, 5, [(2, 1.0)])]
    table = sentences(evidence, {(1, 5): 4.0, (1, 6): 2.0, (2, 2): 8.0})
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [[2, 2], [1, 6], [1, 5]]
    assert table["sentence"].str.extract(r"\((.*) %\)")[0].tolist() == ["12", "50", "25"]


def test_text_ids():
    table = sentences(
        [("zoë", "x", [("ä", 1.0)])],
        {("zoë", "x"): 2.0},
        ratings=[("zoë", "ä", 3.5), ("al", "x", 1.0)],
        titles={"ä": "Ärger", "x": "X"},
    )
    assert table.to_numpy().tolist() == [
        ["zoë", "x", "Recommended because you rated *Ärger* ★3.5 (50 %)."]
    ]


@pytest.mark.parametrize("score", [0.0, -0.5])
def test_no_share_of_a_score_that_is_not_positive(score):
    """Opposing ratings can outweigh the support; then a percentage would mean nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = sentences([(1, 6, [(1, 0.5), (2, -0.5 + score)])], {(1, 6): score})
    assert table["sentence"].tolist() == ["Recommended because you rated *Aliens* ★5."]


def test_many_sentences_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(0)
    ratings = [
        (user, item, 1 + (user + item) % 9 / 2) for user in range(20) for item in range(1, 7)
    ]
    evidence, scores = [], {}
    for user in range(20):
        for item in (5, 6):
            weights = -np.sort(-rng.random(rng.integers(1, 5)))
            evidence.append((user, item, list(enumerate(weights, 1))))
            scores[user, item] = weights.sum()
    together = sentences(evidence, scores, ratings=ratings)
    alone = [sentences([one], scores, ratings=ratings) for one in evidence]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))


def test_italic():
    assert italic(pd.Series(["a", "*b", "c*d*"])).to_pylist() == ["*a*", r"*\*b*", r"*c\*d\**"]


def test_italic_escapes_a_backslash():
    """Otherwise a title that ends in one would escape the closing asterisk."""
    assert italic(pd.Series(["a\\"])).to_pylist() == ["*a\\\\*"]


def test_enumerate_runs():
    texts = italic(pd.Series(["a", "b", "c"]))
    assert enumerate_runs(texts, np.array([0, 2])).to_pylist() == ["*a*, *b*", "*c*"]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (", ", ["*a*", "*b*, *c*", "*d*, *e*, *f*"]),
        (" and ", ["*a*", "*b* and *c*", "*d*, *e* and *f*"]),
    ],
)
def test_enumerate_runs_with_a_last_joint(last, expected):
    texts = italic(pd.Series(list("abcdef")))
    assert enumerate_runs(texts, np.array([0, 1, 3]), last=last).to_pylist() == expected
    nothing = enumerate_runs(texts[:0], np.array([], np.int64), last=last)
    assert nothing.to_pylist() == []


SCOPES = ["global", "cluster", "local"]


def rule_tables(cited, titles=TITLES):
    """Explanations, cited rules and items of [(user, item, [(scope, antecedents, …), …]), …].

    A rule is (scope, antecedents, confidence, lift); its group is its place in the list.
    """
    pieces, rules = [], []
    for user, item, of_item in cited:
        place = 0
        for group, (scope, antecedents, confidence, lift) in enumerate(of_item, 1):
            rules.append((user, item, group, scope, len(antecedents), 0.1, confidence, lift))
            for antecedent in antecedents:
                place += 1
                pieces.append((user, item, place, antecedent, confidence, group))
    items = pd.DataFrame({"item_id": list(titles), "title": list(titles.values())})
    names = ["user_id", "item_id", "place", "evidence_id", "weight", "group"]
    table = pd.DataFrame(pieces, columns=names)
    explanations = explanation_table(
        table,
        place=table["place"].to_numpy(),
        evidence_ids=table["evidence_id"].to_numpy(),
        weights=table["weight"].to_numpy(),
        style="rule",
        items=items,
        group=table["group"].to_numpy(np.int32),
    )
    measures = ["n_antecedents", "support", "confidence", "lift"]
    cited_rules = pd.DataFrame(rules, columns=["user_id", "item_id", "group", "scope", *measures])
    cited_rules["scope"] = pd.Categorical(cited_rules["scope"], categories=SCOPES)
    return explanations, cited_rules.astype({"confidence": float, "lift": float}), items


def rule_texts(cited, **options):
    return rule_sentences(*rule_tables(cited), **options)["sentence"].tolist()


@pytest.mark.parametrize(
    ("antecedents", "named"),
    [
        ([2], "*Alien*"),
        ([2, 4], "*Alien* and *Amélie*"),
        ([2, 4, 6], "*Alien*, *Amélie* and *New*"),
    ],
)
def test_sentence_of_a_rule(antecedents, named):
    table = rule_sentences(*rule_tables([(7, 1, [("global", antecedents, 0.71, 3.21)])]))
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"
    assert table.to_numpy().tolist() == [
        [
            7,
            1,
            f"People who liked {named} also liked *Aliens* (confidence 71 %, 3.2 × more than "
            "chance).",
        ]
    ]


@pytest.mark.parametrize(
    ("scope", "transactions", "beginning"),
    [
        ("global", "liked", "People who liked *Alien* also liked *Aliens* ("),
        (
            "cluster",
            "liked",
            "People with a taste like yours who liked *Alien* also liked *Aliens* (",
        ),
        (
            "local",
            "liked",
            "Of the people nearest to you in taste, those who liked *Alien* also liked *Aliens* (",
        ),
        (
            "global",
            "lists",
            "People to whom we recommend *Alien* are also recommended *Aliens* (",
        ),
        (
            "cluster",
            "lists",
            "People with a taste like yours to whom we recommend *Alien* are also recommended "
            "*Aliens* (",
        ),
        (
            "local",
            "lists",
            "Of the people nearest to you in taste, those to whom we recommend *Alien* are also "
            "recommended *Aliens* (",
        ),
    ],
)
def test_a_sentence_says_whom_the_rule_is_about(scope, transactions, beginning):
    (text,) = rule_texts([(1, 1, [(scope, [2], 0.5, 2)])], transactions=transactions)
    assert text == f"{beginning}confidence 50 %, 2.0 × more than chance)."


def test_only_the_first_rule_is_put_into_words():
    cited = [
        (1, 5, [("local", [2, 3], 0.5, 2.0), ("global", [1], 0.9, 9.0)]),
        (1, 1, [("global", [4], 0.4, 1.5)]),
        (2, 1, [("cluster", [3], 0.3, 1.3), ("local", [2, 4, 6], 0.2, 8.0)]),
        (2, 6, [("global", [1, 2, 3], 0.1, 1.2), ("global", [4], 0.1, 1.1)]),
    ]
    table = rule_sentences(*rule_tables(cited))
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [[1, 5], [1, 1], [2, 1], [2, 6]]
    assert table["sentence"].tolist() == [
        r"Of the people nearest to you in taste, those who liked *Alien* and *M\*A\*S\*H* also "
        "liked *千と千尋の神隠し* (confidence 50 %, 2.0 × more than chance).",
        "People who liked *Amélie* also liked *Aliens* (confidence 40 %, 1.5 × more than chance).",
        r"People with a taste like yours who liked *M\*A\*S\*H* also liked *Aliens* "
        "(confidence 30 %, 1.3 × more than chance).",
        r"People who liked *Aliens*, *Alien* and *M\*A\*S\*H* also liked *New* (confidence 10 %, "
        "1.2 × more than chance).",
    ]
    alone = [rule_sentences(*rule_tables([one])) for one in cited]
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True))


def test_titles_of_rules_are_escaped():
    titles = {1: "*", 2: "back\\slash\\", 3: "a, b and c"}
    tables = rule_tables([(1, 1, [("global", [2, 3], 0.5, 2.0)])], titles)
    assert rule_sentences(*tables)["sentence"].tolist() == [
        r"People who liked *back\\slash\\* and *a, b and c* also liked *\** (confidence 50 %, "
        "2.0 × more than chance)."
    ]


@pytest.mark.parametrize(
    ("confidence", "lift", "measures"),
    [
        (0.7049, 1.249, "70 %, 1.2 ×"),
        (0.7051, 1.251, "71 %, 1.3 ×"),
        (0.705, 1.25, "70 %, 1.2 ×"),  # halves to even, as round() does
        (0.715, 1.75, "72 %, 1.8 ×"),
        (0.994, 0.96, "99 %, 1.0 ×"),
        (0.996, 12.34, "100 %, 12.3 ×"),
        (1.0, 1234.56, "100 %, 1234.6 ×"),
        (0.004, 0.04, "0 %, 0.0 ×"),
    ],
)
def test_rounded_measures_of_a_rule(confidence, lift, measures):
    (text,) = rule_texts([(1, 1, [("global", [2], confidence, lift)])])
    assert text.endswith(f"(confidence {measures} more than chance).")


@pytest.mark.parametrize("transactions", ["liked", "lists"])
def test_no_rules_no_sentences(transactions):
    table = rule_sentences(*rule_tables([]), transactions)
    assert table.empty
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"


def test_rules_of_some_scopes_only():
    """A table that was filtered and stored may have lost the scopes that it does not use."""
    explanations, cited_rules, items = rule_tables([(1, 1, [("local", [2], 0.5, 2.0)])])
    expected = rule_sentences(explanations, cited_rules, items)
    cited_rules["scope"] = cited_rules["scope"].cat.remove_unused_categories()
    pd.testing.assert_frame_equal(rule_sentences(explanations, cited_rules, items), expected)


def neighbour_rows(style: str, rows: list[tuple[int, int, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["user_id", "position", "evidence_id", "evidence", "weight"])
    return table.assign(item_id=9, style=style, evidence=pd.Categorical(table["evidence"]))


def test_neighbours_are_counted_from_the_threshold_on() -> None:
    rows = [
        (1, 1, "5", "★5", 3.0),
        (1, 2, "4", "★4", 4.0),
        (1, 3, "2.5", "★2.5", 1.0),
        (2, 1, "4", "★4", 1.0),
    ]
    sentences = neighbour_sentences(neighbour_rows("neighbour", rows), 10, 4.0)["sentence"]
    assert sentences.tolist() == [
        "7 of the 10 people whose taste is nearest to yours rated it 4 or more "
        "(★5 × 3, ★4 × 4, ★2.5 × 1).",
        "1 of the 10 people whose taste is nearest to yours rated it 4 or more (★4 × 1).",
    ]
    everyone = neighbour_sentences(neighbour_rows("neighbour", rows[:3]), 10, None)["sentence"]
    assert everyone.tolist() == [
        "8 of the 10 people whose taste is nearest to yours rated it (★5 × 3, ★4 × 4, ★2.5 × 1)."
    ]


def test_similar_items_are_named() -> None:
    rows = [(1, 1, "7", "Alien", 0.9), (1, 2, "8", "Aliens", 0.8), (1, 3, "6", "M*A*S*H", 0.7)]
    table = neighbour_sentences(neighbour_rows("item", rows), 10, 4.0, n_cited=2)
    assert table["sentence"].tolist() == ["You rated similar items highly: *Alien*, *Aliens*."]
    assert table["item_id"].tolist() == [9]


def test_no_neighbour_explanations_no_sentences() -> None:
    empty = neighbour_rows("neighbour", [])
    assert neighbour_sentences(empty, 10, 4.0).empty


def signed_sentences(explained, subject="item", titles=TITLES, **options):
    """Sentences of [(user, item, [(evidence, weight), …]), …]; of histories it is an item id."""
    rows = [
        (user, item, place, evidence, weight)
        for user, item, pieces in explained
        for place, (evidence, weight) in enumerate(pieces, 1)
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "place", "evidence", "weight"])
    items = pd.DataFrame({"item_id": list(titles), "title": list(titles.values())})
    shared = {
        "place": table["place"].to_numpy(np.int64),
        "evidence_ids": table["evidence"].to_numpy(),
        "weights": table["weight"].to_numpy(np.float64),
    }
    if subject == "history":
        explanations = explanation_table(table, **shared, style="item", items=items)
    else:
        evidence = pd.Categorical(table["evidence"])
        explanations = evidence_table(table, **shared, evidence=evidence, style="feature")
    return feature_sentences(explanations, items, subject, **options)


@pytest.mark.parametrize(
    ("subject", "pieces", "expected"),
    [
        (
            "item",
            ["Sci-Fi", "Horror", "from the 1970s"],
            "*Alien* fits you because it is Sci-Fi (+0.41) and Horror (+0.22); being from the "
            "1970s counts against it (\u22120.05).",
        ),
        (
            "user",
            ["fond of Sci-Fi", "aged 20 to 29", "female"],
            "*Alien* fits you because you are fond of Sci-Fi (+0.41) and aged 20 to 29 (+0.22); "
            "that you are female counts against it (\u22120.05).",
        ),
        (
            "history",
            [1, 4, 3],
            "*Alien* fits you because you rated *Aliens* (+0.41) and *Amélie* (+0.22); having "
            r"rated *M\*A\*S\*H* counts against it "
            "(\u22120.05).",
        ),
    ],
)
def test_features_for_and_against(subject, pieces, expected):
    weights = [0.41, 0.22, -0.05]
    table = signed_sentences([(7, 2, list(zip(pieces, weights, strict=True)))], subject)
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"
    assert table.to_numpy().tolist() == [[7, 2, expected]]


@pytest.mark.parametrize(
    ("subject", "pieces", "expected"),
    [
        ("item", ["drama", "war"], "being drama counts against it (\u22120.3)."),
        ("user", ["male", "young"], "that you are male counts against it (\u22120.3)."),
        ("history", [1, 2], "having rated *Aliens* counts against it (\u22120.3)."),
    ],
)
def test_features_that_only_oppose(subject, pieces, expected):
    explained = [(1, 6, [(pieces[0], -0.3), (pieces[1], -0.1)])]
    (text,) = signed_sentences(explained, subject)["sentence"]
    assert text == f"*New* is recommended although {expected}"


@pytest.mark.parametrize(
    ("subject", "pieces", "expected"),
    [
        ("item", ["drama"], "it is drama (+0.3)."),
        ("user", ["male"], "you are male (+0.3)."),
        ("history", [1], "you rated *Aliens* (+0.3)."),
    ],
)
def test_a_single_feature_that_supports(subject, pieces, expected):
    (text,) = signed_sentences([(1, 6, [(pieces[0], 0.3)])], subject)["sentence"]
    assert text == f"*New* fits you because {expected}"


MANY = [("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6), ("e", -0.5), ("f", -0.4)]


@pytest.mark.parametrize(
    ("options", "cited"),
    [
        ({"n_cited": 1}, "a (+0.9)"),
        ({"n_cited": 2}, "a (+0.9) and b (+0.8)"),
        ({}, "a (+0.9), b (+0.8) and c (+0.7)"),
        ({"n_cited": 4}, "a (+0.9), b (+0.8), c (+0.7) and d (+0.6)"),
        ({"n_cited": 9}, "a (+0.9), b (+0.8), c (+0.7) and d (+0.6)"),
    ],
)
def test_n_cited_features_and_the_strongest_against(options, cited):
    (text,) = signed_sentences([(1, 6, MANY)], **options)["sentence"]
    assert text == f"*New* fits you because it is {cited}; being e counts against it (\u22120.5)."


def test_titles_are_escaped_on_both_sides_of_a_sentence():
    titles = {1: "*", 2: "back\\slash\\", 3: "a, b and c"}
    (text,) = signed_sentences([(1, 1, [(2, 0.5), (3, -0.5)])], "history", titles)["sentence"]
    assert text == (
        r"*\** fits you because you rated *back\\slash\\* (+0.5); having rated *a, b and c* counts "
        "against it (\u22120.5)."
    )


@pytest.mark.parametrize(
    ("subject", "before", "opposing"),
    [("item", "it is", "being"), ("user", "you are", "that you are")],
)
def test_features_are_escaped_on_both_sides_of_a_sentence(subject, before, opposing):
    pieces = [("*film* noir", 0.5), ("back\\slash\\", 0.25), ("\\*", -0.5)]
    (text,) = signed_sentences([(1, 3, pieces)], subject)["sentence"]
    assert text == (
        rf"*M\*A\*S\*H* fits you because {before} \*film\* noir (+0.5) and back\\slash\\ (+0.25); "
        rf"{opposing} \\\* counts against it (" + "\u22120.5)."
    )


@pytest.mark.parametrize(
    ("weight", "text"),
    [
        (0.414, "+0.41"),
        (0.416, "+0.42"),
        (0.4, "+0.4"),
        (0.0499, "+0.05"),
        (0.00123, "+0.0012"),
        (-0.00123, "\u22120.0012"),
        (3.3333, "+3.3"),
        (-12.4, "\u221212"),
        (0.996, "+1"),
        (9.96, "+10"),
        (99.4, "+99"),
        (1.2e-7, "+1.2e\u221207"),
        (1e-30, "+1e\u221230"),
        (-1e-30, "\u22121e\u221230"),
    ],
)
def test_two_digits_of_a_weight(weight, text):
    (sentence,) = signed_sentences([(1, 6, [("drama", weight)])])["sentence"]
    assert sentence == (
        f"*New* fits you because it is drama ({text})."
        if weight > 0
        else f"*New* is recommended although being drama counts against it ({text})."
    )


def test_large_weights_without_an_exponent():
    (text,) = signed_sentences([(1, 6, [("drama", 1234.0), ("war", -99.6)])])["sentence"]
    assert text == (
        "*New* fits you because it is drama (+1,234); being war counts against it (\u2212100)."
    )


def test_recommendations_without_evidence_have_no_feature_sentence():
    explained = [
        (2, 2, [("war", -0.2)]),
        (1, 1, [("drama", 0.5), ("noir", 0.25), ("war", -0.125)]),
        (1, 3, []),
        (1, 6, [("noir", -0.5), ("war", -0.25)]),
        (3, 1, []),
        (4, 1, [("drama", 0.5)]),
        (4, 2, [("noir", 0.1), ("war", -0.1)]),
    ]
    table = signed_sentences(explained)
    assert table.to_numpy().tolist() == [
        [2, 2, "*Alien* is recommended although being war counts against it (\u22120.2)."],
        [
            1,
            1,
            "*Aliens* fits you because it is drama (+0.5) and noir (+0.25); being war counts "
            "against it (\u22120.12).",
        ],
        [1, 6, "*New* is recommended although being noir counts against it (\u22120.5)."],
        [4, 1, "*Aliens* fits you because it is drama (+0.5)."],
        [
            4,
            2,
            "*Alien* fits you because it is noir (+0.1); being war counts against it (\u22120.1).",
        ],
    ]
    alone = [signed_sentences([one]) for one in explained if one[2]]
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True))


@pytest.mark.parametrize("subject", ["item", "user", "history"])
def test_no_features_no_sentences(subject):
    table = signed_sentences([], subject)
    assert table.empty
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"


@pytest.mark.parametrize("sign", [1, -1])
def test_feature_sentences_where_nothing_opposes_or_nothing_supports(sign):
    explained = [(user, 1, [("drama", 0.5 * sign), ("war", 0.2 * sign)]) for user in (3, 1, 2)]
    texts = signed_sentences(explained)["sentence"].unique().tolist()
    assert texts == [
        "*Aliens* fits you because it is drama (+0.5) and war (+0.2)."
        if sign > 0
        else "*Aliens* is recommended although being drama counts against it (\u22120.5)."
    ]


def test_feature_sentences_with_text_ids_and_an_index_of_another_table():
    titles = {"ä": "Ärger", "x": "X"}
    explained = [("zoë", "x", [("ä", 1.0)]), ("al", "ä", [("x", -2.0)])]
    table = signed_sentences(explained, "history", titles)
    expected = [
        ["zoë", "x", "*X* fits you because you rated *Ärger* (+1)."],
        [
            "al",
            "ä",
            "*Ärger* is recommended although having rated *X* counts against it (\u22122).",
        ],
    ]
    assert table.to_numpy().tolist() == expected
    rows = pd.DataFrame(
        {
            "user_id": [5, 5],
            "item_id": [1, 1],
            "position": [1, 2],
            "evidence": pd.Categorical(["drama", "war"]),
            "weight": [0.5, -0.25],
        },
        index=[9, 9],
    )
    items = pd.DataFrame({"item_id": [1], "title": ["One"]})
    assert feature_sentences(rows, items)["sentence"].tolist() == [
        "*One* fits you because it is drama (+0.5); being war counts against it (\u22120.25)."
    ]


def of_influence(explained, titles=TITLES, **options):
    """Sentences of [(user, item, [(evidence item, weight), …]), …]."""
    rows = [
        (user, item, place, evidence, weight)
        for user, item, pieces in explained
        for place, (evidence, weight) in enumerate(pieces, 1)
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "place", "evidence", "weight"])
    explanations = explanation_table(
        table,
        place=table["place"].to_numpy(np.int64),
        evidence_ids=table["evidence"].to_numpy(),
        weights=table["weight"].to_numpy(np.float64),
        style="item",
        items=pd.DataFrame({"item_id": list(titles), "title": list(titles.values())}),
    )
    return influence_sentences(explanations, **options)


def test_ratings_that_raise_and_one_that_lowers():
    table = of_influence([(7, 6, [(1, 0.18), (2, 0.12), (4, -0.04), (3, -0.01)])])
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"
    assert table.to_numpy().tolist() == [
        [
            7,
            6,
            "*Aliens* raises your predicted rating by 0.18, *Alien* by 0.12; *Amélie* lowers it "
            "by 0.04.",
        ]
    ]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(1, 0.5)], "*Aliens* raises your predicted rating by 0.5."),
        (
            [(1, 0.5), (2, 0.25)],
            "*Aliens* raises your predicted rating by 0.5, *Alien* by 0.25.",
        ),
        ([(1, -0.5)], "*Aliens* lowers your predicted rating by 0.5."),
        ([(1, -0.5), (2, -0.25)], "*Aliens* lowers your predicted rating by 0.5."),
        (
            [(1, 0.5), (2, -0.7)],
            "*Aliens* raises your predicted rating by 0.5; *Alien* lowers it by 0.7.",
        ),
    ],
)
def test_ratings_that_only_raise_or_only_lower(pieces, expected):
    assert of_influence([(1, 6, pieces)])["sentence"].tolist() == [expected]


MANY_RATINGS = [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6), (5, -0.5), (6, -0.4)]


@pytest.mark.parametrize(
    ("options", "cited"),
    [
        ({"n_cited": 1}, "0.9"),
        ({"n_cited": 2}, "0.9, *Alien* by 0.8"),
        ({}, r"0.9, *Alien* by 0.8, *M\*A\*S\*H* by 0.7"),
        ({"n_cited": 4}, r"0.9, *Alien* by 0.8, *M\*A\*S\*H* by 0.7, *Amélie* by 0.6"),
        ({"n_cited": 9}, r"0.9, *Alien* by 0.8, *M\*A\*S\*H* by 0.7, *Amélie* by 0.6"),
    ],
)
def test_n_cited_ratings_and_the_strongest_that_lowers(options, cited):
    """Which is named however far down the list it stands."""
    (text,) = of_influence([(1, 6, MANY_RATINGS)], **options)["sentence"]
    assert text == (
        f"*Aliens* raises your predicted rating by {cited}; *千と千尋の神隠し* lowers it by 0.5."
    )


@pytest.mark.parametrize(
    ("weight", "text"),
    [
        (0.414, "0.41"),
        (0.0499, "0.05"),
        (-0.00123, "0.0012"),
        (-12.4, "12"),
        (1.2e-7, "1.2e\u221207"),
        (1234.0, "1,234"),
    ],
)
def test_two_digits_of_an_influence_without_its_sign(weight, text):
    verb = "raises" if weight > 0 else "lowers"
    (sentence,) = of_influence([(1, 6, [(1, weight)])])["sentence"]
    assert sentence == f"*Aliens* {verb} your predicted rating by {text}."


def test_influence_of_many_recommendations_is_that_of_each():
    explained = [
        (2, 2, [(6, -0.2)]),
        (1, 1, [(2, 0.5), (4, 0.25), (6, -0.125)]),
        (1, 3, []),
        (1, 6, [(4, -0.5), (6, -0.25)]),
        (4, 1, [(2, 0.5)]),
        (4, 2, [(4, 0.1), (6, -0.1)]),
    ]
    table = of_influence(explained)
    keys = table[["user_id", "item_id"]].to_numpy().tolist()
    assert keys == [[2, 2], [1, 1], [1, 6], [4, 1], [4, 2]]
    alone = [of_influence([one]) for one in explained if one[2]]
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True))
    assert table["sentence"].tolist() == [
        "*New* lowers your predicted rating by 0.2.",
        "*Alien* raises your predicted rating by 0.5, *Amélie* by 0.25; *New* lowers it by 0.12.",
        "*Amélie* lowers your predicted rating by 0.5.",
        "*Alien* raises your predicted rating by 0.5.",
        "*Amélie* raises your predicted rating by 0.1; *New* lowers it by 0.1.",
    ]


@pytest.mark.parametrize("sign", [1, -1])
def test_influence_sentences_where_nothing_lowers_or_nothing_raises(sign):
    explained = [(user, 6, [(1, 0.5 * sign), (2, 0.2 * sign)]) for user in (3, 1, 2)]
    assert of_influence(explained)["sentence"].unique().tolist() == [
        "*Aliens* raises your predicted rating by 0.5, *Alien* by 0.2."
        if sign > 0
        else "*Aliens* lowers your predicted rating by 0.5."
    ]


def test_no_influence_no_sentences():
    table = of_influence([])
    assert table.empty
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"


def test_influence_sentences_with_text_ids_and_an_index_of_another_table():
    titles = {"ä": "Är*ger", "x": "back\\slash"}
    table = of_influence([("zoë", "x", [("ä", 1.0)]), ("al", "ä", [("x", -2.0)])], titles)
    assert table.to_numpy().tolist() == [
        ["zoë", "x", r"*Är\*ger* raises your predicted rating by 1."],
        ["al", "ä", r"*back\\slash* lowers your predicted rating by 2."],
    ]
    rows = pd.DataFrame(
        {
            "user_id": [5, 5],
            "item_id": [1, 1],
            "position": [1, 2],
            "evidence": pd.Categorical(["One", "Two"]),
            "weight": [0.5, -0.25],
        },
        index=[9, 9],
    )
    assert influence_sentences(rows)["sentence"].tolist() == [
        "*One* raises your predicted rating by 0.5; *Two* lowers it by 0.25."
    ]
