"""The page about the API, and the examples of the documentation."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from fastapi.testclient import TestClient

from explainable_recsys.app.problems import KINDS
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

DOCS = (PROJECT / "docs/app.md").read_text(encoding="utf-8")
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
ANSWERED = "http://testserver"


@pytest.fixture(scope="module")
def page(client: TestClient) -> str:
    reply = client.get("/api")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return reply.text


def test_all_that_is_described_is_on_the_page(client: TestClient, page: str) -> None:
    description = client.get("/api/v1/openapi.json").json()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["operationId"] in ids
            assert f"<code>{method.upper()} /api{path}</code>" in page
    for name, schema in description["components"]["schemas"].items():
        section = page.partition(f'id="schema-{name}"')[2].partition("</section>")[0]
        assert all(f"<code>{member}</code>" in section for member in schema["properties"])
    for link in re.findall(r'href="#([^"]+)"', page):
        assert link in ids


def test_nothing_on_the_page_stands_against_the_policy(page: str) -> None:
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|data:", page)
    assert len(page.encode()) < 100_000


def test_every_line_for_a_terminal_is_answered(client: TestClient, page: str) -> None:
    lines = re.findall(r"<code>(curl .*?)</code>", page)
    assert len(lines) == 13
    for line in lines:
        if "/reload" not in line:
            asked_as_curl(client, line.replace("&#39;", "'").replace("&#34;", '"'))


def asked_as_curl(client: TestClient, line: str) -> Any:
    """The reply to what `curl` would send; what a small run has not is not wrong."""
    words = shlex.split(line)
    method, address, content, headers = "GET", "", None, {}
    for n, word in enumerate(words[1:], 1):
        if word.startswith("http"):
            address = urlsplit(word)._replace(scheme="", netloc="").geturl()
        elif words[n - 1] == "-d":
            method, content = "POST", word
        elif words[n - 1] == "-H":
            name, _, value = word.partition(": ")
            headers[name] = value
    reply = client.request(method, address, content=content, headers=headers)
    assert reply.status_code in (200, 404, 422), line
    if reply.status_code != 200:
        small = "there is no item|unknown user|is not among the first"
        assert re.search(small, reply.json()["detail"]), line
    return reply


def test_the_lines_of_the_documentation_are_answered(client: TestClient) -> None:
    text = DOCS.partition("## From a terminal")[2].partition("## ")[0].replace("\\\n", "")
    lines = re.findall(r"^curl .*$", text, re.M)
    assert len(lines) == 3
    for line in lines:
        asked_as_curl(client, line)


def test_the_example_of_the_documentation_prints_a_list(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def urlopen(asked: urllib.request.Request) -> BytesIO:
        path = urlsplit(asked.full_url).path
        assert isinstance(asked.data, bytes)
        reply = client.post(path, content=asked.data, headers=dict(asked.header_items()))
        assert reply.status_code == 200, reply.text
        return BytesIO(reply.content)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    (example,) = re.findall(r"^```python\n(.*?)^```", DOCS, re.S | re.M)
    exec(compile(example, "docs/app.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]


def test_the_endpoints_of_the_documentation_are_all(client: TestClient) -> None:
    description = client.get("/api/v1/openapi.json").json()
    told = {
        (method, path.partition("?")[0])
        for method, path in re.findall(r"`(GET|POST) (/[^`]+)`", DOCS)
        if not path.startswith("/api")
    }
    paths = description["paths"].items()
    there = {(m.upper(), path.removeprefix("/v1")) for path, methods in paths for m in methods}
    assert told == there
    statuses = {int(status) for status in re.findall(r"^\| (\d{3}) \|", DOCS, re.M)}
    assert statuses == set(KINDS)


@contextmanager
def opened(browser: Browser, client: TestClient, **context: Any) -> Iterator[Page]:
    """The page, answered without a network; whatever else it asks for fails."""

    def answer(route: Route) -> None:
        assert route.request.url.startswith(ANSWERED)
        found = client.get(route.request.url.removeprefix(ANSWERED))
        headers = {"content-type": found.headers["content-type"]}
        route.fulfill(status=found.status_code, headers=headers, body=found.content)

    with browser.new_context(**context) as made:
        page = made.new_page()
        page.route("**/*", answer)
        page.goto(f"{ANSWERED}/api")
        yield page


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_everybody_can_read_the_page(
    width: int, scheme: Any, browser: Browser, client: TestClient
) -> None:
    """axe-core finds no violation, and nothing is wider than the screen."""
    size = {"width": width, "height": 900}
    with opened(browser, client, viewport=size, color_scheme=scheme) as page:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert not found, json.dumps(found, indent=1)[:2000]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
