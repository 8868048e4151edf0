"""Draw what differs between kinds of reasons, and whether reasons help to predict the system."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.rows import Panel, row_label, rows_figure
from explainable_recsys.figures.texts import escape
from explainable_recsys.study.about import About, readable
from explainable_recsys.wording.numbers import MINUS, percentage
from explainable_recsys.wording.phrases import phrase


def study_contrasts_figure(contrasts: pd.DataFrame, about: About) -> style.Figure:
    """Draw the differences between kinds of reasons with their intervals, for each measure.

    Args:
        contrasts: One row per measure and pair: `measure`, `first`, `second`, `difference`, `low`,
            `high`, `p_holm`.
        about: The study.
    """
    known = contrasts.dropna(subset="difference")
    if known.empty:
        return style.message_figure(phrase("No two kinds of reasons can be compared"))
    pairs = known[["first", "second"]].apply(tuple, axis=1)
    order = list(dict.fromkeys(pairs))
    ends = known[["difference", "low", "high"]]
    axis = {"range": draw.padded(min(ends.min().min(), 0), max(ends.max().max(), 0), 0.05)}
    panels = []
    for measure, rows in known.groupby("measure", sort=False):
        values = rows[["difference", "low", "high"]].set_index(pairs[rows.index]).reindex(order)
        table = values.set_axis(["value", "low", "high"], axis=1)
        panels.append(Panel(escape(readable(str(measure))), {"": table}, axis))
    labels = [row_label(f"{readable(first)} {MINUS} {readable(second)}") for first, second in order]
    figure = rows_figure(
        labels,
        panels,
        about.titled(_significant(known, about.alpha)),
        about.cautious(
            phrase(
                "Mean differences within people, in steps of the answer, with 95 % intervals that "
                "are not corrected; right of the line the first kind is higher."
            )
        ),
    )
    for place in range(len(panels)):
        draw.line_at(figure, "x", 0, "", draw.suffix_of(place), dash="dash", width=1.5)
    return figure


def study_forecast_figure(tasks: pd.DataFrame, about: About) -> style.Figure:
    """Draw how often people predict the system against how faithful the reasons shown were.

    Args:
        tasks: One row per task and kind; `forecast` is drawn: `condition`, `share`, `low`, `high`,
            `chance`, `faithfulness`.
        about: The study.
    """
    rows = tasks[tasks["task"] == "forecast"].dropna(subset=["share", "faithfulness"])
    if rows.empty:
        return style.message_figure(phrase("Nobody was asked to predict the system"))
    figure = style.new_figure()
    for place, row in enumerate(rows.to_dict("records")):
        ends = [pd.Series([100 * row[name]]) for name in ("share", "low", "high")]
        look = style.look(place) | {"mode": "markers", "error_y": draw.interval(*ends)}
        x, name = [row["faithfulness"]], escape(readable(row["condition"]))
        draw.points(figure, x, ends[0], name, None, "", showlegend=True, **look)
    chance = 100 * float(rows["chance"].iloc[0])
    draw.line_at(figure, "y", chance, "", dash="dash", width=1.5)
    where = {"xref": "x domain", "font_size": 11}
    draw.note(figure, phrase("guessing"), 0, chance, "bottom left", **where)
    middle = (rows["faithfulness"].min() + rows["faithfulness"].max()) / 2
    half = max(rows["faithfulness"].max() - middle, 0.1)
    extent = draw.padded(middle - half, middle + half, 0.3)
    figure.update_layout(
        xaxis={"range": extent, "hoverformat": ".2f"} | draw.FEW_TICKS,
        yaxis={"range": [0, 102]} | draw.PERCENT,
    )
    best = rows.iloc[rows["share"].argmax()]
    return style.finish(
        figure,
        about.titled(
            phrase(
                "People predict the system most often with {kind}: {share}",
                kind=escape(readable(best["condition"])),
                share=percentage(100 * best["share"]),
            )
        ),
        about.cautious(
            phrase(
                "Which rating, taken back, removes the film? Right answers with 95 % intervals, "
                "against the mean faithfulness of the reasons shown (0 to 1: how far their first "
                "three pieces take the film down)."
            )
        ),
        phrase("Faithfulness of the reasons"),
        phrase("Right predictions"),
    )


def _significant(contrasts: pd.DataFrame, alpha: float) -> str:
    """Title: how many differences are more than chance would give."""
    n = int((contrasts["p_holm"] < alpha).sum())
    if n == 0:
        return phrase(
            "None of {n_all} differences is larger than chance gives, corrected for their number",
            n_all=len(contrasts),
        )
    first = contrasts.iloc[contrasts["p_holm"].argmin()]
    up = [first["first"], first["second"]][:: 1 if first["difference"] > 0 else -1]
    return phrase(
        "Larger than chance gives, corrected for their number: {n} of {n_all} differences; most "
        "clearly {measure} with {high} above {low}",
        n=n,
        n_all=len(contrasts),
        measure=escape(readable(first["measure"])),
        high=escape(readable(up[0])),
        low=escape(readable(up[1])),
    )
