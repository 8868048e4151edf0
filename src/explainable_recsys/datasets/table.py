"""Tables as Parquet files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from explainable_recsys.datasets.atomic import AtomicDataset, TablePreview, readable


class TableDataset(AtomicDataset[pd.DataFrame]):
    """A pandas table in a Parquet file."""

    def preview(self, nrows: int = 20) -> TablePreview:
        """First rows, for kedro-viz; reads no more than one group of rows."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._load_file()) as file:
            rows = next(file.iter_batches(batch_size=nrows), file.schema_arrow.empty_table())
        return preview_of(rows.to_pandas())

    def _write(self, path: Path, data: pd.DataFrame) -> None:
        data.to_parquet(path, index=False)

    def _read(self, path: Path) -> pd.DataFrame:
        return pd.read_parquet(path)


def preview_of(table: pd.DataFrame) -> TablePreview:
    """A small table in the JSON form that kedro-viz shows: short numbers, null where missing."""
    text = table.to_json(orient="split", index=True, date_format="iso", date_unit="s")
    return TablePreview(readable(text))
