from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest
from rich.table import Table
from rich.text import Text

from explainable_recsys.interface.terminal import heading, plain_text, print_json, print_plainly

SENTENCE = r"Because you rated *Alien \* 3* ★5 and *Café*."


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
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with colours, 80 columns wide."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal(is_terminal=True)


def test_sentences_without_their_marks() -> None:
    text = plain_text(SENTENCE)
    assert text.plain == "Because you rated Alien * 3 ★5 and Café."
    assert [text.plain[span.start : span.end] for span in text.spans if span.style == "italic"] == [
        "Alien * 3",
        "Café",
    ]
    assert plain_text("").plain == ""
    assert plain_text("[bold]no markup[/bold]").plain == "[bold]no markup[/bold]"
    assert heading("[red]Title").plain == "\n[red]Title"


def test_italics_on_a_terminal(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        print_plainly(plain_text(SENTENCE))
    assert terminal.printed() == (
        "Because you rated \x1b[3mAlien * 3\x1b[0m ★5 and \x1b[3mCafé\x1b[0m.\n"
    )


@pytest.mark.parametrize("case", ["TERM=dumb", "no terminal"])
def test_no_escapes_where_none_are_understood(
    case: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case == "TERM=dumb":
        monkeypatch.setenv("TERM", "dumb")
    else:
        terminal.is_terminal = False
    with redirect_stdout(terminal):
        print_plainly(plain_text(SENTENCE))
    assert terminal.printed() == "Because you rated Alien * 3 ★5 and Café.\n"


def test_no_colour_where_none_is_wanted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with redirect_stdout(terminal):
        print_plainly(Text("red and bold", style="bold red"))
    assert "31m" not in terminal.printed()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_some_characters(encoding: str) -> None:
    terminal = Terminal(encoding)
    with redirect_stdout(terminal):
        print_plainly(plain_text(SENTENCE))
    e = "?" if encoding == "ascii" else "é"
    assert terminal.printed() == f"Because you rated Alien * 3 ?5 and Caf{e}.\n"


def test_lines_end_without_blanks(terminal: Terminal) -> None:
    terminal.is_terminal = False
    table = Table(box=None)
    table.add_column("a")
    table.add_column("b")
    table.add_row("long", "x")
    table.add_row("y", "")
    with redirect_stdout(terminal):
        print_plainly(table)
    lines = terminal.printed().splitlines()
    assert len(lines) == 3
    assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "ascii", "latin-1"])
def test_json_in_any_encoding(encoding: str) -> None:
    terminal = Terminal(encoding)
    content = {"sentence": SENTENCE, "none": None, "日本": [1, 2.5]}
    with redirect_stdout(terminal):
        print_json(content)
    printed = terminal.printed()
    assert json.loads(printed) == content
    assert ("★" in printed) == encoding.lower().startswith("utf")
