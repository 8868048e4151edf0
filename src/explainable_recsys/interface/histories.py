"""Files of histories, read by blocks of people, and of lists, written by blocks."""

from __future__ import annotations

import csv
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.datasets.leftovers import temporary
from explainable_recsys.errors import InputError, require_columns
from explainable_recsys.interactions import Interactions

COLUMNS = ["user_id", "item_id", "rating"]
ROWS_AT_ONCE = 1 << 16

KINDS = {".csv": "CSV in UTF-8", ".parquet": "Parquet"}

FIRST_ROW = {".csv": 2, ".parquet": 1}
"""Number of the first row: in a file of text its line, after the header."""

Write = Callable[[pd.DataFrame], None]


def check_ending(option: str, path: Path) -> None:
    """Make sure that a file is of a kind that is read and written.

    Raises:
        InputError: If it is not.
    """
    if path.suffix not in KINDS:
        raise InputError(f"{option} {path}: accepted: a file that ends in {' or '.join(KINDS)}")


def blocks_of_people(path: Path, n_people: int, rows: int = ROWS_AT_ONCE) -> Iterator[pd.DataFrame]:
    """Ratings of so many people at a time; in memory are these, and the ids of all before.

    Args:
        path: A CSV file with a header, or a Parquet file.
        n_people: Most people of a block.
        rows: Rows that are read at a time.

    Yields:
        Columns `user_id`, `item_id`, `rating`, and `row`, where each stands in the file.

    Raises:
        InputError: If it is no such file, it lacks a column or has an empty field, or the rows of
            somebody do not stand together.
    """
    waiting, seen, n_read = pd.DataFrame(), set[Any](), 0
    for part in itertools.chain(_parts(path, rows), [None]):
        if part is not None:
            part = part.assign(row=np.arange(len(part)) + n_read + FIRST_ROW[path.suffix])
            _check_filled(path, part)
            n_read += len(part)
            waiting = pd.concat([waiting, part], ignore_index=True)
        if waiting.empty:
            continue
        starts = np.flatnonzero(waiting["user_id"].ne(waiting["user_id"].shift()))
        bounds = [*starts.tolist(), len(waiting)]
        n_whole = len(starts) if part is None else len(starts) - 1  # the last may go on
        for first in range(0, n_whole, n_people):
            last = min(first + n_people, n_whole)
            if last - first < n_people and part is not None:
                n_whole = first
                break
            block = waiting.iloc[bounds[first] : bounds[last]]
            _check_new(path, waiting.iloc[starts[first:last]], seen)
            yield block.reset_index(drop=True)
        waiting = waiting.iloc[bounds[n_whole] :]
    if not n_read:
        raise InputError(f"{path}: no rows; accepted: at least one rating")


def _parts(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    """The three columns, of a file of text as text."""
    try:
        for batch in _text_batches(path) if path.suffix == ".csv" else _parquet_batches(path):
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows).to_pandas()[COLUMNS]
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (ValueError, OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: cannot be read as {KINDS[path.suffix]}: {reason or 'it is empty'}"
        ) from None


def _parquet_batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        require_columns(str(path), file.schema_arrow.names, COLUMNS)
        yield from file.iter_batches(columns=COLUMNS)


def _text_batches(path: Path) -> Iterator[pa.RecordBatch]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        require_columns(str(path), next(csv.reader(text), []), COLUMNS)
    with pa_csv.open_csv(
        path,
        parse_options=pa_csv.ParseOptions(ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()), include_columns=COLUMNS
        ),
    ) as batches:
        yield from batches


def _check_filled(path: Path, part: pd.DataFrame) -> None:
    for name in COLUMNS:
        empty = part[name].isna() | part[name].astype("str").str.strip().eq("")
        if empty.any():
            row = int(part["row"].to_numpy()[empty.to_numpy().argmax()])
            raise InputError(f"{_place(path, row)}: {name} is empty; accepted: a value in each row")


def _check_new(path: Path, firsts: pd.DataFrame, seen: set[Any]) -> None:
    """Make sure that somebody's rows stand together."""
    for user, row in zip(firsts["user_id"], firsts["row"], strict=True):
        if user in seen:
            raise InputError(
                f"{_place(path, row)}: user {user} had rows before, and others came between; "
                "accepted: the rows of each user together, as when sorted by user_id"
            )
        seen.add(user)


def encoded(path: Path, block: pd.DataFrame, data: Data) -> tuple[Interactions, pd.Series[Any]]:
    """The histories of a block over the catalogue; people are called by their places in it.

    Args:
        path: For errors.
        block: As `blocks_of_people` yields it.
        data: The catalogue, the scale and all items that are known.

    Returns:
        The histories, and the rows of the block whose items are known, but have no rating that
        anything was learned of, so that they say nothing: their places in the file.

    Raises:
        InputError: If a rating is no number on the scale, an item is not known, or somebody rates
            one twice.
    """
    known = data.interactions
    ratings = pd.to_numeric(block["rating"], errors="coerce").to_numpy(np.float64)
    low, high = data.scale.minimum, data.scale.maximum
    wrong = ~((ratings >= low) & (ratings <= high))  # what is no number neither
    if wrong.any():
        raise _at(path, block, wrong, f"rating '{{rating}}'; accepted: {low:g} to {high:g}")
    items = block["item_id"].astype("str").str.strip()
    columns = pd.Index(known.item_ids.astype(str)).get_indexer(pd.Index(items))
    says_nothing = columns < 0
    unknown = says_nothing & ~items.isin(data.items["item_id"].astype("str")).to_numpy()
    if unknown.any():
        raise _at(path, block, unknown, "there is no item '{item_id}'; accepted: ids of the data")
    twice = block.assign(item_id=items).duplicated(["user_id", "item_id"]).to_numpy()
    if twice.any():
        raise _at(path, block, twice, "user {user_id} rates item {item_id} again; accepted: once")
    places, people = pd.factorize(block["user_id"])
    table = pd.DataFrame({"user_id": places, "item_id": items, "rating": ratings})
    ids = known.item_ids[np.maximum(columns, 0)]
    table = table.assign(item_id=ids)[~says_nothing]
    return _rows(table, len(people), known), block.loc[says_nothing, "row"]


def _rows(table: pd.DataFrame, n_people: int, known: Interactions) -> Interactions:
    """Histories of people 0, 1, …, those too of whom nothing says anything."""
    columns = known.item_columns(table["item_id"].to_numpy())
    values = table["rating"].to_numpy(np.float32)
    shape = (n_people, known.n_items)
    matrix = sparse.csr_array((values, (table["user_id"].to_numpy(), columns)), shape=shape)
    matrix.sort_indices()
    return Interactions(matrix, np.arange(n_people), known.item_ids)


def _at(path: Path, block: pd.DataFrame, wrong: Any, what: str) -> InputError:
    """An error about the first row that is wrong."""
    row = block.iloc[int(np.argmax(wrong))]
    facts = {name: str(row[name])[:40] for name in COLUMNS}
    return InputError(f"{_place(path, row['row'])}: {what.format(**facts)}")


def _place(path: Path, row: int) -> str:
    return f"{path}, {'line' if path.suffix == '.csv' else 'row'} {row}"


@contextmanager
def written(path: Path) -> Iterator[Write]:
    """Write tables one below the other; the file is there when all of them are, or not at all.

    Args:
        path: A CSV or Parquet file; one that is there is replaced.

    Raises:
        InputError: If nothing can be written there.
    """
    unfinished = temporary(path)
    try:
        with unfinished.open("wb") as file:
            yield from _csv(file) if path.suffix == ".csv" else _parquet(file)
        os.replace(unfinished, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _csv(file: Any) -> Iterator[Write]:
    n_written = 0

    def write(table: pd.DataFrame) -> None:
        nonlocal n_written
        file.write(table.to_csv(index=False, header=not n_written, lineterminator="\n").encode())
        n_written += 1

    yield write


def _parquet(file: Any) -> Iterator[Write]:
    writer: pq.ParquetWriter | None = None

    def write(table: pd.DataFrame) -> None:
        nonlocal writer
        schema = None if writer is None else writer.schema
        found = pa.Table.from_pandas(table, schema, preserve_index=False)
        writer = writer or pq.ParquetWriter(file, found.schema)
        writer.write_table(found)

    yield write
    if writer is not None:
        writer.close()
