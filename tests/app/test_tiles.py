"""Every title can be drawn, read and trusted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.app.tiles import HUES, tile
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SVG = "{http://www.w3.org/2000/svg}"
LONG = "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb"


def lines_of(drawn: str) -> list[str]:
    """What is written on a tile, line by line."""
    return [text.text or "" for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def sizes_of(drawn: str) -> list[float]:
    found = ElementTree.fromstring(drawn).iter(f"{SVG}text")
    return [float(text.attrib["font-size"]) for text in found]


def backgrounds_of(drawn: str) -> list[str]:
    root = ElementTree.fromstring(drawn)
    shapes = [*root.iter(f"{SVG}rect"), *root.iter(f"{SVG}path")]
    return [shape.attrib["fill"] for shape in shapes]


def contrast(colour: str, other: str) -> float:
    """As WCAG 2 defines it."""

    def luminance(text: str) -> float:
        parts = [int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted(map(luminance, (colour, other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_tile_says_title_and_year_in_the_shape_of_a_poster() -> None:
    root = ElementTree.fromstring(tile("Toy Story", 1995, "Adventure|Animation"))
    assert root.attrib["viewBox"] == "0 0 92 138"
    assert root.attrib["aria-label"] == "Toy Story (1995)"
    assert root.attrib["role"] == "img"
    assert lines_of(tile("Toy Story", 1995, "Adventure")) == ["Toy", "Story", "1995"]
    assert lines_of(tile("Toy Story", None, "Adventure")) == ["Toy", "Story"]


def test_contrast_is_measured_as_it_is_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("genre", [*HUES, "", "Heimatfilm", "動作", "a genre"])
def test_white_letters_stand_out_from_the_colours_of_all_genres(genre: str) -> None:
    drawn = tile("A film", 2000, f"{genre}|Comedy")
    group = ElementTree.fromstring(drawn).find(f"{SVG}g")
    assert group is not None
    for background in backgrounds_of(drawn):
        assert contrast(background, group.attrib["fill"]) >= 4.5


def test_colours_come_from_the_genres_alone() -> None:
    war, both = backgrounds_of(tile("A", 1, "War")), backgrounds_of(tile("B", 2, "War|Drama"))
    assert war == [war[0], war[0]]
    assert both[0] == war[0] != both[1]
    assert len({backgrounds_of(tile("", None, genre))[0] for genre in HUES}) == len(HUES)


@given(st.text(max_size=200), st.text(max_size=30))
def test_any_text_is_drawn(title: str, genres: str) -> None:
    drawn = tile(title, 1999, genres)
    drawn.encode("utf-8")
    assert len(lines_of(drawn)) <= 8
    assert min(sizes_of(drawn)) >= 11


def test_nothing_in_a_title_is_markup() -> None:
    title = """<script>alert("x")</script> & 'y' ]]>"""
    root = ElementTree.fromstring(tile(title, 2000, '"/><script>'))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "rect", "path", "g", "text"}
    assert root.attrib["aria-label"] == f"{title} (2000)"


def test_it_needs_nothing_from_elsewhere_and_no_style() -> None:
    drawn = tile("A film", 2000, "Drama").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"http|url\(|href|style|@|<font", drawn)


def test_a_long_title_is_wrapped_and_ends_where_there_is_no_room() -> None:
    drawn = tile(LONG, 1964, "Comedy|War")
    *lines, year = lines_of(drawn)
    assert year == "1964"
    assert len(lines) == 7
    assert LONG.startswith(" ".join(lines).rstrip("…"))
    assert lines[-1].endswith("…")


def test_a_long_word_is_broken_and_a_short_title_is_large() -> None:
    word = "Supercalifragilisticexpialidocious"
    assert "".join(lines_of(tile(word, None, ""))) == word
    assert sizes_of(tile("Up", None, "")) == [17]
    assert lines_of(tile("Independence Day", None, "")) == ["Independence", "Day"]


def test_letters_from_the_right_are_written_from_the_right() -> None:
    for title in ("ואלס עם באשיר", "(العربية) فيلم"):
        texts = list(ElementTree.fromstring(tile(title, 2008, "")).iter(f"{SVG}text"))
        assert {text.attrib.get("direction") for text in texts[:-1]} == {"rtl"}
        assert "direction" not in texts[-1].attrib, "the year"
    assert "direction" not in tile("Amélie", 2001, "")


def test_a_title_cannot_turn_around_what_stands_beside_it() -> None:
    assert lines_of(tile("\u202eTeid\u2066 x", None, "")) == ["Teid x"]


@pytest.mark.browser
def test_titles_stay_inside_their_tiles(browser: Browser) -> None:
    movies = pd.read_csv(PROJECT / "data/01_raw/movielens-small/movies.csv")
    drawn = [
        tile(title, 2000, genres)
        for title, genres in zip(movies["title"], movies["genres"], strict=True)
    ][::5]
    boxes = "".join(f'<div style="width: 92px">{one}</div>' for one in drawn)
    page = browser.new_page()
    page.set_content(f"<!doctype html><meta charset=utf-8>{boxes}")
    widest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('text')].map(t => t.getComputedTextLength()))"
    )
    heights = page.evaluate(
        "[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().height)"
    )
    page.close()
    assert widest <= 92
    assert set(heights) == {138}
