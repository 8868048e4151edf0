"""Tables of facts: the data, how it was evaluated, all tests, stability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from explainable_recsys.metrics.records import read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.tables import Body, Cell, Kind, Row, Table
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import finite, interval, number, p_value, percentage, short
from explainable_recsys.wording.phrases import later, phrase

HEADINGS = {
    "metric": later("metric"),
    "first": later("first"),
    "second": later("second"),
    "approach": later("approach"),
    "control": later("control"),
    "own": later("own"),
    "of_control": later("of control"),
    "difference": later("difference"),
    "interval": later("95 % interval"),
    "p_value": later("p"),
    "p_corrected": later("corrected p"),
    "verdict": later("verdict"),
    "jaccard": later("overlap"),
    "n_cited": later("cited"),
    "n_retrainings": later("retrainings"),
    "n_users": later("users"),
    "n_recommendations": later("recommendations"),
}
"""Columns of the tables of tests and of stability; `interval` is made of `low` and `high`."""

SIZES = ("n_cited", "n_retrainings", "n_users", "n_recommendations")
TESTED = ("difference", "interval", "p_value", "p_corrected", "n_users")
OF_PAIRS = ("metric", "first", "second", *TESTED)
OF_CONTROLS = ("approach", "metric", "control", "own", "of_control", *TESTED, "verdict")
OF_STABILITY = ("approach", "jaccard", "interval", *SIZES)


def facts_table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], kind: Kind = "facts"
) -> Table:
    """A table of texts; the first of every row is its heading."""
    filled = tuple(Row(row[0], tuple(Cell(text) for text in row[1:])) for row in rows)
    return Table(caption, tuple(columns), (Body(filled),), kind=kind)


def card_table(content: ReportContent) -> Table:
    """The dataset card."""
    rows = _card_rows(content.card) if content.card else ()
    return facts_table(phrase("Dataset card"), (phrase("data"), content.name), rows)


def _card_rows(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = card["rating_distribution"]
    total = sum(given.values())
    yield phrase("version"), card["version"]
    yield phrase("ratings"), number(card["n_ratings"], "count")
    yield phrase("users"), number(card["n_users"], "count")
    yield phrase("items"), number(card["n_items"], "count")
    yield phrase("share of the matrix"), percentage(100 * card["density"], 2)
    yield phrase("mean rating"), number(card["mean_rating"])
    shares = [f"★ {rating}: {number(n / total, 'percentage')}" for rating, n in given.items()]
    yield phrase("ratings given"), ", ".join(shares)
    first, last = card["time_span"] or ("", "")
    span = phrase("{first} to {last}", first=first, last=last) if first else phrase("no timestamps")
    yield phrase("time"), span
    for title, key in (
        (later("ratings per user"), "ratings_per_user"),
        (later("ratings per item"), "ratings_per_item"),
    ):
        yield phrase(title), ", ".join(f"{name} {short(q)}" for name, q in card[key].items())
    for part, size in card["split"].items():
        yield phrase("{part} ratings", part=part), number(size, "count")
    yield phrase("read"), number(card["n_read"], "count")
    steps = [f"{number(step['ratings'], 'count')} ({step['reason']})" for step in card["dropped"]]
    yield phrase("dropped"), "; ".join(steps) or phrase("nothing")


def rows_table(table: pd.DataFrame, caption: str, columns: Sequence[str]) -> Table:
    """The rows of a table of tests, or of stability, as they are."""
    rows = [tuple(_texts(row, columns)) for row in table.to_dict("records")]
    return facts_table(caption, [phrase(HEADINGS[column]) for column in columns], rows, "figures")


def _texts(row: Mapping[Any, Any], columns: Sequence[str]) -> Iterator[str]:
    """The cells of a row in words; numbers by what their column is."""
    for column in columns:
        value = row.get(column)
        if column == "metric":
            yield label(read(str(value)))
        elif column == "interval":
            yield interval(finite(row["low"]), finite(row["high"]))
        elif column.startswith("p_"):
            yield p_value(finite(value)).removeprefix("= ")
        elif isinstance(value, str):
            yield phrase(value)
        else:
            yield number(finite(value), "count" if column.startswith("n_") else "score")
