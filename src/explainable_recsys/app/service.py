"""Answers of the run that is served: its approaches in memory, and whose turn it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog, DatasetError

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.app.items import Items, NotHereError, Wanted
from explainable_recsys.app.runs import Found, OtherDataError, Run, find_runs
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.runs import pin
from explainable_recsys.interface.stored import Stored, by_accuracy, load_data, load_stored
from explainable_recsys.reporting.people import find_user, near_ids
from explainable_recsys.threads import n_cores

logger = logging.getLogger(__name__)


class BusyError(Exception):
    """More questions wait than may."""


class Service:
    """The approaches of one run, or of several of the same data.

    They are loaded one after the other by `load_all`, or when somebody asks for one. Nothing is
    trained and nothing is written, so that the same question has the same answer.
    """

    def __init__(self, found: Found, most_waiting: int = 20) -> None:
        """Load the data.

        Args:
            found: The runs.
            most_waiting: Questions that may wait while as many are answered as there are cores.

        Raises:
            InputError: If a file of the run is gone.
        """
        self.found = found
        self.data = load_data(found.latest.catalog)
        self.items = Items.of(self.data)
        self.card: Mapping[str, Any] = found.latest.catalog.load("data_version")
        self.names = by_accuracy({name: run.catalog for name, run in found.of.items()})
        self.failed: dict[str, str] = {}
        self._stored: dict[str, Stored] = {}
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._turns, self._n_waiting = threading.Semaphore(n_cores()), 0
        self._most_waiting = most_waiting

    @property
    def run(self) -> Run:
        """The run, or the latest of several."""
        return self.found.latest

    @property
    def ready(self) -> list[str]:
        """The approaches that are loaded, the first of `names` first."""
        return [name for name in self.names if name in self._stored]

    def load_all(self) -> None:
        """Load one approach after the other; one that cannot be loaded is noted in `failed`."""
        for name in self.names:
            try:
                self.stored(name)
            except NotHereError as error:
                logger.warning("%s", error)

    def stored(self, name: str | None = None) -> Stored:
        """An approach, loaded when it is first asked for.

        Args:
            name: None for the first of `names` that can be loaded.

        Raises:
            NotHereError: If there is no such approach here, or its files cannot be read.
            OtherDataError: If its lists are of other data than the run.
        """
        if name is None:
            name = next((one for one in self.names if one not in self.failed), self.names[0])
        if name in self.found.refused:
            raise OtherDataError(self.found.refused[name])
        if name not in self.names:
            near = get_close_matches(name[:40], self.names, 3, 0.0)
            accepted = ", ".join(self.names)
            raise NotHereError(
                f"there is no approach '{name[:40]}' here; accepted: {accepted}",
                dict.fromkeys(near),
            )
        if name in self._stored:  # without waiting for another that is being loaded
            return self._stored[name]
        with self._loading:
            if name in self.failed:
                raise NotHereError(self.failed[name])
            if name not in self._stored:
                self._stored[name] = self._loaded(name)
            return self._stored[name]

    def _loaded(self, name: str) -> Stored:
        try:
            catalog = self.found.of[name].catalog
            return load_stored(catalog, APPROACHES[name], data=self.data)
        except (InputError, DatasetError, OSError) as error:
            self.failed[name] = f"{name} cannot be loaded: {error}"
            raise NotHereError(self.failed[name]) from error

    def asked(self, name: str | None, wanted: Wanted) -> Stored:
        """An approach, asked for what is wanted alone.

        Raises:
            NotHereError: If it, or an item, is not here.
            InputError: If a genre is not known, or the list too long.
        """
        return self.stored(name).offering(wanted.n, *self.items.asked_for(wanted))

    def history(self, ratings: Mapping[Any, float | None], user: Any = None) -> Interactions:
        """Whom a question is about: somebody new, or one of the data's users with changes.

        Args:
            ratings: By item id; None takes back what the user rated.
            user: Id of the user, as typed; None for somebody new.

        Raises:
            NotHereError: If there is no such user or item; with near matches.
            InputError: If a rating is off the scale, or something is taken back that is not rated.
        """
        stored = self.stored(next(iter(self.ready), None))
        one = stored.nobody()
        if user is not None:
            try:
                known = find_user(user, self.data.histories.user_ids, str(self.card["name"]))
            except InputError as error:
                near = near_ids(user, self.data.histories.user_ids)
                raise NotHereError(str(error), dict.fromkeys(near)) from None
            one = stored.history(known)
        changes = [Change(self.items.known(name), rating) for name, rating in ratings.items()]
        return stored.changed(one, changes) if changes else one

    @contextmanager
    def turn(self, patient: bool = False) -> Iterator[None]:
        """Wait until a core is free.

        Args:
            patient: Whether to wait however many wait already.

        Raises:
            BusyError: If too many do, and one is not patient.
        """
        with self._lock:
            if not patient and self._n_waiting >= self._most_waiting:
                raise BusyError
            self._n_waiting += 1
        try:
            self._turns.acquire()
        finally:
            with self._lock:
                self._n_waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


def open_service(
    catalog: DataCatalog, approaches: tuple[str, ...] = ()
) -> tuple[Service, list[Path]]:
    """Find the runs, load the data, and mark the runs to be kept while this process lives.

    Args:
        catalog: Where the results of runs are.
        approaches: Names of those to be served; none: all that have explained lists.

    Returns:
        The service, and the files that mark its runs.

    Raises:
        InputError: As `find_runs` and `Service`.
    """
    found = find_runs(catalog, approaches)
    service = Service(found)  # what cannot be served is not marked
    return service, [pin(catalog, run.id, for_good=False) for run in found.runs]
