"""Where the wanted columns of a file are, and what to change when they are not there."""

from __future__ import annotations

import contextlib
import json

from explainable_recsys.datasets.reading.columns import Column
from explainable_recsys.datasets.reading.files import RawFile, rows_of
from explainable_recsys.errors import InputError

# What `_separator_hint` tries, in this order: the first that gives all columns is named.
COMMON_SEPARATORS = (",", "\t", ";", "|", "::", ":", " ")


def positions_of(raw: RawFile) -> tuple[int, list[int]]:
    """Number of fields of a line, and the position of every wanted column, from 0."""
    first = _first_row(raw, raw.layout.separator)
    check_columns(raw, first)
    positions = [_places(column, first)[0] for column in raw.columns]
    if len(set(positions)) < len(positions):
        keys = ", ".join(column.key for column in raw.columns)
        raise InputError(f"{raw.name}: one column is used twice among {keys}")
    return len(first), positions


def _first_row(raw: RawFile, separator: str) -> list[str]:
    for _, fields in rows_of(raw, separator):
        return [field.strip() for field in fields] if raw.layout.header else fields
    raise InputError(f"{raw.name}: the file is empty")


def check_columns(raw: RawFile, first: list[str]) -> None:
    """Refuse a file whose first row, or whose names, lack a wanted column or have it twice."""
    for column in raw.columns:
        count = len(_places(column, first))
        if count == 1:
            continue
        if isinstance(column.theirs, int):
            raise InputError(
                f"{raw.name}, line 1: {count_of_fields(len(first))} with separator "
                f"{raw.layout.separator!r}, but {column.key} needs {abs(column.theirs)}"
                f"{_separator_hint(raw)}"
            )
        problem = f"{count} columns are called" if count else "no column is called"
        raise InputError(
            f"{raw.name}: {problem} {column.theirs!r} ({column.key}); the file's columns: "
            f"{', '.join(map(repr, first))}{_header_hint(raw, first)}"
        )


def _places(column: Column, first: list[str]) -> list[int]:
    """Positions, from 0, at which a file has a wanted column: one, if all is right."""
    if isinstance(column.theirs, str):
        return [position for position, name in enumerate(first) if name == column.theirs]
    position = column.theirs - 1 if column.theirs > 0 else len(first) + column.theirs
    return [position] if 0 <= position < len(first) else []


def _header_hint(raw: RawFile, names: list[str]) -> str:
    """Say what to change when none of the names is there."""
    if raw.layout.is_parquet or any(_places(column, names) for column in raw.columns):
        return ""
    return _separator_hint(raw) or (
        f"; if line 1 is not a header, set {raw.block}.header: false and give numbers"
    )


def _separator_hint(raw: RawFile) -> str:
    """Name the separator with which all columns would be there, if one is."""
    for separator in COMMON_SEPARATORS:
        with contextlib.suppress(InputError):
            first = _first_row(raw, separator)
            if all(_places(column, first) for column in raw.columns):
                quoting = " and quoting: false" if len(separator) > 1 else ""
                shown = json.dumps(separator)
                return f"; they are there with {raw.block}.separator: {shown}{quoting}"
    return ""


def count_of_fields(count: int) -> str:
    """A number of fields in words of a message: 1 field, 2 fields."""
    return f"{count} field{'s' * (count != 1)}"
