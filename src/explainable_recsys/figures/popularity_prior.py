"""Draw what a popularity prior does to the recommendations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from explainable_recsys.figures.style import (
    CATEGORIES,
    NEUTRAL,
    SYMBOLS,
    finish,
    message_figure,
    percent,
    two_panels,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go


def popularity_sweep_figure(sweep: pd.DataFrame) -> go.Figure:
    """Draw how ranking by popularity as well changes accuracy and catalogue coverage.

    Args:
        sweep: One row per weight of popularity, with the columns `popularity_weight` (0: none),
            `ndcg`, `recall`, `catalogue_coverage` (share of the items that are recommended).
    """
    if sweep.empty:
        return message_figure("No weights of popularity were tried")
    sweep = sweep.sort_values("popularity_weight")
    figure = two_panels("Catalogue coverage")
    weights = sweep["popularity_weight"]
    right = {"xaxis": "x2", "yaxis": "y2"}
    for (column, name, panel), hue, symbol in zip(
        (
            ("ndcg", "nDCG", {}),
            ("recall", "recall", {}),
            ("catalogue_coverage", "catalogue coverage", right),
        ),
        CATEGORIES,
        SYMBOLS,
        strict=False,
    ):
        figure.add_scatter(
            x=weights.tolist(),
            y=(sweep[column] * (100 if panel else 1)).tolist(),
            mode="lines+markers",
            name=name,
            line={"color": hue},
            marker={"size": 7, "symbol": symbol},
            **panel,
        )
    _mark_zero(figure)
    margin = 0.05 * float(np.ptp(weights)) or 0.05
    across = [float(min(weights.min(), 0)) - margin, float(weights.max()) + margin]
    figure.update_layout(
        xaxis_range=across,
        xaxis2={"range": across, "title_text": "Weight of popularity"},
        yaxis_range=[0, _above(sweep[["ndcg", "recall"]])],
        yaxis2={"range": [0, 100 * _above(sweep[["catalogue_coverage"]])], "ticksuffix": " %"},
    )
    return finish(figure, *_sweep_finding(sweep), "Weight of popularity", "nDCG, recall (0 to 1)")


def _above(values: pd.DataFrame) -> float:
    """End of an axis that starts at 0."""
    return 1.1 * float(values.to_numpy().max(initial=0.01))


def _mark_zero(figure: go.Figure) -> None:
    """Mark in both panels where popularity has no influence."""
    for panel in ("", "2"):
        vertical = {"xref": f"x{panel}", "yref": f"y{panel} domain"}
        line = {"color": NEUTRAL, "dash": "dot", "width": 1}
        figure.add_shape(type="line", x0=0, x1=0, y0=0, y1=1, line=line, **vertical)
        figure.add_annotation(
            **vertical, x=0, y=0, text="none", xanchor="left", yanchor="bottom", showarrow=False
        )


def _sweep_finding(sweep: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    best = sweep.iloc[sweep["ndcg"].argmax()]
    weight, ndcg = f"{best['popularity_weight']:g}", f"{best['ndcg']:.3f}"
    if best["popularity_weight"] == 0:
        return f"Popularity does not help: nDCG is best without it ({ndcg})", ""
    without = sweep[sweep["popularity_weight"] == 0]
    if without.empty:
        return f"nDCG is best with popularity at weight {weight} ({ndcg})", ""
    start = without.iloc[0]
    shares = [percent(row["catalogue_coverage"], 1) for row in (start, best)]
    return (
        f"Popularity at weight {weight} raises nDCG from {start['ndcg']:.3f} to {ndcg}",
        f"Catalogue coverage goes from {shares[0]} to {shares[1]}.",
    )
