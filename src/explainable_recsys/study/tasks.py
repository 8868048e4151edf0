"""What people did after the recommendations, in tasks and scales, and how known the items were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.metrics.bootstrap import ratio_with_interval
from explainable_recsys.study.exported import numbers
from explainable_recsys.study.ordinal import cumulative_logit
from explainable_recsys.study.plan import Plan
from explainable_recsys.study.reliability import reliability
from explainable_recsys.wording.phrases import later

RESAMPLES, SEED = 2000, 0

SHOWN, LIST = later("all shown"), later("list")
"""The rows of all items shown, and of people's whole lists, in the table of popularity."""

COLUMNS = {
    "task_results": [
        *("task", "condition", "n", "n_people", "share", "low", "high", "chance"),
        *("faithfulness", "seconds"),
    ],
    "forecast_effect": [
        *("n", "n_people", "estimate", "error", "low", "high", "z", "p"),
        *("odds", "odds_low", "odds_high"),
    ],
    "scales": [
        *("scale", "n", "n_left_out", "n_items", "mean", "sd"),
        *("alpha", "low", "high", "omega", "least_item_rest"),
    ],
    "popularity": ["condition", "n", "popularity_rank"],
}
"""Of the tables, by what they are called in the catalog."""


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
    return pd.DataFrame(rows, columns=COLUMNS["task_results"])


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


def popularity(plan: Plan, trials: pd.DataFrame, participants: pd.DataFrame) -> pd.DataFrame:
    """How well known the items are that each kind of reason was shown with, beside the lists.

    Args:
        plan: The study.
        trials: As exported, of the people who are analysed.
        participants: The same people, as exported.

    Returns:
        `condition` (a kind, `SHOWN`: all of them, or `LIST`), `n`, and the median
        `popularity_rank` (1: rated most often): over the items shown, and over people of the
        median of their lists.
    """
    ranks = trials["popularity_rank"].astype("float64")
    parts = {kind.name: ranks[trials["condition"] == kind.name] for kind in plan.kinds}
    of_lists = participants.reindex(columns=["list_popularity_rank"])["list_popularity_rank"]
    parts |= {SHOWN: ranks, LIST: of_lists.astype("float64").dropna()}
    rows = [(name, len(values), values.median()) for name, values in parts.items()]
    return pd.DataFrame(rows, columns=COLUMNS["popularity"])


def forecast_effect(tasks: pd.DataFrame) -> pd.DataFrame:
    """Does a more faithful reason help people to predict the system?

    A logistic model of right forecasts on the faithfulness of the reason shown, with a random
    intercept of participants.

    Args:
        tasks: As exported, of the people who are analysed.

    Returns:
        One row: `n` forecasts of `n_people`; `estimate` with `error`, `low`, `high`, `z` and `p`,
        in logits for faithfulness 1 instead of 0; `odds`, by what a tenth more multiplies the odds
        of a right answer, with `odds_low` and `odds_high`. No row where nothing can be fitted.
    """
    none = pd.DataFrame(columns=COLUMNS["forecast_effect"])
    done = tasks[(tasks["task"] == "forecast") & tasks["faithfulness"].notna()]
    right = done["right"].astype("bool").astype("int64")
    if right.nunique() < 2:
        return none
    try:
        design = done[["faithfulness"]].to_numpy(np.float64)
        fit = cumulative_logit(right, design, pd.factorize(done["participant"])[0])
    except InputError:  # one participant, or the same faithfulness everywhere
        return none
    if not fit.converged:  # as where everything above some faithfulness is right
        return none
    row: list[float] = [len(done), done["participant"].nunique()]
    row += [float(part[0]) for part in (fit.coefficients, fit.errors, fit.low, fit.high)]
    table = pd.DataFrame(
        [[*row, float(fit.z[0]), float(fit.p[0])]], columns=COLUMNS["forecast_effect"][:8]
    )
    ends = {"odds": "estimate", "odds_low": "low", "odds_high": "high"}
    return table.assign(**{odds: np.exp(table[name] / 10) for odds, name in ends.items()})


def scale_results(plan: Plan, answers: pd.DataFrame) -> pd.DataFrame:
    """How reliable the scales are, and how high people answer on them.

    Args:
        plan: The study.
        answers: As exported, of the people who are analysed.

    Returns:
        One row per scale: `scale`, `n` people with all items, `n_left_out`, `n_items`, `mean` and
        `sd` of people's means, reverse items turned; `alpha` with `low` and `high`, `omega`, and
        `least_item_rest`, the lowest correlation of an item with the others: missing where too few
        people answered, or all alike.
    """
    rows = []
    for scale in plan.scales:
        items = {one.name: one for one in scale.items}
        own = answers[answers["question"].isin(list(items))]
        wide = own.assign(number=numbers(own, items)).pivot_table(
            "number", "participant", "question", dropna=False
        )
        values = wide.reindex(columns=list(items)).to_numpy(np.float64)
        complete = values[~np.isnan(values).any(axis=1)]
        means = complete.mean(axis=1)
        row: list[object] = [scale.name, len(means), len(values) - len(means), len(items)]
        row += [means.mean() if len(means) else np.nan]
        row += [means.std(ddof=1) if len(means) > 1 else np.nan]
        try:
            found = reliability(values)
        except InputError:
            rows.append([*row, *[np.nan] * 5])
            continue
        least = float(np.min(found.item_rest))
        rows.append([*row, found.alpha, found.low, found.high, found.omega, least])
    return pd.DataFrame(rows, columns=COLUMNS["scales"])
