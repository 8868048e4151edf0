"""Draw the items: genres, release years, which are rated most and best."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from explainable_recsys.figures.exploration_rows import row_label, rows_figure, short_label
from explainable_recsys.figures.style import (
    DIVERGING,
    NEUTRAL,
    PALETTE,
    escape,
    finish,
    message_figure,
    new_figure,
    percent,
    two_panels,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ENOUGH_ITEMS = 10  # of a genre or a period, for its mean to be named in a title
_MOST_GENRES = 25  # rows, from the most ratings
_FARTHEST = 4.0  # lift that has the full colour: 2 to the power of it, and of minus it
_CELL, _SCALE = 18, 76  # heights in pixels: of a row of a heatmap, of the scale below it
_LETTER = 7  # height of a letter of a vertical label
_ROW, _FOOT = 22, 84  # heights in pixels: of a row of a list, of what is below


def genres_figure(genres: pd.DataFrame) -> go.Figure:
    """Draw how many items and ratings the genres have, and how they are rated.

    Args:
        genres: Most ratings first: `genre`, `n_items`, `share_of_items`, `share_of_ratings`
            (0 to 1), `mean_rating`, `low`, `high`.
    """
    if genres.empty:
        return message_figure("No genres: this data set has none")
    shown = genres.head(_MOST_GENRES).reset_index(drop=True)
    most = shown.iloc[shown["share_of_items"].argmax()]
    title = f"{escape(most['genre'])} is the most frequent genre"
    title += f" ({percent(most['share_of_items'])} of the items)"
    sure = shown[shown["n_items"] >= _ENOUGH_ITEMS]
    if len(sure) > 1:
        best = sure.iloc[int(sure["mean_rating"].argmax())]
        worst = sure.iloc[int(sure["mean_rating"].argmin())]
        title += (
            f"; {escape(best['genre'])} is rated best ({best['mean_rating']:.2f}), "
            f"{escape(worst['genre'])} worst ({worst['mean_rating']:.2f})"
        )
    first = f"The {len(shown)} genres with the most ratings. " if len(shown) < len(genres) else ""
    return rows_figure(
        [row_label(genre) for genre in shown["genre"]],
        {"items": shown["share_of_items"], "ratings": shown["share_of_ratings"]},
        {"mean rating": shown},
        (
            title,
            f"{first}Left: share of all; items may have several genres. "
            "Bars: 95 % intervals over items.",
        ),
        "Share",
    )


def genre_pairs_figure(pairs: pd.DataFrame) -> go.Figure:
    """Draw which genres come together more often than by chance, and which less.

    Args:
        pairs: One row per ordered pair of genres: `genre`, `other`, `n_items`, `share` (0 to
            1: of the items of `genre`), `lift`.
    """
    if pairs.empty:
        return message_figure("No pairs of genres: this data set has no two genres")
    lift = pairs.pivot_table(index="genre", columns="other", values="lift")
    with np.errstate(divide="ignore"):
        colours = np.clip(np.log2(lift.to_numpy()), -_FARTHEST, _FARTHEST)
    names = [row_label(name) for name in lift.index]
    told = {(pair["genre"], pair["other"]): _pair_text(pair) for pair in pairs.to_dict("records")}
    hover = [[told.get((row, column), "") for column in lift.columns] for row in lift.index]
    ticks = np.arange(-_FARTHEST, _FARTHEST + 1, 2)
    places = list(range(len(names)))
    foot = _SCALE + _LETTER * max(map(len, names))
    figure = new_figure()
    figure.add_heatmap(
        x=places,
        y=places,
        z=[[None if np.isnan(value) else value for value in row] for row in colours.tolist()],
        zmin=-_FARTHEST,
        zmax=_FARTHEST,
        colorscale=DIVERGING,
        colorbar={
            "orientation": "h",
            "thickness": 10,
            "tickvals": ticks.tolist(),
            "ticktext": ["≤ 1/16", "1/4", "1", "4", "≥ 16"],
            "title": {"text": "Lift (1: as by chance)", "side": "top"},
            "y": -(foot - _SCALE + 12) / (_CELL * len(names)),
            "yanchor": "top",
        },
        hovertext=hover,
        hoverinfo="text",
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )
    axis = {"tickvals": places, "ticktext": names, "showgrid": False, "ticks": ""}
    figure.update_layout(
        xaxis={**axis, "tickangle": -90},
        yaxis={**axis, "autorange": "reversed"},
        margin_b=foot,
    )
    finish(
        figure,
        _pairs_finding(pairs),
        "Lift: times as many items with both genres as by chance. Orange: more; blue: fewer.",
    )
    return figure.update_layout(height=_CELL * len(names) + figure.layout.margin.t + foot)


def _pair_text(pair: dict[Hashable, Any]) -> str:
    genre, other = escape(pair["genre"]), escape(pair["other"])
    return (
        f"{genre} and {other}: {pair['n_items']:,} items, {percent(pair['share'])} of {genre}"
        f"<br>lift {pair['lift']:.2f}"
    )


def _pairs_finding(pairs: pd.DataFrame) -> str:
    common = pairs[pairs["n_items"] >= _ENOUGH_ITEMS]
    if common.empty:
        common = pairs
    best = common.iloc[int(common["lift"].argmax())]
    if best["n_items"] == 0:
        return "No item has two genres"
    names = f"{escape(best['genre'])} and {escape(best['other'])}"
    return (
        f"{names} come together {best['lift']:.1f} times as often as by chance "
        f"({best['n_items']:,} item{'' if best['n_items'] == 1 else 's'})"
    )


def releases_figure(years: pd.DataFrame, decades: pd.DataFrame) -> go.Figure:
    """Draw when the items came out, how much they are rated, and how well.

    Args:
        years: By year: `first_year`, `share_of_items`, `share_of_ratings` (0 to 1).
        decades: By decade: `first_year`, `n_items`, `share_of_ratings`, `mean_rating`, `low`,
            `high`.
    """
    if years.empty:
        return message_figure("No release years: this data set has none")
    figure = two_panels("Mean rating")
    for column, name, hue in (
        ("share_of_items", "items", PALETTE[0]),
        ("share_of_ratings", "ratings", PALETTE[1]),
    ):
        figure.add_scatter(
            x=years["first_year"].tolist(),
            y=(100 * years[column]).tolist(),
            mode="lines" if len(years) > 1 else "markers",
            name=name,
            line={"color": hue},
        )
    figure.add_scatter(
        x=decades["first_year"].tolist(),
        y=decades["mean_rating"].tolist(),
        error_y={
            "type": "data",
            "array": (decades["high"] - decades["mean_rating"]).fillna(0).tolist(),
            "arrayminus": (decades["mean_rating"] - decades["low"]).fillna(0).tolist(),
            "color": NEUTRAL,
            "thickness": 1.5,
            "width": 0,
        },
        mode="markers",
        marker={"color": PALETTE[2], "size": 9},
        showlegend=False,
        hovertext=[
            f"{row.first_year}s: {row.mean_rating:.2f}, {row.n_items:,} items"
            for row in decades.itertuples()
        ],
        hoverinfo="text",
        xaxis="x2",
        yaxis="y2",
    )
    figure.update_layout(
        xaxis={"tickformat": "d", "nticks": 4, "tickangle": 0},
        yaxis={"ticksuffix": " %", "rangemode": "tozero"},
        xaxis2={"tickvals": _few(decades["first_year"]), "title_text": "Decade of release"},
    )
    return finish(
        figure,
        _releases_finding(decades),
        f"Bars: 95 % intervals over items. Title: of decades with {_ENOUGH_ITEMS} items or more.",
        "Year of release",
        "Share per year",
    )


def _few(decades: pd.Series) -> list[int]:
    """At most four decades, equally far apart, from the first one."""
    first, last = int(decades.min()), int(decades.max())
    return list(range(first, last + 1, 10 * max(-(-(last - first) // 30), 1)))


def _releases_finding(decades: pd.DataFrame) -> str:
    most = decades.iloc[int(decades["share_of_ratings"].argmax())]
    share = percent(most["share_of_ratings"])
    title = f"{share} of the ratings are of items from the {most['first_year']:.0f}s"
    sure = decades[decades["n_items"] >= _ENOUGH_ITEMS]
    if len(sure) < 2:
        return title
    best = sure.iloc[int(sure["mean_rating"].argmax())]
    if best["first_year"] == most["first_year"]:
        return f"{title}, which are also rated best ({best['mean_rating']:.2f})"
    return (
        f"{title}, rated {most['mean_rating']:.2f}; those from the {best['first_year']:.0f}s are "
        f"rated best ({best['mean_rating']:.2f})"
    )


def most_rated_figure(most_rated: pd.DataFrame) -> go.Figure:
    """Draw the items that most users rated.

    Args:
        most_rated: In order: `title`, `year` (may be missing), `n_ratings`, `share_of_users`
            (0 to 1), `mean_rating`.
    """
    figure = new_figure()
    names = _names(most_rated)
    figure.add_bar(
        x=(100 * most_rated["share_of_users"]).tolist(),
        y=list(range(len(names))),
        orientation="h",
        marker_color=PALETTE[0],
        hovertext=[
            f"<b>{name}</b><br>{row.n_ratings:,} ratings, mean {row.mean_rating:.2f}"
            for name, row in zip(names, most_rated.itertuples(), strict=True)
        ],
        hoverinfo="text",
    )
    figure.update_layout(xaxis={"rangemode": "tozero", "ticksuffix": " %"})
    first = most_rated.iloc[0]
    return _finish_list(
        figure,
        f"{names[0]} is rated most, by {percent(first['share_of_users'])} of the users",
        f"The {len(names)} items with the most ratings.",
        "Share of the users",
        _names(most_rated, row_label),
    )


def best_rated_figure(best_rated: pd.DataFrame, damping: float) -> go.Figure:
    """Draw the items with the highest shrunk mean, and their raw mean beside it.

    Args:
        best_rated: In order: `title`, `year` (may be missing), `n_ratings`, `shrunk_mean`,
            `mean_rating`, `rank_by_mean`.
        damping: Number of ratings of the overall mean that every item was given.
    """
    figure = new_figure()
    names = _names(best_rated)
    places = list(range(len(names)))
    hover = [
        f"<b>{name}</b><br>{row.n_ratings:,} ratings, mean {row.mean_rating:.2f} "
        f"(rank {row.rank_by_mean:,}), shrunk {row.shrunk_mean:.2f}"
        for name, row in zip(names, best_rated.itertuples(), strict=True)
    ]
    for column, name, marker in (
        ("mean_rating", "raw mean", {"color": NEUTRAL, "symbol": "diamond", "size": 8}),
        ("shrunk_mean", "shrunk mean", {"color": PALETTE[0], "size": 10}),
    ):
        figure.add_scatter(
            x=best_rated[column].tolist(),
            y=places,
            mode="markers",
            name=name,
            marker=marker,
            hovertext=hover,
            hoverinfo="text",
        )
    first = best_rated.iloc[0]
    title = f"{names[0]} is rated best ({first['shrunk_mean']:.2f})"
    if first["rank_by_mean"] > 1:
        before = first["rank_by_mean"] - 1
        are = "is one item" if before == 1 else f"are {before:,} items"
        title += f"; by the raw mean there {are} before it"
    return _finish_list(
        figure,
        title,
        f"Shrunk: with {damping:g} more ratings of the overall mean. In brackets: ratings.",
        "Mean rating",
        [
            f"{name} ({n:,})"
            for name, n in zip(_names(best_rated, row_label), best_rated["n_ratings"], strict=True)
        ],
    )


def _names(table: pd.DataFrame, shorten: Callable[[object], str] = short_label) -> list[str]:
    """Titles with their years, ready to be shown."""
    return [
        shorten(title) + ("" if pd.isna(year) else f" ({year})")
        for title, year in zip(table["title"], table["year"], strict=True)
    ]


def _finish_list(
    figure: go.Figure,
    title: str,
    subtitle: str,
    x_title: str,
    labels: list[str],
) -> go.Figure:
    """Name the rows, from the top, and give them room."""
    height = _ROW * len(labels) + 24
    figure.update_layout(
        yaxis={
            "range": [len(labels) - 0.4, -0.6],
            "tickvals": list(range(len(labels))),
            "ticktext": labels,
            "ticks": "",
        },
        xaxis={"nticks": 4, "tickangle": 0},
        legend={"y": -52 / height},
        margin_b=_FOOT,
    )
    finish(figure, title, subtitle, x_title)
    return figure.update_layout(height=height + figure.layout.margin.t + _FOOT)
