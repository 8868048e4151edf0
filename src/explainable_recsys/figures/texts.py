"""Words and numbers in figures: shortened, broken into lines, escaped, as people read them."""

from __future__ import annotations

import html
import math
import re

from explainable_recsys.wording.numbers import percentage

_TAG = re.compile("<[^>]*>")


def percent(share: float, n_decimals: int = 0) -> str:
    """Return a share (from 0 to 1) as a percentage, for people to read."""
    return percentage(100 * share, n_decimals)


def fine_percent(share: float) -> str:
    """A share (from 0 to 1) as a percentage, with a decimal near 0 and near 1."""
    return percent(share, 0 if 0.1 <= share < 0.99 or share in (0, 1) else 1)


def floored(value: float) -> float:
    """Cut a value to two decimals: what is said to be reached has to be."""
    return math.floor(100 * value + 1e-9) / 100


def escape(text: object) -> str:
    """A text that is not to be taken for HTML; plotly shows quotes, but not their entities."""
    return html.escape(str(text), quote=False)


def short(text: object, longest: int = 40) -> str:
    """Cut a text that is longer than so many letters."""
    words = " ".join(str(text).split())
    return words if len(words) <= longest else words[: longest - 1].rstrip(" ,:-(") + "…"


def label(text: object, longest: int = 42) -> str:
    """A name, not too long, and not taken for HTML."""
    return escape(short(text, longest))


def lines_of(text: str, length: int) -> list[str]:
    """Break HTML into lines of so many characters at most; tags and entities do not count."""
    lines: list[str] = []
    for word in filter(None, text.replace(" %", "\u00a0%").split(" ")):
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and len(html.unescape(_TAG.sub("", longer))) <= length:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
