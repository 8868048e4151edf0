"""Texts, such as a report, as UTF-8 files."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from explainable_recsys.datasets.atomic import AtomicDataset, JSONPreview

PREVIEWED = 40, 200
"""Lines, and characters of each, that a preview shows."""


class TextDataset(AtomicDataset[str]):
    """A text; its line endings stay what they are."""

    def preview(self) -> JSONPreview:
        """The first lines, or the headings of a web page, for kedro-viz."""
        n_lines, width = PREVIEWED
        path = self._load_file()
        with path.open(encoding="utf-8", newline="") as file:
            shown = _headings(file.read()) if path.suffix == ".html" else file
            lines = [line.rstrip("\r\n")[:width] for line in itertools.islice(shown, n_lines)]
        return JSONPreview(json.dumps(lines, indent=2, ensure_ascii=False))

    def _write(self, path: Path, data: str) -> None:
        path.write_bytes(data.encode("utf-8"))

    def _read(self, path: Path) -> str:
        return path.read_bytes().decode("utf-8")


def _headings(page: str) -> Iterator[str]:
    """Headings of the first three levels, a deeper one further to the right."""
    for level, content in re.findall(r"<h([1-3])\b[^>]*>(.*?)</h\1>", page, flags=re.DOTALL):
        words = html.unescape(re.sub(r"<[^>]*>", "", content)).split()
        yield "  " * (int(level) - 1) + " ".join(words)
