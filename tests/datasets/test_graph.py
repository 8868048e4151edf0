"""Graphs come back as they were saved, and equal graphs give equal files."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest
from kedro_viz.models.flowchart.node_metadata import DataNodeMetadata
from kedro_viz.models.flowchart.nodes import GraphNode

from explainable_recsys.datasets.files import GraphDataset
from explainable_recsys.errors import InputError


def graph() -> nx.DiGraph:
    made = nx.DiGraph()
    made.add_node("2", title="Amélie & <i>", support=0.5, community=1)
    made.add_node("10", title="千と千尋の神隠し", support=0.1, community=2, year=2001)
    made.add_edge("2", "10", lift=1.5)
    made.add_edge("10", "2", lift=1 / 3)
    return made


def test_round_trip(tmp_path: Path) -> None:
    dataset = GraphDataset(filepath=str(tmp_path / "graph.graphml"))
    dataset.save(graph())
    loaded = dataset.load()
    assert isinstance(loaded, nx.DiGraph)
    assert nx.utils.graphs_equal(loaded, graph())
    assert {type(value) for value in loaded.nodes["10"].values()} == {str, float, int}


def test_equal_graphs_give_equal_bytes(tmp_path: Path) -> None:
    """Also when they were put together in another order, or loaded."""
    reordered = nx.DiGraph()
    for node, attributes in reversed(list(graph().nodes.data())):
        reordered.add_node(node, **dict(reversed(attributes.items())))
    reordered.add_edges_from(reversed(list(graph().edges.data())))
    files = [tmp_path / name for name in ("first", "second", "loaded")]
    first, second, third = (GraphDataset(filepath=str(file)) for file in files)
    first.save(graph())
    second.save(reordered)
    third.save(first.load())
    assert files[0].read_bytes() == files[1].read_bytes() == files[2].read_bytes()


def test_empty_graph(tmp_path: Path) -> None:
    dataset = GraphDataset(filepath=str(tmp_path / "graph.graphml"))
    dataset.save(nx.DiGraph())
    assert nx.utils.graphs_equal(dataset.load(), nx.DiGraph())


def test_saving_leaves_the_graph_alone(tmp_path: Path) -> None:
    """The writer of networkx takes a graph's id away from it."""
    named = nx.DiGraph(id="rules")
    GraphDataset(filepath=str(tmp_path / "graph.graphml")).save(named)
    assert named.graph == {"id": "rules"}


def test_control_characters_do_not_spoil_the_file(tmp_path: Path) -> None:
    dataset = GraphDataset(filepath=str(tmp_path / "graph.graphml"))
    odd = nx.DiGraph()
    odd.add_node("1", title="a\x08b\tc")
    dataset.save(odd)
    assert dataset.load().nodes["1"]["title"] == "a\ufffdb\tc"


def test_kedro_viz_shows_its_size(tmp_path: Path) -> None:
    dataset = GraphDataset(filepath=str(tmp_path / "graph.graphml"))
    dataset.save(graph())
    node = GraphNode.create_data_node("id", "graph", None, set(), dataset, set())
    metadata = DataNodeMetadata(data_node=node)
    assert metadata.preview_type == "JSONPreview"
    assert json.loads(metadata.preview) == {
        "nodes": 2,
        "edges": 2,
        "node_attributes": ["community", "support", "title", "year"],
        "edge_attributes": ["lift"],
    }


@pytest.mark.parametrize("content", ["", "<graphml>", "<html></html>"])
def test_a_damaged_file_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "graph.graphml"
    file.write_text(content)
    with pytest.raises(Exception, match=r"graph\.graphml: damaged") as caught:
        GraphDataset(filepath=str(file)).load()
    assert isinstance(caught.value.__cause__, InputError)
