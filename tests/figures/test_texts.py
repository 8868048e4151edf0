"""Texts are short enough, and no HTML; numbers are as people read them."""

from __future__ import annotations

from explainable_recsys.figures.texts import (
    fine_percent,
    floored,
    label,
    lines_of,
    short,
)


def test_names_are_shortened_and_escaped() -> None:
    assert short("A title  of\nwords", 16) == "A title of words"
    assert short("A title, of words", 9) == "A title…"
    assert label("R & <B> and so on", 9) == "R &amp; &lt;B&gt;…"


def test_lines_count_letters_and_not_html() -> None:
    assert lines_of("<i>one</i> &amp; two 10 % three", 9) == [
        "<i>one</i> &amp; two",
        "10\u00a0%",
        "three",
    ]


def test_numbers() -> None:
    assert [fine_percent(share) for share in (0, 0.051, 0.5, 0.994, 1)] == [
        "0 %",
        "5.1 %",
        "50 %",
        "99.4 %",
        "100 %",
    ]
    assert [floored(value) for value in (0.999, 0.29, -0.001)] == [0.99, 0.29, -0.01]
