"""Features and ratings for and against an item, in words."""

import pandas as pd
import pytest

from explainable_recsys.wording.lime import lime_sentences
from tests.wording.tables import TITLES, cited, data_of, evidence_of, explained_by, keys, shown

MINUS = "\u2212"


def sentences(explained, subject="item", titles=TITLES, n_cited=3):
    """Sentences of [(user, item, [(evidence, weight), …]), …]; of histories it is an item id."""
    table = evidence_of(explained, "item" if subject == "history" else "feature", titles)
    facts = {"subject": subject}
    return lime_sentences(explained_by(table, facts), data_of(titles), None, cited(n_cited))


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
        (
            "history",
            [1, 4, 3],
            "⟨Alien⟩ fits you because you rated ⟨Aliens⟩ (+0.41) and ⟨Amélie⟩ (+0.22); having "
            f"rated ⟨M*A*S*H⟩ counts against it ({MINUS}0.05).",
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
        ("history", [1, 2], "having rated ⟨Aliens⟩"),
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
        ("history", 1, "you rated ⟨Aliens⟩ (+0.3)."),
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


@pytest.mark.parametrize("subject", ["item", "user", "history"])
def test_no_features_no_sentences(subject):
    assert shown(sentences([], subject)) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_where_nothing_opposes_or_nothing_supports(sign):
    explained = [(user, 1, [("drama", 0.5 * sign), ("war", 0.2 * sign)]) for user in (3, 1, 2)]
    (text,) = set(shown(sentences(explained)))
    assert ("war" in text) == (sign > 0)


def test_text_ids_and_an_index_of_another_table():
    titles = {"ä": "Ärger", "x": "X"}
    explained = [("zoë", "x", [("ä", 1.0)]), ("al", "ä", [("x", -2.0)])]
    table = evidence_of(explained, "item", titles)
    words = lime_sentences(
        explained_by(table.set_axis([9, 9]), {"subject": "history"}), data_of(titles), None, cited()
    )
    assert keys(words) == [("zoë", "x"), ("al", "ä")]
    assert shown(words) == [
        "⟨X⟩ fits you because you rated ⟨Ärger⟩ (+1).",
        f"⟨Ärger⟩ is recommended although having rated ⟨X⟩ counts against it ({MINUS}2).",
    ]
