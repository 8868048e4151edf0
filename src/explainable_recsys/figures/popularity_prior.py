"""Draw what a popularity prior does to the recommendations."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import percent
from explainable_recsys.wording.numbers import fixed, short
from explainable_recsys.wording.phrases import phrase


def popularity_sweep_figure(sweep: pd.DataFrame) -> style.Figure:
    """Draw how ranking by popularity as well changes accuracy and catalogue coverage.

    Args:
        sweep: One row per weight of popularity, with the columns `popularity_weight` (0: none),
            `ndcg`, `recall`, `catalogue_coverage` (share of the items that are recommended).
    """
    if sweep.empty:
        return style.message_figure(phrase("No weights of popularity were tried"))
    sweep = sweep.sort_values("popularity_weight")
    figure = style.two_panels(phrase("Catalogue coverage"))
    weights = sweep["popularity_weight"]
    accuracy = {phrase("nDCG"): sweep["ndcg"], phrase("recall"): sweep["recall"]}
    coverage = {phrase("catalogue coverage"): 100 * sweep["catalogue_coverage"]}
    draw.lines(figure, weights, accuracy)
    draw.lines(figure, weights, coverage, "2", first=2, showlegend=True)
    across = draw.padded(min(weights.min(), 0), weights.max(), 0.05, 0.05)
    figure.update_layout(
        xaxis_range=across,
        xaxis2={"range": across, "title_text": phrase("Weight of popularity")},
        yaxis_rangemode="tozero",
        yaxis2={"rangemode": "tozero"} | draw.PERCENT,
    )
    texts = phrase("Weight of popularity"), phrase("nDCG, recall (0 to 1)")
    return style.finish(figure, *_finding(sweep), *texts)


def _finding(sweep: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    start, best = sweep.iloc[0], sweep.iloc[sweep["ndcg"].argmax()]
    facts = {"weight": short(best["popularity_weight"]), "ndcg": fixed(best["ndcg"], 3)}
    if best["popularity_weight"] == start["popularity_weight"]:
        return phrase("nDCG is best with the least popularity: {ndcg} at {weight}", **facts), ""
    title = phrase(
        "Popularity at weight {weight} raises nDCG from {start} to {ndcg}",
        start=fixed(start["ndcg"], 3),
        **facts,
    )
    return title, phrase(
        "Catalogue coverage goes from {start} to {end}.",
        start=percent(start["catalogue_coverage"], 1),
        end=percent(best["catalogue_coverage"], 1),
    )
