"""What a column may hold, and how its values are converted and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from explainable_recsys.datasets.source import (
    GRAPH_KEYS,
    ItemsFormat,
    SourceParameters,
    TableFormat,
    TableName,
)

# Seconds since 1970-01-01 UTC of the first second of year 1 and the last of year 9999.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
MS_PER_SECOND = 1000

Part: TypeAlias = NDArray[Any] | Any  # a numpy array or an Arrow array


@dataclass(frozen=True)
class Kind:
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
    return _seconds(pa.array(array.to_numpy(zero_copy_only=False) // MS_PER_SECOND))


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


NAME = Kind(pa.string(), "any text but not an empty one", _not_empty)

ID_KINDS = {
    "integer": Kind(pa.int64(), "a whole number; for other ids set source.ratings.ids: text", _ids),
    "text": NAME,
}
TIME_KINDS = {
    "s": Kind(
        pa.int64(),
        "whole seconds since 1970-01-01 up to the year 9999; "
        "for others set source.ratings.time: ms or iso",
        _seconds,
    ),
    "ms": Kind(
        pa.int64(),
        "whole milliseconds since 1970-01-01 up to the year 9999; "
        "for others set source.ratings.time: s or iso",
        _milliseconds,
    ),
    "iso": Kind(
        pa.string(),
        "a time in ISO 8601 such as 2015-03-31T08:30:00; "
        "for numbers set source.ratings.time: s or ms",
        _iso_times,
    ),
}
RATING = Kind(pa.float32(), "a finite number with a decimal point, such as 3.5", _finite)
TEXT = Kind(pa.string(), "any text", _unchanged, optional=True)
AGE = Kind(pa.int16(), "a whole number up to 32767, or nothing", _unchanged, optional=True)
FLAG = Kind(pa.int8(), "0 or 1", _flags)


def kinds_of(source: SourceParameters, table: TableName) -> dict[str, Kind]:
    """Kind of each of our columns of a table."""
    ids = ID_KINDS[source.ratings.ids]
    if table in ("items", "linked_items"):
        return {"item_id": ids, "title": TEXT, "genres": TEXT}
    if table == "users":
        return {"user_id": ids, "age": AGE, "gender": TEXT, "occupation": TEXT}
    if table == "tags":
        return {"item_id": ids, "tag": TEXT}
    if table == "triples":
        return dict.fromkeys(("head", "relation", "tail"), NAME)
    if table == "links":
        return {"item_id": ids, "entity_id": NAME}
    kinds = {"user_id": ids, "item_id": ids, "rating": RATING}
    if source.ratings.columns.timestamp is not None:
        kinds["timestamp"] = TIME_KINDS[source.ratings.time]
    return kinds


def key_of(table: TableName) -> str:
    """The key of `globals.yml` that describes a table."""
    if table in GRAPH_KEYS:
        return f"source.graph.{GRAPH_KEYS[table]}"
    return f"source.{table if table in ('items', 'users', 'tags') else 'ratings'}"


@dataclass(frozen=True)
class Column:
    """A column to read: our name, where the file has it, the key that says so, its kind."""

    ours: str
    theirs: str | int
    key: str
    kind: Kind


def columns_of(source: SourceParameters, table: TableName, layout: TableFormat) -> list[Column]:
    """The columns to read; genre flags are numbered from the end, -1 the last."""
    kinds = kinds_of(source, table)
    block = key_of(table)
    columns = [
        Column(ours, theirs, f"{block}.columns.{ours}", kinds[ours])
        for ours, theirs in layout.column_references.items()
    ]
    if isinstance(layout, ItemsFormat) and layout.genre_flags:
        key = f"{block}.genre_flags"
        flags = range(-len(layout.genre_flags), 0)
        columns += [Column(f"flag {flag}", flag, key, FLAG) for flag in flags]
    return columns


def converted(kind: Kind, array: pa.Array) -> Part:
    """Cast and check values of any Arrow type; ValueError or ArrowException for a bad one."""
    if array.null_count and not kind.optional:
        raise ValueError("empty")
    if kind in TIME_KINDS.values() and pa.types.is_temporal(array.type):
        times = array.cast(pa.timestamp("s"), safe=False)
        return _seconds(times.cast(pa.int64()))
    return kind.convert(array.cast(kind.arrow))


def first_bad(kind: Kind, array: pa.Array) -> int | None:
    """Position of the first value that `converted` refuses, by halving; None if none."""
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


def _is_good(kind: Kind, array: pa.Array) -> bool:
    try:
        converted(kind, array)
    except (ValueError, pa.ArrowException):
        return False
    return True
