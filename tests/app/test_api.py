"""The API: the answers of terminal and library, and one clear problem for whatever is wrong."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from kedro.io import DataCatalog

from explainable_recsys.answers.answer import answer as library_answer
from explainable_recsys.app.api import create_api
from explainable_recsys.app.held import Held, load_everything
from explainable_recsys.app.runs import OtherDataError, find_runs
from explainable_recsys.app.service import BusyError, Service
from explainable_recsys.app.web import create_app
from explainable_recsys.interface import notebook
from explainable_recsys.interface.explain import Question, answer
from explainable_recsys.interface.replies import as_json
from explainable_recsys.interface.stored import ratings_of
from explainable_recsys.wording import markup
from tests.interface.test_stored import EXPLAINING

ALS = "/api/v1/intrinsic_als"
USER_ROW = 7
PROBLEM = "application/problem+json"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def user(service: Service) -> int:
    return int(service.data.histories.user_ids[USER_ROW])


@pytest.fixture(scope="module")
def rated(service: Service, user: int) -> dict[int, float]:
    """What that user rated."""
    return {
        int(item): float(rating) for item, rating in ratings_of(service.history({}, user)).items()
    }


@pytest.fixture(scope="module")
def new(service: Service, rated: Mapping[int, float]) -> int:
    """A popular item that the user did not rate."""
    facts = service.items.facts.sort_values("n_ratings", ascending=False)
    return int(next(item for item in facts["item_id"] if item not in rated))


def history(ratings: Mapping[Any, float | None]) -> list[Json]:
    return [{"item_id": item, "rating": rating} for item, rating in ratings.items()]


def post(client: TestClient, question: str, **body: Any) -> Json:
    reply = client.post(f"/api/v1/{question}", json=body)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def problem(reply: Any, status: int) -> Json:
    """A problem document, as every problem is one."""
    assert (reply.status_code, reply.headers["content-type"]) == (status, PROBLEM), reply.text
    found: Json = reply.json()
    assert found["status"] == status
    assert found["title"]
    assert found["type"].startswith(("urn:", "about:blank"))
    assert found["run"]
    assert "Traceback" not in reply.text
    return found


def same(rows: list[Json], others: list[Json]) -> None:
    """Same items, reasons and evidence; scores that were computed in other company differ a bit."""

    def numbers(row: Json) -> list[float]:
        weights = [piece["weight"] for piece in row["evidence"]]
        return [value for value in (row["score"], *weights) if value is not None]

    def words(row: Json) -> Json:
        evidence = [{**piece, "weight": None} for piece in row["evidence"]]
        return {**row, "score": None, "evidence": evidence}

    assert [words(row) for row in rows] == [words(row) for row in others]
    for row, other in zip(rows, others, strict=True):
        np.testing.assert_allclose(numbers(row), numbers(other), rtol=1e-4, atol=1e-6)


# The same answer everywhere.


@pytest.mark.parametrize("approach", EXPLAINING)
def test_a_user_gets_what_terminal_and_library_say(
    approach: str,
    client: TestClient,
    service: Service,
    catalog: DataCatalog,
    user: int,
    rated: dict[int, float],
) -> None:
    path = f"/api/v1/users/{user}/recommendations"
    found = client.get(path, params={"approach": approach}).json()
    printed = as_json(answer(catalog, Question(user=str(user), approach=approach)))
    same(found["recommendations"], printed["recommendations"])
    for name in ("approach", "recommender", "explainer", "data", "user_id", "history"):
        assert found[name] == printed[name]

    by_name = post(client, f"{approach}/recommendations", user=user)
    unknown = post(client, f"{approach}/recommendations", history=history(rated))
    assert by_name == found
    assert unknown["user_id"] is None
    assert unknown["recommendations"] == found["recommendations"]

    stored = service.stored(approach)
    one, asked = service.history({}, user), stored.recommendation
    said = library_answer(stored.pair, service.data, one, recommendation=asked)
    items = [row["item_id"] for row in found["recommendations"]]
    assert said.recommendations["item_id"].tolist() == items
    told = dict(zip(said.sentences["item_id"], said.sentences["sentence"], strict=True))
    assert {row["item_id"]: row["sentence"] for row in found["recommendations"]} == {
        item: markup.plain(told[item]) if item in told else None for item in items
    }


@pytest.mark.parametrize("approach", EXPLAINING)
def test_with_ratings_changed_it_is_what_the_terminal_says(
    approach: str,
    client: TestClient,
    catalog: DataCatalog,
    user: int,
    rated: dict[int, float],
    new: int,
) -> None:
    gone, other = list(rated)[:2]
    changes = history({gone: None, other: 1.0, new: 5.0})
    found = post(client, f"{approach}/what-if", user=user, changes=changes)
    question = Question(
        str(user), approach=approach, without=(str(gone),), rate=(f"{other}=1", f"{new}=5")
    )
    printed = as_json(answer(catalog, question))
    same(found["before"], printed["recommendations"])
    same(found["after"], printed["what_if"]["recommendations"])
    assert found["moves"] == printed["what_if"]["moves"]
    assert found["changes"] == printed["what_if"]["changes"]

    changed = {**rated, other: 1.0, new: 5.0}
    del changed[gone]
    for body in ({"user": user, "history": changes}, {"history": history(changed)}):
        again = post(client, f"{approach}/recommendations", **body)
        assert again["recommendations"] == found["after"]
    listed = post(client, f"{approach}/what-if", user=user, changes=changes, explain=False)
    assert listed["moves"] == found["moves"]


def on_page(text: str) -> list[tuple[str, str | None]]:
    """Ids and reasons of the films that the explore page recommends."""
    cards = re.findall(r'data-item="([^"]*)">.*?<p class="why">(.*?)</p>', text, re.DOTALL)
    return [
        (
            item,
            None
            if "quiet" in said
            else html.unescape(re.sub(r"<[^>]*>", "", said)).replace("\xa0", " "),
        )
        for item, said in cards
    ]


@pytest.mark.parametrize("approach", EXPLAINING)
def test_page_and_notebook_show_the_same(
    approach: str,
    client: TestClient,
    catalog: DataCatalog,
    user: int,
    rated: dict[int, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lists and the sentences, before and after a change."""
    compared: list[pd.DataFrame] = []
    monkeypatch.setattr(notebook, "_draw", lambda *_: None)
    monkeypatch.setattr(
        notebook, "what_if_figure", lambda before, after, _: compared.extend([before, after])
    )
    browser = notebook.browse(catalog, approach, user)
    changed = next(iter(rated))
    browser.rating.value = "1"
    browser.change.value = changed
    found = post(client, f"{approach}/what-if", user=user, changes=history({changed: 1.0}))
    pages = [f"/?u={user}&a={approach}", f"/?u={user}&a={approach}&r={changed}:1"]
    for name, table, page in zip(("before", "after"), compared, pages, strict=True):
        told = [(str(row["item_id"]), row["sentence"]) for row in found[name]]
        assert told
        assert told == on_page(client.get(page).text)
        assert told == [
            (str(item), markup.plain(said) if markup.is_text(said) else None)
            for item, said in zip(table["item_id"], table["sentence"], strict=True)
        ]


def test_a_run_that_disappears_is_answered_from_memory(
    catalog: DataCatalog, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(find_runs(catalog))
    load_everything(service)

    def gone(*_: Any) -> None:
        raise AssertionError("a file of the run is read")

    monkeypatch.setattr(DataCatalog, "load", gone)
    client = TestClient(create_app(Held(lambda: (service, []))))
    for approach in service.names:
        found = post(client, f"{approach}/recommendations", user=user)["recommendations"]
        query = f"u={user}&a={approach}&open={found[0]['item_id']}"
        for path in (f"/?{query}", f"/opened/others?{query}", f"/approaches/{approach}"):
            assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("approach", EXPLAINING)
def test_a_list_without_reasons_has_the_same_items(
    approach: str, client: TestClient, rated: dict[int, float]
) -> None:
    asked = {"history": history(rated), "n": 4}
    bare = post(client, f"{approach}/recommendations", explain=False, **asked)["recommendations"]
    told = post(client, f"{approach}/recommendations", **asked)["recommendations"]
    nothing = {"sentence": None, "no_reason": None, "evidence": None}
    assert bare == [row | nothing for row in told]
    assert len(bare) <= 4


def test_one_item_anywhere_on_the_list_or_not(
    client: TestClient, catalog: DataCatalog, user: int, service: Service
) -> None:
    places = service.history({}, user)
    scores = service.stored("intrinsic_als").ranker().scores(places.ratings)[0]
    item = int(service.data.interactions.item_ids[np.argsort(-scores, kind="stable")[14]])
    found = post(client, "intrinsic_als/explain", user=user, item_id=str(item))
    question = Question(str(user), str(item), "intrinsic_als")
    same([found["recommendation"]], as_json(answer(catalog, question))["recommendations"])
    assert found["recommendation"]["rank"] > found["n"]


def test_the_smallest_change_is_that_of_the_terminal(
    client: TestClient, catalog: DataCatalog, user: int, rated: dict[int, float]
) -> None:
    listed = post(client, "intrinsic_knn/recommendations", user=user)["recommendations"]
    last = listed[-1]["item_id"]
    found = post(client, "intrinsic_knn/counterfactual", user=user, item_id=last)
    question = Question(str(user), str(last), "intrinsic_knn", smallest_change=True)
    what_if = as_json(answer(catalog, question))["what_if"]
    removed = {row["item_id"]: row["rating"] for row in found["change"]["removed"]}
    assert removed == {row["item_id"]: row["old_rating"] for row in what_if["changes"]}
    assert removed.items() <= rated.items()
    assert found["change"]["minimal"] == what_if["minimal"]
    assert (found["change"]["old_rank"], found["item_id"]) == (len(listed), last)
    assert not 0 < found["change"]["new_rank"] <= found["n"]


def test_what_hangs_on_a_reason_is_scored_again(
    client: TestClient, user: int, rated: dict[int, float]
) -> None:
    (first, *_) = post(client, "intrinsic_als/recommendations", user=user)["recommendations"]
    asked = {"user": user, "item_id": first["item_id"], "n_removed": 2}
    without = post(client, "intrinsic_als/faithfulness", **asked)["without"]
    removed = [row["item_id"] for row in without["removed"]]
    cited = [piece["rated_item_id"] for piece in first["evidence"] if piece["weight"] > 0]
    assert removed == cited[:2]
    again = post(client, "intrinsic_als/explain", user=user, item_id=first["item_id"],
                 history=history(dict.fromkeys(removed)), exclude=removed)  # fmt: skip
    assert (without["old_rank"], without["new_rank"]) == (1, again["recommendation"]["rank"])


# What may be on a list.


def test_only_what_is_wanted_is_recommended_and_as_much_of_it(
    client: TestClient, service: Service, rated: dict[int, float]
) -> None:
    def listed(**wanted: Any) -> list[int]:
        asked = {"history": history(rated), "explain": False, **wanted}
        rows = post(client, "intrinsic_als/recommendations", **asked)["recommendations"]
        return [row["item_id"] for row in rows]

    usual = listed(n=6)
    assert len(listed(n=6, exclude=usual[:2])) == 6
    assert listed(n=6, exclude=usual[:2])[:4] == usual[2:]
    assert listed(n=6, candidates=[str(usual[3]), usual[1]]) == [usual[1], usual[3]]
    rows = [service.items.row(item) for item in listed(genres=["Comedy", "Drama"])]
    assert rows
    assert all({"Comedy", "Drama"} & set(row["genres"].split("|")) for row in rows)
    rows = [service.items.row(item) for item in listed(without_genres=["Drama"])]
    assert rows
    assert not any("Drama" in row["genres"].split("|") for row in rows)
    rows = [service.items.row(item) for item in listed(years={"first": 1990, "last": 1995})]
    assert rows
    assert all(1990 <= row["year"] <= 1995 for row in rows)


def test_whoever_rated_nothing_is_recommended_nothing(client: TestClient) -> None:
    found = post(client, "intrinsic_als/recommendations")
    assert (found["history"], found["recommendations"]) == ([], [])


@pytest.mark.parametrize("approach", EXPLAINING)
@pytest.mark.parametrize("ratings", ["one", "disliked"])
def test_somebody_with_one_rating_or_only_bad_ones_is_answered(
    approach: str, ratings: str, client: TestClient, rated: dict[int, float], service: Service
) -> None:
    worst = service.data.scale.minimum
    given = dict.fromkeys(list(rated)[: 1 if ratings == "one" else 10], worst)
    found = post(client, f"{approach}/recommendations", history=history(given))
    assert len(found["history"]) == len(given)
    for row in found["recommendations"]:
        assert (row["sentence"] is None) == (row["no_reason"] is not None)
    what_if = post(
        client, f"{approach}/what-if", history=history(given),
        changes=history(dict.fromkeys(given)),
    )  # fmt: skip
    assert what_if["after"] == []


# What there is.


def test_what_there_is(client: TestClient, service: Service, user: int) -> None:
    run = client.get("/api/v1/run").json()
    assert run["n_users"] == service.data.histories.n_users
    assert run["scale"] == {"minimum": 0.5, "maximum": 5.0}
    assert run["genres"] == sorted(set(run["genres"]) - {""})
    found = client.get("/api/v1/approaches").json()["approaches"]
    assert [one["name"] for one in found] == service.names
    assert all(one["loaded"] and "ndcg@10" in one["accuracy"] for one in found)
    best = [one["accuracy"]["ndcg@10"] for one in found]
    assert best == sorted(best, reverse=True)
    assert client.get("/api/v1/ready").json()["ready"] is True
    assert client.get("/api/v1/health").json()["status"] == "ok"


def test_until_all_is_loaded_it_is_not_ready(catalog: DataCatalog) -> None:
    service = Service(find_runs(catalog, ("intrinsic_als", "intrinsic_ease")))
    client = TestClient(create_api(Held(lambda: (service, []))))
    reply = client.get("/v1/ready")
    assert (reply.status_code, reply.json()["loaded"]) == (503, [])
    service.stored("intrinsic_als")
    assert client.get("/v1/ready").json()["loading"] == ["intrinsic_ease"]
    service.failed["intrinsic_ease"] = "its file is gone"
    reply = client.get("/v1/ready")
    assert (reply.status_code, list(reply.json()["failed"])) == (200, ["intrinsic_ease"])
    gone = problem(client.post("/v1/intrinsic_ease/recommendations", json={}), 404)
    assert gone["detail"] == "its file is gone"


def test_items_are_found_by_title_and_id(client: TestClient, service: Service) -> None:
    item = service.items.rows[3]
    found = client.get("/api/v1/items", params={"query": item["title"], "limit": 3}).json()
    assert found["items"][0] == item
    assert len(found["items"]) <= 3
    assert client.get(f"/api/v1/items/{item['item_id']}").json()["item"] == item
    hostile = client.get("/api/v1/items", params={"query": "<script>alert(1)</script>"})
    assert hostile.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["run", "approaches", "health", "ready", "items?query=a"])
def test_every_reply_names_run_and_data(path: str, client: TestClient, service: Service) -> None:
    found = client.get(f"/api/v1/{path}").json()
    named = {key: found[key] for key in ("run", "data", "data_version")}
    card = service.card
    expected = {"run": service.run.id, "data": card["name"], "data_version": card["version"]}
    assert named == expected


# What is wrong.

WRONG: list[tuple[Json, str]] = [
    ({"history": [{"item_id": 1}]}, "body.history.0.rating"),
    ({"history": [{"item_id": 1, "rating": "5"}]}, "body.history.0.rating"),
    ({"history": [{"item_id": True, "rating": 5}]}, "body.history.0.item_id"),
    ({"history": [{"item_id": 1.5, "rating": 5}]}, "body.history.0.item_id"),
    ({"history": [{"item_id": 10**30, "rating": 5}]}, "body.history.0.item_id"),
    ({"history": [{"item_id": "", "rating": 5}]}, "body.history.0.item_id"),
    ({"history": {"1": 5}}, "body.history"),
    ({"history": None}, "body.history"),
    ({"history": [{"item_id": 1, "rating": 3}] * 2001}, "body.history"),
    ({"n": 0}, "body.n"),
    ({"n": 201}, "body.n"),
    ({"n": True}, "body.n"),
    ({"n": 10**40}, "body.n"),
    ({"explain": "yes"}, "body.explain"),
    ({"years": {"first": 2000, "last": 1999}}, "body.years"),
    ({"candidates": []}, "body.candidates"),
    ({"hsitory": []}, "body.hsitory"),
    ({"genres": "Comedy"}, "body.genres"),
]


@pytest.mark.parametrize(("body", "where"), WRONG)
def test_a_member_that_is_not_accepted_is_named(body: Json, where: str, client: TestClient) -> None:
    found = problem(client.post(f"{ALS}/recommendations", json=body), 422)
    assert [one["where"] for one in found["errors"]] == [where]
    assert where in found["detail"]


@pytest.mark.parametrize("rating", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_rating_is_a_finite_number(rating: str, client: TestClient) -> None:
    body = f'{{"history": [{{"item_id": 1, "rating": {rating}}}]}}'
    headers = {"content-type": "application/json"}
    found = problem(client.post(f"{ALS}/recommendations", content=body, headers=headers), 422)
    assert found["errors"][0]["where"] == "body.history.0.rating"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b"[" * 100_000, 400),
        (b'{"n": ' + b"9" * 5000 + b"}", 400),
        (b"\xff\xfe{}", 422),
        (b'{"user": "\\ud800"}', 422),
        (b'{"\\ud800": 1}', 422),
    ],
)
def test_a_body_that_cannot_be_read(body: bytes, status: int, client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    problem(client.post(f"{ALS}/recommendations", content=body, headers=headers), status)


@pytest.mark.parametrize("name", ["\u202eevil", "e\u0301", "💥" * 50, "<b>1</b>", "0\x000", " "])
def test_odd_ids_are_not_here_and_nothing_else(name: str, client: TestClient) -> None:
    body = {"history": [{"item_id": name, "rating": 4}]}
    assert problem(client.post(f"{ALS}/recommendations", json=body), 404)["near"]
    assert problem(client.post(f"{ALS}/recommendations", json={"user": name}), 404)["near"]


def test_what_is_not_here_has_neighbours_that_are(
    client: TestClient, service: Service, user: int
) -> None:
    def near(reply: Any) -> list[Json]:
        found: list[Json] = problem(reply, 404)["near"]
        return found

    title = service.items.rows[0]["title"]
    item = near(client.post(f"{ALS}/explain", json={"item_id": title[:-1]}))[0]
    assert item == {"id": service.items.rows[0]["item_id"], "title": title}
    ids = set(service.data.interactions.item_ids.tolist())
    numbers = near(client.get("/api/v1/items/99999999"))
    assert {one["id"] for one in numbers} <= ids
    users = near(client.get("/api/v1/users/99999/recommendations"))
    assert {one["id"] for one in users} <= set(service.data.histories.user_ids.tolist())
    reply = client.post("/api/v1/intrinsic_asl/recommendations", json={})
    assert near(reply)[0]["id"] == "intrinsic_als"


def test_a_rating_off_the_scale_and_an_item_twice(client: TestClient, new: int) -> None:
    for rating in (5.5, 0, -1, 1e300):
        reply = client.post(f"{ALS}/recommendations", json={"history": history({new: rating})})
        assert "0.5 to 5" in problem(reply, 422)["detail"]
    twice = history({new: 3}) + history({f" {new}": 4})
    reply = client.post(f"{ALS}/recommendations", json={"history": twice})
    assert "twice" in problem(reply, 422)["detail"]


def test_changes_that_contradict_the_history_or_each_other(
    client: TestClient, rated: dict[int, float], new: int
) -> None:
    def refused(changes: list[Json]) -> str:
        body = {"history": history(rated), "changes": changes}
        detail: str = problem(client.post(f"{ALS}/what-if", json=body), 422)["detail"]
        return detail

    assert "not rated" in refused(history({new: None}))
    assert "twice" in refused(history({new: 4}) + history({str(new): 5}))
    assert "off the scale" in refused(history({new: 9}))
    assert "body.changes" in refused([])
    taken = {"history": history({new: None})}
    assert "not rated" in problem(client.post(f"{ALS}/recommendations", json=taken), 422)["detail"]


def test_what_cannot_be_recommended_is_not_explained(
    client: TestClient, rated: dict[int, float], new: int
) -> None:
    one = next(iter(rated))
    body: Json = {"history": history(rated), "item_id": one}
    assert "rated" in problem(client.post(f"{ALS}/explain", json=body), 422)["detail"]
    body = {"history": history(rated), "item_id": new, "exclude": [new]}
    for question in ("explain", "counterfactual", "faithfulness"):
        problem(client.post(f"{ALS}/{question}", json=body), 422)


def test_a_genre_that_is_unknown_is_answered_with_those_that_are(client: TestClient) -> None:
    found = problem(client.post(f"{ALS}/recommendations", json={"genres": ["Comdey"]}), 422)
    assert "'Comedy'" in found["detail"]


def test_addresses_and_methods_that_there_are_not(client: TestClient) -> None:
    problem(client.get("/api/v1/nothing"), 404)
    problem(client.get("/api/nothing"), 404)
    problem(client.get("/api/v1/items/a%0Ab"), 404)
    found = problem(client.delete("/api/v1/run"), 405)
    assert "DELETE" in found["detail"]
    problem(client.get(f"{ALS}/recommendations"), 405)
    problem(client.get("/api/v1/users/1/recommendations?n=many"), 422)
    problem(client.get("/api/v1/items"), 422)
    problem(client.get("/api/v1/items?query=a&limit=0"), 422)


def test_too_many_questions_are_sent_away(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise BusyError

    monkeypatch.setattr(service, "turn", full)
    reply = client.post(f"{ALS}/recommendations", json={})
    problem(reply, 429)
    assert int(reply.headers["retry-after"]) >= 1


def test_what_fails_here_is_not_told(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a secret of the program")

    monkeypatch.setattr(service, "asked", broken)
    reply = client.post(f"{ALS}/recommendations", json={})
    problem(reply, 500)
    assert "secret" not in reply.text


def test_results_of_other_data_are_refused(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "found", _Refusing(service))
    reply = client.post("/api/v1/intrinsic_mf/recommendations", json={})
    assert "made from other data" in problem(reply, 409)["detail"]


class _Refusing:
    """Runs of which one approach is of other data."""

    def __init__(self, service: Service) -> None:
        self.latest, self.of, self.runs = service.run, service.found.of, service.found.runs
        self.refused = {"intrinsic_mf": "its lists were made from other data"}


def test_the_latest_run_is_taken_on(service: Service, catalog: DataCatalog) -> None:
    found: list[Any] = [service]
    held = Held(lambda: (found[-1] if isinstance(found[-1], Service) else _raise(found[-1]), []))
    client = TestClient(create_api(held))
    other = Service(find_runs(catalog, ("intrinsic_als",)))
    found.append(other)
    assert client.post("/v1/reload").json()["approaches"] == ["intrinsic_als"]
    assert held.service is other
    assert client.get("/v1/ready").json()["ready"] is True
    found.append(OtherDataError("lists of other data"))
    problem(client.post("/v1/reload"), 409)
    assert held.service is other


def _raise(error: Exception) -> Service:
    raise error


def test_numbers_are_those_of_json(client: TestClient, user: int) -> None:
    for approach in EXPLAINING:
        path = f"/api/v1/users/{user}/recommendations?approach={approach}"
        text = client.get(path).text

        def never(name: str) -> None:
            raise AssertionError(f"{name} is no JSON")

        json.loads(text, parse_constant=never)
