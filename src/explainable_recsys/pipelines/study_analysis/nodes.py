"""Nodes that analyse the answers of a study, with and without the exclusions of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explainable_recsys.parameters import Parameters
from explainable_recsys.study import exclusions, outcomes, tasks
from explainable_recsys.study.about import About
from explainable_recsys.study.exclusions import Tables, both_ways
from explainable_recsys.study.exported import anybodys, crossed, long_form
from explainable_recsys.study.models import ordinal_models
from explainable_recsys.study.plan import Exclusions
from explainable_recsys.study.planned import mark_planned


class StudyParameters(Parameters):
    """Which study is analysed, and how.

    Attributes:
        folder: That `kedro study export` wrote; or a table of anybody's answers in long form.
        exclusions: Other rules than those of the plan; None: the plan's.
    """

    folder: str = "data/01_raw/study-sample"
    exclusions: Exclusions | None = None


def gather_answers(
    plan: Mapping[str, Any],
    participants: pd.DataFrame,
    trials: pd.DataFrame,
    answers: pd.DataFrame,
    study: StudyParameters,
) -> Tables:
    """Who took part and whom the rules leave out; how many; and all answers in long form."""
    planned = About.of(plan, {}).plan
    if planned is None:
        long = anybodys(answers, study.folder)
        people = exclusions.everybody(long)
        return people, exclusions.flow(people, None), long
    rules = study.exclusions or planned.exclusions
    people = exclusions.people(planned, participants, trials, answers, rules)
    return people, exclusions.flow(people, rules), long_form(planned, trials, answers)


def compare_kinds(plan: Mapping[str, Any], answers: pd.DataFrame, people: pd.DataFrame) -> Tables:
    """Means, answers, tests of all kinds of reasons at once, of every two of them, and of forms."""
    planned = About.of(plan, {}).plan
    hypotheses = planned.hypotheses if planned else ()

    def compared(part: pd.DataFrame) -> Tables:
        contrasts, forms = outcomes.contrasts(part), crossed(part, planned)
        by_form = forms.assign(condition=forms["form"])
        return (
            outcomes.descriptives(part),
            outcomes.answer_counts(part),
            outcomes.omnibus(part),
            mark_planned(contrasts, hypotheses),
            contrasts.head(0) if forms.empty else outcomes.contrasts(by_form),
            outcomes.interactions(forms),
        )

    return both_ways(compared, lambda way: exclusions.kept(answers, people, way))


def fit_models(answers: pd.DataFrame, people: pd.DataFrame) -> Tables:
    """Ordinal models of single answers, and their terms."""
    return both_ways(ordinal_models, lambda way: exclusions.kept(answers, people, way))


def judge_tasks(
    plan: Mapping[str, Any],
    participants: pd.DataFrame,
    trials: pd.DataFrame,
    answers: pd.DataFrame,
    done: pd.DataFrame,
    people: pd.DataFrame,
) -> Tables:
    """Tasks, whether faithful reasons help in them, scales, and how well known the items were."""
    planned = About.of(plan, {}).plan

    def judged(who: pd.Series[Any]) -> Tables:
        own = [table[table["participant"].isin(who)] for table in given]
        if planned is None:
            return tuple(pd.DataFrame(columns=names) for names in tasks.COLUMNS.values())
        return (
            tasks.task_results(planned, own[3]),
            tasks.forecast_effect(own[3]),
            tasks.scale_results(planned, own[2]),
            tasks.popularity(planned, own[1], own[0]),
        )

    given = participants, trials, answers, done
    return both_ways(judged, lambda way: exclusions.included(people, way))
