"""What surrounds an item in a graph that can be drawn by hand."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from pydantic import ValidationError

from explainable_recsys.datasets.files import GraphDataset
from explainable_recsys.figures.surroundings import (
    SurroundingsParameters,
    surroundings,
    surroundings_figure,
)
from tests.figures.texts import title_of

ROWS = [
    (1, "genre", "genre:War"),
    (2, "genre", "genre:War"),
    (3, "genre", "genre:War"),
    (4, "genre", "genre:War"),
    (1, "director", "person:x"),
    (1, "writer", "person:x"),
    (2, "writer", "person:x"),
    (1, "actor", "person:y"),
    (3, "actor", "person:y"),
    (4, "actor", "person:y"),
    (1, "actor", "person:z"),
    (3, "actor", "person:z"),
    (1, "tag", "tag:alone"),
    (5, "tag", "tag:other"),
]


def triples_of(rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["item", "relation", "tail"])
    return pd.DataFrame(
        {
            "head": "item:" + table["item"].astype("str"),
            "relation": table["relation"],
            "tail": table["tail"],
            "head_type": "item",
            "tail_type": table["tail"].str.split(":").str[0],
            "head_label": "Title <" + table["item"].astype("str") + "> (1999)",
            "tail_label": table["tail"].str.split(":").str[1],
        }
    )


def around(item: int = 1, **parameters: int) -> nx.DiGraph:
    return surroundings(triples_of(ROWS), f"item:{item}", SurroundingsParameters(**parameters))


def test_the_graph_has_what_is_shared() -> None:
    graph = around()
    assert graph.graph == {"centre": "item:1"}
    assert dict(graph.nodes.data("degree")) == {
        "item:1": None,
        "person:x": 2,
        "person:z": 2,
        "genre:War": 4,
        "person:y": 3,
        "item:2": None,
        "item:3": None,
        "item:4": None,
    }
    shared = {node: count for node, count in graph.nodes.data("shared") if count}
    assert shared == {"item:2": 2, "item:3": 3, "item:4": 2}
    assert graph.edges["item:1", "person:x"] == {"relation": "director, writer"}
    assert graph.edges["item:2", "person:x"] == {"relation": "writer"}
    assert graph.number_of_edges() == 11


def test_items_that_share_the_rarest_come_first() -> None:
    """Item 3 shares y, z and War: log(5/3) + log(5/2) + log(5/4); item 2 shares x and War."""
    graph = around(n_items=2)
    assert [node for node in graph if graph.nodes[node].get("shared")] == ["item:3", "item:2"]


def test_the_graph_is_bounded() -> None:
    graph = around(n_relations=2, n_entities=2, n_items=1)
    assert set(graph) == {"item:1", "person:x", "person:z", "item:3"}
    assert graph.nodes["item:3"]["shared"] == 3
    graph = around(n_relations=1)
    assert set(graph) == {"item:1", "person:y", "person:z", "item:3", "item:4"}


@pytest.mark.parametrize("item", [5, 99])
def test_an_item_that_shares_nothing_is_alone(item: int) -> None:
    graph = around(item)
    assert set(graph) == {f"item:{item}"}
    figure = surroundings_figure(graph)
    assert not figure.data
    assert "No other item" in figure.layout.annotations[0].text


@pytest.mark.parametrize("wrong", [{"n_relations": 8}, {"n_items": 0}, {"item_id": 1.5}])
def test_wrong_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        SurroundingsParameters(**wrong)


def test_the_figure_says_what_is_found() -> None:
    figure = surroundings_figure(around())
    assert title_of(figure) == (
        "Title &lt;3&gt; (1999) has 3 entities in common with Title &lt;1&gt; (1999)"
    )
    relations = [trace.name for trace in figure.data if trace.name]
    assert relations == ["actor", "director", "genre"]
    assert len({trace.marker.symbol for trace in figure.data if trace.name}) == 3
    assert figure.layout.yaxis.ticktext == ("z", "y", "x", "War")  # the rarest first
    assert figure.layout.yaxis2.ticktext == (
        "Title &lt;3&gt;",
        "Title &lt;2&gt;",
        "Title &lt;4&gt;",
    )


def test_there_is_a_line_for_what_an_item_has() -> None:
    graph = around()
    figure = surroundings_figure(graph)
    left, right = (
        dict(zip(axis.tickvals, axis.ticktext, strict=True))
        for axis in (figure.layout.yaxis, figure.layout.yaxis2)
    )
    lines = {
        (right[end], left[start])
        for trace in figure.data
        if trace.name
        for start, end in zip(trace.y[::3], trace.y[1::3], strict=True)
    }
    names = dict(graph.nodes.data("label"))
    assert lines == {
        (names[item].replace("<", "&lt;").replace(">", "&gt;").removesuffix(" (1999)"), names[end])
        for item, end in graph.edges
        if item != "item:1"
    }


def test_the_graph_can_be_stored(tmp_path: Path) -> None:
    dataset = GraphDataset(filepath=str(tmp_path / "graph.graphml"))
    dataset.save(around())
    loaded = dataset.load()
    assert dict(loaded.nodes.data()) == dict(around().nodes.data())
    assert loaded.graph == around().graph
    surroundings_figure(loaded)
