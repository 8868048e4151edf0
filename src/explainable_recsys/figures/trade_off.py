"""Draw accuracy against faithfulness and coverage, for all approaches at once."""

from __future__ import annotations

import math
from html import unescape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.faithfulness import NO_BETTER, NO_FAITHFULNESS
from explainable_recsys.figures.texts import escape, percent

Boxes = NDArray[np.float64]
"""Rectangles (n, 4) in pixels: left, bottom, right, top."""


class _Place(NamedTuple):
    """Where a label begins, ends or has its middle, in pixels right of and above its point."""

    x: float
    y: float
    anchor: str


_WIDTHS = (300.0, 950.0)  # of the panel on a phone and on a screen: labels have room on both
_PANEL, _PER_APPROACH = 260, 14  # height of the upper panel, and what each approach adds to it
_ROW, _HEADING, _FOOT = 20, 44, 124  # heights: of a row of the lower panel, above it, below it
_LABEL, _LETTER = 15.0, 6.0  # height of a label, mean width of a letter
_POINT, _BAR = 12.0, 8.0  # diameter of a point; height that labels leave to a line
_BESIDE, _STEP, _STEPS = 10.0, 15.0, 5  # from a point to labels beside it; above and below it
_SIDES = {"left": 0.0, "center": 0.5, "right": 1.0}  # which part of a label is left of its anchor
_PLACES = [_Place(_BESIDE, 0, "left"), _Place(-_BESIDE, 0, "right")] + [
    _Place({"left": -_POINT, "center": 0, "right": _POINT}[anchor] / 2, sign * y * _STEP, anchor)
    for y in range(1, _STEPS + 1)
    for sign in (1, -1)
    for anchor in ("center", "left", "right")
]
_FARNESS = 1.5  # a pixel away from the point is as bad as to hide so many pixels
_OUTSIDE = 10.0  # a pixel outside of the panel is as bad as so many hidden ones
_ILLEGIBLE = 8.0  # a pixel of another label is as bad to hide as so many others
_ROUNDS = 4  # of placing every label again, among the others
_RANDOM = "no better than random reasons"


def trade_off_figure(comparison: pd.DataFrame, k: int, n_cited: int) -> style.Figure:
    """Draw the faithfulness of reasons against nDCG; the colour is coverage.

    Faithful is what matters: if the items that an explanation cites are taken away from the
    history, fewer recommendations stay in the list than without as many random items (POS).
    Approaches without such a figure stand below, in rows, from the best lists down.

    Args:
        comparison: One row per approach, with the columns `approach`, `ndcg@k` and its
            interval `ndcg@k/low`, `ndcg@k/high`, `coverage` (share of the recommendations that
            are explained), `pos@k,n` and `pos@k,n/random` with k and n written out. Values and
            columns other than the first may be missing; an approach without nDCG is left out.
        k: Length of the lists.
        n_cited: Number of items taken away.
    """
    table = _prepared(comparison, k, n_cited)
    faithful, others = table[table["points"].notna()], table[table["points"].isna()]
    if faithful.empty:
        return style.message_figure(NO_FAITHFULNESS)
    figure = style.new_figure()
    points = faithful["points"]
    upper = _PANEL + _PER_APPROACH * len(faithful)
    lower = _HEADING + _ROW * len(others) if len(others) else 0
    figure.update_layout(
        xaxis_range=draw.padded(table["low"].min(), table["high"].max(), 0.1),
        yaxis={
            "range": draw.padded(min(points.min(), 0), max(points.max(), 0), 0.1),
            "domain": [lower / (upper + lower), 1],
            "title_font_size": 12,
        },
        coloraxis=_coverage_scale(table["coverage"].min(), upper + lower),
        margin_r=16,
        showlegend=False,
    )
    _add_points(figure, faithful, points, "y")
    _add_labels(figure, faithful, upper)
    if lower:
        _add_lower_panel(figure, others, upper + lower)
    return style.finish(
        figure,
        _finding(table, faithful, k),
        "Higher: the cited items matter more. Further right: better lists. "
        "In %: recommendations that are explained.",
        f"nDCG@{k} (0 to 1; bars: 95 % intervals)",
        f"Lost from the top {k} without {n_cited} cited items,<br>"
        f"minus without {n_cited} random ones (% points)",
        room=10,
        drawn=upper + lower,
        foot=_FOOT,
    )


def _prepared(comparison: pd.DataFrame, k: int, n_cited: int) -> pd.DataFrame:
    """Approaches with nDCG, the best first; `points`: what random reasons are beaten by.

    Names and labels are ready to be shown.
    """
    ndcg, pos = f"ndcg@{k}", f"pos@{k},{n_cited}"
    columns = ["approach", ndcg, f"{ndcg}/low", f"{ndcg}/high", "coverage", pos, f"{pos}/random"]
    names = ["approach", "ndcg", "low", "high", "coverage", "own", "random"]
    table = comparison.reindex(columns=columns).set_axis(names, axis=1).dropna(subset="ndcg")
    approaches = [escape(name) for name in table["approach"]]
    named = zip(approaches, table["coverage"], strict=True)
    table = table.assign(
        approach=approaches,
        low=table["low"].fillna(table["ndcg"]),
        high=table["high"].fillna(table["ndcg"]),
        points=100 * (table["random"] - table["own"]),
        label=[name if pd.isna(share) else f"{name} {percent(share)}" for name, share in named],
    )
    return table.sort_values(["ndcg", "approach"], ascending=[False, True], ignore_index=True)


def _coverage_scale(lowest: float, height: int) -> dict[str, Any]:
    """Colours that people with any kind of colour vision tell apart (Nuñez et al. 2018).

    Args:
        lowest: Coverage, 0 to 1; may be missing.
        height: Of both panels, in pixels.
    """
    bar = draw.scale_below("Recommendations that are explained (coverage)", 62 / height)
    return {
        "cmin": 0 if pd.isna(lowest) else min(10 * math.floor(10 * lowest), 90),
        "cmax": 100,
        "colorscale": "Cividis",
        "reversescale": True,
        "colorbar": {**bar, "ticksuffix": " %"},
    }


def _add_points(figure: style.Figure, rows: pd.DataFrame, y: pd.Series, axis: str) -> None:
    """Add approaches at heights y, in the colour of their coverage; hollow if that is unknown."""
    for known in (True, False):
        shown = rows[rows["coverage"].notna() == known]
        if shown.empty:
            continue
        x, hover = shown["ndcg"], [_hover(row) for row in shown.itertuples()]
        marker = {"color": "white", "size": _POINT, "line": {"color": style.INK, "width": 1}}
        if known:
            marker |= {"color": (100 * shown["coverage"]).tolist(), "coloraxis": "coloraxis"}
        look = {"marker": marker, "error_x": draw.interval(x, shown["low"], shown["high"])}
        axes = {"xaxis": "x", "yaxis": axis}
        draw.points(figure, x, y[shown.index], None, hover, mode="markers", **look, **axes)


def _hover(row: Any) -> str:
    lines = [f"<b>{row.approach}</b>", f"nDCG {row.ndcg:.3f} ({row.low:.3f} to {row.high:.3f})"]
    if not pd.isna(row.coverage):
        lines.append(f"{percent(row.coverage, 1)} explained")
    own, random = percent(row.own, 1), percent(row.random, 1)
    stay = f"{own} stay without the cited items, {random} without random ones"
    return "<br>".join([*lines, "no faithfulness" if pd.isna(row.points) else stay])


def _add_labels(figure: style.Figure, rows: pd.DataFrame, height: int) -> None:
    """Mark the height of random reasons, and name every approach where there is room."""
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    x = (rows[["ndcg", "low", "high"]].to_numpy(dtype=np.float64) - left) / (right - left)
    y = height * (rows["points"].to_numpy(dtype=np.float64) - bottom) / (top - bottom)
    zero = height * -bottom / (top - bottom)
    taken = []
    for width in _WIDTHS:
        points = _boxes(width * x[:, 0], y, _POINT, _POINT)
        bars = _boxes(width * x[:, 1:].mean(axis=1), y, width * np.ptp(x[:, 1:], axis=1), _BAR)
        taken.append(np.concatenate([points, bars, _boxes(width / 2, zero, width, _BAR)]))
    taken = _mark_random(figure, taken, zero)
    places = _places(x[:, 0], y, rows["label"], taken, height)
    named = rows[["label", "ndcg", "points"]].to_numpy()
    for (label, ndcg, points), place in zip(named, places, strict=True):
        _add_label(figure, label, ndcg, points, place, "y")


def _mark_random(figure: style.Figure, taken: list[Boxes], zero: float) -> list[Boxes]:
    """Draw the line of random reasons, and say what it is at the end where that hides least.

    Args:
        figure: Changed in place.
        taken: What is drawn already, for each of `_WIDTHS`.
        zero: Height of the line, in pixels.

    Returns:
        What is taken now.
    """
    size, below = _LETTER * len(_RANDOM), zero - _LABEL / 2
    ends = {
        "right": [_boxes(width - size / 2, below, size, _LABEL) for width in _WIDTHS],
        "left": [_boxes(size / 2, below, size, _LABEL) for _ in _WIDTHS],
    }
    hides = {end: sum(o.sum() for o in map(_overlaps, boxes, taken)) for end, boxes in ends.items()}
    end = min(hides, key=lambda end: hides[end])
    draw.line_at(figure, "y", 0, _RANDOM, f"top {end}", dash="dash", width=1.5)
    return [np.concatenate(pair) for pair in zip(taken, ends[end], strict=True)]


def _places(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    labels: pd.Series,
    taken: list[Boxes],
    height: float,
) -> list[_Place]:
    """Where labels hide least, on a phone and on a screen; each is placed among the others.

    Args:
        x: Positions of the points (n,), as shares of the width.
        y: The same, in pixels.
        labels: Texts (n,).
        taken: What is drawn already, for each of `_WIDTHS`.
        height: Of the panel, in pixels.
    """
    sizes = _LETTER * np.array([[len(unescape(label))] for label in labels])
    away = np.array([place[:2] for place in _PLACES])
    shifts = np.array([0.5 - _SIDES[place.anchor] for place in _PLACES])
    badness = np.tile(_FARNESS * np.abs(away).sum(axis=1), (len(labels), 1))
    tried = []  # boxes (n, n_places, 4) for each width
    for width, others in zip(_WIDTHS, taken, strict=True):
        middles = width * x[:, None] + away[:, 0] + shifts * sizes
        boxes = _boxes(middles, y[:, None] + away[:, 1], sizes, _LABEL)
        inside = _overlaps(boxes, _boxes(width / 2, height / 2, width, height))
        badness += _overlaps(boxes, others).sum(axis=-1)
        badness += _OUTSIDE * (sizes * _LABEL - inside[..., 0])
        tried.append(boxes)
    chosen = badness.argmin(axis=1)
    for i in list(range(len(labels))) * _ROUNDS:
        rest = np.delete(np.arange(len(labels)), i)
        hidden = sum(_overlaps(boxes[i], boxes[rest, chosen[rest]]).sum(axis=-1) for boxes in tried)
        chosen[i] = (badness[i] + _ILLEGIBLE * hidden).argmin()
    return [_PLACES[place] for place in chosen]


def _boxes(x: Any, y: Any, width: Any, height: float) -> Boxes:
    """Rectangles around positions, (n, 4) or more dimensions; of one position (1, 4)."""
    x, y, width = np.broadcast_arrays(np.atleast_1d(x), y, width)
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=-1)


def _overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Area that each of the boxes (..., 4) shares with each of the others (n, 4): (..., n)."""
    low = np.maximum(boxes[..., None, :2], others[:, :2])
    high = np.minimum(boxes[..., None, 2:], others[:, 2:])
    return np.asarray(np.maximum(high - low, 0).prod(axis=-1))


def _add_label(
    figure: style.Figure, text: str, x: float, y: float, place: _Place, axis: str
) -> None:
    """Write a label; if it is not next to its point, with a line to it."""
    where: dict[str, Any] = {"xshift": place.x, "yshift": place.y}
    if abs(place.y) > _STEP:
        line = {"arrowcolor": style.GREY, "arrowhead": 0, "arrowwidth": 1, "standoff": _POINT / 2}
        where = {"showarrow": True, "ax": place.x, "ay": -place.y, **line}
    look = {"yref": axis, "borderpad": 0, "font_size": 11}
    draw.note(figure, text, x, y, f"middle {place.anchor}", **look, **where)


def _add_lower_panel(figure: style.Figure, rows: pd.DataFrame, height: int) -> None:
    """Add the approaches without faithfulness, one below the other."""
    top = _ROW * len(rows) / height
    bare = {"showgrid": False, "showticklabels": False}
    axis = draw.row_axis(rows["label"].tolist(), anchor="x", domain=[0, top], **bare)
    figure.update_layout(xaxis_anchor="y2", yaxis2=axis)
    _add_points(figure, rows, pd.Series(range(len(rows)), index=rows.index), "y2")
    left, right = figure.layout.xaxis.range
    named = zip(rows["label"], rows["low"], rows["high"], strict=True)
    for place, (label, low, high) in enumerate(named):
        has_room = right - high >= low - left  # on the right
        end, beside = (high, _PLACES[0]) if has_room else (low, _PLACES[1])
        _add_label(figure, label, end, place, beside, "y2")
    heading = "<b>no faithfulness</b> (no reasons that cite history items)"
    draw.note(figure, heading, 0, top, "bottom left", xref="x domain", yref="paper")


def _finding(table: pd.DataFrame, faithful: pd.DataFrame, k: int) -> str:
    """Title: which approach has the best lists, and which the most faithful reasons."""
    first, best = table.iloc[0], faithful.iloc[faithful["points"].argmax()]
    lists, points = f"(nDCG@{k}\u00a0{first['ndcg']:.3f})", f"{best['points']:.0f}"
    if best["points"] < 100 * NO_BETTER:
        return (
            f"{first['approach']} has the best lists {lists}; no approach's reasons are more "
            "faithful than random ones"
        )
    if best["ndcg"] == first["ndcg"]:
        return (
            f"{best['approach']} has both the best lists {lists} and the most faithful reasons "
            f"({points} points beyond random)"
        )
    return (
        f"{first['approach']} has the best lists {lists}, {best['approach']} the most faithful "
        f"reasons ({points} points beyond random)"
    )
