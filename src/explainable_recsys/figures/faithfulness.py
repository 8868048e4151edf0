"""Draw what becomes of recommendations when the items that explain them are taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, percent
from explainable_recsys.wording.numbers import enumerated, fixed
from explainable_recsys.wording.phrases import later, phrase

NO_FAITHFULNESS = later("No approach cites history items")
"""What figures of faithfulness say instead of showing nothing."""

NO_BETTER = 0.005
"""A gap to random items that is smaller is called none."""

_EVIDENCE = {
    "popular": (later("most popular"), style.DARK_GREY, "dot"),
    "random": (later("random"), style.GREY, "dash"),
    "own": (later("cited"), style.PALETTE[0], "solid"),
}
"""What each kind of evidence is called, and the colour and dash of its line; the last is on top."""

_AXES = {"pos": later("Still recommended"), "del": later("Score left")}
"""What is drawn, by metric, the most telling first; the lower, the more faithful."""

_OF_NUMBERS = later(
    "{approach}: {own} of recommendations stay without cited items ({n} of them), {random} "
    "without random ones"
)
_OF_CURVES = later(
    "{approach}: without {n} % of the history, {own} of recommendations stay if cited items go "
    "first, {random} if random ones do"
)
"""Findings."""

_COLUMNS = 2  # of panels: as many as a phone has room for
_HEADING, _LEGEND = 36, 28  # heights, in pixels


def faithfulness_figure(faithfulness: pd.DataFrame) -> style.Figure:
    """Draw POS, and what is left of the score, over the number of items taken away.

    Every approach has a row of panels; the one whose cited items matter most, compared with
    random ones, comes first.

    Args:
        faithfulness: One row per approach, metric, kind of evidence and number of items, with
            the columns `approach`, `metric` ("pos" and "del" are drawn), `evidence` ("own",
            "random" or "popular"), `n_cited`, `value`, its interval `low`, `high` (may be
            missing).
    """
    rows = _drawn(faithfulness, "n_cited", list(_AXES))
    if rows.empty:
        return style.message_figure(phrase(NO_FAITHFULNESS))
    metrics = [metric for metric in _AXES if (rows["metric"] == metric).any()]
    # The more items, the larger the gap: every approach is judged by its largest number.
    gaps = _gaps(rows[rows["metric"] == "pos"]).groupby("approach").tail(1)
    across = {"dtick": 1, "range": [rows["x"].min() - 0.3, rows["x"].max() + 0.3]}
    return _panels(
        rows,
        [(approach, metric) for approach in _in_order(rows, gaps) for metric in metrics],
        len(metrics),
        {"title_text": phrase("Items taken away"), **across},
        _finding(gaps, _OF_NUMBERS),
        phrase("Items taken away from the history; lower is more faithful. Bars: 95 % intervals."),
    )


def faithfulness_curves_figure(curves: pd.DataFrame) -> style.Figure:
    """Draw the share of recommendations that stay, over the share of the history taken away.

    Every approach has a panel; the one whose cited items matter most, compared with random
    ones, comes first.

    Args:
        curves: One row per approach, metric, kind of evidence and share, with the columns
            `approach`, `metric` ("pos" is drawn), `evidence` ("own", "random" or "popular"),
            `share` of the history (0 to 1) taken away, `value`.
    """
    rows = _drawn(curves, "share", ["pos"])
    if rows.empty:
        return style.message_figure(phrase(NO_FAITHFULNESS))
    rows = rows.assign(x=100 * rows["x"])
    gaps = _gaps(rows).sort_values(["gap", "approach"], ascending=[False, True])
    gaps = gaps.drop_duplicates("approach")
    places = [(approach, "pos") for approach in _in_order(rows, gaps)]
    return _panels(
        rows,
        places,
        min(_COLUMNS, len(places)),
        {"title_text": phrase("History taken away"), "range": [-2, 102], "nticks": 3}
        | draw.PERCENT,
        _finding(gaps, _OF_CURVES),
        phrase(
            "First to go: cited items, the most important before others; random items; or most "
            "popular ones. Lower is more faithful."
        ),
    )


def _drawn(table: pd.DataFrame, x: str, metrics: list[str]) -> pd.DataFrame:
    """The rows that can be drawn, over `x`; the names of approaches ready to be shown.

    A table of no approach at all has no other columns.
    """
    if table.empty:
        return table.reindex(columns=["approach", "metric", "evidence", x, "value", "x"])
    can_be = table["metric"].isin(metrics) & table["evidence"].isin(list(_EVIDENCE))
    rows = table[can_be & table["value"].notna()]
    return rows.assign(approach=[escape(name) for name in rows["approach"]], x=rows[x])


def _gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """How much more is left without random items than without an approach's own.

    Returns:
        Columns `approach`, `x`, `own`, `random`, `gap`, where both are known; sorted.
    """
    table = rows.pivot_table("value", ["approach", "x"], "evidence", observed=True)
    table = table.reindex(columns=["own", "random"]).dropna()
    return table.assign(gap=table["random"] - table["own"]).reset_index()


def _in_order(rows: pd.DataFrame, gaps: pd.DataFrame) -> list[str]:
    """All approaches: from the largest gap to the smallest, then those without."""
    by_name = dict(zip(gaps["approach"], gaps["gap"], strict=True))
    return sorted(rows["approach"].unique(), key=lambda name: (-by_name.get(name, -9), name))


def _panels(
    rows: pd.DataFrame,
    places: list[tuple[str, str]],
    n_columns: int,
    across: dict[str, Any],
    title: str,
    subtitle: str,
) -> style.Figure:
    """Draw a panel for each place.

    Args:
        rows: From `_drawn`.
        places: Approach and metric, row by row.
        n_columns: Number of panels in a row.
        across: The horizontal axis of the lowest panels; those above have the same without title.
        title: The finding.
        subtitle: How to read it.
    """
    figure = style.new_figure()
    suffixes, height = draw.grid(figure, len(places), n_columns, panel=140, gap=60, between=0.24)
    shared = {"tickangle": 0, "title_font_size": 12}
    for number, (suffix, (approach, metric)) in enumerate(zip(suffixes, places, strict=True)):
        own = rows["approach"].eq(approach) & rows["metric"].eq(metric)
        _add_lines(figure, suffix, rows[own])
        where = {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain"}
        if metric == places[0][1]:
            bold = {"font": {"size": 12, "weight": 700}, "align": "left"}
            draw.note(figure, approach, 0, 1, "bottom left", **where, **bold)
        is_low = number >= len(places) - n_columns
        ends = rows[own].reindex(columns=["value", "low", "high"])
        low, high = np.nanmin(ends, initial=0), np.nanmax(ends, initial=1)
        extent = draw.padded(100 * low, 100 * high, 0.04)
        is_named = number % n_columns == 0 or metric != places[0][1]
        name = phrase(_AXES[metric]) if is_named else ""
        up = {"nticks": 4, "range": extent, "title_text": name} | draw.PERCENT
        x = across if is_low else {**across, "title_text": ""}
        figure.update_layout({f"xaxis{suffix}": x | shared, f"yaxis{suffix}": up | shared})
    figure = style.finish(figure, title, subtitle, room=_LEGEND + _HEADING, drawn=height, foot=60)
    legend = {"y": 1 + _HEADING / height, "yanchor": "bottom", "traceorder": "reversed"}
    return figure.update_layout(legend=legend, margin_r=16)


def _add_lines(figure: style.Figure, suffix: str, panel: pd.DataFrame) -> None:
    """Add the lines of all kinds of evidence to a panel."""
    for evidence, (name, hue, dash) in _EVIDENCE.items():
        rows = panel[panel["evidence"] == evidence].sort_values("x")
        if rows.empty:
            continue
        bounds = 100 * rows.reindex(columns=["value", "low", "high"])
        look = {"line": {"color": hue, "dash": dash, "width": 2}, "marker_size": 5}
        look["error_y"] = draw.interval(*(bounds[column] for column in bounds))
        look["showlegend"] = all(trace.legendgroup != evidence for trace in figure.data)
        place = (rows["x"], bounds["value"], phrase(name), None, suffix)
        draw.points(figure, *place, legendgroup=evidence, **look)


def _finding(gaps: pd.DataFrame, found: str) -> str:
    """Title: of the approach whose items matter most, and of those whose items do not."""
    if gaps.empty:
        return phrase("What is left without the cited items")
    best = gaps.iloc[gaps["gap"].argmax()]
    if best["gap"] < NO_BETTER:
        return phrase("No approach cites items that matter more than random ones")
    facts = {"own": percent(best["own"]), "random": percent(best["random"])}
    title = phrase(found, approach=best["approach"], n=fixed(best["x"], 0), **facts)
    names = sorted(gaps.loc[gaps["gap"] < NO_BETTER, "approach"])
    if not names:
        return title
    who = enumerated(names) if len(names) < 3 else phrase("{n} approaches", n=len(names))
    return phrase("{title}; {who}: no better than random", title=title, who=who)
