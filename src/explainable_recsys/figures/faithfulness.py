"""Draw what becomes of recommendations when the items that explain them are taken away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import counted, escape, percent

NO_FAITHFULNESS = "No approach cites history items"
"""What figures of faithfulness say instead of showing nothing."""

NO_BETTER = 0.005
"""A gap to random items that is smaller is called none."""


class _Evidence(NamedTuple):
    """What a kind of evidence is called, and how its line looks."""

    name: str
    hue: str
    dash: str
    band: str


_EVIDENCE = {
    "popular": _Evidence("most popular", style.DARK_GREY, "dot", "rgba(102, 102, 102, 0.15)"),
    "random": _Evidence("random", style.GREY, "dash", "rgba(153, 153, 153, 0.25)"),
    "own": _Evidence("cited", style.PALETTE[0], "solid", "rgba(0, 114, 178, 0.25)"),
}
"""By its name in the tables; the last is drawn on top, and is first in the legend."""

_AXES = {"pos": "Still recommended", "del": "Score left"}
_MEANINGS = {"pos": "of recommendations stay", "del": "of the score is left"}
"""What is drawn, by metric, the most telling first; the lower, the more faithful."""

_COLUMNS = 2  # of panels: as many as a phone has room for
_HEADING, _LEGEND = 22, 28  # heights, in pixels


def faithfulness_figure(faithfulness: pd.DataFrame) -> style.Figure:
    """Draw POS, and what is left of the score, over the number of items taken away.

    Every approach has a row of panels; the one whose cited items matter most, compared with
    random ones, comes first.

    Args:
        faithfulness: One row per approach, metric, kind of evidence and number of items, with
            the columns `approach`, `metric` ("pos" and "del" are drawn), `evidence` ("own",
            "random" or "popular"), `n_cited`, `value`, its interval `low`, `high` (may be
            missing), `n_users`.
    """
    rows = _drawn(faithfulness, list(_AXES))
    if rows.empty:
        return style.message_figure(NO_FAITHFULNESS)
    metrics = [metric for metric in _AXES if (rows["metric"] == metric).any()]
    without = [counted(n, "item", "items") for n in rows["n_cited"]]
    rows = rows.assign(x=rows["n_cited"], without=without)
    # The more items, the larger the gap: every approach is judged by its largest number.
    gaps = _gaps(rows[rows["metric"] == metrics[0]]).groupby("approach").tail(1)
    found = partial(_found_by_number, meaning=_MEANINGS[metrics[0]])
    across = {"dtick": 1, "range": [rows["x"].min() - 0.3, rows["x"].max() + 0.3]}
    return _panels(
        rows,
        [(approach, metric) for approach in _in_order(rows, gaps) for metric in metrics],
        len(metrics),
        {"title_text": "Items taken away", **across},
        _finding(gaps, "What is left without the cited items", found),
        "Items taken away from the history; lower is more faithful. Bands: 95 % intervals.",
    )


def faithfulness_curves_figure(curves: pd.DataFrame) -> style.Figure:
    """Draw the share of recommendations that stay, over the share of the history taken away.

    Every approach has a panel; the one whose cited items matter most, compared with random
    ones, comes first.

    Args:
        curves: One row per approach, metric, kind of evidence and share, with the columns
            `approach`, `metric` ("pos" is drawn), `evidence` ("own", "random" or "popular"),
            `share` of the history (0 to 1) taken away, `value`, `n_users`.
    """
    rows = _drawn(curves, ["pos"])
    if rows.empty:
        return style.message_figure(NO_FAITHFULNESS)
    without = [f"{percent(share)} of the history" for share in rows["share"]]
    rows = rows.assign(x=100 * rows["share"], without=without)
    gaps = _gaps(rows).sort_values(["gap", "approach"], ascending=[False, True])
    gaps = gaps.drop_duplicates("approach")
    places = [(approach, "pos") for approach in _in_order(rows, gaps)]
    ticks = {"tickvals": [0, 25, 50, 75, 100], "ticktext": ["0 %", "", "50 %", "", "100 %"]}
    return _panels(
        rows,
        places,
        min(_COLUMNS, len(places)),
        {"title_text": "History taken away", "range": [-2, 102], **ticks},
        _finding(gaps, "What stays as the history is taken away", _found_by_share),
        "First to go: cited items, the most important before others; random items; or most "
        "popular ones. Lower is more faithful.",
    )


def _drawn(table: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """The rows that can be drawn; the names of approaches ready to be shown."""
    can_be = table["metric"].isin(metrics) & table["evidence"].isin(list(_EVIDENCE))
    rows = table[can_be & table["value"].notna()]
    return rows.assign(approach=[escape(name) for name in rows["approach"]])


def _gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """How much more is left without random items than without an approach's own.

    Returns:
        Columns `approach`, `x`, `own`, `random`, `gap`, where both are known; sorted.
    """
    sides = {
        evidence: rows[rows["evidence"] == evidence].set_index(["approach", "x"])["value"]
        for evidence in ("own", "random")
    }
    table = pd.concat(sides, axis=1).dropna().sort_index()
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
        rows: With `x`, and `without` what: for the hover texts.
        places: Approach and metric, row by row.
        n_columns: Number of panels in a row.
        across: The horizontal axis of the lowest panels; those above have the same without title.
        title: The finding.
        subtitle: How to read it.
    """
    figure = style.new_figure()
    suffixes, height = draw.grid(figure, len(places), n_columns, panel=140, gap=60, between=0.2)
    first = places[0][1]
    for number, (suffix, (approach, metric)) in enumerate(zip(suffixes, places, strict=True)):
        panel = rows[(rows["approach"] == approach) & (rows["metric"] == metric)]
        _add_lines(figure, suffix, panel, _AXES[metric])
        if metric == first:
            _add_text(figure, suffix, f"<b>{approach}</b>", "bottom")
        if panel.empty:
            _add_text(figure, suffix, f"{_AXES[metric]}:<br>not measured", "top")
        is_named = number % n_columns == 0 or metric != first
        is_low = number >= len(places) - n_columns
        up = {"nticks": 4, "ticksuffix": " %", "range": _extent(rows[rows["metric"] == metric])}
        up["title_text"] = _AXES[metric] if is_named else ""
        shared = {"tickangle": 0, "title_font_size": 12}
        x = across if is_low else {**across, "title_text": ""}
        figure.update_layout({f"xaxis{suffix}": x | shared, f"yaxis{suffix}": up | shared})
    style.finish(figure, title, subtitle, room=_LEGEND + _HEADING, drawn=height, foot=60)
    legend = {"y": 1 + _HEADING / height, "yanchor": "bottom"}
    return figure.update_layout(legend=legend, margin_r=16)


def _extent(rows: pd.DataFrame) -> list[float]:
    """Range of a vertical axis: at least 0 to 100 %, and a little more."""
    ends = rows.reindex(columns=["value", "low", "high"])
    return draw.padded(100 * min(ends.min().min(), 0.0), 100 * max(ends.max().max(), 1.0), 0.04)


def _add_text(figure: style.Figure, suffix: str, text: str, anchor: str) -> None:
    """Write at the top left corner of a panel: its "bottom" or "top" is there."""
    left = figure.layout[f"xaxis{suffix}"].domain[0]
    top = figure.layout[f"yaxis{suffix}"].domain[1]
    where = {"xref": "paper", "yref": "paper", "align": "left", "font_size": 13}
    draw.note(figure, text, left, top, f"{anchor} left", **where)


def _add_lines(figure: style.Figure, suffix: str, panel: pd.DataFrame, what: str) -> None:
    """Add the lines of all kinds of evidence to a panel, each with its band."""
    for rank, (evidence, look) in enumerate(_EVIDENCE.items()):
        rows = panel[panel["evidence"] == evidence].sort_values("x")
        if rows.empty:
            continue
        shared = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "legendgroup": evidence}
        bounded = rows.reindex(columns=["x", "low", "high"]).dropna()
        if not bounded.empty:
            x, low, high = bounded["x"], 100 * bounded["low"], 100 * bounded["high"]
            # Of a single number there is only the outline: its interval.
            band = {"fill": "toself", "fillcolor": look.band, "line_color": look.band}
            hidden = {"mode": "lines", "line_width": 1, "hoverinfo": "skip", "showlegend": False}
            outline = ([*x, *x[::-1]], [*low, *high[::-1]])
            draw.points(figure, *outline, **band, **hidden, **shared)
        line = {"color": look.hue, "dash": look.dash, "width": 2}
        is_new = all(trace.name != look.name for trace in figure.data)
        entry = {"legendrank": len(_EVIDENCE) - rank, "showlegend": is_new, **shared}
        x, y, hover = rows["x"], 100 * rows["value"], _hover(rows, look.name, what)
        draw.points(figure, x, y, look.name, hover, line=line, marker_size=5, **entry)


def _hover(rows: pd.DataFrame, name: str, what: str) -> list[str]:
    columns = ["approach", "without", "value", "n_users", "low", "high"]
    return [
        f"<b>{approach}</b> without {without} ({name})<br>{what}: {percent(value, 1)}"
        f"{'' if pd.isna(low) else f' ({percent(low, 1)} to {percent(high, 1)})'}"
        f"<br>{n_users:,} users"
        for approach, without, value, n_users, low, high in rows.reindex(columns=columns).to_numpy()
    ]


def _finding(gaps: pd.DataFrame, unknown: str, found: Callable[[pd.Series], str]) -> str:
    """Title: of the approach whose items matter most, and of those whose items do not."""
    if gaps.empty:
        return unknown
    best = gaps.iloc[gaps["gap"].argmax()]
    if best["gap"] < NO_BETTER:
        return "No approach cites items that matter more than random ones"
    names = sorted(gaps.loc[gaps["gap"] < NO_BETTER, "approach"])
    who = f"{len(names)} approaches" if len(names) > 2 else " and ".join(names)
    return f"{found(best)}; {who}: no better than random" if names else found(best)


def _found_by_number(best: pd.Series, meaning: str) -> str:
    n = int(best["x"])
    return (
        f"{best['approach']}: {percent(best['own'])} {meaning} without "
        f"{counted(n, 'cited item', 'cited items')}, {percent(best['random'])} without "
        f"{counted(n, 'random one', 'random ones')}"
    )


def _found_by_share(best: pd.Series) -> str:
    return (
        f"{best['approach']}: without {percent(best['x'] / 100)} of the history, "
        f"{percent(best['own'])} of recommendations stay if cited items go first, "
        f"{percent(best['random'])} if random ones do"
    )
