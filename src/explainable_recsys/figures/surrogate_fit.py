"""Draw how well local surrogates fit the scores that they explain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, floored, percent
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import phrase

_BINS = np.arange(-1, 21) / 20  # the first has all below 0
_PANEL, _AXIS, _ENTRY = 300, 56, 20  # heights, in pixels, from the top down


def surrogate_fit_figure(surrogates: Mapping[str, pd.DataFrame]) -> style.Figure:
    """Draw how many explanations have which held-out R², one line per table.

    Args:
        surrogates: Tables by what they are to be called; one row per explanation, with the
            column `held_out_r2`, missing where the scores do not vary. The title is about the
            first table that has any.
    """
    fits = {}
    for name, table in surrogates.items():
        values = table["held_out_r2"].to_numpy(dtype=np.float64, na_value=np.nan)
        fits[name] = values[np.isfinite(values)]
    if not any(map(len, fits.values())):
        return style.message_figure(phrase("No surrogate has a held-out R²"))
    figure = style.new_figure()
    middles = (_BINS[1:] + _BINS[:-1]) / 2
    for place, (name, values) in enumerate(fits.items()):
        counts, _ = np.histogram(np.maximum(values, _BINS[0]), _BINS)
        shares = 100 * counts / max(len(values), 1)
        named = {_name(name, values, len(surrogates[name]) - len(values)): shares}
        steps = {"shape": "hvh"}  # which end half way between the middles of the bins
        line = {"mode": "lines", "line": style.look(place)["line"] | steps}
        draw.lines(figure, middles, named, first=place, **line)
    fifths = {place / 5: f"{place / 5:g}" for place in range(1, 6)}
    ticks = {"tickvals": [middles[0], *fifths], "ticktext": ["< 0", *fifths.values()]}
    figure.update_layout(
        legend={"orientation": "v", "traceorder": "normal"},
        xaxis={"range": [-0.1, 1.05], **ticks},
        yaxis={"rangemode": "tozero"} | draw.PERCENT,
    )
    return style.finish(
        figure,
        _finding(fits),
        phrase(
            "Held-out R²: share of variance explained among perturbations that were not fitted to."
        ),
        phrase("Held-out R²"),
        phrase("Share of the explanations"),
        drawn=_PANEL,
        foot=_AXIS + _ENTRY * len(fits) + 24,
        legend=_AXIS,
    )


def _name(name: str, values: NDArray[np.float64], missing: int) -> str:
    """Entry of the legend."""
    notes = [phrase("median {n}", n=fixed(np.median(values), 2))] if len(values) else []
    notes += [phrase("{n} without R²", n=fixed(missing, 0))] if missing else []
    return f"{escape(name)} ({', '.join(notes) or phrase('no explanations')})"


def _finding(fits: dict[str, NDArray[np.float64]]) -> str:
    name, values = next((name, values) for name, values in fits.items() if len(values))
    share = floored(float(np.median(values)))
    facts = {"name": escape(name), "share": percent(share)}
    if share <= 0:
        return phrase(
            "Half of the surrogates of {name} explain less than 1 % of the scores' variance",
            **facts,
        )
    return phrase(
        "Half of the surrogates of {name} explain at least {share} of the scores' variance",
        **facts,
    )
