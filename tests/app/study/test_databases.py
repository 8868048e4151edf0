"""Databases that cannot be used, or not now: one clear error, and nothing that was kept is lost."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from explainable_recsys.app.study import tables
from explainable_recsys.app.study.databases import StoreError
from explainable_recsys.app.study.store import Participant, Store, open_store
from explainable_recsys.errors import InputError
from tests.app.study.conftest import a_plan


def began(store: Store) -> Participant:
    """Somebody who has consented."""
    store.register(a_plan(), "run", "data", "code")
    _, one = store.enter("films", "en")
    store.consent(one, "1")
    return one


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store in which somebody has answered something."""
    path = tmp_path / "films.db"
    store = open_store(str(path))
    store.save(began(store), "scale", {"a": "1"}, 1, "form")
    store.close()
    return path


@pytest.fixture
def smallest_disk() -> Iterator[None]:
    """SQLite's files cannot grow beyond a few pages."""

    def limited(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 60")

    sa.event.listen(sa.Engine, "connect", limited)
    yield
    sa.event.remove(sa.Engine, "connect", limited)


def test_the_migrations_make_the_tables_that_the_code_knows(
    store: Store, connection: sa.Connection
) -> None:
    options = {"compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, tables.ANSWERS) == []


def test_addresses_have_the_table_that_the_code_knows(file: Path) -> None:
    open_store(str(file)).leave_email("films", "a@example.org")
    engine = sa.create_engine(f"sqlite:///{file.parent}/films-emails.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, tables.EMAILS) == []


def test_a_database_that_can_only_be_read_is_refused(file: Path) -> None:
    with pytest.raises(StoreError, match=r"readonly.*accepted"):
        open_store(f"sqlite:///file:{file}?mode=ro&uri=true")


def test_who_finds_it_locked_waits_and_can_send_it_again(file: Path) -> None:
    store = open_store(str(file), patience=0.05)
    (one,) = store.participants("films")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"locked.*accepted"):
        store.save(one, "scale", {"a": "2"}, 1, "later form")
    assert store.answers(one) == {"scale": {"a": "1"}}, "it can be read meanwhile"
    with pytest.raises(StoreError, match="locked"):
        open_store(str(file), patience=0.05)
    other.execute("COMMIT")
    store.save(one, "scale", {"a": "2"}, 1, "later form")
    assert store.answers(one) == {"scale": {"a": "2"}}


@pytest.mark.usefixtures("smallest_disk")
def test_a_full_database_loses_nothing_that_it_has_kept(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "films.db"))
    one = began(store)
    kept, refused = 0, ""
    while not refused:
        try:
            store.save(one, f"closing-{kept}", {"text": "x" * 2000}, 1, f"form-{kept}")
            kept += 1
        except StoreError as error:
            refused = str(error)
    assert "accepted: make room" in refused
    assert 5 < kept < 100
    assert len(store.answers(one)) == kept
    assert len([event for event in store.events(one) if event.kind == "save"]) == kept


def test_a_newer_database_is_refused_and_left_alone(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE alembic_version SET version_num = 'answers_99'")
    connection.commit()
    before = list(connection.iterdump())
    with pytest.raises(InputError, match=r"answers_99.*accepted: up to 'answers_1'"):
        open_store(str(file))
    assert list(connection.iterdump()) == before


def test_other_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    other, text = tmp_path / "other.db", tmp_path / "text.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE guests (name)")
    connection.commit()
    with pytest.raises(InputError, match="guests"):
        open_store(str(other))
    assert [name for (name,) in connection.execute("SELECT name FROM sqlite_master")] == ["guests"]
    text.write_text("A letter, which is no database.\n" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_store(str(text))
    with pytest.raises(InputError, match="cannot make"):
        open_store(str(text / "films.db"))
    with pytest.raises(StoreError, match="unable to open"):
        open_store(str(tmp_path))


@pytest.mark.parametrize(
    "url", ["mysql://host/films", "sqlite://", "sqlite:///:memory:", "://films", "a b://x", ""]
)
def test_what_is_no_url_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="accepted: a file"):
        open_store(url)


def test_addresses_need_another_database(tmp_path: Path) -> None:
    file = str(tmp_path / "films.db")
    with pytest.raises(InputError, match="two databases"):
        open_store(file, f"sqlite:///{file}")


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r"psycopg.*pip install"):
        open_store("postgresql://localhost/films")


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(StoreError) as raised:
        open_store("postgresql://tester:secret@127.0.0.1:1/films", patience=1)
    assert "127.0.0.1" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_addresses_go_to_a_database_beside_that_is_missed_where_there_is_a_raffle(
    new_database: Callable[[str], str],
) -> None:
    store = open_store(new_database("films"))
    store.register(a_plan(), "run", "data", "code")
    raffle = a_plan(slug="others", raffle="Address")
    with pytest.raises(StoreError, match="films_emails"):
        store.register(raffle, "run", "data", "code")
    new_database("films_emails")
    store.register(raffle, "run", "data", "code")
    store.leave_email("others", "a@example.org")
    assert store.emails("others") == ["a@example.org"]
    store.close()


def test_postgresql_that_can_only_be_read_loses_nothing(
    new_database: Callable[[str], str],
) -> None:
    import psycopg

    url = new_database("answers")
    store = open_store(url)
    one = began(store)
    others = "pid <> pg_backend_pid() AND datname = 'answers'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE answers SET default_transaction_read_only = on")
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        with pytest.raises(StoreError, match=r"read-only.*accepted"):
            store.save(one, "scale", {"a": "1"}, 1, "form")
        connection.execute("ALTER DATABASE answers RESET default_transaction_read_only")
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    store.save(one, "scale", {"a": "1"}, 1, "form")  # over a new connection
    assert store.answers(one) == {"scale": {"a": "1"}}
    store.close()
