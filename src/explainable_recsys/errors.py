"""The one exception that means "the input is wrong", as opposed to "the program is"."""

from __future__ import annotations

import difflib
from collections.abc import Collection


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message names the file, row, column or parameter, says what was found, and says
    what is accepted. The command line prints it alone, without a traceback, and exits
    with status 1.
    """


def did_you_mean(wanted: str, known: Collection[str], prefix: str = "") -> str:
    """A hint, for the message of an error, at the known name that looks most like one.

    Args:
        wanted: What somebody wrote.
        known: What would have been accepted.
        prefix: What stands before a name where somebody has to write it.

    Returns:
        `did you mean 'name'? `, with a blank behind it; empty if nothing looks like it.
    """
    close = difflib.get_close_matches(wanted, list(known), n=1)
    return f"did you mean '{prefix}{close[0]}'? " if close else ""
