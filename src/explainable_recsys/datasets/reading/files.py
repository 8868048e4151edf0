"""The file of a table: where it is, which columns it gives, and its rows as plain text."""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainable_recsys.datasets.reading.columns import Column, columns_of
from explainable_recsys.datasets.source import TABLES, SourceParameters, TableFormat, TableName
from explainable_recsys.errors import InputError


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Put a character that no text has in the place of what is no text, to tell its line."""
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


codecs.register_error(f"{__name__}.mark", _mark)


@dataclass(frozen=True)
class RawFile:
    """A file and the columns to read from it.

    Attributes:
        path: Where it is.
        layout: How it is written.
        columns: What to read, in the order of our columns.
        block: The key of `globals.yml` that describes it, such as `source.ratings`.
    """

    path: Path
    layout: TableFormat[Any]
    columns: list[Column]
    block: str

    @property
    def name(self) -> str:
        """The path, as short as a person may give it."""
        current = Path.cwd()
        inside = self.path.is_absolute() and self.path.is_relative_to(current)
        return str(self.path.relative_to(current) if inside else self.path)


def table_at(source: SourceParameters, table: TableName, folder: Path) -> TableFormat[Any] | None:
    """How a table is written; None without one, and for an optional graph that is not there."""
    files = (source.table("triples"), source.table("links")) if _is_optional(source, table) else ()
    if files and not any(file and path_of(file, folder).is_file() for file in files):
        return None
    return source.table(table)


def path_of(table: TableFormat[Any], folder: Path) -> Path:
    """Where a file is; `..` leads out of the folder as it is named, also where that is a link."""
    return Path(os.path.normpath(folder / table.file))


def raw_file(source: SourceParameters, table: TableName, folder: Path | None) -> RawFile | None:
    """The file of a table, known to exist; None when the source has no such table."""
    folder = folder or source.folder
    layout = table_at(source, table, folder)
    if layout is None:
        return None
    block = f"source.{TABLES[table][0]}"
    raw = RawFile(path_of(layout, folder), layout, columns_of(source, table, layout), block)
    if raw.path.is_file():
        return raw
    remedy = f"download it with: kedro fetch-data {source.fetch}"
    if not source.fetch or _is_optional(source, table):
        key = f"source.splits.{table}" if table in ("train", "test") else f"{block}.file"
        remedy = f"check the keys source.folder and {key} in globals.yml"
    raise InputError(f"{raw.name}: no such file; {remedy}")


def _is_optional(source: SourceParameters, table: TableName) -> bool:
    """Whether a table does not come with every download."""
    return "graph." in TABLES[table][0] and source.graph is not None and source.graph.optional


def rows_of(raw: RawFile, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line on which it starts, from 1, and fields of every row.

    Raises:
        InputError: If a row is not text in the file's encoding, or its quotes are wrong.
    """
    is_utf8, start = codecs.lookup(raw.layout.encoding).name == "utf-8", 1
    encoding = "utf-8-sig" if is_utf8 else raw.layout.encoding
    with raw.path.open(encoding=encoding, errors=f"{__name__}.mark", newline="") as file:
        rows = _split(raw, separator, file)
        try:
            for fields in rows:
                "".join(fields).encode()
                yield start, fields
                start = getattr(rows, "line_num", start) + 1
        except UnicodeError:
            other = "latin-1" if is_utf8 else "utf-8"
            raise InputError(
                f"{raw.name}, line {start}: not text in the encoding {raw.layout.encoding}; "
                f"try {raw.block}.encoding: {other}"
            ) from None
        except csv.Error as error:
            raise InputError(
                f"{raw.name}, line {start}: {error}; is a double quote missing or too many?"
            ) from None


def _split(raw: RawFile, separator: str, lines: Iterable[str]) -> Iterator[list[str]]:
    if len(separator) > 1:
        return (line.rstrip("\r\n").split(separator) for line in lines)
    return csv.reader(
        lines,
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if raw.layout.quoting else csv.QUOTE_NONE,
        strict=True,
    )
