"""Draw which share of the recommendations association rules can explain."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import floored, percent
from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import phrase

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
        return style.message_figure(phrase("No rules at these thresholds"))
    frontier = frontier.sort_values(["min_support", "min_confidence"])
    figure = style.two_panels(phrase("Median lift of the rules used"))
    for place, support in enumerate(frontier["min_support"].unique()):
        rows = frontier[frontier["min_support"] == support]
        x, name, look = 100 * rows["min_confidence"], f"{short(100 * support)} %", style.look(place)
        for column, dash in _DASHES.items():
            own = dash == "solid"
            line = {"line": look["line"] | {"dash": dash}, "showlegend": own}
            mode = "lines+markers" if own else "lines"
            named = {name: 100 * rows[column]}
            draw.lines(figure, x, named, first=place, mode=mode, **line)
        solid = {"line": look["line"] | {"dash": "solid"}}
        draw.lines(figure, x, {name: rows["median_lift"]}, "2", first=place, **solid)
    figure.update_layout(
        legend_title_text=phrase("Minimum support"),
        xaxis=draw.PERCENT | draw.FEW_TICKS,
        xaxis2={"title_text": phrase("Minimum confidence")} | draw.PERCENT | draw.FEW_TICKS,
        yaxis={"range": [-2, 104]} | draw.PERCENT,
        yaxis2_hoverformat=".2f",
    )
    best = frontier.iloc[frontier["coverage"].argmax()]
    return style.finish(
        figure,
        phrase(
            "Rules explain up to {share} of the recommendations (random: {random})",
            share=percent(floored(best["coverage"])),
            random=percent(best["coverage_of_random"]),
        ),
        phrase("Lines: solid, this approach; dotted, a most-popular list; dashed, a random list."),
        phrase("Minimum confidence"),
        phrase("Recommendations with a rule"),
    )
