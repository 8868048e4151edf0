"""Answers in long form, of an exported study or anybody's, and what each is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from explainable_recsys.study.long_form import COLUMNS, TABLE, check_answers
from explainable_recsys.study.plan import Plan, Question

NEEDED = COLUMNS
"""Columns of anybody's answers in long form."""

ABOUT = ("item_id", "rank", "popularity_rank", "known", "position", "form")
"""Columns that say what an answer is about; where they are missing, so is what rests on them."""

AS_ASKED = ["participant", "position"]


def long_form(plan: Plan, trials: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """The answers of an exported study to its measures.

    Args:
        plan: The study.
        trials: As exported: a row per recommendation shown.
        answers: As exported: a row per answer, `value` as text.

    Returns:
        `NEEDED`, `ABOUT` and `set_aside`. `value` is a number: a step of agreement, of a reverse
        statement counted from the other end, or the number itself.
        `known` is the place of the answer to the question of familiarity among its options, from 0
        (the first) to 1 (the last); `set_aside` the answer by which the plan takes the
        recommendation out, such as `seen: yes`, or empty. Conditions are in the plan's order.
    """
    questions = {one.name: one for one in plan.questions}
    of_trials = answers[answers["position"].notna() & answers["question"].isin(list(questions))]
    of_trials = of_trials.astype({"position": "int64"})
    measured = of_trials[of_trials["question"].isin(plan.measures)]
    values = numbers(measured, questions)
    table = measured[[*AS_ASKED, "question"]].rename(columns={"question": "measure"})
    about = trials[[*AS_ASKED, "condition", "item_id", "rank", "popularity_rank", "form"]]
    table = table.assign(value=values).dropna(subset="value").merge(about, on=AS_ASKED)
    told = _familiarity(of_trials, questions).merge(
        set_aside(of_trials, plan.questions), on=AS_ASKED, how="outer"
    )
    table = table.merge(told, on=AS_ASKED, how="left").astype({"set_aside": "object"})
    table = table.fillna({"set_aside": ""}).astype({"set_aside": "str"})
    kinds = pd.CategoricalDtype([kind.name for kind in plan.kinds])
    return in_order(table.astype({"condition": kinds}))


def numbers(answers: pd.DataFrame, questions: Mapping[str, Question]) -> pd.Series[float]:
    """Answers as numbers, missing where they are none.

    Args:
        answers: Columns `question` and `value`.
        questions: By name.
    """
    values = pd.Series(np.nan, answers.index)
    for name, rows in answers.groupby("question"):
        one = questions[str(name)]
        if one.answer == "choice":
            places = {option: place for place, option in enumerate(one.accepted, start=1)}
            values[rows.index] = rows["value"].map(places)
        else:
            found = pd.to_numeric(rows["value"], errors="coerce")
            values[rows.index] = one.points + 1 - found if one.reverse else found
    return values


def anybodys(table: pd.DataFrame, name: str = TABLE) -> pd.DataFrame:
    """Anybody's answers in long form, with the columns of `long_form`.

    Args:
        table: A row per answer: `NEEDED` and any of `ABOUT`; other columns are left out.
        name: What errors call it, such as a file.

    Raises:
        InputError: As `check_answers`.

    >>> given = {"participant": [1, 1], "condition": ["a", "b"], "measure": "trust"}
    >>> anybodys(pd.DataFrame({**given, "value": ["4", "3"]}))["value"].tolist()
    [4.0, 3.0]
    """
    checked = check_answers(table, name=name).reindex(columns=[*NEEDED, *ABOUT])
    return in_order(checked.astype({"measure": "str"}).assign(set_aside=""))


def crossed(long: pd.DataFrame, plan: Plan | None) -> pd.DataFrame:
    """The answers to reasons that are shown in more than one form; none where there is only one.

    Args:
        long: Answers in long form.
        plan: Of the study, whose controls look the same in all forms; None of anybody's answers.
    """
    shown = long.dropna(subset="form")
    if plan is not None:
        shown = shown[shown["condition"].isin([kind.name for kind in plan.explained])]
    return shown if len(shown["form"].unique()) > 1 else shown.head(0)


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Columns and rows of a table in long form in their order."""
    table = table[[*NEEDED, *ABOUT, "set_aside"]]
    rows = ["participant", "measure", "position"]
    return table.sort_values(rows, kind="stable", ignore_index=True)


def _familiarity(answers: pd.DataFrame, questions: Mapping[str, Question]) -> pd.DataFrame:
    """How well known each recommendation is said to be, from 0 to 1: the mean of its questions."""
    asked = {name: one for name, one in questions.items() if one.role == "familiarity"}
    told = answers[answers["question"].isin(list(asked))]
    most = told["question"].map({name: len(one.accepted) for name, one in asked.items()})
    shares = (numbers(told, asked) - 1) / (most.astype("float64") - 1).clip(lower=1)
    return told.assign(known=shares).groupby(AS_ASKED)["known"].mean().reset_index()


def set_aside(answers: pd.DataFrame, questions: Iterable[Question]) -> pd.DataFrame:
    """The first answer by which each recommendation is taken out of the analysis.

    Args:
        answers: As exported, about recommendations.
        questions: Of the plan, with the answers that take one out.

    Returns:
        `participant`, `position` and `set_aside`, such as `seen: yes`, of those that are out.
    """
    pairs = [f"{one.name}: {value}" for one in questions for value in one.excludes]
    said = answers["question"].astype("str") + ": " + answers["value"].astype("str")
    out = answers.assign(set_aside=said)[said.isin(pairs)]
    return out.drop_duplicates(AS_ASKED)[[*AS_ASKED, "set_aside"]]
