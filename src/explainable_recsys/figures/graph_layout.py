"""Draw a graph: place its nodes in the unit square, and labels beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style

if TYPE_CHECKING:
    import networkx as nx

Points = NDArray[np.float64]
Cell = tuple[float, float, float, float]
"""A rectangle: left, bottom, width, height."""

NARROW = 340.0
"""Width of a figure's area on a phone, and in the panel beside kedro-viz' lineage, in pixels."""

LABEL_SIZE = 10
"""Size of the font that `place_labels` makes room for."""

# Nodes and labels are placed for an area of this size; in a larger one they have more room.
# All in pixels.
_AREA = np.array([560.0, 390.0])
_LABEL_HEIGHT, _LETTER_WIDTH = 13.0, 5.5
_PADDING = np.array([30.0, 16.0])
_DRAWN = 424  # height of a figure without its texts and its foot
_EDGE_COLOUR = "rgba(128, 128, 128, 0.4)"
_POINTS_PER_EDGE, _FARNESS = 12, 2  # a label at a corner is as bad as hiding 2 of these points


def layout(graph: nx.DiGraph) -> dict[str, Points]:
    """Position (x, y) of every node in the unit square, the same in every run.

    Every connected part is laid out by itself (Kamada & Kawai 1989), in a cell of its own:
    forces between unconnected parts would drive them to the far ends of the picture.

    Args:
        graph: At least one node.
    """
    import networkx as nx

    nodes = list(graph)
    numbered = nx.convert_node_labels_to_integers(graph.to_undirected())
    parts = sorted(map(sorted, nx.connected_components(numbered)), key=lambda p: (-len(p), p))
    cells = _divide((0.0, 0.0, 1.0, 1.0), [len(part) + 1 for part in parts])
    positions: dict[str, Points] = {}
    for part, cell in zip(parts, cells, strict=True):
        ordered = nx.Graph()
        ordered.add_nodes_from(part)
        ordered.add_edges_from(numbered.subgraph(part).edges)
        placed = nx.kamada_kawai_layout(ordered, weight=None)
        filled = _fill(cell, np.array([placed[node] for node in part]))
        positions |= {nodes[node]: point for node, point in zip(part, filled, strict=True)}
    return positions


def _divide(cell: Cell, weights: list[int]) -> list[Cell]:
    """Cut a cell, always across its longer side, into cells with areas like the weights."""
    if len(weights) == 1:
        return [cell]
    sums = np.cumsum(weights)
    n_first = 1 + int(np.argmin(np.abs(sums[:-1] - sums[-1] / 2)))
    share = float(sums[n_first - 1] / sums[-1])
    left, bottom, width, height = cell
    if _is_wide(cell):
        first: Cell = (left, bottom, width * share, height)
        second: Cell = (left + width * share, bottom, width * (1 - share), height)
    else:
        first = (left, bottom + height * (1 - share), width, height * share)
        second = (left, bottom, width, height * (1 - share))
    return _divide(first, weights[:n_first]) + _divide(second, weights[n_first:])


def _is_wide(cell: Cell) -> bool:
    return bool(cell[2] * _AREA[0] >= cell[3] * _AREA[1])


def _fill(cell: Cell, points: Points) -> Points:
    """Turn (n, 2) points until they extend along the cell's longer side; stretch them to fit."""
    centred = points - points.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    if not _is_wide(cell):
        turned = turned[:, ::-1]
    turned -= (turned.max(axis=0) + turned.min(axis=0)) / 2
    extent = np.ptp(turned, axis=0)
    unit = np.divide(turned, extent, out=np.zeros_like(turned), where=extent > 1e-6)
    corner, size = np.array(cell[:2]), np.array(cell[2:])
    inner = np.maximum(size - 2 * _PADDING / _AREA, size / 4)
    filled: Points = np.round(corner + size / 2 + unit * inner, 4)
    return filled


def place_labels(
    labels: dict[str, str],
    positions: dict[str, Points],
    diameters: dict[str, float],
    edges: Iterable[tuple[str, str]],
    narrowest: float,
) -> dict[str, str]:
    """Side of its node on which each label hides neither a node nor another label.

    Args:
        labels: Text by node, the most important first; a label without room is left out.
        positions: Of all nodes, from `layout`.
        diameters: Of all nodes' circles, in pixels.
        edges: At least one; labels hide as little of them as possible.
        narrowest: Width, in pixels, at which labels still have to have room.

    Returns:
        Plotly's names of the sides, by node.
    """
    areas = [_AREA, np.minimum(_AREA, [narrowest, np.inf])]
    taken = [
        [_box(point * area, diameters[node], diameters[node]) for node, point in positions.items()]
        for area in areas
    ]
    starts, ends = (
        np.array([positions[node] for node in side]) * _AREA for side in zip(*edges, strict=True)
    )
    lines = np.linspace(starts, ends, _POINTS_PER_EDGE).reshape(-1, 2)
    placed: dict[str, str] = {}
    for node, text in labels.items():
        width = len(text) * _LETTER_WIDTH
        boxes = [_label_boxes(width, positions[node] * area, diameters[node]) for area in areas]
        trials = list(zip(boxes, taken, areas, strict=True))
        free = [
            side
            for side in draw.SIDES
            if all(_is_free(tried[side], others, area) for tried, others, area in trials)
        ]
        if free:
            placed[node] = min(free, key=lambda side: _badness(side, boxes[0][side], lines))
            for tried, others, _ in trials:
                others.append(tried[placed[node]])
    return placed


def _box(centre: Points, width: float, height: float) -> Points:
    """Lower left and upper right corner, (2, 2)."""
    half = np.array([width, height]) / 2
    return np.array([centre - half, centre + half])


def _label_boxes(width: float, centre: Points, diameter: float) -> dict[str, Points]:
    """Where a label would be, by plotly's name of its side of the node."""
    beside = np.array([width, _LABEL_HEIGHT]) / 2 + beyond(diameter)
    size, ways = (width, _LABEL_HEIGHT), draw.SIDES.items()
    return {side: _box(centre + beside * way, *size) for side, way in ways}


def beyond(diameter: float) -> float:
    """How far from the middle of a point its label begins, in pixels, as plotly has it."""
    return 0.625 * diameter + 1


def _is_free(box: Points, taken: list[Points], area: Points) -> bool:
    others = np.array(taken)
    overlapping = (box[0] < others[:, 1]).all(axis=1) & (box[1] > others[:, 0]).all(axis=1)
    return bool((box[0] >= 0).all() and (box[1] <= area).all() and not overlapping.any())


def _badness(side: str, box: Points, lines: Points) -> int:
    """Number of points on lines that a label hides, and more at a corner of its node."""
    is_corner = "middle" not in side and "center" not in side
    return int(((lines > box[0]) & (lines < box[1])).all(axis=1).sum()) + _FARNESS * is_corner


def add_labels(
    figure: style.Figure,
    labels: dict[str, str],
    positions: dict[str, Points],
    diameters: dict[str, float],
    edges: Iterable[tuple[str, str]],
) -> None:
    """Write as many labels as there is room for, also in a narrow figure; see `place_labels`."""
    placed = place_labels(labels, positions, diameters, edges, NARROW)
    marker = {"size": [diameters[node] for node in placed], "opacity": 0}
    look = {"mode": "markers+text", "textfont_size": LABEL_SIZE, "textposition": [*placed.values()]}
    look |= {"text": [labels[node] for node in placed], "hoverinfo": "skip", "showlegend": False}
    add_nodes(figure, [positions[node] for node in placed], None, None, marker, **look)


def segments(lines: list[tuple[Points, Points]]) -> tuple[list[float | None], list[float | None]]:
    """Coordinates x and y of separate lines in one trace."""
    gap = np.array([np.nan, np.nan])
    ends = [point for start, end in lines for point in (start, end.round(4), gap)]
    x, y = np.reshape(ends, (-1, 2)).T.tolist()
    return x, y


def add_edges(figure: style.Figure, lines: list[tuple[Points, Points]], width: float) -> None:
    """Add lines between nodes."""
    look = {"line": {"width": width, "color": _EDGE_COLOUR}, "showlegend": False}
    draw.points(figure, *segments(lines), mode="lines", hoverinfo="skip", **look)


def add_nodes(
    figure: style.Figure,
    points: Sequence[Points] | Points,
    name: str | None,
    hover: list[str] | None,
    marker: dict[str, Any],
    **more: Any,
) -> None:
    """Add nodes of one look, with a white outline if it does not say otherwise."""
    x, y = np.reshape(points, (-1, 2)).T.tolist()
    look = {"line": {"width": 1, "color": "white"}, "opacity": 1} | marker
    draw.points(figure, x, y, name, hover, **({"mode": "markers", "marker": look} | more))


def finish_graph(figure: style.Figure, title: str, key: str) -> None:
    """Hide the axes, and put the texts on a figure of a graph."""
    axis, sides = {"range": [0, 1], "visible": False}, {"l": 16, "r": 16}
    figure.update_layout(legend_itemsizing="constant", margin=sides, xaxis=axis, yaxis=axis)
    style.finish(figure, title, key, drawn=_DRAWN, legend=8)
