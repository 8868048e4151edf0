"""Draw one row per group: shares on the left, mean ratings on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import label

_ROW = 20  # height of a row, in pixels


def row_label(text: object) -> str:
    """A name beside an axis: short enough for a phone, and not taken for HTML."""
    return label(text, 26)


def rows_figure(
    labels: Sequence[str],
    shares: Mapping[str, pd.Series],
    means: Mapping[str, pd.DataFrame],
    texts: tuple[str, str],
    share_title: str,
) -> style.Figure:
    """Draw one row per group: shares of something on the left, mean ratings on the right.

    Args:
        labels: Of the rows from the top, ready to be shown.
        shares: Per series its name and a share (0 to 1; missing for a heading) per row.
        means: Per series its name and a table with `mean_rating` per row, and possibly the
            bounds `low` and `high` of its draw.interval. Series in both have one look.
        texts: Title and subtitle.
        share_title: Of the left axis; short, as it is beside that of the right one.
    """
    figure = style.two_panels("")
    looks = dict(zip(dict.fromkeys([*shares, *means]), cycle(style.LOOKS), strict=False))
    _join_points(figure, list(shares.values()))
    for name, values in shares.items():
        table = pd.DataFrame({"value": 100 * values})
        _add_points(figure, name, looks[name], labels, table, " %")
    for name, table in means.items():
        named = table.rename(columns={"mean_rating": "value"})
        _add_points(
            figure, name, looks[name], labels, named, "", "2", showlegend=name not in shares
        )
    figure.update_layout(
        xaxis={"domain": [0, 0.45], "rangemode": "tozero", "ticksuffix": " %", **draw.FEW_TICKS},
        xaxis2={"domain": [0.55, 1], "title_text": "Mean rating", **draw.FEW_TICKS},
        yaxis=draw.row_axis(labels),
        yaxis2=draw.row_axis(labels, showticklabels=False),
    )
    return style.finish(figure, *texts, share_title, drawn=_ROW * len(labels), foot=96, legend=56)


def _join_points(figure: style.Figure, shares: list[pd.Series]) -> None:
    """Draw a line between the shares of each row, behind the points."""
    table = 100 * pd.concat(shares, axis=1)
    ends = pd.DataFrame({"low": table.min(axis=1), "high": table.max(axis=1)})
    known = ends.reset_index(drop=True).dropna()
    x = [end for low, high in known.itertuples(index=False) for end in (low, high, None)]
    y = [place for row in known.index for place in (row, row, None)]
    line = {
        "mode": "lines",
        "line": {"color": style.GREY},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    draw.points(figure, x, y, **line)


def _add_points(
    figure: style.Figure,
    name: str,
    look: tuple[str, str],
    labels: Sequence[str],
    table: pd.DataFrame,
    unit: str,
    panel: str = "",
    **more: Any,
) -> None:
    """Add the points of one series, with their intervals where they have some."""
    table = table.reindex(columns=["value", "low", "high"]).reset_index(drop=True)
    shown = table[table["value"].notna()]
    hover = [
        f"{labels[row]}<br>{name}: {value:.3g}{unit}"
        f"{'' if pd.isna(low) else f' ({low:.3g} to {high:.3g})'}"
        for row, value, low, high in shown.itertuples()
    ]
    marker = {"color": look[0], "symbol": look[1], "size": 9}
    more |= {"marker": marker, "mode": "markers", "legendgroup": name}
    if panel:
        more["error_x"] = draw.interval(shown["value"], shown["low"], shown["high"])
    draw.points(figure, shown["value"], shown.index, name, hover, panel, **more)
