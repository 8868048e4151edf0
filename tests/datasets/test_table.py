"""Tables come back as they were saved, and their previews are strict JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from explainable_recsys.datasets.files import TableDataset


def test_round_trip_and_preview(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "item_id": range(20),
            "title": pd.Series(["Amélie", None] * 10, dtype="str"),
            "year": pd.array([2001, None] * 10, dtype="Int16"),
            "style": pd.Categorical(["item"] * 20),
            "timestamp": pd.to_datetime(["2026-01-02", None] * 10),
            "weight": [2 / 3, float("nan")] * 10,
            "p_value": [1.23456789e-24, 123456.0] * 10,
        }
    )
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(table)
    pd.testing.assert_frame_equal(dataset.load(), table)
    preview = dataset.preview(nrows=2)
    assert json.loads(json.dumps(preview, allow_nan=False)) == preview
    assert preview["columns"] == list(table.columns)
    shown = [0, "Amélie", 2001, "item", "2026-01-02T00:00:00", 0.66667, 1.2346e-24]
    assert preview["data"][0] == shown
    assert preview["data"][1] == [1, None, None, "item", None, None, 123456.0]
    assert len(preview["data"]) == 2


def test_preview_of_an_empty_table(tmp_path: Path) -> None:
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(pd.DataFrame({"user_id": [], "age": []}))
    assert dataset.preview()["columns"] == ["user_id", "age"]
    assert dataset.preview()["data"] == []
