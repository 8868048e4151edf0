"""A catalogue can grow by items that nobody rated."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError

RATINGS = pd.DataFrame(
    [(1, 20, 4.0), (1, 40, 0.0), (2, 20, 3.0)], columns=["user_id", "item_id", "rating"]
)
ITEMS = pd.DataFrame({"item_id": [40, 20], "title": ["Forty", "Twenty"], "genres": ["a", "b"]})
MORE = pd.DataFrame(
    {
        "item_id": [50, 20, 10, 30],
        "title": ["Fifty", "Another name", "Ten", "Thirty"],
        "year": [1950, 1920, 1910, None],
        "price": 3,
    }
)


def test_items_that_nobody_rated_get_empty_columns_in_order():
    data = Data.from_frames(RATINGS, ITEMS)
    more = data.with_items(MORE)
    assert more.interactions.item_ids.tolist() == [10, 20, 30, 40, 50]
    assert more.interactions.item_ids.dtype == data.interactions.item_ids.dtype
    ratings = more.interactions.ratings
    np.testing.assert_array_equal(ratings.toarray(), [[0, 4, 0, 0, 0], [0, 3, 0, 0, 0]])
    assert ratings.indices.tolist() == [1, 3, 1]  # the rating of 0 is still one
    assert ratings.has_canonical_format
    assert more.histories is more.interactions
    titles = ["Ten", "Twenty", "Thirty", "Forty", "Fifty"]
    assert list(more.titles(np.arange(5))) == titles
    assert more.items.columns.tolist() == data.items.columns.tolist()
    assert more.items.set_index("item_id")["year"].dropna().to_dict() == {50: 1950, 10: 1910}
    assert more.scale == data.scale


def test_held_out_histories_grow_too():
    data = Data.from_frames(RATINGS, ITEMS)
    others = data.interactions.histories(RATINGS.assign(user_id=9).iloc[:2])
    more = data.of(others).with_items(MORE)
    np.testing.assert_array_equal(more.histories.ratings.toarray(), [[0, 4, 0, 0, 0]])
    assert more.histories.user_ids.tolist() == [9]
    assert more.histories.item_ids.tolist() == more.interactions.item_ids.tolist()


def test_items_described_but_not_rated_are_described_once():
    data = Data.from_frames(RATINGS, pd.concat([ITEMS, MORE.iloc[:1]]))
    more = data.with_items(data.items)
    assert more.interactions.item_ids.tolist() == [20, 40, 50]
    assert more.items["item_id"].is_unique


def test_text_ids():
    data = Data.from_frames(RATINGS.assign(item_id=["b", "d", "b"]))
    new = pd.DataFrame({"item_id": ["a longer id", "c"], "title": ["A", "C"]})
    more = data.with_items(new)
    assert more.interactions.item_ids.tolist() == ["a longer id", "b", "c", "d"]
    assert list(more.titles(np.arange(4))) == ["A", "item b", "C", "item d"]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (MORE[["item_id"]], "no column title"),
        (pd.concat([MORE, MORE.iloc[[0]]]), "item 50 stands there twice"),
        (MORE.assign(item_id=["x", "y", "z", "w"]), "ids must be integers"),
        (MORE.assign(item_id=[1, 2, None, 3]), "item_id has empty values"),
    ],
)
def test_items_that_cannot_be_added(items, message):
    with pytest.raises(InputError, match=message):
        Data.from_frames(RATINGS, ITEMS).with_items(items)
