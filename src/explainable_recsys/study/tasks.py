"""What people did in the tasks after the recommendations, and what was shown beside the list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from explainable_recsys.metrics.bootstrap import ratio_with_interval
from explainable_recsys.study.plan import Plan

RESAMPLES, SEED = 2000, 0

LIST = "list"
"""The row of all items of people's lists in the table of popularity."""


def task_results(plan: Plan, tasks: pd.DataFrame) -> pd.DataFrame:
    """How each kind of reason does in the tasks.

    Args:
        plan: The study.
        tasks: As exported, of the people who are analysed.

    Returns:
        One row per task and kind: `task`, `condition`, `n` tasks of `n_people`; `share`, of the
        forecasts or corrections that were right, or of the choices side by side that fell on the
        kind, with the interval `low`, `high` (people drawn again); `chance`, the share if people
        guessed, missing for corrections; `faithfulness`, the mean of the reasons shown; `seconds`,
        the median.
    """
    rows = [
        row
        for task, of_task in tasks.groupby("task", sort=True)
        for row in _of_task(plan, str(task), of_task)
    ]
    columns = ["task", "condition", "n", "n_people", "share", "low", "high", "chance"]
    return pd.DataFrame(rows, columns=[*columns, "faithfulness", "seconds"])


def _of_task(plan: Plan, task: str, done: pd.DataFrame) -> Iterator[dict[str, object]]:
    by_choice = task == "side_by_side"
    chance = {"forecast": 1 / plan.blocks.forecast_options, "side_by_side": 1 / len(plan.kinds)}
    for kind in plan.kinds:
        own = done[done["condition"] == kind.name]
        if own.empty and not by_choice:
            continue
        every = done if by_choice else own
        right = (done["condition"] == kind.name) if by_choice else own["right"].astype("bool")
        yield {
            "task": task,
            "condition": kind.name,
            "n": len(every),
            "n_people": every["participant"].nunique(),
            **_share(right, every["participant"]),
            "chance": chance.get(task, np.nan),
            "faithfulness": pd.to_numeric(own["faithfulness"]).mean(),
            "seconds": own["seconds"].median(),
        }


def _share(right: pd.Series[bool], who: pd.Series[int]) -> Mapping[str, float]:
    """A share over the tasks of people, with its interval over people."""
    of_person = right.astype("float64").groupby(who)
    rights, counts = of_person.sum().to_frame("share"), of_person.size().to_frame("share")
    found = ratio_with_interval(rights, counts.astype("float64"), RESAMPLES, SEED)
    return {"share": found["share"], "low": found["share/low"], "high": found["share/high"]}


def popularity(trials: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """How well known the items are that each kind of reason was shown with, beside the lists.

    Args:
        trials: As exported, of the people who are analysed.
        participants: The same people, as exported.

    Returns:
        `condition` (a kind, or `LIST`), `n`, and the median `popularity_rank` (1: rated most
        often): over the items shown, and over people of the median of their lists.
    """
    shown = trials.groupby("condition", sort=False)["popularity_rank"]
    table = shown.agg(n="size", popularity_rank="median").reset_index()
    of_lists = participants.reindex(columns=["list_popularity_rank"]).dropna()
    row = {"condition": LIST, "n": len(of_lists)}
    row |= {"popularity_rank": of_lists["list_popularity_rank"].astype("float64").median()}
    return pd.concat([table, pd.DataFrame([row])], ignore_index=True)
