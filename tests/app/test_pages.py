"""The explore page, as it is served: what it shows, and what it says when something is wrong."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from explainable_recsys.app import pages, views
from explainable_recsys.app.details import Details
from explainable_recsys.app.held import Held
from explainable_recsys.app.service import Service, open_service
from explainable_recsys.app.shelf import Shelf, shelf_of
from explainable_recsys.app.state import State
from explainable_recsys.app.views import N_PICKS, Explored
from explainable_recsys.app.web import create_app
from explainable_recsys.wording import markup
from tests.conftest import open_catalog

EASE, ALS, RULES = APPROACHES = ("intrinsic_ease", "intrinsic_als", "posthoc_ar")


@pytest.fixture(scope="module")
def held(full_run: Path) -> Iterator[Held]:
    with open_catalog(full_run) as catalog:
        held = Held(lambda: open_service(catalog, APPROACHES))
        held.service.load_all()
        yield held
        held.close()


@pytest.fixture(scope="module")
def service(held: Held) -> Service:
    return held.service


@pytest.fixture(scope="module")
def shelf(service: Service) -> Shelf:
    return shelf_of(service)


@pytest.fixture(scope="module")
def client(held: Held) -> TestClient:
    return TestClient(create_app(held))


@pytest.fixture
def liked(shelf: Shelf) -> str:
    """An address of somebody who likes the five films that are offered first."""
    return urlencode([("r", f"{item}:5") for item in shelf.picks[:5]])


def page(client: TestClient, query: str = "", path: str = "/") -> str:
    """A page that is right."""
    reply = client.get(f"{path}?{query}")
    assert reply.status_code == 200, reply.text
    return reply.text


def shown(text: str) -> list[str]:
    """Ids of the recommended films, in order."""
    return re.findall(r'<li class="card[^>]*data-item="([^"]*)"', text)


def said(text: str) -> str:
    """What can be read, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def links(text: str, words: str) -> list[str]:
    """Addresses of the links that say this."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', text, re.DOTALL)
    return [html.unescape(where) for where, inside in found if words in said(inside)]


def state_of(reply: httpx.Response | str) -> State:
    """What the address of a page says."""
    where = reply if isinstance(reply, str) else str(reply.url)
    return State.parse(parse_qsl(urlsplit(where).query))


class Form(HTMLParser):
    """What the form of a page sends if nothing in it is changed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.select = ""
        self.feed(text[text.index('<form id="choices"') : text.rindex("</form>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self.sent.append((self.select, given.get("value", "")))
        elif tag == "input" and (given["type"] not in ("radio", "checkbox") or "checked" in given):
            self.sent.append((given["name"], given.get("value", "")))


@pytest.mark.parametrize("view", ["", "&v=pick", "&v=pick&p=1"])
def test_a_form_that_is_sent_as_it_is_changes_nothing(
    client: TestClient, shelf: Shelf, service: Service, liked: str, view: str
) -> None:
    first, rare = shelf.picks[0], shelf.picks[-1]
    own = views.Explored(service, State(user=str(shelf.example))).own
    best, *_, worst = sorted(own, key=lambda item: -own[item])
    for query in (
        liked,
        f"{liked}&r={rare}:2.5&b={rare}:3&a={ALS}&n=20&x=1&ng=Drama&g=Comedy",
        f"{liked}&drop={first}&like={rare}:5",
        f"u={shelf.example}",
        f"u={shelf.example}&r={best}:1&r={worst}:3.5&r={rare}:2.5",
        f"u={shelf.example}&r={best}:-&r={worst}:-",
    ):
        reply = client.get(f"/?{query}{view}")
        sent = State.parse(Form(reply.text).sent).but(view="", page=0, run=None)
        asked = State.parse(parse_qsl(query))
        if sent.approach == service.names[0]:  # as usual
            sent = sent.but(approach=None)
        assert sent.but(n=asked.n) == asked, query


def test_somebody_new_is_offered_films_and_an_example(client: TestClient, shelf: Shelf) -> None:
    text = page(client)
    offered = re.findall(r'name="r\.(\d+)" value="5"', text)
    assert offered == list(shelf.picks[:N_PICKS])
    assert f'name="u" value="{shelf.example}"' in text
    assert "None yet." in said(text)
    assert not shown(text)
    more = page(client, urlsplit(links(text, "Other films")[0]).query)
    assert re.findall(r'name="r\.(\d+)" value="5"', more) == list(shelf.picks[N_PICKS:][:N_PICKS])


def test_a_form_without_script_leads_to_an_address_with_the_list(
    client: TestClient, shelf: Shelf
) -> None:
    first, second = shelf.picks[:2]
    reply = client.get("/", params={f"r.{first}": "5", f"r.{second}": "1"})
    assert [one.status_code for one in reply.history] == [303]
    assert state_of(reply).ratings == {first: 5.0, second: 1.0}
    assert len(shown(reply.text)) == 10
    assert not {first, second} & set(shown(reply.text))


@pytest.mark.parametrize("approach", APPROACHES)
def test_the_list_of_a_user_is_that_of_the_library(
    client: TestClient, service: Service, shelf: Shelf, approach: str
) -> None:
    stored = service.stored(approach)
    asked = stored.asked(stored.history(shelf.example)).recommendations
    text = page(client, f"u={shelf.example}&a={approach}")
    assert shown(text) == asked["item_id"].astype("str").tolist()
    sentences = [markup.html(one) for one in asked["sentence"] if markup.is_text(one)]
    assert sentences
    for sentence in sentences:
        assert str(sentence) in text


def test_ratings_of_a_user_can_be_changed(client: TestClient, shelf: Shelf) -> None:
    text = page(client, f"u={shelf.example}")
    item, was = re.findall(r'name="r\.(\d+)"[^>]*data-was="([^"]*)"', text)[0]
    reply = client.get("/", params={"u": shelf.example, f"r.{item}": "0.5", "b": f"{item}:{was}"})
    assert state_of(reply).ratings == {item: 0.5}
    assert f"was ★{float(was):g}" in said(reply.text)
    without = page(client, urlsplit(links(reply.text, "Take all back")[0]).query)
    assert shown(without) == shown(text)
    gone = page(client, f"u={shelf.example}&drop={item}")
    assert "left out" in said(gone)
    back = page(client, urlencode([*state_of(f"/?u={shelf.example}").pairs(), ("undo", item)]))
    assert shown(back) == shown(text)


def test_lists_before_and_after_stand_side_by_side(
    client: TestClient, shelf: Shelf, liked: str
) -> None:
    first = shelf.picks[0]
    before = shown(page(client, liked))
    tried = liked.replace("%3A5", "%3A0.5", 1) + f"&b={first}:5"
    after = page(client, tried)
    both = page(client, f"{tried}&v=compare")
    assert shown(both) == shown(after) != before
    old = re.search(r'id="before-title".*?</ol>', both, re.DOTALL)
    assert old
    titles = [shelf.film(item).title for item in before]
    assert re.findall(r'class="name">(.*?)(?: <span|</span>)', html.unescape(old[0])) == titles
    kept = page(client, urlsplit(links(both, "Keep")[0]).query)
    assert shown(kept) == shown(after)
    assert "Take all back" not in kept


def test_parts_are_what_the_page_shows(client: TestClient, liked: str) -> None:
    whole, parts = page(client, liked), page(client, liked, "/parts")
    light = page(client, f"{liked}&light=1", "/parts")
    assert shown(whole) == shown(parts) == shown(light)
    assert "ecommended because" in parts
    assert "ecommended because" not in light
    assert '<input type="range"' not in light


def test_more_like_this_is_a_rating_that_is_seen_and_undone(client: TestClient, liked: str) -> None:
    text = page(client, liked)
    asked = shown(text)[0]
    reply = client.get(f"/?{liked}&like={asked}:5")
    assert state_of(reply).ratings[asked] == 5.0
    assert asked not in shown(reply.text)
    assert "asked for more like it" in said(reply.text)
    less = client.get(f"/?{liked}&like={asked}:0.5")
    assert "asked for less like it" in said(less.text)
    undone = client.get(f"/?{state_of(reply).query()}&undo={asked}")
    assert shown(undone.text) == shown(text)


def test_films_and_genres_are_left_out_and_taken_in_again(
    client: TestClient, shelf: Shelf, liked: str
) -> None:
    first, *others = shown(page(client, liked))
    text = page(client, f"{liked}&x={first}")
    assert shown(text)[:9] == others
    assert re.search(rf'name="x" value="{first}" checked', text)
    for query, fits in (("g=Horror", True), ("ng=Drama&ng=Comedy", False)):
        names = {value for _, value in parse_qsl(query)}
        listed = [shelf.film(item) for item in shown(page(client, f"{liked}&{query}"))]
        assert len(listed) == 10
        assert all(bool(names & set(film.genres)) is fits for film in listed)
    nothing = page(client, f"{liked}&g=Horror&ng=Horror")
    assert "No film is left" in said(nothing)
    again = page(client, urlsplit(links(nothing, "Leave nothing out")[0]).query)
    assert shown(again) == [first, *others]


def test_length_and_approach_are_chosen(client: TestClient, service: Service, liked: str) -> None:
    text = page(client, f"{liked}&n=20&a={RULES}")
    assert len(shown(text)) == 20
    assert re.search(rf'value="{RULES}" selected', text)
    assert service.names[0] not in links(page(client, liked), "Rate more")[0]


def test_films_are_found_by_their_titles(client: TestClient, shelf: Shelf, liked: str) -> None:
    first = shelf.picks[0]
    title = shelf.film(first).title
    text = page(client, urlencode({"q": title, "v": "pick"}), "/search")
    assert re.findall(r'name="r\.(\d+)" value="5"', text)[0] == first
    rated = page(client, f"{liked}&{urlencode({'q': title})}", "/search")
    assert f'name="r.{first}"' not in rated, "it has a slider"
    for odd in ("<script>alert(1)</script>", "\u202e💡\ud800".encode("utf-8", "ignore"), "x" * 900):
        page(client, urlencode({"q": odd}), "/search")
        assert "<script>alert" not in page(client, urlencode({"q": odd}))


def test_titles_are_text(
    client: TestClient, shelf: Shelf, liked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = "<img src=x onerror=alert(1)>&\"'"
    films = {item: film._replace(title=bad, genres=(bad,)) for item, film in shelf.films.items()}
    monkeypatch.setattr(views, "shelf_of", lambda _: replace(shelf, films=films))
    first = shown(page(client, liked))[0]
    for query in ("", liked, f"{liked}&v=compare&b={shelf.picks[0]}:1", f"{liked}&x={first}&q=a"):
        text = page(client, query)
        assert "<img src=x" not in text
        assert str(markup.escape(bad)) in text


def test_age_ratings_decide_where_they_are_known(
    client: TestClient, shelf: Shelf, service: Service, liked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not known here" in said(page(client))
    adult, other = shown(page(client, liked))[:2]
    known = {
        service.items.known(item): Details(
            item_id=item,
            fetched=date(2026, 1, 1),
            is_known=True,
            overview="A <story>.",
            certification="R (US)",
            adults_only=item == adult,
        )
        for item in (adult, other)
    }
    monkeypatch.setattr(Details, "read", lambda _: known)
    informed = Shelf.of(service)
    monkeypatch.setattr(views, "shelf_of", lambda _: informed)
    text = page(client, liked)
    assert shown(text)[0] == other
    assert "A &lt;story&gt;." in text
    assert "R (US)" in text
    assert shown(page(client, f"{liked}&adult=1"))[0] == adult
    title = urlencode({"q": shelf.film(adult).title})
    assert f'name="r.{adult}"' not in page(client, title, "/search")
    assert f'name="r.{adult}"' in page(client, f"{title}&adult=1", "/search")


def test_who_shows_details_of_tmdb_shows_its_notice_and_its_logo(
    client: TestClient,
    service: Service,
    liked: str,
    shelf: Shelf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "not endorsed" not in page(client, liked)
    assert client.get("/static/tmdb-logo.svg").status_code == 404
    logo = tmp_path / "tmdb-logo.svg"
    logo.write_text("<svg/>")
    for there in (None, logo):
        known = replace(shelf, adults=frozenset(), logo=there)
        for module in (views, pages):
            monkeypatch.setattr(module, "shelf_of", lambda _, known=known: known)
        text = page(client, liked)
        assert "not endorsed" in text
        assert ('src="/static/tmdb-logo.svg" alt="TMDB"' in text) == (there is not None)
    assert client.get("/static/tmdb-logo.svg").text == "<svg/>"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *((query, 422) for query in ("r=1:9", "r=1:-3", "r=1:good", "n=0", "n=5000", "v=no")),
        *((query, 422) for query in ("r=1:4&r=1:5", "r=1:5&g=<b>", "u=12&r=999:-")),
        *((query, 404) for query in ("r=<b>:5", "r=1:5&a=<b>", "x=-1&r=1:5", "u=<b>", "like=9x:5")),
    ],
)
def test_what_is_wrong_is_said_with_a_way_on(client: TestClient, query: str, status: int) -> None:
    for path in ("/", "/parts"):
        reply = client.get(f"{path}?{query}")
        assert reply.status_code == status
        assert "Traceback" not in reply.text
        assert "<b>" not in reply.text
    text = client.get(f"/?{query}").text
    assert "That did not work" in text
    assert page(client, urlsplit(links(text, "Start anew")[0]).query)


def test_an_unknown_user_is_told_who_is_near(client: TestClient, service: Service) -> None:
    highest = int(service.data.histories.user_ids.max())
    reply = client.get(f"/?u={highest + 1}")
    assert reply.status_code == 404
    near = links(reply.text, f"person {highest}")
    assert len(shown(page(client, urlsplit(near[0]).query))) == 10


def test_the_link_of_another_run_is_answered_and_says_so(
    client: TestClient, service: Service, liked: str
) -> None:
    text = page(client, f"{liked}&run=2020-01-01T00.00.00.000Z")
    assert "another run" in said(text)
    assert shown(text) == shown(page(client, liked))
    follow = page(client, urlsplit(links(text, "Why?")[0]).query)
    assert "another run" not in said(follow)
    assert state_of(links(text, "Why?")[0]).run == service.run.id


def test_little_and_bad_ratings_are_called_so(client: TestClient, shelf: Shelf) -> None:
    first, second, third = shelf.picks[:3]
    assert "so few ratings" in said(page(client, f"r={first}:5"))
    bad = said(page(client, f"r={first}:0.5&r={second}:1&r={third}:0.5"))
    assert "only films that you do not like" in bad
    assert "so few ratings" not in bad


def test_pictures_and_styles_are_kept_by_the_browser(client: TestClient, shelf: Shelf) -> None:
    first = shelf.picks[0]
    tile = client.get(f"/tile/{first}.svg")
    assert tile.headers["content-type"] == "image/svg+xml"
    assert "max-age" in tile.headers["cache-control"]
    for path in re.findall(r'(?:href|src)="(/static/[^"]*)"', page(client)):
        assert "immutable" in client.get(path).headers["cache-control"]
    for nowhere in ("/tile/none.svg", f"/poster/{first}", "/poster/none", "/static/..%2Fstate.py"):
        assert client.get(nowhere).status_code == 404


def test_the_page_works_while_approaches_load(full_run: Path, shelf: Shelf, liked: str) -> None:
    with open_catalog(full_run) as catalog:
        held = Held(lambda: open_service(catalog, APPROACHES))
    held.service.stored(ALS)
    with TestClient(create_app(held)) as client:
        text = page(client, liked)
        assert f'value="{ALS}" selected' in text, "the one that is there"
        assert "1 of 3" in said(text)
        assert f'value="{RULES}" selected' in page(client, f"{liked}&a={RULES}")
        held.service.load_all()
        assert 'id="loading"' not in page(client, liked)
    held.close()


def test_too_many_questions_are_put_off(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_most_waiting", 0)
    for path in ("/", "/parts", "/search"):
        reply = client.get(path)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
        assert "try again" in reply.text


def test_a_long_history_of_somebody_new_is_answered(
    service: Service, shelf: Shelf, client: TestClient
) -> None:
    many = urlencode([("r", f"{item}:4") for item in shelf.picks[300:2300]])
    assert len(shown(page(client, many))) == 10
    assert Explored(service, State()).n_rated == 0


def addresses(text: str) -> list[Any]:
    return re.findall(r'(?:href|src|action)="(?!https://|#)([^"]*)"', text)


def test_addresses_stand_behind_the_path_of_a_proxy(held: Held, liked: str) -> None:
    client = TestClient(create_app(held), root_path="/films")
    found = addresses(client.get(f"/?{liked}").text)
    assert len(found) > 20
    assert all(one.startswith("/films/") for one in found)


def test_an_address_that_is_none_is_a_page_and_in_the_api_a_problem(client: TestClient) -> None:
    page = client.get("/nothing")
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert links(page.text, "Start anew") == ["/"]
    problem = client.get("/api/v1/nothing/here")
    assert (problem.status_code, problem.headers["content-type"]) == (
        404,
        "application/problem+json",
    )
