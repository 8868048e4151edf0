"""The tests between approaches, and between evidence and its controls."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.glossary import describe, label, parse
from explainable_recsys.reporting.results import SIGNIFICANT, Results, records
from explainable_recsys.reporting.tables import Body, Cell, Row, Table, plain_table
from explainable_recsys.wording.numbers import finite, interval, number, p_value

_INTERVAL = ("difference", "low", "high")


def pairwise_matrices(results: Results, paired_tests: pd.DataFrame) -> list[Table]:
    """Who is significantly better than whom, in nDCG and in POS."""
    tested = [str(row["metric"]) for row in records(paired_tests, "metric")]
    tables = []
    for base, preferred in (("ndcg", results.ndcg), ("pos", results.pos)):
        of_base = [metric for metric in dict.fromkeys(tested) if parse(metric).base == base]
        if of_base:
            metric = preferred if preferred in of_base else of_base[0]
            tables.append(_matrix(results, metric))
    return tables


def _matrix(results: Results, metric: str) -> Table:
    names = [
        name
        for name in results.everybody
        if any(results.paired(metric, name, other) for other in results.everybody)
    ]
    rows = tuple(
        Row(name, tuple(_compared(results, metric, name, n) for n in names)) for name in names
    )
    return Table(
        f"Who is better in {label(metric)}?",
        ("approach", *names),
        (Body(rows),),
        notes=(
            "▲ the approach of the row is significantly better than that of the column, ▼ "
            f"significantly worse (corrected p < {SIGNIFICANT:g}, paired over users); = no "
            "significant difference; ? not tested.",
        ),
        kind="matrix",
    )


def _compared(results: Results, metric: str, row: str, column: str) -> Cell:
    if row == column:
        return Cell("·", meaning="the same approach")
    test = results.paired(metric, row, column)
    if test is None:
        return Cell("?", meaning=f"{row} and {column}: not tested")
    figures = f"difference {number(test.difference)}, corrected p {p_value(test.p)}"
    if not test.is_significant:
        return Cell("=", meaning=f"{row} and {column}: no significant difference; {figures}")
    is_better = (test.difference > 0) == (describe(metric).better != "low")
    word = "better" if is_better else "worse"
    return Cell(
        "▲" if is_better else "▼",
        is_best=is_better,
        meaning=f"{row} is significantly {word} than {column}; {figures}",
    )


def paired_table(paired_tests: pd.DataFrame) -> Table:
    """Every paired test."""
    columns = ("metric", "first", "second", *_INTERVAL, "p_value", "p_corrected", "n_users")
    rows = [
        (
            label(str(row["metric"])),
            str(row["first"]),
            str(row["second"]),
            *_difference(row),
            *_certainty(row),
        )
        for row in records(paired_tests, *columns)
    ]
    headings = ("metric", "first", "second", "difference", "95 % interval", *_CERTAINTY)
    note = "Difference: the first less the second."
    caption = "All paired tests between approaches"
    return plain_table(caption, headings, rows, note, kind="figures")


def control_table(control_tests: pd.DataFrame) -> Table:
    """Every test of evidence against a control."""
    columns = ("approach", "metric", "control", "own", "of_control", *_INTERVAL)
    rows = [
        (
            str(row["approach"]),
            label(str(row["metric"])),
            str(row["control"]),
            _text(row["own"]),
            _text(row["of_control"]),
            *_difference(row),
            *_certainty(row),
            str(row["verdict"]) if isinstance(row["verdict"], str) else "not tested",
        )
        for row in records(control_tests, *columns, "p_value", "p_corrected", "n_users", "verdict")
    ]
    headings = ("approach", "metric", "control", "own", "of control", "difference")
    return plain_table(
        "All tests of evidence against its controls",
        (*headings, "95 % interval", *_CERTAINTY, "verdict"),
        rows,
        "Difference: own less control.",
        kind="figures",
    )


_CERTAINTY = ("p", "corrected p", "users")


def _difference(row: dict[str, object]) -> tuple[str, str]:
    low, high = finite(row["low"]), finite(row["high"])
    return _text(row["difference"]), (
        "not known" if low is None or high is None else interval(low, high)
    )


def _certainty(row: dict[str, object]) -> tuple[str, str, str]:
    users = finite(row["n_users"])
    return (
        p_value(finite(row["p_value"])).removeprefix("= "),
        p_value(finite(row["p_corrected"])).removeprefix("= "),
        "not known" if users is None else number(users, "count"),
    )


def _text(value: object) -> str:
    known = finite(value)
    return "not known" if known is None else number(known)
