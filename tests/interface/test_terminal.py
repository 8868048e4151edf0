from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest
from rich.table import Table
from rich.text import Text

from explainable_recsys.interface.terminal import heading, print_json, print_plainly
from explainable_recsys.wording.markup import marked, terminal

SENTENCE = f"Because you rated {marked('Alien * 3')} ★5 and {marked('Café')}."


class Terminal(io.TextIOWrapper):
    """A text stream in some encoding that says whether it is a terminal."""

    def __init__(self, encoding: str = "utf-8", is_terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal

    def printed(self) -> str:
        """Everything that was printed to it."""
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with colours, 80 columns wide."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal(is_terminal=True)


def test_headings_are_no_markup() -> None:
    assert heading("[red]Title").plain == "\n[red]Title"


def test_italics_on_a_terminal(screen: Terminal) -> None:
    with redirect_stdout(screen):
        print_plainly(terminal(SENTENCE))
    assert screen.printed() == (
        "Because you rated \x1b[3mAlien * 3\x1b[0m ★5 and \x1b[3mCafé\x1b[0m.\n"
    )


@pytest.mark.parametrize("case", ["TERM=dumb", "no terminal"])
def test_no_escapes_where_none_are_understood(
    case: str, screen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case == "TERM=dumb":
        monkeypatch.setenv("TERM", "dumb")
    else:
        screen.is_terminal = False
    with redirect_stdout(screen):
        print_plainly(terminal(SENTENCE))
    assert screen.printed() == "Because you rated Alien * 3 ★5 and Café.\n"


def test_no_colour_where_none_is_wanted(screen: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with redirect_stdout(screen):
        print_plainly(Text("red and bold", style="bold red"))
    assert "31m" not in screen.printed()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_some_characters(encoding: str) -> None:
    screen = Terminal(encoding)
    with redirect_stdout(screen):
        print_plainly(terminal(SENTENCE))
    e = "e" if encoding == "ascii" else "é"
    assert screen.printed() == f"Because you rated Alien * 3 *5 and Caf{e}.\n"


def test_lines_end_without_blanks(screen: Terminal) -> None:
    screen.is_terminal = False
    table = Table(box=None)
    table.add_column("a")
    table.add_column("b")
    table.add_row("long", "x")
    table.add_row("y", "")
    with redirect_stdout(screen):
        print_plainly(table)
    lines = screen.printed().splitlines()
    assert len(lines) == 3
    assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "ascii", "latin-1"])
def test_json_in_any_encoding(encoding: str) -> None:
    screen = Terminal(encoding)
    content = {"sentence": SENTENCE, "none": None, "日本": [1, 2.5]}
    with redirect_stdout(screen):
        print_json(content)
    printed = screen.printed()
    assert json.loads(printed) == content
    assert ("★" in printed) == encoding.lower().startswith("utf")
