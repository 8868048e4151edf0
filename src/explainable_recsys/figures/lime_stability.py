"""Draw how many perturbations a LIME explanation needs to be the same every time."""

from __future__ import annotations

import math
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from explainable_recsys.figures.style import (
    CATEGORIES,
    NEUTRAL,
    SYMBOLS,
    escape,
    finish,
    message_figure,
    two_panels,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_KINDS = {
    kind: (CATEGORIES[place], SYMBOLS[place])
    for place, kind in enumerate(("item", "user", "history"))
}
_OTHERS = list(zip(CATEGORIES[3:], SYMBOLS[3:], strict=True))
_APART = 0.14  # of two ticks, of the logarithmic extent
_LOWEST_R2 = -1.0  # where the axis ends, however bad a surrogate is
_MARGIN = 0.08  # of the logarithmic extent, on each side


def lime_stability_figure(
    stability: pd.DataFrame, n_samples: int, target: float = 0.8
) -> go.Figure:
    """Draw the agreement between seeds, and the fit, over the number of perturbations.

    Args:
        stability: One row per neighbourhood and number of perturbations, with the columns
            `neighbourhood`, `n_samples`, `top3_jaccard` (mean overlap of the three strongest
            pieces of evidence between two seeds), `coefficient_spread`, `held_out_r2`,
            `effective_samples`, `n_explanations`. Measures may be missing.
        n_samples: The number of perturbations in use.
        target: The least overlap that is called stable.
    """
    if stability.empty:
        return message_figure("No numbers of perturbations were tried")
    stability = stability.sort_values("n_samples")
    tried = set(stability["neighbourhood"])
    styles = {kind: style for kind, style in _KINDS.items() if kind in tried}
    styles |= dict(zip(sorted(tried - set(_KINDS)), cycle(_OTHERS), strict=False))
    figure = two_panels("Held-out R²")
    for kind, style in styles.items():
        _add_kind(figure, escape(kind), stability[stability["neighbourhood"] == kind], *style)
    numbers = [n_samples, *stability["n_samples"]]
    low, high = np.log10([min(numbers), max(numbers)])
    _mark(figure, n_samples, target, "right" if 2 * np.log10(n_samples) > low + high else "left")
    margin = _MARGIN * (high - low) or 0.1
    across: dict[str, Any] = {
        "type": "log",
        "range": [float(low - margin), float(high + margin)],
        **_ticks(sorted(set(stability["n_samples"]))),
    }
    lowest = max(_LOWEST_R2, float(stability["held_out_r2"].clip(upper=0).fillna(0).min()))
    figure.update_layout(
        legend_title_text="Perturbed",
        xaxis=across,
        xaxis2={**across, "title_text": "Perturbations"},
        yaxis_range=[0, 1.04],
        yaxis2_range=[lowest - 0.05 if lowest < 0 else 0, 1.04],
    )
    return finish(
        figure,
        _finding(stability, n_samples, target),
        "Overlap: reasons in both top 3, of those in either. R²: on perturbations not fitted to.",
        "Perturbations",
        "Overlap of top 3 (Jaccard)",
    )


def _add_kind(figure: go.Figure, name: str, rows: pd.DataFrame, hue: str, symbol: str) -> None:
    """Add the lines of one neighbourhood to both panels."""
    hover = [
        f"<b>{name}</b>, {row.n_samples:,} perturbations<br>"
        f"overlap {_number(row.top3_jaccard)}, held-out R² {_number(row.held_out_r2)}<br>"
        f"spread of the coefficients {_number(row.coefficient_spread)}<br>"
        f"{_number(row.effective_samples, ',.0f')} effective samples, "
        f"{row.n_explanations:,} explanations"
        for row in rows.itertuples()
    ]
    for column, panel in (("top3_jaccard", ""), ("held_out_r2", "2")):
        figure.add_scatter(
            x=rows["n_samples"].tolist(),
            y=[None if pd.isna(value) else value for value in rows[column].tolist()],
            mode="lines+markers",
            name=name,
            legendgroup=name,
            showlegend=not panel,
            line={"color": hue},
            marker={"size": 8, "symbol": symbol},
            hovertext=hover,
            hoverinfo="text",
            xaxis=f"x{panel}",
            yaxis=f"y{panel}",
        )


def _number(value: Any, form: str = ".2f") -> str:
    return "unknown" if pd.isna(value) else format(value, form)


def _mark(figure: go.Figure, n_samples: int, target: float, anchor: str) -> None:
    """Mark the overlap to reach and, in both panels, the number of perturbations in use."""
    figure.add_shape(
        type="line",
        xref="x domain",
        yref="y",
        x0=0,
        x1=1,
        y0=target,
        y1=target,
        line={"color": NEUTRAL, "dash": "dot", "width": 2},
    )
    figure.add_annotation(
        xref="x domain",
        yref="y",
        x=0,
        y=target,
        text=f"target {target:g}",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
    )
    for panel in ("", "2"):
        vertical = {"xref": f"x{panel}", "yref": f"y{panel} domain"}
        line = {"color": NEUTRAL, "width": 1}
        figure.add_shape(type="line", x0=n_samples, x1=n_samples, y0=0, y1=1, line=line, **vertical)
        figure.add_annotation(
            **vertical,
            x=float(np.log10(n_samples)),
            y=0,
            text="in use",
            xanchor=anchor,
            yanchor="bottom",
            showarrow=False,
        )


def _ticks(numbers: list[int]) -> dict[str, Any]:
    """Ticks of a logarithmic axis: the numbers that were tried, the larger ones first."""
    apart = _APART * math.log10(numbers[-1] / numbers[0])
    shown: list[int] = []
    for number in reversed(numbers):
        if not shown or math.log10(shown[-1] / number) >= apart:
            shown.append(number)
    return {"tickvals": shown[::-1], "ticktext": [f"{number:,}" for number in shown[::-1]]}


def _finding(stability: pd.DataFrame, n_samples: int, target: float) -> str:
    measured = stability[stability["top3_jaccard"].notna()]
    if measured.empty:
        return "No overlap of top 3 reasons between seeds could be measured"
    in_use = measured[measured["n_samples"] == n_samples]
    what = "the top 3 reasons of two seeds have a mean Jaccard overlap of"
    if in_use.empty:
        best = measured.iloc[measured["top3_jaccard"].argmax()]
        kind = escape(best["neighbourhood"])
        return (
            f"With {best['n_samples']:,} perturbations {what} at most {best['top3_jaccard']:.2f} "
            f"({kind})"
        )
    lowest = in_use.iloc[in_use["top3_jaccard"].argmin()]
    kind = escape(lowest["neighbourhood"])
    overlap = f"{math.floor(100 * lowest['top3_jaccard'] + 1e-9) / 100:.2f}"
    if lowest["top3_jaccard"] < target:
        return (
            f"{n_samples:,} perturbations are too few for {kind}: {what} only {overlap} "
            f"(target {target:g})"
        )
    least = f"at least {overlap} (lowest: {kind})" if len(in_use) > 1 else f"{overlap} ({kind})"
    return f"{n_samples:,} perturbations are enough: {what} {least}"
