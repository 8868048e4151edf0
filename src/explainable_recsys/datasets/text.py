"""Texts, such as a report, as UTF-8 files."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from explainable_recsys.datasets.atomic import AtomicDataset, JSONPreview

PREVIEWED = 40, 200
"""Lines, and characters of each, that a preview shows."""


class TextDataset(AtomicDataset[str]):
    """A text; its line endings stay what they are."""

    def preview(self) -> JSONPreview:
        """The first lines, for kedro-viz."""
        n_lines, width = PREVIEWED
        with self._load_file().open(encoding="utf-8", newline="") as file:
            lines = [line.rstrip("\r\n")[:width] for line in itertools.islice(file, n_lines)]
        return JSONPreview(json.dumps(lines, indent=2, ensure_ascii=False))

    def _write(self, path: Path, data: str) -> None:
        path.write_bytes(data.encode("utf-8"))

    def _read(self, path: Path) -> str:
        return path.read_bytes().decode("utf-8")
