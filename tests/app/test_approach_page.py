"""The pages about the approaches: what they say is what the run measured; and its report."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.app.approach_texts import LISTS, REASONS
from explainable_recsys.app.approaches import NOTHING, about, quality
from explainable_recsys.app.held import Held
from explainable_recsys.app.report import FILE, MANIFESTS, report_of
from explainable_recsys.app.runs import HeldCatalog
from explainable_recsys.app.service import Service
from explainable_recsys.app.web import create_app
from explainable_recsys.wording.numbers import number
from tests.app.all_served import all_held

NAMES = [name for name, pair in APPROACHES.items() if not pair.on_request]
RUN, OTHER = "2026-01-05T12.00.00.000Z", "2026-01-06T12.00.00.000Z"
PAGE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    "<title>Evaluation of films, run {run}</title>"
)


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


def said(text: str) -> str:
    """What can be read, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def page(client: TestClient, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, reply.text
    return reply.text


def cells(text: str, label: str) -> list[str]:
    """Texts of the row of a table."""
    row = re.search(rf'<tr><th scope="row">{re.escape(label)}</th>(.*?)</tr>', text, re.DOTALL)
    assert row is not None, label
    return [said(cell) for cell in re.findall(r"<td>(.*?)</td>", row[1], re.DOTALL)]


@pytest.mark.parametrize("name", NAMES)
def test_an_approach_is_told_with_its_measures_beside_controls(
    client: TestClient, stored: Callable[[str], Any], name: str
) -> None:
    pair = APPROACHES[name]
    text = page(client, f"/approaches/{name}")
    assert pair.title in said(text)
    assert pair.about in said(text)
    assert ("how the recommendation was made" in said(text)) == pair.intrinsic
    metrics = {one: stored(f"{one}.metrics") for one in (pair.recommender, "popularity", "random")}
    column = next(name for name in metrics["random"] if re.fullmatch(r"ndcg@\d+", name))
    shown = cells(text, column.replace("ndcg", "nDCG"))
    for of, cell in zip(metrics.values(), shown, strict=True):
        assert cell.startswith(number(of[column]))
        assert number(of[f"{column}/low"]) in cell
        assert number(of[f"{column}/high"]) in cell
    own = stored(f"{name}.metrics")
    assert cells(text, "explained")[0].startswith(number(own["coverage"], "percentage"))
    pos = next((key for key in own if re.fullmatch(r"pos@\d+,\d+", key)), None)
    if pos is not None and own[pos] is not None:
        values = (own[f"{pos}{control}"] for control in ("", "/random", "/popular"))
        shown = cells(text, pos.replace("pos", "POS"))
        assert all(c.startswith(number(v)) for c, v in zip(shown, values, strict=True))


def test_every_recommender_and_explainer_of_an_approach_has_a_text() -> None:
    assert set(LISTS) >= {APPROACHES[name].recommender for name in NAMES}
    assert set(REASONS) == set(EXPLAINERS)


def test_what_nobody_measured_is_not_told(service: Service) -> None:
    name = service.names[0]
    catalog = HeldCatalog(
        {
            key: service.run.catalog[key]
            for key in service.run.catalog.keys()  # noqa: SIM118  a catalog is no dict
            if not key.endswith((".metrics", "control_tests"))
        }
    )
    bare = replace(service.run, catalog=catalog)
    changed = object.__new__(Service)
    changed.__dict__ = dict(service.__dict__)
    changed.found = replace(service.found, latest=bare, of=dict.fromkeys(service.names, bare))
    told = about(changed, name)
    assert told.figures == ()
    assert told.words == ()
    assert told.how
    assert told.silence
    assert {row[1:] for row in quality(changed)} == {(NOTHING, NOTHING)}


def test_all_approaches_are_listed_the_best_lists_first(
    client: TestClient, service: Service, stored: Callable[[str], Any]
) -> None:
    text = page(client, "/approaches")
    links = re.findall(r'href="/approaches/(\w+)"', text)
    assert links == service.names
    first = APPROACHES[links[0]].recommender
    (ndcg,) = (v for k, v in stored(f"{first}.metrics").items() if re.fullmatch(r"ndcg@\d+", k))
    assert number(ndcg) in said(text)


def test_links_keep_what_somebody_chose(client: TestClient, service: Service) -> None:
    query = "r=1%3A5&n=7"
    text = html.unescape(page(client, f"/approaches/{service.names[1]}?{query}"))
    assert f'href="/?r=1%3A5&a={service.names[1]}&n=7"' in text
    assert f'href="/approaches?{query}"' in text
    listed = html.unescape(page(client, f"/approaches?{query}"))
    assert f'href="/approaches/{service.names[0]}?{query}"' in listed


def test_an_unknown_approach_is_answered_with_those_that_there_are(client: TestClient) -> None:
    reply = client.get("/approaches/intrinsic_eas")
    assert reply.status_code == 404
    assert "intrinsic_ease" in said(reply.text)
    assert client.get("/approaches/%3Cb%3E").status_code == 404


def test_the_report_comes_with_the_policy_that_it_asks_for(
    client: TestClient, full_run: Path
) -> None:
    reply = client.get("/report")
    assert reply.status_code == 200
    assert reply.content == (full_run / FILE).read_bytes()
    policy = reply.headers["content-security-policy"]
    (asked,) = re.findall(r'Security-Policy" content="([^"]*)"', reply.text[:2_000])
    assert policy.startswith(asked)
    assert "frame-ancestors 'none'" in policy
    assert 'href="/report#glossary"' in page(client, "/approaches/intrinsic_ease")


def test_without_a_report_it_says_so(service: Service, tmp_path: Path) -> None:
    changed = object.__new__(Service)
    changed.__dict__ = dict(service.__dict__)
    changed.found = replace(service.found, root=tmp_path)

    class Holder:
        service = changed

    client = TestClient(create_app(Holder()), base_url="http://localhost")  # type: ignore[arg-type]
    reply = client.get("/report")
    assert reply.status_code == 404
    assert "no report" in said(reply.text)
    assert "/report" not in page(client, "/approaches")


@pytest.mark.parametrize(
    ("of", "read", "is_served"),
    [
        (RUN, None, True),
        (OTHER, {"als.metrics": RUN}, True),
        (OTHER, {"als.metrics": "2026-01-04T12.00.00.000Z"}, False),
        (OTHER, None, False),
    ],
)
def test_a_report_is_of_the_run_or_of_what_it_made(
    tmp_path: Path, of: str, read: dict[str, str] | None, is_served: bool
) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(PAGE.format(run=of), "utf-8")
    if read is not None:
        manifest = tmp_path / MANIFESTS / of / MANIFESTS.name
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"read": read}), "utf-8")
    found = report_of(tmp_path, RUN)
    assert (found is not None) == is_served
    if found is not None:
        assert found.policy.startswith("default-src 'none';")


@pytest.mark.parametrize("text", ["", "<title>run</title>", "\x00" * 10])
def test_what_is_no_report_is_not_served(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text, "utf-8")
    assert report_of(tmp_path, RUN) is None
