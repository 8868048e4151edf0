"""Every metric of a run has a record, and every record is of something that is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explainable_recsys.metrics.records import (
    FAMILIES,
    FORMS,
    METRICS,
    lower_is_better,
    read,
)
from explainable_recsys.wording.numbers import number

ENDS = ("/low", "/high", "/n")
IN_TABLES = {"jaccard", "top3_jaccard", "coefficient_spread"}
"""Metrics that are columns of tables of stability."""


@pytest.fixture(scope="module")
def columns(full_run: Path, stored: Callable[[str], Any]) -> set[str]:
    """Names of all metrics that a run made."""
    files = (full_run / "08_reporting").glob("*/metrics.json")
    found = {name for file in files for name in stored(f"{file.parent.name}.metrics")}
    return {name for name in found if not name.endswith(ENDS)}


def test_every_metric_has_a_record_and_every_record_is_of_a_metric(columns: set[str]) -> None:
    assert {name for name in columns if not read(name).metric.definition} == set()
    assert {read(name).metric.base for name in columns} | IN_TABLES == METRICS.keys()


def test_records_say_which_numbers_a_name_has(columns: set[str]) -> None:
    for name in columns:
        column = read(name)
        if column.is_plain and not column.is_area:
            pattern = re.sub(r"\\{\w\\}", r"\\d+", re.escape(column.metric.name))
            assert re.fullmatch(pattern, name)


def test_records_are_complete() -> None:
    assert len(METRICS) == sum(map(len, FAMILIES.values()))
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)
    for metric in METRICS.values():
        assert metric.definition.endswith(".")
        assert number(0.5, FORMS[metric.unit])


def test_numbers_of_cited_items() -> None:
    columns = ("pos@10,3", "del@2", "ndcg@10", "pos@10/auc", "coverage")
    assert [read(column).n_cited for column in columns] == [3, 2, None, None, None]


@pytest.mark.parametrize(
    ("direction", "bases"),
    [
        ("lower", "pos del cdcg evidence_diversity rmse mae gini popularity_percentile"),
        ("higher", "recall ndcg map ps ins coverage diversity novelty jaccard held_out_r2"),
        ("", "length evidence_popularity n_ratings"),
    ],
)
def test_directions(direction: str, bases: str) -> None:
    assert {METRICS[base].direction for base in bases.split()} == {direction}


def test_the_direction_is_that_of_the_metric_whatever_is_around_it() -> None:
    assert all(map(lower_is_better, ("pos@10,3/random", "del@3", "pos@10/auc", "rmse")))
    assert not any(map(lower_is_better, ("ps@10,3", "length", "sampled_100_ndcg@10", "new")))
