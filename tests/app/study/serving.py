"""Serves a study over a run of the tests, in a process of its own: `python serving.py RUN …`."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import Operations
from explainable_recsys.app.serve import Options, configured
from explainable_recsys.app.service import open_service
from explainable_recsys.app.study.served import open_study
from explainable_recsys.app.web import create_app
from tests.conftest import open_catalog


def main() -> None:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("study", type=Path)
    parser.add_argument("store")
    parser.add_argument("--port", type=int)
    given = parser.parse_args()
    with open_catalog(given.run) as catalog:
        held = Held(lambda: open_service(catalog, ("intrinsic_als", "posthoc_ar")))
        held.load()
        study = open_study(given.study, catalog, held.service, given.store)
        app = Operations(create_app(held, {study.plan.slug: study}))
        uvicorn.Server(configured(app, Options(), port=given.port)).run()


if __name__ == "__main__":
    main()
