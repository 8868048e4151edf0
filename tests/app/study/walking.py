"""People who take part in a study in tests: plain forms, without script."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.testclient import TestClient

from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.session import Session
from explainable_recsys.study.plan import Plan, parse_plan

AT = "/study/films"

PLAN: dict[str, Any] = {
    "slug": "films",
    "title": {"en": "Films", "de": "Filme"},
    "languages": ["en", "de"],
    "kinds": [
        {"name": "nothing_at_all"},
        {"name": "the_same", "says": {"en": "Others liked it.", "de": "Anderen gefiel er."}},
        {"name": "contributed", "approach": "intrinsic_als"},
        {"name": "by_rules", "approach": "posthoc_ar"},
    ],
    "items_per_kind": 1,
    "forms": ["sentence", "drawn"],
    "pool": {"length": 30},
    "ratings": {"least": 5, "most": 12},
    "questions": [
        {"name": "interest", "text": "I want to see it.", "role": "measure"},
        {"name": "trust", "text": "I trust it.", "role": "measure", "required": True},
    ],
    "checks": [{"name": "reads", "text": "Choose 2.", "expected": "2"}],
    "blocks": {"side_by_side": 1, "forecast": 1, "forecast_options": 3, "correction": 1},
    "scales": [
        {
            "name": "clear",
            "items": [{"name": "clear_a", "text": "Clear."}, {"name": "clear_b", "text": "Dark."}],
        }
    ],
    "closing": [{"name": "why", "text": "Why?", "answer": "text"}],
    "consent": {"version": "2", "text": "I agree."},
    "raffle": "Three vouchers.",
    "opens": "2026-01-01",
    "closes": "2026-12-31",
    "n_people": 4,
}
"""A plan with all that there is."""


def a_plan(**other: Any) -> Plan:
    """That plan, and what is to be otherwise."""
    return parse_plan(PLAN | other, "study.yml")


class Form(HTMLParser):
    """A form of a page, as it would be sent: what is chosen by radio buttons is left to tests."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values, self.choices = dict[str, str](), dict[str, list[str]]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name"), given.get("type")
        if tag == "textarea" and name:
            self.values[name] = ""
        if tag != "input" or not name:
            return
        if kind in ("radio", "checkbox"):
            self.choices.setdefault(name, []).append(given["value"])
            if "checked" in given:
                self.values[name] = given["value"]
        else:
            self.values[name] = given.get("value", "")


class Walker:
    """Somebody with a browser."""

    def __init__(self, new_client: Callable[[], TestClient], study: Served) -> None:
        self.client, self.study = new_client(), study
        self.reply: httpx.Response = self.get("")

    @property
    def name(self) -> str:
        """Of the page that is shown."""
        return urlsplit(str(self.reply.url)).path.rpartition("/")[2]

    @property
    def said(self) -> str:
        """What can be read, on one line."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.reply.text)).split())

    @property
    def token(self) -> str:
        return self.client.cookies["study-films"]

    @property
    def session(self) -> Session:
        """As the store has it."""
        found = Session.of(self.study, self.token)
        assert found
        return found

    def get(self, place: str) -> httpx.Response:
        self.reply = self.client.get(f"{AT}/{place}" if place else AT)
        return self.reply

    def form(self) -> Form:
        """The form of the page, the one in its main part."""
        main = self.reply.text.partition("<main")[2].partition("</main>")[0]
        return Form(main)

    def send(self, place: str, **values: Any) -> httpx.Response:
        self.reply = self.client.post(f"{AT}/{place}", data=values)
        return self.reply

    def answer(self, given: Mapping[str, str] | None = None, **more: str) -> httpx.Response:
        """Send the form of the page with the first of all choices, but what is given."""
        form = self.form()
        first = {name: values[0] for name, values in form.choices.items()}
        first.pop("r.", None)
        own = {name: value for name, value in first.items() if not name.startswith("without.")}
        return self.send(self.name, **{**form.values, **own, "go": "on", **(given or {}), **more})

    def begin(self) -> None:
        """Agree, and tell an age."""
        self.get("consent")
        self.answer()
        assert self.name == "about-you", self.reply.text
        self.answer({"q.age": "33"})

    def rate(self, n: int = 6) -> None:
        """Rate films of the first page, and be done."""
        items = [name for name in self.form().choices if name.startswith("r.")][:n]
        ratings = {name: "5" if place % 3 else "2" for place, name in enumerate(items)}
        self.send("ratings", key=self.form().values["key"], go="done", **ratings)
        for _ in range(50):
            if "refresh" not in self.reply.headers:
                break
            self.get(self.name)

    def to(self, name: str) -> None:
        """Answer page after page up to one."""
        for _ in range(40):
            if self.name == name:
                return
            assert self.reply.status_code == 200, self.reply.text
            self.answer({"go": "done"} if self.name.startswith("correction") else None)
        raise AssertionError(self.name)
