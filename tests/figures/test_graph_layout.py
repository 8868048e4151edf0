"""Nodes lie in the unit square, unconnected parts apart; labels hide no label and no point."""

from __future__ import annotations

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.graph_layout import HEIGHT, WIDTHS, add_labels, groups, layout
from explainable_recsys.figures.style import SYMBOLS, new_figure


def boxes_of(figure: Any, drawn: int) -> dict[str, np.ndarray]:
    """Left, bottom, right and top of each label that is shown at a width, in pixels."""
    boxes = {}
    for note in figure.layout.annotations:
        if int(note.name) > drawn:
            continue
        width, height = 5.5 * len(note.text), 14.0
        x = drawn * note.x + note.xshift
        y = HEIGHT * note.y + note.yshift
        x -= {"left": 0, "center": 0.5, "right": 1}[note.xanchor] * width
        y -= {"bottom": 0, "middle": 0.5, "top": 1}[note.yanchor] * height
        boxes[note.text] = np.array([x, y, x + width, y + height])
    return boxes


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a[:2] < b[2:] - 1e-9).all() and (b[:2] < a[2:] - 1e-9).all())


def test_unconnected_parts_lie_apart() -> None:
    positions = layout(nx.DiGraph(["ab", "bc", "ca", "de"]))
    within = [np.hypot(*(positions[a] - positions[b])) for a, b in ("ab", "bc", "ca", "de")]
    across = [np.hypot(*(positions[a] - positions[b])) for a in "abc" for b in "de"]
    assert min(across) > max(within)


def test_neighbours_are_nearer_than_those_farther_along_the_edges() -> None:
    positions = layout(nx.path_graph([*"abcde"], create_using=nx.DiGraph))
    steps = [np.hypot(*(positions["a"] - positions[node])) for node in "bcde"]
    assert steps == sorted(steps)


def test_nodes_fill_the_unit_square() -> None:
    points = np.array(list(layout(nx.gnp_random_graph(50, 0.1, seed=1)).values()))
    assert (points >= 0).all()
    assert (points <= 1).all()
    assert (np.ptp(points, axis=0) > 0.8).all()


@pytest.mark.parametrize("least", [1, 2])
def test_labels_hide_no_named_point_and_no_label(least: int) -> None:
    points = np.random.default_rng(0).random((60, 2))
    labels = [f"label of {number}" for number in range(60)]
    figure = new_figure()
    add_labels(figure, labels, points, [8.0] * 60, HEIGHT, 60)
    width = WIDTHS[least]
    boxes = boxes_of(figure, width)
    assert len(boxes) > (10, 20)[least - 1]
    centres = points * (width, HEIGHT)
    circles = [np.concatenate([centre - 4, centre + 4]) for centre in centres]
    assert np.min([*boxes.values()]) >= 0
    assert (np.max([*boxes.values()], axis=0)[2:] <= (width, HEIGHT)).all()
    assert not any(overlap(box, circle) for box in boxes.values() for circle in circles)
    assert not any(overlap(*pair) for pair in itertools.combinations(boxes.values(), 2))


def test_at_most_so_many_labels() -> None:
    figure = new_figure()
    points = np.linspace(0.1, 0.9, 10).repeat(2).reshape(10, 2)
    add_labels(figure, ["a <b>"] * 10, points, [5.0] * 10, HEIGHT, 3)
    assert [note.text for note in figure.layout.annotations] == ["a &lt;b&gt;"] * 3


def test_the_most_frequent_values_are_told_apart_and_the_rest_is_one() -> None:
    values = pd.Series([*"bbaacdefgh", "other"])
    found = [(name, chosen.sum(), look["symbol"]) for name, chosen, look in groups(values)]
    assert found[:3] == [("a", 2, SYMBOLS[0]), ("b", 2, SYMBOLS[1]), ("c", 1, SYMBOLS[2])]
    assert found[-1][:2] == ("other", 2)
    assert len(found) == 8
