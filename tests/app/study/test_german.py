"""A study in German is German on every page, in all that it says and keeps."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog
from starlette.testclient import TestClient

from explainable_recsys.app.access import Access, Rate
from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import Operations
from explainable_recsys.app.runs import find_runs
from explainable_recsys.app.service import Service
from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.store import Store, open_store, plain
from explainable_recsys.app.study.tasks import made
from explainable_recsys.app.web import create_app
from explainable_recsys.study.plan import Text
from explainable_recsys.wording.phrases import load_language
from tests.app.study.walking import PLAN, Walker, a_plan

APPROACHES = ("intrinsic_als", "posthoc_ar")
ENGLISH = re.compile(r"\b(the|you|your|and|of|this|with|recommended|liked)\b", re.IGNORECASE)
OPEN = datetime.date(2026, 6, 1)
German = Callable[..., Walker]


@pytest.fixture
def missed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Phrases that were asked for in German, of which there is no translation."""
    missed: list[Any] = []
    catalog = load_language("de").catalog
    known: dict[Any, str] = vars(catalog)["_catalog"]
    one, many = catalog.gettext, catalog.ngettext

    def gettext(text: str) -> str:
        if not known.get(text):
            missed.append(text)
        return one(text)

    def ngettext(text: str, texts: str, n: int) -> str:
        if not known.get((text, 0)):
            missed.append(text)
        return many(text, texts, n)

    monkeypatch.setattr(catalog, "gettext", gettext)
    monkeypatch.setattr(catalog, "ngettext", ngettext)
    return missed


@pytest.fixture(scope="module")
def service(catalog: DataCatalog) -> Service:
    found = Service(find_runs(catalog, APPROACHES))
    found.load_all()
    return found


@pytest.fixture
def german(service: Service, tmp_path: Path) -> Iterator[German]:
    """Makes people who read a study in German, or in another language."""
    stores: list[Store] = []

    def walker(language: str = "de", today: datetime.date = OPEN, **other: Any) -> Walker:
        texts = {"title": {language: "Filme"}, "languages": [language], "least_age": 18}
        said = {"name": "the_same", "says": {language: "Anderen gefiel er."}}
        kinds = [{"name": "nothing"}, said, *PLAN["kinds"][2:]]
        german = {
            "questions": [{"name": "trust", "text": "Vertrauen?", "role": "measure"}],
            "checks": [],
            "scales": [
                {"name": "klar", "items": [{"name": n, "text": "Klar?"} for n in ("ja", "so")]}
            ],
            "closing": [{"name": "warum", "text": "Warum?", "answer": "text"}],
            "consent": {"version": "2", "text": "Einverstanden."},
            "raffle": "Drei Gutscheine.",
        }
        plan = a_plan(**{**texts, "kinds": kinds, **german, **other})
        store = open_store(str(tmp_path / f"{len(stores)}.db"))
        stores.append(store)
        served = Served(plan, Text({language: "Bitte lesen."}), service, store, lambda: today)
        store.register(plan, service.run.id, "data", "code")
        pages = create_app(Held(lambda: (service, [])), {"films": served})
        access = Access("secret", open_paths=(*Access.open_paths, "/study/"))
        app = Operations(pages, access, rate=Rate())
        return Walker(lambda: TestClient(app, base_url="http://films.example"), served)

    yield walker
    for store in stores:
        store.close()


def english(one: Walker) -> list[str]:
    """Words of English on a page, but in what the data call films and genres."""
    main = re.sub(
        r"<(em|bdi|h1|li|label|legend|ul|title)\b.*?</\1>", " ", one.reply.text, flags=re.S
    )
    return ENGLISH.findall(re.sub(r"<[^>]*>", " ", main))


@pytest.mark.parametrize("form", ["sentence", "drawn"])
def test_a_german_study_is_german(german: German, missed: list[Any], form: str) -> None:
    one, seen = german(forms=[form]), set()
    for place in ("consent", "resume", "withdraw", "ratings", "nowhere"):
        one.get(place)
        assert '<html lang="de">' in one.reply.text, place
        assert not english(one), place
    one.send("consent")  # without agreeing
    assert "nur teilnehmen, wenn Sie zustimmen" in one.said
    one.send("resume", token="none")
    one.send("withdraw", code="none")
    one.begin()
    one.send("ratings", go="done")
    assert "Bitte bewerten Sie" in one.said
    one.get("ratings?q=a")
    one.get("ratings?q=zzzzzzzzzz")
    one.get("ratings")
    one.rate()
    for _ in range(40):
        seen.add(one.name.partition("-")[0])
        assert '<html lang="de">' in one.reply.text, one.name
        assert not english(one), one.name
        if one.name == "thanks":
            break
        if one.name.startswith("correction"):
            one.answer({"go": "try"})
        if one.name == "raffle":
            one.answer({"address": "none"})
            assert "Bitte prüfen Sie die Adresse" in one.said
            one.get("raffle")
        one.answer({"go": "done"} if one.name.startswith("correction") else None)
    assert {"recommendation", "side", "forecast", "correction", "raffle", "thanks"} <= seen
    assert not missed


def test_who_may_not_take_part_reads_it_in_german(german: German, missed: list[Any]) -> None:
    one = german()
    one.get("consent")
    one.answer()
    one.answer({"q.age": "none"})
    assert "Zahl von" in one.said
    one.answer({"q.age": "12"})
    assert "ab 18 Jahren" in one.said
    assert "Diese Studie beginnt am 1. Januar 2026" in german(today=datetime.date(2025, 1, 1)).said
    assert "Diese Studie ist beendet" in german(today=datetime.date(2027, 1, 1)).said
    assert not missed


def test_reasons_are_kept_and_made_again_in_the_language_of_each(german: German) -> None:
    said = {}
    for language in ("de", "en"):
        one = german(language)
        one.begin()
        one.rate()
        ratings = {
            rated.item_id: rated.rating for rated in one.study.store.ratings(one.session.one)
        }
        service = one.study.service
        again = made(service, one.study.plan, service.history(ratings), 0, language)
        kept = [trial.sentence for trial in one.session.trials]
        assert kept == [trial.sentence for trial in again.trials]
        assert plain([task.options for task in one.session.tasks])
        said[language] = [text for text in kept if text and "Anderen" not in text]
    assert said["de"]
    assert all(text.startswith(("Recommended", "People")) for text in said["en"])
    assert all(text.startswith(("Empfohlen", "Menschen")) for text in said["de"])


def test_a_language_without_a_catalog_is_marked(german: German) -> None:
    one = german("fi")
    assert '<html lang="en">' in one.reply.text
    assert '<span lang="fi">Filme</span>' in one.reply.text
    assert '<p lang="fi">Bitte lesen.</p>' in one.reply.text
    assert ">Go on</button>" in one.reply.text
