"""The table of people who are folded in."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.fold_in import fold_in_table
from explainable_recsys.reporting.html import report_html
from tests.reporting.contents import content, poor_contents


def test_a_row_for_each_recommender_and_the_article() -> None:
    table = fold_in_table(content())
    rows = {row.heading: [cell.text for cell in row.cells] for row in table.bodies[0].rows}
    ease, svd, article = rows.values()
    none = "\u2013"
    assert rows["ease"] is ease
    assert ease == ["0.950", "[0.900, 1.000]", "0.960", "1 (no seed)", none, none, "0.0021", "0.2"]
    assert svd == ["0.500", "[0.400, 0.600]", "0.550", "0.450", "0.910", "0.905", "0.001", "8.4"]
    assert article == [*[none] * 6, "0.14", "653"]
    assert "top 30, 20 people" in table.caption
    assert "another machine" in table.notes[-1]


def test_the_page_says_how_to_fold_people_in_where_nobody_was() -> None:
    without = content(fold_in=pd.DataFrame(), fold_in_seconds=pd.DataFrame(), figures={})
    assert not fold_in_table(without).has_rows
    for report, is_said in ((without, True), (content(figures={}), False)):
        assert ("Nobody was folded in" in report_html(report)) == is_said


def test_the_table_is_rectangular_whatever_is_missing() -> None:
    for report in (content(), *poor_contents().values()):
        table = fold_in_table(report)
        for row in table.bodies[0].rows:
            assert len(row.cells) == len(table.columns) - 1
            assert not any(cell.text in ("", "nan", "None") for cell in row.cells)
