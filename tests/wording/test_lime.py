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
            "⟨Alien⟩ fits you because it is Sci-Fi and Horror; being from the "
            "1970s counts against it.",
        ),
        (
            "user",
            ["fond of Sci-Fi", "aged 20 to 29", "female"],
            "⟨Alien⟩ fits you because you are fond of Sci-Fi and aged 20 to 29; "
            "that you are female counts against it.",
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
    assert text == f"⟨New⟩ is recommended although {expected} counts against it."


@pytest.mark.parametrize(
    ("subject", "piece", "expected"),
    [
        ("item", "drama", "it is drama."),
        ("user", "male", "you are male."),
    ],
)
def test_a_single_feature_that_supports(subject, piece, expected):
    (text,) = shown(sentences([(1, 6, [(piece, 0.3)])], subject))
    assert text == f"⟨New⟩ fits you because {expected}"


MANY = [("a", 0.9), ("b", 0.8), ("c", 0.7), ("d", 0.6), ("e", -0.5), ("f", -0.4)]


@pytest.mark.parametrize(
    ("n_cited", "named"),
    [
        (1, "a"),
        (2, "a and b"),
        (3, "a, b and c"),
        (9, "a, b, c and d"),
    ],
)
def test_n_cited_features_and_the_strongest_against(n_cited, named):
    (text,) = shown(sentences([(1, 6, MANY)], n_cited=n_cited))
    against = "being e counts against it."
    assert text == f"⟨New⟩ fits you because it is {named}; {against}"


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
        "⟨Alien⟩ is recommended although being war counts against it.",
        "⟨Aliens⟩ fits you because it is drama and noir; being war counts against it.",
        "⟨New⟩ is recommended although being noir counts against it.",
        "⟨Aliens⟩ fits you because it is drama.",
        "⟨Alien⟩ fits you because it is noir; being war counts against it.",
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
            f"⟨New⟩ fits you because it is drama; being war counts against it. "
            f"Besides, and more than all of that, it is {POPULAR}.",
        ),
        ([(POPULAR, 0.9)], f"⟨New⟩ is recommended because it is {POPULAR}."),
        (
            [(POPULAR, 0.9), ("war", -0.1)],
            f"⟨New⟩ is recommended although being war counts against it. Besides, and "
            f"more than all of that, it is {POPULAR}.",
        ),
        (
            [(POPULAR, -0.9)],
            f"⟨New⟩ is recommended although being {POPULAR} counts against it.",
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
