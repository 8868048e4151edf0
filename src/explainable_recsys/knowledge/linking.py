"""Find the items of one data set in another by title and year, and carry links over."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.preprocessing.cleaning import RowName, check_listed_once, split_titles

_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_ALSO_KNOWN_AS = re.compile(r"^\s*a\.?k\.?a\.?\s+", re.IGNORECASE)
_ARTICLE_AHEAD = re.compile(r"^(?:the|a|an|le|la|les|il|el|der|die|das) |^l'", re.IGNORECASE)
_ARTICLE_BEHIND = re.compile(r", (?:the|a|an|le|la|les|il|el|der|die|das|l')$", re.IGNORECASE)
_BETWEEN_PARTS = re.compile(r": | - ")
_NOT_A_LETTER = re.compile(r"[\W_]+")
_SHORTEST_PART = 5  # letters of a part of a title that may stand for the whole


def check_links(links: pd.DataFrame, item_ids: pd.Series[Any], row_name: RowName) -> None:
    """Make sure that links name known items, and that no item and no entity has two.

    Args:
        links: Columns `item_id`, `entity_id`, in the order of the file.
        item_ids: All items that a link may name; none: any.
        row_name: Names a row in the error.

    Raises:
        InputError: At the first wrong link.
    """
    check_listed_once(links["item_id"], "item", row_name)
    check_listed_once(links["entity_id"], "entity", row_name)
    known = links["item_id"].isin(item_ids).to_numpy()
    if len(item_ids) and not known.all():
        first = int(np.argmax(~known))
        raise InputError(
            f"{row_name(first)}: item {links['item_id'].iloc[first]} is not in the items file "
            f"({(~known).sum():,} such links)"
        )


def carry_links(links: pd.DataFrame, linked: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Links of the items of one data set, made to those of another.

    Args:
        links: Columns `item_id`, `entity_id`, with ids of `linked`; others are left out.
        linked: Columns `item_id`, `title` (with the year, as in MovieLens).
        items: The same of the data set that links are wanted for.

    Returns:
        Columns `item_id` (of `items`, each at most once, ascending) and `entity_id`.
    """
    same = same_items(items, linked)
    carried = same.merge(links, left_on="linked_id", right_on="item_id", suffixes=("", "_linked"))
    return carried[["item_id", "entity_id"]].sort_values("item_id", ignore_index=True)


def same_items(items: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Pair items by title and year.

    What agrees best is paired first: the title and the year; then one of the titles (those in
    brackets) and the year; then these and a year that differs by one; then a part of a title
    ("Star Wars" of "Star Wars: Episode IV - A New Hope") and the year. An item of which several
    others could be the same stays alone; so does one without a year.

    Args:
        items: Columns `item_id`, `title` (with the year, as in MovieLens).
        others: The same.

    Returns:
        Columns `item_id` (each at most once) and `linked_id`, the id in `others`, which several
        items may share: MovieLens 100K lists some movies twice.
    """
    steps: list[tuple[Callable[[str], Iterable[str]], tuple[int, ...]]] = [
        (_whole, (0,)),
        (_titles, (0,)),
        (_titles, (-1, 1)),
        (_parts, (0,)),
    ]
    found = pd.DataFrame({"item_id": items["item_id"][:0], "linked_id": others["item_id"][:0]})
    for names, shifts in steps:
        left = _named(items[~items["item_id"].isin(found["item_id"])], names)
        right = _named(others[~others["item_id"].isin(found["linked_id"])], names)
        right = right.rename(columns={"item_id": "linked_id"})
        shifted = pd.concat([right.assign(year=right["year"] + shift) for shift in shifts])
        pairs = left.merge(shifted, on=["name", "year"])[["item_id", "linked_id"]]
        pairs = pairs.drop_duplicates()
        alone = ~pairs["item_id"].duplicated(keep=False)
        found = pd.concat([found, pairs[alone]], ignore_index=True)
    return found.sort_values("item_id", ignore_index=True)


def _named(items: pd.DataFrame, names: Callable[[str], Iterable[str]]) -> pd.DataFrame:
    """Columns `item_id`, `name`, `year`: every name of every item that has a year."""
    titles, years = split_titles(items["title"])
    rows = [
        (item, name, int(year))
        for item, title, year in zip(items["item_id"], titles, years, strict=True)
        if pd.notna(year) and pd.notna(title)
        for name in names(title)
        if name
    ]
    table = pd.DataFrame(rows, columns=["item_id", "name", "year"])
    return table.astype({"item_id": items["item_id"].dtype, "year": "int64"})


def _whole(title: str) -> list[str]:
    return [_plain(_IN_BRACKETS.sub("", title))]


def _titles(title: str) -> set[str]:
    """The title itself and those in brackets."""
    others = (_ALSO_KNOWN_AS.sub("", name) for name in _IN_BRACKETS.findall(title))
    return {_plain(name) for name in (_IN_BRACKETS.sub("", title), *others)}


def _parts(title: str) -> set[str]:
    """The titles, and what stands before and after a colon or a dash."""
    return _titles(title) | set(_long_parts(_IN_BRACKETS.sub("", title)))


def _long_parts(title: str) -> Iterator[str]:
    parts = (_plain(part) for part in _BETWEEN_PARTS.split(title))
    return (part for part in parts if len(part) >= _SHORTEST_PART)


def _plain(title: str) -> str:
    """Letters and digits without accents, case and article."""
    bare = _ARTICLE_AHEAD.sub("", _ARTICLE_BEHIND.sub("", title.strip()))
    letters = unicodedata.normalize("NFKD", bare.replace("&", "and")).casefold()
    return _NOT_A_LETTER.sub("", letters)
