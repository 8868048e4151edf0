"""Tables of facts: the data, how it was evaluated, all tests, stability, where numbers are from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from explainable_recsys.metrics.comparison import SIGNIFICANCE
from explainable_recsys.metrics.records import lower_is_better, read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.results import Results, records
from explainable_recsys.reporting.tables import Body, Cell, Kind, Row, Table
from explainable_recsys.wording.numbers import enumerated, finite, interval, number, p_value
from explainable_recsys.wording.phrases import later, phrase

NOT_KNOWN = later("not known")

_COUNTS = {"n_ratings": later("ratings"), "n_users": later("users"), "n_items": later("items")}
_SPREADS = {
    "ratings_per_user": later("ratings per user"),
    "ratings_per_item": later("ratings per item"),
}
_HEADINGS = {
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

_COMPARED = {
    "=": later("{row} and {column}: no significant difference; difference {d}, corrected p {p}"),
    "▲": later("{row} is significantly better than {column}; difference {d}, corrected p {p}"),
    "▼": later("{row} is significantly worse than {column}; difference {d}, corrected p {p}"),
}


def facts_table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    kind: Kind = "facts",
    notes: tuple[str, ...] = (),
) -> Table:
    """A table of texts; the first of every row is its heading."""
    filled = tuple(Row(row[0], tuple(Cell(text) for text in row[1:])) for row in rows)
    return Table(caption, tuple(columns), (Body(filled),), notes=notes, kind=kind)


def card_table(content: ReportContent) -> Table:
    """The dataset card."""
    card = content.card
    rows = [(phrase("version"), content.data_version)]
    rows += [(phrase(title), _count(card[key])) for key, title in _COUNTS.items() if key in card]
    density, mean = finite(card.get("density")), finite(card.get("mean_rating"))
    if density is not None:
        rows.append((phrase("share of the matrix"), f"{100 * density:.3g} %"))
    if mean is not None:
        rows.append((phrase("mean rating"), f"{mean:.2f}"))
    first, last = card.get("time_span") or (None, None)
    span = phrase("{first} to {last}", first=first, last=last) if first else phrase("no timestamps")
    rows.append((phrase("time"), span))
    for key, title in _SPREADS.items():
        quantiles = [f"{name} {value:,.10g}" for name, value in (card.get(key) or {}).items()]
        rows += [(phrase(title), ", ".join(quantiles))] if quantiles else []
    rows += [
        (phrase("{part} ratings", part=part), _count(n))
        for part, n in (card.get("split") or {}).items()
    ]
    rows += [(phrase("read"), _count(card["n_read"]))] if "n_read" in card else []
    steps = [f"{_count(s.get('ratings'))} ({s.get('reason')})" for s in card.get("dropped") or ()]
    rows.append((phrase("dropped"), "; ".join(steps) or phrase("nothing")))
    return facts_table(phrase("Dataset card"), (phrase("data"), content.name), rows)


def distribution_table(content: ReportContent) -> Table:
    """How often each rating was given."""
    counts = content.card.get("rating_distribution") or {}
    total = sum(counts.values()) or 1
    rows = [(f"★ {r}", _count(n), number(n / total, "percentage")) for r, n in counts.items()]
    return facts_table(
        phrase("Ratings given"),
        (phrase("rating"), phrase("number"), phrase("share")),
        rows,
        "figures",
    )


def protocol_table(content: ReportContent) -> Table:
    """How it was evaluated."""
    return facts_table(
        phrase("How it was evaluated"),
        (phrase("what"), phrase("how")),
        content.protocol.items(),
    )


def scope_table(results: Results) -> Table:
    """What the faithfulness of each approach was measured on."""
    rows = [(name, results.scope(name)) for name in results.approaches]
    return facts_table(
        phrase("What faithfulness was measured on"),
        (phrase("approach"), phrase("evidence")),
        rows,
    )


def run_table(content: ReportContent) -> Table:
    """The run that made the report."""
    facts = content.provenance
    rows = [
        (
            phrase("data"),
            phrase("{name}, version {version}", name=content.name, version=content.data_version),
        ),
        (phrase("run"), str(facts.get("run") or phrase(NOT_KNOWN))),
        (phrase("manifest"), str(facts.get("manifest") or phrase(NOT_KNOWN))),
        (phrase("commit"), content.commit),
        (phrase("environment"), str(facts.get("env") or "base")),
    ]
    return facts_table(phrase("This run"), (phrase("what"), phrase("which")), rows)


def paired_table(tests: pd.DataFrame, caption: str) -> Table:
    """Every paired test between recommenders, or between approaches."""
    columns = ("metric", "first", "second", "difference", "interval", "p_value", "p_corrected")
    note = phrase("Difference: the first less the second.")
    return _table_of(tests, caption, (*columns, "n_users"), note)


def control_table(tests: pd.DataFrame) -> Table:
    """Every test of evidence against a control."""
    columns = ("approach", "metric", "control", "own", "of_control", "difference", "interval")
    return _table_of(
        tests,
        phrase("All tests of evidence against its controls"),
        (*columns, "p_value", "p_corrected", "n_users", "verdict"),
        phrase("Difference: own less control."),
    )


def stability_table(results: Results, stability: pd.DataFrame) -> Table:
    """Do approaches cite the same after training again? Most stable first."""
    notes = []
    missing = [a for a in results.approaches if results.explains(a) and a not in results.overlaps]
    if missing:
        notes.append(phrase("Not measured: {names}.", names=enumerated(missing)))
    if results.seedless:
        text = later("No retrainings: no seed changes the reasons for given lists.")
        notes.append(phrase(text))
    columns = ("approach", "jaccard", "interval", "n_cited", "n_retrainings", "n_users")
    if "jaccard" in stability:
        stability = stability.sort_values("jaccard", ascending=False, kind="stable")
    caption = phrase("Stability of what is cited")
    return _table_of(stability, caption, (*columns, "n_recommendations"), *notes)


def pairwise_matrices(results: Results) -> list[Table]:
    """Which recommender is significantly better than which in nDCG, which approach in POS."""
    tables = []
    note = phrase(
        "▲ that of the row is significantly better than that of the column, ▼ significantly worse "
        "(corrected p < {level}, paired over users); = no significant difference; ? not tested.",
        level=f"{SIGNIFICANCE:g}",
    )
    for metric in (results.ndcg, results.column("pos")):
        everybody = [*results.recommenders, *results.baselines, *results.approaches]
        tested = {first for tested, first, _ in results.paired if tested == metric}
        names = [name for name in dict.fromkeys(everybody) if name in tested]
        rows = [
            Row(name, tuple(_compared(results, metric, name, other) for other in names))
            for name in names
        ]
        caption = phrase("Who is better in {metric}?", metric=read(metric).label)
        body = Body(tuple(rows))
        tables.append(Table(caption, ("", *names), (body,), notes=(note,), kind="matrix"))
    return [table for table in tables if table.has_rows]


def _compared(results: Results, metric: str, row: str, column: str) -> Cell:
    if row == column:
        return Cell("·", meaning=phrase("the same"))
    test = results.paired.get((metric, row, column))
    if test is None:
        text = phrase("{row} and {column}: not tested", row=row, column=column)
        return Cell("?", meaning=text)
    is_better = (test.difference < 0) == lower_is_better(metric)
    sign = "=" if not test.is_significant else "▲" if is_better else "▼"
    values = {"row": row, "column": column, "d": number(test.difference), "p": p_value(test.p)}
    return Cell(sign, is_best=sign == "▲", meaning=phrase(_COMPARED[sign], **values))


def _table_of(table: pd.DataFrame, caption: str, columns: Sequence[str], *notes: str) -> Table:
    """The rows of a table of tests, or of stability, as they are."""
    read_too = [column for column in columns if column != "interval"]
    rows = [tuple(_texts(row, columns)) for row in records(table, *read_too, "low", "high")]
    headings = [phrase(_HEADINGS[column]) for column in columns]
    return facts_table(caption, headings, rows, "figures", notes)


def _texts(row: dict[str, Any], columns: Sequence[str]) -> Iterator[str]:
    """The cells of a row in words; numbers by what their column is."""
    for column in columns:
        value = finite(row.get(column))
        if column == "metric":
            yield read(str(row[column])).label
        elif column == "interval":
            low, high = finite(row["low"]), finite(row["high"])
            yield phrase(NOT_KNOWN) if low is None or high is None else interval(low, high)
        elif column.startswith("p_"):
            yield p_value(value).removeprefix("= ")
        elif column in ("own", "of_control", "difference", "jaccard"):
            yield phrase(NOT_KNOWN) if value is None else number(value)
        elif column.startswith("n_"):
            yield _count(value)
        else:
            yield str(row[column]) if isinstance(row[column], str) else phrase("not tested")


def _count(value: Any) -> str:
    known = finite(value)
    return phrase(NOT_KNOWN) if known is None else number(known, "count")
