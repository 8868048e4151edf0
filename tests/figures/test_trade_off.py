"""The figure of the trade-off names every approach, and says which is best in what."""

from __future__ import annotations

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
    lists, reasons = trade_off_figure(comparison, 10, 3).data
    assert (lists.x, lists.y) == ((0.25, 0.2, 0.125, 0.1, 0.01), (0, 1, 2, 3, 4))
    assert lists.error_x.array == pytest.approx((0.03, 0.01, 0.005, 0.01, 0))
    assert lists.error_x.arrayminus == pytest.approx((0.02, 0.01, 0.005, 0.01, 0))
    # Percentage points: 75 - 50, 75 - 87.5; the cells of the others are empty.
    assert (reasons.xaxis, reasons.x, reasons.y) == ("x2", (25, -12.5), (0, 3))


def test_everybody_has_a_row(comparison: pd.DataFrame) -> None:
    layout = trade_off_figure(comparison, 10, 3).layout
    assert layout.yaxis.ticktext == ("als", "fm", "popularity", "rules", "random")
    assert layout.yaxis.range == layout.yaxis2.range == (4.5, -0.5)  # the best at the top
    coverage = {note.y: note.text for note in layout.annotations if note.xref == "paper"}
    assert coverage == {0: "100 %", 1: "50 %", 2: "", 3: "88 %", 4: ""}


def test_axes(comparison: pd.DataFrame) -> None:
    layout = trade_off_figure(comparison, 10, 3).layout
    assert layout.xaxis2.range[0] < -12.5 < 25 < layout.xaxis2.range[1]
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
    assert layout.xaxis.title.text == "nDCG@10"
    assert layout.xaxis2.title.text == "Beyond random"
    (line,) = layout.shapes
    assert (line.x0, line.x1, line.xref) == (0, 0, "x2")


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
    assert [trace.x for trace in alone.data] == [(0.25,), (25,)]
    without_lists = trade_off_figure(with_(comparison, "random", ndcg=NAN), 10, 3)
    assert "random" not in without_lists.layout.yaxis.ticktext


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[:5]])
def test_nobody_cites_history_items(comparison: pd.DataFrame, columns: list[str]) -> None:
    unfaithful = comparison.loc[comparison["approach"] == "fm", columns]
    for table in (unfaithful, comparison.head(0)[columns]):
        (note,) = trade_off_figure(table, 10, 3).layout.annotations
        assert note.text == "No approach cites history items"


def test_the_figure_grows_with_the_approaches(comparison: pd.DataFrame) -> None:
    heights = [trade_off_figure(comparison.head(n), 10, 3).layout.height for n in (1, 2, 3, 4)]
    assert heights == sorted(set(heights))
