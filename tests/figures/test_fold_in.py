"""The figures of people who are folded in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.fold_in import fold_in_figure, fold_in_seconds_figure
from tests.figures.texts import subtitle_of, title_of

NAN = np.nan


def with_bounds(name: str, *values: float) -> dict[str, Any]:
    middle = np.array(values)
    return {name: middle, f"{name}/low": middle - 0.05, f"{name}/high": middle + 0.05}


@pytest.fixture
def fold_in() -> pd.DataFrame:
    """The first has no seed; the lists of the second suffer from being left out."""
    return pd.DataFrame(
        {
            "recommender": ["EASE", "Walk", "SVD"],
            "n": 30,
            "n_people": [19, 20, 20],
            **with_bounds("overlap", 0.9, 0.8, 0.5),
            **with_bounds("overlap_of_others", 0.9, 0.95, 0.55),
            **with_bounds("overlap_of_two_trainings", 1, 1, 0.5),
            "rmse_fold_in": [NAN, NAN, 0.92],
            "rmse_retrained": [NAN, NAN, 0.9],
            "is_deterministic": [True, True, False],
        }
    )


def test_points(fold_in: pd.DataFrame) -> None:
    figure = fold_in_figure(fold_in[::-1])
    drawn = {(trace.name, trace.xaxis): trace.x for trace in figure.data}
    assert drawn["folded in", "x"] == (0.9, 0.8, 0.5)  # the most alike at the top
    assert drawn["trained again", "x"] == (1, 1, 0.5)
    assert drawn["others, trained on both times", "x"] == (0.9, 0.95, 0.55)
    assert (drawn["folded in", "x2"], drawn["trained again", "x2"]) == ((0.92,), (0.9,))
    ends = {note.y: note.text for note in figure.layout.annotations if note.xref == "paper"}
    assert ends == {0: "no seed", 1: "no seed", 2: ""}
    assert "20 people" in subtitle_of(figure)


def test_the_title_says_where_being_left_out_matters(fold_in: pd.DataFrame) -> None:
    title = title_of(fold_in_figure(fold_in))
    assert "50 % to 90 % of the top 30" in title
    assert "for 1 of 3 recommenders" in title  # intervals of the others overlap
    without = fold_in.drop(columns=[c for c in fold_in if "/" in c]).assign(
        **{"overlap/high": NAN, "overlap_of_others/low": NAN}
    )
    assert "for 2 of 3 recommenders" in title_of(fold_in_figure(without))


def test_recommenders_without_lists_have_no_row(fold_in: pd.DataFrame) -> None:
    silent = fold_in.assign(overlap=[NAN, 0.8, 0.5])
    assert fold_in_figure(silent).layout.yaxis.ticktext == ("Walk", "SVD")
    for table in (silent.head(1), fold_in.head(0), pd.DataFrame()):
        (note,) = fold_in_figure(table).layout.annotations
        assert note.text == "Nobody was folded in"


def test_times_stand_beside_those_of_the_article() -> None:
    table = pd.DataFrame(
        {
            "recommender": ["EASE", "SVD"],
            "seconds_fold_in": [0.002, 0.0015],
            "seconds_training": [0.1, 9.0],
        }
    )
    figure = fold_in_seconds_figure(table)
    folded, trained = (trace.x for trace in figure.data)
    assert folded == (0.0015, 0.002, 0.14)
    assert trained == (9, 0.1, 653)
    assert list(figure.layout.yaxis.ticktext[:2]) == ["SVD", "EASE"]
    assert (figure.layout.xaxis.type, title_of(figure)) == (
        "log",
        "A person is folded in within 2 ms; training again takes up to 9 s",
    )
    assert "another machine" in subtitle_of(figure)
