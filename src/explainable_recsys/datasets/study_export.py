"""An exported study, table by table; or a file with anybody's answers in long form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset

from explainable_recsys.datasets.atomic import JSONPreview, TablePreview, json_preview
from explainable_recsys.datasets.files import table_preview
from explainable_recsys.errors import InputError

COLUMNS = {
    "participants": ("participant", "finished", "minutes", "n_ratings"),
    "trials": (
        *("participant", "position", "condition", "form", "item_id", "rank"),
        *("popularity_rank", "title", "sentence"),
    ),
    "answers": ("participant", "step", "question", "value", "seconds", "position"),
    "tasks": (*("participant", "task", "number", "condition", "right", "faithfulness", "seconds"),),
}
"""Columns that are read of each table; there may be more."""

ACCEPTED = "a folder that `kedro study export` wrote, or a .csv or .parquet file in long form"


class _OfStudy(AbstractDataset[Any, Any]):
    """A file of an exported study; read-only."""

    def __init__(
        self, *, filepath: str, table: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Create the dataset; no file is touched.

        Args:
            filepath: The folder of the export, or a file with answers in long form.
            table: One of `COLUMNS`; or `plan` or `manifest`.
            metadata: For plugins such as kedro-viz.
        """
        self._path, self._table = Path(filepath), table
        self.metadata = metadata

    @property
    def _is_long(self) -> bool:
        return self._path.is_file()

    def _file(self, suffix: str) -> Path:
        path = self._path / f"{self._table}{suffix}"
        if not path.is_file():
            missing = path if self._path.is_dir() else self._path
            raise InputError(f"{missing}: not there; parameter study.folder accepts {ACCEPTED}")
        return path

    def save(self, data: Any) -> NoReturn:
        """Refuse."""
        raise InputError(f"{self._path}: exports are read only here")

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "table": self._table}


class StudyTable(_OfStudy):
    """A table of an exported study; of a file in long form all but the answers are empty."""

    def load(self) -> pd.DataFrame:
        """The table.

        Raises:
            InputError: If it is not there, no table, or lacks a column.
        """
        if self._is_long:
            is_given = self._table == "answers"
            return _read(self._path) if is_given else pd.DataFrame(columns=COLUMNS[self._table])
        path = self._file(".parquet")
        table = _read(path)
        if missing := sorted(set(COLUMNS[self._table]) - set(table.columns)):
            raise InputError(f"{path}: no column {', '.join(missing)}; export the study again")
        return table

    def preview(self, nrows: int = 5) -> TablePreview:
        """First rows, for kedro-viz."""
        return table_preview(self.load().head(nrows))


class StudyFacts(_OfStudy):
    """The plan or the manifest of an exported study; empty of a file in long form."""

    def load(self) -> dict[str, Any]:
        """The facts.

        Raises:
            InputError: If they are not there, or no JSON object.
        """
        if self._is_long:
            return {}
        path = self._file(".json")
        try:
            facts = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise InputError(f"{path}: no JSON ({error})") from None
        if not isinstance(facts, dict):
            raise InputError(f"{path}: no JSON object; export the study again")
        return facts

    def preview(self) -> JSONPreview:
        """All of them, for kedro-viz."""
        return json_preview(self.load())


def _read(path: Path) -> pd.DataFrame:
    """A table, of which the suffix says how it is written."""
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix == ".csv":
            return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no table ({error})") from None
    raise InputError(f"{path}: parameter study.folder accepts {ACCEPTED}")
