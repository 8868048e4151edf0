"""Databases by URL: opened, brought up to date, and their errors in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from explainable_recsys.errors import InputError

ACCEPTED = "accepted: a file, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"

_NO_FILE = (None, "", ":memory:")
"""What a URL has that names no database that stays."""

MIGRATIONS = Path(__file__).parent / "migrations"


MOST_WRITING = 5
"""Who write at once into a server's database, one row of a person each."""


class StoreError(InputError):
    """A database that cannot be read or written now; nothing of what was asked is stored."""


class Database:
    """One database, whose statements run in transactions: all of one, or nothing."""

    def __init__(self, url: str, versions: str, patience: float) -> None:
        """Open it, and bring its tables up to date.

        Args:
            url: Of SQLite or PostgreSQL; or the name of a file, for SQLite.
            versions: Folder of the migrations that make its tables.
            patience: Seconds to wait for others who write.

        Raises:
            StoreError: If it cannot be opened or written.
            InputError: If the URL is none, its driver is not there, or its tables are not ours or
                of a newer version.
        """
        parsed = parsed_url(url)
        self.name = parsed.render_as_string(hide_password=True)
        self._engine = _engine(parsed, patience)
        n_writing = 1 if parsed.drivername == "sqlite" else MOST_WRITING
        self._first, self._patience = threading.Semaphore(n_writing), patience
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":  # only one of many that start together
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(1)"))
            self._migrate(connection, versions)
            connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes, the only one in SQLite.

        Raises:
            StoreError: If the database cannot do it; then nothing of it is stored.
        """
        with self._queue(), self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _queue(self) -> Iterator[None]:
        """Who writes here waits in a queue: in SQLite's, who comes first may be served last."""
        is_first = self._first.acquire(timeout=self._patience)
        try:
            yield
        finally:
            if is_first:
                self._first.release()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that reads, without waiting for who writes.

        Raises:
            StoreError: If the database cannot do it.
        """
        with self._told(), self._engine.execution_options(reads=True).connect() as connection:
            yield connection

    def close(self) -> None:
        """Let go of its files."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise StoreError(f"{self.name}: {_reason(error)}") from error
        except sa.exc.TimeoutError as error:
            raise StoreError(f"{self.name}: too many wait for it") from error

    def _migrate(self, connection: sa.Connection, versions: str) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", str(MIGRATIONS / versions).replace("%", "%%"))
        script = ScriptDirectory.from_config(config)
        found = MigrationContext.configure(connection).get_current_revision()
        known = [revision.revision for revision in script.walk_revisions()]
        if found is None and (others := sa.inspect(connection).get_table_names()):
            raise InputError(f"{self.name}: holds other tables, such as {others[0]}; {ACCEPTED}")
        if found is not None and found not in known:
            raise InputError(
                f"{self.name}: its tables are of version '{found}'; accepted: up to '{known[0]}', "
                "so a newer version of this program"
            )
        if found != known[0]:
            command.upgrade(config, "head")


def parsed_url(url: str) -> sa.URL:
    """A URL with the driver that is used for it.

    Raises:
        InputError: If it is of no database that is known here.

    >>> parsed_url("answers.db").drivername, parsed_url("postgresql://host/a").drivername
    ('sqlite', 'postgresql+psycopg')
    """
    if "://" not in url and url not in _NO_FILE:
        return sa.URL.create("sqlite", database=url)
    try:
        found = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise InputError(f"the URL of a database: not readable; {ACCEPTED}") from None
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
    if (kind := found.get_backend_name()) not in drivers or found.database in _NO_FILE:
        raise InputError(f"{found.render_as_string(hide_password=True)}: {ACCEPTED}")
    return found.set(drivername=drivers[kind])


def _engine(url: sa.URL, patience: float) -> sa.Engine:
    if url.drivername == "sqlite":
        return _sqlite(url, patience)
    try:
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            pool_timeout=patience,
            connect_args={"connect_timeout": max(2, round(patience))},
        )
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed; accepted: pip install 'explainable-recsys[postgresql]'"
        ) from error


def _sqlite(url: sa.URL, patience: float) -> sa.Engine:
    assert url.database
    if not url.database.startswith("file:"):
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make {url.database}: {error.strerror}") from error
    engine = sa.create_engine(url, connect_args={"timeout": patience}, pool_timeout=patience)

    @event.listens_for(engine, "connect")
    def prepared(connection: sqlite3.Connection, _: Any) -> None:
        """Readers and a writer at once; what was acknowledged is on the disk."""
        connection.isolation_level = None  # transactions begin below, not where sqlite3 guesses
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        """Who writes says so at once: two who read first would wait for each other."""
        reads = connection.get_execution_options().get("reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _reason(error: sa.exc.DBAPIError) -> str:
    """What a database says, and for the usual reasons what helps."""
    said = str(error.orig).strip().partition("\n")[0]
    helps = {
        "readonly": "let this user write to the file and its folder",
        "read-only": "a database that can be written",
        "locked": "end the program that holds it",
        "full": "make room on its disk",
        "no space": "make room on its disk",
        "not a database": "another file",
    }
    for word, help_ in helps.items():
        if word in said.lower():
            return f"{said}; accepted: {help_}"
    return said
