"""Texts as files, such as parameters files."""

from __future__ import annotations

import json
from pathlib import Path

from explainable_recsys.datasets.atomic import AtomicDataset, JSONPreview


class TextDataset(AtomicDataset[str]):
    """A text in UTF-8."""

    def preview(self) -> JSONPreview:
        """The lines, for kedro-viz."""
        lines = self._read(self._load_file()).splitlines()
        return JSONPreview(json.dumps(lines, indent=2, ensure_ascii=False))

    def _write(self, path: Path, data: str) -> None:
        path.write_text(data, encoding="utf-8")

    def _read(self, path: Path) -> str:
        return path.read_text(encoding="utf-8")
