"""The text that is registered before a study begins, and what is to be expected of the study."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from explainable_recsys.study.assignment import design_size
from explainable_recsys.study.in_words import Section, in_words, said
from explainable_recsys.study.plan import Hypothesis, Plan, plan_hash
from explainable_recsys.study.power import contrast_power, difference_deviation, people_needed
from explainable_recsys.wording.numbers import date, enumerated, number, percentage, short
from explainable_recsys.wording.phrases import is_spoken, phrase

ENOUGH = 0.85
"""For a smaller share of people with all items, the pool is warned of."""


class Registered(NamedTuple):
    """What is registered besides the plan.

    Attributes:
        runs: Ids of the runs that answer.
        data_version: Fingerprint of the data.
        information: What people read first, by language.
    """

    runs: tuple[str, ...]
    data_version: str
    information: tuple[str, ...]


class Contrast(NamedTuple):
    """A hypothesis and how likely it is that the planned number of people shows it.

    Attributes:
        hypothesis: What is expected.
        power: With as many people as planned.
        n_needed: People for the power that is wanted.
    """

    hypothesis: Hypothesis
    power: float
    n_needed: int


def planned_contrasts(plan: Plan) -> tuple[Contrast, ...]:
    """How likely it is that each hypothesis is found if it is true.

    Each is a paired t-test of people's means, with the error divided by the number of hypotheses,
    which is the least that Holm leaves; see `power.difference_deviation`. Of all films: how many
    answers are left out, as of films that somebody has seen, nobody knows beforehand.

    Raises:
        InputError: If even very many people would not do.
    """
    asked, n = plan.analysis, len(plan.hypotheses)
    found = []
    for one in plan.hypotheses:
        items = min(plan.items_of(kind) for kind in plan.kinds if kind.name in one.kinds)
        deviation = difference_deviation(asked.sd_between, asked.sd_within, items)
        power = contrast_power(one.difference, deviation, plan.n_people, n, asked.alpha)
        needed = people_needed(one.difference, deviation, asked.power, n, asked.alpha)
        found.append(Contrast(one, power, needed))
    return tuple(found)


def preregistration(plan: Plan, facts: Registered, expected: tuple[Section, ...]) -> str:
    """The text, in Markdown.

    Args:
        plan: The study.
        facts: What is registered besides.
        expected: As `expectations`.
    """
    sections = (*in_words(plan), *expected, _fingerprints(plan, facts))
    title = phrase("Preregistration: {study}", study=said(plan.title))
    return "\n\n".join([f"# {title}", *map(_markdown, sections)]) + "\n"


def _fingerprints(plan: Plan, facts: Registered) -> Section:
    sheet = hashlib.sha256("\n".join(facts.information).encode()).hexdigest()
    lines = (
        phrase("Plan (SHA-256): {hash}", hash=plan_hash(plan)),
        phrase("Information sheet (SHA-256): {hash}", hash=sheet),
        phrase("Run: {runs}", runs=", ".join(facts.runs)),
        phrase("Data: {version}", version=facts.data_version),
    )
    return Section(phrase("What this holds for"), lines)


def _markdown(section: Section) -> str:
    lines = "\n".join(f"* {line}" for line in section.lines)
    if not section.table:
        return f"## {section.title}\n\n{lines}"
    head, *rows = (f"| {' | '.join(row)} |" for row in section.table)
    rule = f"|{'---|' * len(section.table[0])}"
    return "\n".join([f"## {section.title}\n\n{lines}\n", head, rule, *rows])


def expectations(
    plan: Plan, matched: pd.DataFrame, seen: pd.DataFrame, n_people: int
) -> tuple[Section, ...]:
    """How many films match, what people would see, and how many of them are needed.

    Args:
        plan: The study.
        matched: As `matching.feasibility`.
        seen: As `matching.would_see`.
        n_people: Simulated.
    """
    found = [_matching(plan, matched, n_people), _seen(seen)]
    return (*found, _power(plan)) if plan.hypotheses else tuple(found)


def _matching(plan: Plan, table: pd.DataFrame, n_people: int) -> Section:
    lines = (
        phrase(
            "Tried with {people} people of the data, each with the first {n} films rated that they "
            "know of those that the app offers.",
            people=number(n_people, "count"),
            n=plan.ratings.least,
        ),
        phrase(
            "films: how many match, the median of people; nine in ten people have as many as the "
            "next column says, or more; enough: people with as many as are shown with these kinds "
            "and the controls."
        ),
        phrase(
            "popularity: median rank of these films by their number of ratings; list: of all films "
            "of the list."
        ),
    )
    head = (
        phrase("kinds"),
        phrase("films"),
        phrase("nine in ten"),
        phrase("enough"),
        phrase("popularity"),
        phrase("list"),
    )
    rows = [
        (
            ", ".join(row["kinds"]),
            short(row["median"]),
            short(row["least"]),
            phrase(
                "{share} have {n}",
                share=percentage(100 * row["people"]),
                n=number(row["needed"], "count"),
            ),
            number(row["rank_matched"], "count"),
            number(row["rank_listed"], "count"),
        )
        for row in table.to_dict("records")
    ]
    return Section(phrase("Films that kinds can explain together"), lines, (head, *rows))


def _seen(table: pd.DataFrame) -> Section:
    line = phrase(
        "The better known a film, the smaller its popularity rank; what is found holds for films "
        "as well known as these."
    )
    head = (
        phrase("kind"),
        phrase("films (median)"),
        phrase("people with all"),
        phrase("popularity rank (median)"),
        phrase("rank in the list (median)"),
    )
    rows = [
        (
            row["kind"],
            short(row["items"]),
            percentage(100 * row["people"]),
            number(row["popularity_rank"], "count"),
            number(row["rank"], "count"),
        )
        for row in table.to_dict("records")
    ]
    return Section(phrase("What they would see"), (line,), (head, *rows))


def _power(plan: Plan) -> Section:
    wanted = plan.analysis
    line = phrase(
        "With {n} people in the analysis, if they answer about all films; planned with deviations "
        "of {between} steps of what people think of a kind and {within} of single answers.",
        n=number(plan.n_people, "count"),
        between=short(wanted.sd_between),
        within=short(wanted.sd_within),
    )
    head = (
        phrase("hypothesis"),
        phrase("difference"),
        phrase("power"),
        phrase("people for {power}", power=percentage(100 * wanted.power)),
    )
    rows = [
        (
            f"{one.measure}: {one.kinds[0]} > {one.kinds[1]}",
            short(one.difference),
            percentage(100 * power),
            number(needed, "count"),
        )
        for one, power, needed in planned_contrasts(plan)
    ]
    return Section(phrase("Power"), (line,), (head, *rows))


def warnings(
    plan: Plan, seen: pd.DataFrame, today: datetime.date, unwritten: str = ""
) -> Iterator[str]:
    """What speaks against starting a study as it is planned.

    Args:
        plan: The study.
        seen: As `matching.would_see`.
        today: Whether it has begun.
        unwritten: Where in the information nobody is named yet.
    """
    if plan.opens < today:
        yield phrase(
            "It was to open on {day}, which is past: it cannot be preregistered any more.",
            day=date(plan.opens.isoformat()),
        )
    if unwritten:
        yield phrase(
            "The information does not say yet who is responsible: {place}.", place=unwritten
        )
    few = seen[seen["people"] < ENOUGH]
    if len(few):
        kinds, share = ", ".join(few["kind"]), percentage(100 * (1 - few["people"].min()))
        yield phrase(
            "The pool is too small for {share} of the people: they see fewer films than planned "
            "with {kinds}. A longer list, fewer films or fewer kinds help.",
            share=share,
            kinds=kinds,
        )
    if plan.confounded:
        yield phrase("Kinds are confounded: a difference between them is no effect of the reasons.")
    if len({plan.items_of(kind) for kind in plan.kinds}) > 1:
        yield phrase("Unbalanced: there are not as many films of each kind.")
    size = design_size(len(plan.kinds))
    if plan.n_people % size:
        yield phrase(
            "Unbalanced: orders of the kinds come out even with a multiple of {size} people, not "
            "with {n}.",
            size=size,
            n=number(plan.n_people, "count"),
        )
    weak = [one for one in planned_contrasts(plan) if one.power < plan.analysis.power]
    if weak:
        most = number(max(one.n_needed for one in weak), "count")
        yield phrase("Too few people for the power that is wanted: it takes {n}.", n=most)
    if not any(one.role == "familiarity" for one in plan.questions):
        yield phrase("Nobody is asked whether a film is known, which may raise interest in it.")
    if others := [one for one in plan.languages if not is_spoken(one)]:
        yield phrase(
            "Buttons, hints and reasons are in English also where the language is {languages}: "
            "there is no catalog of phrases.",
            languages=enumerated(others),
        )
