"""Draw what a popularity prior does to the recommendations."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import percent


def popularity_sweep_figure(sweep: pd.DataFrame) -> style.Figure:
    """Draw how ranking by popularity as well changes accuracy and catalogue coverage.

    Args:
        sweep: One row per weight of popularity, with the columns `popularity_weight` (0: none),
            `ndcg`, `recall`, `catalogue_coverage` (share of the items that are recommended).
    """
    if sweep.empty:
        return style.message_figure("No weights of popularity were tried")
    sweep = sweep.sort_values("popularity_weight")
    figure = style.two_panels("Catalogue coverage")
    weights, accuracy = sweep["popularity_weight"], sweep[["ndcg", "recall"]]
    coverage = 100 * sweep["catalogue_coverage"]
    lines = (
        ("nDCG", "", accuracy["ndcg"]),
        ("recall", "", accuracy["recall"]),
        ("catalogue coverage", "2", coverage),
    )
    for (name, panel, values), (hue, symbol) in zip(lines, style.LOOKS, strict=False):
        look = {"line_color": hue, "marker": {"size": 7, "symbol": symbol}}
        draw.points(figure, weights, values, name, None, panel, **look)
    for panel in ("", "2"):
        draw.line_at(figure, "x", 0, "none", "bottom left", panel, dash="dot", width=1)
    across = draw.padded(min(weights.min(), 0), weights.max(), 0.05, 0.05)
    figure.update_layout(
        xaxis_range=across,
        xaxis2={"range": across, "title_text": "Weight of popularity"},
        yaxis_range=[0, 1.1 * max(accuracy.max().max(), 0.01)],
        yaxis2={"range": [0, 1.1 * max(coverage.max(), 1)], "ticksuffix": " %"},
    )
    return style.finish(figure, *_finding(sweep), "Weight of popularity", "nDCG, recall (0 to 1)")


def _finding(sweep: pd.DataFrame) -> tuple[str, str]:
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
