"""Ctrl-C, and the signal that asks a program to end: it ends in a word, and in good order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

COMMANDS = ("kedro", "__main__.py")
"""How programs end that do nothing else while they import; notebooks are not to end."""

WORD = "\nAborted!\n"
"""What click says at Ctrl-C."""

TERMINATED = 128 + signal.SIGTERM
"""What shells call the end of a program that was asked to."""


class Terminated(KeyboardInterrupt):
    """Somebody asked the program to end, and it does what it does at Ctrl-C."""


@contextmanager
def ending_in_a_word() -> Iterator[None]:
    """Let an interruption end the program at once, while nothing but imports goes on.

    Python would tell, for a screen or two, which of a thousand modules it was at. The word and the
    status are those of click, which listens once a command has begun.
    """
    if not sys.argv[0].endswith(COMMANDS):
        yield
        return
    with _answered(signal.SIGINT, signal.default_int_handler, _end):
        yield


@contextmanager
def ending_in_good_order(tell: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM stop a command as Ctrl-C does: what is half done goes, and what is kept is told.

    Args:
        tell: Called when the command was stopped, by whichever of the two.
    """
    with _answered(signal.SIGTERM, signal.SIG_DFL, _stop):
        try:
            yield
        except KeyboardInterrupt as interruption:
            tell()
            if not isinstance(interruption, Terminated):
                raise
            sys.stderr.write(WORD)
            sys.exit(TERMINATED)


@contextmanager
def _answered(number: int, usual: Any, answer: Callable[..., None]) -> Iterator[None]:
    """Answer a signal, unless somebody else does; only the main thread can."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(number) != usual:
        yield
        return
    signal.signal(number, answer)
    try:
        yield
    finally:
        signal.signal(number, usual)


def _end(*_: object) -> None:
    os.write(2, WORD.encode())
    os._exit(1)


def _stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # some ask twice; the order is to be made once
    raise Terminated
