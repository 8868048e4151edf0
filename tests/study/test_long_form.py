"""What tables of answers are taken, and what is said of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.long_form import check_answers, measures


def answers(people: int = 4, **changed: Any) -> pd.DataFrame:
    """Everybody answers one question about two items of each kind."""
    rows = [
        (f"p{who}", kind, "trust", 1 + (who * place + place) % 5, f"film {place}")
        for who in range(people)
        for place, kind in enumerate(["rules", "fixed", "rules", "fixed"])
    ]
    columns = ["participant", "condition", "measure", "value", "item_id"]
    return pd.DataFrame(rows, columns=columns).assign(**changed)


def test_answers_are_brought_into_one_form() -> None:
    table = answers(value=["1", 2, None, 4.0] * 4, free_text="x", known=True)
    found = check_answers(table)
    assert found.columns.tolist() == [
        "participant", "condition", "measure", "value", "item_id", "known",
    ]  # fmt: skip
    assert found["value"].tolist() == [1, 2, 4] * 4
    assert found["condition"].cat.categories.tolist() == ["fixed", "rules"]
    assert found["known"].dtype == "float64"
    pd.testing.assert_frame_equal(check_answers(found), found)
    assert table["value"].isna().any(), "the table itself stays as it was"


def test_conditions_have_an_order() -> None:
    asked = check_answers(answers(), ["rules", "none", "fixed"])
    assert asked["condition"].cat.categories.tolist() == ["rules", "none", "fixed"]
    assert check_answers(asked)["condition"].cat.categories.tolist() == ["rules", "none", "fixed"]
    [measure] = measures(asked)
    assert measure.conditions == ["rules", "fixed"]  # those in which it was asked


def test_people_without_all_conditions_are_left_out_and_counted() -> None:
    table = answers(people=5)
    of = {name: table["participant"] == name for name in ("p1", "p2")}
    table.loc[of["p1"] & table["condition"].eq("fixed"), "value"] = None
    table.loc[of["p2"].idxmax(), "value"] = None  # has answered about another item of the kind
    [measure] = measures(table)
    assert measure.means.tolist() == [[3, 2], [4.5, 2], [4, 2.5], [1, 1]]
    assert measure.n_left_out == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"value": [1, 2, "many", 4] * 4}, "row 3: value is 'many'; accepted: a number"),
        ({"value": [1, 2, 3, np.inf] * 4}, "row 4: value is 'inf'"),
        ({"participant": [None, *"bcd"] * 4}, "row 1: no participant"),
        ({"condition": ["a", "b", None, "a"] * 4}, "row 3: no condition"),
        ({"measure": [None] * 16}, "row 1: no measure"),
        ({"popularity_rank": 0}, "row 1: popularity_rank is below 1"),
        ({"known": ["yes", "no"] * 8}, "row 1: known is 'yes'"),
        ({"condition": ["fixed", "rank"] * 8}, "condition 'rank'; accepted: a name"),
        ({"item_id": "the same"}, "row 3: an answer of the same participant"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_wrong_is_said(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_answers(answers(**changed))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (answers().drop(columns="condition"), "no column condition"),
        (answers().head(0), "no answers"),
        (answers(value=None), "no answers"),
        (answers(condition="fixed", item_id=None), "measure trust: one condition, fixed"),
        (answers(people=2), "measure trust: 2 people with answers in all of fixed, rules, 0"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_too_little_is_said(table: pd.DataFrame, says: str) -> None:
    with pytest.raises(InputError, match=says):
        list(measures(table))


def test_a_condition_that_was_not_planned_is_named() -> None:
    with pytest.raises(InputError, match="condition 'rules'; accepted: fixed, none"):
        check_answers(answers(), ["fixed", "none"])
