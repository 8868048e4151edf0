from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.reporting.lookup import find_item, find_user, near_ids

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
