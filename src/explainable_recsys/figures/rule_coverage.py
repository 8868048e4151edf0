"""Draw which share of the recommendations association rules can explain."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import floored, percent

_DASHES = {"coverage_of_popularity": "dot", "coverage_of_random": "dash", "coverage": "solid"}


def coverage_frontier_figure(frontier: pd.DataFrame) -> style.Figure:
    """Draw what the thresholds of mining cost in coverage, and what they gain in lift.

    Args:
        frontier: One row per pair of thresholds, with the columns `min_support`,
            `min_confidence`, `n_rules`, `coverage` (share of the recommendations that have a
            rule), `median_lift` (may be missing), and the coverage of two trivial
            recommenders by the same rules, `coverage_of_popularity` and `coverage_of_random`.
    """
    if frontier.empty:
        return style.message_figure("No rules at these thresholds")
    frontier = frontier.sort_values(["min_support", "min_confidence"])
    figure = style.two_panels("Median lift of the rules used")
    supports = frontier["min_support"].unique()
    for support, look in zip(supports, cycle(style.LOOKS), strict=False):
        rows = frontier[frontier["min_support"] == support]
        _add_threshold(figure, f"{100 * support:g} %", rows, *look)
    figure.update_layout(
        legend_title_text="Minimum support",
        xaxis_ticksuffix=" %",
        xaxis2={"ticksuffix": " %", "title_text": "Minimum confidence"},
        yaxis={"range": [-2, 104], "ticksuffix": " %"},
    )
    best = frontier.iloc[frontier["coverage"].argmax()]
    return style.finish(
        figure,
        f"Rules explain up to {percent(floored(best['coverage']))} of the recommendations "
        f"(random: {percent(best['coverage_of_random'])})",
        "Lines: solid, this approach; dotted, a most-popular list; dashed, a random list.",
        "Minimum confidence",
        "Recommendations with a rule",
    )


def _add_threshold(
    figure: style.Figure, name: str, rows: pd.DataFrame, hue: str, symbol: str
) -> None:
    """Add the lines of one minimum support to both panels."""
    hover = [f"support at least {name}: {n:,} rules" for n in rows["n_rules"]]
    shared = {"hoverinfo": "x+y+text", "legendgroup": name, "marker": {"size": 7, "symbol": symbol}}
    confidence = 100 * rows["min_confidence"]
    for column, dash in _DASHES.items():
        own = dash == "solid"
        look: dict[str, Any] = {"line": {"color": hue, "dash": dash, "width": 2 if own else 1.5}}
        look |= {"mode": "lines+markers" if own else "lines", "showlegend": own}
        draw.points(figure, confidence, 100 * rows[column], name, hover, **shared, **look)
    look = {"line_color": hue, "showlegend": False}
    draw.points(figure, confidence, rows["median_lift"], name, hover, "2", **shared, **look)
