"""A session without script: what is asked, kept, gone on with, and refused."""

from __future__ import annotations

import datetime
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DataCatalog
from starlette.testclient import TestClient

from explainable_recsys.app.access import Access, Rate
from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import Operations, write_log
from explainable_recsys.app.runs import find_runs
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import Shelf
from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.store import open_store
from explainable_recsys.app.web import create_app
from explainable_recsys.explainers.what_if import Change, what_if
from explainable_recsys.study.plan import Text
from tests.app.study.walking import AT, Form, Walker, a_plan

APPROACHES = ("intrinsic_als", "posthoc_ar")
TODAY = datetime.date(2026, 6, 1)
WHO = "203.0.113.9"
"""An address that nothing may keep."""

New = Callable[..., Walker]


@pytest.fixture(scope="module")
def service(catalog: DataCatalog) -> Service:
    found = Service(find_runs(catalog, APPROACHES))
    found.load_all()
    return found


@pytest.fixture(scope="module")
def shelf(service: Service) -> Shelf:
    return Shelf.of(service)


@pytest.fixture
def study(service: Service, shelf: Shelf, tmp_path: Path) -> Iterator[Served]:
    store = open_store(str(tmp_path / "films.db"))
    information = Text({"en": "Read this.\n\nAnd this.", "de": "Lies das."})
    served = Served(a_plan(), information, service, store, today=lambda: TODAY)
    vars(served)["shelf"] = shelf
    store.register(served.plan, service.run.id, "data", "code")
    yield served
    store.close()


@pytest.fixture
def new(study: Served) -> New:
    """Makes people with a browser each, who come by the network, without the API's token."""

    def walker(served: Served = study, rate: Rate | None = None) -> Walker:
        held = Held(lambda: (served.service, []))
        access = Access("secret", open_paths=(*Access.open_paths, "/study/"))
        app = Operations(create_app(held, {"films": served}), access, rate=rate or Rate())
        made = lambda: TestClient(app, base_url="http://films.example", client=(WHO, 1))  # noqa: E731
        return Walker(made, served)

    return walker


def test_a_whole_session(new: New, study: Served) -> None:
    one = new()
    assert one.name == "information"
    assert "And this." in one.said
    one.begin()
    one.rate()
    assert one.name == "recommendation-1"
    seen = []
    while one.name.startswith("recommendation"):
        seen.append(one.reply.text)
        one.answer({"q.interest": ""})
    trials = one.session.trials
    assert len(trials) == len(seen) >= 3
    for text, trial in zip(seen, trials, strict=True):
        assert f"{study.shelf.film(trial.item_id).title}" in text.replace("&#39;", "'")
        drawn = trial.form == "drawn" and trial.reason["drawing"]
        assert ('class="reason"' in text) == bool(trial.sentence)
        assert ('class="evidence"' in text) == bool(drawn)
    assert sum("Choose 2." in text for text in seen) == 1
    one.to("thanks")
    code = re.search(r'class="code">([^<]*)', one.reply.text)
    assert code
    assert one.get("thanks").text.count(code[1]) == 1, "the same when it is loaded again"
    answers = one.session.answers
    assert list(answers) == [step.name for step in one.session.steps[2:-1]]
    assert answers["recommendation-1"] == {"interest": None, "trust": "1", "reads": None} or (
        answers["recommendation-1"] == {"interest": None, "trust": "1"}
    )
    assert answers["about-you"] == {"age": "33"}
    assert one.session.one.consent_version == "2"
    assert {event.kind for event in study.store.events(one.session.one)} >= {"shown", "consent"}


def test_whose_details_are_shown_is_said_in_studies_too(
    new: New, study: Served, shelf: Shelf
) -> None:
    assert "not endorsed" not in new().client.get(AT).text
    vars(study)["shelf"] = replace(shelf, adults=frozenset())
    assert "not endorsed" in new().client.get(AT).text


def test_nobody_is_told_which_kind_of_reason_it_is(new: New) -> None:
    one = new()
    one.begin()
    one.rate()
    pages = []
    while one.name != "thanks":
        pages.append(one.reply.text)
        one.answer({"go": "done"} if one.name.startswith("correction") else None)
    words = ("nothing_at_all", "the_same", "contributed", "by_rules", *APPROACHES, "intrinsic")
    assert not [word for word in words if any(word in page for page in pages)]


def test_a_session_goes_on_where_it_was_on_another_device(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate()
    one.answer()
    assert one.name == "recommendation-2"
    link = re.search(r'class="resume" href="http://films.example([^"]*)#([^"]*)"', one.reply.text)
    assert link
    assert link[1] == f"{AT}/resume"
    other = new()
    other.get("resume")
    other.send("resume", token=f"http://films.example{link[1]}#{link[2]}")
    assert other.name == "recommendation-2"
    assert other.session.one == one.session.one
    other.answer({"q.trust": "4"})
    one.get("recommendation-2")
    assert re.search(r'name="q.trust" value="4" checked', one.reply.text), "what was answered there"
    for wrong in ("", "short", "x" * 43, one.token[:-1] + "x"):
        assert other.send("resume", token=wrong).status_code == 422


def test_what_is_sent_twice_is_kept_once(new: New, study: Served) -> None:
    one = new()
    one.get("consent")
    form = one.form().values | {"agree": "yes"}
    for _ in range(2):
        one.client.cookies.delete("study-films") if "study-films" in one.client.cookies else None
        one.send("consent", **form)
    assert len(study.store.participants("films")) == 1
    one.answer({"q.age": "40"})
    one.rate()
    form = one.form().values | {"q.trust": "3", "go": "on"}
    one.send("recommendation-1", **form)
    n = len(study.store.events(one.session.one))
    one.send("recommendation-1", **form)
    assert one.name == "recommendation-2"
    saved = [event for event in study.store.events(one.session.one)[n:] if event.kind == "save"]
    assert not saved
    one.send("recommendation-1", **form | {"q.trust": "5"})
    assert one.session.answers["recommendation-1"]["trust"] == "5", "another answer is one"


def test_answers_are_kept_as_they_are_given(new: New) -> None:
    one = new()
    one.begin()
    one.rate()
    sent = one.send("recommendation-1", key="a", go="save", **{"q.interest": "5"})
    assert sent.status_code == 204
    assert one.session.answers["recommendation-1"] == {"interest": "5"}
    assert one.get("").url.path.endswith("recommendation-1"), "not done yet"
    assert one.send("recommendation-1", key="b", go="save", **{"q.trust": "9"}).status_code == 204
    assert "trust" not in one.session.answers["recommendation-1"]


def test_what_is_needed_is_asked_for_again(new: New) -> None:
    one = new()
    one.begin()
    one.rate()
    form = {"key": "a", "q.interest": "4", "q.trust": ""}
    assert one.send("recommendation-1", **form).status_code == 422
    assert 'id="wrong-trust"' in one.reply.text
    assert re.search(r'name="q.interest" value="4" checked', one.reply.text), "the rest stays"
    assert one.send("recommendation-1", **form | {"q.trust": "77"}).status_code == 422
    assert "recommendation-1" not in one.session.answers


def test_nobody_skips_pages(new: New) -> None:
    one = new()
    assert one.get("closing").status_code == 403, "without consent"
    assert one.send("closing", key="a", **{"q.why": "so"}).status_code == 403
    one.begin()
    for place in ("recommendation-1", "closing", "thanks"):
        one.get(place)
        assert one.name == "ratings"
        one.send(place, key="a", go="on")
        assert one.name == "ratings"
    one.rate()
    assert one.get("ratings").url.path.endswith("recommendation-1"), "they are done"
    one.send("ratings", key="b", go="save", **{"r.1": "5"})
    assert one.name == "recommendation-1"
    for nothing in ("recommendation-99", "nothing", "scale-none", "thanks/x", "api", "..%2f..%2f"):
        assert one.get(nothing).status_code == 404, nothing


def test_somebody_too_young_leaves_nothing(new: New, study: Served) -> None:
    one = new()
    one.get("consent")
    one.answer()
    assert one.answer({"q.age": "many"}).status_code == 422
    assert one.answer({"q.age": "17"}).status_code == 200
    assert "18" in one.said
    (left,) = study.store.participants("films")
    assert left.withdrawn_at
    assert not study.store.events(left)
    assert one.get("about-you").status_code == 403


def test_without_consent_nothing_is_kept(new: New, study: Served) -> None:
    one = new()
    one.get("consent")
    form = one.form().values
    assert one.send("consent", **form).status_code == 422
    token = one.client.cookies["study-films"]
    assert study.store.participant(token) is None, "it is of nobody yet"
    one.get("consent")
    assert one.form().values["token"] == token, "loaded again, it is the same person"
    assert not study.store.participants("films")


def test_who_withdraws_is_gone(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate()
    one.to("thanks")
    code = re.search(r'class="code">([^<]*)', one.reply.text)
    assert code
    token, participant = one.token, one.session.one
    assert one.send("recommendation-1", key="z", **{"q.trust": "1"}).url.path.endswith("thanks")
    other = new()
    assert other.send("withdraw", code="AAAA-AAAA-AAAA-AAAA").status_code == 422
    assert other.send("withdraw", code=code[1].lower()).status_code == 200
    assert not study.store.answers(participant)
    assert not study.store.ratings(participant)
    assert one.get("thanks").status_code == 403
    assert one.send("closing", key="a", **{"q.why": "so"}).status_code == 403
    assert one.send("resume", token=token).status_code == 422


def test_who_stops_can_withdraw_without_a_code(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate()
    participant = one.session.one
    one.get("withdraw")
    one.answer({"own": "yes"})
    assert not study.store.ratings(participant)
    assert one.send("withdraw", own="yes").status_code == 422, "nobody is left"


def test_an_age_is_not_kept_before_it_is_known_to_suffice(new: New, study: Served) -> None:
    one = new()
    one.get("consent")
    one.answer()
    assert one.send("about-you", key="a", go="save", **{"q.age": "12"}).status_code == 204
    assert not one.session.answers


def test_two_people_at_one_device(new: New, study: Served) -> None:
    one = new()
    one.begin()
    first = one.session.one.number
    one.send("leave")
    assert one.name == "information"
    one.begin()
    assert {first, one.session.one.number} == {0, 1}


def test_ratings_are_given_changed_and_taken_back(new: New, study: Served) -> None:
    one = new()
    one.begin()
    items = [name for name in one.form().choices if name.startswith("r.")]
    one.send("ratings", key="a", go="done", **{items[0]: "5", items[1]: "1"})
    assert one.reply.status_code == 422
    assert [rated.rating for rated in one.session.study.store.ratings(one.session.one)] == [5, 1]
    part = one.send("ratings", key="b", go="save", **{items[0]: "3"})
    assert "<html" not in part.text
    one.send("ratings", key="c", drop=items[1][2:])
    kept = study.store.ratings(one.session.one)
    assert [(rated.item_id, rated.rating) for rated in kept] == [(items[0][2:], 3)]
    title = study.shelf.film(study.shelf.picks[30]).title
    one.send("ratings", key="d", go="find", q=title)
    assert f'id="found-{study.shelf.picks[30]}-1"' in one.reply.text
    one.send("ratings", key="e", go="more", turn="1")
    assert [name for name in one.form().choices if name.startswith("r.")] != items
    for wrong in ({"r.1": "9"}, {"r.1": "nan"}, {items[0]: "five"}):
        assert one.send("ratings", key="f", **wrong).status_code == 422
    assert one.send("ratings", key="g", **{"r.nothing": "3"}).status_code == 404
    many = {f"r.{item}": "4" for item in study.shelf.picks[:20]}
    assert one.send("ratings", key="h", go="done", **many).status_code == 422
    assert len(study.store.ratings(one.session.one)) == 1, "all or none"


def test_a_forecast_is_scored_by_what_if(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate(8)
    (task,) = [task for task in one.session.tasks if task.task == "forecast"]
    service, ratings = study.service, study.store.ratings(one.session.one)
    known = {service.items.known(rated.item_id): rated.rating for rated in ratings}
    item = service.items.known(task.item_id)
    stored = service.stored("intrinsic_als")
    for choice in task.options["choices"]:
        taken = service.items.known(choice["item_id"])
        least = stored.recommendation.min_ratings
        found = what_if(
            stored.lister, study.service.data, known, [Change(taken, None)], 300, min_ratings=least
        ).affected
        then = found["new_rank"][found["item_id"] == item]
        assert int(then.iloc[0]) == choice["rank"]
    ranks = [choice["rank"] for choice in task.options["choices"]]
    assert sorted(ranks)[-1] > max(sorted(ranks)[-2], task.options["rank"])


def test_a_correction_tells_the_place_at_each_try(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate(8)
    one.to("correction-1")
    form = one.form().values
    items = [name for name in form if name.startswith("r.")]
    one.send(
        "correction-1", **form | {"go": "try", items[0]: "1", f"without.{items[1][2:]}": "yes"}
    )
    assert one.name == "correction-1"
    kept = one.session.answers["correction-1"]
    assert json.loads(kept["ratings"] or "") == {items[0][2:]: 1.0, items[1][2:]: None}
    assert kept["rank"] in one.said
    part = one.send("correction-1", **form | {"go": "save"})
    assert "<html" not in part.text
    one.get("correction-1")
    one.answer({"go": "done"})
    assert one.session.answers["correction-1"]["done"] == "yes"
    assert one.name != "correction-1"


def test_texts_are_what_they_are_and_no_longer_than_they_may_be(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate()
    one.to("closing")
    text = '<script>alert("1")</script> =1+1 \x00\x07\r\n\u202e ü ' + "x" * 9000
    one.answer({"q.why": text})
    kept = one.session.answers["closing"]["why"] or ""
    assert kept.startswith('<script>alert("1")</script> =1+1 ')
    assert len(kept) <= 5000
    assert "\x00" not in kept
    one.get("closing")
    assert "<script>alert" not in one.reply.text
    assert "&lt;script&gt;alert" in one.reply.text
    huge = one.client.post(f"{AT}/closing", content=b"q.why=" + b"x" * 600_000)
    assert huge.status_code == 413
    many = "&".join(f"q.a{n}=1" for n in range(4000)).encode()
    assert one.client.post(f"{AT}/closing", content=many).status_code == 413
    assert one.session.answers["closing"]["why"] == kept


def test_an_address_is_kept_apart(new: New, study: Served) -> None:
    one = new()
    one.begin()
    one.rate()
    one.to("raffle")
    assert one.answer({"address": "nobody"}).status_code == 422
    one.answer({"address": "ann@example.org"})
    assert one.name == "thanks"
    assert study.store.emails("films") == ["ann@example.org"]
    events = str(study.store.events(one.session.one))
    assert "ann@" not in events
    assert WHO not in events


def test_outside_of_its_days_it_says_so(new: New, study: Served) -> None:
    one = new()
    one.begin()
    early = replace(study, today=lambda: datetime.date(2025, 12, 31))
    assert new(early).reply.status_code == 403
    late = replace(study, today=lambda: datetime.date(2027, 1, 1))
    after = new(late)
    assert after.reply.status_code == 403
    after.client.cookies.set("study-films", one.token)
    assert after.send("ratings", key="a", go="save", **{"r.1": "4"}).status_code == 403
    assert not study.store.ratings(one.session.one)
    assert after.get("withdraw").status_code == 200


def test_texts_of_the_plan_are_in_the_language_that_is_asked_for(new: New, study: Served) -> None:
    one = new()
    one.reply = one.client.get(f"{AT}?language=de")
    assert "Lies das." in one.said
    one.reply = one.client.get(f"{AT}/consent?language=de")
    one.answer()
    assert one.session.one.language == "de"
    one.answer({"q.age": "30"})
    assert "Filme" in one.said
    one.rate()
    sentences = {trial.kind: trial.sentence for trial in one.session.trials}
    assert sentences["the_same"] == "Anderen gefiel er."
    assert "Read this." in new().client.get(f"{AT}/information?language=xx").text


def test_a_code_lets_one_person_in(new: New, service: Service, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "codes.db"))
    plan = a_plan(codes=True)
    store.register(plan, service.run.id, "data", "code")
    (code,) = store.make_codes("films", 1)
    study = Served(plan, Text({"en": "Read.", "de": "Lies."}), service, store, today=lambda: TODAY)
    one = new(study)
    one.get("consent")
    assert one.answer({"code": "WRONG"}).status_code == 422
    assert 'id="wrong-code"' in one.reply.text
    one.answer({"code": code.lower()})
    assert one.name == "about-you"
    again = new(study)
    again.get("consent")
    again.answer({"code": code})
    assert again.session.one == one.session.one
    store.close()


def test_only_the_study_is_open_to_people_without_the_token(new: New) -> None:
    one = new()
    tile = re.search(r'src="([^"]*tile[^"]*)"', (one.begin(), one.reply.text)[1])
    assert tile
    assert one.client.get(tile[1]).status_code == 200
    for place in ("/", "/api", "/api/v1/run", "/search?q=a", "/tile/1.svg", "/study/../api/v1/run"):
        assert one.client.get(place).status_code == 401, place
    reply = one.client.get("/study/other/information")
    assert reply.status_code == 404
    assert "movielens" not in reply.text.lower()
    links = re.findall(r'(?:href|src|action)="([^"#?]*)', one.reply.text)
    assert {link for link in links if not link.startswith((f"{AT}/", "/static/"))} <= {
        "",
        f"http://films.example{AT}/resume",
    }


def test_no_log_knows_who_takes_part(new: New) -> None:
    lines, handler = list[str](), logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    write_log(handler)
    try:
        one = new()
        one.begin()
        one.rate()
        one.answer()
        new().send("resume", token=one.token)
    finally:
        write_log(logging.NullHandler())
        logging.raiseExceptions = True
    assert any("/study/{slug}/{name}" in line for line in lines)
    own = {one.token, one.session.one.id, WHO, "recommendation-1"}
    assert not [line for line in lines if any(word in line for word in own)]


def test_behind_a_proxy_links_and_cookies_are_below_its_path(study: Served) -> None:
    held = Held(lambda: (study.service, []))
    app = Operations(create_app(held, {"films": study}), Access("secret", open_paths=("/study/",)))
    client = TestClient(app, base_url="https://films.example", root_path="/a")
    reply = client.get("/a/study/films/consent")
    assert reply.status_code == 200
    links = re.findall(r'(?:href|src|action)="(/[^"#?]*)', reply.text)
    assert links
    assert not [link for link in links if not link.startswith("/a/")]
    values = Form(reply.text).values | {"agree": "yes"}
    entered = client.post("/a/study/films/consent", data=values, follow_redirects=False)
    assert entered.headers["location"] == "/a/study/films/about-you"
    cookies = entered.headers.get_list("set-cookie")
    (own,) = [cookie for cookie in cookies if cookie.startswith("study-films=")]
    for part in ("Path=/a/study/films;", "HttpOnly", "SameSite=lax", "Secure"):
        assert part in own


def test_another_site_sends_nothing(new: New, study: Served) -> None:
    one = new()
    one.begin()
    headers = {"sec-fetch-site": "cross-site"}
    sent = one.client.post(f"{AT}/ratings", data={"r.1": "5"}, headers=headers)
    assert sent.status_code == 403
    assert not study.store.ratings(one.session.one)
    cookie = next(one for one in one.client.cookies.jar if one.name == "study-films")
    assert cookie.path == AT
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_a_class_behind_one_address_comes_in_at_once(new: New) -> None:
    now = [0.0]
    rate = Rate(per_second=1, burst=5, clock=lambda: now[0])
    one = new(rate=rate)
    for _ in range(60):
        one.client.cookies.clear()
        assert one.client.get(f"{AT}/information").status_code == 200
    one.client.get(f"{AT}/consent")
    assert list(one.client.cookies) == ["study-films"]
    statuses = [one.client.get(f"{AT}/information").status_code for _ in range(7)]
    assert statuses[-1] == 429, "one browser alone"


def test_somebody_whose_ratings_lead_to_little_sees_less(new: New, study: Served) -> None:
    one = new()
    one.begin()
    rare = study.shelf.picks[-6:]
    one.send("ratings", key="a", go="done", **{f"r.{item}": "1" for item in rare})
    for _ in range(50):
        if "refresh" not in one.reply.headers:
            break
        one.get(one.name)
    one.to("thanks")
    counts = np.unique([trial.kind for trial in one.session.trials], return_counts=True)[1]
    assert len(set(counts.tolist())) <= 1, "as many of each kind"
