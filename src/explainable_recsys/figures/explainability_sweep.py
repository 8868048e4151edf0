"""Draw what explainability in the objective of a model costs in accuracy."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.wording.numbers import fixed, short
from explainable_recsys.wording.phrases import phrase

_MARGIN = 0.22  # of the extent of an axis, on each side: room for the weights
_CHEAP = 0.02  # share of nDCG that more explainable lists may cost to be called cheap


def explainability_sweep_figure(sweep: pd.DataFrame) -> style.Figure:
    """Draw mean explainability precision (MEP) against nDCG, one point per weight.

    Args:
        sweep: One row per model, with the columns `explainability_weight` (0: no such term),
            `mep` and `ndcg`.
    """
    if sweep.empty:
        return style.message_figure(phrase("No weights of explainability were tried"))
    sweep = sweep.sort_values("explainability_weight", kind="stable")
    figure = style.new_figure()
    weights = [short(weight) for weight in sweep["explainability_weight"]]
    texts: dict[str, Any] = {"mode": "lines+markers+text", "text": weights, "textfont_size": 11}
    draw.lines(figure, sweep["ndcg"], {"": sweep["mep"]}, textposition="top center", **texts)
    ndcg, mep = (
        draw.padded(sweep[column].min(), sweep[column].max(), _MARGIN) for column in ("ndcg", "mep")
    )
    figure.update_layout(
        xaxis={"range": ndcg, "hoverformat": ".3f", **draw.FEW_TICKS},
        yaxis={"range": mep, "hoverformat": ".3f"},
        showlegend=False,
    )
    return style.finish(
        figure,
        _finding(sweep),
        phrase("Numbers: weight of explainability. Further up and right is better."),
        phrase("nDCG (0 to 1)"),
        phrase("MEP (0 to 1)"),
    )


def _finding(sweep: pd.DataFrame) -> str:
    base = sweep.iloc[0]
    cheap = sweep[sweep["ndcg"] >= (1 - _CHEAP) * base["ndcg"]]
    best = cheap.iloc[cheap["mep"].argmax()]
    if best["mep"] <= base["mep"]:
        return phrase("No weight of explainability raises MEP at little cost in nDCG")
    return phrase(
        "Explainability raises MEP from {base} to {mep}; nDCG goes from {before} to {after}",
        base=fixed(base["mep"], 3),
        mep=fixed(best["mep"], 3),
        before=fixed(base["ndcg"], 3),
        after=fixed(best["ndcg"], 3),
    )
