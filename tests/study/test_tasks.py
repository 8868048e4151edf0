"""Tasks after the recommendations, and how well known the items were."""

from __future__ import annotations

import numpy as np
import pytest

from explainable_recsys.study.tasks import LIST, SHOWN, popularity, task_results
from tests.study.exported import by_hand, drawn, drawn_plan, plan


def test_each_kind_has_its_share_of_right_answers_and_of_choices() -> None:
    table = task_results(plan(), by_hand()["tasks"]).set_index(["task", "condition"])
    forecast = table.loc["forecast"]
    assert forecast["share"].tolist() == [0.5, 0.5]
    assert forecast["chance"].tolist() == [0.25, 0.25]
    assert forecast["faithfulness"].tolist() == pytest.approx([0.3, 0.7])
    assert forecast["seconds"].tolist() == [20, 30]
    chosen = table.loc["side_by_side"]
    assert chosen["share"].tolist() == [0, 1]
    assert chosen["n"].tolist() == [2, 2]  # of all choices
    correction = table.loc["correction"]
    assert (correction["n"].item(), correction["share"].item()) == (1, 1)
    assert np.isnan(correction["chance"].item())


def test_intervals_are_over_people() -> None:
    """Who does all right or all wrong says no more with ten tasks than with one."""
    tasks = drawn(60)["tasks"]
    table = task_results(drawn_plan(60), tasks)
    once, twice = table, task_results(drawn_plan(60), tasks.loc[np.repeat(tasks.index, 10)])
    assert np.allclose(once["high"] - once["low"], twice["high"] - twice["low"])
    assert ((once["low"] <= once["share"]) & (once["share"] <= once["high"])).all()
    shares = once.loc[once["task"] == "side_by_side", "share"]
    assert shares.sum() == pytest.approx(1)


def test_no_tasks_no_rows() -> None:
    assert task_results(plan(), by_hand()["tasks"].head(0)).empty


def test_popularity_of_items_shown_beside_that_of_lists() -> None:
    tables = by_hand()
    table = popularity(plan(), tables["trials"], tables["participants"]).set_index("condition")
    assert table["popularity_rank"].to_dict() == {"none": 5, "rules": 25, SHOWN: 15, LIST: 60}
    assert table["n"].to_dict() == {"none": 3, "rules": 3, SHOWN: 6, LIST: 3}
    bare = tables["participants"].drop(columns="list_popularity_rank")
    assert np.isnan(popularity(plan(), tables["trials"], bare)["popularity_rank"].iloc[-1])
