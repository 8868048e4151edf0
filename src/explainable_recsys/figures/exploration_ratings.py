"""Draw the ratings: their values, the long tail, the time, the empty table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import fine_percent, percent
from explainable_recsys.wording.numbers import fixed, short, significant
from explainable_recsys.wording.phrases import phrase

_MOST_LABELLED = 12  # bars that have their share written above
_ENOUGH = 0.01  # share of the ratings that a period must have for its mean to be in a title
_HIGH = 346  # height in pixels of what is drawn, where much is to be seen


def rating_distribution_figure(distribution: pd.DataFrame) -> style.Figure:
    """Draw how often each rating is given.

    Args:
        distribution: Columns `rating`, `n_ratings`, `share` (0 to 1), by rating.
    """
    values, shares = distribution["rating"], distribution["share"]
    few = len(values) <= _MOST_LABELLED
    figure = style.new_figure()
    texts = [percent(share) for share in shares] if few else None
    draw.bars(figure, values, 100 * shares, style.PALETTE[0], text=texts)
    figure.update_layout(xaxis_tickvals=values.tolist() if few else None, yaxis=draw.PERCENT)
    return style.finish(
        figure,
        _distribution_finding(values, shares),
        phrase(
            "How often each rating is given; {n} ratings with a mean of {mean}.",
            n=fixed(distribution["n_ratings"].sum(), 0),
            mean=fixed((values * shares).sum(), 2),
        ),
        phrase("Rating"),
        phrase("Share of the ratings"),
    )


def _distribution_finding(values: pd.Series, shares: pd.Series) -> str:
    top = int(shares.argmax())
    middle = (values.iloc[0] + values.iloc[-1]) / 2
    return phrase(
        "{above} of the ratings are above the middle of the scale ({middle}); the most frequent "
        "is {rating} ({share})",
        above=percent(shares[values > middle].sum()),
        middle=short(middle),
        rating=short(values.iloc[top]),
        share=percent(shares.iloc[top]),
    )


def long_tail_figure(per_user: pd.DataFrame, per_item: pd.DataFrame) -> style.Figure:
    """Draw how many users and items have at least so many ratings.

    Args:
        per_user: Columns `n_ratings`, `n_users`, `share_with_at_least` (0 to 1), by number of
            ratings.
        per_item: The same with `n_items`.
    """
    figure = style.new_figure()
    for place, (name, table) in enumerate(
        {phrase("items"): per_item, phrase("users"): per_user}.items()
    ):
        mode = "lines+markers" if len(table) < 3 else "lines"
        shares = {name: 100 * table["share_with_at_least"]}
        draw.lines(figure, table["n_ratings"], shares, first=place, mode=mode)
    by_tens = {"type": "log", "dtick": 1}
    figure.update_layout(xaxis=by_tens, yaxis=by_tens | draw.PERCENT)
    medians = {
        "items": short(np.median(np.repeat(per_item["n_ratings"], per_item["n_items"]))),
        "users": short(np.median(np.repeat(per_user["n_ratings"], per_user["n_users"]))),
    }
    return style.finish(
        figure,
        phrase("Median number of ratings: {items} per item, {users} per user", **medians),
        phrase("Share with at least so many ratings; a line that falls slowly is a long tail."),
        phrase("Number of ratings (logarithmic)"),
        phrase("Share with as many or more (logarithmic)"),
    )


def concentration_figure(concentration: pd.DataFrame) -> style.Figure:
    """Draw which share of the ratings the most rated items and the most active users have.

    Args:
        concentration: Per `kind` ("items", "users") rising `share` of all of them, from the
            most ratings on, `share_of_ratings` that they have (0 to 1), and `gini`.
    """
    figure = style.new_figure()
    halves: dict[str, str] = {}
    names = {"items": phrase("items"), "users": phrase("users")}
    for place, (kind, name) in enumerate(names.items()):
        rows = concentration[concentration["kind"] == kind]
        shares, parts = rows["share"], rows["share_of_ratings"]
        halves[kind] = fine_percent(shares[parts >= 0.5].iloc[0])
        curve = {f"{name} (Gini {fixed(rows['gini'].iloc[0], 2)})": [0, *(100 * parts)]}
        draw.lines(figure, [0, *(100 * shares)], curve, first=place, mode="lines")
    equal = {"mode": "lines", "line": {"color": style.GREY, "dash": "dot"}, "hoverinfo": "skip"}
    draw.points(figure, [0, 100], [0, 100], phrase("all equally many"), **equal)
    axis = {"range": [0, 102]} | draw.PERCENT
    figure.update_layout(xaxis=axis, yaxis=axis)
    return style.finish(
        figure,
        phrase(
            "Half of all ratings go to {items} of the items and come from {users} of the users",
            **halves,
        ),
        phrase(
            "From the most rated or most active down. The farther above the diagonal, the less "
            "equal."
        ),
        phrase("Share of the items or users"),
        phrase("Share of the ratings that they have"),
    )


def activity_figure(activity: pd.DataFrame) -> style.Figure:
    """Draw ratings, users and mean rating over time, one below the other.

    Args:
        activity: One row per year or month, with the columns `period` ("1999" or "1999-12"),
            `n_ratings`, `n_users`, `n_new_users`, `mean_rating` (may be missing).
    """
    if activity.empty:
        return style.message_figure(phrase("No times of ratings: this data set has none"))
    figure = style.new_figure()
    by_month = len(activity["period"].iloc[0]) > 4
    x = activity["period"] if by_month else activity["period"].astype(int)
    draw.bars(figure, x, activity["n_ratings"], style.GREY, name="", showlegend=False)
    users = {
        phrase("users who rate"): activity["n_users"],
        phrase("new users"): activity["n_new_users"],
    }
    draw.lines(figure, x, users, yaxis="y2", xaxis="x")
    mean = {phrase("mean rating"): activity["mean_rating"]}
    draw.lines(figure, x, mean, first=2, yaxis="y3", xaxis="x", showlegend=False)
    scale = "category" if len(x) == 1 else "date" if by_month else "linear"
    few, from_0 = {"nticks": 4}, {"nticks": 4, "rangemode": "tozero"}
    unit = phrase("Month") if by_month else phrase("Year")
    figure.update_layout(
        xaxis={"anchor": "y3", "type": scale, "showgrid": False},
        yaxis={"domain": [0.7, 1], **from_0},
        yaxis2={"domain": [0.36, 0.64], "title_text": phrase("Users"), **from_0},
        yaxis3={"domain": [0, 0.3], "title_text": phrase("Mean rating"), **few},
    )
    return style.finish(
        figure,
        _activity_finding(activity),
        phrase("A user is new in the {period} of their first rating.", period=unit.lower()),
        unit,
        phrase("Ratings"),
        drawn=_HIGH,
        legend=55,
    )


def _activity_finding(activity: pd.DataFrame) -> str:
    shares = activity["n_ratings"] / activity["n_ratings"].sum()
    busiest = int(shares.argmax())
    means = activity.loc[shares >= _ENOUGH, "mean_rating"]
    return phrase(
        "{period} was the busiest, with {share} of the ratings; the mean rating went between "
        "{low} and {high}",
        period=activity["period"].iloc[busiest],
        share=percent(shares.iloc[busiest]),
        low=fixed(means.min(), 2),
        high=fixed(means.max(), 2),
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
    shares = np.where(shares > 0, shares, np.nan)
    lowest = np.floor(np.log10(np.nanmin(shares)))
    ticks = {10.0**tick: f"{short(100 * 10.0**tick)} %" for tick in np.arange(lowest, 1)}
    y, x = ((100 * np.linspace(0, 1, n + 1)).tolist() for n in shares.shape)
    look = {"colorscale": "Cividis", "reversescale": True}
    figure = style.new_figure()
    draw.heatmap(figure, x, y, shares, ticks, phrase("Pairs with a rating"), _HIGH, **look)
    axis = {"showgrid": False} | draw.PERCENT
    figure.update_layout(
        xaxis={"constrain": "domain", **axis}, yaxis={"autorange": "reversed", **axis}
    )
    return style.finish(
        figure,
        phrase(
            "{filled} % of the pairs of user and item have a rating; in the upper left corner, "
            "{corner} %",
            filled=significant(100 * filled),
            corner=significant(100 * shares[0, 0]),
        ),
        phrase(
            "Sorted by number of ratings. Colour: share of a block's pairs with a rating; white: "
            "none."
        ),
        phrase("Items, from the most rated (0 %) to the least (100 %)"),
        phrase("Users, from the most active down"),
        room=draw.SCALE,
        drawn=_HIGH,
    )
