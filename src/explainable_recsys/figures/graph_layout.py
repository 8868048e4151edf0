"""Place the nodes of a graph in the unit square, and labels beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx as nx
    import plotly.graph_objects as go

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
    lines = np.concatenate(
        [
            np.linspace(positions[start] * _AREA, positions[end] * _AREA, _POINTS_PER_EDGE)
            for start, end in edges
        ]
    )
    placed: dict[str, str] = {}
    for node, text in labels.items():
        width = len(text) * _LETTER_WIDTH
        boxes = [_label_boxes(width, positions[node] * area, diameters[node]) for area in areas]
        free = [
            side
            for side in boxes[0]
            if all(
                _is_free(tried[side], others, area)
                for tried, others, area in zip(boxes, taken, areas, strict=True)
            )
        ]
        if free:
            side = min(free, key=lambda side: _badness(side, boxes[0][side], lines))
            placed[node] = side
            for tried, others in zip(boxes, taken, strict=True):
                others.append(tried[side])
    return placed


def _box(centre: Points, width: float, height: float) -> Points:
    """Lower left and upper right corner, (2, 2)."""
    half = np.array([width, height]) / 2
    return np.array([centre - half, centre + half])


def add_labels(
    figure: go.Figure,
    labels: dict[str, str],
    positions: dict[str, Points],
    diameters: dict[str, float],
    edges: Iterable[tuple[str, str]],
) -> None:
    """Write as many labels as there is room for, also in a narrow figure; see `place_labels`."""
    placed = place_labels(labels, positions, diameters, edges, NARROW)
    points = [positions[node].tolist() for node in placed]
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        mode="markers+text",
        marker={"size": [diameters[node] for node in placed], "opacity": 0},
        text=[labels[node] for node in placed],
        textposition=list(placed.values()),
        textfont={"size": LABEL_SIZE},
        hoverinfo="skip",
        showlegend=False,
    )


def _label_boxes(width: float, centre: Points, diameter: float) -> dict[str, Points]:
    """Where a label would be, by plotly's name of its side of the node."""
    beside = np.array([width, _LABEL_HEIGHT]) / 2 + 0.625 * diameter + 1  # as plotly has it
    return {
        f"{vertical} {horizontal}": _box(centre + beside * (x, y), width, _LABEL_HEIGHT)
        for vertical, y in {"middle": 0, "top": 1, "bottom": -1}.items()
        for horizontal, x in {"center": 0, "right": 1, "left": -1}.items()
        if x or y
    }


def _is_free(box: Points, taken: list[Points], area: Points) -> bool:
    others = np.array(taken)
    overlapping = (box[0] < others[:, 1]).all(axis=1) & (box[1] > others[:, 0]).all(axis=1)
    return bool((box[0] >= 0).all() and (box[1] <= area).all() and not overlapping.any())


def _badness(side: str, box: Points, lines: Points) -> int:
    """Number of points on lines that a label hides, and more at a corner of its node."""
    is_corner = "middle" not in side and "center" not in side
    return int(((lines > box[0]) & (lines < box[1])).all(axis=1).sum()) + _FARNESS * is_corner
