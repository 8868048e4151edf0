"""Draw the items: genres, release years, which are rated most and best."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.rows import (
    mean_panel,
    row_label,
    rows_figure,
    share_panel,
    shares_of,
)
from explainable_recsys.figures.texts import escape, percent
from explainable_recsys.wording.numbers import fixed, short
from explainable_recsys.wording.phrases import phrase, plural

_ENOUGH_ITEMS = 10  # with a pair of genres, for it to be named in the title
_MOST_GENRES = 25  # rows, from the most ratings
_LIFTS = {1 / 16: "≤ 1/16", 1 / 4: "1/4", 1: "1", 4: "4", 16: "≥ 16"}
"""Ticks of the colours."""

_CELL, _LETTER = 18, 7  # heights in pixels: of a row of a heatmap, of a letter of a vertical label


def genres_figure(genres: pd.DataFrame) -> style.Figure:
    """Draw how many items and ratings the genres have, and how they are rated.

    Args:
        genres: Most ratings first: `genre`, `n_items`, `share_of_items`, `share_of_ratings`
            (0 to 1), `mean_rating`, `low`, `high`.
    """
    if genres.empty:
        return style.message_figure(phrase("No genres: this data set has none"))
    shown = genres.head(_MOST_GENRES)
    most = shown.iloc[shown["share_of_items"].argmax()]
    return rows_figure(
        [row_label(genre) for genre in shown["genre"]],
        [
            share_panel(phrase("Share"), shares_of(shown, "items", "ratings")),
            mean_panel({phrase("mean rating"): shown}),
        ],
        phrase(
            "{genre} is the most frequent genre ({share} of the items)",
            genre=escape(most["genre"]),
            share=percent(most["share_of_items"]),
        ),
        phrase(
            "At most {n} genres, those with the most ratings; items may have several. Bars: 95 % "
            "intervals over items.",
            n=_MOST_GENRES,
        ),
    )


def genre_pairs_figure(pairs: pd.DataFrame) -> style.Figure:
    """Draw which genres come together more often than by chance, and which less.

    Args:
        pairs: One row per ordered pair of genres: `genre`, `other`, `n_items`, `share` (0 to
            1: of the items of `genre`), `lift`.
    """
    if pairs.empty:
        return style.message_figure(phrase("No pairs of genres: this data set has no two genres"))
    lift = pairs.pivot_table(index="genre", columns="other", values="lift")
    names = [row_label(name) for name in lift.index]
    foot = 16 + _LETTER * max(map(len, names))
    rows = draw.row_axis(names, showgrid=False)
    figure = style.new_figure()
    look = {"colorscale": style.DIVERGING, "xgap": 1, "ygap": 1}
    places, scale = rows["tickvals"], phrase("Lift (1: as by chance)")
    height = _CELL * len(names)
    draw.heatmap(figure, places, places, lift.to_numpy(), _LIFTS, scale, height, **look)
    figure.update_layout(xaxis={**rows, "range": rows["range"][::-1], "tickangle": -90}, yaxis=rows)
    how = phrase(
        "Lift: times as many items with both genres as by chance. Orange: more; blue: fewer."
    )
    finding = _pairs_finding(pairs)
    return style.finish(figure, finding, how, room=draw.SCALE, drawn=height, foot=foot)


def _pairs_finding(pairs: pd.DataFrame) -> str:
    common = pairs[pairs["n_items"] >= _ENOUGH_ITEMS]
    common = pairs if common.empty else common
    best = common.iloc[int(common["lift"].argmax())]
    if best["n_items"] == 0:
        return phrase("No item has two genres")
    return phrase(
        "{genre} and {other} come together {lift} times as often as by chance ({items})",
        genre=escape(best["genre"]),
        other=escape(best["other"]),
        lift=fixed(best["lift"], 1),
        items=plural(int(best["n_items"]), "{n} item", "{n} items"),
    )


def releases_figure(years: pd.DataFrame, decades: pd.DataFrame) -> style.Figure:
    """Draw when the items came out, how much they are rated, and how well.

    Args:
        years: By year: `first_year`, `share_of_items`, `share_of_ratings` (0 to 1).
        decades: By decade: `first_year`, `n_items`, `share_of_ratings`, `mean_rating`, `low`,
            `high`.
    """
    if years.empty:
        return style.message_figure(phrase("No release years: this data set has none"))
    most = decades.iloc[int(decades["share_of_ratings"].argmax())]
    figure = style.two_panels(phrase("Mean rating"))
    mode = "lines" if len(years) > 1 else "markers"
    for place, (name, shares) in enumerate(shares_of(years, "items", "ratings").items()):
        draw.lines(figure, years["first_year"], {name: 100 * shares}, first=place, mode=mode)
    starts, means = decades["first_year"], {phrase("mean rating"): decades["mean_rating"]}
    bars = draw.interval(decades["mean_rating"], decades["low"], decades["high"])
    draw.lines(figure, starts, means, "2", first=2, mode="markers", error_y=bars)
    first, last = int(starts.min()), int(starts.max())
    few = list(range(first, last + 1, 10 * max(-(-(last - first) // 30), 1)))  # at most four
    figure.update_layout(
        xaxis={"tickformat": "d", **draw.FEW_TICKS},
        yaxis={"rangemode": "tozero"} | draw.PERCENT,
        xaxis2={"tickvals": few, "title_text": phrase("Decade of release")},
        yaxis2_hoverformat=".2f",
    )
    return style.finish(
        figure,
        phrase(
            "{share} of the ratings are of items from the {decade}s",
            share=percent(most["share_of_ratings"]),
            decade=int(most["first_year"]),
        ),
        phrase("Right: by decade. Bars: 95 % intervals over items."),
        phrase("Year of release"),
        phrase("Share per year"),
    )


def most_rated_figure(most_rated: pd.DataFrame) -> style.Figure:
    """Draw the items that most users rated.

    Args:
        most_rated: In order: `title`, `year` (may be missing), `n_ratings`, `share_of_users`
            (0 to 1), `mean_rating`.
    """
    return rows_figure(
        _names(most_rated),
        [
            share_panel(phrase("Share of the users"), {"": most_rated["share_of_users"]}),
            mean_panel({"": most_rated}),
        ],
        phrase(
            "{item} is rated most, by {share} of the users",
            item=_names(most_rated)[0],
            share=percent(most_rated["share_of_users"].iloc[0]),
        ),
        phrase("The {n} items with the most ratings.", n=len(most_rated)),
    )


def best_rated_figure(best_rated: pd.DataFrame, damping: float) -> style.Figure:
    """Draw the items with the highest shrunk mean, and their raw mean beside it.

    Args:
        best_rated: In order: `title`, `year` (may be missing), `n_ratings`, `shrunk_mean`,
            `mean_rating`, `rank_by_mean`.
        damping: Number of ratings of the overall mean that every item was given.
    """
    shrunk = best_rated[["shrunk_mean"]].set_axis(["mean_rating"], axis=1)
    means = {phrase("shrunk mean"): shrunk, phrase("raw mean"): best_rated}
    first = best_rated.iloc[0]
    return rows_figure(
        _names(best_rated),
        [mean_panel(means)],
        phrase(
            "{item} is rated best ({mean}); by the raw mean its rank is {rank}",
            item=_names(best_rated)[0],
            mean=fixed(first["shrunk_mean"], 2),
            rank=first["rank_by_mean"],
        ),
        phrase(
            "Shrunk: with {n} more ratings of the overall mean. At the right end: ratings.",
            n=short(damping),
        ),
        [fixed(n, 0) for n in best_rated["n_ratings"]],
    )


def _names(table: pd.DataFrame) -> list[str]:
    """Titles with their years, ready to be shown."""
    return [
        row_label(title) + ("" if pd.isna(year) else f" ({year})")
        for title, year in zip(table["title"], table["year"], strict=True)
    ]
