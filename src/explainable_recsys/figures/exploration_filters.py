"""Draw what filters take away: those of a run, and stricter ones."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import fine_percent, label, lines_of, percent

_KINDS = dict(zip(("ratings", "users", "items"), style.PALETTE, strict=False))
_ROW = 66  # height of a step of the cleaning, in pixels
_LABEL_LENGTH = 20  # characters on a line beside the axis
_USUAL = 10  # the title is about the first threshold from here on that takes something away


def cleaning_figure(steps: pd.DataFrame) -> style.Figure:
    """Draw what the steps of the cleaning left.

    Args:
        steps: What was read, then one row per step: `reason`, `n_ratings`, `n_users`,
            `n_items` left after it.
    """
    last = steps.iloc[-1]
    counts = f"{last['n_ratings']:,} ratings by {last['n_users']:,} users of "
    counts += f"{last['n_items']:,} items"
    if len(steps) == 1:
        return style.message_figure(f"The cleaning dropped nothing: {counts}")
    figure = style.new_figure()
    names = ["read", *(f"dropped: {label(reason)}" for reason in steps["reason"][1:])]
    for kind, hue in _KINDS.items():
        left = steps[f"n_{kind}"]
        shares = left / max(int(left.iloc[0]), 1)
        hover = [
            f"{name}: {n:,} {kind}, {percent(share, 1)}"
            for name, n, share in zip(names, left, shares, strict=True)
        ]
        look = {"text": [f"{n:,}" for n in left], "textposition": "auto", "orientation": "h"}
        draw.bars(figure, 100 * shares, range(len(names)), hue, hover, name=kind, **look)
    labels = ["<br>".join(lines_of(name, _LABEL_LENGTH)) for name in names]
    figure.update_layout(
        barmode="group",
        xaxis={"range": [0, 100], "ticksuffix": " %", **draw.FEW_TICKS},
        yaxis=draw.row_axis(labels, showgrid=False),
        legend_traceorder="normal",
    )
    dropped = percent(1 - last["n_ratings"] / steps["n_ratings"].iloc[0], 1)
    return style.finish(
        figure,
        f"The cleaning dropped {dropped} of the ratings and left {counts}",
        "What was read, and what was left after each step that dropped something.",
        "Share of what was read",
        drawn=_ROW * len(names),
        foot=96,
        legend=56,
    )


def cores_figure(cores: pd.DataFrame) -> style.Figure:
    """Draw what would be left if every user and item had to have so many ratings.

    Args:
        cores: By threshold: `k`, `n_ratings`, `n_users`, `n_items`, `density` (0 to 1, may be
            missing), `share_of_ratings`, `share_of_users`, `share_of_items` left (0 to 1).
    """
    figure = style.new_figure()
    full = ["" if pd.isna(density) else f"{100 * density:.2g} %" for density in cores["density"]]
    places = list(range(len(cores)))
    for kind, hue in _KINDS.items():
        shares = cores[f"share_of_{kind}"]
        hover = [
            f"{n:,} {kind}, {percent(share, 1)}; {f'{part} full' if part else 'nothing left'}"
            for n, share, part in zip(cores[f"n_{kind}"], shares, full, strict=True)
        ]
        look = {"line_color": hue, "marker_size": 8}
        draw.points(figure, places, 100 * shares, kind, hover, **look)
    labels = [f"{k}<br>{part or 'nothing left'}" for k, part in zip(cores["k"], full, strict=True)]
    figure.update_layout(
        xaxis={"tickvals": places, "ticktext": labels},
        yaxis={"range": [-3, 104], "ticksuffix": " %"},
    )
    strict = cores[(cores["k"] >= _USUAL) & (cores["share_of_ratings"] < 1)]
    row = strict.iloc[0] if len(strict) else cores.iloc[-1]
    return style.finish(
        figure,
        f"With {row['k']:.0f} or more ratings per user and item, "
        f"{fine_percent(row['share_of_ratings'])} of the ratings, "
        f"{fine_percent(row['share_of_users'])} of the users and "
        f"{fine_percent(row['share_of_items'])} of the items would be left",
        "The k-core: those with fewer are taken out until all have as many. In %: how full it is.",
        "Ratings that every user and every item must have",
        "Left of what the cleaning keeps",
    )
