"""The Kedro dataset of a table of the data set that `source` in `globals.yml` describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from explainable_recsys.datasets.atomic import TablePreview
from explainable_recsys.datasets.files import table_preview
from explainable_recsys.datasets.reading.files import path_of, table_at
from explainable_recsys.datasets.reading.tables import read_first_rows, read_table
from explainable_recsys.datasets.source import TABLES, TableName, parse_source
from explainable_recsys.errors import InputError


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
            table: ratings, items, users, train, test, tags, triples, links or linked_items.
            filepath: The source's folder once more. Kedro makes this key absolute, so that the
                data is found from whatever folder Kedro runs in; without it
                `source.folder` is used, relative to the current folder.
            metadata: Kept for plugins such as kedro-viz.

        Raises:
            InputError: If the source or the name of the table is wrong.
        """
        self._source = parse_source(source)
        if table not in TABLES:
            raise InputError(
                f"catalog: table {table!r} of a RawTable is unknown; accepted: {', '.join(TABLES)}"
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
        return table_preview(frame)

    def _exists(self) -> bool:
        layout = table_at(self._source, self._table, self._folder)
        return layout is None or path_of(layout, self._folder).is_file()

    def _describe(self) -> dict[str, Any]:
        table = self._source.table(self._table)
        filepath = path_of(table, self._folder).as_posix() if table else None
        return {"filepath": filepath, "source": self._source.name, "table": self._table}
