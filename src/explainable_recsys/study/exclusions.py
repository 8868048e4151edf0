"""Who took part, whom the plan's rules leave out, and which of their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.study.exported import AS_ASKED, set_aside
from explainable_recsys.study.plan import Exclusions, Plan

WITH, WITHOUT = "with", "without"
"""Whether the exclusions of the plan are applied: every result is given both ways."""

ANALYSED = "analysed"

Tables = tuple[pd.DataFrame, ...]


def people(
    plan: Plan,
    participants: pd.DataFrame,
    trials: pd.DataFrame,
    answers: pd.DataFrame,
    rules: Exclusions | None = None,
) -> pd.DataFrame:
    """What everybody did, and which rules leave whom out.

    Args:
        plan: The study.
        participants: As exported.
        trials: As exported.
        answers: As exported.
        rules: Others than the plan's, to see what they would change.

    Returns:
        One row per participant: `participant`, `consented`, `finished` (came to the last page),
        `minutes`, `n_ratings`; `n_trials`, the recommendations made for them, of which they saw
        `n_seen` and answered anything of `n_answered`; `saw_all`, whether they saw all that there
        were; `n_set_aside`, of how many their own answer takes them out of the analysis;
        `failed_checks`; `seconds`, the median of their pages with
        recommendations; `alike`, whether all their agreements are the same; `excluded_by`, names
        of the rules that leave them out, empty for who is analysed or has answered nothing.
    """
    rules = rules or plan.exclusions
    table = participants.reindex(
        columns=["participant", "consented", "finished", "minutes", "n_ratings"]
    )
    table["consented"] = table["consented"].astype("object").fillna(True).astype("bool")
    of_trials = answers[answers["position"].notna()]
    pages = of_trials.drop_duplicates(AS_ASKED)
    answered = of_trials.dropna(subset="value").drop_duplicates(AS_ASKED)
    expected = answers["question"].map({check.name: check.expected for check in plan.checks})
    failed = expected.notna() & answers["value"].notna() & (expected != answers["value"])
    facts: dict[str, pd.Series[Any]] = {
        "n_trials": trials.groupby("participant").size(),
        "n_seen": pages.groupby("participant").size(),
        "n_answered": answered.groupby("participant").size(),
        "n_set_aside": set_aside(of_trials, plan.questions).groupby("participant").size(),
        "failed_checks": failed.groupby(answers["participant"]).sum(),
        "seconds": pages.groupby("participant")["seconds"].median(),
        "alike": _alike(plan, answers),
    }
    for name, values in facts.items():
        table[name] = table["participant"].map(values)
    counts = dict.fromkeys(("n_trials", "n_seen", "n_answered", "n_set_aside", "failed_checks"), 0)
    table = table.fillna(counts).astype(dict.fromkeys(counts, "int64"))
    table["alike"] = table["alike"].astype("object").fillna(False).astype("bool")
    took_part = table["n_answered"] > 0
    table["saw_all"] = table["finished"] | (table["n_seen"] >= table["n_trials"])
    broken = {name: _BROKEN[name](table, rules) & took_part for name in rules_in_use(rules)}
    named = ([name for name in broken if broken[name][row]] for row in table.index)
    return table.assign(excluded_by=[", ".join(names) for names in named])


def rules_in_use(rules: Exclusions) -> list[str]:
    """Names of the rules that leave anybody out, in the order in which they are applied.

    >>> rules_in_use(Exclusions(failed_checks=2, unfinished=True))
    ['unfinished', 'failed_checks']
    """
    return [name for name in _BROKEN if getattr(rules, name)]


_BROKEN: dict[str, Callable[[pd.DataFrame, Exclusions], pd.Series[bool]]] = {
    "unfinished": lambda who, _: ~who["saw_all"],
    "failed_checks": lambda who, rules: who["failed_checks"] >= rules.failed_checks,
    "least_seconds": lambda who, rules: who["seconds"] < rules.least_seconds,
    "alike": lambda who, _: who["alike"],
}
"""Who breaks a rule, by its name in `Exclusions`."""


def _alike(plan: Plan, answers: pd.DataFrame) -> pd.Series[bool]:
    """Who answered more than one agreement, and all with the same step."""
    asked = chain(plan.questions, *(scale.items for scale in plan.scales))
    names = [one.name for one in asked if one.answer == "agreement"]
    given = answers[answers["question"].isin(names)].groupby("participant")["value"]
    return (given.min() == given.max()) & (given.count() > 1)


def everybody(long: pd.DataFrame) -> pd.DataFrame:
    """The people of anybody's answers in long form, none of whom is left out."""
    counts = long.groupby("participant", as_index=False).size()
    return counts.rename(columns={"size": "n_answered"}).assign(excluded_by="")


def kept(long: pd.DataFrame, who: pd.DataFrame, exclusions: str) -> pd.DataFrame:
    """The answers that are analysed with or without the exclusions.

    Args:
        long: Answers in long form.
        who: The people.
        exclusions: `WITH` or `WITHOUT`.
    """
    if exclusions == WITHOUT:
        return long
    return long[long["participant"].isin(included(who, WITH)) & (long["set_aside"] == "")]


def included(who: pd.DataFrame, exclusions: str) -> pd.Series[int]:
    """The participants who are analysed with or without the exclusions.

    Args:
        who: The people.
        exclusions: `WITH` or `WITHOUT`.
    """
    in_it = (who["n_answered"] > 0) & ((who["excluded_by"] == "") | (exclusions == WITHOUT))
    return who.loc[in_it, "participant"]


def flow(who: pd.DataFrame, rules: Exclusions | None) -> pd.DataFrame:
    """How many people came how far, whom each rule leaves out, and how many are analysed.

    Args:
        who: The people.
        rules: The rules that were applied; None where there are none.

    Returns:
        `step`, `n` and `excluded`, whether these people are left out; who breaks several rules is
        counted at the first. From `answered` on, people who answered about any recommendation.
    """
    rows = [(step, n, False) for step, n in _stages(who)]
    first = who["excluded_by"].str.partition(", ")[0]
    names = rules_in_use(rules) if rules else []
    rows += [(name, int((first == name).sum()), True) for name in names]
    analysed = (who["n_answered"] > 0) & (who["excluded_by"] == "")
    rows.append((ANALYSED, int(analysed.sum()), False))
    return pd.DataFrame(rows, columns=["step", "n", "excluded"])


def _stages(who: pd.DataFrame) -> Iterator[tuple[str, int]]:
    answered = who["n_answered"] > 0
    if "consented" in who:
        yield "consented", int(who["consented"].sum())
    yield "answered", int(answered.sum())
    for name in ("saw_all", "finished"):
        if name in who:
            yield name, int((who[name] & answered).sum())


def both_ways(compute: Callable[[Any], Tables], part: Callable[[str], Any]) -> Tables:
    """Tables with and without the exclusions: a column says which a row is of.

    With the exclusions there may be too few people left, and then there are no such rows.

    Args:
        compute: Makes tables of a part of the people or answers.
        part: `WITH` or `WITHOUT`, what is analysed then.

    Raises:
        InputError: As `compute`, if it fails without the exclusions too.
    """
    included, everything = part(WITH), part(WITHOUT)
    without = compute(everything)
    try:
        as_planned = without if len(included) == len(everything) else compute(included)
    except InputError:
        as_planned = tuple(table.head(0) for table in without)
    return tuple(
        pd.concat([one.assign(exclusions=WITH), two.assign(exclusions=WITHOUT)], ignore_index=True)
        for one, two in zip(as_planned, without, strict=True)
    )
