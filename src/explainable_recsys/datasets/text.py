"""Texts, such as a report, as UTF-8 files."""

from __future__ import annotations

from pathlib import Path

from explainable_recsys.datasets.atomic import AtomicDataset


class TextDataset(AtomicDataset[str]):
    """A text; its line endings stay what they are."""

    def _write(self, path: Path, data: str) -> None:
        path.write_bytes(data.encode("utf-8"))

    def _read(self, path: Path) -> str:
        return path.read_bytes().decode("utf-8")
