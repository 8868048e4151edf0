"""The figure of the popularity prior says whether the prior helps."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures.popularity_prior import popularity_sweep_figure
from tests.figures.texts import subtitle_of, title_of


def sweep_of(ndcg: list[float], weights: tuple[float, ...] = (0.0, 0.5, 1.0)) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "popularity_weight": weights,
            "ndcg": ndcg,
            "recall": [0.1, 0.2, 0.15],
            "catalogue_coverage": [0.5, 0.25, 0.125],
        }
    )


def test_popularity_sweep() -> None:
    figure = popularity_sweep_figure(sweep_of([0.2, 0.3, 0.25]).iloc[::-1])
    assert title_of(figure) == "Popularity at weight 0.5 raises nDCG from 0.200 to 0.300"
    assert subtitle_of(figure) == "Catalogue coverage goes from 50.0 % to 25.0 %."
    assert {trace.name: trace.y for trace in figure.data} == {
        "nDCG": (0.2, 0.3, 0.25),
        "recall": (0.1, 0.2, 0.15),
        "catalogue coverage": (50.0, 25.0, 12.5),
    }
    assert all(axis.range[0] < 0 for axis in (figure.layout.xaxis, figure.layout.xaxis2))


def test_popularity_sweep_that_does_not_help_or_has_no_zero() -> None:
    assert title_of(popularity_sweep_figure(sweep_of([0.3, 0.2, 0.1]))) == (
        "nDCG is best with the least popularity: 0.300 at 0"
    )
    without_zero = sweep_of([0.1, 0.3, 0.2], weights=(0.1, 0.5, 1.0))
    assert title_of(popularity_sweep_figure(without_zero)) == (
        "Popularity at weight 0.5 raises nDCG from 0.100 to 0.300"
    )
    (note,) = popularity_sweep_figure(without_zero.head(0)).layout.annotations
    assert note.text == "No weights of popularity were tried"
