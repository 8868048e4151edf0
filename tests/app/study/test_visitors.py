"""What is compared at the end of a simulation finds what was lost, and what is there too often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explainable_recsys.app.study.browser import Browser, Count, read_forms
from explainable_recsys.app.study.store import Participant, Store, open_store
from explainable_recsys.app.study.visitors import Visitor, differences
from explainable_recsys.study.simulation import Person, Simulation
from tests.app.study.conftest import a_plan

Change = Callable[[Store, Participant], object]


def visited(tmp_path: Path) -> tuple[Visitor, Participant]:
    """Somebody who rated a film and answered a question, and all of it is kept."""
    store, nothing = open_store(str(tmp_path / "films.db")), np.zeros(1)
    plan = a_plan(raffle="Address")
    store.register(plan, "run", "data", "code")
    person = Person(0, plan, Simulation(), {"7": 4.0}, nothing, nothing, {"7": 0})
    token, one = store.enter("films", "")
    store.consent(one, "1")
    store.rate(one, "7", 4.0, "rate")
    store.save(one, "ratings", {}, 1, "ratings")
    store.save(one, "recommendation-1", {"trust": "4"}, 1, "form")
    visitor = Visitor(person, Browser("127.0.0.1", 1, 0.0, 0, Count()), store)
    visitor.browser.cookies["study-films"] = token
    visitor.answers = {"ratings": {}, "recommendation-1": {"trust": "4"}}
    visitor.forms.update({"ratings": 2, "recommendation-1": 1})
    return visitor, one


def test_what_is_as_it_was_answered_is_neither(tmp_path: Path) -> None:
    visitor, _ = visited(tmp_path)
    assert differences([visitor]) == ([], [])


@pytest.mark.parametrize(
    ("change", "lost", "doubled"),
    [
        (lambda store, one: store.rate(one, "7", 1.0, "again"), 1, 0),
        (lambda store, one: store.rate(one, "9", 1.0, "other"), 1, 0),
        (lambda store, one: store.save(one, "recommendation-1", {"trust": "4"}, 1, "again"), 0, 1),
        (lambda store, one: store.save(one, "recommendation-1", {"trust": "5"}, 1, "again"), 1, 1),
        (lambda store, one: store.save(one, "closing", {"why": "so"}, 1, "more"), 0, 2),
        (lambda store, one: store.enter("films", ""), 0, 1),
        (lambda store, one: store.leave_email("films", "a@example.org"), 0, 1),
        (lambda store, one: store.withdraw(store.finish(one)), 2, 0),
    ],
)
def test_everything_else_is_told(tmp_path: Path, change: Change, lost: int, doubled: int) -> None:
    visitor, one = visited(tmp_path)
    change(visitor.store, one)
    found = differences([visitor])
    assert [len(problems) for problems in found] == [lost, doubled], found


def test_forms_are_read_with_what_they_hold() -> None:
    page = """
    <form action="here" method="post"><input type="hidden" name="key" value="k">
    <input type="radio" name="q" value="1"><input type="radio" name="q" value="2" checked>
    <input type="checkbox" name="agree" value="yes"><textarea name="why">
as it is &amp; was</textarea><button name="go" value="on">Go</button></form>
    <form action="/there"></form>
    """
    form, other = read_forms(page, "/study/films/consent")
    assert (form.action, form.method) == ("/study/films/here", "POST")
    assert form.values == {"key": "k", "q": "2", "why": "as it is & was"}
    assert {"key", "q", "agree", "why", "go"} == form.names
    assert (other.action, other.method) == ("/there", "GET")
