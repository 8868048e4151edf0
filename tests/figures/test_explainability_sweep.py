"""The figure of the explainability weights says which form raises MEP without a cost in RMSE."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from tests.figures.texts import title_of


@pytest.fixture
def sweep() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("pull", 0.0, 0.91, 0.60, 0.07),
            ("pull", 0.1, 0.90, 0.66, 0.08),
            ("pull", 0.05, 0.89, 0.65, 0.09),
            ("l2", 0.05, 0.92, 0.61, 0.06),
        ],
        columns=["form", "explainability_weight", "rmse", "mep", "ndcg"],
    )


def finding_of(sweep: pd.DataFrame) -> str:
    return title_of(explainability_sweep_figure(sweep))


def test_explainability_sweep(sweep: pd.DataFrame) -> None:
    figure = explainability_sweep_figure(sweep)
    assert finding_of(sweep) == (
        "The pull form raises MEP from 0.600 to 0.660 at no cost in RMSE (0.910 to 0.900)"
    )
    lines = {(trace.name, trace.xaxis): trace for trace in figure.data}
    assert len(lines) == 4
    pull, l2 = lines["pull form", "x"], lines["l2 form", "x2"]
    assert (pull.x, pull.y, pull.text) == (
        (0.91, 0.89, 0.90),
        (0.60, 0.65, 0.66),
        ("0", "0.05", "0.1"),
    )
    assert (l2.x, l2.y, l2.text) == ((0.07, 0.06), (0.60, 0.61), ("0", "0.05"))
    better, worse = figure.layout.xaxis.range[::-1]
    assert better < 0.89 < 0.92 < worse


def test_weights_of_the_two_forms_are_written_on_different_sides(sweep: pd.DataFrame) -> None:
    pull, _, l2, _ = explainability_sweep_figure(sweep).data
    assert (pull.textposition, l2.textposition) == ("top center", "bottom center")


def test_titles_of_other_findings(sweep: pd.DataFrame) -> None:
    only_pull = sweep[sweep["form"] == "pull"]
    assert finding_of(only_pull).endswith("at no cost in RMSE (0.910 to 0.900)")
    both = sweep.replace({"rmse": {0.92: 0.9}})
    assert finding_of(both).endswith("at no cost in RMSE (0.910 to 0.900)")
    assert finding_of(sweep.drop(index=[1, 2])) == (
        "No weight of explainability raises MEP at no cost in RMSE"
    )
    without_zero = sweep.drop(index=0).assign(rmse=[0.90, 0.91, 0.92])
    assert finding_of(without_zero).startswith("The pull form raises MEP from 0.650 to 0.660")
    (note,) = explainability_sweep_figure(sweep.head(0)).layout.annotations
    assert note.text == "No weights of explainability were tried"
