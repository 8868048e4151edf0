"""Place the nodes of a graph in the unit square, and labels beside points."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, short
from explainable_recsys.threads import one_blas_thread
from explainable_recsys.wording.phrases import later, phrase

if TYPE_CHECKING:
    import networkx as nx

Points = NDArray[np.float64]

OTHER = later("other")
"""What rarer values are called, and what has none."""

HEIGHT = 424
"""Height of a figure without its texts and its foot, in pixels."""

WIDTHS = (200, 300, 480)
"""Of what is drawn, in pixels: in kedro-viz' preview, on a phone, and elsewhere at least."""

_LOW = 160  # height in kedro-viz' preview, in pixels

_SHORT = 14  # letters of a label that has no room otherwise
_LABEL_HEIGHT, _LETTER = 14.0, 5.5  # of a label, and mean width of a letter, in pixels
_APART = 0.8  # distance of two parts that nothing connects; of the longest way within one
_SIDES = {
    "middle left": (1, 0),
    "middle right": (-1, 0),
    "bottom center": (0, 1),
    "top center": (0, -1),
    "bottom left": (1, 1),
    "top left": (1, -1),
    "bottom right": (-1, 1),
    "top right": (-1, -1),
}
"""Where a label may be, by the anchor that it has there: right of its point, and so on."""


def layout(graph: nx.DiGraph) -> dict[str, Points]:
    """Position (x, y) of every node in the unit square, the same in every run.

    Nodes are as far apart as they are along edges (Kamada & Kawai 1989); those that nothing
    connects, nearly as far as any that something does.

    Args:
        graph: At least one node.
    """
    import networkx as nx

    undirected = nx.Graph()  # whose edges come in the same order in every process
    undirected.add_nodes_from(graph)
    undirected.add_edges_from(graph.edges)
    near = dict(nx.all_pairs_shortest_path_length(undirected))
    far = max(_APART * max(max(steps.values()) for steps in near.values()), 2)
    steps = {node: dict.fromkeys(graph, far) | near[node] for node in graph}
    with one_blas_thread():
        placed = nx.kamada_kawai_layout(undirected, dist=steps, weight=None)
    points = np.array([placed[node] for node in graph])
    return dict(zip(graph, stretched(points, 0.06), strict=True))


def stretched(points: Points, margin: float) -> Points:
    """Move and stretch (n, 2) points until they fill the unit square, but for a margin."""
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    extent = np.ptp(points, axis=0)
    extent[extent < 1e-6] = 1
    filled: Points = np.round(0.5 + (1 - 2 * margin) * (points - middle) / extent, 4)
    return filled


def groups(values: pd.Series) -> Iterator[tuple[object, pd.Series, dict[str, Any]]]:
    """The most frequent values, the rows that have them, and their looks; then all others."""
    counts = values[values != OTHER].value_counts(sort=False).sort_index()
    frequent = counts.sort_values(ascending=False, kind="stable").index[: len(style.CATEGORIES)]
    for place, value in enumerate(frequent):
        yield value, values == value, style.look(place)["marker"]
    if not values.isin(frequent).all():
        yield phrase(OTHER), ~values.isin(frequent), {"color": style.GREY, "symbol": "circle"}


def add_labels(
    figure: style.Figure,
    labels: list[str],
    points: Points,
    diameters: list[float],
    height: float,
    most: int,
) -> None:
    """Write labels where they hide no other label and no point that has one.

    Each is named after the least width of `WIDTHS` that it has room in: what has room somewhere
    has it wherever there is more, and `style.fit` drops those without.

    Args:
        figure: Changed in place; its axes run from 0 to 1.
        labels: Texts (n), the most important first; one without room is left out.
        points: Positions (n, 2).
        diameters: Of the points (n), in pixels.
        height: Of what is drawn, in pixels.
        most: How many labels are written at most.
    """
    written: dict[int, tuple[Points, Points]] = {}
    for width in WIDTHS:
        area = np.array([width, min(height, _LOW) if width == WIDTHS[0] else height])
        centres = points * area
        taken = np.column_stack([centres, centres]) + np.outer(diameters, [-0.5, -0.5, 0.5, 0.5])
        own = [[*(centres[i] + low), *(centres[i] + high)] for i, (low, high) in written.items()]
        taken = np.vstack([taken, *own])
        for place, text in enumerate(labels):
            if place in written or len(written) == most:
                continue
            texts = (text, short(text, _SHORT)) if width == WIDTHS[-1] else (text,)
            for shown, anchor in itertools.product(texts, _SIDES):
                box = _box(shown, anchor, diameters[place])
                low, high = centres[place] + box[0], centres[place] + box[1]
                hit = (low < taken[:, 2:]).all(axis=1) & (high > taken[:, :2]).all(axis=1)
                if hit.any() or (low < 0).any() or (high > area).any():
                    continue
                taken = np.vstack([taken, [*low, *high]])
                written[place] = box
                away = np.array(_SIDES[anchor]) * (diameters[place] / 2 + 1)
                look = {"font": {"size": 10, "shadow": "auto"}, "borderpad": 0, "name": str(width)}
                look |= {"xshift": away[0], "yshift": away[1]}
                x, y = map(float, points[place])
                draw.note(figure, escape(shown), x, y, anchor, **look)
                break


def _box(text: str, anchor: str, diameter: float) -> tuple[Points, Points]:
    """Lower left and upper right corner of a label, from the middle of its point, in pixels."""
    size = np.array([_LETTER * len(text), _LABEL_HEIGHT])
    middle = np.array(_SIDES[anchor]) * (size / 2 + diameter / 2 + 1)
    return middle - size / 2, middle + size / 2
