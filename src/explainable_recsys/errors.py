"""The one exception that means "the input is wrong", as opposed to "the program is"."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


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


def require_columns(table: str, found: Iterable[object], needed: Iterable[str]) -> None:
    """Make sure that a table has the columns that are read.

    Args:
        table: What it is called, such as `ratings`.
        found: The table, or the names of its columns.
        needed: Names of the columns that are read.

    Raises:
        InputError: Naming those that it lacks, those that it has, and those that it should have.

    >>> require_columns("items", ["item_id", "name"], ["item_id", "title"])
    Traceback (most recent call last):
    ...
    explainable_recsys.errors.InputError: items table: no column title; found item_id, name; \
accepted: item_id, title
    """
    there, wanted = [str(name) for name in found], list(needed)
    if missing := [name for name in wanted if name not in there]:
        raise InputError(
            f"{table} table: no column {', '.join(missing)}; found {', '.join(there)}; "
            f"accepted: {', '.join(wanted)}"
        )
