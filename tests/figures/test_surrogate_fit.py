"""The figure of the surrogates' fit is a histogram of what it is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.figures.style import PALETTE
from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from tests.figures.texts import title_of


def table_of(*values: float | None) -> pd.DataFrame:
    return pd.DataFrame({"held_out_r2": pd.Series(values, dtype="float64")})


def finding_of(**tables: pd.DataFrame) -> str:
    return title_of(surrogate_fit_figure(tables))


def test_histogram() -> None:
    table = table_of(-7.0, -0.01, 0.0, 0.04, 0.15, 0.9, 0.99, 1.0, np.nan, np.nan)
    (line,) = surrogate_fit_figure({"A & B": table}).data
    assert len(line.x) == len(line.y) == 21  # below 0; 0 to 0.05, …, 0.95 to 1
    shares = {round(x, 3): y for x, y in zip(line.x, line.y, strict=True) if y}
    assert shares == {-0.025: 25.0, 0.025: 25.0, 0.175: 12.5, 0.925: 12.5, 0.975: 25.0}
    assert line.line.shape == "hvh"  # steps half way between the middles of the bins
    assert line.name == "A &amp; B (median 0.10, 2 without R²)"


def test_axes() -> None:
    layout = surrogate_fit_figure({"all": table_of(0.5)}).layout
    ticks = dict(zip(layout.xaxis.ticktext, layout.xaxis.tickvals, strict=True))
    assert ticks["< 0"] == pytest.approx(-0.025)
    assert (ticks["0.2"], ticks["1"]) == pytest.approx((0.2, 1))
    assert layout.xaxis.title.text == "Held-out R²"
    assert layout.yaxis.ticksuffix == " %"
    assert layout.title.subtitle.text.startswith("Held-out R²: share of variance explained")


def test_every_table_has_a_line() -> None:
    tables = {"recommended": table_of(0.9), "random": table_of(np.nan), "none": table_of()}
    full, missing, empty = surrogate_fit_figure(tables).data
    assert [line.line.color for line in (full, missing, empty)] == PALETTE[:3]
    assert len({line.line.dash for line in (full, missing, empty)}) == 3
    assert (missing.name, set(missing.y)) == ("random (1 without R²)", {0})
    assert (empty.name, set(empty.y)) == ("none (no explanations)", {0})


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
    (note,) = surrogate_fit_figure(tables).layout.annotations
    assert note.text == "No surrogate has a held-out R²"
