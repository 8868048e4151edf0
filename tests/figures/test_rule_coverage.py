"""The figure of what rules can explain shows the numbers it is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from tests.figures.texts import title_of

FRONTIER = pd.DataFrame(
    {
        "min_support": [0.1, 0.05, 0.1, 0.05],
        "min_confidence": [0.5, 0.5, 0.3, 0.3],
        "n_rules": [0, 20, 5, 1000],
        "coverage": [0.0, 0.4, 0.5, 0.9],
        "median_lift": [np.nan, 3.0, 2.0, 1.5],
        "coverage_of_popularity": [0.0, 0.6, 0.7, 1.0],
        "coverage_of_random": [0.0, 0.01, 0.02, 0.125],
    }
)


def test_frontier() -> None:
    figure = coverage_frontier_figure(FRONTIER)
    assert title_of(figure) == "Rules explain up to 90 % of the recommendations (random: 12 %)"
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["5 %", "10 %"]
    drawn = {(trace.name, trace.line.dash, trace.yaxis): trace for trace in figure.data}
    assert drawn["5 %", "solid", "y"].y == pytest.approx((90.0, 40.0))
    assert drawn["5 %", "dot", "y"].y == pytest.approx((100.0, 60.0))
    assert drawn["5 %", "dash", "y"].y == pytest.approx((12.5, 1.0))
    assert drawn["10 %", "solid", "y2"].y == (2.0, None)
    assert all(trace.x == pytest.approx((30.0, 50.0)) for trace in figure.data)
    assert len({trace.line.color for trace in figure.data if trace.name == "5 %"}) == 1


def test_frontier_with_more_lines_than_colours_or_none() -> None:
    many = pd.concat(FRONTIER.assign(min_support=0.01 * place) for place in range(1, 11))
    assert len(coverage_frontier_figure(many).data) == 40
    (note,) = coverage_frontier_figure(FRONTIER.head(0)).layout.annotations
    assert note.text == "No rules at these thresholds"
