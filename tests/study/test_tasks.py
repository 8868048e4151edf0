"""Tasks after the recommendations, and how well known the items were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.study.tasks import (
    LIST,
    SHOWN,
    forecast_effect,
    popularity,
    scale_results,
    task_results,
)
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


def forecasts(right: list[bool], faithfulness: list[float]) -> pd.DataFrame:
    people = [1 + place // 4 for place in range(len(right))]
    table = pd.DataFrame({"participant": people, "task": "forecast", "right": right})
    return table.assign(faithfulness=faithfulness)


def test_faithful_reasons_that_help_have_odds_above_one() -> None:
    random = np.random.default_rng(0)
    true = random.uniform(0, 1, 400)
    right = random.uniform(size=400) < 1 / (1 + np.exp(-(3 * true - 1.5)))
    (row,) = forecast_effect(forecasts([*right], [*true])).to_dict("records")
    assert row["low"] < 3 < row["high"]  # logits of the whole way from 0 to 1
    assert row["odds"] == pytest.approx(np.exp(row["estimate"] / 10))
    assert (row["n"], row["n_people"]) == (400, 100)


@pytest.mark.parametrize(
    ("right", "faithfulness"),
    [
        ([], []),
        ([True] * 8, [0.1, 0.9] * 4),  # all right
        ([True, False] * 4, [0.5] * 8),  # all as faithful
        ([False, False, True, True] * 2, [0.1, 0.2, 0.8, 0.9] * 2),  # separated
        ([True, False], [np.nan, np.nan]),
    ],
)
def test_where_nothing_can_be_said_of_forecasts_there_is_no_row(
    right: list[bool], faithfulness: list[float]
) -> None:
    with np.errstate(all="raise"):
        assert forecast_effect(forecasts(right, faithfulness)).empty


def test_scales_are_means_of_items_turned_round() -> None:
    answers = by_hand()["answers"]
    (row,) = scale_results(plan(), answers).to_dict("records")
    # Person 1: 4, 6 - 2, 5; person 2: 3, 3, 3. Too few for a reliability.
    assert row["mean"] == pytest.approx((13 / 3 + 3) / 2)
    assert (row["n"], row["n_left_out"]) == (2, 0)
    assert np.isnan(row["alpha"])
    many = scale_results(drawn_plan(60), drawn(60)["answers"]).iloc[0]
    assert 0.7 < many["low"] < many["alpha"] < many["high"]
    assert many["least_item_rest"] > 0.5
    left_out = scale_results(plan(), answers[answers["question"] != "useful_2"])
    assert (left_out["n"].item(), left_out["n_left_out"].item()) == (0, 2)
