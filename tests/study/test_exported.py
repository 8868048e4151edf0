"""Answers in long form: of an exported study, and anybody's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.exported import ABOUT, NEEDED, anybodys, long_form
from tests.study.exported import by_hand, plan


def test_answers_to_measures_become_numbers_with_what_they_are_about() -> None:
    tables = by_hand()
    table = long_form(plan(), tables["trials"], tables["answers"])
    assert list(table.columns) == [*NEEDED, *ABOUT, "set_aside"]
    of = table.set_index(["participant", "measure", "position"])
    assert len(of) == 9  # person 3 left one out
    assert of.loc[(1, "interest", 2), "value"] == 5
    assert of.loc[(1, "trust", 2), "value"] == 5  # distrusts it least
    assert of.loc[(2, "trust", 1), "value"] == 3
    first = of.loc[(2, "interest", 1)]
    assert (first["condition"], first["item_id"], first["popularity_rank"]) == ("none", 12, 15)
    assert first["known"] == 0.5  # the second of three options
    assert np.isnan(of.loc[(2, "interest", 2), "known"])
    assert of["set_aside"].tolist() == ["seen: yes" if at == (1, 2) else ""
                                        for at in zip(table["participant"], table["position"],
                                                      strict=True)]  # fmt: skip


def test_a_number_is_its_own_value_and_what_is_none_is_left_out() -> None:
    price = {"name": "price", "text": "How much?", "role": "measure", "answer": "number"}
    answers = pd.DataFrame(
        [(1, "price", "2.5", 1), (1, "price", "much", 2)],
        columns=["participant", "question", "value", "position"],
    )
    table = long_form(
        plan(questions=[price], checks=[], exclusions={}), by_hand()["trials"], answers
    )
    assert table["value"].tolist() == [2.5]
    assert table["known"].isna().all()


def test_anybodys_answers_keep_what_they_say_about_items() -> None:
    given = pd.DataFrame(
        {
            "participant": ["b", "a", "a", "b"],
            "condition": [1, 2, 1, 2],
            "measure": "trust",
            "value": ["4", "3", "2", "5.5"],
            "item_id": [7, 8, 7, 8],
            "mood": "good",
        }
    )
    table = anybodys(given)
    assert list(table.columns) == [*NEEDED, *ABOUT, "set_aside"]
    assert table["value"].tolist() == [3, 2, 4, 5.5]
    assert table["condition"].tolist() == ["2", "1", "1", "2"]
    assert table["item_id"].tolist() == [8, 7, 7, 8]
    assert table["rank"].isna().all()
    with pytest.raises(InputError, match="no column measure, value"):
        anybodys(given[["participant", "condition"]])
