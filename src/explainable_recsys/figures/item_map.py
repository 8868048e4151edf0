"""Draw items in two dimensions: those that the same people like lie near each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.graph_layout import LABEL_SIZE, add_nodes, beyond, place_labels
from explainable_recsys.figures.texts import counted, escape, percent, short

MOST_ITEMS = 1500
"""Only so many of the best-known items are drawn."""

MOST_LABELS = 25
"""At most so many of the best-known items are named on the map."""

OTHER = "other"
"""Name of what has a rarer first genre, or none."""

_DRAWN = 448  # height in pixels: the labels' places are made for this or a larger one
_SMALLEST, _LARGEST = 4.0, 16.0  # diameters, in pixels
_N_CANDIDATES = 3 * MOST_LABELS  # the best-known of these that have room get a label
_LONGEST_LABEL = 26  # characters
_NARROWEST = 560.0  # pixels: with room on a phone, most of the best-known had no label
_MARGIN = 0.04  # of the extent, on each side
_LITTLE = 0.1  # a share that is called small


def item_map_figure(item_map: pd.DataFrame) -> style.Figure:
    """Draw items as points, coloured and shaped by first genre; the better known, the larger.

    Either dimension is stretched to fill the figure; the title is about the distances before.

    Args:
        item_map: One row per item, with the columns `item_id`, `title`, `genres` (joined by
            `|`; may be empty), `popularity` (number of ratings), and the position, `x`, `y`.
    """
    if item_map.empty:
        return style.message_figure("No items to draw")
    best_known = item_map.sort_values(["popularity", "item_id"], ascending=[False, True])
    drawn = best_known.head(MOST_ITEMS).reset_index(drop=True)
    first_genre = drawn["genres"].fillna("").str.split("|").str[0]
    shares = drawn["popularity"] / max(float(drawn["popularity"].max()), 1.0)
    drawn = drawn.assign(
        genre=first_genre,
        x=_unit(drawn["x"]),
        y=_unit(drawn["y"]),
        diameter=(_LARGEST * shares**0.5).clip(lower=_SMALLEST).round(1),  # so areas are shares
    )
    figure = style.new_figure()
    named = first_genre[first_genre != ""].value_counts(sort=False).sort_index()
    frequent = named.sort_values(ascending=False, kind="stable").index[: len(style.CATEGORIES)]
    _add_points(figure, OTHER, drawn[~first_genre.isin(frequent)], style.GREY, "circle")
    for genre, look in zip(frequent, style.LOOKS, strict=False):
        _add_points(figure, genre, drawn[first_genre == genre], *look)
    _add_labels(figure, drawn)
    positions = best_known[["x", "y"]].head(MOST_ITEMS).to_numpy(dtype=float)
    axis = {"range": [0, 1], "showticklabels": False, "ticks": "", "showgrid": False}
    figure.update_layout(xaxis=axis, yaxis=axis, margin_l=36, legend_itemsizing="constant")
    return style.finish(
        figure,
        _finding(positions, first_genre.to_numpy(dtype=str)),
        f"{_whose(len(drawn), len(item_map))}. Colour and shape: first genre; size: ratings.",
        "Dimension 1 (no unit)",
        "Dimension 2 (no unit)",
        drawn=_DRAWN,
        foot=40,
        legend=45,
    )


def _unit(values: pd.Series) -> pd.Series:
    """Move and stretch values into the unit interval, with a margin."""
    extent = float(np.ptp(values)) or 1.0
    middle = (values.max() + values.min()) / 2
    moved: pd.Series = 0.5 + (1 - 2 * _MARGIN) * (values - middle) / extent
    return moved.round(4)


def _add_points(figure: style.Figure, name: str, rows: pd.DataFrame, hue: str, symbol: str) -> None:
    """Add the items of one genre."""
    if rows.empty:
        return
    outline = {"line": {"color": "white", "width": 0.5}, "opacity": 0.6}
    marker = {"color": hue, "symbol": symbol, "size": rows["diameter"].tolist(), **outline}
    hover = [
        f"<b>{escape(title)}</b><br>{escape(_genres(genres))}<br>{counted(n, 'rating', 'ratings')}"
        for title, genres, n in rows[["title", "genres", "popularity"]].to_numpy()
    ]
    add_nodes(figure, rows[["x", "y"]].to_numpy(), escape(name), hover, marker)


def _genres(joined: object) -> str:
    """Genres for people to read."""
    return joined.replace("|", ", ") if isinstance(joined, str) and joined else "no genre"


def _add_labels(figure: style.Figure, drawn: pd.DataFrame) -> None:
    """Name the best-known items, where there is room beside them."""
    best = drawn.head(_N_CANDIDATES)
    keys = [str(item) for item in best["item_id"]]
    centres = dict(zip(keys, best[["x", "y"]].to_numpy(dtype=float), strict=True))
    texts = dict(zip(keys, map(_short, best["title"]), strict=True))
    diameters = dict(zip(keys, best["diameter"].tolist(), strict=True))
    sides = place_labels(texts, centres, diameters, [(key, key) for key in keys], _NARROWEST)
    for key, side in list(sides.items())[:MOST_LABELS]:
        x, y = draw.SIDES[side]
        # A label above its point has the point at its bottom, one to the right at its left.
        anchor = f"{('middle', 'bottom', 'top')[y]} {('center', 'left', 'right')[x]}"
        away = beyond(diameters[key])
        where = {"xshift": x * away, "yshift": y * away, "borderpad": 0}
        font = {"size": LABEL_SIZE, "shadow": "auto"}
        across, up = centres[key].tolist()
        draw.note(figure, escape(texts[key]), across, up, anchor, font=font, **where)


def _short(title: object) -> str:
    """A title without what is in parentheses (a year, other titles), to fit on the map."""
    text = str(title).split(" (")[0]
    return short(text if len(text) <= _LONGEST_LABEL else text.split(" - ")[0], _LONGEST_LABEL)


def _whose(n_drawn: int, n_items: int) -> str:
    """Which items are drawn, to begin the subtitle with."""
    if n_drawn < n_items:
        return f"The {n_drawn:,} best-known of {n_items:,} items"
    return "The only item" if n_items == 1 else f"All {n_items:,} items"


def _finding(positions: NDArray[np.float64], genres: NDArray[np.str_]) -> str:
    """Title: how much nearer items of one genre lie together than any two items.

    Args:
        positions: (n_items, 2).
        genres: (n_items,), each item's first genre; "" for none, which nothing shares.
    """
    first, second = np.triu_indices(len(positions), k=1)
    distances = np.hypot(*(positions[first] - positions[second]).T)
    shared = (genres[first] == genres[second]) & (genres[first] != "")
    if not shared.any() or not distances.any():
        return "Items that are liked by the same people lie near each other"
    nearer = 1 - float(distances[shared].mean() / distances.mean())
    if nearer < 0.005:
        return "Items of one genre lie no nearer together than any two items"
    share = f"only {percent(nearer)}" if nearer < _LITTLE else percent(nearer)
    return f"Items of one genre lie {share} nearer together than any two items"
