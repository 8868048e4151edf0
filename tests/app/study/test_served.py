"""Which run a study is served from, and what is said when something of it is missing."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.io import DataCatalog

from explainable_recsys.app.details import Details
from explainable_recsys.app.runs import find_runs
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import Shelf
from explainable_recsys.app.study import reasons
from explainable_recsys.app.study.served import Preparing, Served, open_study
from explainable_recsys.app.study.tasks import made
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import is_pinned, manifest_of
from explainable_recsys.interface.study_plan import UNWRITTEN
from explainable_recsys.study.plan import Plan
from tests.app.study.walking import PLAN, a_plan
from tests.conftest import open_catalog

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes the folder of a study."""

    def folder(name: str = "study", **other: Any) -> Path:
        made = tmp_path / name
        made.mkdir()
        (made / "study.yml").write_text(yaml.safe_dump(PLAN | other), encoding="utf-8")
        (made / "information.txt").write_text("Read this.", encoding="utf-8")
        return made

    return folder


@pytest.fixture(scope="module")
def at_hand(catalog: DataCatalog) -> Service:
    return Service(find_runs(catalog, ("intrinsic_als", "posthoc_ar")))


@pytest.fixture(scope="module")
def results(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of which files may be lost; they are links."""
    copy = tmp_path_factory.mktemp("results") / "data"
    shutil.copytree(full_run, copy, copy_function=lambda a, b: Path(b).hardlink_to(a))
    return copy


@pytest.fixture(scope="module")
def copied(results: Path) -> DataCatalog:
    """Their catalog."""
    with open_catalog(results) as opened:
        return opened


def opened(folder: Path, catalog: DataCatalog, url: str) -> tuple[Served, Service]:
    """A study, opened beside the app of the latest run, and that."""
    latest = Service(find_runs(catalog, ("intrinsic_als",)))
    study = open_study(folder, catalog, latest, url)
    study.store.close()
    return study, latest


@contextmanager
def lost(file: Path) -> Iterator[None]:
    """Without a file for a while."""
    file.rename(file.with_name("lost"))
    yield
    file.with_name("lost").rename(file)


def test_a_study_keeps_its_run(copied: DataCatalog, write: Write, tmp_path: Path) -> None:
    folder, url = write(), str(tmp_path / "answers.db")
    study, _ = opened(folder, copied, url)
    first = study.service.run.id
    assert set(study.service.names) == {"intrinsic_als", "posthoc_ar"}
    assert is_pinned(copied, first)
    own = manifest_of(copied, first).parent
    later = own.with_name(first.replace("20", "21", 1))
    shutil.copytree(own, later)
    try:
        again, latest = opened(folder, copied, url)
        assert (again.service.run.id, latest.run.id) == (first, later.name)
    finally:
        shutil.rmtree(later)


def test_what_is_missing_of_a_run_is_named(
    results: Path, copied: DataCatalog, write: Write, tmp_path: Path
) -> None:
    folder, url = write(), str(tmp_path / "answers.db")
    run = opened(folder, copied, url)[0].service.run.id
    (rules,) = (results / "05_model_input" / "rules").glob(f"rules*/{run}")
    with lost(rules), pytest.raises(InputError, match=r"rules\.rules"):
        opened(folder, copied, url)
    at_hand = Service(find_runs(copied, ("intrinsic_als",)))
    with lost(manifest_of(copied, run)), pytest.raises(InputError, match=run):
        open_study(folder, copied, at_hand, url)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"kinds": [{"name": "a", "approach": "nobodys"}], "blocks": {}}, "nobodys"),
        ({"recommender": "nobody"}, "nobody"),
        ({"closes": "2025-01-01"}, "closes"),
    ],
)
def test_a_plan_that_cannot_be_served_is_refused(
    catalog: DataCatalog, at_hand: Service, write: Write, tmp_path: Path, other: Any, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        open_study(write(**other), catalog, at_hand, str(tmp_path / "a.db"))


def test_without_what_people_read_first_nothing_begins(
    catalog: DataCatalog, at_hand: Service, write: Write, tmp_path: Path
) -> None:
    folder = write()
    (folder / "information.txt").unlink()
    with pytest.raises(InputError, match=r"information\.txt"):
        open_study(folder, catalog, at_hand, str(tmp_path / "a.db"))
    with pytest.raises(InputError, match=r"study\.yml"):
        open_study(tmp_path / "nowhere", catalog, at_hand, str(tmp_path / "a.db"))


def test_an_open_study_names_who_is_responsible(
    catalog: DataCatalog, at_hand: Service, write: Write, tmp_path: Path
) -> None:
    folder = write(opens="2001-01-01", closes="2999-12-31")
    (folder / "information.txt").write_text(UNWRITTEN[0], encoding="utf-8")
    with pytest.raises(InputError, match=r"information\.txt, line 1: nobody is named yet"):
        open_study(folder, catalog, at_hand, str(tmp_path / "a.db"))


def test_pages_are_tried_before_the_day_with_answers_of_their_own(
    copied: DataCatalog, results: Path, write: Write
) -> None:
    folder = write(opens="2990-01-01", closes="2990-02-01")
    (folder / "information.txt").write_text(UNWRITTEN[0], encoding="utf-8")
    latest = Service(find_runs(copied, ("intrinsic_als",)))
    for _ in range(2):
        study = open_study(folder, copied, latest, is_trial=True)
        with closing(study.store):
            assert study.is_open
            assert study.plan.simulated
            assert (study.plan.slug, study.plan.title.said("en")) == ("films-trial", "Trial: Films")
            assert not study.store.participants("films-trial"), "those of the last trial are gone"
            study.store.enter("films-trial", "")
    assert not (results / "09_study" / "films.db").exists()


@pytest.mark.parametrize("number", range(3))
def test_the_same_ratings_are_shown_the_same(at_hand: Service, number: int) -> None:
    plan: Plan = a_plan()
    items = [row["item_id"] for row in at_hand.items.rows[:40:5]]
    one = at_hand.history({item: 1.0 + place % 5 for place, item in enumerate(items)})
    first, second = (made(at_hand, plan, one, number, "de") for _ in range(2))
    assert first == second
    assert first.listed
    for shown in first.trials:
        true = shown.reason["faithfulness"]
        assert true is None or 0 <= true <= 1
        assert true is None or shown.reason["cited"]


def test_films_for_adults_are_recommended_to_nobody(
    at_hand: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = at_hand.items.rows
    one = at_hand.history({row["item_id"]: 4.0 for row in rows[:40:5]})
    before = [listed.item_id for listed in made(at_hand, a_plan(), one, 0, "en").listed]
    about: dict[str, Any] = {"fetched": date(2026, 1, 1), "is_known": True}
    known = {
        item: Details(item_id=item, adults_only=str(item) in before[:2], **about)
        for item in map(at_hand.items.known, before[:3])
    }
    monkeypatch.setattr(Details, "read", lambda _: known)
    informed = Shelf.of(at_hand)
    monkeypatch.setattr(reasons, "shelf_of", lambda _: informed)
    shown = made(at_hand, a_plan(), one, 0, "en")
    after = [listed.item_id for listed in shown.listed]
    assert after[: len(before) - 2] == before[2:]
    assert len(after) == len(before) == 30
    assert not {*before[:2]} & {row.item_id for row in (*shown.trials, *shown.tasks)}


def test_nobody_without_ratings_is_shown_anything(at_hand: Service) -> None:
    nothing = made(at_hand, a_plan(), at_hand.stored().nobody(), 0, "en")
    assert (nothing.listed, nothing.trials, nothing.tasks) == ((), (), ())


def test_what_is_under_way_is_not_begun_again() -> None:
    preparing, begun, may_end = Preparing(), list[str](), threading.Event()

    def work() -> None:
        begun.append("once")
        may_end.wait(5)

    first, second = preparing.start("ann", work), preparing.start("ann", work)
    assert first is second
    may_end.set()
    first.result(5)

    def fail() -> None:
        raise InputError("not today")

    with pytest.raises(InputError):
        preparing.start("ann", fail).result(5)
    preparing.start("ann", work).result(5)
    assert begun == ["once", "once"], "after an error it can be tried again"
