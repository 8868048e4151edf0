"""Text and Parquet files as Arrow batches of the wanted columns, a bounded part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from explainable_recsys.datasets.reading.files import RawFile
from explainable_recsys.datasets.reading.positions import check_columns, positions_of

PARQUET_ROWS = 1 << 18  # rows of a Parquet batch
UNIT_SEPARATOR = b"\x1f"  # stands for a separator of more than one byte, which Arrow lacks


def parquet_batches(raw: RawFile) -> Iterator[pa.RecordBatch]:
    """Batches of the wanted columns, in their order, with the types of the file.

    Raises:
        InputError: If the file lacks a wanted column.
    """
    with pa.parquet.ParquetFile(raw.path) as file:
        names = file.schema_arrow.names
        check_columns(raw, names)
        wanted = [str(column.theirs) for column in raw.columns]
        for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=wanted):
            yield batch.select(wanted)


def text_batches(raw: RawFile, block_bytes: int) -> Iterator[pa.RecordBatch]:
    """Batches of the wanted columns, in their order, with the types of their kinds.

    Args:
        raw: The file.
        block_bytes: How much of it makes a batch; Arrow reads ahead by a few blocks only.

    Raises:
        InputError: If the file's first row lacks a wanted column.
    """
    layout = raw.layout
    width, positions = positions_of(raw)
    types = {str(p): c.kind.arrow for p, c in zip(positions, raw.columns, strict=True)}
    separator = layout.separator.encode()
    with pa.OSFile(str(raw.path)) as file:
        text = pa.transcoding_input_stream(file, layout.encoding, "utf-8")
        if len(separator) > 1:
            text = pa.TransformInputStream(text, _with_one_byte(separator))
        with pa.csv.open_csv(
            text,
            read_options=pa.csv.ReadOptions(
                block_size=block_bytes,
                column_names=[str(position) for position in range(width)],
                skip_rows_after_names=int(layout.header),
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=(separator if len(separator) == 1 else UNIT_SEPARATOR).decode(),
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


def _with_one_byte(separator: bytes) -> Callable[[pa.Buffer], bytes]:
    """Puts U+001F in the place of a separator of more than one byte, block after block.

    What may be the start of a separator at the end of a block waits for the next one; an empty
    block is the end of the file.
    """
    held = b""

    def translate(block: pa.Buffer) -> bytes:
        nonlocal held
        text = held + block.to_pybytes()
        if UNIT_SEPARATOR in text:
            raise ValueError("it holds the control character U+001F")
        *fields, last = text.split(separator)
        end = max(len(last) - len(separator) + 1, 0) if block.size else len(last)
        held = last[end:]
        return UNIT_SEPARATOR.join([*fields, last[:end]])

    return translate
