"""Numbers, dates and enumerations as people read them."""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from explainable_recsys.wording.phrases import language, phrase

Form = Literal["score", "percentage", "count", "one", "error"]
"""How a number is written: 0.123, 12.3 %, 1,234, 12.3 or 1e-07."""

MINUS = "\u2212"

_DECIMALS: dict[Form, int] = {"score": 3, "percentage": 1, "count": 0, "one": 1}


def finite(value: Any) -> float | None:
    """A number, or None for what is none: NaN, infinity, text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def number(value: float | None, form: Form = "score") -> str:
    """A number with thousands separators, a real minus sign and no negative zero, if it is one."""
    if value is None or not math.isfinite(value):
        return phrase("not known")
    if form == "error":
        return format(value, ".0e")
    if form == "percentage":
        return percentage(100 * value, _DECIMALS[form])
    return fixed(value, _DECIMALS[form])


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, rounded as Python rounds."""
    places = f".{'0' * decimals}" if decimals else ""
    return _decimal(f"{value:.{decimals}f}", f"#,##0{places}")


def percentage(percent: float, decimals: int = 0) -> str:
    """A number of percent, such as 42 %."""
    return phrase("{number} %", number=fixed(percent, decimals))


def short(value: float) -> str:
    """A number as short as it can be written: 4, 4.5."""
    return _decimal(f"{value:g}", "#,##0.######")


def significant(value: float) -> str:
    """A number from 0 on with two significant digits or more: 0.41, 0.05, 1,234."""
    text = format(value, ".2g" if value < 99.5 else ".0f")
    return text.replace("-", MINUS) if "e" in text else _decimal(text, "#,##0.######")


def duration(seconds: float) -> str:
    """A time from 0 on: 0.41 ms, 12 ms, 3.4 s."""
    if seconds < 1:
        return phrase("{number} ms", number=significant(1000 * seconds))
    return phrase("{number} s", number=significant(seconds))


def signed(value: float) -> str:
    """A number with its sign: +0.41, \u22120.05, +1,234."""
    return (MINUS if value < 0 else "+") + significant(abs(value))


def date(iso: str) -> str:
    """A date given as 2024-12-31; how the days are written is a phrase of the language."""
    day = datetime.date.fromisoformat(iso)
    return format_date(day, phrase("yyyy-MM-dd"), locale=language().locale)


def interval(low: float | None, high: float | None, form: Form = "score") -> str:
    """Both ends of an interval, if they are known."""
    if finite(low) is None or finite(high) is None:
        return phrase("not known")
    return f"[{number(low, form)}, {number(high, form)}]"


def p_value(p: float | None) -> str:
    """A p-value with its relation: = 0.012, < 0.001."""
    if p is None or not math.isfinite(p):
        return phrase("not known")
    return f"< {fixed(0.001, 3)}" if p < 0.001 else f"= {fixed(p, 3)}"


def joints() -> tuple[str, str]:
    """What stands between things: between two of many, and before the last."""
    patterns = phrase("{one}, {two}"), phrase("{one} and {two}")
    comma, last = (text.replace("{one}", "").replace("{two}", "") for text in patterns)
    return comma, last


def enumerated(names: Sequence[str]) -> str:
    """One, two and three."""
    comma, last = joints()
    return last.join([comma.join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _decimal(text: str, pattern: str) -> str:
    """Digits of a number with the separators of the language."""
    return _separated(text, pattern, language().locale)


@functools.lru_cache(maxsize=10_000)
def _separated(text: str, pattern: str, locale: Locale) -> str:
    digits = Decimal(text) + 0  # which takes the sign off a zero
    return format_decimal(digits, pattern, locale=locale).replace("-", MINUS)
