"""The figure of the surrogates' fit has a row for each table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from tests.figures.texts import title_of


def table_of(*values: float | None) -> pd.DataFrame:
    return pd.DataFrame({"held_out_r2": pd.Series(values, dtype="float64")})


def finding_of(**tables: pd.DataFrame) -> str:
    return title_of(surrogate_fit_figure(**tables))


def test_median_and_quartiles() -> None:
    table = table_of(-7.0, -0.01, 0.0, 0.04, 0.15, 0.9, 0.99, 1.0, 0.5, np.nan, -np.inf)
    figure = surrogate_fit_figure(**{"A & B": table})
    (points,) = figure.data
    assert points.x == pytest.approx((0.15,))
    assert points.error_x.arrayminus == pytest.approx((0.15,))  # from 0.0
    assert points.error_x.array == pytest.approx((0.75,))  # to 0.9
    assert figure.layout.yaxis.ticktext == ("A &amp; B",)
    assert [note.text for note in figure.layout.annotations] == ["9"]  # of 11


def test_axes() -> None:
    good = surrogate_fit_figure(all=table_of(0.5)).layout
    assert good.xaxis.title.text == "Held-out R²"
    assert good.xaxis.range == pytest.approx((-0.05, 1.05))
    bad = surrogate_fit_figure(all=table_of(-7.0)).layout
    assert bad.xaxis.range == pytest.approx((-1.05, 1.05))  # not down to everything


def test_every_table_has_a_row() -> None:
    tables = {"random": table_of(np.nan), "recommended": table_of(0.9), "none": table_of()}
    figure = surrogate_fit_figure(**tables)
    assert figure.layout.yaxis.ticktext == ("random", "recommended", "none")
    assert (figure.data[0].x, figure.data[0].y) == ((0.9,), (1,))
    assert [note.text for note in figure.layout.annotations] == ["0", "1", "0"]


def test_titles() -> None:
    good, bad = table_of(0.2, 0.859, 0.9), table_of(-1.0, 0.5, -3.0, np.nan)
    explain = "of the scores' variance"
    good_fit = f"Half of the surrogates of a explain at least 85 % {explain}"
    assert finding_of(a=good) == finding_of(a=good, b=bad) == good_fit
    assert finding_of(a=table_of(), b=bad) == (
        f"Half of the surrogates of b explain less than 1 % {explain}"
    )
    assert "at least 29 %" in finding_of(a=table_of(0.29))


@pytest.mark.parametrize("tables", [{}, {"a": table_of()}, {"a": table_of(np.nan, -np.inf)}])
def test_nothing_to_draw(tables: dict[str, pd.DataFrame]) -> None:
    (note,) = surrogate_fit_figure(**tables).layout.annotations
    assert note.text == "No surrogate has a held-out R²"
