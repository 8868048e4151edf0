"""Every request: its id, its line in the log, safe headers, limits, and who may ask."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from explainable_recsys.app.access import Access, Rate
from explainable_recsys.app.operations import POLICY, Limits, Operations, write_log

PEOPLE = ("203.0.113.9", "secret-user", "4711")
"""What no log may have: an address, a user, a rated item."""


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def log() -> Iterator[Lines]:
    lines = Lines()
    write_log(lines)
    yield lines
    write_log(logging.NullHandler())
    logging.raiseExceptions = True


def client(**how: Any) -> TestClient:
    app = FastAPI()

    @app.get("/items/{item}")
    def item(item: str) -> str:
        return item

    @app.get("/study/{slug}/information")
    def information(slug: str) -> str:
        return slug

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/api/v1/broken")
    def broken() -> None:
        raise RuntimeError("a secret of the program")

    return TestClient(Operations(app, **how), base_url="http://localhost", client=(PEOPLE[0], 1))


def test_every_reply_has_an_id_and_safe_headers() -> None:
    reply = client().get("/items/7")
    assert reply.json() == "7"
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["x-request-id"]
    given = {"x-request-id": "from-the-proxy.1"}
    assert client().get("/items/7", headers=given).headers["x-request-id"] == "from-the-proxy.1"
    forged = {"x-request-id": 'a"b\x01'}
    assert client().get("/items/7", headers=forged).headers["x-request-id"] != 'a"b\x01'
    missing = client().get("/nothing")
    assert (missing.status_code, missing.headers["x-frame-options"]) == (404, "DENY")


def test_the_log_has_one_line_for_each_request_and_nobody_in_it(log: Lines) -> None:
    client().get(f"/items/{PEOPLE[2]}?u={PEOPLE[1]}", headers={"user-agent": PEOPLE[1]})
    client().get("/nothing")
    first, second = log.lines
    assert (first["route"], first["method"], first["status"]) == ("/items/{item}", "GET", 200)
    assert first["bytes"] == len('"4711"')
    assert second["status"] == 404
    assert not any(name in json.dumps(log.lines) for name in PEOPLE)


def test_what_cannot_be_logged_is_no_reason_not_to_answer() -> None:
    class Full(logging.StreamHandler[Any]):
        def __init__(self) -> None:
            super().__init__(stream=open("/dev/full", "w"))  # noqa: SIM115

    write_log(Full())
    assert client().get("/items/7").status_code == 200
    write_log(logging.NullHandler())
    logging.raiseExceptions = True


def test_an_error_of_the_program_says_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    reply = client().get("/api/v1/broken")
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-request-id"] in reply.json()["title"]
    assert "secret" not in reply.text
    assert "a secret of the program" in caplog.text


def test_bodies_are_bounded_whether_they_say_how_long_they_are_or_not() -> None:
    small = client(limits=Limits(body=10))
    assert small.post("/echo", content=b"0123456789").json() == 10
    assert small.post("/echo", content=b"01234567890").status_code == 413
    assert small.post("/echo", content=iter([b"012345", b"67890"])).status_code == 413
    assert client(limits=Limits(query=10)).get("/items/7?q=0123456789").status_code == 414


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            await asyncio.sleep(60)

        async def send(message: Any) -> None:
            sent.append(message)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise AssertionError("nothing to answer")

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "headers": [(b"host", b"localhost")],
        }
        await Operations(app, limits=Limits(seconds=0.05))(scope, receive, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 408


def test_only_this_machine_is_asked_under_its_own_name_and_by_its_own_pages() -> None:
    asked = client()
    assert asked.get("/items/7", headers={"host": "evil.example:8000"}).status_code == 403
    assert asked.get("/items/7", headers={"host": "127.0.0.1:8000"}).status_code == 200
    assert asked.get("/items/7", headers={"host": "[::1]:8000"}).status_code == 200
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert asked.post("/echo", headers=elsewhere).status_code == 403
    assert asked.get("/items/7", headers=elsewhere).status_code == 200, "a link is no harm"
    assert asked.post("/echo", headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_a_token_is_asked_for_and_kept_in_a_cookie() -> None:
    public = client(access=Access("right"))
    assert public.get("/items/7", headers={"host": "films.example"}).status_code == 401
    assert public.get("/items/7?token=wrong").status_code == 401
    assert public.get("/items/7", headers={"authorization": "Bearer right"}).json() == "7"
    assert public.get("/items/7", headers={"authorization": "Basic right"}).status_code == 401
    entered = public.get("/items/7?a=1&token=right&b=2", follow_redirects=False)
    assert (entered.status_code, entered.headers["location"]) == (303, "/items/7?a=1&b=2")
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert public.get("/items/7").json() == "7"


def test_who_asks_too_often_waits_and_others_do_not() -> None:
    now = [0.0]
    app = client(rate=Rate(per_second=1, burst=3, clock=lambda: now[0]))
    assert [app.get("/items/7").status_code for _ in range(2)] == [200, 200]
    session = dict(app.cookies)
    statuses = [app.get("/items/7").status_code for _ in range(4)]
    assert statuses[-1] == 429
    assert session == dict(app.cookies), "the session stays"
    refused = app.get("/items/7")
    assert refused.headers["retry-after"] == "1"
    app.cookies.set("session", "somebody-else")
    assert app.get("/items/7").status_code == 200
    now[0] = 1.0
    app.cookies.set("session", session["session"])
    assert app.get("/items/7").status_code == 200


def test_pages_of_studies_set_no_cookie_and_count_by_the_study_s_own() -> None:
    few, many = (Rate(per_second=1, burst=n, clock=lambda: 0.0) for n in (2, 4))
    app, page = client(rate=few, crowd=many), "/study/films/information"
    assert [app.get(page).status_code for _ in range(5)] == [200] * 4 + [429], "by the address"
    assert not app.cookies
    app.cookies.set("session", "of-the-app")
    assert app.get(page).status_code == 429, "another cookie says nothing"
    app.cookies.set("study-films", "of-the-study")
    assert [app.get(page).status_code for _ in range(3)] == [200, 200, 429]
    assert app.get("/study/other/information").status_code == 429, "another study has another one"
