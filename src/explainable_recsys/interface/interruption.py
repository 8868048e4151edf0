"""Ctrl-C while the program starts: it ends in a word, as it does later."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

COMMANDS = ("kedro", "__main__.py")
"""How programs end that do nothing else while they import; notebooks are not to end."""


@contextmanager
def ending_in_a_word() -> Iterator[None]:
    """Let an interruption end the program at once, while nothing but imports goes on.

    Python would tell, for a screen or two, which of a thousand modules it was at. The word and the
    status are those of click, which listens once a command has begun.
    """
    is_command = sys.argv[0].endswith(COMMANDS)
    is_main = threading.current_thread() is threading.main_thread()
    usual = signal.default_int_handler
    if not (is_command and is_main and signal.getsignal(signal.SIGINT) is usual):
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _end(*_: object) -> None:
    os.write(2, b"\nAborted!\n")
    os._exit(1)
