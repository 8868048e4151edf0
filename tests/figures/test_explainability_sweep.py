"""The figure of the explainability weights says what they raise MEP to, and what that costs."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from tests.figures.texts import title_of


@pytest.fixture
def sweep() -> pd.DataFrame:
    return pd.DataFrame(
        [(0.0, 0.60, 0.200), (1.0, 0.66, 0.197), (0.5, 0.65, 0.210), (4.0, 0.70, 0.150)],
        columns=["explainability_weight", "mep", "ndcg"],
    )


def finding_of(sweep: pd.DataFrame) -> str:
    return title_of(explainability_sweep_figure(sweep))


def test_explainability_sweep(sweep: pd.DataFrame) -> None:
    """The weight 4 raises MEP most, but costs a quarter of nDCG."""
    figure = explainability_sweep_figure(sweep)
    assert finding_of(sweep) == (
        "Explainability raises MEP from 0.600 to 0.660; nDCG goes from 0.200 to 0.197"
    )
    (line,) = figure.data
    assert line.x == (0.2, 0.21, 0.197, 0.15)
    assert line.y == (0.6, 0.65, 0.66, 0.7)
    assert line.text == ("0", "0.5", "1", "4")
    low, high = figure.layout.xaxis.range
    assert low < 0.15 < 0.21 < high
    low, high = figure.layout.yaxis.range
    assert low < 0.6 < 0.7 < high


@pytest.mark.parametrize(("ndcg", "cheap"), [(0.1961, True), (0.1959, False)])
def test_at_most_a_fiftieth_of_ndcg_is_little(
    ndcg: float, cheap: bool, sweep: pd.DataFrame
) -> None:
    found = finding_of(sweep.head(2).assign(ndcg=[0.2, ndcg]))
    assert found.startswith("Explainability raises MEP") == cheap


def test_titles_of_other_findings(sweep: pd.DataFrame) -> None:
    none = "No weight of explainability raises MEP at little cost in nDCG"
    assert finding_of(sweep.iloc[[0, 3]]) == none
    assert finding_of(sweep.assign(mep=0.6)) == none
    assert finding_of(sweep.head(1)) == none
    (note,) = explainability_sweep_figure(sweep.head(0)).layout.annotations
    assert note.text == "No weights of explainability were tried"
