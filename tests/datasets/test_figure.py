"""Figures come back as they were saved, byte for byte, and kedro-viz draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from kedro_viz.models.flowchart.node_metadata import DataNodeMetadata
from kedro_viz.models.flowchart.nodes import GraphNode

from explainable_recsys.datasets.files import FigureDataset
from explainable_recsys.errors import InputError


def figure() -> go.Figure:
    return go.Figure(
        [go.Scatter(x=np.array([0.0, 0.5]), y=[1, None], name="Amélie")],
        layout={"title_text": "A finding"},
    )


def test_round_trip(tmp_path: Path) -> None:
    dataset = FigureDataset(filepath=str(tmp_path / "figure.json"))
    dataset.save(figure())
    loaded = dataset.load()
    assert loaded.layout.title.text == "A finding"
    assert loaded.data[0].name == "Amélie"
    assert loaded.data[0].y == (1, None)


def test_equal_figures_give_equal_bytes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first.json", "second.json", "loaded.json")]
    first, second, third = (FigureDataset(filepath=str(file)) for file in files)
    first.save(figure())
    second.save(figure())
    third.save(first.load())
    assert files[0].read_bytes() == files[1].read_bytes() == files[2].read_bytes()


def test_kedro_viz_draws_it(tmp_path: Path) -> None:
    dataset = FigureDataset(filepath=str(tmp_path / "figure.json"))
    dataset.save(figure())
    node = GraphNode.create_data_node("id", "figure", None, set(), dataset, set())
    metadata = DataNodeMetadata(data_node=node)
    assert metadata.preview_type == "PlotlyPreview"
    assert metadata.preview["layout"]["title"] == {"text": "A finding"}
    assert metadata.preview["data"][0]["name"] == "Amélie"


@pytest.mark.parametrize("content", ["", "{", '{"data": [{"type": "no such type"}]}'])
def test_a_damaged_file_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "figure.json"
    file.write_text(content)
    with pytest.raises(Exception, match=r"figure\.json: damaged") as caught:
        FigureDataset(filepath=str(file)).load()
    assert isinstance(caught.value.__cause__, InputError)
