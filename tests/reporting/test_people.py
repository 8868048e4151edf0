"""People and items are found by what is typed; lists and histories are whole and in order."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.reporting.people import (
    EVIDENCE,
    Person,
    choose_users,
    example_user,
    find_item,
    find_user,
    near_ids,
    person,
    titled,
    users_histories,
    users_lists,
)

NUMBERS = np.array([1, 2, 5, 10, 300, 301], np.int32)
TEXTS = np.array(["1", "anna", "bob", "c 3", "Ünal"])


def catalogue(
    rows: list[tuple[Any, str | None, int | None]], item_type: str = "int32"
) -> pd.DataFrame:
    ids, titles, years = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "item_id": pd.Series(ids, dtype=item_type),
            "title": pd.Series(titles, dtype="str"),
            "year": pd.array(years, dtype="Int16"),
        }
    )


FILMS = catalogue(
    [
        (1, "Alien", 1979),
        (2, "Aliens", 1986),
        (3, "Café Lumière", 2003),
        (4, "Hamlet", 1996),
        (5, "Hamlet", 2000),
        (6, None, None),
        (7, "Solaris", None),
        (300, "1984", 1984),
        (1984, "300", 2006),
        (2001, "A Space Odyssey (Part *)", 1968),
    ]
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("5", 5),
        (" 5 ", 5),
        ("5\n", 5),
        ("005", 5),
        ("+5", 5),
        (5, 5),
        (np.int64(5), 5),
        ("\u0665", 5),
    ],
)
def test_users_with_integer_ids(typed: Any, expected: int) -> None:
    assert find_user(typed, NUMBERS) == expected


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("299", "2, 5, 10, 300, 301"),
        ("-4", "1, 2, 5, 10, 300"),
        ("3.0", "1, 2, 5, 10, 300"),
        ("1.0", "1, 2, 5, 10, 300"),
        ("1_0", "1, 2, 5, 10, 300"),
        ("9" * 30, "2, 5, 10, 300, 301"),
        ("9" * 5000, "2, 5, 10, 300, 301"),
        ("-" + "9" * 400, "1, 2, 5, 10, 300"),
        ("inf", "2, 5, 10, 300, 301"),
        ("nan", "1, 2, 5, 10, 300"),
        ("", "1, 2, 5, 10, 300"),
        ("anna", "1, 2, 5, 10, 300"),
    ],
)
def test_unknown_integer_ids_get_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(InputError) as error:
        find_user(typed, NUMBERS)
    assert str(error.value) == f"unknown user '{typed}'; near: {near}"


@pytest.mark.parametrize("typed", ["anna", " anna", "anna\t", "c 3", " c 3 ", "Ünal", "1", 1])
def test_users_with_text_ids(typed: Any) -> None:
    assert find_user(typed, TEXTS) == str(typed).strip()


def test_blanks_that_belong_to_an_id_stay() -> None:
    ids = np.array([" a", "a"])
    assert find_user(" a", ids) == " a"
    assert find_user("a", ids) == "a"
    assert find_user("a ", ids) == "a"


@pytest.mark.parametrize("typed", ["Anna", "01", "1.0", "ann", ""])
def test_unknown_text_ids_get_similar_ones(typed: str) -> None:
    with pytest.raises(InputError, match=f"unknown user '{typed}'; near: .*anna"):
        find_user(typed, TEXTS)


def test_near_ids_are_at_most_five_and_those_that_look_alike() -> None:
    assert near_ids("250", np.arange(0, 1000, 10)) == [230, 240, 250, 260, 270]
    assert near_ids("x", np.array([4, 5])) == [4, 5]
    texts = np.array([f"user {number}" for number in range(200)])
    near = near_ids("user 1234", texts)
    assert "user 123" in near
    assert len(near) == 5
    assert near == sorted(near)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1", 1),
        (" 1 ", 1),
        (1, 1),
        ("Alien", 1),
        ("ALIEN", 1),
        (" alien ", 1),
        ("alien (1979)", 1),
        ("Aliens", 2),
        ("CAFÉ LUMIÈRE", 3),
        ("Hamlet (1996)", 4),
        ("hamlet (2000)", 5),
        ("6", 6),
        ("Solaris", 7),
        ("a space odyssey (part *)", 2001),
    ],
)
def test_items_by_id_or_title(typed: Any, expected: int) -> None:
    assert find_item(typed, FILMS) == expected


def test_an_id_comes_before_a_title_that_is_a_number() -> None:
    assert find_item("300", FILMS) == 300
    assert find_item("1984", FILMS) == 1984
    assert find_item("1984 (1984)", FILMS) == 300
    assert find_item("300 (2006)", FILMS) == 1984
    assert find_item("300", FILMS[FILMS["item_id"] != 300]) == 1984


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_letters_with_accents_however_the_keyboard_writes_them(form: Any) -> None:
    assert find_item(unicodedata.normalize(form, "café lumière (2003)"), FILMS) == 3
    stored = FILMS.assign(title=FILMS["title"].map(lambda t: unicodedata.normalize(form, str(t))))
    assert find_item("Café Lumière", stored) == 3


def test_a_title_that_several_items_have() -> None:
    with pytest.raises(InputError) as error:
        find_item("hamlet", FILMS)
    assert str(error.value) == (
        "several items are called 'hamlet': 4 (Hamlet (1996)), 5 (Hamlet (2000)); accepted: an id"
    )


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("ali", "1 (Alien (1979)), 2 (Aliens (1986))"),
        ("lum", "3 (Café Lumière (2003))"),
        ("(", "2001 (A Space Odyssey (Part *) (1968))"),
        ("aliem", "1 (Alien (1979)), 2 (Aliens (1986)), "),
        ("8", "3 (Café Lumière (2003)), 4 (Hamlet (1996)), 5 (Hamlet (2000)), 6, 7 (Solaris)"),
        ("-3", "near: "),
        ("nan", "near: "),
        ("item 6", "near: "),
        ("", "1984 (300 (2006)), 300 (1984 (1984)), 1 (Alien"),
        ("  ", "1984 (300 (2006)), 300 (1984 (1984)), 1 (Alien"),
    ],
)
def test_unknown_items_get_near_ones(typed: str, near: str) -> None:
    with pytest.raises(InputError) as error:
        find_item(typed, FILMS)
    message = str(error.value)
    assert message.startswith(f"unknown item '{typed}'; near: ")
    assert near in message
    assert "nan" not in message.removeprefix("unknown item 'nan'")


def test_items_that_somebody_has_not_rated() -> None:
    rated = FILMS[FILMS["item_id"] < 3]
    assert find_item("alien", rated, "ann") == 1
    with pytest.raises(InputError, match=r"^user ann has not rated 'Hamlet'; near: .*Alien"):
        find_item("Hamlet", rated, "ann")
    with pytest.raises(InputError, match=r"user 0 has not rated 'Hamlet'; near: nothing$"):
        find_item("Hamlet", rated.head(0), 0)


def test_parts_of_titles_get_the_shortest_titles_that_hold_them() -> None:
    many = catalogue([(number, "the film" + "!" * number, None) for number in range(1, 9)])
    with pytest.raises(InputError, match=r"near: 1 \(the film!\), 2 \(.*, 5 \(the film!!!!!\)$"):
        find_item("FILM", many.iloc[::-1])


def test_items_with_text_ids() -> None:
    shop = catalogue([("p1", "Tea", None), ("p 2", "p1", None), ("3", "Cup", 2020)], "str")
    assert find_item("p1", shop) == "p1"
    assert find_item(" p1 ", shop) == "p1"
    assert find_item("p 2", shop) == "p 2"
    assert find_item("TEA", shop) == "p1"
    assert find_item("Cup (2020)", shop) == find_item(3, shop) == "3"
    with pytest.raises(InputError, match=r"unknown item '4'; near: .*p1 \(Tea\)"):
        find_item("4", shop)


@pytest.mark.parametrize("title", ["Alien", None])
def test_a_catalogue_of_one_item(title: str | None) -> None:
    one = catalogue([(9, title, None)])
    assert find_item("9", one) == 9
    for typed in ("", "10", "Solaris"):
        with pytest.raises(InputError, match=r"near: 9( \(Alien\))?$"):
            find_item(typed, one)


def test_years_and_titles_that_are_missing_in_other_ways() -> None:
    rows = FILMS.assign(
        title=[None if pd.isna(title) else title for title in FILMS["title"]],
        year=FILMS["year"].astype("float64"),
    ).astype({"title": object})
    assert find_item("alien (1979)", rows) == 1
    assert find_item("Solaris", rows) == 7
    with pytest.raises(InputError, match=r"near: .*Alien"):
        find_item("Alyen", rows)


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


CATALOGUE = pd.DataFrame(
    {
        "item_id": [10, 20, 30],
        "title": ["Ten", "Twenty", "Thirty"],
        "year": pd.array([1990, None, 2000], dtype="Int64"),
    }
)


def test_lists_with_titles_and_reasons_where_there_are_any() -> None:
    lists = pd.DataFrame(
        {
            "user_id": [1, 1, 1, 2],
            "item_id": [30, 10, 20, 10],
            "rank": [1, 2, 3, 1],
            "score": [3.0, 2.0, 1.0, 9.0],
        }
    )
    sentences = pd.DataFrame({"user_id": [1], "item_id": [10], "sentence": ["Because."]})
    table = users_lists(
        {"b": lists, "a": lists.head(1)},
        {"a": sentences, "b": sentences},
        CATALOGUE,
        np.array([1]),
        n_items=2,
    )
    assert table["approach"].tolist() == ["a", "b", "b"]
    assert table["title"].tolist() == ["Thirty", "Thirty", "Ten"]
    assert table["sentence"].fillna("").tolist() == ["", "", "Because."]
    assert users_lists({}, {}, CATALOGUE, np.array([1]), 2).empty


def test_histories_best_first() -> None:
    ratings = pd.DataFrame(
        {"user_id": [1, 1, 1, 2], "item_id": [10, 20, 30, 30], "rating": [3.0, 5.0, 5.0, 1.0]}
    )
    histories = Interactions.from_frame(ratings)
    table = users_histories(histories, CATALOGUE, np.array([1, 2]), n_rated=2)
    assert table["title"].tolist() == ["Twenty", "Thirty", "Thirty"]
    assert table["rating"].tolist() == [5, 5, 1]
    with pytest.raises(InputError, match="user_id 9"):
        users_histories(histories, CATALOGUE, np.array([9]), 1)


def test_the_example_user_is_of_middling_history() -> None:
    lengths = {1: 1, 2: 4, 3: 2, 4: 9, 5: 3}  # the median is 3
    ratings = pd.DataFrame(
        [(user, item, 4.0) for user, n in lengths.items() for item in range(n)],
        columns=["user_id", "item_id", "rating"],
    )
    histories = Interactions.from_frame(ratings)
    explained = [pd.Series([1, 2, 2, 3, 4]), pd.Series([4, 3, 2])]
    assert example_user(None, explained, histories) == 2  # 3 is as near, and comes later
    assert example_user(None, [pd.Series([1]), pd.Series([4])], histories) == 1
    assert example_user("4", explained, histories) == 4
    assert example_user(None, [], histories) is None
    assert example_user(17, explained, histories) == 2  # nobody is 17


def test_the_same_users_are_shown_for_every_approach() -> None:
    explained = [pd.Series([1, 1, 2, 3]), pd.Series([2, 3, 4])]
    assert choose_users(3, explained, 3, seed=0).tolist() == [3, 2]
    assert choose_users(9, explained, 2, 0)[1] == choose_users(9, explained[::-1], 2, 0)[1]
    assert choose_users(1, [pd.Series([1]), pd.Series([2])], 5, seed=0).tolist() == [1, 2]
    assert len(choose_users(None, [], 3, seed=0)) == len(choose_users(1, explained, 0, 0)) == 0
