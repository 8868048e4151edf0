"""Reads the tables of a `source` block into frames with our columns, in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from kedro.io import AbstractDataset, DatasetError
from numpy.typing import NDArray

from explainable_recsys.datasets.atomic import TablePreview
from explainable_recsys.datasets.source import (
    ItemsFormat,
    SourceParameters,
    TableFormat,
    TableName,
    parse_source,
)
from explainable_recsys.errors import InputError

BLOCK_BYTES = 8 << 20
PREVIEW_BYTES = 256 << 10
TRANSLATED_BYTES = 256 << 10
PARQUET_ROWS = 1 << 18
DIAGNOSIS_ROWS = 10_000
UNIT_SEPARATOR = "\x1f"
NO_GENRES = "(no genres listed)"
COMMON_SEPARATORS = (",", "\t", ";", "|", "::", ":", " ")
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # years 1 to 9999


class RawTable(AbstractDataset[Any, pd.DataFrame]):
    """A table of the data set that `source` in `globals.yml` describes; read-only.

    ```yaml
    raw_ratings:
      type: explainable_recsys.datasets.raw_table.RawTable
      source: ${globals:source}
      filepath: ${globals:source.folder}
      table: ratings
    ```
    """

    def __init__(
        self,
        *,
        source: Mapping[str, Any],
        table: TableName,
        filepath: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Check the description; no file is touched.

        Args:
            source: The `source` block; `SourceParameters` documents its keys.
            table: ratings, items, users, train or test.
            filepath: The source's folder once more. Kedro makes this key absolute, so that the
                data is found from whatever folder Kedro runs in; without it
                `source.folder` is used, relative to the current folder.
            metadata: Kept for plugins such as kedro-viz.

        Raises:
            InputError: If the source or the name of the table is wrong.
        """
        self._source = parse_source(source)
        if table not in get_args(TableName):
            raise InputError(
                f"catalog: table {table!r} of a RawTable is unknown; "
                f"accepted: {', '.join(get_args(TableName))}"
            )
        self._table = table
        self._folder = Path(filepath) if filepath else self._source.folder
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the whole table, as `read_table` does."""
        return read_table(self._source, self._table, self._folder)

    def save(self, data: Any) -> NoReturn:
        """Refuse.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"table {self._table} of source {self._source.name} is read-only")

    def preview(self, nrows: int = 5) -> TablePreview:
        """First rows for kedro-viz, read without the rest of the file."""
        frame = read_first_rows(self._source, self._table, nrows, self._folder)
        if "timestamp" in frame:
            frame["timestamp"] = frame["timestamp"].astype(str)
        return TablePreview(json.loads(frame.to_json(orient="split")))

    def _exists(self) -> bool:
        table = self._source.table(self._table)
        return table is None or (self._folder / table.file).is_file()

    def _describe(self) -> dict[str, Any]:
        table = self._source.table(self._table)
        filepath = (self._folder / table.file).as_posix() if table else None
        return {"filepath": filepath, "source": self._source.name, "table": self._table}


def read_table(
    source: SourceParameters, table: TableName, folder: Path | None = None
) -> pd.DataFrame:
    """Read one table of a source.

    Args:
        source: The data set.
        table: Which of its tables.
        folder: Where its files are, instead of `source.folder`.

    Returns:
        One row per line, in the file's order, with these columns (ids are int32, or int64 if
        they need it, or str with `ids: text`):

        * ratings, train, test: user_id, item_id, rating (float32, finite), timestamp
          (datetime64[s], UTC; absent when the source maps none);
        * items: item_id, title (str, "" if empty), genres (str, joined with `|`, "" for
          none);
        * users: user_id, age (Int16, missing if unknown), gender, occupation (str, "" if
          unknown).

        No rows when the source has no such table.

    Raises:
        InputError: If the file cannot be read as described; the message names the file, the
            line or column, what was found and what is accepted.
    """
    raw = _raw_file(source, table, folder)
    return _frame(source, table, raw.parts(BLOCK_BYTES) if raw else iter(()))


def read_first_rows(
    source: SourceParameters, table: TableName, n_rows: int, folder: Path | None = None
) -> pd.DataFrame:
    """Read the first rows of a table from the first block of its file.

    Args:
        source: The data set.
        table: Which of its tables.
        n_rows: How many rows; fewer come if the file, or its first 256 KiB, has fewer.
        folder: Where its files are, instead of `source.folder`.

    Returns:
        As `read_table`.

    Raises:
        InputError: As `read_table`, for what the first block holds.
    """
    raw = _raw_file(source, table, folder)
    parts = islice(raw.parts(PREVIEW_BYTES), 1) if raw else iter(())
    return _frame(source, table, parts).head(n_rows)


# What a column holds -------------------------------------------------------------------------

Part: TypeAlias = NDArray[Any] | Any  # a numpy array or an Arrow array


@dataclass(frozen=True)
class _Kind:
    """What the values of a column must be.

    Attributes:
        arrow: Type that Arrow parses the text into.
        accepts: What a person may write.
        convert: From an Arrow array of that type without nulls to what we keep; raises
            ValueError for a value that is not accepted.
        optional: Whether a value may be empty; then `convert` sees the nulls.
    """

    arrow: pa.DataType
    accepts: str
    convert: Callable[[pa.Array], Part]
    optional: bool = False


def _ids(array: pa.Array) -> Part:
    values = array.to_numpy(zero_copy_only=False)
    limits = np.iinfo(np.int32)
    fits = len(values) == 0 or (values.min() >= limits.min and values.max() <= limits.max)
    return values.astype(np.int32) if fits else values


def _finite(array: pa.Array) -> Part:
    values = array.to_numpy(zero_copy_only=False)
    if not np.isfinite(values).all():
        raise ValueError("not finite")
    return np.asarray(values)


def _seconds(array: pa.Array) -> Part:
    values = array.to_numpy(zero_copy_only=False)
    if len(values) and (values.min() < FIRST_SECOND or values.max() > LAST_SECOND):
        raise ValueError("not in the years 1 to 9999")
    return values.astype("datetime64[s]")


def _milliseconds(array: pa.Array) -> Part:
    return _seconds(pa.array(array.to_numpy(zero_copy_only=False) // 1000))


def _iso_times(array: pa.Array) -> Part:
    times = pd.to_datetime(array.to_pandas(), format="ISO8601", utc=True)
    if times.isna().any():
        raise ValueError("not a time")
    return times.to_numpy(dtype="datetime64[s]")


def _flags(array: pa.Array) -> Part:
    values = array.to_numpy(zero_copy_only=False)
    if not np.isin(values, (0, 1)).all():
        raise ValueError("not a flag")
    return values.astype(bool)


def _not_empty(array: pa.Array) -> Part:
    if pc.any(pc.equal(array, "")).as_py():
        raise ValueError("empty")
    return array


def _unchanged(array: pa.Array) -> Part:
    return array


ID_KINDS = {
    "integer": _Kind(
        pa.int64(), "a whole number; for other ids set source.ratings.ids: text", _ids
    ),
    "text": _Kind(pa.string(), "any text but not an empty one", _not_empty),
}
TIME_KINDS = {
    "s": _Kind(
        pa.int64(),
        "whole seconds since 1970-01-01 up to the year 9999; "
        "for others set source.ratings.time: ms or iso",
        _seconds,
    ),
    "ms": _Kind(
        pa.int64(),
        "whole milliseconds since 1970-01-01 up to the year 9999; "
        "for others set source.ratings.time: s or iso",
        _milliseconds,
    ),
    "iso": _Kind(
        pa.string(),
        "a time in ISO 8601 such as 2015-03-31T08:30:00; "
        "for numbers set source.ratings.time: s or ms",
        _iso_times,
    ),
}
RATING = _Kind(pa.float32(), "a finite number with a decimal point, such as 3.5", _finite)
TEXT = _Kind(pa.string(), "any text", _unchanged, optional=True)
AGE = _Kind(pa.int16(), "a whole number up to 32767, or nothing", _unchanged, optional=True)
FLAG = _Kind(pa.int8(), "0 or 1", _flags)


def _kinds(source: SourceParameters, table: TableName) -> dict[str, _Kind]:
    """Kind of each of our columns of a table."""
    ids = ID_KINDS[source.ratings.ids]
    if table == "items":
        return {"item_id": ids, "title": TEXT, "genres": TEXT}
    if table == "users":
        return {"user_id": ids, "age": AGE, "gender": TEXT, "occupation": TEXT}
    kinds = {"user_id": ids, "item_id": ids, "rating": RATING}
    if source.ratings.columns.timestamp is not None:
        kinds["timestamp"] = TIME_KINDS[source.ratings.time]
    return kinds


def _key_of(table: TableName) -> str:
    """The key of `globals.yml` that describes a table."""
    return f"source.{table if table in ('items', 'users') else 'ratings'}"


@dataclass(frozen=True)
class _Column:
    """A column to read: our name, where the file has it, the key that says so, its kind."""

    ours: str
    theirs: str | int
    key: str
    kind: _Kind


def _columns(source: SourceParameters, table: TableName, layout: TableFormat) -> list[_Column]:
    """The columns to read; genre flags are numbered from the end, -1 the last."""
    kinds = _kinds(source, table)
    block = _key_of(table)
    columns = [
        _Column(ours, theirs, f"{block}.columns.{ours}", kinds[ours])
        for ours, theirs in layout.column_references.items()
    ]
    if isinstance(layout, ItemsFormat) and layout.genre_flags:
        key = f"{block}.genre_flags"
        flags = range(-len(layout.genre_flags), 0)
        columns += [_Column(f"flag {flag}", flag, key, FLAG) for flag in flags]
    return columns


def _converted(kind: _Kind, array: pa.Array) -> Part:
    """Cast and check values of any Arrow type; ValueError or ArrowException for a bad one."""
    if array.null_count and not kind.optional:
        raise ValueError("empty")
    if kind in TIME_KINDS.values() and pa.types.is_temporal(array.type):
        times = array.cast(pa.timestamp("s"), safe=False)
        return _seconds(times.cast(pa.int64()))
    return kind.convert(array.cast(kind.arrow))


def _first_bad(kind: _Kind, array: pa.Array) -> int | None:
    """Position of the first value that `_converted` refuses, by halving; None if none."""
    if _is_good(kind, array):
        return None
    start, stop = 0, len(array)
    while stop - start > 1:
        middle = (start + stop) // 2
        if _is_good(kind, array.slice(start, middle - start)):
            start = middle
        else:
            stop = middle
    return start


def _is_good(kind: _Kind, array: pa.Array) -> bool:
    try:
        _converted(kind, array)
    except (ValueError, pa.ArrowException):
        return False
    return True


# Files ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _RawFile:
    """A file and the columns to read from it."""

    path: Path
    layout: TableFormat
    columns: list[_Column]
    block: str

    def parts(self, block_bytes: int) -> Iterator[dict[str, Part]]:
        """Read piece by piece; each piece maps our names to converted values."""
        n_rows = 0
        try:
            for batch in self._batches(block_bytes):
                yield {
                    column.ours: _converted(column.kind, array)
                    for column, array in zip(self.columns, batch.columns, strict=True)
                }
                n_rows += batch.num_rows
        except InputError:
            raise
        except (ValueError, pa.ArrowException) as error:
            raise self._diagnosis(error, n_rows) from None
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read: {error}") from None
        if n_rows == 0:
            has_header = self.layout.header and not self.layout.is_parquet
            raise InputError(f"{self.name}: no rows{' after the header' * has_header}")

    @property
    def name(self) -> str:
        """The path, as short as a person may give it."""
        current = Path.cwd()
        inside = self.path.is_absolute() and self.path.is_relative_to(current)
        return str(self.path.relative_to(current) if inside else self.path)

    def _batches(self, block_bytes: int) -> Iterator[pa.RecordBatch]:
        """Arrow batches with one column per entry of `columns`, in that order."""
        if self.layout.is_parquet:
            return _parquet_batches(self)
        return _text_batches(self, block_bytes)

    def _diagnosis(self, error: Exception, n_good: int) -> InputError:
        """What is wrong, after a number of rows that are known to be good."""
        parquet = self.layout.is_parquet
        found = _parquet_problem(self) if parquet else _text_problem(self, n_good)
        return InputError(f"{self.name}{found or f': cannot be read: {error}'}")


def _raw_file(source: SourceParameters, table: TableName, folder: Path | None) -> _RawFile | None:
    """The file of a table, known to exist; None when the source has no such table."""
    layout = source.table(table)
    if layout is None:
        return None
    block = _key_of(table)
    path = (folder or source.folder) / layout.file
    raw = _RawFile(path, layout, _columns(source, table, layout), block)
    if path.is_file():
        return raw
    if source.fetch:
        raise InputError(
            f"{raw.name}: no such file; download it with: kedro fetch-data {source.fetch}"
        )
    key = f"source.splits.{table}" if table in ("train", "test") else f"{block}.file"
    raise InputError(
        f"{raw.name}: no such file; check the keys source.folder and {key} in globals.yml"
    )


def _parquet_batches(raw: _RawFile) -> Iterator[pa.RecordBatch]:
    with pa.parquet.ParquetFile(raw.path) as file:
        names = file.schema_arrow.names
        _check_names(raw, names)
        wanted = [str(column.theirs) for column in raw.columns]
        for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=wanted):
            yield batch.select(wanted)


def _text_batches(raw: _RawFile, block_bytes: int) -> Iterator[pa.RecordBatch]:
    """Batches of typed columns; Arrow reads ahead by a few blocks only."""
    layout = raw.layout
    width, positions = _positions(raw)
    types = {str(p): c.kind.arrow for p, c in zip(positions, raw.columns, strict=True)}
    with raw.path.open("rb") as file:
        stream = file if _is_arrow_text(layout) else io.BufferedReader(_Translated(file, layout))
        with pa.csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=pa.csv.ReadOptions(
                block_size=block_bytes,
                column_names=[str(position) for position in range(width)],
                skip_rows_after_names=int(layout.header),
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=layout.separator if _is_one_byte(layout) else UNIT_SEPARATOR,
                quote_char='"' if layout.quoting else False,
                newlines_in_values=layout.quoting,
                ignore_empty_lines=False,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=[""],
                strings_can_be_null=True,
            ),
        ) as reader:
            yield from reader


def _is_one_byte(layout: TableFormat) -> bool:
    return len(layout.separator.encode()) == 1


def _is_arrow_text(layout: TableFormat) -> bool:
    """Whether Arrow reads the bytes as they are: UTF-8 with a separator of one byte."""
    return _is_one_byte(layout) and codecs.lookup(layout.encoding).name == "utf-8"


class _Translated(io.RawIOBase):
    """A text file as UTF-8, its long separator replaced by the one byte U+001F."""

    def __init__(self, file: io.BufferedIOBase, layout: TableFormat) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(layout.encoding)()
        self._separator = "" if _is_one_byte(layout) else layout.separator
        self._held = ""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        at_end = False
        while not self._ready and not at_end:
            block = self._file.read(TRANSLATED_BYTES)
            at_end = not block
            text = self._held + self._decoder.decode(block, final=at_end)
            self._ready = self._translate(text, at_end).encode()
        n_bytes = min(len(buffer), len(self._ready))
        buffer[:n_bytes] = self._ready[:n_bytes]
        self._ready = self._ready[n_bytes:]
        return n_bytes

    def _translate(self, text: str, at_end: bool) -> str:
        """Replace separators; the start of one at the end of the text is held back."""
        self._held = ""
        if not self._separator:
            return text
        if UNIT_SEPARATOR in text:
            raise ValueError("it holds the control character U+001F")
        fields = text.split(self._separator)
        if not at_end:
            self._held = _beginning_of(self._separator, fields[-1])
            fields[-1] = fields[-1].removesuffix(self._held)
        return UNIT_SEPARATOR.join(fields)


def _beginning_of(separator: str, text: str) -> str:
    """Longest end of the text that an incomplete separator could be."""
    for length in range(len(separator) - 1, 0, -1):
        if text.endswith(separator[:length]):
            return separator[:length]
    return ""


# Where the columns are -----------------------------------------------------------------------


def _positions(raw: _RawFile) -> tuple[int, list[int]]:
    """Number of fields of a line, and the position of every wanted column, from 0."""
    first = _first_row(raw, raw.layout.separator)
    if raw.layout.header:
        _check_names(raw, first)
    else:
        _check_width(raw, first)
    named = {name: position for position, name in enumerate(first)}
    positions = []
    for column in raw.columns:
        if isinstance(column.theirs, str):
            positions.append(named[column.theirs])
        else:
            positions.append(column.theirs + (len(first) if column.theirs < 0 else -1))
    if len(set(positions)) < len(positions):
        keys = ", ".join(column.key for column in raw.columns)
        raise InputError(f"{raw.name}: one column is used twice among {keys}")
    return len(first), positions


def _first_row(raw: _RawFile, separator: str) -> list[str]:
    try:
        row = next(iter(_rows(raw, separator)), None)
    except UnicodeDecodeError:
        raise InputError(f"{raw.name}{_undecodable_line(raw)}") from None
    except csv.Error as error:
        raise InputError(f"{raw.name}, line 1: {error}; are its double quotes right?") from None
    if row is None:
        raise InputError(f"{raw.name}: the file is empty")
    return [field.strip() for field in row[1]] if raw.layout.header else row[1]


def _check_names(raw: _RawFile, names: list[str]) -> None:
    """Refuse a file that lacks a wanted column, or has it twice."""
    for column in raw.columns:
        if isinstance(column.theirs, int):
            continue
        count = names.count(column.theirs)
        if count != 1:
            problem = f"{count} columns are called" if count else "no column is called"
            raise InputError(
                f"{raw.name}: {problem} {column.theirs!r} ({column.key}); the file's columns: "
                f"{', '.join(map(repr, names))}{_header_hint(raw, names)}"
            )


def _header_hint(raw: _RawFile, names: list[str]) -> str:
    """Say what to change when none of the names is there."""
    if raw.layout.is_parquet or any(column.theirs in names for column in raw.columns):
        return ""
    return _separator_hint(raw) or (
        f"; if line 1 is not a header, set {raw.block}.header: false and give numbers"
    )


def _check_width(raw: _RawFile, first: list[str]) -> None:
    """Refuse a file whose first line has fewer fields than the wanted columns need."""
    for column in raw.columns:
        if abs(int(column.theirs)) > len(first):
            raise InputError(
                f"{raw.name}, line 1: {_fields(len(first))} with separator "
                f"{raw.layout.separator!r}, but {column.key} needs {abs(int(column.theirs))}"
                f"{_separator_hint(raw)}"
            )


def _separator_hint(raw: _RawFile) -> str:
    """Name the separator with which all columns would be there, if one is."""
    for separator in COMMON_SEPARATORS:
        if _separates(raw, separator):
            quoting = " and quoting: false" if len(separator) > 1 else ""
            shown = json.dumps(separator)
            return f"; they are there with {raw.block}.separator: {shown}{quoting}"
    return ""


def _separates(raw: _RawFile, separator: str) -> bool:
    """Whether the first line has all wanted columns with this separator."""
    try:
        fields = _first_row(raw, separator)
    except InputError:
        return False
    return all(
        column.theirs in fields
        if isinstance(column.theirs, str)
        else abs(column.theirs) <= len(fields)
        for column in raw.columns
    )


# Diagnosis: a slow pass that finds the first bad line -----------------------------------------


def _rows(raw: _RawFile, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line number, from 1, and fields of every row; an empty line has no fields."""
    encoding = "utf-8-sig" if _is_utf8(raw) else raw.layout.encoding
    with raw.path.open(encoding=encoding, newline="") as file:
        if len(separator) > 1:
            for number, line in enumerate(file, start=1):
                text = line.rstrip("\r\n")
                yield number, text.split(separator) if text else []
            return
        reader = csv.reader(
            file,
            delimiter=separator,
            quoting=csv.QUOTE_MINIMAL if raw.layout.quoting else csv.QUOTE_NONE,
            strict=True,
        )
        start = 1
        for fields in reader:
            yield start, fields
            start = reader.line_num + 1


def _is_utf8(raw: _RawFile) -> bool:
    return codecs.lookup(raw.layout.encoding).name == "utf-8"


def _text_problem(raw: _RawFile, n_good: int) -> str | None:
    """What is wrong with the first bad line after the good rows; None if nothing is found."""
    width, positions = _positions(raw)
    rows = islice(_rows(raw, raw.layout.separator), raw.layout.header + n_good, None)
    at_end: str | None = None
    while at_end is None:
        block, at_end = _block(raw, rows, width)
        found = _bad_value(raw, block, positions)
        if found:
            return found
    return at_end or None


def _block(
    raw: _RawFile, rows: Iterator[tuple[int, list[str]]], width: int
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
                return block, f", line {line}: {_fields(len(fields))}, but line 1 has {width}"
            block.append((line, fields or [""]))
    except UnicodeDecodeError:
        return block, _undecodable_line(raw)
    except csv.Error as error:
        after = f" after line {block[-1][0]}" if block else ""
        return block, f"{after}: {error}; is a double quote missing or too many?"
    return block, None if block else ""


def _fields(count: int) -> str:
    return f"{count} field{'s' * (count != 1)}"


def _bad_value(
    raw: _RawFile, block: list[tuple[int, list[str]]], positions: list[int]
) -> str | None:
    """Describe the first value of a block that is not accepted."""
    bad = []
    for order, (column, position) in enumerate(zip(raw.columns, positions, strict=True)):
        values = pa.array([fields[position] for _, fields in block], pa.string())
        if column.kind.arrow != pa.string():
            values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        row = _first_bad(column.kind, values)
        if row is not None:
            bad.append((row, order))
    if not bad:
        return None
    row, order = min(bad)
    line, fields = block[row]
    column = raw.columns[order]
    hint = f"; if line 1 is a header, set {raw.block}.header: true" * (line == 1)
    name = column.theirs if isinstance(column.theirs, str) else positions[order] + 1
    what = _found(fields[positions[order]], column.kind)
    return f", line {line}, column {name} ({column.key}): {what}{hint}"


def _found(value: Any, kind: _Kind) -> str:
    shown = "nothing" if value is None or value == "" else repr(value)
    return f"found {shown}, accepted: {kind.accepts}"


def _undecodable_line(raw: _RawFile) -> str:
    """Describe the first line that is not text in the encoding."""
    decoder = codecs.getincrementaldecoder(raw.layout.encoding)()
    line = 1
    with raw.path.open("rb") as file:
        try:
            for block in file:
                line += decoder.decode(block).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            other = "latin-1" if _is_utf8(raw) else "utf-8"
            return (
                f", line {line}: not text in the encoding {raw.layout.encoding}; "
                f"try {raw.block}.encoding: {other}"
            )
    return f": not text in the encoding {raw.layout.encoding}"


def _parquet_problem(raw: _RawFile) -> str | None:
    """What is wrong with the first bad row of a Parquet file; None if nothing is found."""
    start = 0
    try:
        for batch in _parquet_batches(raw):
            found = [
                (row, column, array)
                for column, array in zip(raw.columns, batch.columns, strict=True)
                if (row := _first_bad(column.kind, array)) is not None
            ]
            if found:
                row, column, array = min(found, key=lambda bad: bad[0])
                what = _found(array[row].as_py(), column.kind)
                return f", row {start + row + 1}, column {column.theirs} ({column.key}): {what}"
            start += batch.num_rows
    except pa.ArrowInvalid as error:
        return f": not a Parquet file: {error}"
    return None


# Frames --------------------------------------------------------------------------------------


def _frame(
    source: SourceParameters, table: TableName, parts: Iterator[dict[str, Part]]
) -> pd.DataFrame:
    """Put pieces together, and add the columns of the contract that the file lacks."""
    pieces: dict[str, list[Part]] = {}
    for part in parts:
        for name, values in part.items():
            pieces.setdefault(name, []).append(values)
    layout = source.table(table)
    if isinstance(layout, ItemsFormat) and layout.genre_flags and pieces:
        pieces["genres"] = [pa.array(_flagged_genres(pieces, layout.genre_flags), pa.string())]
    kinds = _kinds(source, table)
    n_rows = sum(len(values) for values in next(iter(pieces.values()), []))
    columns = {}
    for name, kind in kinds.items():
        filler = _converted(kind, pa.nulls(n_rows if kind.optional else 0, kind.arrow))
        columns[name] = _joined(pieces.pop(name, [filler]))
    frame = pd.DataFrame(columns, copy=False)
    if isinstance(layout, ItemsFormat):
        frame["genres"] = _piped(frame["genres"], layout.genres_separator)
    return frame


def _joined(parts: list[Part]) -> Any:
    """One column out of its pieces; missing text becomes ""."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    whole = pa.chunked_array(parts)
    if whole.type == pa.int16():
        return whole.to_pandas(types_mapper={pa.int16(): pd.Int16Dtype()}.get)
    return whole.fill_null("").to_pandas().astype("str")


def _flagged_genres(pieces: dict[str, list[Part]], genres: list[str | None]) -> list[str]:
    """Genres of each item, joined with the separator that `_piped` splits at."""
    flags: list[NDArray[np.bool_]] = [
        np.concatenate(pieces.pop(f"flag {flag}")) for flag in range(-len(genres), 0)
    ]
    return [
        "|".join(genre for genre, flag in zip(genres, row, strict=True) if flag and genre)
        for row in zip(*flags, strict=True)
    ]


def _piped(genres: pd.Series[Any], separator: str) -> pd.Series[Any]:
    """Genres joined with `|`, without blanks and without GroupLens' text for none."""
    tidy = {
        text: "|".join(genre.strip() for genre in text.split(separator) if genre.strip())
        for text in genres.unique()
        if text != NO_GENRES
    }
    return genres.map(tidy).fillna("").astype("str")
