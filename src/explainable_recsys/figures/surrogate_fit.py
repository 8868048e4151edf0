"""Draw how well local surrogates fit the scores that they explain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.figures import style
from explainable_recsys.figures.rows import Panel, row_label, rows_figure
from explainable_recsys.figures.texts import escape, floored, percent
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import phrase

_LOWEST_R2 = -1.0  # where the axis ends, however bad a surrogate is


def surrogate_fit_figure(**tables: pd.DataFrame) -> style.Figure:
    """Draw the median of the held-out R² of some explanations, and its quartiles.

    Args:
        tables: By what they are to be called; one row per explanation, with the
            column `held_out_r2`, missing where the scores do not vary. The title is about the
            first table that has any.
    """
    fits = {
        name: table["held_out_r2"].astype("float64").replace([np.inf, -np.inf], np.nan)
        for name, table in tables.items()
    }
    known = [name for name, values in fits.items() if values.notna().any()]
    if not known:
        return style.message_figure(phrase("No surrogate has a held-out R²"))
    quartiles = pd.DataFrame(
        [values.quantile([0.5, 0.25, 0.75]).tolist() for values in fits.values()],
        columns=["value", "low", "high"],
    )
    lowest = float(quartiles["low"].fillna(0).clip(_LOWEST_R2, 0).min())
    share = floored(quartiles["value"].dropna().iloc[0])
    facts = {"name": escape(known[0]), "share": percent(share)}
    title = phrase(
        "Half of the surrogates of {name} explain at least {share} of the scores' variance", **facts
    )
    if share <= 0:
        title = phrase(
            "Half of the surrogates of {name} explain less than 1 % of the scores' variance",
            **facts,
        )
    return rows_figure(
        [row_label(name) for name in fits],
        [Panel(phrase("Held-out R²"), {"": quartiles}, {"range": [lowest - 0.05, 1.05]})],
        title,
        phrase(
            "Share of variance explained among perturbations that were not fitted to: median and "
            "quartiles of the explanations; at the right end: how many have it."
        ),
        [fixed(values.notna().sum(), 0) for values in fits.values()],
    )
