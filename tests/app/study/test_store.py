"""Answers are kept, each once, whatever is sent twice, late, or after the end."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from explainable_recsys.app.study.store import (
    Listed,
    Participant,
    RefusedError,
    Shown,
    Store,
    Task,
    hashed,
    open_store,
    withdrawal_code,
)
from explainable_recsys.errors import InputError
from tests.app.study.conftest import a_plan

TRIALS = (
    Shown(1, "rules", "sentence", "50", 3, 0.5, 0, "Because of *Alien*.", {"share": 0.25}),
    Shown(2, "none", "sentence", "7", 1, None, 1, "", None),
)
TASKS = (Task("forecast", 1, "50", "rules", {"choices": ["1", "2"], "right": "2"}),)


def began(store: Store) -> Participant:
    """Somebody who has consented."""
    store.register(a_plan(), "run", "data", "code")
    _, one = store.enter("films", "en")
    store.consent(one, "1")
    return one


def saved(store: Store, one: Participant) -> list[dict[str, str | None]]:
    """The answers of all saved pages, as events have them."""
    return [event.payload["answers"] for event in store.events(one) if event.kind == "save"]


def test_what_somebody_does_is_there_again(store: Store) -> None:
    one = began(store)
    for position, (item, rating) in enumerate([("50", 4.0), ("7", 2.5), ("9", 1.0)]):
        store.rate(one, item, rating, f"rate-{position}")
    store.rate(one, "7", None, "back")
    store.rate(one, "50", 5.0, "changed")
    listed = [Listed(1, "7", 0.75, ("rules",)), Listed(2, "8", np.float32(0.5))]
    store.prepare(one, listed, TRIALS, TASKS, "prepare")
    store.save(one, "recommendation-1", {"trust": "4", "interest": None}, 3.5, "form-1")
    store.save(one, "information", {}, 10, "form-0")
    assert [(rated.item_id, rated.rating) for rated in store.ratings(one)] == [
        ("50", 5.0),
        ("9", 1.0),
    ]
    assert store.listed(one) == [Listed(1, "7", 0.75, ["rules"]), Listed(2, "8", 0.5, [])]
    assert store.trials(one) == list(TRIALS)
    assert store.tasks(one) == list(TASKS)
    answers = {"recommendation-1": {"trust": "4", "interest": None}, "information": {}}
    assert store.answers(one) == answers
    assert {row.seconds for row in store.answer_rows(one)} == {3.5, 10.0}
    kinds = [event.kind for event in store.events(one)]
    assert kinds == ["enter", "consent", *["rate"] * 5, "prepare", "save", "save"]


def test_a_form_sent_again_is_kept_once(store: Store) -> None:
    one = began(store)
    store.save(one, "scale", {"a": "1"}, 2, "form")
    store.save(one, "scale", {"a": "1"}, 9, "form")  # the seconds go on where it is sent again
    assert saved(store, one) == [{"a": "1"}]
    assert store.answer_rows(one)[0].seconds == 2
    store.save(one, "scale", {"a": "2"}, 3, "form")  # somebody went back and changed it
    store.save(one, "scale", {"a": "1"}, 3, "form")  # and back
    assert saved(store, one) == [{"a": "1"}, {"a": "2"}, {"a": "1"}]
    store.save(one, "scale", {"a": "5"}, 3, "later form")
    store.save(one, "scale", {"a": "1"}, 3, "form")  # that is the first one, late
    assert store.answers(one) == {"scale": {"a": "5"}}
    store.save(one, "other scale", {"a": "1"}, 3, "form")
    assert store.answers(one)["other scale"] == {"a": "1"}, "another page, whatever its form"


def test_what_is_shown_is_made_once(store: Store) -> None:
    one = began(store)
    store.rate(one, "50", 4.0, "rate")
    store.prepare(one, [Listed(1, "7", 0.75)], TRIALS, (), "prepare")
    store.prepare(one, [Listed(1, "8", 0.75)], TRIALS[:1], (), "another form")
    assert len(store.trials(one)) == 2
    assert store.listed(one)[0].item_id == "7"
    with pytest.raises(RefusedError, match="stay as they are"):
        store.rate(one, "50", 1.0, "too late")
    assert store.ratings(one)[0].rating == 4.0


def test_nothing_is_kept_without_consent_nor_after_the_end(store: Store) -> None:
    store.register(a_plan(), "run", "data", "code")
    _, one = store.enter("films", "en")
    for refused in (
        lambda: store.rate(one, "50", 4.0, "rate"),
        lambda: store.save(one, "scale", {"a": "1"}, 1, "form"),
        lambda: store.finish(one),
    ):
        with pytest.raises(RefusedError, match="consent"):
            refused()
    store.consent(one, "1")
    store.save(one, "scale", {"a": "1"}, 1, "form")
    code = store.finish(one)
    assert store.finish(one) == code
    with pytest.raises(RefusedError, match="finished"):
        store.save(one, "scale", {"a": "2"}, 1, "another form")
    store.save(one, "scale", {"a": "1"}, 1, "form")  # again is answered as before
    assert store.answers(one) == {"scale": {"a": "1"}}
    assert len([event for event in store.events(one) if event.kind == "finish"]) == 1


def test_who_withdraws_leaves_nothing_but_that(store: Store, connection: sa.Connection) -> None:
    one, (_, other) = began(store), store.enter("films", "en")
    store.consent(other, "1")
    for person in (one, other):
        store.rate(person, "50", 4.0, "rate")
        store.save(person, "scale", {"a": "1"}, 1, "form")
    code = store.finish(one)
    assert store.withdraw(f" {code.lower().replace('-', ' ')} ")
    assert not store.withdraw(code), "done before"
    with pytest.raises(RefusedError, match="nobody"):
        store.withdraw("AAAA-BBBB-CCCC-DDDD")
    with pytest.raises(RefusedError, match="withdrawn"):
        store.save(one, "scale", {"a": "2"}, 1, "late")
    query = sa.text("SELECT * FROM participant WHERE id = :id")
    row = connection.execute(query, {"id": one.id}).mappings().one()
    left = {name for name, value in row.items() if value not in (None, "")}
    said = {"id", "study", "number", "token_hash", "withdrawn_at", "withdrawal_hash"}
    assert left == said
    for table in ("rating", "answer", "event", "trial", "task", "listed"):
        found = connection.execute(sa.text(f"SELECT participant FROM {table}"))
        assert one.id not in set(found.scalars())
    assert store.answers(other) == {"scale": {"a": "1"}}


def test_events_are_kept_as_they_were(store: Store, connection: sa.Connection) -> None:
    began(store)
    for statement in ("UPDATE event SET kind = 'x'", "DELETE FROM event"):
        with pytest.raises(sa.exc.DBAPIError, match="kept as they were"), connection.begin():
            connection.execute(sa.text(statement))


def test_a_token_is_of_one_person_and_only_its_hash_is_kept(store: Store, tmp_path: Path) -> None:
    store.register(a_plan(), "run", "data", "code")
    token, one = store.enter("films", "en")
    assert len(token) >= 32
    assert store.participant(token) == one
    assert store.participant(token[:-1] + "x") is None
    assert store.participant("") is None
    offered = "offered" * 10
    assert store.enter("films", "en", token=offered) == store.enter("films", "en", token=offered)
    assert [person.number for person in store.participants("films")] == [0, 1]
    short, third = store.enter("films", "en", token="short")
    assert short != "short", "what can be guessed is no token"
    assert third.number == 2
    store.register(a_plan(slug="others"), "run", "data", "code")
    with pytest.raises(RefusedError, match="another"):
        store.enter("others", "en", token=offered)
    for file in tmp_path.glob("films.db*"):
        assert token.encode() not in file.read_bytes()


def test_a_code_lets_one_person_in_who_can_come_again(store: Store) -> None:
    for slug in ("films", "others"):
        store.register(a_plan(slug=slug, codes=True), "run", "data", "code")
    code, second = store.make_codes("films", 2)
    token, one = store.enter("films", "en", code)
    assert store.enter("films", "de", code.lower().replace("-", "")) == (token, one)
    assert store.enter("films", "en", second)[1] != one
    for wrong in (None, "", "AAAA-AAAA-AAAA-AAAA", store.make_codes("others", 1)[0]):
        with pytest.raises(RefusedError, match="none of its codes"):
            store.enter("films", "en", wrong)


def test_many_at_once_get_numbers_of_their_own_and_lose_nothing(store: Store) -> None:
    store.register(a_plan(), "run", "data", "code")
    people: list[Participant] = []

    def take_part() -> None:
        _, one = store.enter("films", "en")
        store.consent(one, "1")
        for number in range(3):
            store.rate(one, str(number), 3.0, f"rate-{number}")
        people.append(one)

    threads = [threading.Thread(target=take_part) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.number for one in people) == list(range(8))
    assert {len(store.ratings(one)) for one in people} == {3}


def test_a_study_goes_on_with_its_plan_and_run(store: Store) -> None:
    begun = store.register(a_plan(), "run", "data", "code")
    assert store.register(a_plan(title="Movies"), "later run", "data", "code") != begun
    begun = store.register(a_plan(), "run", "data", "code")
    assert store.study("films") == begun
    assert store.study("others") is None
    _, one = store.enter("films", "en")
    assert store.register(a_plan(), "run", "data", "newer code") == begun
    with pytest.raises(InputError, match="another plan"):
        store.register(a_plan(title="Movies"), "run", "data", "code")
    with pytest.raises(InputError, match="another run"):
        store.register(a_plan(), "later run", "data", "code")
    with pytest.raises(InputError, match="no study"):
        store.enter("others", "en")
    assert one in store.participants("films")


def test_time_and_text_may_be_anything(store: Store) -> None:
    one = began(store)
    text = "=1+1\0\ud800 <b>'; DROP TABLE answer; --\n🎬"
    store.save(one, "closing", {"comment": text}, -5.0, "form")
    (row,) = store.answer_rows(one)
    assert row.seconds == 0
    assert row.value == "=1+1? <b>'; DROP TABLE answer; --\n🎬"


def test_studies_end_with_all_that_is_kept_of_them(store: Store) -> None:
    plan = a_plan(raffle="An e-mail address, if you like", keep_days=30)
    store.register(plan, "run", "data", "code")
    store.register(a_plan(slug="others", closes="2027-12-31"), "run", "data", "code")
    for slug in ("films", "others"):
        _, one = store.enter(slug, "en")
        store.consent(one, "1")
        store.save(one, "scale", {"a": "1"}, 1, "form")
    store.leave_email("films", " a@example.org ")
    store.leave_email("films", "a@example.org")
    assert store.emails("films") == ["a@example.org"]
    last = datetime.date(2027, 1, 30)
    assert store.overdue(last) == {}
    assert store.overdue(last + datetime.timedelta(1)) == {"films": last}
    assert store.expire(last + datetime.timedelta(1)) == ["films"]
    assert store.slugs() == ["others"]
    assert store.participants("films") == []
    assert store.emails("films") == []
    assert store.answers(store.participants("others")[0]) == {"scale": {"a": "1"}}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("Ann@Example.org", ["ann@example.org", "bo@example.org"]),
        (" ann@EXAMPLE.ORG ", ["Ann@Example.org", "Ann@example.org", "bo@example.org"]),
        ("cy@example.org", None),
        ("example.org", None),
    ],
)
def test_an_address_is_deleted_however_its_domain_is_written(
    tmp_path: Path, given: str, left: list[str] | None
) -> None:
    store = open_store(str(tmp_path / "films.db"))
    everything = ["Ann@Example.org", "Ann@example.org", "ann@example.org", "bo@example.org"]
    for address in everything:
        store.leave_email("films", address)
        store.leave_email("others", address)
    assert store.forget_email("films", given) == (left is not None)
    assert store.emails("films") == (everything if left is None else left)
    assert store.emails("others") == everything


def test_nothing_links_an_address_to_a_person(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "films.db"))
    store.register(a_plan(raffle="Address"), "run", "data", "code")
    for address in ("b@example.org", "a@example.org"):
        store.leave_email("films", address)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/films-emails.db")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM email")).all()
        assert [row.address for row in rows] == ["a@example.org", "b@example.org"], "no order"
        assert {len(row.at_day) for row in rows} == {10}
        with pytest.raises(sa.exc.OperationalError, match="rowid"):
            connection.execute(sa.text("SELECT rowid FROM email"))
    assert b"example.org" not in (tmp_path / "films.db").read_bytes()


def test_codes_to_withdraw_are_hashed_and_differ() -> None:
    codes = {withdrawal_code(str(number)) for number in range(1000)}
    assert len(codes) == 1000
    assert hashed("a") != hashed("b")
