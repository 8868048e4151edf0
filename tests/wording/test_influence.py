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

STARS = dict(zip(TITLES, (5.0, 4.0, 4.5, 0.5, 3.0, 1.0), strict=True)) | {"ä": 4.0, "x": 1.5}
"""What everybody gave each item; from 3 on it is liked, unless a test says otherwise."""


def with_stars(text):
    """A text in which ratings stand after titles."""
    for item, title in TITLES.items():
        text = text.replace(f"⟨{title}⟩", f"⟨{title}⟩ ★{STARS[item]:g}")
    return text


def asked(explained, titles=TITLES, liked=3.0, score=1.0):
    """Data in which everybody rated everything, and lists."""
    users = [user for user, _, _ in explained] or [1]
    given = [(user, item, STARS[item]) for user in dict.fromkeys(users) for item in titles]
    data = data_of(titles, given, liked)
    return data, lists_of(data, {(user, item): score for user, item, _ in explained})


def sentences(explained, titles=TITLES, n_cited=3, liked=3.0, score=4.5, worth=0.3):
    """Sentences of [(user, item, [(evidence item, weight), …]), …].

    Every predicted rating is `score`, and the cited ratings are worth `worth` of it.
    """
    given = asked(explained, titles, liked, score)
    table = evidence_of(explained, "item", titles).set_axis(
        [7] * sum(len(pieces) for _, _, pieces in explained)
    )
    pairs = [(user, item) for user, item, pieces in explained if any(w > 0 for _, w in pieces)]
    groups = pd.DataFrame(pairs[::-1], columns=["user_id", "item_id"]).assign(group_influence=worth)
    explained = explained_by(table, {"predicts_ratings": True}, cited_groups=groups)
    return influence_sentences(explained, *given, cited(n_cited))


ONE = "Your rating of ⟨Aliens⟩ raises your predicted rating from 4.20 to 4.50"
TWO = (
    "Your ratings of ⟨Aliens⟩ and ⟨Alien⟩ raise your predicted rating most, together from 4.20 "
    "to 4.50"
)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(1, 0.5)], f"{ONE}."),
        ([(1, 0.5), (2, 0.25)], f"{TWO}."),
        ([(4, -0.5)], "⟨Amélie⟩ lowers your predicted rating most."),
        ([(4, -0.5), (6, -0.25)], "⟨Amélie⟩ lowers your predicted rating most."),
        ([(1, 0.5), (4, -0.7)], f"{ONE}; ⟨Amélie⟩ lowers it most."),
        ([(1, 0.18), (2, 0.12), (6, -0.04), (4, -0.01)], f"{TWO}; ⟨New⟩ lowers it most."),
    ],
)
def test_ratings_that_raise_and_lower(pieces, expected):
    table = sentences([(7, 5, pieces)])
    assert keys(table) == [(7, 5)]
    assert shown(table) == [with_stars(expected)]


MANY_RATINGS = [(1, 0.9), (2, 0.8), (3, 0.7), (5, 0.6), (6, -0.5), (4, -0.4)]


@pytest.mark.parametrize(
    ("n_cited", "named"),
    [
        (1, "⟨Aliens⟩"),
        (2, "⟨Aliens⟩ and ⟨Alien⟩"),
        (3, "⟨Aliens⟩, ⟨Alien⟩ and ⟨M*A*S*H⟩"),
        (9, "⟨Aliens⟩, ⟨Alien⟩, ⟨M*A*S*H⟩ and ⟨千と千尋の神隠し⟩"),
    ],
)
def test_n_cited_ratings_and_the_strongest_that_lowers(n_cited, named):
    """Which is named however far down the list it stands."""
    (text,) = shown(sentences([(1, 6, MANY_RATINGS)], n_cited=n_cited))
    assert with_stars(f" of {named} raise") in text
    assert text.endswith("⟨New⟩ ★1 lowers it most.")


@pytest.mark.parametrize(
    ("score", "worth", "said"),
    [
        (4.5, 0.3, "from 4.20 to 4.50"),
        (3.987, 0.051, "from 3.94 to 3.99"),
        (5.25, 0.5, "from 4.75 to 5.00"),  # what is predicted above the scale is its best
        (0.75, 0.5, "from 0.50 to 0.75"),
        (0.75, 0.9, "from 0.50 to 0.75"),
    ],
)
def test_predicted_ratings_are_on_the_scale(score, worth, said):
    (text,) = shown(sentences([(1, 6, [(1, 0.5), (2, 0.2)])], score=score, worth=worth))
    assert said in text


def test_what_is_liked_is_never_named_as_opposing():
    """⟨Alien⟩ opposes most and is liked."""
    pieces = [(1, 0.5), (2, -0.4), (4, -0.1)]
    (points,) = shown(sentences([(1, 6, pieces)]))
    (places,) = shown(in_places([(1, 6, pieces)], {(1, 6): (2, {1: 14})}))
    for text in (points, places):
        assert "⟨Alien⟩" not in text
        assert "⟨Amélie⟩ ★0.5" in text.partition(";")[2]
    for everything in (
        shown(sentences([(1, 6, pieces)], liked="all")),
        shown(in_places([(1, 6, pieces)], {(1, 6): (2, {1: 14})}, liked="all")),
    ):
        assert ";" not in everything[0]


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
    (everything,) = shown(sentences([(1, 6, DISLIKED)], liked="all"))
    assert "⟨Amélie⟩" in everything


def in_places(explained, places, n_cited=3, liked=3.0):
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


NOT_ALONE = (
    "Your rating of ⟨Aliens⟩ speaks most for it, but the recommendation does not hang on it alone."
)


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
            {1: 1234, 2: 3},  # one place is no difference that anybody would see
            "Without your rating of ⟨Aliens⟩ it would be number 1,234 instead of 2; ⟨Amélie⟩ "
            "speaks most against it.",
        ),
        (
            [(1, 0.5), (2, 0.2)],
            {1: 3, 2: 4},
            "Without your rating of ⟨Alien⟩ it would be number 4 instead of 2.",
        ),
        (
            [(1, 0.5), (2, 0.2), (3, 0.1)],
            {1: 3, 2: 2, 3: 1},
            "Your ratings of ⟨Aliens⟩, ⟨Alien⟩ and ⟨M*A*S*H⟩ speak most for it, but the "
            "recommendation does not hang on any one of them.",
        ),
        ([(1, 0.5)], {1: 1}, NOT_ALONE),
        ([(1, 0.5)], {1: 2}, NOT_ALONE),
        ([(1, 0.5)], {1: 3}, NOT_ALONE),
        (
            [(1, 0.5)],
            {1: 0},
            "Without your rating of ⟨Aliens⟩ it would not be recommended.",
        ),
        (
            [(1, 0.5), (2, 0.2), (3, 0.1)],
            {1: 9, 2: 2, 3: 0},
            "Without your rating of ⟨Aliens⟩ it would be number 9 instead of 2, without ⟨M*A*S*H⟩ "
            "it would not be recommended.",
        ),
        ([(4, -0.1), (6, -0.05)], {}, "⟨Amélie⟩ speaks most against it."),
    ],
)
def test_places_of_what_is_ranked(pieces, without, expected):
    table = in_places([(7, 6, pieces)], {(7, 6): (2, without)})
    assert keys(table) == [(7, 6)]
    assert shown(table) == [with_stars(expected)]


@pytest.mark.parametrize("places", [{}, {(7, 6): (0, {1: 0, 2: 0})}])
def test_what_is_not_recommended_in_any_case_hangs_on_no_rating(places):
    """Nothing is known of its place, or it has none with all ratings either."""
    (one,) = shown(in_places([(7, 6, [(1, 0.5)])], places))
    assert one == with_stars("Your rating of ⟨Aliens⟩ speaks most for it.")
    (two,) = shown(in_places([(7, 6, [(1, 0.5), (2, 0.2)])], places))
    assert two == with_stars("Your ratings of ⟨Aliens⟩ and ⟨Alien⟩ speak most for it.")


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
        f"{ONE}; ⟨New⟩ lowers it most.".replace("Aliens", "Alien"),
        "⟨Amélie⟩ lowers your predicted rating most.",
    ]
    assert shown(table)[1:3] == [with_stars(text) for text in expected]


@pytest.mark.parametrize("sign", [1, -1])
def test_where_nothing_lowers_or_nothing_raises(sign):
    named = (1, 2) if sign > 0 else (4, 6)
    explained = [(user, 6, [(item, sign / item) for item in named]) for user in (3, 1, 2)]
    (text,) = set(shown(sentences(explained)))
    assert [title for title in TITLES.values() if f"⟨{title}⟩" in text] == (
        ["Aliens", "Alien"] if sign > 0 else ["Amélie"]
    )


def test_no_influence_no_sentences():
    assert shown(sentences([])) == []


def test_text_ids():
    titles = {"ä": "Är*ger", "x": "back\\slash"}
    pieces = [("zoë", "x", [("ä", 1.0)]), ("al", "ä", [("x", -2.0)])]
    table = sentences(pieces, titles, score=3.5)
    assert keys(table) == [("zoë", "x"), ("al", "ä")]
    assert shown(table) == [
        "Your rating of ⟨Är*ger⟩ ★4 raises your predicted rating from 3.20 to 3.50.",
        "⟨back\\slash⟩ ★1.5 lowers your predicted rating most.",
    ]
