"""A session in a browser: answers are kept as they are given, and everybody can take part."""

from __future__ import annotations

import datetime
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest
import uvicorn
from kedro.io import DataCatalog

from explainable_recsys.app.access import Rate
from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import Operations
from explainable_recsys.app.runs import find_runs
from explainable_recsys.app.serve import bound
from explainable_recsys.app.service import Service
from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.store import open_store
from explainable_recsys.app.web import create_app
from explainable_recsys.study.plan import Text
from tests.app.study.walking import a_plan

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"


class Losing:
    """An application that does not answer for a while what is sent to it."""

    def __init__(self, app: Any) -> None:
        self.app, self.n_lost = app, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("method") == "POST" and self.n_lost:
            self.n_lost -= 1
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body"})
            return
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def site(
    catalog: DataCatalog, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Served, Losing]]:
    """Where a study is served, and what may go wrong."""
    service = Service(find_runs(catalog, ("intrinsic_als", "posthoc_ar")))
    service.load_all()
    store = open_store(str(tmp_path_factory.mktemp("study") / "films.db"))
    today = datetime.date(2026, 6, 1)
    study = Served(a_plan(), Text("Read this."), service, store, today=lambda: today)
    store.register(study.plan, service.run.id, "data", "code")
    pages = create_app(Held(lambda: (service, [])), {"films": study})
    app = Losing(Operations(pages, rate=Rate(per_second=1e6, burst=1e6)))
    listening = bound("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/study/films", study, app
    server.should_exit = True
    thread.join()
    listening.close()
    store.close()


@pytest.fixture
def page(browser: Browser, site: tuple[str, Served, Losing]) -> Iterator[Page]:
    """A page that may not break its policy, or ask another machine."""
    problems: list[str] = []
    with browser.new_context(viewport=PHONE, color_scheme="dark") as made:
        opened = made.new_page()
        opened.set_default_timeout(20_000)
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        host = site[0].split("/study")[0]
        opened.on("request", lambda r: None if r.url.startswith(host) else problems.append(r.url))
        opened.goto(site[0])
        yield opened
    assert [one for one in problems if "503" not in one] == []


def check(page: Page) -> None:
    """For everybody, and no wider than the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((found) => found.violations)")
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def kept(page: Page) -> None:
    """Wait until the last answer is kept."""
    page.wait_for_function("() => document.querySelector('.kept').textContent === 'Kept'")


def test_a_session_with_script(page: Page, site: tuple[str, Served, Losing]) -> None:
    _, study, losing = site
    check(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    page.locator("[name='q.age']").fill("40")
    page.get_by_role("button", name="Go on").click()
    for place in range(6):
        stars = page.locator(".picks li").nth(place).locator("label")
        stars.nth(4 if place % 3 else 1).click()
    kept(page)
    page.locator("#q").fill(study.shelf.film(study.shelf.picks[30]).title)
    page.locator("#found label").nth(3).click()
    page.wait_for_function("() => document.querySelector('#mine .count').textContent === '7'")
    check(page)
    (one,) = study.store.participants("films")
    assert len(study.store.ratings(one)) == 7
    page.get_by_role("button", name="I am done").click()
    page.wait_for_url("**/recommendation-1")
    page.locator("form.questions").wait_for()
    check(page)

    losing.n_lost = 2
    page.locator("[name='q.trust']").first.focus()
    page.keyboard.press("ArrowRight")
    kept(page)
    assert losing.n_lost == 0
    assert study.store.answers(one)["recommendation-1"] == {"trust": "2"}
    page.reload()
    assert page.locator("[name='q.trust'][value='2']").is_checked()
    page.keyboard.press("Tab")
    page.set_viewport_size(DESK)
    while "recommendation" in page.url:
        page.wait_for_timeout(20)
        page.locator("[name='q.trust']").nth(3).check()
        with page.expect_navigation():
            page.get_by_role("button", name="Go on").click()
    seconds = [row.seconds for row in study.store.answer_rows(one) if row.question == "trust"]
    assert all(0 < value < 60 for value in seconds)

    while "correction" not in page.url:
        with page.expect_navigation():
            page.get_by_role("button", name="Go on").click()
    slider = page.locator(".movers input[type=range]").first
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    rank = re.compile(r"number \d+")
    page.wait_for_function(
        "() => document.querySelector('.movers output').textContent.includes('★')"
    )
    page.locator("#place", has_text=rank).wait_for()
    check(page)
    with page.expect_navigation():
        page.get_by_role("button", name="That is it").click()
    assert study.store.answers(one)["correction-1"]["done"] == "yes"

    link = page.locator(".resume").get_attribute("href")
    page.context.clear_cookies()
    page.goto(link or "")
    page.wait_for_url("**/scale-clear")
    assert "#" not in page.url
