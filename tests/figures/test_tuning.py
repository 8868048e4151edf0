"""The figures of a search say what it found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.tuning import (
    best_trial,
    mean_so_far,
    parameter_columns,
    tuning_history_figure,
    tuning_parameters_figure,
)
from tests.figures.texts import subtitle_of, title_of

NAN = float("nan")


def trials(first: list[float], second: list[float], metric: str = "ndcg@10") -> pd.DataFrame:
    table = pd.DataFrame({"fold_1": first, "fold_2": second})
    table["value"] = table[["fold_1", "fold_2"]].mean(axis=1, skipna=False)
    pruned = np.where(table["fold_1"].isna(), "failed", "pruned")
    return table.assign(
        recommender="als",
        metric=metric,
        trial=range(len(table)),
        state=np.where(table["value"].notna(), "complete", pruned),
        factors=np.arange(1, len(table) + 1) * 30,
        kind=["a", None, "b", "a"][: len(table)],
        message=None,
    )


TRIALS = trials([0.2, 0.1, NAN, 0.4], [0.4, NAN, NAN, 0.6])


def test_history() -> None:
    figure = tuning_history_figure(TRIALS)
    assert title_of(figure) == "als: trial 3 takes ndcg@10 from 0.3000 to 0.5000"
    assert subtitle_of(figure) == (
        "Trials: 4, of which 1 stopped early (shown: their mean so far) and 1 failed."
    )
    lines = {trace.name: (trace.x, trace.y) for trace in figure.data}
    assert lines["complete"] == ((0, 3), (pytest.approx(0.3), 0.5))
    assert lines["stopped early"] == ((1,), (0.1,))
    assert lines["best so far"][1] == (pytest.approx(0.3),) * 3 + (0.5,)
    assert lines["present"] == ((0,), (pytest.approx(0.3),))
    assert lines["best"] == ((3,), (0.5,))


def test_parameters() -> None:
    figure = tuning_parameters_figure(TRIALS)
    assert parameter_columns(TRIALS) == ["factors", "kind"]
    best = [trace for trace in figure.data if trace.name == "best"]
    assert [trace.x for trace in best] == [(120,), ("a",)]
    assert [trace.xaxis for trace in best] == ["x", "x2"]
    assert [trace.showlegend for trace in best] == [True, False]
    assert figure.layout.xaxis.title.text == "factors"
    assert figure.layout.xaxis2.type == "category"
    stopped = [trace for trace in figure.data if trace.name.startswith("stopped")]
    assert stopped[1].x == ("none",)


@pytest.mark.parametrize(
    ("first", "second", "metric", "title"),
    [
        ([1.0, 0.5], [1.0, 0.5], "rmse", "als: trial 1 takes rmse from 1.0000 to 0.5000"),
        ([0.5, 1.0], [0.5, 1.0], "rmse", "als: nothing beats the present rmse of 0.5000"),
        ([NAN, 1.0], [NAN, 1.0], "rmse", "als: rmse of 1.0000; the present parameters fail"),
    ],
)
def test_titles(first: list[float], second: list[float], metric: str, title: str) -> None:
    table = trials(first, second, metric)
    assert title_of(tuning_history_figure(table)) == title
    assert title_of(tuning_parameters_figure(table)) == title


def test_equals_go_to_the_first_and_nothing_complete_is_said() -> None:
    assert best_trial(trials([0.3, 0.3], [0.3, 0.3])) == 0
    assert mean_so_far(TRIALS).iloc[1] == 0.1
    for draw in (tuning_history_figure, tuning_parameters_figure):
        (note,) = draw(trials([NAN], [NAN])).layout.annotations
        assert note.text == "No trial was complete"
