"""The slow pass over a file that finds its first bad line, after the fast one has failed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from explainable_recsys.datasets.reading.batches import parquet_batches
from explainable_recsys.datasets.reading.columns import Column, first_bad
from explainable_recsys.datasets.reading.files import RawFile, rows_of, undecodable_line
from explainable_recsys.datasets.reading.positions import count_of_fields, positions_of
from explainable_recsys.errors import InputError

DIAGNOSIS_ROWS = 10_000  # lines that are held and checked at a time


def diagnosis(raw: RawFile, error: Exception, n_good: int) -> InputError:
    """What is wrong with a file.

    Args:
        raw: The file.
        error: Why it could not be read; shown if the slow pass finds nothing.
        n_good: How many of its first rows are known to be good.
    """
    parquet = raw.layout.is_parquet
    found = _parquet_problem(raw) if parquet else _text_problem(raw, n_good)
    return InputError(f"{raw.name}{found or f': cannot be read: {error}'}")


def _text_problem(raw: RawFile, n_good: int) -> str | None:
    """What is wrong with the first bad line after the good rows; None if nothing is found."""
    width, positions = positions_of(raw)
    rows = islice(rows_of(raw, raw.layout.separator), raw.layout.header + n_good, None)
    at_end, found = None, None
    while at_end is None and found is None:
        block, at_end = _block(raw, rows, width)
        found = _bad_value(raw, block, positions)
    return found or at_end


def _block(
    raw: RawFile, rows: Iterator[tuple[int, list[str]]], width: int
) -> tuple[list[tuple[int, list[str]]], str | None]:
    """Next rows of the right width, and what comes after them.

    The second is None where the file goes on, "" at its end, else the problem there.
    """
    block: list[tuple[int, list[str]]] = []
    try:
        for line, fields in islice(rows, DIAGNOSIS_ROWS):
            if not fields and width > 1:
                return block, f", line {line}: the line is empty; remove it"
            if fields and len(fields) != width:
                n_fields = count_of_fields(len(fields))
                return block, f", line {line}: {n_fields}, but line 1 has {width}"
            block.append((line, fields or [""]))
    except UnicodeDecodeError:
        return block, undecodable_line(raw)
    except csv.Error as error:
        after = f" after line {block[-1][0]}" if block else ""
        return block, f"{after}: {error}; is a double quote missing or too many?"
    return block, None if block else ""


def _bad_value(
    raw: RawFile, block: list[tuple[int, list[str]]], positions: list[int]
) -> str | None:
    """Describe the first value of a block that is not accepted."""
    bad = []
    for order, (column, position) in enumerate(zip(raw.columns, positions, strict=True)):
        values = pa.array([fields[position] for _, fields in block], pa.string())
        if column.kind.arrow != pa.string():
            values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        row = first_bad(column.kind, values)
        if row is not None:
            bad.append((row, order))
    if not bad:
        return None
    row, order = min(bad)
    line, fields = block[row]
    column, position = raw.columns[order], positions[order]
    name = column.theirs if isinstance(column.theirs, str) else position + 1
    hint = f"; if line 1 is a header, set {raw.block}.header: true" * (line == 1)
    return f", line {line}, column {name} {_found(column, fields[position])}{hint}"


def _found(column: Column, value: Any) -> str:
    shown = "nothing" if value is None or value == "" else repr(value)
    return f"({column.key}): found {shown}, accepted: {column.kind.accepts}"


def _parquet_problem(raw: RawFile) -> str | None:
    """What is wrong with the first bad row of a Parquet file; None if nothing is found."""
    start = 0
    try:
        for batch in parquet_batches(raw):
            found = [
                (row, order)
                for order, array in enumerate(batch.columns)
                if (row := first_bad(raw.columns[order].kind, array)) is not None
            ]
            if found:
                row, order = min(found)
                column, value = raw.columns[order], batch.column(order)[row].as_py()
                return f", row {start + row + 1}, column {column.theirs} {_found(column, value)}"
            start += batch.num_rows
    except pa.ArrowInvalid as error:
        return f": not a Parquet file: {error}"
    return None
