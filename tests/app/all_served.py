"""The run of everything, with all of its approaches served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explainable_recsys.app.held import Held
from explainable_recsys.app.service import open_service
from tests.conftest import open_catalog


@contextmanager
def all_held(run: Path) -> Iterator[Held]:
    """Serve a run for a while."""
    with open_catalog(run) as catalog:
        held = Held(lambda: open_service(catalog))
        try:
            held.service.load_all()
            yield held
        finally:
            held.close()
