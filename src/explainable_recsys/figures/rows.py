"""Draw one row per thing, and beside each other what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import label
from explainable_recsys.wording.phrases import later, phrase

KINDS = {"ratings": later("ratings"), "users": later("users"), "items": later("items")}
"""What shares are of, by the end of the name of their column."""

_ROW, _EDGE = 20, 18  # heights of a row, and of what is above and below all, in pixels


@dataclass(frozen=True)
class Panel:
    """One column of a figure of rows.

    Attributes:
        title: Of its axis, with the unit; short, as there is another one beside it.
        series: By name a table with the `value` of each row (may be missing), and possibly the
            bounds `low` and `high` of its interval. A name has one look in all panels.
        axis: Further properties of the axis.
    """

    title: str
    series: Mapping[str, pd.DataFrame]
    axis: dict[str, Any] = field(default_factory=dict)


def row_label(text: object) -> str:
    """A name beside an axis: short enough for a phone, and not taken for HTML."""
    return label(text, 26)


def shares_of(table: pd.DataFrame, *kinds: str) -> dict[str, pd.Series]:
    """Columns such as `share_of_users` (0 to 1), by the names that people read."""
    return {phrase(KINDS[kind]): table[f"share_of_{kind}"] for kind in kinds}


def share_panel(title: str, shares: Mapping[str, pd.Series]) -> Panel:
    """A panel of shares (from 0 to 1), from 0 on."""
    series = {name: pd.DataFrame({"value": 100 * share}) for name, share in shares.items()}
    return Panel(title, series, {"rangemode": "tozero", "nticks": 3} | draw.PERCENT)


def mean_panel(named: Mapping[str, pd.DataFrame]) -> Panel:
    """A panel of mean ratings, from tables with `mean_rating`, possibly `low` and `high`."""
    series = {name: table.rename(columns={"mean_rating": "value"}) for name, table in named.items()}
    return Panel(phrase("Mean rating"), series)


def rows_figure(
    labels: Sequence[str],
    panels: Sequence[Panel],
    title: str,
    subtitle: str,
    ends: Sequence[str] = (),
) -> style.Figure:
    """Draw one row per thing.

    Args:
        labels: Of the rows from the top, ready to be shown.
        panels: From the left to the right.
        title: The finding.
        subtitle: How to read it.
        ends: Texts at the right end of the rows.
    """
    figure = style.new_figure()
    n = len(panels)
    suffixes, height = draw.grid(figure, n, n, _ROW * len(labels) + _EDGE, gap=0, between=0.1)
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    told: set[str] = set()
    for place, (suffix, panel) in enumerate(zip(suffixes, panels, strict=True)):
        for name, table in panel.series.items():
            is_new = len(names) > 1 and name not in told
            _add_points(figure, name, table, suffix, names.index(name), is_new)
            told.add(name)
        rows = draw.row_axis(labels, showticklabels=place == 0)
        across = {"title_text": panel.title, "title_font_size": 12, "hoverformat": ".2f"}
        across |= draw.FEW_TICKS | panel.axis
        figure.update_layout({f"xaxis{suffix}": across, f"yaxis{suffix}": rows})
    for row, text in enumerate(ends):
        draw.note(figure, text, 1, row, "middle left", xref="paper", xshift=4, font_size=11)
    figure.update_layout(margin_r=6 * max(map(len, ends), default=0) + 20)
    return style.finish(figure, title, subtitle, drawn=height, foot=96, legend=56)


def _add_points(
    figure: style.Figure, name: str, table: pd.DataFrame, suffix: str, place: int, is_new: bool
) -> None:
    """Add the points of one series, with their intervals where they have some."""
    table = table.reindex(columns=["value", "low", "high"]).reset_index(drop=True)
    shown = table[table["value"].notna()]
    look = style.look(place) | {"legendgroup": name, "showlegend": is_new, "mode": "markers"}
    look["error_x"] = draw.interval(shown["value"], shown["low"], shown["high"])
    draw.points(figure, shown["value"], shown.index, name, None, suffix, **look)
