"""What an item has in common with what was liked, in words."""

import pandas as pd
import pytest

from explainable_recsys.wording.features import feature_sentences
from tests.wording.tables import cited, data_of, explained_by, keys, lists_of, shown

TITLES = {1: "Aliens", 2: "Alien", 3: "Heat"}
RATINGS = [(1, 1, 5.0), (1, 3, 4.5), (2, 1, 3.0), (2, 2, 4.0)]


def sentences(explained, n_cited=3):
    """Of [(user, item, [(feature, part of the score, rated item or None), …]), …]."""
    rows = [
        (user, item, place, *piece)
        for user, item, pieces in explained
        for place, piece in enumerate(pieces, 1)
    ]
    names = ["user_id", "item_id", "position", "evidence", "weight", "rated_item_id"]
    table = pd.DataFrame(rows, columns=names).astype({"rated_item_id": "Int64"})
    data = data_of(TITLES, RATINGS)
    lists = lists_of(data, {(user, item): 1.0 for user, item, _ in explained})
    explained = explained_by(table.assign(evidence=pd.Categorical(table["evidence"])))
    return feature_sentences(explained, data, lists, cited(n_cited))


def test_a_rated_item_is_named_with_the_first_feature_that_rests_on_it():
    pieces = [("Sci-Fi", 3.1, 1), ("from the 1970s", 1.2, 1), ("Crime", 0.7, 3)]
    table = sentences([(1, 2, pieces)])
    assert keys(table) == [(1, 2)]
    assert shown(table) == [
        "⟨Alien⟩ shares with what you rated: Sci-Fi (62 %, as in ⟨Aliens⟩ ★5), from the "
        "1970s (24 %), Crime (14 %, as in ⟨Heat⟩ ★4.5)."
    ]


@pytest.mark.parametrize(("n_cited", "named"), [(1, ["a"]), (2, ["a", "b"]), (9, ["a", "b"])])
def test_n_cited_features_of_those_that_support(n_cited, named):
    pieces = [("a", 3.0, 1), ("b", 2.0, 1), ("c", -1.0, 1), ("popular", 0.0, None)]
    (text,) = shown(sentences([(1, 2, pieces)], n_cited))
    shares = {"a": "a (75 %, as in ⟨Aliens⟩ ★5)", "b": "b (50 %)"}
    assert text == (
        f"⟨Alien⟩ shares with what you rated: {', '.join(shares[name] for name in named)}."
    )


def test_many_at_once_equal_one_at_a_time_and_none_are_none():
    explained = [
        (1, 2, [("a", 0.3, 1), ("b", 0.2, 1)]),
        (2, 3, [("a", 0.5, 1), ("b", 0.2, 2), ("c", -0.2, 2)]),
        (2, 1, [("a", -0.5, 1)]),
        (1, 1, [("a", 0.5, 3)]),
    ]
    table = sentences(explained)
    assert keys(table) == [(1, 2), (2, 3), (1, 1)]
    alone = pd.concat([sentences([one]) for one in explained], ignore_index=True)
    pd.testing.assert_frame_equal(table, alone)
    assert shown(sentences([])) == []
