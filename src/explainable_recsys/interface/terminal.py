"""Text for a terminal: headings, output without trailing blanks, JSON."""

from __future__ import annotations

import codecs
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text


def heading(text: str) -> Text:
    """A heading with an empty line before it."""
    return Text(f"\n{text}", style="bold")


def below(folder: Path, path: Path) -> str:
    """A path as seen from a folder if it lies in there; others as they are."""
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def print_plainly(content: RenderableType) -> None:
    """Print what rich draws; characters that the terminal cannot show become question marks."""
    console = Console(highlight=False)
    with console.capture() as capture:
        console.print(content, crop=False)
    lines = "\n".join(line.rstrip() for line in capture.get().splitlines())
    encoding = sys.stdout.encoding or "utf-8"
    print(lines.encode(encoding, "replace").decode(encoding))  # noqa: T201


def print_json(content: Any) -> None:
    """Print JSON, with escapes where the terminal cannot show more than ASCII."""
    is_unicode = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    print(json.dumps(content, ensure_ascii=not is_unicode, indent=2))  # noqa: T201
