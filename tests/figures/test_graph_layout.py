"""Nodes lie in the unit square, unconnected parts apart; labels hide no node and no label."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np

from explainable_recsys.figures.graph_layout import layout, place_labels

WIDTH, HEIGHT = 560, 390  # of the area that labels are placed for


def label_box(x: float, y: float, side: str, diameter: float, text: str) -> np.ndarray:
    """Left, bottom, right and top in pixels."""
    vertical, horizontal = side.split()
    width, height = 5.5 * len(text), 13.0
    x += {"left": -1, "center": 0, "right": 1}[horizontal] * (width / 2 + 0.625 * diameter + 1)
    y += {"bottom": -1, "middle": 0, "top": 1}[vertical] * (height / 2 + 0.625 * diameter + 1)
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a[:2] < b[2:] - 1e-9).all() and (b[:2] < a[2:] - 1e-9).all())


def test_unconnected_parts_lie_apart() -> None:
    positions = layout(nx.DiGraph(["ab", "bc", "ca", "de"]))
    assert max(positions[node][0] for node in "abc") < min(positions[node][0] for node in "de")


def test_nodes_fill_the_unit_square() -> None:
    points = np.array(list(layout(nx.gnp_random_graph(50, 0.1, seed=1)).values()))
    assert (points >= 0).all()
    assert (points <= 1).all()
    assert (np.ptp(points, axis=0) > 0.8).all()


def test_labels_hide_no_node_and_no_label() -> None:
    nodes = [str(number) for number in range(60)]
    places = np.random.default_rng(0).random((60, 2))
    positions = dict(zip(nodes, places, strict=True))
    labels = {node: f"label of {node}" for node in reversed(nodes)}
    diameters = dict.fromkeys(nodes, 8.0)
    placed = place_labels(labels, positions, diameters, itertools.pairwise(nodes), WIDTH)
    assert 10 < len(placed) < 60
    assert next(iter(placed)) == "59"
    centres = {node: point * (WIDTH, HEIGHT) for node, point in positions.items()}
    boxes = [label_box(*centres[node], side, 8.0, labels[node]) for node, side in placed.items()]
    circles = [np.concatenate([centre - 4, centre + 4]) for centre in centres.values()]
    assert np.min(boxes) >= 0
    assert (np.max(boxes, axis=0)[2:] <= (WIDTH, HEIGHT)).all()
    assert not any(overlap(box, circle) for box in boxes for circle in circles)
    assert not any(overlap(*pair) for pair in itertools.combinations(boxes, 2))


def test_a_label_leaves_the_lines_free() -> None:
    positions = {"a": np.array([0.5, 0.5]), "b": np.array([0.9, 0.5]), "c": np.array([0.5, 0.9])}
    diameters = dict.fromkeys(positions, 10.0)
    sides = place_labels({"a": "word"}, positions, diameters, [("a", "b"), ("a", "c")], WIDTH)
    assert sides == {"a": "middle left"}


def test_labels_have_room_in_a_narrower_figure() -> None:
    positions = {"a": np.array([0.3, 0.5]), "b": np.array([0.7, 0.5]), "c": np.array([0.5, 0.9])}
    labels, diameters = {"a": "a" * 20, "b": "b" * 20}, dict.fromkeys(positions, 8.0)
    edges = [("a", "c"), ("b", "c")]
    wide = place_labels(labels, positions, diameters, edges, WIDTH)
    narrow = place_labels(labels, positions, diameters, edges, 200)
    assert set(wide) == {"a", "b"}
    for width, placed in ((WIDTH, wide), (WIDTH, narrow), (200, narrow)):
        boxes = [
            label_box(*(positions[node] * (width, HEIGHT)), side, 8.0, labels[node])
            for node, side in placed.items()
        ]
        assert all(0 <= box[0] <= box[2] <= width for box in boxes)
