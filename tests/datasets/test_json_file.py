"""JSON files hold plain, strict JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from explainable_recsys.datasets.files import JSONDataset


def test_numpy_values_and_nan_become_plain_json(tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    dataset = JSONDataset(filepath=str(file))
    dataset.save(
        {
            "n": np.int64(3),
            "mean": np.float32(0.5),
            "nothing": float("nan"),
            "endless": [np.inf, (1, 2)],
            "inner": {1: True, "title": "Amélie"},
        }
    )
    text = file.read_text(encoding="utf-8")
    assert "Amélie" in text
    expected = {
        "n": 3,
        "mean": 0.5,
        "nothing": None,
        "endless": [None, [1, 2]],
        "inner": {"1": True, "title": "Amélie"},
    }
    assert json.loads(text) == dataset.load() == json.loads(dataset.preview()) == expected


def test_a_preview_has_short_numbers(tmp_path: Path) -> None:
    dataset = JSONDataset(filepath=str(tmp_path / "metrics.json"))
    dataset.save({"recall": 0.10283711801237128, "p": 1.23456789e-24, "n": 200948.0, "seed": 2**40})
    shown = {"recall": 0.10284, "p": 1.2346e-24, "n": 200948.0, "seed": 2**40}
    assert json.loads(dataset.preview()) == shown
