"""What several figures of the exploration share: texts, and rows of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pandas as pd

from explainable_recsys.figures.style import (
    CATEGORIES,
    NEUTRAL,
    SYMBOLS,
    escape,
    finish,
    percent,
    two_panels,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW, _FOOT = 20, 96  # heights in pixels: of a row, of what is below the rows
_LONGEST = 42  # characters of a name in a sentence
_LONGEST_LABEL = 26  # of a name beside an axis: what is drawn has room on a phone
_N_TICKS = 4  # of a horizontal axis, at most: as many as a phone has room for


def fine_percent(share: float) -> str:
    """A share (from 0 to 1) as a percentage, with a decimal near 0 and near 1."""
    return percent(share, 0 if 0.1 <= share < 0.99 or share in (0, 1) else 1)


def short_label(text: object) -> str:
    """A name in a sentence: not too long, and not taken for HTML."""
    return _short(text, _LONGEST)


def row_label(text: object) -> str:
    """A name beside an axis: short enough for a phone, and not taken for HTML."""
    return _short(text, _LONGEST_LABEL)


def _short(text: object, longest: int) -> str:
    words = " ".join(str(text).split())
    return escape(words if len(words) <= longest else words[: longest - 1].rstrip(" ,:-(") + "…")


def rows_figure(
    labels: Sequence[str],
    shares: Mapping[str, pd.Series],
    means: Mapping[str, pd.DataFrame],
    texts: tuple[str, str],
    share_title: str,
) -> go.Figure:
    """Draw one row per group: shares of something on the left, mean ratings on the right.

    Args:
        labels: Of the rows from the top, ready to be shown.
        shares: Per series its name and a share (0 to 1; missing for a heading) per row.
        means: Per series its name and a table with `mean_rating` per row, and possibly the
            bounds `low` and `high` of its interval. Series in both have one look.
        texts: Title and subtitle.
        share_title: Of the left axis; short, as it is beside that of the right one.
    """
    figure = two_panels("")
    names = list(dict.fromkeys([*shares, *means]))
    looks = dict(zip(names, cycle(zip(CATEGORIES, SYMBOLS, strict=True)), strict=False))
    _join_points(figure, list(shares.values()))
    for name, values in shares.items():
        _add_points(figure, name, looks[name], labels, 100 * values, " %")
    for name, table in means.items():
        bounds = table.reindex(columns=["low", "high"])
        _add_points(figure, name, looks[name], labels, table["mean_rating"], "", bounds, "2")
        figure.data[-1].showlegend = name not in shares
    rows = {
        "range": [len(labels) - 0.4, -0.6],
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "ticks": "",
    }
    across = {"nticks": _N_TICKS, "tickangle": 0}
    height = _ROW * len(labels)
    figure.update_layout(
        xaxis={"domain": [0, 0.45], "rangemode": "tozero", "ticksuffix": " %", **across},
        xaxis2={"domain": [0.55, 1], "title_text": "Mean rating", **across},
        yaxis=rows,
        yaxis2={**rows, "showticklabels": False},
        legend={"y": -56 / height},
        margin_b=_FOOT,
    )
    finish(figure, *texts, share_title)
    return figure.update_layout(height=height + figure.layout.margin.t + _FOOT)


def _join_points(figure: go.Figure, shares: list[pd.Series]) -> None:
    """Draw a line between the shares of each row, behind the points."""
    table = pd.concat(shares, axis=1)
    x: list[float | None] = []
    y: list[float | None] = []
    for row, (low, high) in enumerate(zip(table.min(axis=1), table.max(axis=1), strict=True)):
        if pd.notna(low):
            x += [100 * low, 100 * high, None]
            y += [row, row, None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": NEUTRAL}, showlegend=False, hoverinfo="skip"
    )


def _add_points(
    figure: go.Figure,
    name: str,
    look: tuple[str, str],
    labels: Sequence[str],
    values: pd.Series,
    unit: str,
    bounds: pd.DataFrame | None = None,
    panel: str = "",
) -> None:
    """Add the points of one series, with their intervals where they have some."""
    shown = values.reset_index(drop=True).dropna()
    rows = shown.index.tolist()
    error: dict[str, Any] = {}
    hover = [
        f"{labels[row]}<br>{name}: {value:.3g}{unit}"
        for row, value in zip(rows, shown, strict=True)
    ]
    if bounds is not None:
        low, high = (bounds[column].to_numpy()[shown.index] for column in ("low", "high"))
        arrays = {"array": high - shown, "arrayminus": shown - low}
        error = {
            "error_x": {
                "type": "data",
                **{key: lengths.fillna(0).tolist() for key, lengths in arrays.items()},
                "color": NEUTRAL,
                "thickness": 1.5,
                "width": 0,
            }
        }
        hover = [
            text if pd.isna(start) else f"{text} ({start:.3g} to {end:.3g})"
            for text, start, end in zip(hover, low, high, strict=True)
        ]
    figure.add_scatter(
        x=shown.tolist(),
        y=rows,
        mode="markers",
        name=name,
        legendgroup=name,
        marker={"color": look[0], "symbol": look[1], "size": 9},
        hovertext=hover,
        hoverinfo="text",
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
        **error,
    )
