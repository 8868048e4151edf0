"""Phrases filled column by column."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from explainable_recsys.wording.columns import (
    enumerate_runs,
    fill,
    fill_each,
    items,
    names,
    spread,
)
from explainable_recsys.wording.markup import parts


def column(*texts):
    return pa.array(texts, pa.large_string())


def test_fill():
    filled = fill("{b} of {a}, {{x}}", a=column("1", "2"), b="one")
    assert filled.to_pylist() == ["one of 1, {x}", "one of 2, {x}"]
    assert fill("{a}{a}", a=column()).to_pylist() == []


def test_fill_each():
    which = np.array([2, 0, 2, 0])
    filled = fill_each(
        ["no {b}", "never {b}", "{a} {b}"], which, a=column("1", None, "3", None), b=column(*"wxyz")
    )
    assert filled.to_pylist() == ["1 w", "no x", "3 y", "no z"]
    assert fill_each([], np.empty(0, np.int64), a=column()).to_pylist() == []


def test_titles_lose_the_marks_of_items_and_nothing_else():
    titles = pd.Series(["a", "*b\n", "\u2068c\u2069 \u2066d\u2067", "a"])
    marked = items(titles).to_pylist()
    assert [parts(text) for text in marked] == [
        [(title, True)] for title in ["a", "*b\n", "c d", "a"]
    ]
    categories = titles.astype("category")
    assert items(categories).to_pylist() == marked
    assert names(categories).to_pylist() == [text[1:-1] for text in marked]


@pytest.mark.parametrize(
    ("with_and", "expected"),
    [(False, ["a", "b, c", "d, e, f"]), (True, ["a", "b and c", "d, e and f"])],
)
def test_enumerate_runs(with_and, expected):
    texts = column(*"abcdef")
    assert enumerate_runs(texts, np.array([0, 1, 3]), with_and).to_pylist() == expected
    assert enumerate_runs(texts[:0], np.array([], np.int64), with_and).to_pylist() == []


def test_spread():
    assert spread(column("a", "b"), np.array([2, 0]), 4).to_pylist() == ["b", None, "a", None]
    assert spread(column(), np.array([], np.int64), 2).to_pylist() == [None, None]
