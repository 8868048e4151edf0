"""The figure of the trade-off names every approach, and says which is best in what."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.trade_off import trade_off_figure
from tests.figures.texts import title_of

COLUMNS = [
    "approach",
    "ndcg@10",
    "ndcg@10/low",
    "ndcg@10/high",
    "coverage",
    "pos@10,3",
    "pos@10,3/random",
]
NAN = np.nan


@pytest.fixture
def comparison() -> pd.DataFrame:
    """Two approaches with faithfulness, and three without: reasons of another kind, or none."""
    return pd.DataFrame(
        [
            ("als", 0.25, 0.23, 0.28, 1.0, 0.5, 0.75),
            ("rules", 0.1, 0.09, 0.11, 0.875, 0.875, 0.75),
            ("fm", 0.2, 0.19, 0.21, 0.5, NAN, NAN),
            ("popularity", 0.125, 0.12, 0.13, NAN, NAN, NAN),
            ("random", 0.01, NAN, NAN, NAN, NAN, NAN),
        ],
        columns=COLUMNS,
    )


def finding_of(comparison: pd.DataFrame) -> str:
    title = str(title_of(trade_off_figure(comparison, 10, 3)))
    return title.replace("<br>", " ").replace("\u00a0", " ")


def with_(comparison: pd.DataFrame, approach: str, **changes: Any) -> pd.DataFrame:
    """The table with other values of one approach; `own` and `random` stand for POS."""
    names = {"own": "pos@10,3", "random": "pos@10,3/random", "ndcg": "ndcg@10"}
    changed = comparison.copy()
    for column, value in changes.items():
        changed.loc[changed["approach"] == approach, names[column]] = value
    return changed


def test_points(comparison: pd.DataFrame) -> None:
    upper, explained, unexplained = trade_off_figure(comparison, 10, 3).data
    assert upper.x == (0.25, 0.1)
    assert upper.y == (25, -12.5)  # percentage points: 75 - 50, 75 - 87.5
    assert upper.error_x.array == pytest.approx((0.03, 0.01))
    assert upper.error_x.arrayminus == pytest.approx((0.02, 0.01))
    assert upper.marker.color == (100, 87.5)
    assert upper.hovertext == (
        "<b>als</b><br>nDCG 0.250 (0.230 to 0.280)<br>100.0 % explained"
        "<br>50.0 % stay without the cited items, 75.0 % without random ones",
        "<b>rules</b><br>nDCG 0.100 (0.090 to 0.110)<br>87.5 % explained"
        "<br>87.5 % stay without the cited items, 75.0 % without random ones",
    )
    assert (explained.yaxis, explained.x, explained.y) == ("y2", (0.2,), (0,))
    assert explained.marker.color == (50,)
    assert (unexplained.yaxis, unexplained.x, unexplained.y) == ("y2", (0.125, 0.01), (1, 2))
    assert unexplained.marker.color == "white"
    assert unexplained.error_x.array == pytest.approx((0.005, 0))  # an unknown interval is a point
    assert unexplained.hovertext[1].endswith("<br>no faithfulness")


def test_everybody_is_named(comparison: pd.DataFrame) -> None:
    figure = trade_off_figure(comparison, 10, 3)
    notes = {(note.text, note.yref) for note in figure.layout.annotations}
    assert notes == {
        ("no better than random reasons", "y"),
        ("als 100 %", "y"),
        ("rules 88 %", "y"),
        ("<b>no faithfulness</b> (no reasons that cite history items)", "paper"),
        ("fm 50 %", "y2"),
        ("popularity", "y2"),
        ("random", "y2"),
    }
    sides = {note.text: (note.x, note.xanchor) for note in figure.layout.annotations}
    assert sides["fm 50 %"] == (0.19, "right")  # ends where the interval begins
    assert sides["random"] == (0.01, "left")


def test_axes(comparison: pd.DataFrame) -> None:
    layout = trade_off_figure(comparison, 10, 3).layout
    assert layout.xaxis.range[0] < 0.01 < 0.28 < layout.xaxis.range[1]
    assert layout.yaxis.range[0] < -12.5 < 25 < layout.yaxis.range[1]
    assert layout.yaxis2.range == (2.5, -0.5)
    assert layout.yaxis2.domain[1] < layout.yaxis.domain[0]
    assert layout.xaxis.title.text == "nDCG@10 (0 to 1; bars: 95 % intervals)"
    assert layout.yaxis.title.text == (
        "Lost from the top 10 without 3 cited items,<br>minus without 3 random ones (% points)"
    )
    assert (layout.coloraxis.cmin, layout.coloraxis.cmax) == (50, 100)
    (line,) = layout.shapes
    assert (line.y0, line.y1, line.yref) == (0, 0, "y")


def test_titles(comparison: pd.DataFrame) -> None:
    assert finding_of(comparison) == (
        "als has both the best lists (nDCG@10 0.250) and the most faithful reasons "
        "(25 points beyond random)"
    )
    shared = with_(comparison, "rules", own=0.25, ndcg=0.25)  # the lists of another approach
    assert finding_of(shared).startswith("rules has both the best lists (nDCG@10 0.250)")
    assert finding_of(with_(comparison, "rules", own=0.25)) == (
        "als has the best lists (nDCG@10 0.250), rules the most faithful reasons "
        "(50 points beyond random)"
    )
    assert finding_of(with_(comparison, "als", own=0.746)) == (
        "als has the best lists (nDCG@10 0.250); no approach's reasons are more faithful than "
        "random ones"
    )


def test_missing_values(comparison: pd.DataFrame) -> None:
    alone = trade_off_figure(comparison.head(1)[["approach", "ndcg@10", *COLUMNS[5:]]], 10, 3)
    (points,) = alone.data
    assert (points.x, points.y, points.marker.color) == ((0.25,), (25,), "white")
    assert "yaxis2" not in alone.layout.to_plotly_json()
    without_lists = with_(comparison, "random", ndcg=NAN)
    assert "random" not in {
        note.text for note in trade_off_figure(without_lists, 10, 3).layout.annotations
    }


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[:5]])
def test_nobody_cites_history_items(comparison: pd.DataFrame, columns: list[str]) -> None:
    unfaithful = comparison.loc[comparison["approach"] == "fm", columns]
    for table in (unfaithful, comparison.head(0)[columns]):
        (note,) = trade_off_figure(table, 10, 3).layout.annotations
        assert note.text == "No approach cites history items"


def boxes_of(figure: Any, width: float) -> list[tuple[float, ...]]:
    """Where labels of the upper panel are, in pixels: left, bottom, right, top."""
    layout = figure.layout
    (left, right), (bottom, top) = layout.xaxis.range, layout.yaxis.range
    panels = layout.height - layout.margin.t - layout.margin.b
    height = panels * (layout.yaxis.domain[1] - layout.yaxis.domain[0])
    boxes = []
    for note in layout.annotations:
        if note.yref == "y" and note.xref != "x domain":
            x = width * (note.x - left) / (right - left)
            y = height * (note.y - bottom) / (top - bottom)
            x += note.ax if note.showarrow is not False else note.xshift
            y += -note.ay if note.showarrow is not False else note.yshift
            size = 6 * len(note.text)
            x -= {"left": 0, "center": 0.5, "right": 1}[note.xanchor] * size
            boxes.append((x, y - 7, x + size, y + 7))
            assert 0 <= x <= x + size <= width
            assert 0 <= y - 7 <= y + 7 <= height
    return boxes


@pytest.mark.parametrize("width", [300, 950])
def test_labels_do_not_overlap_on_a_phone_or_a_screen(width: float) -> None:
    """Ten approaches, of which three each share a model's nDCG, many of them close together."""
    n = 10
    ndcg = np.array([0.2 + 0.03 * (i // 3) for i in range(n)])
    own = 0.8 - np.array([0.3, 0.31, 0.02, 0.3, 0.0, -0.02, 0.28, 0.02, 0.01, 0.0])
    table = pd.DataFrame(
        {
            "approach": [f"posthoc_number_{i}" for i in range(n)],
            "ndcg@10": ndcg,
            "ndcg@10/low": ndcg - 0.015,
            "ndcg@10/high": ndcg + 0.015,
            "coverage": 1.0,
            "pos@10,3": own,
            "pos@10,3/random": 0.8,
        }
    )
    boxes = boxes_of(trade_off_figure(table, 10, 3), width)
    assert len(boxes) == n
    for (left, bottom, right, top), (left2, bottom2, right2, top2) in combinations(boxes, 2):
        assert right <= left2 or right2 <= left or top <= bottom2 or top2 <= bottom


def test_the_figure_grows_with_the_approaches(comparison: pd.DataFrame) -> None:
    heights = [trade_off_figure(comparison.head(n), 10, 3).layout.height for n in (1, 2, 3, 4)]
    assert heights == sorted(set(heights))
