"""The figure of a what-if connects the places of what stays, and marks what comes and goes."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.figures.what_if import what_if_figure
from tests.figures.texts import title_of


def list_of(*titles: str) -> pd.DataFrame:
    ranks = range(1, len(titles) + 1)
    return pd.DataFrame({"title": titles, "rank": ranks, "score": [1 / rank for rank in ranks]})


def test_lines() -> None:
    figure = what_if_figure(
        list_of("Big", "R & B", "Up"), list_of("Up", "Big", "Jaws"), "Without A"
    )
    stays, leaves, enters = figure.data[:3]
    assert (stays.x, stays.y) == ((0, 1, None, 0, 1, None), (1, 2, None, 3, 1, None))
    assert (leaves.x, leaves.y) == ((0, 0.15, None), (2, 2, None))
    assert (enters.x, enters.y) == ((0.85, 1, None), (3, 3, None))
    traces = (stays, leaves, enters)
    assert [trace.name for trace in traces] == ["stays", "leaves", "enters"]
    for looks in ("line.color", "line.dash", "marker.symbol"):
        assert len({trace[looks] for trace in traces}) == 3
    layout = figure.layout
    assert layout.yaxis.ticktext == ("Big", "R &amp; B", "Up")
    assert layout.yaxis2.ticktext == ("Up", "Big", "Jaws")
    assert layout.yaxis.range == layout.yaxis2.range == (3.5, 0.5)  # the first is at the top
    assert title_of(figure) == "Without A, the list loses 1 of 3 items"


def test_long_titles_are_shortened() -> None:
    figure = what_if_figure(list_of("A title " * 6), list_of("A title " * 6), "Without A")
    assert figure.layout.yaxis.ticktext == ("A title A title A t…",)


def test_items_that_share_a_title() -> None:
    lists = [list_of("Emma", "Emma").assign(item_id=ids) for ids in ([1, 2], [2, 3])]
    stays = what_if_figure(*lists, "Without A").data[0]
    assert (stays.name, stays.y) == ("stays", (2, 1, None))


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("ab", "cd", "the list loses 2 of 2 items"),
        ("ab", "ba", "the same 2 items are recommended, 2 at another place"),
        ("ab", "ab", "no recommendation changes"),
        ("ab", "abcd", "2 more come and none leaves"),
        ("ab", "", "the list loses 2 of 2 items"),
        ("", "ab", "2 more come and none leaves"),
    ],
)
def test_titles(before: str, after: str, finding: str) -> None:
    figure = what_if_figure(list_of(*before), list_of(*after), "With <A> rated 5")
    assert title_of(figure) == f"With &lt;A&gt; rated 5, {finding}"


def test_two_empty_lists() -> None:
    (note,) = what_if_figure(list_of(), list_of(), "Without A").layout.annotations
    assert note.text == "No recommendations to compare"
