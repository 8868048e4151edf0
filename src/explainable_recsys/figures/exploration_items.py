"""Draw the items: genres, release years, which are rated most and best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.exploration_rows import row_label, rows_figure
from explainable_recsys.figures.texts import counted, escape, label, percent

_ENOUGH_ITEMS = 10  # of a genre or a period, for its mean to be named in a title
_MOST_GENRES = 25  # rows, from the most ratings
_LIFTS = {-4.0: "≤ 1/16", -2.0: "1/4", 0.0: "1", 2.0: "4", 4.0: "≥ 16"}
"""Of the colours, by their logarithm to base 2: those beyond have the colour of the last."""

_CELL, _SCALE = 18, 76  # heights in pixels: of a row of a heatmap, of the scale below it
_LETTER = 7  # height of a letter of a vertical label
_ROW, _FOOT = 22, 84  # heights in pixels: of a row of a list, of what is below


def genres_figure(genres: pd.DataFrame) -> style.Figure:
    """Draw how many items and ratings the genres have, and how they are rated.

    Args:
        genres: Most ratings first: `genre`, `n_items`, `share_of_items`, `share_of_ratings`
            (0 to 1), `mean_rating`, `low`, `high`.
    """
    if genres.empty:
        return style.message_figure("No genres: this data set has none")
    shown = genres.head(_MOST_GENRES).reset_index(drop=True)
    most = shown.iloc[shown["share_of_items"].argmax()]
    title = f"{escape(most['genre'])} is the most frequent genre"
    title += f" ({percent(most['share_of_items'])} of the items)"
    sure = shown[shown["n_items"] >= _ENOUGH_ITEMS]
    if len(sure) > 1:
        means = sure["mean_rating"]
        best, worst = sure.iloc[int(means.argmax())], sure.iloc[int(means.argmin())]
        title += (
            f"; {escape(best['genre'])} is rated best ({best['mean_rating']:.2f}), "
            f"{escape(worst['genre'])} worst ({worst['mean_rating']:.2f})"
        )
    first = f"The {len(shown)} genres with the most ratings. " if len(shown) < len(genres) else ""
    how = "Left: share of all; items may have several genres. Bars: 95 % intervals over items."
    shares = {"items": shown["share_of_items"], "ratings": shown["share_of_ratings"]}
    labels, texts = [row_label(genre) for genre in shown["genre"]], (title, f"{first}{how}")
    return rows_figure(labels, shares, {"mean rating": shown}, texts, "Share")


def genre_pairs_figure(pairs: pd.DataFrame) -> style.Figure:
    """Draw which genres come together more often than by chance, and which less.

    Args:
        pairs: One row per ordered pair of genres: `genre`, `other`, `n_items`, `share` (0 to
            1: of the items of `genre`), `lift`.
    """
    if pairs.empty:
        return style.message_figure("No pairs of genres: this data set has no two genres")
    lift = pairs.pivot_table(index="genre", columns="other", values="lift")
    with np.errstate(divide="ignore"):
        colours = np.clip(np.log2(lift.to_numpy()), min(_LIFTS), max(_LIFTS))
    names = [row_label(name) for name in lift.index]
    told = pairs.assign(text=[_pair_text(pair) for pair in pairs.itertuples()])
    hover = told.pivot_table("text", "genre", "other", aggfunc="first").fillna("")
    height, foot = _CELL * len(names), _SCALE + _LETTER * max(map(len, names))
    rows = draw.row_axis(names, showgrid=False)
    places, texts = rows["tickvals"], hover.to_numpy().tolist()
    figure = style.new_figure()
    bar = draw.scale_below("Lift (1: as by chance)", (foot - _SCALE + 12) / height)
    look = {"colorscale": style.DIVERGING, "xgap": 1, "ygap": 1}
    draw.heatmap(figure, places, places, colours, texts, _LIFTS, bar, **look)
    figure.update_layout(xaxis={**rows, "range": rows["range"][::-1], "tickangle": -90}, yaxis=rows)
    how = "Lift: times as many items with both genres as by chance. Orange: more; blue: fewer."
    return style.finish(figure, _pairs_finding(pairs), how, drawn=height, foot=foot)


def _pair_text(pair: Any) -> str:
    genre, other, share = escape(pair.genre), escape(pair.other), percent(pair.share)
    both = f"{genre} and {other}: {pair.n_items:,} items, {share} of {genre}"
    return f"{both}<br>lift {pair.lift:.2f}"


def _pairs_finding(pairs: pd.DataFrame) -> str:
    common = pairs[pairs["n_items"] >= _ENOUGH_ITEMS]
    common = pairs if common.empty else common
    best = common.iloc[int(common["lift"].argmax())]
    if best["n_items"] == 0:
        return "No item has two genres"
    names = f"{escape(best['genre'])} and {escape(best['other'])}"
    return (
        f"{names} come together {best['lift']:.1f} times as often as by chance "
        f"({counted(best['n_items'], 'item', 'items')})"
    )


def releases_figure(years: pd.DataFrame, decades: pd.DataFrame) -> style.Figure:
    """Draw when the items came out, how much they are rated, and how well.

    Args:
        years: By year: `first_year`, `share_of_items`, `share_of_ratings` (0 to 1).
        decades: By decade: `first_year`, `n_items`, `share_of_ratings`, `mean_rating`, `low`,
            `high`.
    """
    if years.empty:
        return style.message_figure("No release years: this data set has none")
    figure = style.two_panels("Mean rating")
    mode = "lines" if len(years) > 1 else "markers"
    for name, hue in (("items", style.PALETTE[0]), ("ratings", style.PALETTE[1])):
        shares = 100 * years[f"share_of_{name}"]
        draw.points(figure, years["first_year"], shares, name, mode=mode, line_color=hue)
    starts, means = decades["first_year"], decades["mean_rating"]
    hover = [
        f"{row.first_year}s: {row.mean_rating:.2f}, {row.n_items:,} items"
        for row in decades.itertuples()
    ]
    look = {"mode": "markers", "marker": {"color": style.PALETTE[2], "size": 9}}
    bars = draw.interval(means, decades["low"], decades["high"])
    draw.points(figure, starts, means, None, hover, "2", error_y=bars, showlegend=False, **look)
    first, last = int(starts.min()), int(starts.max())
    few = list(range(first, last + 1, 10 * max(-(-(last - first) // 30), 1)))  # at most four
    figure.update_layout(
        xaxis={"tickformat": "d", **draw.FEW_TICKS},
        yaxis={"ticksuffix": " %", "rangemode": "tozero"},
        xaxis2={"tickvals": few, "title_text": "Decade of release"},
    )
    return style.finish(
        figure,
        _releases_finding(decades),
        f"Bars: 95 % intervals over items. Title: of decades with {_ENOUGH_ITEMS} items or more.",
        "Year of release",
        "Share per year",
    )


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


def most_rated_figure(most_rated: pd.DataFrame) -> style.Figure:
    """Draw the items that most users rated.

    Args:
        most_rated: In order: `title`, `year` (may be missing), `n_ratings`, `share_of_users`
            (0 to 1), `mean_rating`.
    """
    figure = style.new_figure()
    names, shares = _names(most_rated), most_rated["share_of_users"]
    hover = [
        f"<b>{name}</b><br>{row.n_ratings:,} ratings, mean {row.mean_rating:.2f}"
        for name, row in zip(names, most_rated.itertuples(), strict=True)
    ]
    places = range(len(names))
    draw.bars(figure, 100 * shares, places, style.PALETTE[0], hover, orientation="h")
    figure.update_layout(xaxis={"rangemode": "tozero", "ticksuffix": " %"})
    title = f"{names[0]} is rated most, by {percent(shares.iloc[0])} of the users"
    subtitle = f"The {len(names)} items with the most ratings."
    labels = _names(most_rated, row_label)
    return _finish_list(figure, labels, title, subtitle, "Share of the users")


def best_rated_figure(best_rated: pd.DataFrame, damping: float) -> style.Figure:
    """Draw the items with the highest shrunk mean, and their raw mean beside it.

    Args:
        best_rated: In order: `title`, `year` (may be missing), `n_ratings`, `shrunk_mean`,
            `mean_rating`, `rank_by_mean`.
        damping: Number of ratings of the overall mean that every item was given.
    """
    figure = style.new_figure()
    names = _names(best_rated)
    hover = [
        f"<b>{name}</b><br>{row.n_ratings:,} ratings, mean {row.mean_rating:.2f} "
        f"(rank {row.rank_by_mean:,}), shrunk {row.shrunk_mean:.2f}"
        for name, row in zip(names, best_rated.itertuples(), strict=True)
    ]
    for column, name, marker in (
        ("mean_rating", "raw mean", {"color": style.GREY, "symbol": "diamond", "size": 8}),
        ("shrunk_mean", "shrunk mean", {"color": style.PALETTE[0], "size": 10}),
    ):
        look = {"mode": "markers", "marker": marker}
        draw.points(figure, best_rated[column], range(len(names)), name, hover, **look)
    first = best_rated.iloc[0]
    title = f"{names[0]} is rated best ({first['shrunk_mean']:.2f})"
    if first["rank_by_mean"] > 1:
        before = first["rank_by_mean"] - 1
        are = "is one item" if before == 1 else f"are {before:,} items"
        title += f"; by the raw mean there {are} before it"
    subtitle = f"Shrunk: with {damping:g} more ratings of the overall mean. In brackets: ratings."
    rows = zip(_names(best_rated, row_label), best_rated["n_ratings"], strict=True)
    labels = [f"{name} ({n:,})" for name, n in rows]
    return _finish_list(figure, labels, title, subtitle, "Mean rating")


def _names(table: pd.DataFrame, shorten: Callable[[object], str] = label) -> list[str]:
    """Titles with their years, ready to be shown."""
    return [
        shorten(title) + ("" if pd.isna(year) else f" ({year})")
        for title, year in zip(table["title"], table["year"], strict=True)
    ]


def _finish_list(figure: style.Figure, labels: list[str], *texts: str) -> style.Figure:
    """Name the rows, from the top, and give them room."""
    figure.update_layout(yaxis=draw.row_axis(labels), xaxis=draw.FEW_TICKS)
    return style.finish(figure, *texts, drawn=_ROW * len(labels) + 24, foot=_FOOT, legend=52)
