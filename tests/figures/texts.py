"""Read what a figure says."""

from __future__ import annotations

from typing import Any


def title_of(figure: Any) -> str:
    """Title, on one line."""
    return _on_one_line(figure.layout.title.text)


def subtitle_of(figure: Any) -> str:
    """Subtitle, on one line."""
    return _on_one_line(figure.layout.title.subtitle.text)


def _on_one_line(text: str) -> str:
    return text.replace("<br>", " ").replace("\u00a0", " ")
