"""What a score is made of, in words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.wording.contributions import contribution_sentences
from tests.recommenders.small_graph import features_of
from tests.wording.tables import (
    TITLES,
    cited,
    data_of,
    evidence_of,
    explained_by,
    keys,
    lists_of,
    totals_of,
)
from tests.wording.tables import shown as texts_of

RATINGS = [(1, 1, 5.0), (1, 2, 4.0), (1, 3, 4.5), (1, 4, 0.5), (2, 5, 0.0), (2, 6, 1.0), (2, 1, 3)]


def sentences(
    evidence,
    totals=1.0,
    n_cited=3,
    ratings=RATINGS,
    titles=TITLES,
    liked="all",
    lower=0.0,
    groups=None,
    features=None,
    n_liked=0,
):
    """Sentences of [(user, item, [(evidence item, weight), …]), …].

    `totals` is what supports each recommendation in all, or for everyone the same.
    """
    data = data_of(titles, ratings, liked)
    table = evidence_of(evidence, "item", titles)
    explained = explained_by(table, totals=totals_of(table, totals, lower, groups, n_liked))
    lists = lists_of(data, {(user, item): 1.0 for user, item, _ in evidence})
    return contribution_sentences(explained, data, lists, cited(n_cited), item_features=features)


def test_a_sentence_names_items_ratings_and_percentages():
    table = sentences([(1, 6, [(1, 0.42), (2, 0.31)])])
    assert keys(table) == [(1, 6)]
    assert texts_of(table) == [
        "Recommended because you rated ⟨Aliens⟩ ★5 (42 %), ⟨Alien⟩ ★4 (31 %)."
    ]


def test_half_stars_zero_stars_asterisks_and_other_scripts():
    table = sentences(
        [(1, 6, [(3, 1.0), (4, 0.5)]), (2, 2, [(5, 1.5)])], {(1, 6): 2.0, (2, 2): 1.5}
    )
    assert texts_of(table) == [
        "Recommended because you rated ⟨M*A*S*H⟩ ★4.5 (50 %), ⟨Amélie⟩ ★0.5 (25 %).",
        "Recommended because you rated ⟨千と千尋の神隠し⟩ ★0 (100 %).",
    ]


@pytest.mark.parametrize(
    ("n_cited", "named"),
    [
        (1, "⟨Aliens⟩ ★5 (55 %)"),
        (2, "⟨Aliens⟩ ★5 (55 %), ⟨Alien⟩ ★4 (45 %)"),
        (9, "⟨Aliens⟩ ★5 (55 %), ⟨Alien⟩ ★4 (45 %)"),
    ],
)
def test_n_cited_and_opposing_evidence(n_cited, named):
    """The strongest that opposes has a clause of its own, without a percentage."""
    evidence = [(1, 6, [(1, 0.6), (2, 0.5), (5, -0.09), (4, -0.01)])]
    (text,) = texts_of(sentences(evidence, 1.1, n_cited, ratings=LIKED, liked=4.0))
    assert text == (
        f"Recommended because you liked {named}; ⟨千と千尋の神隠し⟩ ★2 speaks against it."
    )


def test_what_is_liked_is_never_named_as_opposing():
    """⟨M*A*S*H⟩ opposes most and is liked; where everything counts as liked nothing is named."""
    evidence = [(1, 6, [(1, 0.6), (3, -0.3), (4, -0.1)])]
    (text,) = texts_of(sentences(evidence, ratings=LIKED, liked=4.0))
    assert "⟨M*A*S*H⟩" not in text
    assert text.endswith("; ⟨Amélie⟩ ★0.5 speaks against it.")
    (text,) = texts_of(sentences(evidence, ratings=LIKED))
    assert "against" not in text


def test_what_only_opposes_has_no_percentage():
    evidence = [(1, 5, [(4, -0.5)]), (1, 6, [(2, 0.5)]), (2, 3, [(5, -1.0), (6, -0.5)])]
    table = sentences(evidence, liked=4.0)
    assert keys(table) == [(1, 5), (1, 6), (2, 3)]
    texts = texts_of(table)
    assert texts[0] == "⟨Amélie⟩ ★0.5 speaks against it."
    assert "⟨Alien⟩ ★4 (50 %)" in texts[1]
    assert texts[2].startswith("⟨千と千尋の神隠し⟩ ★0 ")
    assert texts_of(sentences([])) == []


LIKED = [(1, 1, 5.0), (1, 2, 4.0), (1, 3, 4.5), (1, 4, 0.5), (1, 5, 2.0), (1, 6, 1.0)]


def test_liked_is_said_of_what_is_liked_alone():
    (text,) = texts_of(sentences([(1, 6, [(1, 0.42), (2, 0.31)])], ratings=LIKED, liked=4.0))
    assert text == "Recommended because you liked ⟨Aliens⟩ ★5 (42 %), ⟨Alien⟩ ★4 (31 %)."


def test_what_is_rated_lower_is_summed_up_and_never_named_as_support():
    """Item 4 is among the first three pieces, and was rated 0.5."""
    evidence = [(1, 6, [(2, 0.5), (4, 0.7), (5, 0.1), (6, -0.2)])]
    (text,) = texts_of(sentences(evidence, 2.0, ratings=LIKED, liked=4.0, lower=0.9))
    assert "you liked ⟨Alien⟩ ★4 (25 %); " in text
    assert "45 % rests on what you rated below ★4" in text
    assert "⟨New⟩ ★1 speaks against it" in text
    assert "⟨Amélie⟩" not in text
    assert "⟨千と千尋の神隠し⟩" not in text


@pytest.mark.parametrize(("lower", "said"), [(0.0, False), (0.19, False), (0.2, True)])
def test_little_that_is_rated_lower_is_not_said(lower, said):
    """From 5 % of what supports on."""
    evidence = [(1, 6, [(2, 0.5)])]
    (text,) = texts_of(sentences(evidence, 4.0, ratings=LIKED, liked=4.0, lower=lower))
    assert ("rests on what you rated below" in text) == said


GROUPS = features_of({("genres", "Horror"): {0, 1}, ("decade", "1980"): {0, 2}}, len(TITLES))
FEATURES = replace(GROUPS, labels=("Horror", "from the 1980s"))


@pytest.mark.parametrize(
    ("shared", "named"), [("genres=Horror", "in Horror"), ("decade=1980", "from the 1980s")]
)
def test_a_group_is_told_with_its_part_and_examples(shared, named):
    """Single ratings of a group have no percentage: each is below 5 %."""
    evidence = [(1, 6, [(1, 0.04), (2, 0.03), (3, 0.02), (4, -0.01)])]
    given = {"ratings": LIKED, "liked": 4.0, "features": FEATURES}
    groups = {(1, 6): (shared, 45, 0.62)}
    (text,) = texts_of(sentences(evidence, n_cited=2, groups=groups, **given))
    assert f"the 45 you liked {named} (62 %)" in text
    assert "⟨Aliens⟩ ★5, ⟨Alien⟩ ★4;" in text
    assert "⟨M*A*S*H⟩" not in text
    assert "⟨Amélie⟩ ★0.5 speaks against it" in text
    assert text.count("%") == 1


@pytest.mark.parametrize(
    ("weight", "n_liked", "liked", "said"),
    [
        (0.04, 63, 4.0, "because of all 63 you liked (71 %), above all ⟨Aliens⟩ ★5, ⟨Alien⟩ ★4"),
        (0.04, 63, "all", "because of all 63 you rated (71 %), above all ⟨Aliens⟩ ★5, ⟨Alien⟩ ★4"),
        (0.05, 63, 4.0, "because you liked ⟨Aliens⟩ ★5 (5 %), ⟨Alien⟩ ★4 (3 %)"),
        (0.04, 3, 4.0, "because of all 3 you liked (71 %), above all"),
        (0.04, 2, 4.0, "because you liked ⟨Aliens⟩ ★5 (4 %), ⟨Alien⟩ ★4 (3 %)"),
    ],
)
def test_where_nothing_stands_out_all_that_is_liked_is_told(weight, n_liked, liked, said):
    """Where the largest part is below 5 %, and there is more than the two that are named."""
    evidence = [(1, 6, [(1, weight), (2, 0.03), (3, 0.02)])]
    given = {"ratings": LIKED, "liked": liked, "lower": 0.29}
    (text,) = texts_of(sentences(evidence, n_cited=2, n_liked=n_liked, **given))
    assert said in text
    assert "29 % rests on what you rated below" in text


def test_where_everything_is_liked_a_group_was_rated():
    groups = {(1, 6): ("genres=Horror", 1234, 0.5)}
    (text,) = texts_of(sentences([(1, 6, [(1, 0.04)])], groups=groups, features=FEATURES))
    assert "the 1,234 you rated in Horror (50 %)" in text
    assert "liked" not in text


def test_recommendations_with_and_without_groups_side_by_side():
    evidence = [(1, 6, [(1, 0.5)]), (1, 5, [(1, 0.04), (2, 0.03)]), (1, 4, [(2, 0.2), (3, -0.1)])]
    given = {"ratings": LIKED, "liked": 4.0, "features": FEATURES}
    groups = {(1, 5): ("genres=Horror", 30, 0.4)}
    together = sentences(evidence, groups=groups, **given)
    alone = [sentences([one], groups=groups, **given) for one in evidence]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
    assert ["Horror" in text for text in texts_of(together)] == [False, True, False]


def test_percentages_are_of_all_that_supports_each_recommendation():
    evidence = [(2, 2, [(6, 1.0)]), (1, 6, [(2, 1.0)]), (1, 5, [(2, 1.0)])]
    table = sentences(evidence, {(1, 5): 4.0, (1, 6): 2.0, (2, 2): 8.0})
    assert keys(table) == [(2, 2), (1, 6), (1, 5)]
    assert table["sentence"].str.extract(r"\((.*) %\)")[0].tolist() == ["12", "50", "25"]


def test_text_ids():
    table = sentences(
        [("zoë", "x", [("ä", 1.0)])],
        {("zoë", "x"): 2.0},
        ratings=[("zoë", "ä", 3.5), ("al", "x", 1.0)],
        titles={"ä": "Ärger", "x": "X"},
    )
    assert keys(table) == [("zoë", "x")]
    assert texts_of(table) == ["Recommended because you rated ⟨Ärger⟩ ★3.5 (50 %)."]


def test_integer_ids_that_could_be_missing():
    """As explainers write them: of a type that knows missing values."""
    data = data_of(ratings=RATINGS)
    table = evidence_of([(1, 6, [(2, 1.0)])], "item").astype({"rated_item_id": "Int64"})
    lists = lists_of(data, {(1, 6): 2.0})
    explained = explained_by(table, totals=totals_of(table, 2.0))
    (text,) = texts_of(contribution_sentences(explained, data, lists, cited()))
    assert text == "Recommended because you rated ⟨Alien⟩ ★4 (50 %)."


def test_many_sentences_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(0)
    ratings = [
        (user, item, 1 + (user + item) % 9 / 2) for user in range(20) for item in range(1, 7)
    ]
    evidence, totals = [], {}
    for user in range(20):
        for item in (5, 6):
            weights = -np.sort(-rng.random(rng.integers(1, 5)))
            evidence.append((user, item, list(enumerate(weights, 1))))
            totals[user, item] = weights.sum() * rng.integers(1, 4)
    together = sentences(evidence, totals, ratings=ratings)
    alone = [sentences([one], totals, ratings=ratings) for one in evidence]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
