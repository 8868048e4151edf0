"""The figure of one explanation takes the form that suits the evidence, and says what it finds."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from explainable_recsys.figures.reasons import reasons_figure
from explainable_recsys.figures.style import PALETTE
from tests.figures.texts import title_of

GREEN, ORANGE = PALETTE[2], PALETTE[3]


def reasons_of(style: str, *pieces: tuple[Any, ...]) -> pd.DataFrame:
    """Rows from text, weight and, for rules, group."""
    columns = ["evidence", "weight", "group"]
    table = pd.DataFrame([(*piece, 1)[:3] for piece in pieces], columns=columns)
    return table.assign(
        position=range(1, len(table) + 1),
        style=pd.Categorical([style] * len(table)),
        evidence_id=[str(text).removeprefix("★") for text in table["evidence"]],
        evidence=table["evidence"].astype("category"),
        weight=table["weight"].astype("float32"),
    )


def test_parts_of_a_score_are_shares_of_it() -> None:
    reasons = reasons_of("item", ("Alien", 0.25), ("Jaws", 0.5), ("Big", 0.25))
    figure = reasons_figure(reasons, "Fargo", score=2.0)
    assert figure.data[0].text == ("25 %", "12 %", "12 %")
    assert title_of(figure) == "Why <i>Fargo</i>: <i>Jaws</i> alone carries 25 %"


def test_items_that_all_speak_for_it_are_shares() -> None:
    reasons = reasons_of("item", ("Alien", 0.25), ("Jaws", 0.5), ("Big", 0.125), ("R & B", 0.125))
    figure = reasons_figure(reasons, "Fargo & <Co>")
    (bars,) = figure.data
    assert (bars.x, bars.text) == ((0.5, 0.25, 0.125, 0.125), ("50 %", "25 %", "12 %", "12 %"))
    assert set(bars.marker.color) == {GREEN}
    assert bars.hovertext[3] == "<b>R &amp; B</b><br>+0.12"
    assert figure.layout.yaxis.ticktext == ("Jaws", "Alien", "Big", "R &amp; B")
    assert title_of(figure) == ("Why <i>Fargo &amp; &lt;Co&gt;</i>: <i>Jaws</i> alone carries 50 %")
    even = reasons_of("item", *((name, 0.25) for name in "abcde"))
    assert title_of(reasons_figure(even, "Big")) == ("Why <i>Big</i>: 3 of 5 reasons carry 60 %")


def test_evidence_for_and_against() -> None:
    reasons = reasons_of("item", ("Alien", 0.25), ("Big", -0.5), ("Jaws", 0.5), ("Up", 0.0))
    figure = reasons_figure(reasons, "Fargo")
    (bars,) = figure.data
    assert (bars.x, bars.marker.color) == ((0.5, 0.25, -0.5), (GREEN, GREEN, ORANGE))
    assert bars.text == ("+0.5", "+0.25", "\u22120.5")
    assert (
        title_of(figure)
        == "Why <i>Fargo</i>: <i>Jaws</i> speaks for it most, <i>Big</i> against it"
    )
    only = reasons_of("item", ("Alien", -0.25), ("Big", -0.5))
    assert title_of(reasons_figure(only, "Fargo")) == (
        "Why <i>Fargo</i>: everything speaks against it, <i>Big</i> most"
    )


def test_features() -> None:
    figure = reasons_figure(reasons_of("feature", ("Drama", 0.25)), "Fargo")
    assert figure.data[0].text == ("+0.25",)
    assert figure.layout.xaxis.title.text == "Weight (unit of the score)"
    assert title_of(figure) == "Why <i>Fargo</i>: “Drama” alone speaks for it"
    both = reasons_of("feature", ("Drama", 0.25), ("from the 1990s", -1))
    assert title_of(reasons_figure(both, "Fargo")) == (
        "Why <i>Fargo</i>: “Drama” speaks for it most, “from the 1990s” against it"
    )


@pytest.mark.parametrize("style", ["path", "of another kind"])
def test_other_styles_are_bars(style: str) -> None:
    figure = reasons_figure(reasons_of(style, ("Alien → Ridley Scott", 2), ("b", 1)), "Fargo")
    assert figure.data[0].x == (2, 1)
    assert figure.layout.xaxis.title.text == "Weight of the evidence"
    assert title_of(figure).endswith("“Alien → Ridley Scott” alone carries 67 %")


def test_rules() -> None:
    long = "A title " * 6
    reasons = reasons_of(
        "rule",
        ("Alien", 0.25, 1),
        ("Big", 0.5, 2),
        (long, 0.5, 2),
        ("Jaws", 0.5, 2),
        ("Up", 0.4, 3),
    )
    figure = reasons_figure(reasons, "The Last Brickmaker in <America>")
    assert title_of(figure) == (
        "Why <i>The Last Brickmaker in &lt;America&gt;</i>: "
        "3 rules lead to it, with up to 50 % confidence"
    )
    (bars,) = figure.data
    assert (bars.x, bars.text) == (pytest.approx((0.5, 0.4, 0.25)), ("50 %", "40 %", "25 %"))
    axis = figure.layout.yaxis
    assert axis.ticktext == ("Big<br>+ A title A title A title A t…<br>+ Jaws", "Up", "Alien")
    # A rule of three items takes three lines.
    assert axis.tickvals == bars.y == (1, 3, 4)
    assert axis.range == (4.5, -0.5)
    assert bars.hovertext[0] == f"<b>Big + {long} + Jaws</b><br>50 %"


def test_one_rule() -> None:
    figure = reasons_figure(reasons_of("rule", ("Alien", 0.25)), "Fargo")
    assert title_of(figure) == "Why <i>Fargo</i>: 1 rule leads to it, with 25 % confidence"


def test_neighbours() -> None:
    # Those who did not like it stand in the evidence below 0.
    reasons = reasons_of("neighbour", ("★4.5", 1), ("★5", 1), ("★2", -2))
    figure = reasons_figure(reasons, "Fargo")
    (bars,) = figure.data
    assert figure.layout.yaxis.ticktext == ("★5", "★4.5", "★2")  # by rating, not by number
    assert (bars.x, bars.text) == ((1, 1, 2), ("1", "1", "2"))
    assert not {GREEN, ORANGE} & set(bars.marker.color)  # a number speaks neither for nor against
    assert title_of(figure) == "Why <i>Fargo</i>: 4 neighbours rated it, on average 3.4"
    one = reasons_figure(reasons_of("neighbour", ("★-9.7", 1)), "Fargo")
    assert title_of(one).endswith(": 1 neighbour rated it, with \u22129.7")


def test_no_reasons() -> None:
    for weight in (0.0, float("nan")):
        (note,) = reasons_figure(reasons_of("item", ("a", weight)), "Fargo").layout.annotations
        assert note.text == "No explanation of <i>Fargo</i>"
    (note,) = reasons_figure(reasons_of("rule"), "A & B").layout.annotations
    assert note.text == "No explanation of <i>A &amp; B</i>"
