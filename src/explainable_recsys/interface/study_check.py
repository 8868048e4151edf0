"""`kedro study check` and `preregister`: a plan in words, and what is to be expected of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from kedro.io import DataCatalog
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.text import Text

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.runs import runs_of
from explainable_recsys.interface.stored import (
    Stored,
    load_data,
    load_stored,
    quick_catalog,
    stored_approaches,
)
from explainable_recsys.interface.study_plan import read_study, written_text
from explainable_recsys.interface.terminal import grid, heading, indented, print_plainly
from explainable_recsys.progress import progress
from explainable_recsys.study.in_words import Section, in_words
from explainable_recsys.study.matching import (
    check_kinds,
    feasibility,
    pool_of,
    simulated_people,
    would_see,
)
from explainable_recsys.study.plan import Plan, check_dates
from explainable_recsys.study.preregistration import (
    Registered,
    expectations,
    preregistration,
    warnings,
)
from explainable_recsys.wording.phrases import phrase

Offer = Callable[[Data], NDArray[Any]]
"""In which order items are offered to be rated."""

PEOPLE_AT_ONCE = 20


@dataclass(frozen=True, eq=False)
class Tried:
    """A plan, tried on people of the data.

    Attributes:
        plan: It.
        n_people: How many they were.
        matched: How many films match, as `matching.feasibility`.
        seen: What they would see, as `matching.would_see`.
        runs: Ids of the runs that made what answers.
        data_version: Fingerprint of the data.
    """

    plan: Plan
    n_people: int
    matched: pd.DataFrame
    seen: pd.DataFrame
    runs: tuple[str, ...]
    data_version: str

    @property
    def sections(self) -> tuple[Section, ...]:
        """What is to be expected."""
        return expectations(self.plan, self.matched, self.seen, self.n_people)


def check(project: Path, env: str | None, path: Path, n_people: int, offer: Offer) -> None:
    """Say what a plan means, and for how many people it works out.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        path: Of the plan or its folder.
        n_people: Simulated, at most.
        offer: In which order items are offered to be rated.

    Raises:
        InputError: If the plan is wrong, or no run has made what it needs.
    """
    today = datetime.date.today()
    files = read_study(path)
    plan = files.plan
    check_dates(plan, today)
    tried = tried_on_people(quick_catalog(project, env), plan, n_people, offer)
    told_of = warnings(plan, tried.seen, today, files.unwritten)
    found = tuple(told_of) or (phrase("None."),)
    told = (*in_words(plan), *tried.sections, Section(phrase("Warnings"), found))
    print_plainly(Group(*(part for section in told for part in _drawn(section))))


def preregister(
    project: Path, env: str | None, path: Path, output: Path, n_people: int, offer: Offer
) -> None:
    """Write what is to be registered before a study begins; other arguments as `check`.

    Raises:
        InputError: As `check`, if the study has begun, or if the file cannot be written.
    """
    files, today = read_study(path), datetime.date.today()
    check_dates(files.plan, today)
    if files.plan.opens < today:
        raise InputError(
            f"opens: {files.plan.opens} is past, and a study is registered before it begins; "
            f"accepted: today, {today}, or later"
        )
    tried = tried_on_people(quick_catalog(project, env), files.plan, n_people, offer)
    facts = Registered(tried.runs, tried.data_version, tuple(files.information.root.values()))
    written_text(output, preregistration(files.plan, facts, tried.sections))
    click.echo(phrase("Written: {file}", file=output))


def tried_on_people(catalog: DataCatalog, plan: Plan, n_people: int, offer: Offer) -> Tried:
    """Recommend to people of the data, and explain it in all ways.

    Args:
        catalog: Where the results of runs are.
        plan: The study.
        n_people: At most.
        offer: In which order items are offered to be rated.

    Raises:
        InputError: If no run has made what the plan needs, or nobody rated enough.
    """
    explained = stored_approaches(catalog)
    lists = [name for name in RECOMMENDERS if catalog.exists(f"{name}.recommendations")]
    check_kinds(plan, explained, lists)
    data = load_data(catalog)
    who = simulated_people(data, offer(data), n_people, plan.ratings.least, plan.seed)
    lister, kinds = _answering(catalog, plan, data, explained[0])
    parts = [_pool(lister, kinds, part) for part in progress(_parts(who), "people")]
    pool = pd.concat(parts, ignore_index=True)
    used = [f"{plan.recommender}.model", *(f"{kind.approach}.sentences" for kind in plan.explained)]
    return Tried(
        plan,
        who.n_users,
        feasibility(plan, pool, data, who.n_users),
        would_see(plan, pool, data, who.n_users),
        tuple(run.id for run in runs_of(catalog, used)),
        str(catalog.load("data_version")["version"]),
    )


def _answering(
    catalog: DataCatalog, plan: Plan, data: Data, other: str
) -> tuple[Stored, dict[str, Stored]]:
    """Who recommends, and who gives the reasons, by kind; another approach where nobody does."""
    kinds = {
        kind.name: load_stored(
            catalog, APPROACHES[str(kind.approach)], plan.recommender, data
        ).offering(plan.pool.length)
        for kind in plan.explained
    }
    if kinds:
        return next(iter(kinds.values())), kinds
    one = load_stored(catalog, APPROACHES[other], plan.recommender, data)
    return one.offering(plan.pool.length), {}


def _parts(who: Interactions) -> list[Interactions]:
    starts = range(0, who.n_users, PEOPLE_AT_ONCE)
    rows = [np.arange(start, min(start + PEOPLE_AT_ONCE, who.n_users)) for start in starts]
    return [Interactions(who.ratings[part], who.user_ids[part], who.item_ids) for part in rows]


def _pool(lister: Stored, kinds: dict[str, Stored], who: Interactions) -> pd.DataFrame:
    lists = lister.listed(who)
    said = {kind: stored.answered(who, lists).sentences for kind, stored in kinds.items()}
    return pool_of(lists.table, said)


def _drawn(section: Section) -> Iterator[RenderableType]:
    yield heading(section.title)
    for line in section.lines:
        yield indented(Text(line))
    if section.table:
        table = grid(show_header=True)
        for place, name in enumerate(section.table[0]):
            table.add_column(name, justify="right" if place else "left", no_wrap=not place)
        for row in section.table[1:]:
            table.add_row(*row)
        yield indented(table)
