"""The service as it is now; another takes its place when a new run is taken on."""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from explainable_recsys.app.approaches import about
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import shelf_of
from explainable_recsys.errors import InputError

logger = logging.getLogger(__name__)

Open = Callable[[], tuple[Service, list[Path]]]
"""Finds the runs, marks them and loads the data; see `open_service`."""

HOUR = 3600.0
"""Seconds."""


def load_everything(service: Service) -> None:
    """Load the approaches and what pages show of them, so that no file of the run is read later.

    Args:
        service: Whose.
    """
    service.load_all()
    try:
        shelf_of(service)
        for name in service.names:
            about(service, name)
    except InputError as error:  # said again by the page that needs it
        logger.warning("%s", error)
    gc.unfreeze()
    gc.collect()
    gc.freeze()  # what is held is not looked through again while somebody waits


class Held:
    """The service that answers, and the files that mark its runs."""

    def __init__(self, open_service: Open) -> None:
        """Open the service.

        Raises:
            InputError: As `open_service`.
        """
        self._open, self._reloading = open_service, threading.Lock()
        self.service, self._pins = open_service()
        self._is_closed = threading.Event()
        threading.Thread(target=self._keep_marks, name="marks", daemon=True).start()

    def load(self) -> threading.Thread:
        """Load the approaches beside whatever else goes on."""
        asked = (self.service,)
        thread = threading.Thread(target=load_everything, args=asked, name="load", daemon=True)
        thread.start()
        return thread

    def reload(self) -> Service:
        """Take the latest run on; the old one answers until the new one can.

        Raises:
            InputError: As `open_service`; the old one stays.
        """
        with self._reloading:
            service, pins = self._open()
            load_everything(service)
            gone = set(self._pins) - set(pins)
            self.service, self._pins = service, pins
            for file in gone:
                file.unlink(missing_ok=True)
            return service

    def close(self) -> None:
        """Let the runs go."""
        self._is_closed.set()
        for file in self._pins:
            file.unlink(missing_ok=True)

    def _keep_marks(self) -> None:
        """Touch the marks now and then: what nobody has touched for a day is a leftover."""
        while not self._is_closed.wait(HOUR):
            for file in self._pins:
                with contextlib.suppress(OSError):  # the run's folder is gone
                    file.touch()
