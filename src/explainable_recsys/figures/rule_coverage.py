"""Draw which share of the recommendations association rules can explain."""

from __future__ import annotations

import math
from itertools import cycle
from typing import TYPE_CHECKING

import pandas as pd

from explainable_recsys.figures.style import (
    CATEGORIES,
    SYMBOLS,
    finish,
    message_figure,
    percent,
    two_panels,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go


def coverage_frontier_figure(frontier: pd.DataFrame) -> go.Figure:
    """Draw what the thresholds of mining cost in coverage, and what they gain in lift.

    Args:
        frontier: One row per pair of thresholds, with the columns `min_support`,
            `min_confidence`, `n_rules`, `coverage` (share of the recommendations that have a
            rule), `median_lift` (may be missing), and the coverage of two trivial
            recommenders by the same rules, `coverage_of_popularity` and `coverage_of_random`.
    """
    if frontier.empty:
        return message_figure("No rules at these thresholds")
    frontier = frontier.sort_values(["min_support", "min_confidence"])
    figure = two_panels("Median lift of the rules used")
    for support, hue, symbol in zip(
        frontier["min_support"].unique(), cycle(CATEGORIES), cycle(SYMBOLS), strict=False
    ):
        rows = frontier[frontier["min_support"] == support]
        _add_threshold(figure, f"{100 * support:g} %", rows, hue, symbol)
    figure.update_layout(
        legend_title_text="Minimum support",
        xaxis_ticksuffix=" %",
        xaxis2={"ticksuffix": " %", "title_text": "Minimum confidence"},
        yaxis={"range": [-2, 104], "ticksuffix": " %"},
    )
    best = frontier.iloc[frontier["coverage"].argmax()]
    share = math.floor(100 * best["coverage"] + 1e-9) / 100  # not all of them, if one is missing
    return finish(
        figure,
        f"Rules explain up to {percent(share)} of the recommendations "
        f"(random: {percent(best['coverage_of_random'])})",
        "Lines: solid, this approach; dotted, a most-popular list; dashed, a random list.",
        "Minimum confidence",
        "Recommendations with a rule",
    )


def _add_threshold(figure: go.Figure, name: str, rows: pd.DataFrame, hue: str, symbol: str) -> None:
    """Add the lines of one minimum support to both panels."""
    shared = {
        "x": (100 * rows["min_confidence"]).tolist(),
        "hovertext": [f"support at least {name}: {n:,} rules" for n in rows["n_rules"]],
        "hoverinfo": "x+y+text",
        "legendgroup": name,
        "marker": {"size": 7, "symbol": symbol},
        "name": name,
    }
    dashes = {"coverage_of_popularity": "dot", "coverage_of_random": "dash", "coverage": "solid"}
    for column, dash in dashes.items():
        figure.add_scatter(
            **shared,
            y=(100 * rows[column]).tolist(),
            mode="lines+markers" if dash == "solid" else "lines",
            line={"color": hue, "dash": dash, "width": 2 if dash == "solid" else 1.5},
            showlegend=dash == "solid",
        )
    figure.add_scatter(
        **shared,
        y=[None if pd.isna(lift) else lift for lift in rows["median_lift"].tolist()],
        mode="lines+markers",
        line={"color": hue},
        showlegend=False,
        xaxis="x2",
        yaxis="y2",
    )
