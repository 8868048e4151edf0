"""What items are called, title by title."""

import pandas as pd
import pytest

from explainable_recsys.titles import LONGEST, cut_title, short_titles


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Seven (a.k.a. Se7en)", "Seven"),
        ("Seven (A.K.A. Se7en)", "Seven"),
        ("Seven (aka Se7en)", "Seven"),
        ("Seven (a.k.a. Se7en) (1995)", "Seven (1995)"),
        ("City of Lost Children, The (Cité des enfants perdus, La)",) * 2,
        ("Akasha (akasha)",) * 2,  # no other name, but a word that begins alike
        ("(a.k.a. Nameless)",) * 2,  # nothing else would be left
        ("千と千尋の神隠し",) * 2,
        ("",) * 2,
    ],
)
def test_other_names_are_cut(title, shown):
    assert cut_title(title) == shown


def test_a_long_title_loses_what_stands_in_brackets_first():
    name = "Good, the Bad and the Ugly, The"
    assert cut_title(f"{name} (Buono, il brutto, il cattivo, Il)") == name
    assert cut_title(f"{name} (Il buono)") == f"{name} (Il buono)"


def test_a_title_of_the_greatest_length_stays_and_a_longer_one_ends_at_a_word():
    exactly = "word " * (LONGEST // 5 - 1) + "words"
    assert len(exactly) == LONGEST
    assert cut_title(exactly) == exactly
    cut = cut_title(exactly + " and more")
    assert cut == ("word " * (LONGEST // 5 - 1)).strip() + "…"
    assert len(cut) <= LONGEST


def test_nothing_hangs_at_the_end_of_what_is_cut():
    title = "a" * (LONGEST - 6) + ", : - and more words"
    assert cut_title(title) == "a" * (LONGEST - 6) + "…"


def test_one_word_that_is_too_long_is_cut_within():
    found = cut_title("x" * 3 * LONGEST)
    assert found == "x" * (LONGEST - 1) + "…"
    assert len(found) == LONGEST


def test_what_is_cut_does_not_grow():
    for n in range(1, 3 * LONGEST):
        assert len(cut_title(("abc de, fghijkl (m) " * 20)[:n])) <= LONGEST


def titles(rows):
    """Of (id, title, year) rows."""
    return short_titles(pd.DataFrame(rows, columns=["item_id", "title", "year"])).tolist()


def test_twins_are_told_apart_by_the_year_and_others_are_left_alone():
    rows = [(1, "Heat", 1995), (2, "Alien", 1979), (3, "Heat", 1986)]
    assert titles(rows) == ["Heat (1995)", "Alien", "Heat (1986)"]


def test_twins_of_one_year_are_told_apart_by_the_id():
    rows = [(1, "Heat", 1995), (2, "Heat", 1995), (3, "Heat", 1986)]
    assert titles(rows) == ["Heat (1995) [1]", "Heat (1995) [2]", "Heat (1986)"]


def test_twins_without_a_year():
    """One of them alone without a year is told by that; of two of them the id is needed."""
    rows = [(1, "Heat", 1995), (2, "Heat", None)]
    assert titles(rows) == ["Heat (1995)", "Heat"]
    assert titles([*rows, (3, "Heat", None)]) == ["Heat (1995)", "Heat [2]", "Heat [3]"]


def test_tables_without_years_and_with_text_ids():
    items = pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["X", "X", "Y"]})
    assert short_titles(items).tolist() == ["X [a]", "X [b]", "Y"]
    years = pd.Series([1995, None, 1979], dtype="Int64")
    assert short_titles(items.assign(year=years)).tolist() == ["X (1995)", "X", "Y"]
    assert short_titles(items[:0]).tolist() == []


def test_titles_that_become_the_same_by_cutting_are_twins_too():
    long = "word " * 20
    rows = [(1, "Seven (a.k.a. Se7en)", 1995), (2, "Seven", 1979), (3, f"{long}a", 1), (4, long, 1)]
    found = titles(rows)
    assert found[:2] == ["Seven (1995)", "Seven (1979)"]
    assert found[2].endswith("… (1) [3]")
    assert found[3].endswith("… (1) [4]")


def test_years_are_written_without_a_fraction():
    """A missing year makes a column of decimal numbers of whole ones."""
    items = pd.DataFrame({"item_id": [1, 2, 3], "title": "X", "year": [1995.0, 1986.0, None]})
    assert short_titles(items).tolist() == ["X (1995)", "X (1986)", "X"]


def test_the_index_of_the_table_does_not_matter():
    items = pd.DataFrame(
        {"item_id": [1, 2, 3], "title": ["X", "Y", "X"], "year": [1, 2, 3]}, index=[7, 7, 2]
    )
    assert short_titles(items).tolist() == ["X (1)", "Y", "X (3)"]
