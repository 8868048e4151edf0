"""Numbers, enumerations and Markdown sentences as people read them."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

Form = Literal["score", "percentage", "count", "one", "error"]
"""How a number is written: 0.123, 12.3 %, 1,234, 12.3 or 1e-07."""

MINUS = "\u2212"

_ITALICS = re.compile(r"((?<!\\)\*(?:\\.|[^*\\])*\*)", flags=re.DOTALL)
_DRAWN_TAGS = re.compile(r"</?(?:a|b|em|i|s|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.IGNORECASE)
_SHAPES: dict[Form, str] = {
    "score": ",.3f",
    "percentage": ",.1f",
    "count": ",.0f",
    "one": ",.1f",
    "error": ".0e",
}


class Run(NamedTuple):
    """A part of a sentence that is italic or not."""

    text: str
    is_italic: bool


def finite(value: Any) -> float | None:
    """A number, or None for what is none: NaN, infinity, text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def number(value: float, form: Form = "score") -> str:
    """A number with thousands separators, a real minus sign and no negative zero."""
    text = format(100 * value if form == "percentage" else value, _SHAPES[form])
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    sign, digits = (MINUS, text[1:]) if text.startswith("-") else ("", text)
    return sign + digits + (" %" if form == "percentage" else "")


def interval(low: float, high: float, form: Form = "score") -> str:
    """Both ends of an interval."""
    return f"[{number(low, form)}, {number(high, form)}]"


def p_value(p: float | None) -> str:
    """A p-value with its relation: = 0.012, < 0.001."""
    if p is None:
        return "not known"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def enumerated(names: Sequence[str], last: str = "and") -> str:
    """One, two and three."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def is_text(value: Any) -> bool:
    """Whether something is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def runs(sentence: str) -> list[Run]:
    """Take a sentence as the explainers write it apart: *italics*, escaped asterisks."""
    parts = []
    for part in _ITALICS.split(sentence):
        is_italic = part.startswith("*")
        text = re.sub(r"\\([\\*])", r"\1", part[1:-1] if is_italic else part)
        if text:
            parts.append(Run(text, is_italic))
    return parts


def drawn_text(text: Any) -> str:
    """The text that plotly draws for its own kind of HTML, on one line."""
    lines = re.sub(r"<br\s*/?>", " ", str(text or ""), flags=re.IGNORECASE)
    return html.unescape(_DRAWN_TAGS.sub("", lines)).strip()
