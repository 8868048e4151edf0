"""The evidence table, assembled by hand."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.styles import MIXED, STYLES, style_of
from explainable_recsys.explainers.tables import evidence_table
from explainable_recsys.interactions import Interactions
from tests.lists_of import assert_is_evidence, lists_of


def lists(text=False):
    """Users 1 and 2 rated 10, 20 and 30; 30 is recommended to user 1, 20 and 10 to user 2."""
    item_ids = np.array(["a", "b", "c"] if text else [10, 20, 30])
    table = pd.DataFrame([(u, i, 3.0) for u in (1, 2) for i in item_ids])
    histories = Interactions.from_frame(table.set_axis(["user_id", "item_id", "rating"], axis=1))
    return lists_of(histories, [(u, item_ids[i]) for u, i in ((1, 2), (2, 1), (2, 0))])


def table(text=False, **changes):
    arguments = {
        "rows": np.array([0, 0, 2]),
        "style": "rule",
        "evidence": pd.Categorical(["A", "C", "A"]),
        "weights": np.array([0.5, 0.25, 1]),
        "rated": np.array([0, 2, 1]),
    }
    return evidence_table(lists(text), **(arguments | changes))


def test_by_hand():
    assert list(table().itertuples(index=False, name=None)) == [
        (1, 30, 1, "rule", "10", "A", 0.5, 1, 10),
        (1, 30, 2, "rule", "30", "C", 0.25, 1, 30),
        (2, 10, 1, "rule", "20", "A", 1, 1, 20),
    ]


def test_columns_and_types():
    assert_is_evidence(table())
    assert_is_evidence(table().iloc[:0].reset_index(drop=True))


def test_evidence_that_is_no_rated_item():
    found = table(rated=None, evidence_ids=pd.Categorical(["x", "y", "x"]))
    assert_is_evidence(found)
    assert found["evidence_id"].tolist() == ["x", "y", "x"]
    assert found["rated_item_id"].isna().all()


def test_rated_items_whose_ids_are_text():
    found = table(text=True)
    assert found["rated_item_id"].tolist() == ["a", "c", "b"]
    assert found["evidence_id"].tolist() == ["a", "c", "b"]
    nothing = table(text=True, rated=None, evidence_ids=pd.Categorical(["x", "y", "x"]))
    assert nothing["rated_item_id"].isna().all()
    assert nothing["rated_item_id"].dtype == found["rated_item_id"].dtype == "str"


@pytest.mark.parametrize("text", [False, True])
def test_a_stored_table_is_the_same(tmp_path, text):
    found = table(text=text)
    found.to_parquet(tmp_path / "evidence.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "evidence.parquet"), found)


def test_group_of_each_piece():
    assert table(group=np.array([1, 2, 1]))["group"].tolist() == [1, 2, 1]
    assert table(group=np.array([1, 2, 1]))["group"].dtype == np.int32


@pytest.mark.parametrize("style", STYLES)
def test_styles(style):
    found = table(style=style)
    assert found["style"].tolist() == [style] * 3
    assert style_of(found["style"]) is STYLES[style]
    assert STYLES[style].name == style


def test_several_styles():
    assert style_of(["item", "rule", "item"]) is MIXED
    assert style_of([]) is MIXED


def test_a_style_that_there_is_not():
    with pytest.raises(InputError, match="no style 'movie'; accepted: item, rule"):
        table(style="movie")
    with pytest.raises(InputError, match=r"no style 'rules'; did you mean 'rule'\? accepted: item"):
        table(style=np.array(["item", "rules", "set"]))
