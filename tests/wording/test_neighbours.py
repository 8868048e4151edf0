"""People of similar taste, and similar items, in words."""

import pandas as pd
import pytest

from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.wording.neighbours import neighbour_sentences, similar_item_sentences
from tests.wording.tables import cited, data_of, evidence_of, explained_by, keys, lists_of, shown

RATINGS = [(user, item, rating) for user in (1, 2) for item, rating in ((1, 4.0), (2, 5.0))]


def of_people(rows, k, liked):
    """Sentences of [(user, position, rating, how many gave it, below 0 if not liked), …]."""
    table = pd.DataFrame(rows, columns=["user_id", "position", "evidence_id", "weight"])
    explained = explained_by(
        table.assign(
            item_id=9,
            style="neighbour",
            evidence="",
            rated_item_id=None,
            evidence_id=pd.Categorical(table["evidence_id"]),
        )
    )
    data, neighbourhood = data_of(ratings=RATINGS, liked=liked), NeighbourhoodParameters(k=k)
    lists = lists_of(data, {})
    return neighbour_sentences(explained, data, lists, cited(), neighbourhood=neighbourhood)


ROWS = [(1, 1, "5", 3), (1, 2, "4", 4), (1, 3, "2.5", -2), (1, 4, "1", -1), (2, 1, "4", 1)]


def test_neighbours_who_liked_it_are_counted_and_those_who_did_not_are_named():
    table = of_people(ROWS, 10, 4.0)
    assert keys(table) == [(1, 9), (2, 9)]
    assert shown(table) == [
        "7 of the 10 people whose taste is nearest to yours liked it (★5 × 3, ★4 × 4); "
        "3 rated it lower (★2.5 × 2, ★1 × 1).",
        "1 of the 10 people whose taste is nearest to yours liked it (★4 × 1).",
    ]


def test_where_everything_is_liked_neighbours_rated_it():
    rows = [(user, place, rating, abs(n)) for user, place, rating, n in ROWS]
    assert shown(of_people(rows[:3], 10, "all")) == [
        "9 of the 10 people whose taste is nearest to yours rated it (★5 × 3, ★4 × 4, ★2.5 × 2)."
    ]


@pytest.mark.parametrize(("liked", "verb"), [(4.0, "liked"), ("all", "know")])
def test_similar_items_are_named(liked, verb):
    explained = explained_by(evidence_of([(1, 6, [(2, 0.9), (1, 0.8), (3, 0.7)])], "item"))
    data = data_of(ratings=RATINGS, liked=liked)
    lists = lists_of(data, {(1, 6): 1.0})
    table = similar_item_sentences(explained, data, lists, cited(2))
    assert keys(table) == [(1, 6)]
    (text,) = shown(table)
    assert "⟨Alien⟩ ★5 and ⟨Aliens⟩ ★4" in text
    assert text.endswith(f"you {verb}.")
    assert "⟨M*A*S*H⟩" not in text
    neighbourhood = NeighbourhoodParameters(form="items")
    same = neighbour_sentences(explained, data, lists, cited(2), neighbourhood=neighbourhood)
    pd.testing.assert_frame_equal(same, table)


def test_no_neighbours_no_sentences():
    assert shown(of_people([], 10, 4.0)) == []
    nothing, data = explained_by(evidence_of([], "item")), data_of(ratings=RATINGS)
    assert shown(similar_item_sentences(nothing, data, lists_of(data, {}), cited())) == []
