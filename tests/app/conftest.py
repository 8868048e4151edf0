"""The app over the run of everything."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from kedro.io import DataCatalog

from explainable_recsys.app.held import Held
from explainable_recsys.app.runs import find_runs
from explainable_recsys.app.service import Service
from explainable_recsys.app.web import create_app


@pytest.fixture(scope="module")
def service(catalog: DataCatalog) -> Service:
    """All approaches, loaded."""
    found = Service(find_runs(catalog))
    found.load_all()
    return found


@pytest.fixture(scope="module")
def client(service: Service) -> TestClient:
    """Asks the app without a network."""
    return TestClient(create_app(Held(lambda: (service, []))), raise_server_exceptions=False)
