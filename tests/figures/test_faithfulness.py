"""The figures of faithfulness compare cited items with random and most popular ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.faithfulness import (
    faithfulness_curves_figure,
    faithfulness_figure,
)
from explainable_recsys.figures.style import GREY, PALETTE
from tests.figures.texts import title_of

NAN = np.nan


def table_of(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows from approach, metric, evidence, number of items, value; intervals of ± 0.125."""
    table = pd.DataFrame(rows, columns=["approach", "metric", "evidence", "n_cited", "value"])
    return table.assign(low=table["value"] - 0.125, high=table["value"] + 0.125, n_users=1234)


def curves_of(*rows: tuple[Any, ...]) -> pd.DataFrame:
    columns = ["approach", "evidence", "share", "value"]
    return pd.DataFrame(rows, columns=columns).assign(metric="pos", n_users=943)


@pytest.fixture
def faithfulness() -> pd.DataFrame:
    """Reasons of `als` matter more than those of `ar`, though not the first; `ar` has no del."""
    return table_of(
        ("ar", "pos", "own", 1, 0.5),
        ("ar", "pos", "own", 2, 0.5),
        ("ar", "pos", "random", 1, 0.75),
        ("ar", "pos", "random", 2, 0.5),
        ("als", "pos", "own", 2, 0.25),
        ("als", "pos", "own", 1, 0.75),
        ("als", "pos", "random", 1, 0.875),
        ("als", "pos", "random", 2, 0.75),
        ("als", "pos", "popular", 1, 0.75),
        ("als", "pos", "popular", 2, NAN),
        ("als", "del", "own", 1, 1.25),
        ("als", "ps", "own", 1, 0.5),
    )


@pytest.fixture
def curves() -> pd.DataFrame:
    """Of `als`, `ar` and `knn` the largest gaps are 0.5, -0.25 and 0.25."""
    return curves_of(
        ("ar", "own", 0.5, 0.75),
        ("ar", "random", 0.5, 0.5),
        ("als", "own", 0.5, 0.25),
        ("als", "own", 0.25, 0.25),
        ("als", "random", 0.25, 0.75),
        ("als", "random", 0.5, 0.5),
        ("als", "popular", 0.5, 0.5),
        ("knn", "own", 0.5, 0.25),
        ("knn", "random", 0.5, 0.5),
    )


def lines_of(figure: Any) -> dict[tuple[str, str], Any]:
    """Lines by name and vertical axis."""
    return {(trace.name, trace.yaxis): trace for trace in figure.data if trace.name}


def test_lines(faithfulness: pd.DataFrame) -> None:
    figure = faithfulness_figure(faithfulness)
    lines = lines_of(figure)
    assert set(lines) == {
        *((name, "y") for name in ("cited", "random", "most popular")),
        ("cited", "y2"),
        *((name, "y3") for name in ("cited", "random")),
    }
    own = lines["cited", "y"]
    assert (own.x, own.y, own.line.color) == ((1, 2), (75, 25), PALETTE[0])
    assert (own.line.dash, lines["random", "y"].line.dash) == ("solid", "dash")
    assert lines["random", "y"].line.color == GREY
    assert (lines["most popular", "y"].x, lines["most popular", "y"].y) == ((1,), (75,))
    assert lines["cited", "y2"].y == (125,)
    legend = [trace.name for trace in figure.data if trace.showlegend]
    assert legend == ["most popular", "random", "cited"]
    assert figure.layout.legend.traceorder == "reversed"  # the most important first


def test_intervals(faithfulness: pd.DataFrame) -> None:
    own = lines_of(faithfulness_figure(faithfulness))["cited", "y"]
    assert own.error_y.array == own.error_y.arrayminus == (12.5, 12.5)
    own = lines_of(faithfulness_figure(faithfulness.drop(columns=["low", "high"])))["cited", "y"]
    assert own.error_y.array == own.error_y.arrayminus == (0, 0)


def test_a_row_of_panels_for_every_approach(faithfulness: pd.DataFrame) -> None:
    layout = faithfulness_figure(faithfulness).layout
    notes = {note.text: (note.xref, note.yref, note.x, note.y) for note in layout.annotations}
    assert notes == {
        "als": ("x domain", "y domain", 0, 1),
        "ar": ("x3 domain", "y3 domain", 0, 1),
    }
    axes = [layout.yaxis, layout.yaxis2, layout.yaxis3, layout.yaxis4]
    assert [axis.title.text for axis in axes] == ["Still recommended", "Score left"] * 2
    assert layout.yaxis.domain == layout.yaxis2.domain
    assert layout.yaxis3.domain[0] == 0 < layout.yaxis3.domain[1] < layout.yaxis.domain[0]
    assert layout.xaxis.domain == layout.xaxis3.domain
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
    assert (layout.yaxis.range, layout.yaxis2.range) == ((-4, 104), pytest.approx((-5.5, 143)))
    assert [layout.xaxis.title.text, layout.xaxis3.title.text, layout.xaxis4.title.text] == [
        "",
        "Items taken away",
        "Items taken away",
    ]
    of_pos = faithfulness_figure(faithfulness[faithfulness["metric"] == "pos"]).layout
    assert of_pos.xaxis.domain == of_pos.xaxis2.domain == (0, 1)


def test_titles(faithfulness: pd.DataFrame) -> None:
    assert title_of(faithfulness_figure(faithfulness)) == (
        "als: 25 % of recommendations stay without cited items (2 of them), 75 % without random "
        "ones; ar: no better than random"
    )
    one = faithfulness[faithfulness["n_cited"] == 1]
    assert title_of(faithfulness_figure(one)) == (
        "ar: 50 % of recommendations stay without cited items (1 of them), 75 % without random ones"
    )
    of_del = faithfulness[faithfulness["metric"] == "del"]
    assert title_of(faithfulness_figure(of_del)) == "What is left without the cited items"
    worse = faithfulness[faithfulness["approach"] == "ar"]
    assert title_of(faithfulness_figure(worse)) == (
        "No approach cites items that matter more than random ones"
    )
    several = [worse.assign(approach=name) for name in ("emf", "knn")]
    assert title_of(faithfulness_figure(pd.concat([faithfulness, *several]))).endswith(
        "; 3 approaches: no better than random"
    )
    alone = faithfulness[faithfulness["evidence"] == "own"]
    assert title_of(faithfulness_figure(alone)) == "What is left without the cited items"


def test_curves(curves: pd.DataFrame) -> None:
    figure = faithfulness_curves_figure(curves)
    assert [note.text for note in figure.layout.annotations] == [
        "als",
        "knn",
        "ar",
    ]
    lines = lines_of(figure)
    own = lines["cited", "y"]
    assert (own.x, own.y) == ((25, 50), (25, 25))
    assert lines["cited", "y3"].y == (75,)
    layout = figure.layout
    assert layout.xaxis.domain == layout.xaxis3.domain
    assert layout.yaxis.domain == layout.yaxis2.domain
    assert [axis.title.text for axis in (layout.yaxis, layout.yaxis2, layout.yaxis3)] == [
        "Still recommended",
        "",
        "Still recommended",
    ]
    assert [axis.title.text for axis in (layout.xaxis, layout.xaxis2, layout.xaxis3)] == [
        "",
        "History taken away",
        "History taken away",
    ]


def test_titles_of_curves(curves: pd.DataFrame) -> None:
    finding = (
        "als: without 25 % of the history, 25 % of recommendations stay if cited items go first, "
        "75 % if random ones do"
    )
    assert title_of(faithfulness_curves_figure(curves)) == f"{finding}; ar: no better than random"
    better = curves[curves["approach"] != "ar"]
    assert title_of(faithfulness_curves_figure(better)) == finding
    assert title_of(faithfulness_curves_figure(curves.head(2))) == (
        "No approach cites items that matter more than random ones"
    )
    assert title_of(faithfulness_curves_figure(curves.head(1))) == (
        "What is left without the cited items"
    )


@pytest.mark.parametrize("n_approaches", [1, 2, 3, 10])
def test_panels_keep_their_size(faithfulness: pd.DataFrame, n_approaches: int) -> None:
    """At most two in a row; what grows is the height."""
    own = curves_of(*((f"approach {i}", "own", 0.5, 0.5) for i in range(n_approaches)))
    rows = faithfulness[faithfulness["approach"] == "als"]
    many = pd.concat(rows.assign(approach=f"approach {i}") for i in range(n_approaches))
    for figure in (faithfulness_curves_figure(own), faithfulness_figure(many)):
        layout = figure.layout
        height = layout.height - layout.margin.t - layout.margin.b
        names = [name for name in layout.to_plotly_json() if name.startswith("yaxis")]
        domains = [layout[name].domain for name in names]
        assert {round(height * (top - bottom)) for bottom, top in domains} == {140}
        assert max(domains.count(domain) for domain in domains) <= 2


def test_no_approach_cites_history_items(faithfulness: pd.DataFrame, curves: pd.DataFrame) -> None:
    of_ps = faithfulness[faithfulness["metric"] == "ps"]
    figures = [
        faithfulness_figure(faithfulness.head(0)),
        faithfulness_figure(faithfulness.assign(value=NAN)),
        faithfulness_figure(of_ps),
        faithfulness_curves_figure(curves.head(0)),
        faithfulness_curves_figure(curves.assign(metric="ps")),
    ]
    for figure in figures:
        assert not figure.data
        assert [note.text for note in figure.layout.annotations] == [
            "No approach cites history items"
        ]
