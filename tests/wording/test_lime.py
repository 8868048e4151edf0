"""Features and ratings for and against an item, in words."""

import pandas as pd
import pytest

from explainable_recsys.wording.lime import lime_sentences
from tests.wording.tables import (
    cited,
    data_of,
    evidence_of,
    explained_by,
    keys,
    lists_of,
    shown,
)

MINUS = "\u2212"


def sentences(explained, subject="item", n_cited=3):
    """Sentences of [(user, item, [(evidence, weight), …]), …], of features."""
    table = evidence_of(explained, "feature")
    facts = {"subject": subject}
    return lime_sentences(explained_by(table, facts), data_of(), None, cited(n_cited))


@pytest.mark.parametrize(
    ("subject", "pieces", "expected"),
    [
        (
            "item",
            ["Sci-Fi", "Horror", "from the 1970s"],
            "⟨Alien⟩ fits you because it is Sci-Fi (+0.41) and Horror (+0.22); being from the "
            f"1970s counts against it ({MINUS}0.05).",
        ),
        (
            "user",
            ["fond of Sci-Fi", "aged 20 to 29", "female"],
            "⟨Alien⟩ fits you because you are fond of Sci-Fi (+0.41) and aged 20 to 29 (+0.22); "
            f"that you are female counts against it ({MINUS}0.05).",
        ),
    ],
)
def test_features_for_and_against(subject, pieces, expected):
    weights = [0.41, 0.22, -0.05]
    table = sentences([(7, 2, list(zip(pieces, weights, strict=True)))], subject)
    assert keys(table) == [(7, 2)]
    assert shown(table) == [expected]


@pytest.mark.parametrize(
    ("subject", "pieces", "expected"),
    [
        ("item", ["drama", "war"], "being drama"),
        ("user", ["male", "young"], "that you are male"),
    ],
)
def test_features_that_only_oppose(subject, pieces, expected):
    explained = [(1, 6, [(pieces[0], -0.3), (pieces[1], -0.1)])]
    (text,) = shown(sentences(explained, subject))
    assert text == f"⟨New⟩ is recommended although {expected} counts against it ({MINUS}0.3)."


@pytest.mark.parametrize(
    ("subject", "piece", "expected"),
    [
        ("item", "drama", "it is drama (+0.3)."),
        ("user", "male", "you are male (+0.3)."),
    ],
)
def test_a_single_feature_that_supports(subject, piece, expected):
    (text,) = shown(sentences([(1, 6, [(piece, 0.3)])], subject))
    assert text == f"⟨New⟩ fits you because {expected}"


MANY = [("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6), ("e", -0.5), ("f", -0.4)]


@pytest.mark.parametrize(
    ("n_cited", "named"),
    [
        (1, "a (+0.9)"),
        (2, "a (+0.9) and b (+0.8)"),
        (3, "a (+0.9), b (+0.8) and c (+0.7)"),
        (9, "a (+0.9), b (+0.8), c (+0.7) and d (+0.6)"),
    ],
)
def test_n_cited_features_and_the_strongest_against(n_cited, named):
    (text,) = shown(sentences([(1, 6, MANY)], n_cited=n_cited))
    against = f"being e counts against it ({MINUS}0.5)."
    assert text == f"⟨New⟩ fits you because it is {named}; {against}"


@pytest.mark.parametrize(
    ("weight", "text"),
    [
        (0.414, "+0.41"),
        (0.416, "+0.42"),
        (0.4, "+0.4"),
        (0.0499, "+0.05"),
        (0.00123, "+0.0012"),
        (-0.00123, f"{MINUS}0.0012"),
        (3.3333, "+3.3"),
        (-12.4, f"{MINUS}12"),
        (0.996, "+1"),
        (9.96, "+10"),
        (99.4, "+99"),
        (-99.6, f"{MINUS}100"),
        (1234.0, "+1,234"),
        (1.2e-7, f"+1.2e{MINUS}07"),
        (1e-30, f"+1e{MINUS}30"),
        (-1e-30, f"{MINUS}1e{MINUS}30"),
    ],
)
def test_two_digits_of_a_weight(weight, text):
    (sentence,) = shown(sentences([(1, 6, [("drama", weight)])]))
    assert sentence.endswith(f" ({text}).")
    assert ("fits you" in sentence) == (weight > 0)


def test_recommendations_without_evidence_have_no_sentence():
    explained = [
        (2, 2, [("war", -0.2)]),
        (1, 1, [("drama", 0.5), ("noir", 0.25), ("war", -0.125)]),
        (1, 3, []),
        (1, 6, [("noir", -0.5), ("war", -0.25)]),
        (3, 1, []),
        (4, 1, [("drama", 0.5)]),
        (4, 2, [("noir", 0.1), ("war", -0.1)]),
    ]
    table = sentences(explained)
    assert keys(table) == [(2, 2), (1, 1), (1, 6), (4, 1), (4, 2)]
    assert shown(table) == [
        f"⟨Alien⟩ is recommended although being war counts against it ({MINUS}0.2).",
        "⟨Aliens⟩ fits you because it is drama (+0.5) and noir (+0.25); being war counts "
        f"against it ({MINUS}0.12).",
        f"⟨New⟩ is recommended although being noir counts against it ({MINUS}0.5).",
        "⟨Aliens⟩ fits you because it is drama (+0.5).",
        f"⟨Alien⟩ fits you because it is noir (+0.1); being war counts against it ({MINUS}0.1).",
    ]
    alone = [sentences([one]) for one in explained if one[2]]
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True))


@pytest.mark.parametrize("subject", ["item", "user", "history", "groups"])
def test_no_evidence_no_sentences(subject):
    table = evidence_of([], "feature")
    examples = table[["user_id", "item_id", "position", "rated_item_id"]]
    explained = explained_by(table, {"subject": subject}, projected_evidence=examples)
    data = data_of()
    assert shown(lime_sentences(explained, data, lists_of(data, {}), cited())) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_where_nothing_opposes_or_nothing_supports(sign):
    explained = [(user, 1, [("drama", 0.5 * sign), ("war", 0.2 * sign)]) for user in (3, 1, 2)]
    (text,) = set(shown(sentences(explained)))
    assert ("war" in text) == (sign > 0)


POPULAR = "among the 5 % most rated"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (
            [("drama", 0.5), (POPULAR, 0.9), ("war", -0.1)],
            f"⟨New⟩ fits you because it is drama (+0.5); being war counts against it ({MINUS}0.1). "
            f"Besides, it is {POPULAR} (+0.9).",
        ),
        ([(POPULAR, 0.9)], f"⟨New⟩ is recommended because it is {POPULAR} (+0.9)."),
        (
            [(POPULAR, 0.9), ("war", -0.1)],
            f"⟨New⟩ is recommended although being war counts against it ({MINUS}0.1). Besides, it "
            f"is {POPULAR} (+0.9).",
        ),
        (
            [(POPULAR, -0.9)],
            f"⟨New⟩ is recommended although being {POPULAR} counts against it ({MINUS}0.9).",
        ),
    ],
)
def test_popularity_is_said_last_and_apart(pieces, expected):
    others = [(1, 1, [("drama", 0.5)]), (1, 2, [("war", -0.5)])]
    table = evidence_of([others[0], (1, 6, pieces), others[1]], "feature")
    ids = table["evidence_id"].astype("str").replace(POPULAR, "popularity=top 5 %")
    found = lime_sentences(
        explained_by(table.assign(evidence_id=pd.Categorical(ids)), {"subject": "item"}),
        data_of(),
        None,
        cited(1),
    )
    assert keys(found) == [(1, 1), (1, 6), (1, 2)]
    first, text, last = shown(found)
    assert text == expected
    assert [first, last] == shown(sentences(others))


RATINGS = [(7, 1, 5.0), (7, 3, 2.0), (7, 4, 4.5), (7, 5, 3.0)]


def said_of_groups(pieces, examples, style="feature", n_cited=3):
    """The sentence on item 6 for user 7; pieces of a group are (id, label, weight)."""
    table = evidence_of([(7, 6, [(label, weight) for _, label, weight in pieces])], style)
    table = table.assign(evidence_id=pd.Categorical([str(name) for name, _, _ in pieces]))
    examples = pd.DataFrame(
        [(7, 6, place, item) for place, item in examples],
        columns=["user_id", "item_id", "position", "rated_item_id"],
    )
    data = data_of(ratings=RATINGS)
    explained = explained_by(table, {"subject": "groups"}, projected_evidence=examples)
    (text,) = shown(lime_sentences(explained, data, lists_of(data, {(7, 6): 1.0}), cited(n_cited)))
    return text


def test_groups_with_their_examples():
    """What is named is the evidence in its order, with the person's own stars."""
    pieces = [
        ("genres=Sci-Fi", "Sci-Fi", 0.4),
        ("genres=War", "War", 0.3),
        ("genres=Drama", "Drama", 0.2),
        ("genres=Horror", "Horror", -0.1),
        ("genres=Noir", "Noir", -0.05),
    ]
    text = said_of_groups(pieces, [(1, 1), (1, 4), (2, 3), (4, 5)])
    assert text == (
        "⟨New⟩ is recommended because of what you rated, above all in Sci-Fi (⟨Aliens⟩ ★5, "
        "⟨Amélie⟩ ★4.5), in War (⟨M*A*S*H⟩ ★2) and in Drama; what you rated in Horror speaks "
        "against it."
    )
    text = said_of_groups(pieces[:3], [(1, 1), (2, 4)], n_cited=1)
    assert text == (
        "⟨New⟩ is recommended because of what you rated, above all in Sci-Fi (⟨Aliens⟩ ★5)."
    )


def test_groups_by_decade_that_only_oppose():
    text = said_of_groups([("decade=1970", "from the 1970s", -0.4)], [(1, 1)])
    assert text == "⟨New⟩ is recommended although what you rated from the 1970s speaks against it."


def test_single_ratings():
    text = said_of_groups(
        [(1, 1, 0.4), (4, 4, 0.3), (3, 3, -0.2)], [(1, 1), (2, 4), (3, 3)], "item"
    )
    assert text == (
        "⟨New⟩ is recommended because of what you rated, above all ⟨Aliens⟩ ★5 and ⟨Amélie⟩ ★4.5; "
        "that you rated ⟨M*A*S*H⟩ ★2 speaks against it."
    )
