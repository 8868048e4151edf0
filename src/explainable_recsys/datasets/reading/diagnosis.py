"""The slow pass over a file that finds its first bad line, after the fast one has failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa

from explainable_recsys.datasets.reading.batches import parquet_batches
from explainable_recsys.datasets.reading.columns import first_bad
from explainable_recsys.datasets.reading.files import RawFile, rows_of
from explainable_recsys.datasets.reading.positions import count_of_fields, positions_of
from explainable_recsys.errors import InputError

DIAGNOSIS_ROWS = 10_000  # lines that are held and checked at a time

Block = tuple[Sequence[int], Sequence[pa.Array]]
"""Numbers of some rows, from 1, and their values in the wanted columns."""


def diagnosis(raw: RawFile, error: Exception, n_good: int) -> InputError:
    """What is wrong with a file.

    Args:
        raw: The file.
        error: Why it could not be read; shown if the slow pass finds nothing.
        n_good: How many of its first rows are known to be good.
    """
    try:
        for numbers, arrays in _parquet(raw) if raw.layout.is_parquet else _text(raw, n_good):
            _check(raw, numbers, arrays)
    except InputError as found:
        return found
    return InputError(f"{raw.name}: cannot be read: {error}")


def _parquet(raw: RawFile) -> Iterator[Block]:
    start = 1
    try:
        for batch in parquet_batches(raw):
            yield range(start, start + batch.num_rows), batch.columns
            start += batch.num_rows
    except pa.ArrowInvalid as error:
        raise InputError(f"{raw.name}: not a Parquet file: {error}") from None


def _text(raw: RawFile, n_good: int) -> Iterator[Block]:
    """Rows after the good ones; before a row that is none raises InputError, those before it."""
    width, positions = positions_of(raw)
    rows: list[tuple[int, list[str]]] = []
    others = islice(rows_of(raw, raw.layout.separator), raw.layout.header + n_good, None)
    try:
        for number, fields in others:
            rows.append((number, _of_width(raw, number, fields, width)))
            if len(rows) == DIAGNOSIS_ROWS:
                yield _block(raw, positions, rows)
                rows = []
    except InputError:
        yield _block(raw, positions, rows)
        raise
    yield _block(raw, positions, rows)


def _of_width(raw: RawFile, number: int, fields: list[str], width: int) -> list[str]:
    """The fields of a line; an empty line of a file with one column has one, an empty one."""
    if width > 1 and fields in ([], [""]):
        raise InputError(f"{raw.name}, line {number}: the line is empty; remove it")
    if fields and len(fields) != width:
        found = count_of_fields(len(fields))
        raise InputError(f"{raw.name}, line {number}: {found}, but line 1 has {width}")
    return fields or [""]


def _block(raw: RawFile, positions: list[int], rows: list[tuple[int, list[str]]]) -> Block:
    """Rows as Arrow takes them: null where empty, and without blanks around numbers."""
    arrays = []
    for column, position in zip(raw.columns, positions, strict=True):
        texts = [fields[position] for _, fields in rows]
        if column.kind.arrow != pa.string():
            texts = [text.strip() for text in texts]
        arrays.append(pa.array([text or None for text in texts], pa.string()))
    return [number for number, _ in rows], arrays


def _check(raw: RawFile, numbers: Sequence[int], arrays: Sequence[pa.Array]) -> None:
    """Refuse the first value that is not accepted, row by row."""
    bad = [
        (row, order)
        for order, (column, array) in enumerate(zip(raw.columns, arrays, strict=True))
        if (row := first_bad(column.kind, array)) is not None
    ]
    if not bad:
        return
    row, order = min(bad)
    column, value = raw.columns[order], arrays[order][row].as_py()
    unit = "row" if raw.layout.is_parquet else "line"
    name = positions_of(raw)[1][order] + 1 if isinstance(column.theirs, int) else column.theirs
    found = "nothing" if value in (None, "") else repr(value)
    hint = f"; if line 1 is a header, set {raw.block}.header: true"
    raise InputError(
        f"{raw.name}, {unit} {numbers[row]}, column {name} ({column.key}): found {found}, "
        f"accepted: {column.kind.accepts}{hint * (unit == 'line' and numbers[row] == 1)}"
    )
