"""Draw what explainability in the objective of a model costs in accuracy."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.wording.numbers import fixed, short
from explainable_recsys.wording.phrases import phrase

_FORMS = ("pull", "l2")
_MARGIN = 0.22  # of the extent of an axis, on each side: room for the weights


def explainability_sweep_figure(sweep: pd.DataFrame) -> style.Figure:
    """Draw mean explainability precision (MEP) against RMSE and nDCG, one line per form.

    Args:
        sweep: One row per model, with the columns `form` of the explainability term ("pull" or
            "l2"), `explainability_weight` (0: no such term); the least one is the start
            of both forms, and given once, `rmse`, `mep` and `ndcg`.
    """
    if sweep.empty:
        return style.message_figure(phrase("No weights of explainability were tried"))
    figure = style.two_panels(phrase("MEP (0 to 1)"))
    sweep = sweep.sort_values("explainability_weight", kind="stable")
    start = sweep.head(1)
    for place, form in enumerate(_FORMS):
        path = pd.concat([start, sweep[1:][sweep["form"][1:] == form]])
        weights = [short(weight) for weight in path["explainability_weight"]]
        texts = {"mode": "lines+markers+text", "text": weights, "textfont_size": 11}
        texts["textposition"] = "bottom center" if place else "top center"
        for column, panel in (("rmse", ""), ("ndcg", "2")):
            named = {phrase("{form} form", form=form): path["mep"]}
            draw.lines(figure, path[column], named, panel, first=place, **texts)
    rmse, ndcg, mep = (
        draw.padded(sweep[column].min(), sweep[column].max(), _MARGIN)
        for column in ("rmse", "ndcg", "mep")
    )
    fine = {"hoverformat": ".3f"}
    figure.update_layout(
        xaxis={"range": rmse[::-1], **fine, **draw.FEW_TICKS},
        xaxis2={"range": ndcg, "title_text": phrase("nDCG (0 to 1)"), **fine, **draw.FEW_TICKS},
        yaxis={"range": mep, **fine},
        yaxis2={"range": mep, **fine},
    )
    return style.finish(
        figure,
        _finding(sweep),
        phrase(
            "Numbers: weight of explainability. Further up and right is better: RMSE falls to "
            "the right."
        ),
        phrase("RMSE (rating points)"),
        phrase("MEP (0 to 1)"),
    )


def _finding(sweep: pd.DataFrame) -> str:
    base = sweep.iloc[0]
    better = sweep[(sweep["mep"] > base["mep"]) & (sweep["rmse"] <= base["rmse"])]
    if better.empty:
        return phrase("No weight of explainability raises MEP at no cost in RMSE")
    best = better.iloc[better["mep"].argmax()]
    return phrase(
        "The {form} form raises MEP from {base} to {mep} at no cost in RMSE ({before} to {after})",
        form=best["form"],
        base=fixed(base["mep"], 3),
        mep=fixed(best["mep"], 3),
        before=fixed(base["rmse"], 3),
        after=fixed(best["rmse"], 3),
    )
