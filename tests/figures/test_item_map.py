"""The map of the items says how near the items of one genre lie together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.figures.item_map import MOST_ITEMS, MOST_LABELS, item_map_figure
from tests.figures.texts import subtitle_of, title_of


def two_clusters() -> pd.DataFrame:
    """Two dramas at one place, two comedies 4 away; one more without a genre half way."""
    return pd.DataFrame(
        {
            "item_id": [1, 2, 3, 4, 5],
            "title": ["A (1999)", "B & C", "D", "E", "F"],
            "genres": ["Drama|War", "Drama", "Comedy", "Comedy|Drama", ""],
            "popularity": [100, 25, 4, 1, 1],
            "x": [0.0, 0.0, 4.0, 4.0, 2.0],
            "y": [0.0, 0.0, 0.0, 0.0, 0.0],
        }
    )


def many_items(n_items: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "item_id": range(n_items),
            "title": [f"A title of common length {item} (1999)" for item in range(n_items)],
            "genres": [f"Genre {item % 9}" for item in range(n_items)],
            "popularity": rng.permutation(n_items) + 1,
            "x": rng.normal(size=n_items),
            "y": rng.normal(size=n_items),
        }
    )


def test_item_map() -> None:
    figure = item_map_figure(two_clusters())
    assert title_of(figure) == ("Items of one genre lie 100 % nearer together than any two items")
    assert (
        subtitle_of(figure)
        == "The 5 best-known of 5 items. Colour and shape: first genre; size: ratings."
    )
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces) == ["Comedy", "Drama", "other"]
    assert traces["Drama"].marker.size == (16.0, 8.0)
    assert traces["Drama"].hovertext == ("A (1999)", "B &amp; C")
    assert traces["other"].x == (0.5,)
    assert traces["other"].hovertext == ("F",)
    assert {note.text for note in figure.layout.annotations} >= {"A", "D", "F"}
    assert not figure.layout.xaxis.showticklabels


def test_title_says_the_share_of_the_distances_that_genres_save() -> None:
    spread = two_clusters().head(4).assign(y=[0.0, 3.0, 0.0, 3.0])
    # Within a genre 3, 3; across 4, 5, 5, 4: the mean of all is 4.
    assert title_of(item_map_figure(spread)) == (
        "Items of one genre lie 25 % nearer together than any two items"
    )
    barely = spread.assign(x=[0.0, 0.0, 1.1, 1.1], y=[0.0, 2.0, 0.0, 2.0])
    assert "no nearer" in title_of(item_map_figure(barely))
    no_genres = spread.assign(genres=["", None, "", ""])
    assert title_of(item_map_figure(no_genres)) == (
        "Items that are liked by the same people lie near each other"
    )


def test_only_the_best_known_of_many_items_are_drawn() -> None:
    items = many_items(9000)
    figure = item_map_figure(items)
    assert subtitle_of(figure).startswith("The 1,500 best-known of 9,000 items")
    assert title_of(figure) == "Items of one genre lie no nearer together than any two items"
    assert sum(len(trace.x) for trace in figure.data) == MOST_ITEMS
    assert figure.data[-1].name == "other"
    assert len(figure.data) == 8
    assert len(figure.layout.annotations) <= MOST_LABELS
    assert all(note.text[:7] == "A title" for note in figure.layout.annotations)
    assert len(figure.to_json()) < 3e6
    assert item_map_figure(items.iloc[::-1]).layout == figure.layout


def test_no_items_and_a_single_one() -> None:
    (note,) = item_map_figure(two_clusters().head(0)).layout.annotations
    assert note.text == "No items to draw"
    figure = item_map_figure(two_clusters().head(1))
    (trace,) = figure.data
    assert (trace.x, trace.y) == ((0.5,), (0.5,))
