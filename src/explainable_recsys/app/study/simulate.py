"""`kedro study simulate`: made-up people take part, through the pages or the functions behind."""

from __future__ import annotations

import json
import math
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Literal

import click
import numpy as np
from kedro.io import DataCatalog

from explainable_recsys.app.picks import picking_order
from explainable_recsys.app.service import Service
from explainable_recsys.app.study.browser import Browser, Count
from explainable_recsys.app.study.code_version import code_version
from explainable_recsys.app.study.export import check_new, exported, manifest_of, write_export
from explainable_recsys.app.study.served import (
    ANSWERS,
    INFORMATION,
    Served,
    emptied,
    latest_run,
    made_up,
    service_of,
)
from explainable_recsys.app.study.simulated import Clock, invited, through_functions
from explainable_recsys.app.study.store import Store, now, open_store
from explainable_recsys.app.study.visitors import Visitor, differences
from explainable_recsys.errors import InputError
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.interface.study_plan import PLAN, StudyFiles, read_study
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.study.plan import Plan
from explainable_recsys.study.simulation import Person, Simulation, people_of
from explainable_recsys.threads import one_blas_thread
from explainable_recsys.wording.phrases import phrase, plural

PATIENCE = 180.0
"""Seconds for which a server may start."""

GRACE = 10.0
"""Seconds in which it may end."""


@dataclass(frozen=True)
class Trial:
    """How a study is tried.

    Attributes:
        people: How many take part.
        through: The pages of a server of its own, or the functions behind.
        effects: By kind of reason, steps of agreement that it adds.
        seed: Of all that people do.
        cut: Share of the requests that are lost, doubled or late.
        kills: How often the server is killed on the way.
        at_once: People who take part at the same time.
        think: Seconds for which they look at a page.
        store: URL of a store that nobody else uses; empty for a file among the results.
        output: Folder to which the answers are exported; None: they are not.
    """

    people: int = 60
    through: Literal["pages", "functions"] = "functions"
    effects: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    cut: float = 0.0
    kills: int = 0
    at_once: int = 16
    think: float = 0.0
    store: str = ""
    output: Path | None = None


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        finished: People who came to the last page.
        answers: That are kept.
        count: Of requests, if it went through pages.
        kills: How often the server was killed.
        lost: What was lost.
        doubled: What is there too often.
    """

    finished: int
    answers: int
    count: Count
    kills: int = 0
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()


def simulate(project: Path, env: str | None, folder: Path, trial: Trial) -> bool:
    """Try a study with made-up people, and say what came of it.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        folder: Of the study, or its plan.
        trial: How it is tried.

    Returns:
        Whether nothing was lost and nothing is there twice.

    Raises:
        InputError: If the plan or what it needs is not as it has to be, it has no such kinds,
            the store is not empty, or the folder of the output is there already.
    """
    if trial.through == "functions" and (trial.cut or trial.kills):
        raise InputError("--cut and --kills: accepted: with --through pages")
    if trial.output is not None:
        check_new(trial.output)  # before anybody takes part
    catalog, files = quick_catalog(project, env), read_study(folder)
    plan = made_up(files.plan, now().date())
    if unknown := set(trial.effects) - {kind.name for kind in plan.kinds}:
        kinds = ", ".join(kind.name for kind in plan.kinds)
        raise InputError(f"--effect {min(unknown)}: no such kind; accepted: {kinds}")
    place = results_root(catalog) / ANSWERS / plan.slug
    url, clock = trial.store or emptied(place), Clock.at(plan)
    through_page = trial.through == "pages"
    store = open_store(url, clock=now if through_page else clock)
    with _whole(place, trial), closing(store):
        service = _begun(store, plan, catalog)
        about = Simulation(effects=trial.effects, seed=trial.seed)
        people = people_of(plan, about, service.data, picking_order(service.data), trial.people)
        if through_page:
            copy = _copied(replace(files, plan=plan), place)
            command = _command(env, copy, url, service.names)
            result = through_pages(command, project, store, people, trial)
        else:
            with one_blas_thread():
                study = Served(plan, files.information, service, store)
                through_functions(study, people, clock)
            result = _result(store, plan)
        _tell(trial, result)
        if trial.output is not None:
            _export(store, plan, service, trial.output)
    return not (result.lost or result.doubled)


@contextmanager
def _whole(place: Path, trial: Trial) -> Iterator[None]:
    """Leave nothing of a simulation that is stopped, but in a store that was asked for."""
    try:
        yield
    except KeyboardInterrupt:
        shutil.rmtree(place, ignore_errors=True)
        if not trial.store:
            emptied(place)
        kept = phrase("Stopped; what was answered so far is in {store}.", store=trial.store)
        click.echo(kept if trial.store else phrase("Stopped; nothing was written."), err=True)
        raise


def read_effects(given: Iterable[str]) -> dict[str, float]:
    """Effects as they are typed.

    Raises:
        InputError: If one is none.

    >>> read_effects(["rules=0.5", "none=-1"])
    {'rules': 0.5, 'none': -1.0}
    """
    found = {}
    for text in given:
        kind, _, size = text.partition("=")
        try:
            found[kind] = float(size)
        except ValueError:
            found[kind] = math.nan
        if not math.isfinite(found[kind]):
            raise InputError(f"--effect {text}: accepted: a kind and steps, such as rules=0.5")
    return found


def _begun(store: Store, plan: Plan, catalog: DataCatalog) -> Service:
    """Begin a study in a store, and load what its run answers with.

    Raises:
        InputError: If it is not there for the first time.
    """
    if plan.slug in store.slugs():
        raise InputError(f"--store: study '{plan.slug}' is in it; accepted: one without it")
    run = latest_run(plan, catalog)
    service = service_of(plan, run, results_root(catalog))
    store.register(plan, run.id, str(service.card["version"]), code_version())
    return service


def _command(env: str | None, folder: Path, url: str, approaches: Sequence[str]) -> list[str]:
    """What serves a study."""
    of_env = ["--env", env] if env else []
    app = [sys.executable, "-m", "kedro", "app", *of_env, "--approaches", ",".join(approaches)]
    return [*app, "--study", str(folder), "--store", url]


def _export(store: Store, plan: Plan, service: Service, folder: Path) -> None:
    study = store.study(plan.slug)
    assert study
    manifest = manifest_of(study, now().date(), with_text=False)
    write_export(folder, exported(store, study, service.data), plan, manifest)


def through_pages(
    command: Sequence[str], project: Path, store: Store, people: Sequence[Person], trial: Trial
) -> Result:
    """Let people go through the pages of a server, which is killed on the way.

    Args:
        command: That serves the study; `--port` and a port are added.
        project: Where it is started.
        store: Of the server, which has begun the study and has nobody in it.
        people: Who takes part.
        trial: How.
    """
    plan, count = people[0].plan, Count()
    with _serving(command, project, f"/study/{plan.slug}/information") as server:
        visitors = [
            Visitor(
                person,
                Browser("127.0.0.1", server.port, trial.cut, trial.seed + person.number, count),
                store,
                trial.think,
                code,
            )
            for person, code in zip(people, invited(store, people), strict=True)
        ]
        about = server, visitors, trial, count.ended
        killer = threading.Thread(target=_kill_now_and_then, args=about)
        killer.start()
        try:
            with ThreadPoolExecutor(trial.at_once) as pool:
                try:
                    list(pool.map(Visitor.take_part, visitors))
                finally:
                    count.ended.set()  # before the pool waits for who is still there
        finally:
            killer.join()
    lost, doubled = differences(visitors)
    found = _result(store, plan)
    return Result(found.finished, found.answers, count, server.kills, tuple(lost), tuple(doubled))


def _kill_now_and_then(
    server: _Server, visitors: Sequence[Visitor], trial: Trial, ended: threading.Event
) -> None:
    """Kill the server after equal parts of all forms, and start it again."""
    wanted = len(visitors) * visitors[0].person.plan.n_trials
    while not ended.wait(0.05) and server.kills < trial.kills:
        done = sum(sum(visitor.forms.values()) for visitor in visitors)
        if done > wanted * (server.kills + 1) / (trial.kills + 1):
            try:
                server.kill()
            except InputError:
                if not ended.wait(1):  # at Ctrl-C a server that starts ends, too
                    raise


@dataclass
class _Server:
    """A server in a process of its own.

    Attributes:
        command: That starts it.
        project: Where.
        page: That it shows once it is ready.
        log: What it says.
        port: Where it listens.
        kills: How often it was killed.
    """

    command: Sequence[str]
    project: Path
    page: str
    log: IO[bytes]
    port: int
    kills: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it shows the page.

        Raises:
            InputError: If it ends, or does not show it in time.
        """
        self.process = subprocess.Popen(
            [*self.command, "--port", str(self.port)],
            cwd=self.project, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", self.page)
                if connection.getresponse().status == 200:
                    return
            except (OSError, HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.1)
        self.log.seek(0)
        said = self.log.read().decode("utf-8", "replace").strip()
        raise InputError(f"the server does not start: {said[-500:]}")

    def kill(self) -> None:
        """Kill it at once, whatever it does, and start it again."""
        assert self.process
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()

    def end(self) -> None:
        """End it in good order, or if it does not, at once."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def _serving(command: Sequence[str], project: Path, page: str) -> Iterator[_Server]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    with tempfile.TemporaryFile() as log:
        server = _Server(command, project, page, log, port)
        try:
            server.start()
            yield server
        finally:
            server.end()


def _result(store: Store, plan: Plan) -> Result:
    people = store.participants(plan.slug)
    finished = sum(one.finished_at is not None for one in people)
    answers = sum(bool(row.question) for one in people for row in store.answer_rows(one))
    return Result(finished, answers, Count())


def _tell(trial: Trial, result: Result) -> None:
    facts = {"finished": result.finished, "answers": result.answers}
    people = plural(trial.people, "{n} person", "{n} people")
    click.echo(phrase("{people}, {finished} finished, {answers} answers", people=people, **facts))
    if trial.through == "functions":
        return
    half, most = np.percentile(1000 * np.array(result.count.seconds), (50, 99))
    faults = ", ".join(f"{name} {n}" for name, n in result.count.faults.items())
    n = len(result.count.seconds)
    click.echo(phrase("{n} pages; half in {half} ms, 99 % in {most} ms",
                      n=n, half=round(half), most=round(most)))  # fmt: skip
    click.echo(phrase("requests with faults: {faults}; server killed: {kills}",
                      faults=faults, kills=result.kills))  # fmt: skip
    for name, problems in (("lost", result.lost), ("doubled", result.doubled)):
        click.echo(f"{name}: {len(problems)}")
        for problem in problems[:10]:
            click.echo(f"  {problem}")


def _copied(files: StudyFiles, place: Path) -> Path:
    """The folder of a made-up study: its plan, and what people read."""
    place.mkdir(parents=True, exist_ok=True)
    plan = files.plan.model_dump(mode="json")
    (place / PLAN).write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    for language, text in files.information.root.items():
        own = place / INFORMATION
        own = own.with_suffix(f".{language}.txt") if language else own
        own.write_text(text, encoding="utf-8")
    return place
