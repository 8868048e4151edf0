"""People of similar taste, and similar items, in words."""

import pandas as pd
import pytest

from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.wording.neighbours import neighbour_sentences, similar_item_sentences
from tests.wording.tables import cited, evidence_of, explained_by, keys, shown


def of_people(rows, k, threshold):
    """Sentences of [(user, position, rating, how many gave it), …]."""
    table = pd.DataFrame(rows, columns=["user_id", "position", "evidence_id", "weight"])
    explained = explained_by(
        table.assign(
            item_id=9,
            style="neighbour",
            evidence="",
            evidence_id=pd.Categorical(table["evidence_id"]),
        )
    )
    neighbourhood = NeighbourhoodParameters(k=k, relevance_threshold=threshold)
    return neighbour_sentences(explained, None, None, cited(), neighbourhood=neighbourhood)


def test_neighbours_are_counted_from_the_threshold_on():
    rows = [(1, 1, "5", 3.0), (1, 2, "4", 4.0), (1, 3, "2.5", 1.0), (2, 1, "4", 1.0)]
    table = of_people(rows, 10, 4.0)
    assert keys(table) == [(1, 9), (2, 9)]
    assert shown(table) == [
        "7 of the 10 people whose taste is nearest to yours rated it 4 or more "
        "(★5 × 3, ★4 × 4, ★2.5 × 1).",
        "1 of the 10 people whose taste is nearest to yours rated it 4 or more (★4 × 1).",
    ]
    assert shown(of_people(rows[:3], 10, None)) == [
        "8 of the 10 people whose taste is nearest to yours rated it (★5 × 3, ★4 × 4, ★2.5 × 1)."
    ]


@pytest.mark.parametrize(
    ("threshold", "beginning"),
    [(4.0, "You rated similar items highly:"), (None, "You rated similar items:")],
)
def test_similar_items_are_named(threshold, beginning):
    explained = explained_by(evidence_of([(1, 9, [(2, 0.9), (1, 0.8), (3, 0.7)])], "item"))
    table = similar_item_sentences(explained, None, None, cited(2, relevance_threshold=threshold))
    assert keys(table) == [(1, 9)]
    assert shown(table) == [f"{beginning} ⟨Alien⟩, ⟨Aliens⟩."]
    neighbourhood = NeighbourhoodParameters(form="items", relevance_threshold=threshold)
    same = neighbour_sentences(explained, None, None, cited(2), neighbourhood=neighbourhood)
    pd.testing.assert_frame_equal(same, table)


def test_no_neighbours_no_sentences():
    assert shown(of_people([], 10, 4.0)) == []
    nothing = explained_by(evidence_of([], "item"))
    assert shown(similar_item_sentences(nothing, None, None, cited(relevance_threshold=4.0))) == []
