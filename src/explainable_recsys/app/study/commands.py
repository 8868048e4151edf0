"""What is done with answers: `kedro study export`, `replay`, `codes`, `withdraw` and others."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from kedro.io import DataCatalog

from explainable_recsys.app.study import export as tables
from explainable_recsys.app.study.code_version import code_version
from explainable_recsys.app.study.databases import parsed_url
from explainable_recsys.app.study.served import ANSWERS, known_run, service_of
from explainable_recsys.app.study.store import Participant, Store, Study, open_store, plain
from explainable_recsys.app.study.tasks import made
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.interface.stored import load_data, quick_catalog
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.threads import one_blas_thread
from explainable_recsys.wording.phrases import phrase, plural

N_TOLD = 5
"""Differences that are told one by one."""


def export(
    project: Path, env: str | None, name: str, url: str, output: Path, with_text: bool
) -> None:
    """Write the tables of a study.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        name: Of the study; or the store in which it is the only one.
        url: Of the store; empty for the study's own file among the results.
        output: Folder to be made.
        with_text: Whether free text comes too.

    Raises:
        InputError: If the study or its run is not there, or the folder is, or cannot be written.
    """
    catalog = quick_catalog(project, env)
    with found(catalog, name, url) as (store, study):
        run = known_run(study.plan, catalog, study.run_id)
        answered = tables.exported(store, study, load_data(run.catalog), with_text)
        today = datetime.datetime.now(datetime.UTC).date()
        manifest = tables.manifest_of(study, today, with_text)
        tables.write_export(output, answered, study.plan, manifest)
    n = len(answered["participants"])
    said = plural(n, "{n} person, in {folder}", "{n} people, in {folder}", folder=output)
    click.echo(said)
    if not with_text:
        click.echo(phrase("Without free text; --with-text adds it: read it before you share it."))


def replay(project: Path, env: str | None, name: str, url: str) -> bool:
    """Ask all stored histories of a study again, and say what is different.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        name: As `export`.
        url: As `export`.

    Returns:
        Whether all lists, reasons and tasks are the same, or there are none.

    Raises:
        InputError: If the study, its run, or a file of that is not there.
    """
    catalog = quick_catalog(project, env)
    with found(catalog, name, url) as (store, study):
        if (here := code_version()) != study.code_version:
            text = phrase("Made by version {then}, asked again of version {now}.",
                          then=study.code_version, now=here)  # fmt: skip
            click.echo(text)
        people = [one for one in store.participants(study.slug) if store.listed(one)]
        with one_blas_thread():
            other = list(_different(store, study, people, catalog))
    if not people:
        click.echo(phrase("Nobody has rated films yet: there is nothing to compare."))
        return True
    click.echo(plural(len(people), "{n} history asked again", "{n} histories asked again"))
    for text in other[:N_TOLD]:
        click.echo(text)
    if len(other) > N_TOLD:
        click.echo(plural(len(other) - N_TOLD, "and {n} more", "and {n} more"))
    said = phrase("All lists, reasons and tasks are the same.")
    click.echo(phrase("Differences: {n}", n=len(other)) if other else said)
    return not other


def codes(project: Path, env: str | None, name: str, url: str, n: int) -> None:
    """Make codes, and print each on a line.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        name: As `export`.
        url: As `export`.
        n: How many.

    Raises:
        InputError: If the study has not begun, or asks for no codes.
    """
    with found(quick_catalog(project, env), name, url) as (store, study):
        if not study.plan.codes:
            raise InputError(f"study '{study.slug}' asks for no codes; accepted: codes: true")
        click.echo("\n".join(store.make_codes(study.slug, n)))


def addresses(project: Path, env: str | None, name: str, url: str, gone: str = "") -> None:
    """Print the addresses that were left, each on a line, or delete one.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        name: As `export`.
        url: As `export`.
        gone: What to delete; empty: nothing.

    Raises:
        InputError: If the study has not begun, or has no raffle, or this address was not left.
    """
    with found(quick_catalog(project, env), name, url) as (store, study):
        if study.plan.raffle is None:
            raise InputError(f"study '{study.slug}' has no raffle; accepted: one that has")
        if not gone:
            left = store.emails(study.slug)
            if not left:
                click.echo(phrase("Nobody left an address."), err=True)
            for address in left:
                click.echo(address)
        elif store.forget_email(study.slug, gone):
            click.echo(phrase("Deleted."))
        else:
            raise InputError(f"--delete {gone}: no such address was left for '{study.slug}'")


def withdraw(project: Path, env: str | None, code: str, url: str) -> None:
    """Delete everything of whoever has a code.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        code: Of the last page.
        url: Of the store; empty for all files among the results.

    Raises:
        InputError: If nobody has it.
    """
    problem = InputError("no store of answers is here; accepted: --store URL")
    for one in _urls(quick_catalog(project, env), url):
        with _opened(one) as store:
            try:
                is_new = store.withdraw(code)
            except InputError as error:
                problem = error
                continue
        done = phrase("Deleted. That somebody withdrew is all that is kept.")
        click.echo(done if is_new else phrase("Withdrawn before; nothing was left to delete."))
        return
    raise problem


def expire(project: Path, env: str | None, url: str, is_meant: bool) -> None:
    """Delete studies that were to be kept until a day that is over.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        url: Of the store; empty for all files among the results.
        is_meant: Whether to delete them; otherwise it is said which.
    """
    today, gone = datetime.datetime.now(datetime.UTC).date(), 0
    for one in _urls(quick_catalog(project, env), url):
        with _opened(one) as store:
            overdue = store.overdue(today)
            for slug, day in overdue.items():
                n = len(store.participants(slug))
                who = plural(n, "{n} person", "{n} people")
                click.echo(phrase("{study}: {who}, kept until {day}", study=slug, who=who, day=day))
            if is_meant:
                store.expire(today)
        gone += len(overdue)
    if not gone:
        click.echo(phrase("No study is overdue."))
    elif is_meant:
        click.echo(phrase("Deleted."))
    else:
        click.echo(phrase("Nothing is deleted yet; --yes does it."))


@contextmanager
def found(catalog: DataCatalog, name: str, url: str) -> Iterator[tuple[Store, Study]]:
    """A study that has begun, in its store.

    Args:
        catalog: Of the environment.
        name: Its slug; or a store in which it is the only one.
        url: Of the store; empty for the study's own file among the results.

    Raises:
        InputError: If there is no such store, or no such study in it.
    """
    if not url and ("://" in name or Path(name).is_file()):
        name, url = "", name
    folder = results_root(catalog) / ANSWERS
    with _opened(url or str(folder / f"{name}.db")) as store:
        slugs = store.slugs()
        study = store.study(name or slugs[0]) if len(slugs) == 1 or name else None
        if study is None:
            there = ", ".join(slugs) or "none"
            hint = did_you_mean(name, slugs) if name else ""
            raise InputError(f"no study '{name}' in {url or folder}; {hint}there are: {there}")
        yield store, study


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    """A store that is there."""
    parsed = parsed_url(url)
    is_file = parsed.drivername == "sqlite" and not str(parsed.database).startswith("file:")
    if is_file and not Path(str(parsed.database)).is_file():
        here = Path(str(parsed.database))
        stores = ", ".join(file.stem for file in _files(here.parent)) or "none"
        raise InputError(f"{here}: no such store; there are: {stores}")
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def _urls(catalog: DataCatalog, url: str) -> list[str]:
    """The store of a URL, or all files among the results."""
    if url:
        return [url]
    return [str(file) for file in _files(results_root(catalog) / ANSWERS)]


def _files(folder: Path) -> list[Path]:
    """The stores of answers in a folder."""
    files = sorted(folder.glob("*.db"))
    return [file for file in files if not file.stem.endswith("-emails")]


def _different(
    store: Store, study: Study, people: list[Participant], catalog: DataCatalog
) -> Iterator[str]:
    """What is not as it was stored, person by person."""
    run = known_run(study.plan, catalog, study.run_id)
    service = service_of(study.plan, run, results_root(catalog))
    for one in people:
        ratings = {rated.item_id: rated.rating for rated in store.ratings(one)}
        again = made(service, study.plan, service.history(ratings), one.number, one.language)
        tasks = sorted(again.tasks, key=lambda task: (task.task, task.number))
        parts: dict[str, tuple[Sequence[Any], Sequence[Any]]] = {
            phrase("list"): (store.listed(one), again.listed),
            phrase("reasons"): (store.trials(one), again.trials),
            phrase("tasks"): (store.tasks(one), tasks),
        }
        for what, (then, now) in parts.items():
            stored, found = (plain([asdict(row) for row in rows]) for rows in (then, now))
            if place := difference(stored, found):
                who = one.number + 1
                yield phrase("person {who}, {what}: {place}", who=who, what=what, place=place)


def difference(then: Any, now: Any, place: str = "") -> str:
    """Where two JSON values differ first, numbers by more than rounding; empty if nowhere.

    >>> difference([{"rank": 1, "item": "a"}], [{"rank": 1, "item": "b"}])
    "0.item: 'b' instead of 'a'"
    >>> difference({"score": 1.0}, {"score": 1.0 + 1e-12})
    ''
    """
    inner = f"{place}." if place else ""
    if isinstance(then, dict) and isinstance(now, dict) and then.keys() == now.keys():
        parts = (difference(then[key], now[key], f"{inner}{key}") for key in then)
        return next(filter(None, parts), "")
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return next(filter(None, (difference(*pair, f"{inner}{n}") for n, pair in pairs)), "")
    both = isinstance(then, float) and isinstance(now, float | int)
    same = math.isclose(then, now, rel_tol=1e-6, abs_tol=1e-9) if both else then == now
    if same:
        return ""
    shown = {"now": repr(str(now)[:80]), "then": repr(str(then)[:80])}
    return phrase("{place}: {now} instead of {then}", place=place, **shown)
