"""Draw items in two dimensions: those that the same people like lie near each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.graph_layout import HEIGHT, OTHER, add_labels, groups, stretched
from explainable_recsys.figures.texts import escape, percent, short
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import phrase

MOST_ITEMS = 1500
"""Only so many of the best-known items are drawn."""

MOST_LABELS = 25
"""At most so many of the best-known items are named on the map."""

_SMALLEST, _LARGEST = 4.0, 16.0  # diameters, in pixels
_N_CANDIDATES = 3 * MOST_LABELS  # the best-known of these that have room get a label
_LONGEST_LABEL = 26  # characters


def item_map_figure(item_map: pd.DataFrame) -> style.Figure:
    """Draw items as points, coloured and shaped by first genre; the better known, the larger.

    Either dimension is stretched to fill the figure; the title is about the distances before.

    Args:
        item_map: One row per item, with the columns `item_id`, `title`, `genres` (joined by
            `|`; may be empty), `popularity` (number of ratings), and the position, `x`, `y`.
    """
    if item_map.empty:
        return style.message_figure(phrase("No items to draw"))
    best_known = item_map.sort_values(["popularity", "item_id"], ascending=[False, True])
    drawn = best_known.head(MOST_ITEMS).reset_index(drop=True)
    genres = drawn["genres"].fillna("").str.split("|").str[0]
    shares = drawn["popularity"] / max(float(drawn["popularity"].max()), 1.0)
    positions = drawn[["x", "y"]].to_numpy(dtype=float)
    points = stretched(positions, 0.04)
    diameters = (_LARGEST * shares**0.5).clip(lower=_SMALLEST).round(1)  # so areas are shares
    figure = style.new_figure()
    outline = {"line": {"color": "white", "width": 0.5}, "opacity": 0.6}
    for genre, chosen, look in groups(genres.replace("", OTHER)):
        marker = look | outline | {"size": diameters[chosen].tolist()}
        titles = [escape(title) for title in drawn["title"][chosen]]
        x, y = points[chosen].T.tolist()
        draw.points(figure, x, y, escape(genre), titles, mode="markers", marker=marker)
    best = drawn.head(_N_CANDIDATES)
    texts = [_short(title) for title in best["title"]]
    sizes = diameters.head(_N_CANDIDATES).tolist()
    add_labels(figure, texts, points[:_N_CANDIDATES], sizes, HEIGHT, MOST_LABELS)
    axis = {"range": [0, 1], "showticklabels": False, "ticks": "", "showgrid": False}
    figure.update_layout(xaxis=axis, yaxis=axis, margin_l=36, legend_itemsizing="constant")
    return style.finish(
        figure,
        _finding(positions, genres.to_numpy(dtype=str)),
        phrase(
            "The {n} best-known of {total} items. Colour and shape: first genre; size: ratings.",
            n=fixed(len(drawn), 0),
            total=fixed(len(item_map), 0),
        ),
        phrase("Dimension 1 (no unit)"),
        phrase("Dimension 2 (no unit)"),
        drawn=HEIGHT,
        foot=40,
        legend=45,
    )


def _short(title: object) -> str:
    """A title without what is in parentheses (a year, other titles), to fit on the map."""
    return short(str(title).split(" (")[0], _LONGEST_LABEL)


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
        return phrase("Items that are liked by the same people lie near each other")
    nearer = 1 - float(distances[shared].mean() / distances.mean())
    if nearer < 0.005:
        return phrase("Items of one genre lie no nearer together than any two items")
    share = percent(nearer)
    return phrase("Items of one genre lie {share} nearer together than any two items", share=share)
