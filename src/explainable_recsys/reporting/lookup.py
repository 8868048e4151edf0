"""Find users and items by what a person types; suggest near ones where there are none."""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError

N_SUGGESTIONS = 5


def find_user(wanted: Any, user_ids: NDArray[Any]) -> Any:
    """The id among `user_ids` (sorted, integers or text) that somebody means.

    Raises:
        InputError: If there is none; with the nearest.
    """
    found = _same_id(wanted, user_ids)
    if found is None:
        raise InputError(f"unknown user '{wanted}'; near: {_list(near_ids(wanted, user_ids))}")
    return found


def find_item(wanted: Any, items: pd.DataFrame) -> Any:
    """The id of the item that somebody means by an id or a title.

    A title counts if it is one item's whole title, upper and lower case being the same, with or
    without the year behind it.

    Args:
        wanted: Id or title.
        items: Columns `item_id`, `title`, `year` (may be missing).

    Raises:
        InputError: If there is none, or if several have the title; with the nearest.
    """
    found = _same_id(wanted, items["item_id"].to_numpy())
    if found is not None:
        return found
    text, titles = _folded(wanted), zip(items["title"], _with_years(items), strict=True)
    rows = items[[text != "" and text in map(_folded, both) for both in titles]]
    if len(rows) == 1:
        return rows["item_id"].iloc[0]
    if len(rows):
        raise InputError(f"several items are called '{wanted}': {_titles(rows)}; accepted: an id")
    raise InputError(f"unknown item '{wanted}'; near: {_titles(_near_items(wanted, items))}")


def near_ids(wanted: Any, ids: NDArray[Any]) -> list[Any]:
    """The ids that look most like one: the nearest numbers, or the most similar texts."""
    if ids.dtype.kind not in "iu":
        texts = ids.astype(np.str_).tolist()
        close = difflib.get_close_matches(str(wanted), texts, N_SUGGESTIONS, 0.0)
        return sorted(close)
    try:
        number = np.clip(float(wanted), ids.min(), ids.max())
    except (TypeError, ValueError):
        return sorted(ids[:N_SUGGESTIONS].tolist())
    distance = np.abs(ids.astype(np.float64) - number)
    return sorted(ids[np.argsort(distance, kind="stable")[:N_SUGGESTIONS]].tolist())


def _same_id(wanted: Any, ids: NDArray[Any]) -> Any:
    """The id that is written like what is wanted, blanks around it or not; None without one."""
    texts = [str(wanted), str(wanted).strip()]
    if ids.dtype.kind in "iu":
        # Not what int() takes besides: underscores, and more digits than fit into any id.
        number = int(texts[1]) if re.fullmatch(r"[+-]?\d{1,20}", texts[1]) else None
        return number if number is not None and (ids == number).any() else None
    known = ids.astype(np.str_)
    return next((text for text in texts if (known == text).any()), None)


def _near_items(wanted: Any, items: pd.DataFrame) -> pd.DataFrame:
    """Items whose title contains the text, shortest first; else those with similar titles."""
    text, titles = _folded(wanted), items["title"].map(_folded)
    if text.isdigit() and items["item_id"].dtype.kind in "iu":
        near = near_ids(wanted, items["item_id"].to_numpy())
        return items[items["item_id"].isin(near)]
    named = titles[titles != ""]
    inside = named[[text in title for title in named]]
    order = inside.str.len().sort_values(kind="stable").index[:N_SUGGESTIONS]
    if len(order):
        return items.loc[order]
    close = difflib.get_close_matches(text, named.tolist(), N_SUGGESTIONS, 0.0)
    return (items[titles.isin(close)] if close else items).head(N_SUGGESTIONS)


def _titles(rows: pd.DataFrame) -> str:
    titles = zip(rows["item_id"], _with_years(rows), strict=True)
    return _list([f"{item} ({title})" if title else item for item, title in titles])


def _with_years(items: pd.DataFrame) -> pd.Series[str]:
    """Titles as people write them: `Alien (1979)`; empty where there is none."""
    titles = [
        str(title) + ("" if pd.isna(year) else f" ({int(year)})") if isinstance(title, str) else ""
        for title, year in zip(items["title"], items["year"], strict=True)
    ]
    return pd.Series(titles, items.index, dtype="str")


def _folded(title: Any) -> str:
    """A text to compare: without upper case, blanks around it, and other ways to write an é."""
    return "" if pd.isna(title) else unicodedata.normalize("NFKC", str(title)).casefold().strip()


def _list(texts: list[Any]) -> str:
    return ", ".join(map(str, texts))
