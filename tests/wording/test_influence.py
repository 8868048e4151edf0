"""Ratings that raise and lower a score, in words."""

import pandas as pd
import pytest

from explainable_recsys.wording.influence import influence_sentences
from tests.wording.tables import (
    TITLES,
    cited,
    data_of,
    evidence_of,
    explained_by,
    keys,
    lists_of,
    shown,
)

STARS = dict(zip(TITLES, (5.0, 4.0, 4.5, 0.5, 3.0, 1.0), strict=True))
"""What everybody gave each item."""


def with_stars(text):
    """A text in which ratings stand after titles."""
    for item, title in TITLES.items():
        text = text.replace(f"⟨{title}⟩", f"⟨{title}⟩ ★{STARS[item]:g}")
    return text


def asked(explained, titles=TITLES, liked="all"):
    """Data in which everybody rated everything, and lists."""
    users = [user for user, _, _ in explained] or [1]
    given = [(user, item, STARS.get(item, 2.5)) for user in dict.fromkeys(users) for item in titles]
    data = data_of(titles, given, liked)
    return data, lists_of(data, {(user, item): 1.0 for user, item, _ in explained})


def sentences(explained, titles=TITLES, n_cited=3, liked="all"):
    """Sentences of [(user, item, [(evidence item, weight), …]), …]."""
    given = asked(explained, titles, liked)
    table = evidence_of(explained, "item", titles).set_axis(
        [7] * sum(len(pieces) for _, _, pieces in explained)
    )
    explained = explained_by(table, {"predicts_ratings": True})
    return influence_sentences(explained, *given, cited(n_cited))


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(1, 0.5)], "⟨Aliens⟩ raises your predicted rating by 0.5."),
        (
            [(1, 0.5), (2, 0.25)],
            "⟨Aliens⟩ raises your predicted rating by 0.5, ⟨Alien⟩ by 0.25.",
        ),
        ([(1, -0.5)], "⟨Aliens⟩ lowers your predicted rating by 0.5."),
        ([(1, -0.5), (2, -0.25)], "⟨Aliens⟩ lowers your predicted rating by 0.5."),
        (
            [(1, 0.5), (2, -0.7)],
            "⟨Aliens⟩ raises your predicted rating by 0.5; ⟨Alien⟩ lowers it by 0.7.",
        ),
        (
            [(1, 0.18), (2, 0.12), (4, -0.04), (3, -0.01)],
            "⟨Aliens⟩ raises your predicted rating by 0.18, ⟨Alien⟩ by 0.12; ⟨Amélie⟩ lowers it "
            "by 0.04.",
        ),
    ],
)
def test_ratings_that_raise_and_lower(pieces, expected):
    table = sentences([(7, 6, pieces)])
    assert keys(table) == [(7, 6)]
    assert shown(table) == [with_stars(expected)]


MANY_RATINGS = [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6), (5, -0.5), (6, -0.4)]


@pytest.mark.parametrize(
    ("n_cited", "named"),
    [
        (1, "0.9"),
        (2, "0.9, ⟨Alien⟩ by 0.8"),
        (3, "0.9, ⟨Alien⟩ by 0.8, ⟨M*A*S*H⟩ by 0.7"),
        (9, "0.9, ⟨Alien⟩ by 0.8, ⟨M*A*S*H⟩ by 0.7, ⟨Amélie⟩ by 0.6"),
    ],
)
def test_n_cited_ratings_and_the_strongest_that_lowers(n_cited, named):
    """Which is named however far down the list it stands."""
    (text,) = shown(sentences([(1, 6, MANY_RATINGS)], n_cited=n_cited))
    assert text == with_stars(
        f"⟨Aliens⟩ raises your predicted rating by {named}; ⟨千と千尋の神隠し⟩ lowers it by 0.5."
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
    (sentence,) = shown(sentences([(1, 6, [(1, weight)])]))
    assert sentence == with_stars(f"⟨Aliens⟩ {verb} your predicted rating by {text}.")


DISLIKED = [(1, 0.5), (4, 0.9), (6, 0.4), (5, -0.1)]
"""Of the first three pieces two were rated below 4; the strongest of them with half a star."""


def test_what_is_not_liked_is_never_named_as_support():
    (points,) = shown(sentences([(1, 6, DISLIKED)], liked=4.0))
    (places,) = shown(in_places([(1, 6, DISLIKED)], {(1, 6): (2, {1: 14})}, liked=4.0))
    for text in (points, places):
        assert "⟨Aliens⟩ ★5" in text
        assert "⟨千と千尋の神隠し⟩ ★3" in text.partition(";")[2]
        assert "⟨Amélie⟩" not in text
        assert "⟨New⟩" not in text
    (everything,) = shown(sentences([(1, 6, DISLIKED)]))
    assert "⟨Amélie⟩" in everything


def in_places(explained, places, n_cited=3, liked="all"):
    """Sentences of [(user, item, [(evidence item, weight), …]), …] with (rank, {item: without})."""
    rows = [
        (user, item, rated, rank, without)
        for (user, item), (rank, found) in places.items()
        for rated, without in found.items()
    ]
    names = ["user_id", "item_id", "rated_item_id", "rank", "rank_without"]
    told = explained_by(
        evidence_of(explained, "item"),
        {"predicts_ratings": False},
        ranks_without=pd.DataFrame(rows, columns=names),
    )
    return influence_sentences(told, *asked(explained, liked=liked), cited(n_cited))


@pytest.mark.parametrize(
    ("pieces", "without", "expected"),
    [
        (
            [(1, 0.5), (2, 0.2)],
            {1: 14, 2: 5},
            "Without your rating of ⟨Aliens⟩ it would be number 14 instead of 2, without ⟨Alien⟩ "
            "number 5.",
        ),
        (
            [(1, 0.5), (2, 0.2), (4, -0.1)],
            {1: 1234, 2: 2},
            "Without your rating of ⟨Aliens⟩ it would be number 1,234 instead of 2, without "
            "⟨Alien⟩ no lower; ⟨Amélie⟩ speaks most against it.",
        ),
        (
            [(1, 0.5), (2, 0.2)],
            {1: 2, 2: 3},
            "Without your rating of ⟨Aliens⟩ it would be no lower than number 2, without ⟨Alien⟩ "
            "number 3.",
        ),
        (
            [(1, 0.5), (2, 0.2), (3, 0.1)],
            {1: 2, 2: 2, 3: 2},
            "⟨Aliens⟩, ⟨Alien⟩ and ⟨M*A*S*H⟩ speak most for it, but without any one of them it "
            "would be no lower than number 2.",
        ),
        (
            [(1, 0.5)],
            {1: 1},
            "Without your rating of ⟨Aliens⟩ it would be no lower than number 2.",
        ),
        (
            [(1, 0.5)],
            {1: 2},
            "Without your rating of ⟨Aliens⟩ it would be no lower than number 2.",
        ),
        (
            [(1, 0.5)],
            {1: 0},
            "Without your rating of ⟨Aliens⟩ it would not be recommended.",
        ),
        ([(4, -0.1), (1, -0.05)], {}, "⟨Amélie⟩ speaks most against it."),
        ([(1, 0.5), (2, 0.2)], {}, "⟨Aliens⟩ and ⟨Alien⟩ speak most for it."),
    ],
)
def test_places_of_what_is_ranked(pieces, without, expected):
    table = in_places([(7, 6, pieces)], {(7, 6): (2, without)})
    assert keys(table) == [(7, 6)]
    assert shown(table) == [with_stars(expected)]


def test_places_of_many_recommendations_are_those_of_each():
    explained = [
        (1, 6, [(1, 0.5), (2, 0.2)]),
        (1, 5, [(4, -0.5)]),
        (2, 6, [(1, 0.5)]),
        (2, 1, [(2, 0.5), (4, 0.2), (3, -0.1)]),
    ]
    places = {
        (1, 6): (1, {1: 3, 2: 2}),
        (2, 6): (4, {1: 4}),
        (2, 1): (5, {2: 5, 4: 5}),
    }
    together = in_places(explained, places)
    alone = [in_places([one], places) for one in explained]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
    assert not together["sentence"].str.contains("predicted rating").any()


def test_influence_of_many_recommendations_is_that_of_each():
    explained = [
        (2, 2, [(6, -0.2)]),
        (1, 1, [(2, 0.5), (4, 0.25), (6, -0.125)]),
        (1, 3, []),
        (1, 6, [(4, -0.5), (6, -0.25)]),
        (4, 1, [(2, 0.5)]),
        (4, 2, [(4, 0.1), (6, -0.1)]),
        (4, 3, [(2, 0.5), (4, 0.25)]),
    ]
    table = sentences(explained)
    assert keys(table) == [(2, 2), (1, 1), (1, 6), (4, 1), (4, 2), (4, 3)]
    alone = [sentences([one]) for one in explained if one[2]]
    pd.testing.assert_frame_equal(table, pd.concat(alone, ignore_index=True))
    expected = [
        "⟨Alien⟩ raises your predicted rating by 0.5, ⟨Amélie⟩ by 0.25; ⟨New⟩ lowers it by 0.12.",
        "⟨Amélie⟩ lowers your predicted rating by 0.5.",
    ]
    assert shown(table)[1:3] == [with_stars(text) for text in expected]


@pytest.mark.parametrize("sign", [1, -1])
def test_where_nothing_lowers_or_nothing_raises(sign):
    explained = [(user, 6, [(1, 0.5 * sign), (2, 0.2 * sign)]) for user in (3, 1, 2)]
    (text,) = set(shown(sentences(explained)))
    assert ("⟨Alien⟩" in text) == (sign > 0)


def test_no_influence_no_sentences():
    assert shown(sentences([])) == []


def test_text_ids():
    titles = {"ä": "Är*ger", "x": "back\\slash"}
    table = sentences([("zoë", "x", [("ä", 1.0)]), ("al", "ä", [("x", -2.0)])], titles)
    assert keys(table) == [("zoë", "x"), ("al", "ä")]
    assert shown(table) == [
        "⟨Är*ger⟩ ★2.5 raises your predicted rating by 1.",
        "⟨back\\slash⟩ ★2.5 lowers your predicted rating by 2.",
    ]
