"""Studies that are open to people: the plan of each, its run, and where its answers are kept."""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from kedro.io import DataCatalog

from explainable_recsys.app.runs import Found, Run, catalog_of, explained
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import Shelf, shelf_of
from explainable_recsys.app.study.code_version import code_version
from explainable_recsys.app.study.reasons import lister_of
from explainable_recsys.app.study.store import Participant, Shown, Store, Task, open_store
from explainable_recsys.app.study.tasks import made
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import SUCCEEDED, ended_runs, manifest_of, pin
from explainable_recsys.interface.study_plan import check_written, read_study
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.study.plan import ANY_LANGUAGE, Plan, Text, parse_plan
from explainable_recsys.threads import n_cores

ANSWERS = "09_study"
"""Folder of the answers, among the results."""


INFORMATION = "information.txt"
"""Name of the file that people read first, where a plan is made up."""

MOST_HELD = 500
"""People of whom it is held in memory what they are shown."""


class Shows(NamedTuple):
    """What is shown to somebody."""

    trials: list[Shown]
    tasks: list[Task]


class Preparing:
    """Makes what people are shown, for as many at once as there are cores; the others wait."""

    def __init__(self) -> None:
        """Wait for the first."""
        self._pool = ThreadPoolExecutor(n_cores(), thread_name_prefix="preparing")
        self._lock, self._under_way = threading.Lock(), dict[str, Future[None]]()

    def start(self, who: str, work: Callable[[], None]) -> Future[None]:
        """Begin for somebody, unless that is under way."""
        with self._lock:
            if who not in self._under_way:
                self._under_way[who] = self._pool.submit(self._done, who, work)
            return self._under_way[who]

    def _done(self, who: str, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._under_way.pop(who, None)


@dataclass(frozen=True, eq=False)
class Served:
    """A study that people take part in.

    Attributes:
        plan: The study.
        information: What people read first.
        service: The approaches of its run.
        store: Where answers are kept.
        today: Tells the day.
        preparing: Makes what people are shown.
    """

    plan: Plan
    information: Text
    service: Service
    store: Store
    today: Callable[[], datetime.date] = datetime.date.today
    preparing: Preparing = field(default_factory=Preparing)
    _shown: OrderedDict[str, Shows] = field(default_factory=OrderedDict)

    @cached_property
    def shelf(self) -> Shelf:
        """The films."""
        return shelf_of(self.service)

    def shows(self, one: Participant) -> Shows:
        """What is shown to somebody; nothing before it is made, and the same ever after."""
        found = self._shown.get(one.id)
        if found is None:
            found = Shows(self.store.trials(one), self.store.tasks(one))
            if found.trials:
                self._shown[one.id] = found
            while len(self._shown) > MOST_HELD:
                self._shown.popitem(last=False)
        return found

    @property
    def is_open(self) -> bool:
        """Whether answers are taken today."""
        return self.plan.opens <= self.today() <= self.plan.closes

    @property
    def languages(self) -> tuple[str, ...]:
        """Those to choose from; the first is the usual one."""
        return self.plan.languages or (ANY_LANGUAGE,)

    def is_prepared(self, one: Participant, seconds: float) -> bool:
        """Whether it is made what somebody is shown, or is in a moment; if not, that begins.

        Args:
            one: Whose ratings are done.
            seconds: To wait.
        """
        if self.was_prepared(one):
            return True
        under_way = self.preparing.start(one.id, lambda: self.prepare(one))
        try:
            under_way.result(seconds)
        except TimeoutError:
            return False
        return True

    def was_prepared(self, one: Participant) -> bool:
        """Whether it is made what somebody is shown."""
        if self.store.listed(one):
            return True
        return any(event.kind == "prepare" for event in self.store.events(one))

    def prepare(self, one: Participant) -> None:
        """Make and keep what somebody is shown, by their ratings."""
        if self.was_prepared(one):
            return
        ratings = {rated.item_id: rated.rating for rated in self.store.ratings(one)}
        with self.service.turn(patient=True):
            history = self.service.history(ratings)
            all_of_it = made(self.service, self.plan, history, one.number, one.language)
        self.store.prepare(one, all_of_it.listed, all_of_it.trials, all_of_it.tasks, "prepare")


def open_study(
    folder: Path, catalog: DataCatalog, at_hand: Service, url: str = "", is_trial: bool = False
) -> Served:
    """Open a study; its run is marked to be kept for good.

    Args:
        folder: With the plan in `study.yml`, or the plan's file.
        catalog: Where the results of runs are.
        at_hand: The service of the latest run, which is taken where that is the study's.
        url: Where answers are kept; empty: a file of the study's among the results.
        is_trial: Whether its pages are only tried, today, as `made_up`; answers of the last trial
            go.

    Raises:
        InputError: If the plan, what people read first, its run or its store is not as it has to
            be, or the study is open and nobody is named in its information.
    """
    files = read_study(folder)
    today = datetime.date.today()
    plan = made_up(files.plan, today, "trial") if is_trial else files.plan
    check_written(replace(files, plan=plan), today)
    place = results_root(catalog) / ANSWERS / plan.slug
    if not url:
        place.parent.mkdir(parents=True, exist_ok=True)
        url = emptied(place) if is_trial else str(place.with_name(f"{plan.slug}.db"))
    store = open_store(url)
    begun = store.study(plan.slug)
    run = latest_run(plan, catalog) if begun is None else known_run(plan, catalog, begun.run_id)
    service = _service(plan, run, at_hand)
    store.register(plan, run.id, str(service.card["version"]), code_version())
    pin(catalog, run.id, for_good=True)
    study = Served(plan, files.information, service, store)
    study.shelf, service.items.search  # noqa: B018  so that the first who comes does not wait
    return study


def made_up(plan: Plan, today: datetime.date, why: str = "simulated") -> Plan:
    """A plan whose answers are none of the study: it is marked as such, and open from today on.

    Args:
        plan: For people.
        today: First day.
        why: What its slug ends with and its title begins with.
    """
    titles = {language: f"{why.capitalize()}: {text}" for language, text in plan.title.root.items()}
    days = plan.closes - plan.opens
    changed = {
        "slug": f"{plan.slug[: 39 - len(why)]}-{why}",
        "title": titles,
        "simulated": True,
        "information": INFORMATION,
        "opens": today.isoformat(),
        "closes": (today + max(days, datetime.timedelta(days=2))).isoformat(),
    }
    return parse_plan({**plan.model_dump(mode="json"), **changed}, plan.slug)


def emptied(place: Path) -> str:
    """The store of made-up answers of a study, without what the last ones left.

    Args:
        place: Of the store, without `.db`.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    for name in (place.name, f"{place.name}-emails"):
        for suffix in (".db", ".db-wal", ".db-shm"):
            place.with_name(f"{name}{suffix}").unlink(missing_ok=True)
    return str(place.with_name(f"{place.name}.db"))


def _approaches(plan: Plan) -> set[str]:
    return {kind.approach for kind in plan.explained if kind.approach is not None}


def latest_run(plan: Plan, catalog: DataCatalog) -> Run:
    """The latest run that explained lists by all approaches of a plan."""
    wanted = {f"{name}.sentences" for name in _approaches(plan)} | {f"{plan.recommender}.model"}
    for run, manifest in ended_runs(catalog):
        if manifest.get("status") == SUCCEEDED and wanted <= set(manifest.get("written", {})):
            return Run(run, manifest, catalog_of(catalog, manifest))
    raise InputError(
        f"study '{plan.slug}': no run made all of {', '.join(sorted(wanted))}; accepted: first "
        "kedro run"
    )


def known_run(plan: Plan, catalog: DataCatalog, run: str) -> Run:
    """The run that a study began with."""
    file = manifest_of(catalog, run)
    if not file.exists():
        raise InputError(
            f"study '{plan.slug}' began with run {run}, of which {file} is gone; accepted: put it "
            "and what that run made back, or a plan with another slug"
        )
    manifest = catalog.load("run_manifest", version=run)
    return Run(run, manifest, catalog_of(catalog, manifest))


def _service(plan: Plan, run: Run, at_hand: Service) -> Service:
    """The approaches of one run: those at hand, if they are of it."""
    names, found = _approaches(plan), at_hand.found
    here = found.latest.id == run.id and all(
        name in found.of and found.of[name].id == run.id for name in names
    )
    return _loaded(plan, run, at_hand) if here else service_of(plan, run, found.root)


def service_of(plan: Plan, run: Run, root: Path) -> Service:
    """The approaches of a study, of its run, loaded.

    Args:
        plan: The study.
        run: With which it began.
        root: Folder of the results.

    Raises:
        InputError: Naming the run, and what is missing of it.
    """
    names = sorted(_approaches(plan) or explained(run.manifest))
    return _loaded(plan, run, Service(Found(run, dict.fromkeys(names, run), {}, root)))


def _loaded(plan: Plan, run: Run, service: Service) -> Service:
    """The same, once all of it is there that a study asks for.

    Raises:
        InputError: As `service_of`.
    """
    try:
        lister_of(service, plan)
        for name in _approaches(plan):
            service.stored(name)
    except InputError as error:
        raise InputError(
            f"study '{plan.slug}' cannot be served from its run {run.id}: {error}"
        ) from error
    return service
