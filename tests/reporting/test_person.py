from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.reporting.person import EVIDENCE, Person, person, titled

ITEMS = pd.DataFrame(
    {
        "item_id": [10, 20, 30, 40],
        "title": pd.Series(["Ten", None, "Thirty", "Forty"], dtype="str"),
        "year": pd.array([1990, 1991, None, 2000], dtype="Int16"),
        "genres": "",
    }
)
HISTORIES = Interactions.from_frame(
    pd.DataFrame(
        {
            "user_id": [1, 1, 1, 2, 3, 3],
            "item_id": [10, 20, 40, 30, 10, 30],
            "rating": [3.0, 5.0, 5.0, 4.5, 0.0, 1.0],
        }
    )
)
LISTS = pd.DataFrame(
    {
        "user_id": [2, 2, 1, 2],
        "item_id": [20, 40, 30, 10],
        "rank": [3, 1, 1, 2],
        "score": [0.1, 0.9, 0.5, 0.2],
    }
)
REASONS = pd.DataFrame(
    {
        "user_id": [2, 2, 2, 1],
        "item_id": [40, 20, 40, 30],
        "position": [2, 1, 1, 1],
        "style": "item",
        "evidence_id": [30, 30, 30, 10],
        "evidence": ["b", "c", "a", "of another"],
        "weight": [0.1, 0.2, 0.3, 0.4],
        "group": 1,
    }
)
SENTENCES = pd.DataFrame(
    {"user_id": [2, 2, 1], "item_id": [20, 40, 30], "sentence": ["Low.", "High.", "Not mine."]}
)


def of(user: Any, **tables: Any) -> Person:
    given = {"histories": HISTORIES, "recommendations": LISTS, "explanations": REASONS}
    return person(user, **{**given, "sentences": SENTENCES, "items": ITEMS, **tables})


def test_a_list_in_its_order_with_titles_and_sentences() -> None:
    found = of(2).recommendations
    assert list(found.columns) == ["rank", "item_id", "title", "year", "score", "sentence"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["item_id"].tolist() == [40, 10, 20]
    assert found["title"].fillna("?").tolist() == ["Forty", "Ten", "?"]
    assert found["year"].tolist() == [2000, 1990, 1991]
    assert found["sentence"].fillna("?").tolist() == ["High.", "?", "Low."]


def test_a_history_best_first_and_then_in_the_order_of_the_catalogue() -> None:
    found = of(1).history
    assert list(found.columns) == ["item_id", "title", "year", "rating"]
    assert found["item_id"].tolist() == [20, 40, 10]
    assert found["rating"].tolist() == [5, 5, 3]
    assert found["title"].fillna("?").tolist() == ["?", "Forty", "Ten"]
    assert of(2).history["year"].isna().tolist() == [True]


def test_the_whole_history_is_shown_also_what_is_rated_zero() -> None:
    assert of(3).history["rating"].tolist() == [1, 0]


def test_evidence_in_the_order_of_its_positions() -> None:
    found = of(2)
    assert list(found.reasons.columns) == ["item_id", *EVIDENCE]
    assert found.reasons_for(40)["evidence"].tolist() == ["a", "b"]
    assert found.reasons_for(20)["evidence"].tolist() == ["c"]
    assert found.reasons_for(10).empty


def test_somebody_who_is_recommended_nothing() -> None:
    found = of(3)
    assert found.user_id == 3
    assert len(found.history) == 2
    assert found.recommendations.empty
    assert found.reasons.empty


@pytest.mark.parametrize("columns", [["user_id", "item_id"], None])
def test_an_approach_that_explains_nothing(columns: list[str] | None) -> None:
    def nothing(table: pd.DataFrame) -> pd.DataFrame:
        return table.head(0) if columns is None else pd.DataFrame(columns=columns)

    found = of(2, explanations=nothing(REASONS), sentences=nothing(SENTENCES))
    assert found.recommendations["item_id"].tolist() == [40, 10, 20]
    assert found.recommendations["sentence"].isna().all()
    assert list(found.reasons.columns) == ["item_id", *EVIDENCE]
    assert found.reasons_for(40).empty


def test_items_that_the_catalogue_does_not_describe() -> None:
    found = of(2, items=ITEMS[ITEMS["item_id"] != 40])
    assert found.recommendations["item_id"].tolist() == [40, 10, 20]
    assert found.recommendations["title"].isna().tolist() == [True, False, True]


def test_somebody_without_a_history_here() -> None:
    with pytest.raises(InputError, match="user_id 9"):
        of(9)


def test_nothing_that_is_given_is_changed() -> None:
    copies = [table.copy() for table in (LISTS, REASONS, SENTENCES, ITEMS)]
    of(2)
    for table, copy in zip((LISTS, REASONS, SENTENCES, ITEMS), copies, strict=True):
        pd.testing.assert_frame_equal(table, copy)


@pytest.mark.parametrize(
    ("title", "year", "expected"),
    [
        ("Alien", 1979, "Alien (1979)"),
        ("Alien", np.float64(1979), "Alien (1979)"),
        ("Alien", pd.NA, "Alien"),
        ("Alien", np.nan, "Alien"),
        (np.nan, 1979, "item 7 (1979)"),
        (None, None, "item 7"),
    ],
)
def test_titles_as_far_as_they_are_known(title: Any, year: Any, expected: str) -> None:
    assert titled(title, year, 7) == expected
