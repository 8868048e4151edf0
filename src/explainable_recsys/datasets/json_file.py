"""Facts and metrics as JSON files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from explainable_recsys.datasets.atomic import AtomicDataset, JSONPreview, readable


class JSONDataset(AtomicDataset[dict[str, Any]]):
    """A JSON object; what is not a number (NaN, infinity) is stored as null."""

    def preview(self) -> JSONPreview:
        """The whole object with short numbers, for kedro-viz."""
        content = readable(self._load_file().read_text(encoding="utf-8"))
        return JSONPreview(json.dumps(content, indent=2, ensure_ascii=False))

    def _write(self, path: Path, data: dict[str, Any]) -> None:
        text = json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")

    def _read(self, path: Path) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return loaded


def _plain(value: Any) -> Any:
    """Python's own types instead of numpy's, None instead of NaN and infinity."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
