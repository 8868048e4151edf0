"""Draw what becomes of recommendations when the items that explain them are taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from explainable_recsys.figures.style import (
    NEUTRAL,
    PALETTE,
    escape,
    finish,
    message_figure,
    new_figure,
    percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

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
    "popular": _Evidence("most popular", "#666666", "dot", "rgba(102, 102, 102, 0.15)"),
    "random": _Evidence("random", NEUTRAL, "dash", "rgba(153, 153, 153, 0.25)"),
    "own": _Evidence("cited", PALETTE[0], "solid", "rgba(0, 114, 178, 0.25)"),
}
"""By its name in the tables; the last is drawn on top, and is first in the legend."""

_AXES = {"pos": "Still recommended", "del": "Score left"}
_MEANINGS = {"pos": "of recommendations stay", "del": "of the score is left"}
"""What is drawn, by metric, the most telling first; the lower, the more faithful."""

_COLUMNS = 2  # of panels: as many as a phone has room for
_BETWEEN = 0.2  # columns, of the width
_PANEL, _GAP, _FOOT = 140, 60, 60  # heights, in pixels: of a panel, between two, below all
_HEADING, _LEGEND = 22, 28  # heights, in pixels


def faithfulness_figure(faithfulness: pd.DataFrame) -> go.Figure:
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
        return message_figure(NO_FAITHFULNESS)
    metrics = [metric for metric in _AXES if (rows["metric"] == metric).any()]
    rows = rows.assign(x=rows["n_cited"], without=[_number(n, "item") for n in rows["n_cited"]])
    # The more items, the larger the gap: every approach is judged by its largest number.
    gaps = _gaps(rows[rows["metric"] == metrics[0]]).groupby("approach").tail(1)
    approaches = _in_order(rows, gaps)
    figure = new_figure()
    suffixes = _add_grid(figure, len(approaches) * len(metrics), len(metrics))
    places = [(approach, metric) for approach in approaches for metric in metrics]
    for suffix, (approach, metric) in zip(suffixes, places, strict=True):
        panel = rows[(rows["approach"] == approach) & (rows["metric"] == metric)]
        _add_lines(figure, suffix, panel, _AXES[metric])
        if metric == metrics[0]:
            _add_text(figure, suffix, f"<b>{approach}</b>", "bottom")
        if panel.empty:
            _add_text(figure, suffix, f"{_AXES[metric]}:<br>not measured", "top")
        _set_axes(
            figure,
            suffix,
            {"dtick": 1, "range": [rows["x"].min() - 0.3, rows["x"].max() + 0.3]},
            {"range": _extent(rows[rows["metric"] == metric]), "title_text": _AXES[metric]},
        )
    for suffix in suffixes[-len(metrics) :]:
        figure.layout[f"xaxis{suffix}"].title.text = "Items taken away"
    return _finish_grid(
        figure,
        _finding(gaps, _MEANINGS[metrics[0]]),
        "Items taken away from the history; lower is more faithful. Bands: 95 % intervals.",
    )


def faithfulness_curves_figure(curves: pd.DataFrame) -> go.Figure:
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
        return message_figure(NO_FAITHFULNESS)
    rows = rows.assign(
        x=100 * rows["share"],
        without=[f"{percent(share)} of the history" for share in rows["share"]],
    )
    gaps = _gaps(rows).sort_values(["gap", "approach"], ascending=[False, True])
    gaps = gaps.drop_duplicates("approach")
    approaches = _in_order(rows, gaps)
    n_columns = min(_COLUMNS, len(approaches))
    figure = new_figure()
    suffixes = _add_grid(figure, len(approaches), n_columns)
    for place, (suffix, approach) in enumerate(zip(suffixes, approaches, strict=True)):
        _add_lines(figure, suffix, rows[rows["approach"] == approach], _AXES["pos"])
        _add_text(figure, suffix, f"<b>{approach}</b>", "bottom")
        is_left = place % n_columns == 0
        _set_axes(
            figure,
            suffix,
            {
                "range": [-2, 102],
                "tickvals": [0, 25, 50, 75, 100],
                "ticktext": ["0 %", "", "50 %", "", "100 %"],
            },
            {"range": _extent(rows), "title_text": _AXES["pos"] if is_left else ""},
        )
    for suffix in suffixes[-n_columns:]:
        figure.layout[f"xaxis{suffix}"].title.text = "History taken away"
    return _finish_grid(
        figure,
        _finding_of_curves(gaps),
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


def _add_grid(figure: go.Figure, n_panels: int, n_columns: int) -> list[str]:
    """Add axes, row by row from the top, and make the figure as high as they need.

    Returns:
        What the name of each panel's axes ends with.
    """
    n_rows = -(-n_panels // n_columns)
    height = n_rows * _PANEL + (n_rows - 1) * _GAP
    width = (1 - _BETWEEN * (n_columns - 1)) / n_columns
    suffixes = [str(place) if place > 1 else "" for place in range(1, n_panels + 1)]
    for place, suffix in enumerate(suffixes):
        left = place % n_columns * (width + _BETWEEN)
        bottom = (n_rows - 1 - place // n_columns) * (_PANEL + _GAP) / height
        figure.update_layout(
            {
                f"xaxis{suffix}": {"domain": [left, left + width], "anchor": f"y{suffix}"},
                f"yaxis{suffix}": {
                    "domain": [bottom, min(bottom + _PANEL / height, 1)],
                    "anchor": f"x{suffix}",
                },
            }
        )
    figure.update_layout(height=height)
    return suffixes


def _set_axes(figure: go.Figure, suffix: str, x: dict[str, Any], y: dict[str, Any]) -> None:
    shared = {"tickangle": 0, "title_font_size": 12}
    figure.update_layout(
        {
            f"xaxis{suffix}": {**shared, **x},
            f"yaxis{suffix}": {**shared, "nticks": 4, "ticksuffix": " %", **y},
        }
    )


def _extent(rows: pd.DataFrame) -> list[float]:
    """Range of a vertical axis: at least 0 to 100 %, and a little more."""
    ends = rows.reindex(columns=["value", "low", "high"])
    low, high = 100 * min(ends.min().min(), 0.0), 100 * max(ends.max().max(), 1.0)
    margin = 0.04 * (high - low)
    return [float(low - margin), float(high + margin)]


def _add_text(figure: go.Figure, suffix: str, text: str, anchor: str) -> None:
    """Write at the top left corner of a panel: its "bottom" or "top" is there."""
    figure.add_annotation(
        text=text,
        x=figure.layout[f"xaxis{suffix}"].domain[0],
        y=figure.layout[f"yaxis{suffix}"].domain[1],
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor=anchor,
        align="left",
        showarrow=False,
        font_size=13,
    )


def _add_lines(figure: go.Figure, suffix: str, panel: pd.DataFrame, what: str) -> None:
    """Add the lines of all kinds of evidence to a panel, each with its band."""
    for rank, (evidence, look) in enumerate(_EVIDENCE.items()):
        rows = panel[panel["evidence"] == evidence].sort_values("x")
        if rows.empty:
            continue
        group = {"legendgroup": evidence, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        bounded = rows.reindex(columns=["x", "low", "high"]).dropna()
        if not bounded.empty:
            figure.add_scatter(
                x=[*bounded["x"], *bounded["x"][::-1]],
                y=[*(100 * bounded["low"]), *(100 * bounded["high"][::-1])],
                fill="toself",
                fillcolor=look.band,
                # Of a single number there is only the outline: its interval.
                line={"color": look.band, "width": 1},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                **group,
            )
        figure.add_scatter(
            x=rows["x"].tolist(),
            y=(100 * rows["value"]).tolist(),
            mode="lines+markers",
            name=look.name,
            line={"color": look.hue, "dash": look.dash, "width": 2},
            marker={"size": 5},
            hovertext=_hover(rows, look.name, what),
            hoverinfo="text",
            legendrank=len(_EVIDENCE) - rank,
            showlegend=all(trace.name != look.name for trace in figure.data),
            **group,
        )


def _hover(rows: pd.DataFrame, name: str, what: str) -> list[str]:
    ends = rows.reindex(columns=["low", "high"])
    return [
        f"<b>{approach}</b> without {without} ({name})<br>{what}: {percent(value, 1)}"
        f"{'' if pd.isna(low) else f' ({percent(low, 1)} to {percent(high, 1)})'}"
        f"<br>{n_users:,} users"
        for approach, without, value, n_users, low, high in zip(
            rows["approach"],
            rows["without"],
            rows["value"],
            rows["n_users"],
            ends["low"],
            ends["high"],
            strict=True,
        )
    ]


def _finish_grid(figure: go.Figure, title: str, subtitle: str) -> go.Figure:
    """Add texts, the legend below them, and their height."""
    panels = figure.layout.height
    figure.update_layout(
        legend={"y": 1 + _HEADING / panels, "yanchor": "bottom"}, margin={"b": _FOOT, "r": 16}
    )
    x_title, y_title = (figure.layout[axis].title.text for axis in ("xaxis", "yaxis"))
    finish(figure, title, subtitle, x_title or "", y_title or "", _LEGEND + _HEADING)
    figure.layout.height = panels + figure.layout.margin.t + _FOOT
    return figure


def _finding(gaps: pd.DataFrame, meaning: str) -> str:
    """Title: of the approach whose items matter most, and of those whose items do not."""
    if gaps.empty:
        return "What is left without the cited items"
    best = gaps.iloc[gaps["gap"].argmax()]
    if best["gap"] < NO_BETTER:
        return "No approach cites items that matter more than random ones"
    n = int(best["x"])
    return (
        f"{best['approach']}: {percent(best['own'])} {meaning} without "
        f"{_number(n, 'cited item')}, {percent(best['random'])} without "
        f"{_number(n, 'random one')}{_no_better(gaps)}"
    )


def _finding_of_curves(gaps: pd.DataFrame) -> str:
    if gaps.empty:
        return "What stays as the history is taken away"
    best = gaps.iloc[gaps["gap"].argmax()]
    if best["gap"] < NO_BETTER:
        return "No approach cites items that matter more than random ones"
    return (
        f"{best['approach']}: without {percent(best['x'] / 100)} of the history, "
        f"{percent(best['own'])} of recommendations stay if cited items go first, "
        f"{percent(best['random'])} if random ones do{_no_better(gaps)}"
    )


def _no_better(gaps: pd.DataFrame) -> str:
    """Which approaches' items matter no more than random ones."""
    names = sorted(gaps.loc[gaps["gap"] < NO_BETTER, "approach"])
    if not names:
        return ""
    who = f"{len(names)} approaches" if len(names) > 2 else " and ".join(names)
    return f"; {who}: no better than random"


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
