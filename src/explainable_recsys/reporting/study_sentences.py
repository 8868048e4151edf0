"""What a study found, in sentences that claim no more than its tables hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from explainable_recsys.figures.study_flow import RULES
from explainable_recsys.study.about import About, readable
from explainable_recsys.study.exclusions import WITH, WITHOUT
from explainable_recsys.study.in_words import said
from explainable_recsys.study.models import BY_PARTICIPANT
from explainable_recsys.wording.numbers import (
    enumerated,
    fixed,
    number,
    p_value,
    percentage,
)
from explainable_recsys.wording.phrases import later, phrase, plural

Row = dict[str, Any]

COVARIATES = {
    "popularity_rank": later("that are less popular"),
    "known": later("that the person knows"),
    "rank": later("further down the list"),
    "position": later("shown later in the session"),
}
"""What answers may depend on besides the kind of reason, by the name of its column."""


HELPS = {
    "more": later(
        "the more faithful a reason, the more often people predict the system: with a tenth more "
        "the odds of a right answer are multiplied by {odds} (95 % interval {ends}; p {p})."
    ),
    "less": later(
        "the more faithful a reason, the less often people predict the system: with a tenth more "
        "the odds of a right answer are multiplied by {odds} (95 % interval {ends}; p {p})."
    ),
    "unknown": later(
        "that more faithful reasons help people to predict the system is not shown: with a tenth "
        "more faithfulness the odds of a right answer are multiplied by {odds} (95 % interval "
        "{ends}; p {p})."
    ),
}
"""What is said of faithfulness and forecasts."""

CHOSEN = {
    "more": later(
        "side by side, {kind} is chosen most often, more than by chance ({chance}): {share}, 95 % "
        "interval {low} to {high}, not corrected for being the first of {n}."
    ),
    "unknown": later(
        "side by side, {kind} is chosen most often, which may be chance ({chance}): {share}, 95 % "
        "interval {low} to {high}."
    ),
}
"""What is said of the kind that is chosen most often."""


@dataclass(frozen=True, eq=False)
class StudyResults:
    """The tables of an analysed study, with a column `exclusions` but for the first two.

    Attributes:
        about: The study.
        people: As `exclusions.people`.
        flow: As `exclusions.flow`.
        descriptives: As `outcomes.descriptives`.
        omnibus: As `outcomes.omnibus`.
        contrasts: As `planned.mark_planned`.
        forms: The same of the forms in which reasons are shown; empty where there is only one.
        interactions: As `outcomes.interactions`, of kinds and forms; likewise.
        terms: Of the ordinal models, as `models.ordinal_models`.
        tasks: As `tasks.task_results`.
        forecast: As `tasks.forecast_effect`.
        scales: As `tasks.scale_results`.
        popularity: As `tasks.popularity`.
    """

    about: About
    people: pd.DataFrame
    flow: pd.DataFrame
    descriptives: pd.DataFrame
    omnibus: pd.DataFrame
    contrasts: pd.DataFrame
    forms: pd.DataFrame
    interactions: pd.DataFrame
    terms: pd.DataFrame
    tasks: pd.DataFrame
    forecast: pd.DataFrame
    scales: pd.DataFrame
    popularity: pd.DataFrame

    @property
    def leaves_out(self) -> bool:
        """Whether there is anything that the exclusions could change."""
        aside = self.people.reindex(columns=["n_set_aside"]).sum().sum() > 0
        return bool(aside or self.flow["excluded"].any())

    @property
    def told_terms(self) -> pd.DataFrame:
        """Of the ordinal models the terms that claims rest on.

        Kinds of reasons from the model in which people differ about them, where that could be
        asked; covariates from the one that asks most, with items crossed if that was possible.
        """
        models = self.terms.groupby(["exclusions", "measure"])["model"]
        asked = models.transform(lambda names: BY_PARTICIPANT in set(names))
        of_kinds = pd.Series("conditions", self.terms.index).mask(
            asked.astype("bool"), BY_PARTICIPANT
        )
        wanted = of_kinds.where(self.terms["against"] != "", models.transform("max"))
        return self.terms[self.terms["model"] == wanted]


def study_sentences(results: StudyResults) -> list[str]:
    """The findings: who is analysed, what differs, what helps, and which films it holds for."""
    parts = _who, _differences, _covariates, _tasks, _popularity
    return [_begun(text) for part in parts for text in part(results)]


def in_short(results: StudyResults) -> list[str]:
    """The most important of them: the planned differences, or all where none was planned."""
    differences = [*_all_planned(results)] or [*_others(results)]
    differences += _interactions(results)
    told = (*_who(results), *differences, *_tasks(results), *_popularity(results))
    return [_begun(text) for text in told]


def _begun(text: str) -> str:
    return text[0].upper() + text[1:]


def _of(table: pd.DataFrame, way: str = WITH) -> list[Row]:
    """Rows of a table with the exclusions, or without."""
    if "exclusions" not in table:
        return []
    return table[table["exclusions"] == way].to_dict("records")  # type: ignore[return-value]


def _ends(low: float, high: float) -> str:
    return phrase("{low} to {high}", low=fixed(low, 2), high=fixed(high, 2))


def _who(results: StudyResults) -> Iterator[str]:
    """How many people are analysed, and how many are left out."""
    counts = dict(zip(results.flow["step"], results.flow["n"], strict=True))
    if counts["analysed"] == counts["answered"]:
        n = counts["analysed"]
        yield phrase("all people who answered are analysed: {n}.", n=number(n, "count"))
    else:
        yield _left_out(results, counts)
    kept = results.people.reindex(columns=["excluded_by", "n_set_aside"])
    n = int(kept.loc[kept["excluded_by"] == "", "n_set_aside"].sum())
    if n:
        yield plural(
            n,
            "{n} recommendation to them is left out because they answered {told}.",
            "{n} recommendations to them are left out because they answered {told}.",
            told=enumerated([*_setting_aside(results.about)]),
        )


def _left_out(results: StudyResults, counts: Mapping[str, int]) -> str:
    """How many of whom are analysed, and how many each rule leaves out."""
    out = results.flow[results.flow["excluded"] & (results.flow["n"] > 0)]
    told = [
        phrase("{n} ({rule})", n=number(n, "count"), rule=phrase(RULES[rule]))
        for rule, n in zip(out["step"], out["n"], strict=True)
    ]
    return phrase(
        "{analysed} of {answered} people who answered about a recommendation are analysed; left "
        "out: {rules}.",
        analysed=number(counts["analysed"], "count"),
        answered=number(counts["answered"], "count"),
        rules=enumerated(told),
    )


def _setting_aside(about: About) -> Iterator[str]:
    """The answers that take a recommendation out, in the words of the plan."""
    for one in about.plan.questions if about.plan else ():
        texts = {option.name: said(option.text) for option in one.options}
        for value in one.excludes:
            answer = texts.get(value, value)
            yield phrase("“{answer}” to “{question}”", answer=answer, question=said(one.text))


def _differences(results: StudyResults) -> Iterator[str]:
    """Whether kinds of reasons differ, which do, and whether the exclusions decide that."""
    rows = _of(results.omnibus)
    if not rows:
        yield phrase("With the exclusions too few people are left to compare kinds of reasons.")
    yield from (_omnibus(row, results.about.alpha) for row in rows)
    yield from _all_planned(results)
    yield from _others(results)
    yield from _interactions(results)
    yield from _without(results, results.about.alpha)


def _all_planned(results: StudyResults) -> Iterator[str]:
    rows = (row for row in _of(results.contrasts) if row["expected"])
    yield from (_planned(row, results.about.alpha) for row in rows)


def _others(results: StudyResults) -> Iterator[str]:
    """The differences that were not planned, corrected over all."""
    rows = _of(results.contrasts)
    others = [row for row in rows if not row["expected"]]
    larger = [_larger(row) for row in others if row["p_holm"] < results.about.alpha]
    text = (
        later(
            "of all differences ({n}), larger than chance gives, corrected: {told} (intervals and "
            "p: in the table of differences)."
        )
        if len(others) == len(rows)
        else later(
            "of the differences that were not planned ({n}), larger than chance gives, corrected: "
            "{told} (intervals and p: in the table of differences)."
        )
    )
    if others:
        yield phrase(text, n=len(others), told=enumerated(larger or [phrase("none")]))
    if forms := _of(results.forms):
        larger = [_larger(row) for row in forms if row["p_holm"] < results.about.alpha]
        yield phrase(
            "of the differences between the forms in which reasons are shown ({n}), larger than "
            "chance gives, corrected: {told} (intervals and p: in their table).",
            n=len(forms),
            told=enumerated(larger or [phrase("none")]),
        )


def _interactions(results: StudyResults) -> Iterator[str]:
    """Whether differences between kinds of reasons hang on the form."""
    yield from (_interaction(row, results.about.alpha) for row in _of(results.interactions))


def _interaction(row: Row, alpha: float) -> str:
    text = (
        later(
            "differences between kinds of reasons in {measure} hang on the form in which they are "
            "shown ({n} people with answers to every kind in every form: F({df}, {df_error}) = "
            "{f}, p {p} after Greenhouse and Geisser, partial η² {eta2}, 90 % interval {ends})."
        )
        if row["p_gg"] < alpha
        else later(
            "that differences between kinds of reasons in {measure} hang on the form in which they "
            "are shown is not shown, which does not say that they are the same ({n} people with "
            "answers to every kind in every form: F({df}, {df_error}) = {f}, p {p} after "
            "Greenhouse and Geisser, partial η² {eta2}, 90 % interval {ends})."
        )
    )
    return phrase(text, **_variance(row))


def _variance(row: Row) -> dict[str, Any]:
    """What is said of an analysis of variance."""
    return {
        "measure": readable(row["measure"]),
        "n": number(row["n"], "count"),
        "df": row["df"],
        "df_error": row["df_error"],
        "f": fixed(row["f"], 2),
        "p": p_value(row["p_gg"]),
        "eta2": fixed(row["eta2"], 2),
        "ends": _ends(row["eta2_low"], row["eta2_high"]),
    }


def _omnibus(row: Row, alpha: float) -> str:
    text = (
        later(
            "{measure} differs between kinds of reasons by more than chance gives ({n} people with "
            "answers to every kind: F({df}, {df_error}) = {f}, p {p} after Greenhouse and Geisser, "
            "partial η² {eta2}, 90 % interval {ends}; Friedman p {friedman})."
        )
        if row["p_gg"] < alpha
        else later(
            "that {measure} differs between kinds of reasons is not shown, which does not say that "
            "it is the same ({n} people with answers to every kind: F({df}, {df_error}) = {f}, p "
            "{p} after Greenhouse and Geisser, partial η² {eta2}, 90 % interval {ends}; Friedman p "
            "{friedman})."
        )
    )
    return phrase(text, friedman=p_value(row["friedman_p"]), **_variance(row))


def _planned(row: Row, alpha: float) -> str:
    """A planned difference, in the direction that was expected."""
    high, other, difference, low, up = _turned(row, row["expected"])
    if row["p_planned"] >= alpha:
        text = later(
            "planned: that {measure} is higher with {high} than with {other} is not shown "
            "(difference {difference}, 95 % interval {ends}, not corrected; corrected p {p})."
        )
    elif difference > 0:
        text = later(
            "planned: {measure} is higher with {high} than with {other}, by {difference} steps "
            "(95 % interval {ends}, not corrected; corrected p {p})."
        )
    else:
        text = later(
            "planned, and the other way round: {measure} is lower with {high} than with {other} "
            "(difference {difference}, 95 % interval {ends}, not corrected; corrected p {p})."
        )
    return phrase(
        text,
        measure=readable(row["measure"]),
        high=readable(high),
        other=readable(other),
        difference=fixed(difference, 2),
        ends=_ends(low, up),
        p=p_value(row["p_planned"]),
    )


def _turned(row: Row, first: str) -> tuple[str, str, float, float, float]:
    """A contrast with one of its kinds first: both kinds, the difference, its interval."""
    if row["first"] == first:
        return first, row["second"], row["difference"], row["low"], row["high"]
    return first, row["first"], -row["difference"], -row["high"], -row["low"]


def _larger(row: Row) -> str:
    """A difference in few words: how sure it is, stands in the table of differences."""
    first = row["first"] if row["difference"] > 0 else row["second"]
    high, other, difference, _, _ = _turned(row, first)
    return phrase(
        "{measure} with {high} above {other} by {difference}",
        measure=readable(row["measure"]),
        high=readable(high),
        other=readable(other),
        difference=fixed(difference, 2),
    )


def _without(results: StudyResults, alpha: float) -> Iterator[str]:
    """Whether anything is said of other differences without the exclusions."""
    found = [
        {
            (row["measure"], row["first"], row["second"])
            for row in _of(results.contrasts, way)
            if (row["p_planned"] if row["expected"] else row["p_holm"]) < alpha
        }
        for way in (WITH, WITHOUT)
    ]
    if not results.leaves_out or not _of(results.contrasts):
        return
    if found[0] == found[1]:
        yield phrase("Without the exclusions the same differences are larger than chance gives.")
    else:
        names = [
            phrase(
                "{measure} with {first} and {second}",
                measure=readable(measure),
                first=readable(first),
                second=readable(second),
            )
            for measure, first, second in sorted(found[0] ^ found[1])
        ]
        yield phrase(
            "larger than chance gives only with the exclusions, or only without: {names}.",
            names=enumerated(names),
        )


def _tasks(results: StudyResults) -> Iterator[str]:
    """Whether faithful reasons help, and which reasons are chosen."""
    for row in _of(results.forecast):
        direction = "more" if row["estimate"] > 0 else "less"
        text = HELPS[direction if row["p"] < results.about.alpha else "unknown"]
        ends = _ends(row["odds_low"], row["odds_high"])
        yield phrase(text, odds=fixed(row["odds"], 2), ends=ends, p=p_value(row["p"]))
    chosen = [row for row in _of(results.tasks) if row["task"] == "side_by_side"]
    if chosen:
        best = max(chosen, key=lambda row: row["share"])
        text = CHOSEN["more" if best["low"] > best["chance"] else "unknown"]
        shares = {n: percentage(100 * best[n]) for n in ("chance", "share", "low", "high")}
        yield phrase(text, kind=readable(best["condition"]), n=len(chosen), **shares)


def _covariates(results: StudyResults) -> Iterator[str]:
    """What else answers go with, in the models that ask it together with the kind of reason."""
    terms = [row for row in _of(results.told_terms) if not row["against"]]
    for measure in dict.fromkeys(row["measure"] for row in terms):
        own = (row for row in terms if row["measure"] == measure)
        told = [_moved(row) for row in own if row["p"] < results.about.alpha]
        yield phrase(
            "besides the kind of reason, answers to {measure} go with these (p not corrected): "
            "{told}.",
            measure=readable(measure),
            told=enumerated(told) if told else phrase("nothing that is more than chance gives"),
        )


def _moved(row: Row) -> str:
    """In which direction answers go with a covariate."""
    higher = later("higher for films {what} ({estimate} logits, 95 % interval {ends})")
    lower = later("lower for films {what} ({estimate} logits, 95 % interval {ends})")
    what = COVARIATES[row["term"]]
    text = higher if row["estimate"] > 0 else lower
    return phrase(
        text,
        what=phrase(what),
        estimate=fixed(row["estimate"], 2),
        ends=_ends(row["low"], row["high"]),
    )


def _popularity(results: StudyResults) -> Iterator[str]:
    """Which films all of this holds for."""
    known = results.about.known_items
    if known:
        yield known + " " + phrase("What was found holds for such films.")
