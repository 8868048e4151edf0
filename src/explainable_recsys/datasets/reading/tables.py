"""Whole tables, or their first rows, as frames with our columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from explainable_recsys.datasets.reading.batches import parquet_batches, text_batches
from explainable_recsys.datasets.reading.columns import converted, kinds_of
from explainable_recsys.datasets.reading.diagnosis import diagnosis
from explainable_recsys.datasets.reading.files import RawFile, raw_file
from explainable_recsys.datasets.source import ItemsFormat, SourceParameters, TableName
from explainable_recsys.errors import InputError

BLOCK_BYTES = 8 << 20  # of a text file, parsed at a time; larger ones need more memory
PREVIEW_BYTES = 256 << 10  # of a text file, read for its first rows
NO_GENRES = "(no genres listed)"  # what GroupLens writes for a movie without genres


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
          unknown);
        * tags: item_id, tag (str, "" if empty);
        * triples: head, relation, tail (str, never empty);
        * links: item_id, entity_id (str, never empty);
        * linked_items: as items.

        No rows when the source has no such table.

    Raises:
        InputError: If the file cannot be read as described; the message names the file, the
            line or column, what was found and what is accepted.
    """
    raw = raw_file(source, table, folder)
    return _frame(source, table, _parts(raw, BLOCK_BYTES) if raw else ())


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
    raw = raw_file(source, table, folder)
    parts = islice(_parts(raw, PREVIEW_BYTES), 1) if raw else ()
    return _frame(source, table, parts).head(n_rows)


def _parts(raw: RawFile, block_bytes: int) -> Iterator[pa.Table]:
    """Read piece by piece; the columns of each are called as ours are, and converted."""
    n_rows = 0
    try:
        is_parquet = raw.layout.is_parquet
        for batch in parquet_batches(raw) if is_parquet else text_batches(raw, block_bytes):
            yield pa.table(
                {
                    column.ours: converted(column.kind, array)
                    for column, array in zip(raw.columns, batch.columns, strict=True)
                }
            )
            n_rows += batch.num_rows
    except InputError:
        raise
    except (ValueError, pa.ArrowException) as error:
        raise diagnosis(raw, error, n_rows) from None
    except OSError as error:
        raise InputError(f"{raw.name}: cannot be read: {error}") from None
    if n_rows == 0:
        has_header = raw.layout.header and not is_parquet
        raise InputError(f"{raw.name}: no rows{' after the header' * has_header}")


def _frame(source: SourceParameters, table: TableName, parts: Iterable[pa.Table]) -> pd.DataFrame:
    """Put pieces together, and add the columns of the contract that the file lacks."""
    kinds = kinds_of(source, table)
    none = {name: converted(kind, pa.nulls(0, kind.arrow)) for name, kind in kinds.items()}
    whole = pa.concat_tables([pa.table(none), *parts], promote_options="permissive")
    texts = {name: "" for name, kind in kinds.items() if kind.arrow == pa.string()}
    frame: pd.DataFrame = whole.to_pandas(types_mapper={pa.int16(): pd.Int16Dtype()}.get)
    frame = frame.fillna(texts)
    layout = source.table(table)
    if isinstance(layout, ItemsFormat):
        if layout.genre_flags:
            frame["genres"] = _flagged_genres(frame, layout.genre_flags)
        frame["genres"] = _piped(frame["genres"], layout.genres_separator)
    return frame[list(kinds)]


def _flagged_genres(frame: pd.DataFrame, genres: list[str | None]) -> list[str]:
    """Genres of each item, joined with `|`."""
    flags = [frame[f"flag {flag}"] for flag in range(-len(genres), 0)]
    return [
        "|".join(genre for genre, flag in zip(genres, row, strict=True) if flag and genre)
        for row in zip(*flags, strict=True)
    ]


def _piped(genres: pd.Series[Any], separator: str) -> pd.Series[Any]:
    """Genres joined with `|`, without blanks and without GroupLens' text for none."""
    tidy = {
        text: "|".join(genre.strip() for genre in text.split(separator) if genre.strip())
        for text in genres.unique()
    }
    return genres.map(tidy | {NO_GENRES: ""}).astype("str")
