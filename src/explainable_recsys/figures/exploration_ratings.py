"""Draw the ratings: their values, the long tail, the time, the empty table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import counted, fine_percent, percent

_MOST_LABELLED = 12  # bars that have their share written above
_ENOUGH = 0.01  # share of the ratings that a period must have for its mean to be in a title
_HIGH = 346  # height in pixels of what is drawn, where much is to be seen
_HUES = {"users": style.PALETTE[0], "items": style.PALETTE[1]}
_IN_PERCENT = {"ticksuffix": " %"}


def rating_distribution_figure(distribution: pd.DataFrame) -> style.Figure:
    """Draw how often each rating is given.

    Args:
        distribution: Columns `rating`, `n_ratings`, `share` (0 to 1), by rating.
    """
    values, shares = distribution["rating"], distribution["share"]
    few = len(values) <= _MOST_LABELLED
    figure = style.new_figure()
    hover = [
        f"rating {value:g}: {n:,} ratings, {percent(share, 1)}"
        for value, n, share in zip(values, distribution["n_ratings"], shares, strict=True)
    ]
    texts = [percent(share) for share in shares] if few else None
    draw.bars(figure, values, 100 * shares, style.PALETTE[0], hover, text=texts)
    figure.update_layout(xaxis_tickvals=values.tolist() if few else None, yaxis=_IN_PERCENT)
    n, mean = int(distribution["n_ratings"].sum()), float((values * shares).sum())
    return style.finish(
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


def long_tail_figure(per_user: pd.DataFrame, per_item: pd.DataFrame) -> style.Figure:
    """Draw how many users and items have at least so many ratings.

    Args:
        per_user: Columns `n_ratings`, `n_users`, `share_with_at_least` (0 to 1), by number of
            ratings.
        per_item: The same with `n_items`.
    """
    figure = style.new_figure()
    medians = {}
    for kind, table in (("users", per_user), ("items", per_item)):
        numbers, shares = table["n_ratings"], table["share_with_at_least"]
        medians[kind] = np.median(np.repeat(numbers, table[f"n_{kind}"]))
        hover = [
            f"{percent(share, 2)} of the {kind} have {n:,} ratings or more"
            for n, share in zip(numbers, shares, strict=True)
        ]
        line = {"color": _HUES[kind], "width": 2.5}
        mode = "lines+markers" if len(table) < 3 else "lines"
        draw.points(figure, numbers, 100 * shares, kind, hover, mode=mode, line=line)
    by_tens = {"type": "log", "dtick": 1}
    figure.update_layout(xaxis=by_tens, yaxis=by_tens | _IN_PERCENT)
    counts = per_item["n_items"]
    singles = float(counts[per_item["n_ratings"] == 1].sum() / counts.sum())
    single = f"; {percent(singles)} of the items have a single one" if singles else ""
    return style.finish(
        figure,
        f"The median item has {counted(medians['items'], 'rating', 'ratings')}, "
        f"the median user {medians['users']:g}{single}",
        "Share with at least so many ratings; a line that falls slowly is a long tail.",
        "Number of ratings (logarithmic)",
        "Share with as many or more (logarithmic)",
    )


def concentration_figure(concentration: pd.DataFrame) -> style.Figure:
    """Draw which share of the ratings the most rated items and the most active users have.

    Args:
        concentration: Per `kind` ("items", "users") rising `share` of all of them, from the
            most ratings on, `share_of_ratings` that they have (0 to 1), and `gini`.
    """
    figure = style.new_figure()
    line = {"color": style.GREY, "dash": "dash"}
    equal = {"mode": "lines", "line": line, "hoverinfo": "skip"}
    draw.points(figure, [0, 100], [0, 100], "all equally many", **equal)
    halves: dict[str, float] = {}
    for kind, rows in concentration.groupby("kind", sort=False):
        shares, parts = rows["share"], rows["share_of_ratings"]
        halves[str(kind)] = float(shares[parts >= 0.5].iloc[0])
        x, y = [0, *(100 * shares)], [0, *(100 * parts)]
        hover = [
            f"{percent(share, 2)} of the {kind} have {percent(part, 1)} of the ratings"
            for share, part in zip(shares, parts, strict=True)
        ]
        look = {"mode": "lines", "line": {"color": _HUES[str(kind)], "width": 2.5}}
        name = f"{kind} (Gini {rows['gini'].iloc[0]:.2f})"
        draw.points(figure, x, y, name, ["", *hover], **look)
    half = {"color": style.GREY, "dash": "dot", "width": 1}
    figure.add_shape(type="line", x0=0, x1=100, y0=50, y1=50, line=half)
    x_axis, y_axis = ({"range": [0, end]} | _IN_PERCENT for end in (101, 102))
    figure.update_layout(xaxis=x_axis, yaxis=y_axis)
    return style.finish(
        figure,
        f"Half of all ratings go to {fine_percent(halves['items'])} of the items and come from "
        f"{fine_percent(halves['users'])} of the users",
        "From the most rated or most active down. The farther above the diagonal, the less equal.",
        "Share of the items or users",
        "Share of the ratings that they have",
    )


def activity_figure(activity: pd.DataFrame) -> style.Figure:
    """Draw ratings, users and mean rating over time, one below the other.

    Args:
        activity: One row per year or month, with the columns `period` ("1999" or "1999-12"),
            `n_ratings`, `n_users`, `n_new_users`, `mean_rating` (may be missing).
    """
    if activity.empty:
        return style.message_figure("No times of ratings: this data set has none")
    figure = style.new_figure()
    by_month = len(activity["period"].iloc[0]) > 4
    x = activity["period"] if by_month else activity["period"].astype(int)
    draw.bars(figure, x, activity["n_ratings"], style.GREY, name="", showlegend=False)
    for column, name, hue, panel in (
        ("n_users", "users who rate", style.PALETTE[0], "2"),
        ("n_new_users", "new users", style.PALETTE[1], "2"),
        ("mean_rating", "", style.PALETTE[2], "3"),
    ):
        look = {"line_color": hue, "showlegend": bool(name)}
        draw.points(figure, x, activity[column], name, xaxis="x", yaxis=f"y{panel}", **look)
    scale = "category" if len(x) == 1 else "date" if by_month else "linear"
    few, from_0 = {"nticks": 4}, {"nticks": 4, "rangemode": "tozero"}
    figure.update_layout(
        xaxis={"anchor": "y3", "type": scale, "showgrid": False},
        yaxis={"domain": [0.7, 1], **from_0},
        yaxis2={"domain": [0.36, 0.64], "title_text": "Users", **from_0},
        yaxis3={"domain": [0, 0.3], "title_text": "Mean rating", **few},
    )
    unit = "month" if by_month else "year"
    return style.finish(
        figure,
        _activity_finding(activity, unit),
        f"By {unit}. A user is new in the {unit} of their first rating.",
        unit.capitalize(),
        "Ratings",
        drawn=_HIGH,
        legend=55,
    )


def _activity_finding(activity: pd.DataFrame, unit: str) -> str:
    if len(activity) == 1:
        return f"All ratings are from {activity['period'].iloc[0]}"
    shares = activity["n_ratings"] / activity["n_ratings"].sum()
    busiest = int(shares.argmax())
    means = activity.loc[shares >= _ENOUGH, "mean_rating"]
    return (
        f"{activity['period'].iloc[busiest]} was the busiest {unit}, with "
        f"{percent(shares.iloc[busiest])} of the ratings; the mean rating went between "
        f"{means.min():.2f} and {means.max():.2f}"
    )


def sparsity_figure(sparsity: pd.DataFrame) -> style.Figure:
    """Draw how full the table of users and items is.

    Args:
        sparsity: One row per block: `user_block`, `item_block` (from 0, the most ratings),
            `n_users`, `n_items`, `n_ratings`, `share_filled` (0 to 1).
    """
    shares = sparsity.pivot_table(
        index="user_block", columns="item_block", values="share_filled"
    ).to_numpy(dtype=np.float64)
    filled = float(sparsity["n_ratings"].sum() / (sparsity["n_users"] * sparsity["n_items"]).sum())
    with np.errstate(divide="ignore"):
        logarithms = np.log10(100 * shares)
    lowest = np.floor(logarithms[np.isfinite(logarithms)].min(initial=0))
    ticks = {float(tick): f"{10.0**tick:g} %" for tick in np.arange(lowest, 3)}
    y, x = ((100 * np.linspace(0, 1, n + 1)).tolist() for n in shares.shape)
    hover = [[f"{percent(share, 2)} filled" for share in row] for row in shares]
    bar = {"title": {"text": "filled", "side": "top"}}
    look = {"colorscale": "Cividis", "reversescale": True}
    figure = style.new_figure()
    draw.heatmap(figure, x, y, logarithms, hover, ticks, bar, **look)
    axis = {"showgrid": False, **_IN_PERCENT}
    figure.update_layout(
        xaxis={"constrain": "domain", **axis}, yaxis={"autorange": "reversed", **axis}
    )
    return style.finish(
        figure,
        f"{_emptiness(filled)} of the pairs of user and item have no rating; in the upper left "
        f"corner, {fine_percent(1 - shares[0, 0])}",
        "Sorted by number of ratings. Colour: share of a block's pairs with a rating; white: none.",
        "Items, from the most rated (0 %) to the least (100 %)",
        "Users, from the most active down",
        room=24,
        drawn=_HIGH,
    )


def _emptiness(filled: float) -> str:
    """The share that is empty, with as many decimals as tell it from 100 %."""
    n_decimals = 1
    while n_decimals < 6 and 0 < filled < 0.5 * 10.0 ** -(n_decimals + 2):
        n_decimals += 1
    return percent(1 - filled, n_decimals)
