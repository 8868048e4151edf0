"""Draw how many perturbations a LIME explanation needs to be the same every time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, floored, label
from explainable_recsys.wording.numbers import fixed, short
from explainable_recsys.wording.phrases import phrase

_LOWEST_R2 = -1.0  # where the axis ends, however bad a surrogate is


def lime_stability_figure(
    stability: pd.DataFrame, n_samples: int, target: float = 0.8
) -> style.Figure:
    """Draw the agreement between seeds, and the fit, over the number of perturbations.

    Args:
        stability: One row per neighbourhood and number of perturbations, with the columns
            `neighbourhood`, `n_samples`, `top3_jaccard` (mean overlap of the three strongest
            pieces of evidence between two seeds), `held_out_r2`. Measures may be missing.
        n_samples: The number of perturbations in use.
        target: The least overlap that is called stable.
    """
    if stability.empty:
        return style.message_figure(phrase("No numbers of perturbations were tried"))
    stability = stability.sort_values("n_samples")
    figure = style.two_panels(phrase("Held-out R²"))
    for place, (kind, rows) in enumerate(stability.groupby("neighbourhood", sort=True)):
        for column, panel in (("top3_jaccard", ""), ("held_out_r2", "2")):
            draw.lines(
                figure, rows["n_samples"], {label(kind, 20): rows[column]}, panel, first=place
            )
    tried = stability["n_samples"]
    ticks = sorted({n_samples, tried.min(), tried.max()})
    low, high = np.log10([ticks[0], ticks[-1]])
    few = {"type": "log", "tickvals": ticks, "ticktext": [fixed(n, 0) for n in ticks]}
    across = {"range": draw.padded(low, high, 0.08, 0.1), **few}
    lowest = float(stability["held_out_r2"].fillna(0).clip(_LOWEST_R2, 0).min())
    figure.update_layout(
        legend_title_text=phrase("Perturbed"),
        xaxis=across,
        xaxis2={**across, "title_text": phrase("Perturbations")},
        yaxis={"range": [0, 1.04], "hoverformat": ".2f"},
        yaxis2={"range": [lowest - 0.05, 1.04], "hoverformat": ".2f"},
    )
    draw.line_at(figure, "y", target, phrase("target {n}", n=short(target)), dash="dot", width=2)
    for panel in ("", "2"):
        draw.line_at(figure, "x", n_samples, phrase("in use"), panel, width=1)
    return style.finish(
        figure,
        _finding(stability, n_samples, target),
        phrase(
            "Overlap: reasons in both top 3, of those in either. R²: on perturbations not fitted "
            "to."
        ),
        phrase("Perturbations"),
        phrase("Overlap of top 3 (Jaccard)"),
    )


def _finding(stability: pd.DataFrame, n_samples: int, target: float) -> str:
    measured = stability[stability["top3_jaccard"].notna()]
    if measured.empty:
        return phrase("No overlap of top 3 reasons between seeds could be measured")
    # Of the numbers that were tried, the nearest to that in use is judged.
    nearest = (measured["n_samples"] - n_samples).abs()
    in_use = measured[nearest == nearest.min()]
    shown = in_use.loc[in_use["top3_jaccard"].idxmin()]
    return phrase(
        "With {n} perturbations the top 3 reasons of two seeds have a mean Jaccard overlap of at "
        "least {overlap} (lowest: {kind}; target: {target})",
        n=fixed(shown["n_samples"], 0),
        overlap=fixed(floored(shown["top3_jaccard"]), 2),
        kind=escape(shown["neighbourhood"]),
        target=short(target),
    )
