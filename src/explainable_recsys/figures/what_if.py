"""Draw how a list of recommendations changes with the history."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape
from explainable_recsys.wording.phrases import later, phrase

_STUB = 0.15  # length of the line of what is in one list only; of the width


_FATES = (
    ("both", later("stays"), (0.0, 1.0)),
    ("left_only", later("leaves"), (0.0, _STUB)),
    ("right_only", later("enters"), (1 - _STUB, 1.0)),
)
"""In which list an item is, what becomes of it, and where its line begins and ends."""


def what_if_figure(before: pd.DataFrame, after: pd.DataFrame, change: str) -> style.Figure:
    """Draw two lists beside each other, with a line from each item's old place to its new one.

    Args:
        before: Columns `title`, `rank` (from 1), and `item_id` if titles are shared.
        after: The same of the list after the change.
        change: What is different, to begin a sentence with: "Without Alien".
    """
    if before.empty and after.empty:
        return style.message_figure(phrase("No recommendations to compare"))
    both = _in_both(before, after)
    figure = style.new_figure()
    for place, (side, fate, x) in enumerate(_FATES):
        rows = both.loc[both["in"] == side, ["rank_old", "rank_new"]]
        # What lacks a place keeps its only one.
        y = rows.bfill(axis=1).ffill(axis=1).assign(gap=None).to_numpy().ravel()
        if len(rows):
            look = style.look(place) | {"cliponaxis": False, "hoverinfo": "skip"}
            draw.points(figure, [*x, None] * len(rows), y, phrase(fate), **look)
    return draw.finish_lists(
        figure,
        dict(zip(before["rank"], before["title"], strict=True)),
        dict(zip(after["rank"], after["title"], strict=True)),
        (phrase("before"), phrase("after")),
        what_changes(before, after, escape(change)),
        phrase("Lines: from an item's place in the list before to its place after."),
    )


def what_changes(before: pd.DataFrame, after: pd.DataFrame, change: str) -> str:
    """How many items leave and enter a list or move in it, in a sentence; as `what_if_figure`."""
    both, n_before = _in_both(before, after), len(before)
    n = both["in"].value_counts()
    n_moved = int((both["rank_old"] != both["rank_new"])[both["in"] == "both"].sum())
    n_left, n_new = int(n["left_only"]), int(n["right_only"])
    facts = {"change": change, "before": n_before, "moved": n_moved}
    if n_left:
        return phrase("{change}, the list loses {n} of {before} items", n=n_left, **facts)
    if n_new:
        return phrase("{change}, {n} more come and none leaves", n=n_new, **facts)
    if n_moved:
        return phrase(
            "{change}, the same {before} items are recommended, {moved} at another place", **facts
        )
    return phrase("{change}, no recommendation changes", **facts)


def _in_both(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The items of both lists, with `rank_old` and `rank_new`, and `in` which of them each is."""
    key = "item_id" if {"item_id"} <= {*before.columns} & {*after.columns} else "title"
    ranks = (before[[key, "rank"]], after[[key, "rank"]])
    return ranks[0].merge(ranks[1], on=key, how="outer", suffixes=("_old", "_new"), indicator="in")
