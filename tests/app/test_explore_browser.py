"""The explore page in a browser: dragging, by keyboard, for everybody, and without scripts."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import axe_playwright_python
import pytest
import uvicorn

from explainable_recsys.app.access import Rate
from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import Operations
from explainable_recsys.app.serve import bound
from explainable_recsys.app.service import Service, open_service
from explainable_recsys.app.shelf import Shelf, shelf_of
from explainable_recsys.app.state import State
from explainable_recsys.app.views import Explored
from explainable_recsys.app.web import create_app
from tests.conftest import open_catalog

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"


class Delays:
    """An application whose answers to the script take a random time, or are put off at first."""

    def __init__(self, app: Any) -> None:
        self.app, self.random = app, random.Random(0)
        self.longest, self.n_refused = 0.0, 0
        self.n_now, self.n_most = 0, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != "/parts":
            await self.app(scope, receive, send)
        elif self.n_refused:
            self.n_refused -= 1
            headers = [(b"retry-after", b"1")]
            await send({"type": "http.response.start", "status": 429, "headers": headers})
            await send({"type": "http.response.body"})
        else:
            self.n_now += 1
            self.n_most = max(self.n_most, self.n_now)
            await asyncio.sleep(self.longest * self.random.random())
            await self.app(scope, receive, send)
            self.n_now -= 1


class Site:
    """The application, and where it listens."""

    def __init__(self, service: Service, delays: Delays, address: str) -> None:
        self.service, self.delays, self.address = service, delays, address

    @property
    def shelf(self) -> Shelf:
        return shelf_of(self.service)

    def url(self, query: str = "", **more: Any) -> str:
        return f"{self.address}/?{query}{'&' if query and more else ''}{urlencode(more)}"

    @property
    def liked(self) -> str:
        """An address of somebody who rated the five films that are offered first."""
        return urlencode([("r", f"{item}:4") for item in self.shelf.picks[:5]])

    def listed(self, query: str) -> list[str]:
        """The list that belongs to an address."""
        seen = Explored(self.service, State.parse(parse_qsl(query)), with_reasons=False)
        return [row.film.item_id for row in seen.rows]


@pytest.fixture(scope="module")
def site(full_run: Path) -> Iterator[Site]:
    with open_catalog(full_run) as catalog:
        held = Held(lambda: open_service(catalog, ("intrinsic_ease", "posthoc_ar")))
    held.service.load_all()
    delays = Delays(Operations(create_app(held), rate=Rate(per_second=1e6, burst=1e6)))
    listening = bound("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(delays, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Site(held.service, delays, f"http://127.0.0.1:{listening.getsockname()[1]}")
    server.should_exit = True
    thread.join()
    listening.close()
    held.close()


@contextmanager
def opened(browser: Browser, url: str, expected: str = "none", **context: Any) -> Iterator[Page]:
    """A page that may not log another error, break its policy, or ask another machine."""
    problems: list[str] = []
    with browser.new_context(**{"viewport": DESK, **context}) as made:
        page = made.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        host = urlsplit(url).netloc
        page.on(
            "request",
            lambda r: None if urlsplit(r.url).netloc == host else problems.append(r.url),
        )
        page.goto(url)
        yield page
    assert [one for one in problems if expected not in one] == []


def shown(page: Page) -> list[str]:
    """Ids of the recommended films."""
    found: list[str] = page.locator("#shown .card[data-item]").evaluate_all(
        "cards => cards.map(card => card.dataset.item)"
    )
    return found


def state_of(page: Page) -> State:
    return State.parse(parse_qsl(urlsplit(page.url).query))


SETTLED = """() => {
  const given = new URLSearchParams(location.search).getAll('r');
  const controls = [...document.querySelectorAll('[type=range], :checked[type=radio]')];
  return controls.every((one) => given.includes(`${one.name.slice(2)}:${Number(one.value)}`)
      || Number(one.value) === Number(one.dataset.was))
    && document.getElementById('state').dataset.query === location.search.slice(1)
    && !document.querySelector('.waiting');
}"""


def settle(page: Page) -> None:
    """Wait until the address and the reasons are those of the newest ratings."""
    page.wait_for_function(SETTLED)


WATCH = """
window.sent = []; window.seen = [];
const values = () => [...document.querySelectorAll('input[type=range]')].map(
  (one) => [one.name.slice(2), Number(one.value)]);
window.sent.push(values());
document.addEventListener('input', () => window.sent.push(values()), true);
new MutationObserver(() => window.seen.push([
  document.getElementById('state').dataset.query,
  [...document.querySelectorAll('#shown .card[data-item]')].map((card) => card.dataset.item),
])).observe(document.getElementById('shown'), {childList: true});
"""


def test_while_dragging_every_list_belongs_to_a_state_that_was_on_the_screen(
    browser: Browser, site: Site
) -> None:
    site.delays.longest = 0.15
    try:
        with opened(browser, site.url(site.liked)) as page:
            page.evaluate(WATCH)
            for slider in page.locator("input[type=range]").all()[:3]:
                box = slider.bounding_box()
                assert box
                middle = box["y"] + box["height"] / 2
                page.mouse.move(box["x"] + 0.8 * box["width"], middle)
                page.mouse.down()
                for part in (0.6, 0.1, 0.3, 0.9, 0.2, 0.5, 0.05):
                    page.mouse.move(box["x"] + part * box["width"], middle, steps=4)
                    page.wait_for_timeout(30)
                page.mouse.up()
            settle(page)
            sent, seen = page.evaluate("[window.sent, window.seen]")
            last = shown(page)
    finally:
        site.delays.longest = 0.0
    assert len(sent) > 20
    assert len(seen) > 5, "lists follow while the mouse still moves"
    place = 0
    for query, items in seen:
        ratings = [list(one) for one in State.parse(parse_qsl(query)).ratings.items()]
        assert ratings in sent[place:], "of the past, or never on the screen"
        place = next(n for n in range(place, len(sent)) if sent[n] == ratings)
        assert items == site.listed(query)
    assert [list(one) for one in State.parse(parse_qsl(seen[-1][0])).ratings.items()] == sent[-1]
    assert last == seen[-1][1]
    assert site.delays.n_most == 1, "one question at a time"


def test_an_answer_that_is_put_off_comes_later(browser: Browser, site: Site) -> None:
    site.delays.n_refused = 1
    with opened(browser, site.url(site.liked), expected="status of 429") as page:
        for key in ("ArrowLeft", "ArrowLeft"):
            page.locator("input[type=range]").first.press(key)
        page.locator(".tried").wait_for()
        settle(page)
        assert next(iter(state_of(page).ratings.values())) == 3.0
        assert site.delays.n_refused == 0


def test_reasons_follow_and_one_click_takes_all_back(browser: Browser, site: Site) -> None:
    with opened(browser, site.url(site.liked)) as page:
        before, first = shown(page), page.locator("input[type=range]").first
        first.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        page.locator(".tried").wait_for()
        settle(page)
        assert first.input_value() == "1.5"
        assert page.locator("#beside, #mine").get_by_text("was ★4").first.is_visible()
        assert page.locator(".card .why em").count() > 0
        assert page.evaluate("document.activeElement.id") == first.get_attribute("id")
        assert "list" in page.locator("#said").inner_text().lower()
        tried = page.url
        page.locator("#settings a[data-here]").click()
        page.get_by_role("link", name="Back to the list").click()
        assert page.url == tried
        page.locator("#compare").click()
        page.locator("#before-title").wait_for()
        assert page.locator("#before-title ~ ol li").count() == len(before)
        page.locator("#takeback").click()
        page.locator(".tried").wait_for(state="detached")
        assert shown(page) == before
        page.go_back()
        page.locator("#before-title").wait_for()
        page.go_back()
        page.locator(".card .why").first.wait_for()
        assert page.url == tried
        assert page.locator("input[type=range]").first.input_value() == "1.5"


def test_it_works_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    with opened(browser, site.url()) as page:

        def tab_to(selector: str) -> None:
            for _ in range(150):
                page.keyboard.press("Tab")
                if page.evaluate("s => document.activeElement.matches(s)", selector):
                    return
            raise AssertionError(selector)

        tab_to(".skip")
        tab_to(".picks input")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        page.locator("#sofar li").first.wait_for()
        settle(page)
        assert list(state_of(page).ratings.values()) == [2.0]
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**%3A3*")
        page.locator("#q").focus()
        page.keyboard.type(site.shelf.film(site.shelf.picks[40]).title)
        page.locator("#found .stars").first.wait_for()
        tab_to("#found input")
        page.keyboard.press("Space")
        page.locator("#mine .ratings li").nth(1).wait_for()
        settle(page)
        tab_to("#sofar a")
        page.keyboard.press("Enter")
        page.locator(".card").first.wait_for()
        first = shown(page)[0]
        tab_to(f"#more-{first}")
        page.keyboard.press("Enter")
        page.locator(f"#rated-{first}").wait_for()
        assert page.evaluate("document.activeElement.id"), "focus is somewhere"
        page.locator("#filters summary").focus()
        page.keyboard.press("Enter")
        tab_to("#filters [name=ng]")
        page.keyboard.press("Space")
        settle(page)
        assert page.evaluate("document.activeElement.name") == "ng"
        assert page.locator("#filters[open]").count() == 1


def test_what_is_unfolded_follows_the_ratings(browser: Browser, site: Site) -> None:
    with opened(browser, site.url(site.liked)) as page:
        page.locator(".opener").first.click()
        unfolded = page.locator(".card.open .opened")
        unfolded.locator("h4, h5, h6, p").first.wait_for()
        was = page.url
        page.locator("input[type=range]").first.press("ArrowLeft")
        page.wait_for_url(lambda url: url != was)
        settle(page)
        page.locator(".opened[aria-busy=false]").wait_for()
        with browser.new_context(viewport=DESK) as made:
            afresh = made.new_page()
            afresh.goto(page.url)
            told = afresh.locator(".card.open .opened").inner_text().splitlines()
        assert unfolded.inner_text().splitlines()[:5] == told[:5]
        page.locator(".card.open .opener").click()
        page.locator(".card.open").wait_for(state="detached")


def test_clicks_that_follow_each_other_quickly_all_count(browser: Browser, site: Site) -> None:
    site.delays.longest = 0.4
    try:
        with opened(browser, site.url()) as page:
            page.get_by_role("link", name="Other films").click()
            page.wait_for_url("**p=1**")
            for place in range(6):
                page.locator(".picks li").nth(place).locator("label").nth(place % 5).click()
            page.locator("#sofar li").first.wait_for()
            settle(page)
            assert list(state_of(page).ratings.values()) == [1.0, 2.0, 3.0, 4.0, 5.0, 1.0]
            assert page.locator(".picks :checked").count() == 6
            page.get_by_text("See it with the reasons").click()
            page.wait_for_url(lambda url: "v=pick" not in url)
            film = shown(page)[0]
            page.locator(f"#more-{film}").click()
            page.locator("input[type=range]").first.press("End")
            page.locator(f"#rated-{film}").wait_for()
            settle(page)
            assert state_of(page).ratings[film] == 5.0
            assert list(state_of(page).ratings.values()).count(5.0) == 3
    finally:
        site.delays.longest = 0.0


@pytest.mark.parametrize("calm", [True, False])
def test_moves_are_shown_unless_somebody_asks_for_less_motion(
    browser: Browser, site: Site, calm: bool
) -> None:
    motion = "reduce" if calm else "no-preference"
    with opened(browser, site.url(site.liked), reduced_motion=motion) as page:
        page.evaluate(
            "window.moves = 0; const old = Element.prototype.animate;"
            "Element.prototype.animate = function (...a) {window.moves += 1;"
            "return old.apply(this, a)}; 0"
        )
        page.locator("[name=x]").first.click()
        page.wait_for_url("**x=*")
        assert (page.evaluate("window.moves") == 0) is calm


def test_without_scripts_buttons_do_it(browser: Browser, site: Site) -> None:
    with opened(browser, site.url(), java_script_enabled=False) as page:
        for place, star in ((0, 4), (1, 3)):
            page.locator(".picks li").nth(place).locator("label").nth(star).click()
        page.get_by_role("button", name="Show my list").click()
        assert sorted(state_of(page).ratings.values()) == [4.0, 5.0]
        assert len(shown(page)) == 10
        slider = page.locator("input[type=range]").first
        slider.focus()
        page.keyboard.press("Home")
        page.get_by_role("button", name="Update the list").click()
        assert list(state_of(page).base.values()) == [5.0]
        first = shown(page)[0]
        page.locator(f"#open-{first}").click()
        assert state_of(page).open == first
        page.locator(f"#not-{first}").click()
        assert first not in shown(page)
        page.fill("#q", "star wars")
        page.get_by_role("button", name="Find").click()
        assert page.locator("#found li").count() > 1


def test_problems_while_it_runs_are_said(browser: Browser, site: Site) -> None:
    with opened(browser, site.url(site.liked), expected="status of 422") as page:
        page.evaluate("document.querySelector('input[type=range]').max = 9")
        page.locator("input[type=range]").first.focus()
        page.keyboard.press("End")
        said = page.locator("#said:not(.heard)")
        said.wait_for()
        assert "off the scale" in said.inner_text()
        page.keyboard.press("Home")
        page.locator("#said.heard").wait_for(state="attached")


def test_the_first_view_is_light_and_nothing_scrolls_sideways(browser: Browser, site: Site) -> None:
    sizes: dict[str, int] = {}
    with browser.new_context(viewport=PHONE) as made:
        page = made.new_page()
        page.on("response", lambda reply: sizes.update({reply.url: len(reply.body())}))
        page.goto(site.url(), wait_until="networkidle")
    assert len(sizes) > 3
    assert sum(sizes.values()) <= 150_000
    example = site.shelf.example
    pages = ("", site.liked, f"u={example}", f"{site.liked}&v=pick&q=star", tried(site))
    with opened(browser, site.url(), viewport=PHONE) as page:
        for query in pages:
            page.goto(site.url(query))
            page.evaluate("document.querySelectorAll('details').forEach(d => {d.open = true})")
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], query


def tried(site: Site) -> str:
    """An address of a comparison."""
    return f"{site.liked}&b={site.shelf.picks[0]}:1&v=compare"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_nothing_is_in_the_way_of_anybody(
    browser: Browser, site: Site, screen: dict[str, int], scheme: str
) -> None:
    """axe-core finds no violation."""
    context = {"viewport": screen, "color_scheme": scheme, "bypass_csp": True}
    first = site.shelf.picks[0]
    queries = [
        *("", f"{site.liked}&v=pick&q=star", f"u={site.shelf.example}", tried(site)),
        f"{site.liked}&r=1:-&b=1:4&ng=Drama&x=2",
        f"{site.liked}&open={site.listed(site.liked)[0]}",
        f"{site.liked.replace(f'{first}%3A4', f'{first}%3A5')}&b={first}:1&m={first}&q=star",
    ]
    with opened(browser, site.url(), **context) as page:
        for query in queries:
            page.goto(site.url(query))
            page.evaluate("document.querySelectorAll('details').forEach(d => {d.open = true})")
            page.add_script_tag(path=AXE)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
            assert not told, query + json.dumps(told, indent=1)
