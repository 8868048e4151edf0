"""Draw how many perturbations a LIME explanation needs to be the same every time."""

from __future__ import annotations

import math
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, floored

_KINDS = dict(zip(("item", "user", "history"), style.LOOKS, strict=False))
_APART = 0.14  # of two ticks, of the logarithmic extent
_LOWEST_R2 = -1.0  # where the axis ends, however bad a surrogate is


def lime_stability_figure(
    stability: pd.DataFrame, n_samples: int, target: float = 0.8
) -> style.Figure:
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
        return style.message_figure("No numbers of perturbations were tried")
    stability = stability.sort_values("n_samples")
    tried = set(stability["neighbourhood"])
    looks = {kind: look for kind, look in _KINDS.items() if kind in tried}
    looks |= dict(zip(sorted(tried - set(_KINDS)), cycle(style.LOOKS[len(_KINDS) :]), strict=False))
    figure = style.two_panels("Held-out R²")
    for kind, look in looks.items():
        _add_kind(figure, escape(kind), stability[stability["neighbourhood"] == kind], *look)
    numbers = [n_samples, *stability["n_samples"]]
    low, high = np.log10([min(numbers), max(numbers)])
    ticks = _ticks(sorted(set(stability["n_samples"])))
    across = {"type": "log", "range": draw.padded(low, high, 0.08, 0.1), **ticks}
    lowest = max(_LOWEST_R2, float(stability["held_out_r2"].clip(upper=0).fillna(0).min()))
    figure.update_layout(
        legend_title_text="Perturbed",
        xaxis=across,
        xaxis2={**across, "title_text": "Perturbations"},
        yaxis_range=[0, 1.04],
        yaxis2_range=[lowest - 0.05 if lowest < 0 else 0, 1.04],
    )
    draw.line_at(figure, "y", target, f"target {target:g}", dash="dot", width=2)
    side = "right" if 2 * np.log10(n_samples) > low + high else "left"
    for panel in ("", "2"):
        draw.line_at(figure, "x", n_samples, "in use", f"bottom {side}", panel, width=1)
    return style.finish(
        figure,
        _finding(stability, n_samples, target),
        "Overlap: reasons in both top 3, of those in either. R²: on perturbations not fitted to.",
        "Perturbations",
        "Overlap of top 3 (Jaccard)",
    )


def _add_kind(figure: style.Figure, name: str, rows: pd.DataFrame, hue: str, symbol: str) -> None:
    """Add the lines of one neighbourhood to both panels."""
    hover = [
        f"<b>{name}</b>, {row.n_samples:,} perturbations<br>"
        f"overlap {_number(row.top3_jaccard)}, held-out R² {_number(row.held_out_r2)}<br>"
        f"spread of the coefficients {_number(row.coefficient_spread)}<br>"
        f"{_number(row.effective_samples, ',.0f')} effective samples, "
        f"{row.n_explanations:,} explanations"
        for row in rows.itertuples()
    ]
    look = {"line_color": hue, "marker": {"size": 8, "symbol": symbol}, "legendgroup": name}
    for column, panel in (("top3_jaccard", ""), ("held_out_r2", "2")):
        shown = {"showlegend": not panel}
        draw.points(figure, rows["n_samples"], rows[column], name, hover, panel, **look, **shown)


def _number(value: Any, form: str = ".2f") -> str:
    return "unknown" if pd.isna(value) else format(value, form)


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
        return (
            f"With {best['n_samples']:,} perturbations {what} at most {best['top3_jaccard']:.2f} "
            f"({escape(best['neighbourhood'])})"
        )
    lowest = in_use.iloc[in_use["top3_jaccard"].argmin()]
    kind, overlap = escape(lowest["neighbourhood"]), f"{floored(lowest['top3_jaccard']):.2f}"
    if lowest["top3_jaccard"] < target:
        return (
            f"{n_samples:,} perturbations are too few for {kind}: {what} only {overlap} "
            f"(target {target:g})"
        )
    least = f"at least {overlap} (lowest: {kind})" if len(in_use) > 1 else f"{overlap} ({kind})"
    return f"{n_samples:,} perturbations are enough: {what} {least}"
