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
    assert own.hovertext == (
        "<b>als</b> without 1 item (cited)<br>Still recommended: 75.0 % (62.5 % to 87.5 %)"
        "<br>1,234 users",
        "<b>als</b> without 2 items (cited)<br>Still recommended: 25.0 % (12.5 % to 37.5 %)"
        "<br>1,234 users",
    )
    legend = [trace for trace in figure.data if trace.showlegend]
    assert [trace.name for trace in sorted(legend, key=lambda trace: trace.legendrank)] == [
        "cited",
        "random",
        "most popular",
    ]


def test_bands(faithfulness: pd.DataFrame) -> None:
    bands = [trace for trace in faithfulness_figure(faithfulness).data if trace.fill]
    assert len(bands) == 6
    (own,) = (band for band in bands if (band.legendgroup, band.yaxis) == ("own", "y"))
    assert own.x == (1, 2, 2, 1)
    assert own.y == (62.5, 12.5, 37.5, 87.5)
    without = faithfulness.assign(low=NAN)
    for table in (without, faithfulness.drop(columns=["low", "high"])):
        figure = faithfulness_figure(table)
        assert not any(trace.fill for trace in figure.data)
        assert (
            lines_of(figure)["cited", "y2"]
            .hovertext[0]
            .endswith("Score left: 125.0 %<br>1,234 users")
        )


def test_a_row_of_panels_for_every_approach(faithfulness: pd.DataFrame) -> None:
    layout = faithfulness_figure(faithfulness).layout
    notes = {note.text: (note.x, note.y) for note in layout.annotations}
    assert list(notes) == ["<b>als</b>", "<b>ar</b>", "Score left:<br>not measured"]
    assert notes["<b>als</b>"] == (0, 1)
    assert notes["<b>ar</b>"] == (0, layout.yaxis3.domain[1])
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
        "als: 25 % of recommendations stay without 2 cited items, 75 % without 2 random ones; "
        "ar: no better than random"
    )
    one = faithfulness[faithfulness["n_cited"] == 1]
    assert title_of(faithfulness_figure(one)) == (
        "ar: 50 % of recommendations stay without 1 cited item, 75 % without 1 random one"
    )
    of_del = table_of(("als", "del", "own", 3, 0.5), ("als", "del", "random", 3, 0.875))
    assert title_of(faithfulness_figure(of_del)) == (
        "als: 50 % of the score is left without 3 cited items, 88 % without 3 random ones"
    )
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
        "<b>als</b>",
        "<b>knn</b>",
        "<b>ar</b>",
    ]
    lines = lines_of(figure)
    own = lines["cited", "y"]
    assert (own.x, own.y) == ((25, 50), (25, 25))
    assert own.hovertext[0] == (
        "<b>als</b> without 25 % of the history (cited)<br>Still recommended: 25.0 %<br>943 users"
    )
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
        "What stays as the history is taken away"
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
