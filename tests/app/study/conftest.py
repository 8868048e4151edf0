"""Stores to try: SQLite, and PostgreSQL on a server of its own where it is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from explainable_recsys.app.study.store import Store, open_store
from explainable_recsys.study.plan import Plan, parse_plan

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
"""Where distributions put the server's programs, which are not on the path there."""


def a_plan(**other: Any) -> Plan:
    """The smallest plan, and what is to be otherwise."""
    least = {
        "slug": "films",
        "title": "Films",
        "kinds": [{"name": "none"}],
        "questions": [{"name": "trust", "text": "I trust it.", "role": "measure"}],
        "consent": {"version": "1", "text": "I agree."},
        "opens": "2026-01-01",
        "closes": "2026-12-31",
        "n_people": 10,
    }
    return parse_plan(least | other, "study.yml")


def program(name: str) -> str | None:
    """The newest program of PostgreSQL of a name."""
    folders = [str(path) for place in PLACES for path in Path("/").glob(place.lstrip("/"))]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(sorted(folders)[::-1]))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A URL of a PostgreSQL server that is there for these tests, without the database's name."""
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    who: dict[str, Any] = {}
    if os.getuid() == 0:  # whom the server refuses
        who = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
        shutil.chown(folder, who["user"], who["group"])
    made = [initdb, "-D", str(folder / "data"), "-A", "trust", "-U", "tester", "-E", "UTF8"]
    subprocess.run([*made, "--no-sync"], check=True, capture_output=True, cwd=folder, **who)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    options += ["-c", "fsync=off"]
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [postgres, "-D", str(folder / "data"), *options], cwd=folder, stdout=log, stderr=log, **who
    )
    try:
        for _ in range(100):
            if (folder / ".s.PGSQL.5432").exists():
                break
            time.sleep(0.1)
        yield f"postgresql://tester@/{{name}}?host={folder}"
    finally:
        process.terminate()
        process.wait(20)
        log.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def new_database(server: str) -> Callable[[str], str]:
    """Makes an empty database on the server, and gives its URL."""
    made: set[str] = set()

    def make(name: str) -> str:
        if name not in made:
            execute(server.format(name="postgres"), f"CREATE DATABASE {name}")
            made.add(name)
        execute(server.format(name=name), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return server.format(name=name)

    return make


def execute(url: str, statement: str) -> None:
    """Execute a statement, as soon as the server answers."""
    import psycopg

    for _ in range(100):
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(statement)
            return
        except psycopg.OperationalError as error:
            if "starting up" not in str(error):
                raise
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def postgresql_emails(new_database: Callable[[str], str]) -> str:
    """The database of addresses, of all tests of a module."""
    return new_database("emails")


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """An empty database of each kind, and where addresses go."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/films.db", ""
    new = request.getfixturevalue("new_database")
    return new("answers"), request.getfixturevalue("postgresql_emails")


@pytest.fixture
def store(urls: tuple[str, str]) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(*urls)
    yield opened
    opened.close()


@pytest.fixture
def connection(urls: tuple[str, str]) -> Iterator[sa.Connection]:
    """Reads what lies in the database, past the store."""
    engine = sa.create_engine(urls[0].replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as opened:
        yield opened
    engine.dispose()
