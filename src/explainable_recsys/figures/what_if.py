"""Draw how a list of recommendations changes with the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from explainable_recsys.figures.signed_bars import short
from explainable_recsys.figures.style import PALETTE, escape, finish, message_figure, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

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


_STAYS = _Fate("stays", PALETTE[0], "circle", "solid")
_LEAVES = _Fate("leaves", PALETTE[3], "x", "dash")
_ENTERS = _Fate("enters", PALETTE[2], "triangle-right", "dot")


def what_if_figure(before: pd.DataFrame, after: pd.DataFrame, change: str) -> go.Figure:
    """Draw two lists beside each other, with a line from each item's old place to its new one.

    Args:
        before: Columns `title`, `rank` (from 1), `score`, and `item_id` if titles are shared.
        after: The same of the list after the change.
        change: What is different, to begin a sentence with: "Without Alien".
    """
    if before.empty and after.empty:
        return message_figure("No recommendations to compare")
    key = "item_id" if {"item_id"} <= {*before.columns} & {*after.columns} else "title"
    both = before.merge(after, on=key, how="outer", suffixes=("_old", "_new"), indicator="in")
    if key == "title":
        both = both.assign(title_old=both["title"], title_new=both["title"])
    sides = both["in"].astype("str")
    figure = new_figure()
    _add_lines(figure, both[sides == "both"], _STAYS, (0, 1), (9, 9))
    _add_lines(figure, both[sides == "left_only"], _LEAVES, (0, _STUB), (9, 0))
    _add_lines(figure, both[sides == "right_only"], _ENTERS, (1 - _STUB, 1), (0, 9))
    n_rows = int(max(before["rank"].max(), after["rank"].max(), key=_or_none))
    _set_axes(figure, before, after, n_rows)
    finish(
        figure,
        _finding(both, sides, len(before), escape(change)),
        "Lines: from an item's place in the list before to its place after.",
        room=36,
    )
    figure.layout.height = _ROW * n_rows + figure.layout.margin.t + _FOOT
    return figure


def _or_none(rank: float) -> float:
    """A rank; of an empty list less than any."""
    return 0 if pd.isna(rank) else rank


def _add_lines(
    figure: go.Figure,
    rows: pd.DataFrame,
    fate: _Fate,
    across: tuple[float, float],
    sizes: tuple[int, int],
) -> None:
    """Add the lines of the items that share a fate; what lacks a place keeps its only one.

    Args:
        figure: Changed in place.
        rows: The items, with their old and new ranks.
        fate: Their name and look.
        across: Where lines begin and end, as shares of the width.
        sizes: Of the markers there, in pixels.
    """
    if rows.empty:
        return
    ranks = {"old": rows["rank_old"], "new": rows["rank_new"]}
    starts, ends = ranks["old"].fillna(ranks["new"]), ranks["new"].fillna(ranks["old"])
    hover = [_hover(row) for row in rows.itertuples()]
    figure.add_scatter(
        x=[place for _ in hover for place in (*across, None)],
        y=[place for pair in zip(starts, ends, strict=True) for place in (*pair, None)],
        mode="lines+markers",
        name=fate.name,
        line={"color": fate.hue, "dash": fate.dash, "width": 2},
        marker={
            "line": {"width": 0},
            "opacity": 1,
            "size": [size for _ in hover for size in (*sizes, 0)],
            "symbol": fate.symbol,
        },
        cliponaxis=False,
        hovertext=[text for each in hover for text in (each, each, "")],
        hoverinfo="text",
        showlegend=True,
    )


def _hover(row: Any) -> str:
    title = row.title_new if pd.isna(row.title_old) else row.title_old
    places = [
        f"{when}: place {rank:.0f}, score {score:.3g}"
        for when, rank, score in (
            ("before", row.rank_old, row.score_old),
            ("after", row.rank_new, row.score_new),
        )
        if not pd.isna(rank)
    ]
    return "<br>".join([f"<b>{escape(str(title))}</b>", *places])


def _set_axes(figure: go.Figure, before: pd.DataFrame, after: pd.DataFrame, n_rows: int) -> None:
    """Write the lists beside the lines: the old one on the left, the new one on the right."""
    lists = [
        [(int(rank), short(str(title), _LONGEST)) for rank, title in zip(*columns, strict=True)]
        for columns in ((of["rank"], of["title"]) for of in (before, after))
    ]
    room = [
        int(_LETTER * max((len(title) for _, title in entries), default=0)) + 46
        for entries in lists
    ]
    axes = [
        {
            "range": [n_rows + 0.5, 0.5],
            "tickvals": [rank for rank, _ in entries],
            "ticktext": [
                f"{escape(title)}  {rank}" if side == "left" else f"{rank}  {escape(title)}"
                for rank, title in entries
            ],
            "automargin": False,
            "showgrid": False,
            "showline": False,
            "side": side,
            "ticks": "",
            "ticklabelstandoff": 6,
        }
        for side, entries in zip(("left", "right"), lists, strict=True)
    ]
    for x, anchor, text in ((0, "right", "before"), (1, "left", "after")):
        figure.add_annotation(
            text=f"<b>{text}</b>",
            x=x,
            xanchor=anchor,
            xref="x domain",
            y=1,
            yanchor="bottom",
            yref="y domain",
            showarrow=False,
        )
    figure.update_layout(
        legend={
            "itemsizing": "constant",
            "x": 0.5,
            "xanchor": "center",
            "y": -0.02,
        },
        margin={"l": room[0], "r": room[1], "b": _FOOT},
        xaxis={"range": [0, 1], "visible": False},
        yaxis=axes[0],
        yaxis2={**axes[1], "overlaying": "y"},
    )
    # An axis is only drawn if it has a trace.
    figure.add_scatter(x=[None], y=[None], yaxis="y2", hoverinfo="skip", showlegend=False)


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
