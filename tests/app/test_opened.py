"""An opened recommendation: evidence, what hangs on it, and what the other approaches say."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.app.held import Held
from explainable_recsys.app.opened import opened_view, smallest_view
from explainable_recsys.app.questions import elsewhere, smallest_change, without_reasons
from explainable_recsys.app.service import Service
from explainable_recsys.app.state import State
from explainable_recsys.app.views import Explored
from explainable_recsys.app.web import create_app
from explainable_recsys.interface.explain import Question, answer
from explainable_recsys.wording import markup
from tests.app.all_served import all_held
from tests.conftest import open_catalog

NAMES = [name for name, pair in APPROACHES.items() if not pair.on_request]


@pytest.fixture(scope="module")
def held(full_run: Path) -> Iterator[Held]:
    with all_held(full_run) as held:
        yield held


@pytest.fixture(scope="module")
def service(held: Held) -> Service:
    return held.service


@pytest.fixture(scope="module")
def client(held: Held) -> TestClient:
    return TestClient(create_app(held), base_url="http://localhost")


@pytest.fixture(scope="module")
def someone(service: Service) -> Any:
    """The user with the median number of ratings."""
    known = service.data.histories
    lengths = known.ratings.indptr[1:] - known.ratings.indptr[:-1]
    return known.user_ids[lengths.argsort()[len(lengths) // 2]]


def first_explained(service: Service, name: str, user: Any) -> tuple[State, str]:
    """The first recommendation with a reason (else: the first), opened, and its sentence."""
    stored = service.stored(name)
    listed = stored.asked(stored.history(user)).recommendations
    told = listed["sentence"].map(markup.is_text).astype(bool)
    row = (listed[told] if told.any() else listed).iloc[0]
    state = State(user=str(user), approach=name, open=str(row["item_id"]))
    return state, row["sentence"] if told.any() else ""


def said(text: str) -> str:
    """What can be read, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def part(client: TestClient, path: str, state: State) -> str:
    reply = client.get(f"{path}?{state.query()}&part=1")
    assert reply.status_code == 200, reply.text
    assert "<html" not in reply.text
    return reply.text


@pytest.mark.parametrize("name", NAMES)
def test_every_approach_is_opened_with_all_of_its_evidence(
    client: TestClient, service: Service, someone: Any, name: str
) -> None:
    state, sentence = first_explained(service, name, someone)
    text = part(client, "/opened", state)
    stored = service.stored(name)
    evidence = stored.about(stored.history(someone), service.items.known(state.open)).reasons
    assert bool(sentence) == (len(evidence) > 0)
    for piece in evidence["evidence"].astype("str"):
        for words in piece.split(" → "):
            assert said(words) in said(text)
    assert 'style="' not in text
    assert "<script" not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_sentence_is_the_one_that_the_command_line_says(
    client: TestClient, service: Service, full_run: Path, someone: Any, name: str
) -> None:
    state, sentence = first_explained(service, name, someone)
    with open_catalog(full_run) as catalog:
        reply = answer(catalog, Question(str(someone), item=state.open, approach=name))
    assert [sentence or None] == [
        text if markup.is_text(text) else None for text in reply.person.recommendations["sentence"]
    ]
    if sentence:
        page = client.get(f"/?{state.query()}").text
        assert said(str(markup.html(sentence))) in said(page)
        others = [name for name in service.names if name != state.approach]
        elsewhere = part(client, "/opened/others", state.but(approach=others[0]))
        assert said(str(markup.html(sentence))) in said(elsewhere)


@pytest.mark.parametrize("name", NAMES)
def test_what_hangs_on_a_reason_is_named_with_the_place_without_it(
    client: TestClient, service: Service, someone: Any, name: str
) -> None:
    state, _ = first_explained(service, name, someone)
    stored = service.stored(name)
    one, item = stored.history(someone), service.items.known(state.open)
    found = without_reasons(stored, one, item)
    view = opened_view(Explored(service, state))
    if found is None:
        assert not re.search(r"\d", view["removal"])
        return
    removal = markup.plain(view["removal"])
    assert all(stored.titled(removed) in removal for removed in found.removed)
    assert str(found.new_rank or "nothing") in removal
    assert said(str(markup.html(view["removal"]))) in said(part(client, "/opened", state))


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_change_is_named_and_can_be_tried(
    client: TestClient, service: Service, someone: Any, name: str
) -> None:
    state, _ = first_explained(service, name, someone)
    stored = service.stored(name)
    one, item = stored.history(someone), service.items.known(state.open)
    found = smallest_change(stored, one, item)
    text = part(client, "/opened/smallest", state)
    links = re.findall(r'href="([^"]*)"', text)
    if found is None:
        assert not links
        return
    assert all(stored.titled(removed) in said(text) for removed in found.removed)
    assert str(found.new_rank) in said(text)
    (link,) = links
    there = State.parse(parse_qsl(urlsplit(html.unescape(link)).query))
    assert set(there.ratings) == set(map(str, found.removed))
    assert set(there.ratings.values()) == {None}
    left = stored.listed(service.history(dict(there.ratings), someone)).table["item_id"]
    assert item not in set(left)
    assert client.get(link).status_code == 200


def test_others_have_their_own_place_and_a_link_to_their_list(
    client: TestClient, service: Service, someone: Any
) -> None:
    state, _ = first_explained(service, service.names[0], someone)
    one, item = service.history({}, str(someone)), service.items.known(state.open)
    names = service.names[1:]
    text = part(client, "/opened/others", state)
    voices = re.findall(r"<li>.*?</li>", text, flags=re.DOTALL)
    assert len(voices) == len(names)
    by_name = {
        State.parse(parse_qsl(urlsplit(html.unescape(link)).query)).approach: said(voice)
        for voice in voices
        for link in re.findall(r'href="([^"]*)"', voice)
    }
    found = elsewhere(service, one, item, names)
    assert set(by_name) == set(names)
    for other in found:
        voice = by_name[other.approach]
        assert APPROACHES[other.approach].title in voice
        if other.rank:
            assert re.search(rf"\b{other.rank:,}\b", voice)
        if other.sentence is None:
            assert other.silence in voice
    ranks = {other.approach: other.rank or 10**9 for other in found}
    assert list(map(ranks.get, by_name)) == sorted(ranks.values())


def test_what_somebody_leaves_out_counts_for_the_others_too(
    service: Service, client: TestClient, someone: Any
) -> None:
    state, _ = first_explained(service, service.names[0], someone)
    other = service.names[1]
    first = service.stored(other).listed(service.history({}, str(someone))).table["item_id"]
    left_out = [str(item) for item in first if str(item) != state.open][:3]
    item = service.items.known(state.open)
    one = service.history({}, str(someone))
    (before,) = elsewhere(service, one, item, [other])
    seen = Explored(service, state.but(exclude=tuple(left_out)))
    (after,) = elsewhere(service, one, item, [other], seen.wanted)
    assert after.rank <= before.rank
    assert part(client, "/opened/others", seen.state)


def test_without_a_script_parts_are_pages_that_lead_back(
    client: TestClient, service: Service, someone: Any
) -> None:
    state, _ = first_explained(service, service.names[0], someone)
    opened = client.get(f"/?{state.query()}").text
    links = [html.unescape(link) for link in re.findall(r'href="(/opened/[^"]*)"', opened)]
    assert [urlsplit(link).path for link in links] == ["/opened/smallest", "/opened/others"]
    for link in links:
        page = client.get(link)
        assert page.status_code == 200
        assert page.text.count("<h1>") == 1
        back = re.findall(r'href="(/\?[^"]*open=[^"]*)"', page.text)
        assert client.get(html.unescape(back[-1])).status_code == 200


def test_an_item_that_is_not_on_the_list_has_evidence_but_no_smallest_change(
    client: TestClient, service: Service, someone: Any
) -> None:
    stored = service.stored(service.names[0]).offering(25)
    item = stored.listed(stored.history(someone)).table["item_id"].iloc[-1]
    state = State(user=str(someone), open=str(item))
    assert "/opened/smallest" not in part(client, "/opened", state)
    assert smallest_view(Explored(service, state))["query"] == ""
    assert "not on the list" in said(part(client, "/opened/smallest", state))


def test_all_but_one_rating_may_be_missing(client: TestClient, service: Service) -> None:
    item = str(service.items.facts.sort_values("n_ratings")["item_id"].iloc[-1])
    for name in service.names:
        stored = service.stored(name)
        listed = stored.listed(service.history({item: 5.0})).table["item_id"]
        for recommended in listed.head(1):
            state = State(ratings={item: 5.0}, approach=name, open=str(recommended))
            for path in ("/opened", "/opened/smallest", "/opened/others"):
                part(client, path, state)


@pytest.mark.parametrize("path", ["/opened", "/opened/smallest", "/opened/others"])
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 422, "no film is named"),
        ("open=nothing", 404, "nothing"),
        ("open=1&a=nobody", 404, "no approach"),
        ("open=1&u=no-one", 404, "no-one"),
        ("open=1&n=x", 422, "n=x"),
        ("open=%3Cscript%3E", 404, "<script>"),
    ],
)
def test_bad_addresses_are_answered_with_a_word(
    client: TestClient, someone: Any, path: str, query: str, status: int, words: str
) -> None:
    whole = f"u={someone}&{query}" if "u=" not in query else query
    reply = client.get(f"{path}?{whole}&part=1")
    assert reply.status_code == status
    assert words in said(reply.text)
    assert "<script>" not in reply.text


def test_a_rated_item_cannot_be_opened(client: TestClient, service: Service, someone: Any) -> None:
    known = service.data.histories
    item = known.item_ids[known.ratings[known.known_rows([someone])].indices[0]]
    reply = client.get(f"/opened?u={someone}&open={item}")
    assert reply.status_code == 422
    assert "only what is not rated" in said(reply.text)
