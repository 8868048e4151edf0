"""Tables as the report prints them: what stands in every cell, and what it is marked with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from explainable_recsys.reporting.glossary import describe, parse
from explainable_recsys.reporting.results import Results
from explainable_recsys.wording.numbers import interval, number

Kind = Literal["figures", "facts", "matrix"]

DAGGERS = "†‡§¶"
"""Marks of footnotes, one per kind of projection."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What stands in it.
        spread: Half of the interval, or all of it; may be empty.
        is_best: Whether it is the best of its column.
        sign: A sign behind it; may be empty.
        meaning: What the sign means, in words.
        is_phrase: Whether it is words, not a number.
        span: Number of columns that it takes.
    """

    text: str
    spread: str = ""
    is_best: bool = False
    sign: str = ""
    meaning: str = ""
    is_phrase: bool = False
    span: int = 1


@dataclass(frozen=True)
class Row:
    """A row with its heading, and the mark of a footnote on it."""

    heading: str
    cells: tuple[Cell, ...]
    footnote: str = ""


@dataclass(frozen=True)
class Body:
    """Rows that belong together, under a heading unless it is empty."""

    rows: tuple[Row, ...]
    heading: str = ""
    is_baseline: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        columns: Headings, that of the first column among them.
        bodies: The rows.
        groups: Headings above those of the columns, with the number of columns below each;
            may be empty. Nothing is above the first column.
        notes: What readers must know to read it.
        kind: Figures under each other, facts in words, or a matrix of signs.
    """

    caption: str
    columns: tuple[str, ...]
    bodies: tuple[Body, ...]
    groups: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    kind: Kind = "figures"

    @property
    def has_rows(self) -> bool:
        """Whether there is anything to show."""
        return any(body.rows for body in self.bodies)


def plain_table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *notes: str,
    kind: Kind = "facts",
) -> Table:
    """A table of texts; the first of every row is its heading."""
    filled = tuple(Row(row[0], tuple(Cell(text) for text in row[1:])) for row in rows)
    return Table(caption, tuple(columns), (Body(filled),), notes=notes, kind=kind)


def metric_cell(results: Results, approach: str, metric: str, absent: str) -> Cell:
    """A metric of an approach with half its interval, or in words that there is none."""
    value = results.value(approach, metric)
    if value is None:
        return Cell(absent, is_phrase=True)
    form = describe(metric).form
    return Cell(number(value, form), spread(results, approach, metric))


def spread(results: Results, approach: str, metric: str) -> str:
    """± half the interval; all of it where the value is not in its middle."""
    value, limits = results.value(approach, metric), results.interval(approach, metric)
    if value is None or limits is None:
        return ""
    form, half = describe(metric).form, (limits[1] - limits[0]) / 2
    if abs(value - sum(limits) / 2) > 0.25 * half:
        return interval(*limits, form)
    return f"±{number(half, form).removesuffix(' %')}"


def best(results: Results, metric: str, among: Sequence[str]) -> set[str]:
    """Those with the best value of a metric; nobody without at least two different values."""
    better = "" if parse(metric).of in ("popularity", "random") else describe(metric).better
    values = {name: results.value(name, metric) for name in among}
    known = {name: value for name, value in values.items() if value is not None}
    if not better or len(known) < 2:
        return set()
    top = max(known.values()) if better == "high" else min(known.values())
    winners = {name for name, value in known.items() if math.isclose(value, top, rel_tol=1e-9)}
    return winners if len(winners) < len(known) else set()


def projections(results: Results) -> dict[str, str]:
    """The mark of each kind of projection among the scopes, by its text."""
    scopes = [results.scope(name) for name in results.everybody if results.is_projection(name)]
    texts = list(dict.fromkeys(scopes))
    return {
        text: DAGGERS[i % len(DAGGERS)] * (1 + i // len(DAGGERS)) for i, text in enumerate(texts)
    }
