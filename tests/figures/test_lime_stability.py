"""The figure of LIME's stability says whether the perturbations in use are enough."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.style import PALETTE
from tests.figures.texts import title_of


@pytest.fixture
def stability() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("item", 1000, 0.92, 0.1, 0.8, 400.4, 50),
            ("item", 100, 0.5, 0.3, -0.25, 40.0, 50),
            ("history", 100, 0.75, np.nan, 0.5, 90.0, 50),
            ("history", 1000, 0.955, 0.2, np.nan, 900.0, 1234),
        ],
        columns=[
            "neighbourhood",
            "n_samples",
            "top3_jaccard",
            "coefficient_spread",
            "held_out_r2",
            "effective_samples",
            "n_explanations",
        ],
    )


def finding_of(stability: pd.DataFrame, n_samples: int, target: float = 0.8) -> str:
    figure = lime_stability_figure(stability, n_samples, target)
    return title_of(figure)


def test_lines(stability: pd.DataFrame) -> None:
    figure = lime_stability_figure(stability, 1000)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["history", "item"]
    lines = {(trace.name, trace.yaxis): trace for trace in figure.data}
    assert all(trace.x == (100, 1000) for trace in figure.data)
    assert lines["item", "y"].y == (0.5, 0.92)
    assert lines["item", "y2"].y == (-0.25, 0.8)
    assert lines["history", "y"].y == (0.75, 0.955)
    assert lines["history", "y2"].y == (0.5, None)
    assert {name: trace.line.color for (name, _), trace in lines.items()} == {
        "history": PALETTE[0],
        "item": PALETTE[1],
    }


def test_axes_and_marks(stability: pd.DataFrame) -> None:
    layout = lime_stability_figure(stability, 1000, target=0.9).layout
    assert (layout.xaxis.type, layout.xaxis2.type) == ("log", "log")
    assert layout.xaxis.range[0] < 2 < 3 < layout.xaxis.range[1]
    assert layout.yaxis2.range[0] < -0.25
    target, left, right = layout.shapes
    assert (target.y0, target.y1, target.line.dash) == (0.9, 0.9, "dot")
    assert (left.x0, left.x1, left.xref) == (1000, 1000, "x")
    assert (right.x0, right.x1, right.xref) == (1000, 1000, "x2")
    assert [line.label.text for line in layout.shapes] == ["target 0.9", "in use", "in use"]
    outside = lime_stability_figure(stability, 10_000).layout.xaxis
    assert outside.range[1] > 4


def test_titles(stability: pd.DataFrame) -> None:
    overlap = "perturbations the top 3 reasons of two seeds have a mean Jaccard overlap of at least"
    assert finding_of(stability, 1000) == f"With 1,000 {overlap} 0.92 (lowest: item; target: 0.8)"
    assert finding_of(stability, 1000, target=0.925).endswith("0.92 (lowest: item; target: 0.925)")
    # The nearest number that was tried.
    assert finding_of(stability, 900) == finding_of(stability, 1000)
    assert finding_of(stability, 300) == f"With 100 {overlap} 0.50 (lowest: item; target: 0.8)"
    missing = stability.assign(top3_jaccard=np.nan, held_out_r2=np.nan)
    assert (
        finding_of(missing, 1000) == "No overlap of top 3 reasons between seeds could be measured"
    )


def test_other_neighbourhoods_one_number_and_none(stability: pd.DataFrame) -> None:
    figure = lime_stability_figure(stability.head(1).assign(neighbourhood="pair"), 1000)
    assert {trace.line.color for trace in figure.data} == {PALETTE[0]}
    assert figure.layout.xaxis.range == pytest.approx((2.9, 3.1))
    (note,) = lime_stability_figure(stability.head(0), 1000).layout.annotations
    assert note.text == "No numbers of perturbations were tried"
