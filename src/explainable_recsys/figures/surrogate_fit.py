"""Draw how well local surrogates fit the scores that they explain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures.style import (
    CATEGORIES,
    escape,
    finish,
    message_figure,
    new_figure,
    percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_N_BINS = 20  # from 0 to 1
_STEP = 1 / _N_BINS
_PANEL, _AXIS, _ENTRY = 300, 56, 20  # heights, in pixels, from the top down
_DASHES = ["solid", "dash", "dot"]


def surrogate_fit_figure(surrogates: Mapping[str, pd.DataFrame]) -> go.Figure:
    """Draw how many explanations have which held-out R², one line per table.

    Args:
        surrogates: Tables by what they are to be called; one row per explanation, with the
            column `held_out_r2`, missing where the scores do not vary. The title is about the
            first table that has any.
    """
    measured = {
        name: table["held_out_r2"].to_numpy(dtype=np.float64, na_value=np.nan)
        for name, table in surrogates.items()
    }
    fits = {name: values[np.isfinite(values)] for name, values in measured.items()}
    if not any(map(len, fits.values())):
        return message_figure("No surrogate has a held-out R²")
    figure = new_figure()
    for (name, values), hue, dash in zip(
        fits.items(), cycle(CATEGORIES), cycle(_DASHES), strict=False
    ):
        missing = len(measured[name]) - len(values)
        _add_histogram(figure, escape(name), values, missing, hue, dash)
    figure.update_layout(
        legend={"orientation": "v", "traceorder": "normal", "y": -_AXIS / _PANEL},
        margin_b=_AXIS + _ENTRY * len(fits) + 24,
        xaxis={
            "range": [-2 * _STEP, 1 + _STEP],
            "tickvals": [-_STEP / 2, *(place / 5 for place in range(1, 6))],
            "ticktext": ["< 0", *(f"{place / 5:g}" for place in range(1, 6))],
        },
        yaxis={"rangemode": "tozero", "ticksuffix": " %"},
    )
    finish(
        figure,
        _finding(fits),
        "Held-out R²: share of variance explained among perturbations that were not fitted to.",
        "Held-out R²",
        "Share of the explanations",
    )
    figure.layout.height = figure.layout.margin.t + _PANEL + figure.layout.margin.b
    return figure


def _add_histogram(
    figure: go.Figure, name: str, values: NDArray[np.float64], missing: int, hue: str, dash: str
) -> None:
    """Add the outline of one histogram; without values, only its name."""
    shares = 100 * _counts(values) / max(len(values), 1)
    x = [(place - 1.5) * _STEP for place in range(len(shares) + 2)]
    y = [0.0, *shares.tolist(), 0.0]
    notes = [f"median {np.median(values):.2f}"] if len(values) else []
    notes += [f"{missing:,} without R²"] if missing else []
    between = ["< 0", *(f"{i / _N_BINS:g} to {(i + 1) / _N_BINS:g}" for i in range(_N_BINS))]
    hover = [
        f"<b>{name}</b><br>R² {place}: {share:.1f} % of {len(values):,} explanations"
        + (f"<br>{missing:,} more without R²" if missing else "")
        for place, share in zip(between, shares, strict=True)
    ]
    figure.add_scatter(
        x=x if len(values) else [None],
        y=y if len(values) else [None],
        mode="lines",
        line={"color": hue, "dash": dash, "shape": "hvh", "width": 2.5},
        name=f"{name} ({', '.join(notes) or 'no explanations'})",
        showlegend=True,
        hovertext=["", *hover, ""],
        hoverinfo="text",
    )


def _counts(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many values are below 0, and how many in each bin from 0 to 1."""
    edges = np.arange(_N_BINS + 1) / _N_BINS
    inside, _ = np.histogram(values[values >= 0], edges)
    return np.append((values < 0).sum(), inside).astype(np.int64)


def _finding(fits: dict[str, NDArray[np.float64]]) -> str:
    name, values = next((name, values) for name, values in fits.items() if len(values))
    whose = f" ({escape(name)})" if len(fits) > 1 else ""
    share = math.floor(100 * float(np.median(values)) + 1e-9) / 100
    if share <= 0:
        return f"Half of the surrogates{whose} explain less than 1 % of the scores' variance"
    return (
        f"Half of the surrogates{whose} explain at least {percent(share)} of the scores' variance"
    )
