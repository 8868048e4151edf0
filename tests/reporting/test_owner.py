"""What the report tells the owner of the system, from small tables."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.owner import gaps_table, owner_sentences, owner_tables, told_table
from explainable_recsys.reporting.tables import Table
from tests.reporting.contents import HOSTILE, content

ORDER = ["intrinsic_ease", "posthoc_knn", "posthoc_ar"]


def cells(table: Table) -> dict[str, list[str]]:
    """The texts of the rows, by heading."""
    (body,) = table.bodies
    return {row.heading: [cell.text for cell in row.cells] for row in body.rows}


def test_the_pieces_told_most_often_of_each_approach() -> None:
    table = told_table(content(), ORDER)
    assert cells(table) == {
        "intrinsic_ease": ["rated item", f"{HOSTILE} (30.0 %) and Alien (10.0 %)"],
        "posthoc_ar": ["liked together", "Alien → Aliens (2.0 %)"],
    }
    many = content().evidence_told.loc[[0] * 5]
    (row,) = cells(told_table(content(evidence_told=many), ORDER)).values()
    assert row[1].count(HOSTILE) == 3


def test_where_reasons_are_missing() -> None:
    rows = cells(gaps_table(content(), ORDER))
    assert list(rows) == ["intrinsic_ease", "posthoc_ar"]
    ease, ar = rows["intrinsic_ease"], rows["posthoc_ar"]
    assert ease[:3] == ["0.0 %", "7.5 %", "41 ratings and more: 10.0 %"]
    # 50 of 2,000 recommendations are too few for a group to be called the worst off.
    assert ease[3:] == ["21 ratings and more: 5.1 %", "33.3 %", "0"]
    assert ar[:3] == ["20.0 %", "10.0 %", "up to 40 ratings: 40.0 %"]
    assert ar[3:] == ["21 ratings and more: 33.3 %", "33.3 %", "1"]


def test_where_it_is_not_known_how_small_pieces_are() -> None:
    table = gaps_table(content(), ORDER)
    assert [row.footnote for row in table.bodies[0].rows] == ["", "*"]
    assert "*" in table.notes[0]


def test_a_group_in_the_middle_and_no_group_at_all() -> None:
    groups = pd.DataFrame(
        [("a", "history", low, low + 9, 100, n, 0, 0) for low, n in ((1, 0), (10, 5), (20, 1))],
        columns=content().reasons_by_group.columns,
    )
    table = gaps_table(content(reasons_by_group=groups), ["a"])
    assert cells(table)["a"][2:4] == ["10 to 19 ratings: 5.0 %", "none"]
    table = gaps_table(content(reasons_by_group=groups.assign(n_none=0)), ["a"])
    assert cells(table)["a"][2:4] == ["none", "none"]


def test_what_stands_out() -> None:
    whole, missing, unseen = owner_sentences(content(), ORDER)
    assert "posthoc_ar" in missing
    assert "20.0 %" in missing
    assert "1 of 2 approaches" in whole
    assert "Of 3 items" in unseen
    assert "1 (33.3 %)" in unseen
    none = content().reasons_by_group.assign(n_none=0, n_single=0, n_diffuse=0)
    first, *others = owner_sentences(content(reasons_by_group=none), ORDER)
    assert "2 of 2 approaches" in first
    assert others == [unseen]


def test_nothing_was_seen() -> None:
    empty = pd.DataFrame({"approach": []})
    nothing = content(evidence_told=empty, reasons_by_group=empty, items_reached=empty)
    assert owner_tables(nothing, ORDER) == []
    assert owner_sentences(nothing, ORDER) == []
    assert len(owner_tables(content(), ORDER)) == 2
