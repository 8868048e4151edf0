"""Opened recommendations and the pages about approaches in a browser, by any light."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
import uvicorn

from explainable_recsys.app.access import Rate
from explainable_recsys.app.evidence import Scale, drawing
from explainable_recsys.app.operations import Operations
from explainable_recsys.app.rendering import STATIC, _environment
from explainable_recsys.app.serve import bound
from explainable_recsys.app.service import Service
from explainable_recsys.app.state import State
from explainable_recsys.app.web import create_app
from explainable_recsys.wording import markup
from tests.app.all_served import all_held
from tests.app.test_evidence import RATED, reasons

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

STYLES = {
    "item": "intrinsic_knn",
    "rule": "intrinsic_ar",
    "feature": "posthoc_fm_lime_ratings",
    "neighbour": "intrinsic_mf",
    "path": "knowledge_graph",
}
"""An approach for each style."""


class Site:
    """What is served, and where."""

    def __init__(self, service: Service, address: str) -> None:
        self.service, self.address = service, address

    def opened(self, name: str) -> str:
        """The query of somebody's list with its first explained recommendation unfolded."""
        stored = self.service.stored(name)
        for user in self.service.data.histories.user_ids:
            listed = stored.asked(stored.history(user)).recommendations
            told = listed[listed["sentence"].map(markup.is_text).astype(bool)]
            if len(told):
                item = str(told["item_id"].iloc[0])
                return State(user=str(user), approach=name, open=item).query()
        raise AssertionError(name)


@pytest.fixture(scope="module")
def site(full_run: Path) -> Iterator[Site]:
    with all_held(full_run) as held:
        app = Operations(create_app(held), rate=Rate(per_second=1e6, burst=1e6))
        listening = bound("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Site(held.service, f"http://127.0.0.1:{listening.getsockname()[1]}")
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def page_of(browser: Browser, url: str, **context: Any) -> Iterator[Page]:
    """A page that may not log an error, break its policy, or ask another machine."""
    problems: list[str] = []
    with browser.new_context(**{"viewport": PHONE, **context}) as made:
        page = made.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        host = urlsplit(url).netloc
        page.on(
            "request", lambda r: None if urlsplit(r.url).netloc == host else problems.append(r.url)
        )
        page.goto(url)
        yield page
    assert problems == []


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.slow
@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("style", STYLES)
def test_an_opened_card_of_every_style_is_for_everybody(
    browser: Browser, site: Site, style: str, light: str
) -> None:
    url = f"{site.address}/?{site.opened(STYLES[style])}"
    with page_of(browser, url, color_scheme=light) as page:
        page.wait_for_selector(".card.open .evidence")
        page.wait_for_selector(".card.open .voices")
        page.wait_for_selector(".card.open a[href*='/opened/']", state="detached")
        assert violations(page) == []
        assert not is_too_wide(page)


@pytest.mark.parametrize("light", ["light", "dark"])
def test_sets_are_for_everybody(browser: Browser, light: str) -> None:
    table = reasons("set", ("Alien", 0.2, 1, 1), ("Heat", 0.2, 1, 2), ("Grease", -0.3, 2, 3))
    macros: Any = _environment().get_template("evidence.html.j2").module
    drawn = macros.drawn(drawing(table, RATED, Scale("Weights.")), "Up (2009)")
    styles = "".join(STATIC[name].read_text("utf-8") for name in ("app.css", "evidence.css"))
    text = f"<html lang=en><title>Sets</title><style>{styles}</style><main><h1>Up</h1>{drawn}"
    with browser.new_context(viewport=PHONE, color_scheme=light) as context:
        page = context.new_page()
        page.set_content(text)
        assert violations(page) == []
        assert not is_too_wide(page)


@pytest.mark.slow
@pytest.mark.parametrize(("light", "size"), [("light", PHONE), ("dark", DESK)])
@pytest.mark.parametrize("path", ["approaches", "approaches/posthoc_fm_lime", "opened/others"])
def test_pages_are_for_everybody(
    browser: Browser, site: Site, path: str, size: dict[str, int], light: str
) -> None:
    url = f"{site.address}/{path}?{site.opened('intrinsic_ease')}"
    with page_of(browser, url, color_scheme=light, viewport=size) as page:
        assert violations(page) == []
        assert not is_too_wide(page)


def test_without_a_script_links_lead_to_what_takes_longer(browser: Browser, site: Site) -> None:
    url = f"{site.address}/?{site.opened('intrinsic_ease')}"
    with page_of(browser, url, java_script_enabled=False) as page:
        page.locator(".card.open a[href*='/opened/others']").click()
        assert page.locator(".voices li").count() == len(site.service.names) - 1
        page.go_back()
        page.locator(".card.open a[href*='/opened/smallest']").click()
        assert page.locator("h1").count() == 1


def test_another_approach_is_one_click_away(browser: Browser, site: Site) -> None:
    with page_of(browser, f"{site.address}/?{site.opened('intrinsic_ease')}") as page:
        item = page.locator(".card.open").get_attribute("data-item")
        link = page.locator(".card.open .voice a").first
        title = link.inner_text()
        link.click()
        page.locator("#a option:checked", has_text=title).wait_for(state="attached")
        assert f"open={item}" in page.url


def test_the_report_works_under_its_own_policy(browser: Browser, site: Site) -> None:
    with page_of(browser, f"{site.address}/report", viewport=DESK) as page:
        page.locator("#figures").evaluate("section => section.closest('details').open = true")
        page.wait_for_selector(".drawing .main-svg", state="attached")
