"""Text and Parquet files as Arrow batches of the wanted columns, a bounded part at a time."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from explainable_recsys.datasets.reading.files import RawFile
from explainable_recsys.datasets.reading.positions import check_names, positions_of
from explainable_recsys.datasets.source import TableFormat

PARQUET_ROWS = 1 << 18  # rows of a Parquet batch
TRANSLATED_BYTES = 256 << 10  # read at a time from a text file that Arrow cannot read as it is
UNIT_SEPARATOR = "\x1f"  # stands for a separator of more than one byte, which Arrow lacks


def batches_of(raw: RawFile, block_bytes: int) -> Iterator[pa.RecordBatch]:
    """Arrow batches with one column per entry of `raw.columns`, in that order.

    Args:
        raw: The file.
        block_bytes: How much of a text file makes a batch; Parquet has PARQUET_ROWS instead.
    """
    if raw.layout.is_parquet:
        return parquet_batches(raw)
    return _text_batches(raw, block_bytes)


def parquet_batches(raw: RawFile) -> Iterator[pa.RecordBatch]:
    """Batches with the types of the file; InputError if it lacks a wanted column."""
    with pa.parquet.ParquetFile(raw.path) as file:
        names = file.schema_arrow.names
        check_names(raw, names)
        wanted = [str(column.theirs) for column in raw.columns]
        for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=wanted):
            yield batch.select(wanted)


def _text_batches(raw: RawFile, block_bytes: int) -> Iterator[pa.RecordBatch]:
    """Batches of typed columns; Arrow reads ahead by a few blocks only."""
    layout = raw.layout
    width, positions = positions_of(raw)
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
