"""Draw how well local surrogates fit the scores that they explain."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, floored, percent

_N_BINS = 20  # from 0 to 1
_STEP = 1 / _N_BINS
_PANEL, _AXIS, _ENTRY = 300, 56, 20  # heights, in pixels, from the top down
_DASHES = ["solid", "dash", "dot"]
_BETWEEN = ["< 0", *(f"{i / _N_BINS:g} to {(i + 1) / _N_BINS:g}" for i in range(_N_BINS))]


def draw_fit(**tables: pd.DataFrame) -> style.Figure:
    """How well the surrogates of an approach fit, beside those around the controls' lists."""
    return surrogate_fit_figure(tables)


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
        return style.message_figure("No surrogate has a held-out R²")
    figure = style.new_figure()
    looks = zip(cycle(style.CATEGORIES), cycle(_DASHES), strict=False)
    for (name, values), look in zip(fits.items(), looks, strict=False):
        _add_histogram(figure, escape(name), values, len(surrogates[name]) - len(values), *look)
    fifths = {place / 5: f"{place / 5:g}" for place in range(1, 6)}
    ticks = {"tickvals": [-_STEP / 2, *fifths], "ticktext": ["< 0", *fifths.values()]}
    figure.update_layout(
        legend={"orientation": "v", "traceorder": "normal"},
        xaxis={"range": [-2 * _STEP, 1 + _STEP], **ticks},
        yaxis={"rangemode": "tozero", "ticksuffix": " %"},
    )
    return style.finish(
        figure,
        _finding(fits),
        "Held-out R²: share of variance explained among perturbations that were not fitted to.",
        "Held-out R²",
        "Share of the explanations",
        drawn=_PANEL,
        foot=_AXIS + _ENTRY * len(fits) + 24,
        legend=_AXIS,
    )


def _add_histogram(
    figure: style.Figure, name: str, values: NDArray[np.float64], missing: int, hue: str, dash: str
) -> None:
    """Add the outline of one histogram; without values, only its name."""
    inside, _ = np.histogram(values[values >= 0], np.arange(_N_BINS + 1) / _N_BINS)
    shares = 100 * np.append((values < 0).sum(), inside) / max(len(values), 1)
    middles = [(place - 1.5) * _STEP for place in range(len(shares) + 2)]
    notes = [f"median {np.median(values):.2f}"] if len(values) else []
    notes += [f"{missing:,} without R²"] if missing else []
    more = f"<br>{missing:,} more without R²" if missing else ""
    hover = [
        f"<b>{name}</b><br>R² {place}: {share:.1f} % of {len(values):,} explanations{more}"
        for place, share in zip(_BETWEEN, shares, strict=True)
    ]
    x, y = (middles, [0, *shares, 0]) if len(values) else ([None], [None])
    name = f"{name} ({', '.join(notes) or 'no explanations'})"
    line = {"color": hue, "dash": dash, "shape": "hvh", "width": 2.5}
    draw.points(figure, x, y, name, ["", *hover, ""], mode="lines", line=line, showlegend=True)


def _finding(fits: dict[str, NDArray[np.float64]]) -> str:
    name, values = next((name, values) for name, values in fits.items() if len(values))
    whose = f" ({escape(name)})" if len(fits) > 1 else ""
    share = floored(float(np.median(values)))
    if share <= 0:
        return f"Half of the surrogates{whose} explain less than 1 % of the scores' variance"
    least = percent(share)
    return f"Half of the surrogates{whose} explain at least {least} of the scores' variance"
