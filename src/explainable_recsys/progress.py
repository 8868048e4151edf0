"""A progress bar that appears only when the work turns out to be long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")

# After two seconds, on standard error, only on a terminal, and wiped when the work ends.
_STYLE: dict[str, Any] = {"delay": 2.0, "disable": None, "leave": False}


def progress(
    steps: Iterable[T], description: str, unit: str = "block", total: int | None = None
) -> Iterable[T]:
    """Show how far a loop is; `total` is for steps without a length."""
    return tqdm(steps, desc=description, unit=unit, total=total, **_STYLE)


def progress_counter(description: str, total: int, unit: str) -> tqdm[Any]:
    """A bar that is moved by `update()`, for work that reports its steps."""
    return tqdm(desc=description, total=total, unit=unit, **_STYLE)
