"""Numbers, dates and enumerations as people read them."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.wording.numbers import (
    Form,
    date,
    enumerated,
    finite,
    fixed,
    interval,
    number,
    p_value,
    percentage,
    short,
)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, "score", "0.123"),
        (0.0005, "score", "0.001"),  # as Python rounds: the nearest double lies above
        (1234.5, "score", "1,234.500"),
        (-0.05, "score", "\u22120.050"),
        (-0.0001, "score", "0.000"),
        (0.8629, "percentage", "86.3 %"),
        (-0.00001, "percentage", "0.0 %"),
        (-0.5, "percentage", "\u221250.0 %"),
        (100_004.0, "count", "100,004"),
        (4.614, "one", "4.6"),
        (6e-7, "error", "6e-07"),
    ],
)
def test_numbers(value: float, form: Form, text: str) -> None:
    assert number(value, form) == text


def test_other_numbers() -> None:
    assert (short(4.0), short(4.5), short(0.25), short(1200.0)) == ("4", "4.5", "0.25", "1,200")
    assert (fixed(2.5, 0), fixed(0.125, 2), percentage(42)) == ("2", "0.12", "42 %")


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


def test_dates() -> None:
    assert date("2018-09-24") == "2018-09-24"


def test_enumerations() -> None:
    assert [enumerated(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
