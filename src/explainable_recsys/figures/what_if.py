"""Draw how a list of recommendations changes with the history."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, short

_LONGEST = 20  # letters of a title
_LETTER = 6.2  # mean width of a letter, in pixels
_ROW, _FOOT = 26, 76  # heights, in pixels: of a place, below the lists
_STUB = 0.15  # length of the line of what is in one list only; of the width


class _Fate(NamedTuple):
    """What becomes of an item, and how that looks."""

    name: str
    hue: str
    symbol: str
    dash: str
    ends: tuple[float, float]  # of the line, as shares of the width
    sizes: tuple[int, int]  # of the markers there, in pixels


_FATES = {
    "both": _Fate("stays", style.PALETTE[0], "circle", "solid", (0, 1), (9, 9)),
    "left_only": _Fate("leaves", style.PALETTE[3], "x", "dash", (0, _STUB), (9, 0)),
    "right_only": _Fate(
        "enters", style.PALETTE[2], "triangle-right", "dot", (1 - _STUB, 1), (0, 9)
    ),
}
"""By the list in which an item is."""


def what_if_figure(before: pd.DataFrame, after: pd.DataFrame, change: str) -> style.Figure:
    """Draw two lists beside each other, with a line from each item's old place to its new one.

    Args:
        before: Columns `title`, `rank` (from 1), `score`, and `item_id` if titles are shared.
        after: The same of the list after the change.
        change: What is different, to begin a sentence with: "Without Alien".
    """
    if before.empty and after.empty:
        return style.message_figure("No recommendations to compare")
    key = "item_id" if {"item_id"} <= {*before.columns} & {*after.columns} else "title"
    both = before.merge(after, on=key, how="outer", suffixes=("_old", "_new"), indicator="in")
    if key == "title":
        both = both.assign(title_old=both["title"], title_new=both["title"])
    sides = both["in"].astype("str")
    figure = style.new_figure()
    for side, fate in _FATES.items():
        _add_lines(figure, both[sides == side], fate)
    n_rows = int(pd.concat([before["rank"], after["rank"]]).max())
    _set_axes(figure, before, after, n_rows)
    return style.finish(
        figure,
        _finding(both, sides, len(before), escape(change)),
        "Lines: from an item's place in the list before to its place after.",
        room=36,
        drawn=_ROW * n_rows,
        foot=_FOOT,
        legend=6,
    )


def _add_lines(figure: style.Figure, rows: pd.DataFrame, fate: _Fate) -> None:
    """Add the lines of the items that share a fate; what lacks a place keeps its only one."""
    if rows.empty:
        return
    old, new = rows["rank_old"], rows["rank_new"]
    ends = zip(old.fillna(new), new.fillna(old), strict=True)
    x, y = (*fate.ends, None) * len(rows), [place for pair in ends for place in (*pair, None)]
    hover = [text for row in rows.itertuples() for text in (*[_hover(row)] * 2, "")]
    marker = {"size": (*fate.sizes, 0) * len(rows), "symbol": fate.symbol, "opacity": 1}
    look = {"line": {"color": fate.hue, "dash": fate.dash, "width": 2}, "showlegend": True}
    look |= {"marker": marker | {"line": {"width": 0}}, "cliponaxis": False}
    draw.points(figure, x, y, fate.name, hover, **look)


def _hover(row: Any) -> str:
    title = row.title_new if pd.isna(row.title_old) else row.title_old
    times = (("before", row.rank_old, row.score_old), ("after", row.rank_new, row.score_new))
    lines = [f"<b>{escape(title)}</b>"]
    for when, rank, score in times:
        if not pd.isna(rank):
            lines.append(f"{when}: place {rank:.0f}, score {score:.3g}")
    return "<br>".join(lines)


def _set_axes(figure: style.Figure, before: pd.DataFrame, after: pd.DataFrame, n_rows: int) -> None:
    """Write the lists beside the lines: the old one on the left, the new one on the right."""
    room, axes = [], []
    lists = (("left", "right", before, "before"), ("right", "left", after, "after"))
    for x, (side, other, rows, name) in enumerate(lists):
        titles = [short(title, _LONGEST) for title in rows["title"]]
        ranks = rows["rank"].astype(int).tolist()
        room.append(int(_LETTER * max(map(len, titles), default=0)) + 46)
        form = "{title}  {rank}" if side == "left" else "{rank}  {title}"
        named = zip(ranks, titles, strict=True)
        texts = [form.format(rank=rank, title=escape(title)) for rank, title in named]
        bare = {"automargin": False, "showgrid": False, "showline": False, "ticks": ""}
        ticks = {"tickvals": ranks, "ticktext": texts, "ticklabelstandoff": 6}
        axes.append({"range": [n_rows + 0.5, 0.5], "side": side, **ticks, **bare})
        where = {"xref": "x domain", "yref": "y domain"}
        draw.note(figure, f"<b>{name}</b>", x, 1, f"bottom {other}", **where)
    figure.update_layout(
        legend={"itemsizing": "constant", "x": 0.5, "xanchor": "center"},
        margin={"l": room[0], "r": room[1]},
        xaxis={"range": [0, 1], "visible": False},
        yaxis=axes[0],
        yaxis2={**axes[1], "overlaying": "y"},
    )
    # An axis is only drawn if it has a trace.
    draw.points(figure, [None], [None], yaxis="y2", hoverinfo="skip", showlegend=False)


def _finding(both: pd.DataFrame, sides: pd.Series, n_before: int, change: str) -> str:
    n_left, n_new = int((sides == "left_only").sum()), int((sides == "right_only").sum())
    n_moved = int((both["rank_old"] != both["rank_new"])[sides == "both"].sum())
    if n_before == 0:
        return f"{change}, {n_new} items are recommended; none were before"
    if n_left:
        verb = "changes" if n_left == 1 else "change"
        return f"{change}, {n_left} of {n_before} recommendations {verb}"
    if n_new:
        return f"{change}, the recommendations stay, and {n_new} more come"
    if n_moved:
        return f"{change}, the same {n_before} items are recommended, {n_moved} at another place"
    return f"{change}, no recommendation changes"
