"""The explanations table, assembled by hand."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.tables import STYLES, explanation_table, item_titles

ITEMS = pd.DataFrame({"item_id": [30, 10, 20], "title": ["C", "A", "A"]})


def table(**changes):
    arguments = {
        "place": np.array([1, 2, 1]),
        "evidence_ids": np.array([10, 30, 20]),
        "weights": np.array([0.5, 0.25, 1]),
        "style": "rule",
        "items": ITEMS,
    }
    recommendations = pd.DataFrame(
        {"user_id": [1, 1, 2], "item_id": [7, 7, 8], "score": 0.1}, index=[5, 5, 0]
    )
    return explanation_table(recommendations, **(arguments | changes))


def test_by_hand():
    assert list(table().itertuples(index=False, name=None)) == [
        (1, 7, 1, "rule", 10, "A", 0.5, 1),
        (1, 7, 2, "rule", 30, "C", 0.25, 1),
        (2, 8, 1, "rule", 20, "A", 1, 1),
    ]


def test_columns_and_types():
    assert table().dtypes.astype(str).to_dict() == {
        "user_id": "int64",
        "item_id": "int64",
        "position": "int32",
        "style": "category",
        "evidence_id": "int64",
        "evidence": "category",
        "weight": "float32",
        "group": "int32",
    }
    assert table().index.tolist() == [0, 1, 2]


def test_group_of_each_piece():
    assert table(group=np.array([1, 2, 1]))["group"].tolist() == [1, 2, 1]
    assert table(group=np.array([1, 2, 1]))["group"].dtype == np.int32


@pytest.mark.parametrize("style", STYLES)
def test_styles(style):
    assert table(style=style)["style"].tolist() == [style] * 3
    assert table(style=style)["style"].cat.categories.tolist() == list(STYLES)


def test_item_titles():
    titles = item_titles(ITEMS, np.array([20, 30, 10, 20]))
    assert titles.tolist() == ["A", "C", "A", "A"]
    assert item_titles(ITEMS, np.array([], dtype=np.int64)).tolist() == []


def test_item_titles_of_text_ids():
    items = pd.DataFrame({"item_id": ["b", "é"], "title": ["B", "É"]})
    assert item_titles(items, np.array(["é", "b"])).tolist() == ["É", "B"]


def test_item_without_title():
    with pytest.raises(InputError, match="items table: no item 11"):
        item_titles(ITEMS, np.array([10, 11]))
