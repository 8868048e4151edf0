"""Draw the ratings: their values, the long tail, the time, the empty table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from explainable_recsys.figures.exploration_rows import fine_percent
from explainable_recsys.figures.style import (
    NEUTRAL,
    PALETTE,
    finish,
    message_figure,
    new_figure,
    percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MOST_LABELLED = 12  # bars that have their share written above
_ENOUGH = 0.01  # share of the ratings that a period must have for its mean to be in a title
_HIGH = 410  # height in pixels of a figure without its texts, where much is to be seen
_HUES = {"users": PALETTE[0], "items": PALETTE[1]}


def rating_distribution_figure(distribution: pd.DataFrame) -> go.Figure:
    """Draw how often each rating is given.

    Args:
        distribution: Columns `rating`, `n_ratings`, `share` (0 to 1), by rating.
    """
    values, shares = distribution["rating"], distribution["share"]
    few = len(values) <= _MOST_LABELLED
    figure = new_figure()
    figure.add_bar(
        x=values.tolist(),
        y=(100 * shares).tolist(),
        marker_color=PALETTE[0],
        text=[percent(share) for share in shares] if few else None,
        textposition="outside",
        cliponaxis=False,
        hovertext=[
            f"rating {value:g}: {n:,} ratings, {percent(share, 1)}"
            for value, n, share in zip(values, distribution["n_ratings"], shares, strict=True)
        ],
        hoverinfo="text",
    )
    if few:
        figure.update_layout(xaxis_tickvals=values.tolist())
    figure.update_layout(yaxis_ticksuffix=" %")
    n = int(distribution["n_ratings"].sum())
    mean = float((values * shares).sum())
    return finish(
        figure,
        _distribution_finding(values, shares),
        f"How often each rating is given; {n:,} ratings with a mean of {mean:.2f}.",
        "Rating",
        "Share of the ratings",
    )


def _distribution_finding(values: pd.Series, shares: pd.Series) -> str:
    if len(values) == 1:
        return f"Every rating is {values.iloc[0]:g}"
    top = int(shares.argmax())
    middle = (values.iloc[0] + values.iloc[-1]) / 2
    above = percent(float(shares[values > middle].sum()))
    return (
        f"{above} of the ratings are above the middle of the scale ({middle:g}); "
        f"the most frequent is {values.iloc[top]:g} ({percent(shares.iloc[top])})"
    )


def long_tail_figure(per_user: pd.DataFrame, per_item: pd.DataFrame) -> go.Figure:
    """Draw how many users and items have at least so many ratings.

    Args:
        per_user: Columns `n_ratings`, `n_users`, `share_with_at_least` (0 to 1), by number of
            ratings.
        per_item: The same with `n_items`.
    """
    figure = new_figure()
    medians, singles = [], 0.0
    for kind, table in (("users", per_user), ("items", per_item)):
        counts = table[f"n_{kind}"]
        medians.append(_weighted_median(table["n_ratings"], counts))
        singles = float(counts[table["n_ratings"] == 1].sum() / counts.sum())
        figure.add_scatter(
            x=table["n_ratings"].tolist(),
            y=(100 * table["share_with_at_least"]).tolist(),
            mode="lines+markers" if len(table) < 3 else "lines",
            name=kind,
            line={"color": _HUES[kind], "width": 2.5},
            hovertext=[
                f"{percent(share, 2)} of the {kind} have {n:,} ratings or more"
                for n, share in zip(table["n_ratings"], table["share_with_at_least"], strict=True)
            ],
            hoverinfo="text",
        )
    figure.update_layout(
        xaxis={"type": "log", "dtick": 1},
        yaxis={"type": "log", "dtick": 1, "ticksuffix": " %"},
    )
    single = f"; {percent(singles)} of the items have a single one" if singles else ""
    return finish(
        figure,
        f"The median item has {_ratings(medians[1])}, the median user {medians[0]:g}{single}",
        "Share with at least so many ratings; a line that falls slowly is a long tail.",
        "Number of ratings (logarithmic)",
        "Share with as many or more (logarithmic)",
    )


def _weighted_median(values: pd.Series, counts: pd.Series) -> float:
    """Median of values (rising) of which each occurs so often."""
    running = counts.cumsum().to_numpy()
    n = int(running[-1])
    middle = np.searchsorted(running, [(n - 1) // 2, n // 2], side="right")
    return float(values.to_numpy()[middle].mean())


def _ratings(number: float) -> str:
    return f"{number:g} rating{'' if number == 1 else 's'}"


def concentration_figure(concentration: pd.DataFrame) -> go.Figure:
    """Draw which share of the ratings the most rated items and the most active users have.

    Args:
        concentration: Per `kind` ("items", "users") rising `share` of all of them, from the
            most ratings on, `share_of_ratings` that they have (0 to 1), and `gini`.
    """
    figure = new_figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        name="all equally many",
        line={"color": NEUTRAL, "dash": "dash"},
        hoverinfo="skip",
    )
    halves: dict[str, float] = {}
    for kind, rows in concentration.groupby("kind", sort=False):
        halves[str(kind)] = float(rows.loc[rows["share_of_ratings"] >= 0.5, "share"].iloc[0])
        figure.add_scatter(
            x=[0, *(100 * rows["share"]).tolist()],
            y=[0, *(100 * rows["share_of_ratings"]).tolist()],
            mode="lines",
            name=f"{kind} (Gini {rows['gini'].iloc[0]:.2f})",
            line={"color": _HUES[str(kind)], "width": 2.5},
            hovertext=[
                "",
                *(
                    f"{percent(share, 2)} of the {kind} have {percent(had, 1)} of the ratings"
                    for share, had in zip(rows["share"], rows["share_of_ratings"], strict=True)
                ),
            ],
            hoverinfo="text",
        )
    figure.add_shape(
        type="line", x0=0, x1=100, y0=50, y1=50, line={"color": NEUTRAL, "dash": "dot", "width": 1}
    )
    figure.update_layout(
        xaxis={"range": [0, 101], "ticksuffix": " %"}, yaxis={"range": [0, 102], "ticksuffix": " %"}
    )
    return finish(
        figure,
        f"Half of all ratings go to {fine_percent(halves['items'])} of the items and come from "
        f"{fine_percent(halves['users'])} of the users",
        "From the most rated or most active down. The farther above the diagonal, the less equal.",
        "Share of the items or users",
        "Share of the ratings that they have",
    )


def activity_figure(activity: pd.DataFrame) -> go.Figure:
    """Draw ratings, users and mean rating over time, one below the other.

    Args:
        activity: One row per year or month, with the columns `period` ("1999" or "1999-12"),
            `n_ratings`, `n_users`, `n_new_users`, `mean_rating` (may be missing).
    """
    if activity.empty:
        return message_figure("No times of ratings: this data set has none")
    figure = new_figure()
    by_month = len(activity["period"].iloc[0]) > 4
    x = activity["period"].tolist() if by_month else activity["period"].astype(int).tolist()
    users = {"n_users": ("users who rate", PALETTE[0]), "n_new_users": ("new users", PALETTE[1])}
    figure.add_bar(
        x=x, y=activity["n_ratings"].tolist(), marker_color=NEUTRAL, name="", showlegend=False
    )
    for column, (name, hue) in users.items():
        figure.add_scatter(
            x=x,
            y=activity[column].tolist(),
            mode="lines+markers",
            name=name,
            line={"color": hue},
            yaxis="y2",
        )
    figure.add_scatter(
        x=x,
        y=[None if pd.isna(mean) else mean for mean in activity["mean_rating"]],
        mode="lines+markers",
        name="",
        line={"color": PALETTE[2]},
        showlegend=False,
        yaxis="y3",
    )
    figure.update_layout(
        xaxis={"anchor": "y3", "type": "date" if by_month else "linear", "showgrid": False},
        yaxis={"domain": [0.7, 1], "nticks": 4, "rangemode": "tozero"},
        yaxis2={"domain": [0.36, 0.64], "nticks": 4, "rangemode": "tozero", "title_text": "Users"},
        yaxis3={"domain": [0, 0.3], "nticks": 4, "title_text": "Mean rating"},
        legend_y=-0.16,
    )
    if len(x) == 1:
        figure.update_layout(xaxis={"type": "category"})
    unit = "month" if by_month else "year"
    finish(
        figure,
        _activity_finding(activity, unit),
        f"By {unit}. A user is new in the {unit} of their first rating.",
        unit.capitalize(),
        "Ratings",
    )
    return figure.update_layout(height=_HIGH + figure.layout.margin.t)


def _activity_finding(activity: pd.DataFrame, unit: str) -> str:
    counts = activity["n_ratings"]
    period = activity["period"]
    if len(activity) == 1:
        return f"All ratings are from {period.iloc[0]}"
    shares = counts / counts.sum()
    busiest = int(counts.argmax())
    means = activity.loc[shares >= _ENOUGH, "mean_rating"]
    return (
        f"{period.iloc[busiest]} was the busiest {unit}, with {percent(shares.iloc[busiest])} of "
        f"the ratings; the mean rating went between {means.min():.2f} and {means.max():.2f}"
    )


def sparsity_figure(sparsity: pd.DataFrame) -> go.Figure:
    """Draw how full the table of users and items is.

    Args:
        sparsity: One row per block: `user_block`, `item_block` (from 0, the most ratings),
            `n_users`, `n_items`, `n_ratings`, `share_filled` (0 to 1).
    """
    shares = sparsity.pivot_table(
        index="user_block", columns="item_block", values="share_filled"
    ).to_numpy(dtype=np.float64)
    pairs = sparsity["n_users"] * sparsity["n_items"]
    filled = float(sparsity["n_ratings"].sum() / pairs.sum())
    with np.errstate(divide="ignore"):
        logarithms = np.log10(100 * shares)
    ends = np.concatenate([[0.0, 0.0], logarithms[np.isfinite(logarithms)]])
    ticks = np.arange(np.floor(ends.min()), 3)
    edges = [100 * np.linspace(0, 1, n + 1) for n in shares.shape]
    figure = new_figure()
    figure.add_heatmap(
        x=edges[1].tolist(),
        y=edges[0].tolist(),
        z=[[v if np.isfinite(v) else None for v in row] for row in logarithms.tolist()],
        zmin=float(ticks[0]),
        zmax=2,
        colorscale="Cividis",
        reversescale=True,
        colorbar={
            "tickvals": ticks.tolist(),
            "ticktext": [f"{10.0**tick:g} %" for tick in ticks],
            "title": {"text": "filled", "side": "top"},
        },
        hovertext=[[f"{percent(share, 2)} filled" for share in row] for row in shares],
        hoverinfo="text",
        hoverongaps=False,
    )
    figure.update_layout(
        xaxis={"ticksuffix": " %", "showgrid": False, "constrain": "domain"},
        yaxis={"ticksuffix": " %", "showgrid": False, "autorange": "reversed"},
    )
    finish(
        figure,
        f"{_emptiness(filled)} of the pairs of user and item have no rating; in the upper left "
        f"corner, {fine_percent(1 - shares[0, 0])}",
        "Sorted by number of ratings. Colour: share of a block's pairs with a rating; white: none.",
        "Items, from the most rated (0 %) to the least (100 %)",
        "Users, from the most active down",
        room=24,
    )
    return figure.update_layout(height=_HIGH + figure.layout.margin.t)


def _emptiness(filled: float) -> str:
    """The share that is empty, with as many decimals as tell it from 100 %."""
    n_decimals = 1
    while n_decimals < 6 and 0 < filled < 0.5 * 10.0 ** -(n_decimals + 2):
        n_decimals += 1
    return percent(1 - filled, n_decimals)
