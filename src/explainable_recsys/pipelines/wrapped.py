"""A node's function with something around it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


class Wrapped:
    """A function with the name, arguments and types of another, which it calls.

    >>> Wrapped(len)([7, 8]), Wrapped(len).__name__
    (2, 'len')
    """

    def __init__(self, run: Callable[..., Any]) -> None:
        """Take them over."""
        functools.update_wrapper(self, run)
        self.__signature__ = inspect.signature(run)
        self.run = run

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Call it."""
        return self.run(*inputs, **named)
