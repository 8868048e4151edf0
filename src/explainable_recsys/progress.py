"""A progress bar that appears only when the work turns out to be long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

SECONDS_BEFORE_SHOWING = 2.0


def progress(
    steps: Iterable[T] | None, description: str, total: float | None = None, unit: str = "it"
) -> tqdm[T]:
    """Wrap an iterable (or count by hand with `steps=None` and `update`).

    The bar goes to standard error, after two seconds, only on a terminal, and is wiped
    when the work ends.
    """
    return tqdm(
        steps,
        desc=description,
        total=total,
        unit=unit,
        delay=SECONDS_BEFORE_SHOWING,
        disable=None,
        leave=False,
    )
