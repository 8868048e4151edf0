"""The figure of the evidence shows what speaks for and against each recommendation."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from explainable_recsys.figures.evidence_bars import evidence_bars_figure
from tests.figures.texts import subtitle_of, title_of

GREEN, ORANGE = "#009E73", "#D55E00"
ITEMS = pd.DataFrame(
    {
        "item_id": [1, 2, 3, 4],
        "title": ["Alien", "R & B", "A title " * 6, "Unknown"],
        "year": pd.array([1979, None, 2001, None], dtype="Int16"),
        "genres": "",
    }
)
RECOMMENDATIONS = pd.DataFrame(
    {
        "user_id": [42, 42, 42, 42, 7],
        "item_id": [3, 2, 1, 4, 1],
        "rank": [3, 2, 1, 4, 1],
        "score": 1.0,
    }
)


def explanations_of(*pieces: tuple[Any, ...], style: str = "feature") -> pd.DataFrame:
    """Explanations from user, item, text and weight."""
    table = pd.DataFrame(pieces, columns=["user_id", "item_id", "evidence", "weight"])
    keys = table.groupby(["user_id", "item_id"])
    return table.assign(
        position=keys.cumcount() + 1,
        style=pd.Categorical([style] * len(table), categories=["feature", "item", "neighbour"]),
        evidence_id=range(len(table)),
        evidence=table["evidence"].astype("category"),
        weight=table["weight"].astype("float32"),
        group=1,
    )


@pytest.fixture
def explanations() -> pd.DataFrame:
    return explanations_of(
        (42, 1, "Horror", 0.25),
        (42, 1, "Sci-Fi", 0.5),
        (42, 1, "long", -0.375),
        (42, 1, "slow", -0.0625),
        (42, 3, "Drama", 0.125),
        (42, 4, "Drama", 1.0),
        (7, 1, "Horror", -9.0),
    )


def test_bars(explanations: pd.DataFrame) -> None:
    figure = evidence_bars_figure(explanations, RECOMMENDATIONS, ITEMS, 42, n_items=2)
    alien, other = figure.data
    assert alien.x == (0.5, 0.25, -0.0625, -0.375)
    assert alien.text == ("+0.5", "+0.25", "\u22120.062", "\u22120.38")
    assert alien.marker.color == (GREEN, GREEN, ORANGE, ORANGE)
    assert alien.hovertext[3] == "<b>long</b><br>\u22120.38"
    axis = figure.layout.yaxis
    assert axis.ticktext == ("Sci-Fi", "Horror", "slow", "long")
    assert axis.tickvals == alien.y == (0, 1, 2, 3)
    assert axis.range == (3.5, -0.5)  # the first is at the top
    assert other.x == (0.125,)
    assert figure.layout.yaxis2.ticktext == ("Drama",)


def test_panels_are_below_each_other_in_the_order_of_ranks(explanations: pd.DataFrame) -> None:
    figure = evidence_bars_figure(explanations, RECOMMENDATIONS, ITEMS, 42)
    layout = figure.layout
    assert [note.text for note in sorted(layout.annotations, key=lambda note: -note.y)] == [
        "<b>Alien</b>, rank 1",
        "<b>A title A title A title A title A title…</b>, rank 3",
        "<b>Unknown</b>, rank 4",
    ]
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y3"]
    assert {trace.xaxis for trace in figure.data} == {None}  # one axis, so that bars compare
    assert layout.xaxis.anchor == "y3"
    first, second, third = (axis.domain for axis in (layout.yaxis, layout.yaxis2, layout.yaxis3))
    assert first[1] < 1
    assert first[0] > second[1] > second[0] > third[1] > third[0] == 0
    assert first[1] - first[0] == pytest.approx(4 * (third[1] - third[0]))
    assert layout.xaxis.range[0] < -0.375 < 1 < layout.xaxis.range[1]
    assert layout.xaxis.title.text == "Weight (unit of the score)"


def test_titles(explanations: pd.DataFrame) -> None:
    def texts(table: pd.DataFrame, **kwargs: Any) -> tuple[str, str]:
        figure = evidence_bars_figure(table, RECOMMENDATIONS, ITEMS, **kwargs)
        return title_of(figure), subtitle_of(figure)

    key = "Green, to the right: speaks for it. Orange, to the left: speaks against it."
    title = "the reasons for the first recommendations"
    assert texts(explanations, user_id=42) == (f"User 42: {title}", key)
    rated = explanations_of((7, 1, "★5", 120), (7, 1, "★1", 3), style="neighbour")
    rated = rated.assign(evidence_id=["5", "1"])
    assert texts(rated, user_id=7) == (f"User 7: {title}", "")
    figure = evidence_bars_figure(rated, RECOMMENDATIONS, ITEMS, 7)
    assert figure.data[0].text == ("120", "3")
    assert figure.layout.xaxis.range[0] == 0


def test_pieces_with_the_same_text_stay_apart() -> None:
    explanations = explanations_of(
        (42, 1, "Star Wars", 0.5), (42, 1, "<b> & " + "x" * 50, 0.5), (42, 1, "Star Wars", 0.5)
    )
    figure = evidence_bars_figure(explanations, RECOMMENDATIONS, ITEMS, 42)
    shortened = "&lt;b&gt; &amp; " + "x" * 21 + "…"
    assert figure.data[0].y == (0, 1, 2)
    assert figure.layout.yaxis.ticktext == ("Star Wars", shortened, "Star Wars")


def test_the_figure_grows_with_the_bars(explanations: pd.DataFrame) -> None:
    one, three = (
        evidence_bars_figure(explanations, RECOMMENDATIONS, ITEMS, 42, n_items=n) for n in (1, 3)
    )
    assert one.layout.height < three.layout.height


def test_items_that_the_table_lacks_are_called_by_their_id(explanations: pd.DataFrame) -> None:
    figure = evidence_bars_figure(explanations, RECOMMENDATIONS, ITEMS.head(0), 7)
    assert [note.text for note in figure.layout.annotations] == ["<b>item 1</b>, rank 1"]


def test_no_evidence(explanations: pd.DataFrame) -> None:
    def message(table: pd.DataFrame, user_id: Any) -> str:
        (note,) = evidence_bars_figure(table, RECOMMENDATIONS, ITEMS, user_id).layout.annotations
        return str(note.text)

    assert message(explanations, 3) == "There are no explanations"
    assert message(explanations.head(0), None) == "There are no explanations"
    assert message(explanations.assign(weight=0.0), 42) == "There are no explanations"
    assert message(explanations.assign(weight=float("nan")), 42) == "There are no explanations"
