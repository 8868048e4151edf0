"""What items are called where people read it."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

LONGEST = 60
"""Characters of a title that are shown."""

_ALIAS = re.compile(r"\s*\((?:a\.?k\.?a\.?)\s[^()]*\)", re.IGNORECASE)
_TRANSLATION = re.compile(r"\s*\([^()]*\)\s*$")


def short_titles(items: pd.DataFrame) -> pd.Series[Any]:
    """Titles that tell items apart and fit into a sentence.

    What an item is also known as is left out, and other tails in brackets where a title is longer
    than `LONGEST`, which is cut there at the end of a word. Items that share what is left are told
    apart by the year, and if that is the same too by the id.

    Args:
        items: Columns `item_id`, `title` and possibly `year`.

    Returns:
        A title for each row.

    >>> items = pd.DataFrame({
    ...     "item_id": [1, 2, 3],
    ...     "title": ["Heat", "Seven (a.k.a. Se7en)", "Heat"],
    ...     "year": [1995, 1995, 1986],
    ... })
    >>> short_titles(items).tolist()
    ['Heat (1995)', 'Seven', 'Heat (1986)']
    """
    titles = items["title"].astype("str").map(cut_title)
    twins = titles.duplicated(keep=False)
    if "year" in items:
        years = pd.to_numeric(items["year"]).astype("Int64").astype("string")
        dated = titles + " (" + years.fillna("") + ")"
        titles = titles.mask((twins & years.notna()).to_numpy(bool), dated)
    numbered = titles + " [" + items["item_id"].astype("str") + "]"
    found: pd.Series[Any] = titles.mask(titles.duplicated(keep=False), numbered)
    return found


def cut_title(title: str) -> str:
    """A title without what else it is known as, and of at most `LONGEST` characters."""
    known = _ALIAS.sub("", title).strip() or title
    if len(known) > LONGEST:
        known = _TRANSLATION.sub("", known) or known
    if len(known) <= LONGEST:
        return known
    kept = known[:LONGEST].rpartition(" ")[0] or known[: LONGEST - 1]
    return kept.rstrip(" ,;:-") + "…"
