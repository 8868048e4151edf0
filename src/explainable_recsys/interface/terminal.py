"""What is printed: headings, grids, lists with reasons, output without trailing blanks, JSON."""

from __future__ import annotations

import codecs
import json
import shutil
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from explainable_recsys.recommenders.lists import RecommendationParameters
from explainable_recsys.reporting.people import titled
from explainable_recsys.wording import markup
from explainable_recsys.wording.phrases import phrase, plural

NEW_BELOW = RecommendationParameters().min_ratings
"""Ratings from which on an item is not new."""

SPELLED = {"★": "*", "±": "+-", "…": "...", "·": "-", "Σ": "sum"}
SPELLED |= {"\u00d7": "x", "\u2019": "'", "\u2212": "-", "\u2013": "-"}
"""What stands for characters that a terminal lacks."""


def heading(text: str) -> Text:
    """A heading with an empty line before it."""
    return Text(f"\n{text}", style="bold")


def grid(show_header: bool = False) -> Table:
    """A table without lines, one blank between its columns."""
    return Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=show_header)


def indented(content: RenderableType, by: int = 2) -> Padding:
    """Something some columns to the right."""
    return Padding(content, (0, 0, 0, by), expand=False)


def title_of(row: Mapping[Any, Any]) -> str:
    """Title and year of an item from its row in a table, as far as they are known."""
    return titled(row["title"], row["year"], row["item_id"])


def reason_of(row: Mapping[Any, Any], silence: str = "") -> Text:
    """The sentence of a recommendation, or that there is none, and why."""
    sentence = row["sentence"]
    if markup.is_text(sentence):
        return markup.terminal(sentence)
    if silence:
        return Text(phrase("no explanation: {why}", why=silence))
    return Text(phrase("no explanation"))


def ranked(
    recommendations: pd.DataFrame, silence: str = "", moves: Mapping[Any, str] | None = None
) -> Table:
    """A list with its reasons.

    Args:
        recommendations: Columns `rank`, `item_id`, `title`, `year`, `sentence`, and
            `n_ratings`, by which items are marked as new.
        silence: Why there is no reason where there is none.
        moves: Where items were before, by id.
    """
    table = grid()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for row in recommendations.to_dict("records"):
        move = f"  {moves[row['item_id']]}" if moves else ""
        n_ratings = row.get("n_ratings", NEW_BELOW)
        new = f"  {_new(n_ratings)}" if n_ratings < NEW_BELOW else ""
        title = Text.assemble((title_of(row), "bold"), (f"{new}{move}".rstrip(), "dim"))
        reason = reason_of(row, silence)
        table.add_row(Text(f"{row['rank']}.", style="bold"), Group(title, reason))
    return table


def _new(n_ratings: int) -> str:
    """The mark of an item that hardly anybody has rated."""
    return plural(n_ratings, "(new: {n} rating)", "(new: {n} ratings)")


def below(folder: Path, path: Path) -> str:
    """A path as seen from a folder if it lies in there; others as they are."""
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def kedro_command() -> str:
    """`kedro` as it is found here: `make run` needs no environment that is activated."""
    folder = Path(sys.executable).parent
    return "kedro" if shutil.which("kedro") else below(Path.cwd(), folder / "kedro")


def print_plainly(content: RenderableType) -> None:
    """Print what rich draws, spelled with the characters that the terminal has."""
    console = Console(highlight=False)
    with console.capture() as capture:
        console.print(content, crop=False)
    lines = "\n".join(line.rstrip() for line in capture.get().splitlines())
    print(spelled(lines, sys.stdout.encoding or "utf-8"))  # noqa: T201


def spelled(text: str, encoding: str) -> str:
    """A text with other characters for those that an encoding lacks.

    Example:
        >>> spelled("Café ★4.5 × 2 … 日", "ascii")
        'Cafe *4.5 x 2 ... ?'
        >>> spelled("Café ★4.5", "latin-1")
        'Café *4.5'
    """
    codecs.register_error("spelled", _spell)
    return text.encode(encoding, "spelled").decode(encoding)


def _spell(error: UnicodeError) -> tuple[str, int]:
    """What stands for one character: of a letter with an accent the letter."""
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return SPELLED.get(character, letters or "?"), error.start + 1


def print_json(content: Any) -> None:
    """Print JSON, with escapes where the terminal cannot show more than ASCII."""
    is_unicode = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    print(json.dumps(content, ensure_ascii=not is_unicode, indent=2))  # noqa: T201
