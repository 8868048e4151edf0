"""Sources and files that the tests of reading share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explainable_recsys.datasets.reading.tables import read_table
from explainable_recsys.datasets.source import SourceParameters, parse_source

COLUMNS = {"user_id": "userId", "item_id": "movieId", "rating": "rating", "timestamp": "time"}


def _source_of(folder: Path, **changes: Any) -> SourceParameters:
    """A source with a ratings file r.csv; `ratings` is merged, other keys replace."""
    ratings = {"file": "r.csv", "columns": COLUMNS, **changes.pop("ratings", {})}
    scale = {"minimum": 1, "maximum": 5}
    block = {"name": "tiny", "folder": folder, "rating_scale": scale, "ratings": ratings}
    return parse_source(block | changes)


@pytest.fixture
def source_of() -> Callable[..., SourceParameters]:
    """Describes a source; see `_source_of`."""
    return _source_of


@pytest.fixture
def ratings() -> Callable[..., pd.DataFrame]:
    """Writes a ratings file into a folder and reads it: (folder, content, **layout)."""

    def read(folder: Path, content: str | bytes, **layout: Any) -> pd.DataFrame:
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / layout.get("file", "r.csv")).write_bytes(raw)
        return read_table(_source_of(folder, ratings=layout), "ratings")

    return read


@pytest.fixture
def items() -> Callable[..., pd.DataFrame]:
    """Writes an items file into a folder and reads it: (folder, content, **layout)."""

    def read(folder: Path, content: str | bytes, **layout: Any) -> pd.DataFrame:
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / "i.csv").write_bytes(raw)
        columns = {"item_id": "movieId", "title": "title", "genres": "genres"}
        block = {"file": "i.csv", "columns": columns, **layout}
        return read_table(_source_of(folder, items=block), "items")

    return read
