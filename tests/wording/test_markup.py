"""Numbers and sentences as people read them."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.wording.markup import (
    Form,
    Run,
    drawn_text,
    enumerated,
    finite,
    interval,
    number,
    p_value,
    runs,
)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, "score", "0.123"),
        (1234.5, "score", "1,234.500"),
        (-0.05, "score", "\u22120.050"),
        (-0.0001, "score", "0.000"),
        (0.8629, "percentage", "86.3 %"),
        (-0.00001, "percentage", "0.0 %"),
        (100_004.0, "count", "100,004"),
        (4.614, "one", "4.6"),
        (6e-7, "error", "6e-07"),
    ],
)
def test_numbers(value: float, form: Form, text: str) -> None:
    assert number(value, form) == text


def test_intervals_and_p_values() -> None:
    assert interval(-0.01, 0.02) == "[\u22120.010, 0.020]"
    assert interval(0.1, 1.0, "percentage") == "[10.0 %, 100.0 %]"
    assert (p_value(0.00099), p_value(0.0123), p_value(1.0), p_value(None)) == (
        "< 0.001",
        "= 0.012",
        "= 1.000",
        "not known",
    )


@pytest.mark.parametrize("value", [None, pd.NA, float("nan"), float("inf"), "text", [1]])
def test_what_is_no_number(value: object) -> None:
    assert finite(value) is None


def test_enumerations() -> None:
    assert [enumerated(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert enumerated(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize(
    ("sentence", "plain", "italics"),
    [
        ("No italics at all.", "No italics at all.", []),
        (
            r"You rated *A \* B* ★4 and *C \\* ★5.",
            "You rated A * B ★4 and C \\ ★5.",
            ["A * B", "C \\"],
        ),
        ("An open *asterisk", "An open *asterisk", []),
        ("", "", []),
    ],
)
def test_sentences_of_the_explainers(sentence: str, plain: str, italics: list[str]) -> None:
    read = runs(sentence)
    assert "".join(run.text for run in read) == plain
    assert [run.text for run in read if run.is_italic] == italics


def test_italics_of_a_sentence() -> None:
    assert runs("Like *A*.") == [Run("Like ", False), Run("A", True), Run(".", False)]


def test_texts_of_figures() -> None:
    drawn = "User &lt;b&gt;<br>likes <b>Alien</b> &amp; <span style='x'>3 < 4</span>"
    assert drawn_text(drawn) == "User <b> likes Alien & 3 < 4"
    assert drawn_text(None) == ""
