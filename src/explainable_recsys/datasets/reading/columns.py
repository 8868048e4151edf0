"""What a column may hold, and how its values are converted and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from explainable_recsys.datasets.source import (
    TABLES,
    ItemsFormat,
    SourceParameters,
    TableFormat,
    TableName,
)

# Seconds since 1970-01-01 UTC of the first second of year 1 and the last of year 9999.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
MS_PER_SECOND = 1000


@dataclass(frozen=True)
class Kind:
    """What the values of a column must be.

    Attributes:
        arrow: Type that Arrow parses the text into.
        accepts: What a person may write.
        convert: From an array of that type without nulls to what we keep; raises ValueError
            for a value that is not accepted.
        optional: Whether a value may be empty, which stays null.
    """

    arrow: pa.DataType
    accepts: str
    convert: Callable[[pa.Array], pa.Array] = lambda array: array
    optional: bool = False


def _ids(array: pa.Array) -> pa.Array:
    try:
        return array.cast(pa.int32())
    except pa.ArrowInvalid:
        return array


def _finite(array: pa.Array) -> pa.Array:
    return _checked(array, pc.is_finite(array))


def _seconds(array: pa.Array) -> pa.Array:
    known = pc.and_(pc.greater_equal(array, FIRST_SECOND), pc.less_equal(array, LAST_SECOND))
    return _checked(array, known).cast(pa.timestamp("s"))


def _milliseconds(array: pa.Array) -> pa.Array:
    return _seconds(pa.array(array.to_numpy() // MS_PER_SECOND))


def _iso_times(array: pa.Array) -> pa.Array:
    times = pd.to_datetime(array.to_pandas(), format="ISO8601", utc=True)
    return _checked(pa.array(times.to_numpy(dtype="M8[s]")), pa.array(times.notna()))


def _flags(array: pa.Array) -> pa.Array:
    return _checked(array, pc.is_in(array, pa.array([0, 1], array.type))).cast(pa.bool_())


def _not_empty(array: pa.Array) -> pa.Array:
    return _checked(array, pc.not_equal(array, ""))


def _checked(array: pa.Array, accepted: pa.Array) -> pa.Array:
    if pc.any(pc.invert(accepted)).as_py():
        raise ValueError("not accepted")
    return array


NAME = Kind(pa.string(), "any text but not an empty one", _not_empty)
TEXT = Kind(pa.string(), "any text", optional=True)
ID_KINDS = {
    "integer": Kind(pa.int64(), "a whole number; for other ids set source.ratings.ids: text", _ids),
    "text": NAME,
}
_SINCE = "since 1970-01-01 up to the year 9999; for others set source.ratings.time:"
TIME_KINDS = {
    "s": Kind(pa.int64(), f"whole seconds {_SINCE} ms or iso", _seconds),
    "ms": Kind(pa.int64(), f"whole milliseconds {_SINCE} s or iso", _milliseconds),
    "iso": Kind(
        pa.string(),
        "a time in ISO 8601 such as 2015-03-31T08:30:00; "
        "for numbers set source.ratings.time: s or ms",
        _iso_times,
    ),
}
FLAG = Kind(pa.int8(), "0 or 1", _flags)
KINDS = {
    "rating": Kind(pa.float32(), "a finite number with a decimal point, such as 3.5", _finite),
    "age": Kind(pa.int16(), "a whole number up to 32767, or nothing", optional=True),
    **dict.fromkeys(("title", "genres", "gender", "occupation", "tag"), TEXT),
    **dict.fromkeys(("head", "relation", "tail", "entity_id"), NAME),
}
"""By our names of columns; those of ids and times depend on the source."""


def kinds_of(source: SourceParameters, table: TableName) -> dict[str, Kind]:
    """Kind of each of our columns of a table."""
    ids, times = ID_KINDS[source.ratings.ids], TIME_KINDS[source.ratings.time]
    kinds = {**KINDS, "user_id": ids, "item_id": ids}
    if source.ratings.columns.timestamp is not None:
        kinds["timestamp"] = times
    return {name: kinds[name] for name in TABLES[table][1].model_fields if name in kinds}


@dataclass(frozen=True)
class Column:
    """A column to read: our name, where the file has it, the key that says so, its kind."""

    ours: str
    theirs: str | int
    key: str
    kind: Kind


def columns_of(
    source: SourceParameters, table: TableName, layout: TableFormat[Any]
) -> list[Column]:
    """The columns to read; genre flags are numbered from the end, -1 the last."""
    kinds = kinds_of(source, table)
    block = f"source.{TABLES[table][0]}"
    columns = [
        Column(ours, theirs, f"{block}.columns.{ours}", kinds[ours])
        for ours, theirs in layout.column_references.items()
    ]
    if isinstance(layout, ItemsFormat) and layout.genre_flags:
        flags = range(-len(layout.genre_flags), 0)
        columns += [Column(f"flag {flag}", flag, f"{block}.genre_flags", FLAG) for flag in flags]
    return columns


def converted(kind: Kind, array: pa.Array) -> pa.Array:
    """Cast and check values of any Arrow type; ValueError or ArrowException for a bad one."""
    if array.null_count and not kind.optional:
        raise ValueError("empty")
    if kind in TIME_KINDS.values() and pa.types.is_temporal(array.type):
        times = array.cast(pa.timestamp("s"), safe=False)
        return _seconds(times.cast(pa.int64()))
    return kind.convert(array.cast(kind.arrow))


def first_bad(kind: Kind, array: pa.Array) -> int | None:
    """Position of the first value that `converted` refuses, by halving; None if none."""
    start, stop = 0, len(array) + 1
    while stop - start > 1:
        middle = (start + stop) // 2
        try:
            converted(kind, array[start:middle])
            start = middle
        except (ValueError, pa.ArrowException):
            stop = middle
    return start if start < len(array) else None
