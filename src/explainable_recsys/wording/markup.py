"""Sentences as each medium shows them: plain text in which titles of items are marked.

An item's title stands between U+2068 and U+2069, the characters that Unicode has for a piece of
text whose script and direction are not those of the sentence around it (first strong isolate, pop
directional isolate). They are invisible wherever they are shown as they are, and no title has
them: `marked` takes them out.
"""

from __future__ import annotations

import html as entities
import re
from typing import Any

from markupsafe import Markup, escape
from rich.text import Text

ITEM, END = "\u2068", "\u2069"
MARKS = "[\u2066-\u2069]"
"""Regular expression of the characters that begin or end such a piece."""

_ITEMS = re.compile(f"{ITEM}(.*?){END}", flags=re.DOTALL)
_DRAWN_TAGS = re.compile(r"</?(?:a|b|em|i|s|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.IGNORECASE)


def is_text(value: Any) -> bool:
    """Whether something is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def marked(title: str) -> str:
    """A title as it stands in a sentence."""
    return f"{ITEM}{re.sub(MARKS, '', title)}{END}"


def parts(sentence: str) -> list[tuple[str, bool]]:
    """The parts of a sentence, and whether each is the title of an item."""
    return [(text, i % 2 == 1) for i, text in enumerate(_ITEMS.split(sentence)) if text]


def plain(sentence: str) -> str:
    """A sentence for programs and files of text."""
    return "".join(text for text, _ in parts(sentence))


def terminal(sentence: str) -> Text:
    """A sentence for rich, with the titles in italics (none outside of a terminal)."""
    return Text.assemble(
        *((text, "italic" if is_item else "") for text, is_item in parts(sentence))
    )


def html(sentence: str) -> Markup:
    """A sentence for web pages and notebooks, with the titles emphasised."""
    return Markup("").join(
        Markup("<em>{}</em>").format(text) if is_item else escape(text.replace(" %", "\u00a0%"))
        for text, is_item in parts(sentence)
    )


def drawn_text(text: Any) -> str:
    """The text that plotly draws for its own kind of HTML, on one line."""
    lines = re.sub(r"<br\s*/?>", " ", str(text or ""), flags=re.IGNORECASE)
    return entities.unescape(_DRAWN_TAGS.sub("", lines)).strip()
