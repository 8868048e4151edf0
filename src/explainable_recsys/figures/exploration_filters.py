"""Draw what filters take away: those of a run, and stricter ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from explainable_recsys.figures.exploration_rows import fine_percent, short_label
from explainable_recsys.figures.style import (
    PALETTE,
    finish,
    lines_of,
    message_figure,
    new_figure,
    percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_KINDS = {"ratings": PALETTE[0], "users": PALETTE[1], "items": PALETTE[2]}
_ROW, _FOOT = 66, 96  # heights in pixels: of a step of the cleaning, of what is below
_LABEL_LENGTH = 20  # characters on a line beside the axis
_USUAL = 10  # the title is about the first threshold from here on that takes something away


def cleaning_figure(steps: pd.DataFrame) -> go.Figure:
    """Draw what the steps of the cleaning left.

    Args:
        steps: What was read, then one row per step: `reason`, `n_ratings`, `n_users`,
            `n_items` left after it.
    """
    last = steps.iloc[-1]
    counts = f"{last['n_ratings']:,} ratings by {last['n_users']:,} users of "
    counts += f"{last['n_items']:,} items"
    if len(steps) == 1:
        return message_figure(f"The cleaning dropped nothing: {counts}")
    figure = new_figure()
    names = ["read", *(f"dropped: {short_label(reason)}" for reason in steps["reason"][1:])]
    for kind, hue in _KINDS.items():
        left = steps[f"n_{kind}"]
        share = left / max(int(left.iloc[0]), 1)
        figure.add_bar(
            x=(100 * share).tolist(),
            y=list(range(len(names))),
            orientation="h",
            name=kind,
            marker_color=hue,
            text=[f"{n:,}" for n in left],
            textangle=0,
            textposition="auto",
            hovertext=[
                f"{name}: {n:,} {kind}, {percent(part, 1)}"
                for name, n, part in zip(names, left, share, strict=True)
            ],
            hoverinfo="text",
        )
    height = _ROW * len(names)
    figure.update_layout(
        barmode="group",
        xaxis={"range": [0, 100], "ticksuffix": " %", "nticks": 4, "tickangle": 0},
        yaxis={
            "range": [len(names) - 0.5, -0.5],
            "tickvals": list(range(len(names))),
            "ticktext": ["<br>".join(lines_of(name, _LABEL_LENGTH)) for name in names],
            "ticks": "",
            "showgrid": False,
        },
        legend={"traceorder": "normal", "y": -56 / height},
        margin_b=_FOOT,
    )
    dropped = percent(1 - last["n_ratings"] / steps["n_ratings"].iloc[0], 1)
    finish(
        figure,
        f"The cleaning dropped {dropped} of the ratings and left {counts}",
        "What was read, and what was left after each step that dropped something.",
        "Share of what was read",
    )
    return figure.update_layout(height=height + figure.layout.margin.t + _FOOT)


def cores_figure(cores: pd.DataFrame) -> go.Figure:
    """Draw what would be left if every user and item had to have so many ratings.

    Args:
        cores: By threshold: `k`, `n_ratings`, `n_users`, `n_items`, `density` (0 to 1, may be
            missing), `share_of_ratings`, `share_of_users`, `share_of_items` left (0 to 1).
    """
    figure = new_figure()
    places = list(range(len(cores)))
    for kind, hue in _KINDS.items():
        figure.add_scatter(
            x=places,
            y=(100 * cores[f"share_of_{kind}"]).tolist(),
            mode="lines+markers",
            name=kind,
            line={"color": hue},
            marker={"size": 8},
            hovertext=[
                f"{n:,} {kind}, {percent(share, 1)}; {_density(density)}"
                for n, share, density in zip(
                    cores[f"n_{kind}"], cores[f"share_of_{kind}"], cores["density"], strict=True
                )
            ],
            hoverinfo="text",
        )
    labels = [
        f"{k}<br>{_density(density).removesuffix(' full')}"
        for k, density in zip(cores["k"], cores["density"], strict=True)
    ]
    figure.update_layout(
        xaxis={"tickvals": places, "ticktext": labels},
        yaxis={"range": [-3, 104], "ticksuffix": " %"},
    )
    strict = cores[(cores["k"] >= _USUAL) & (cores["share_of_ratings"] < 1)]
    row = strict.iloc[0] if len(strict) else cores.iloc[-1]
    return finish(
        figure,
        f"With {row['k']:.0f} or more ratings per user and item, "
        f"{fine_percent(row['share_of_ratings'])} of the ratings, "
        f"{fine_percent(row['share_of_users'])} of the users and "
        f"{fine_percent(row['share_of_items'])} of the items would be left",
        "The k-core: those with fewer are taken out until all have as many. In %: how full it is.",
        "Ratings that every user and every item must have",
        "Left of what the cleaning keeps",
    )


def _density(density: float) -> str:
    return "nothing left" if pd.isna(density) else f"{100 * density:.2g} % full"
