"""Which run is served: found by manifests, held in memory, marked while it is served."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset, Version

from explainable_recsys.app.held import Held
from explainable_recsys.app.items import NotHereError, Wanted
from explainable_recsys.app.questions import elsewhere, smallest_change, without_reasons
from explainable_recsys.app.runs import find_runs
from explainable_recsys.app.serve import bound
from explainable_recsys.app.service import BusyError, Service, open_service
from explainable_recsys.datasets.files import JSONDataset
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import is_pinned
from tests.conftest import open_catalog

MONDAY, TUESDAY, WEDNESDAY = (f"2026-01-0{day}T12.00.00.000Z" for day in (5, 6, 7))
ALS, EASE = "intrinsic_als", "intrinsic_ease"
NAMES = ["run_manifest", "data_version", f"{ALS}.sentences", f"{EASE}.sentences", "als.model"]


class Runs:
    """A folder of runs that wrote a word into each of their datasets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def catalog(self) -> DataCatalog:
        def dataset(name: str) -> Any:
            path = self.folder / f"{name}.json"
            return JSONDataset(filepath=str(path), version=Version(None, None))

        given: dict[str, Any] = {name: dataset(name) for name in NAMES}
        return DataCatalog({**given, "params:als": MemoryDataset({"factors": 9})})

    def add(self, run: str, written: list[str], data: str = "1", **facts: Any) -> None:
        files: dict[str, dict[str, Any]] = {name: {"of": run} for name in written}
        files["data_version"] = {"name": "made", "version": data}
        manifest = {"status": "succeeded", "read": {}, "parameters": {"als": {"factors": 8}}}
        files["run_manifest"] = {**manifest, "written": dict.fromkeys(files, run), **facts}
        for name, content in files.items():
            file = self.folder / f"{name}.json" / run / f"{name}.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(content))


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_an_approach_is_served_from_the_latest_run_that_explained_by_it(runs: Runs) -> None:
    runs.add(MONDAY, [f"{ALS}.sentences", f"{EASE}.sentences", "als.model"])
    runs.add(TUESDAY, [f"{ALS}.sentences", "als.model"])
    runs.add(WEDNESDAY, ["als.model"])  # trained again, and explained by nobody
    found = find_runs(runs.catalog)
    assert {name: run.id for name, run in found.of.items()} == {ALS: TUESDAY, EASE: MONDAY}
    assert (found.latest.id, [run.id for run in found.runs]) == (TUESDAY, [TUESDAY, MONDAY])
    assert found.of[ALS].catalog.load("als.model") == {"of": TUESDAY}, "not Wednesday's"
    assert found.of[EASE].catalog.load("als.model") == {"of": MONDAY}
    assert list(find_runs(runs.catalog, (EASE,)).of) == [EASE]


def test_parameters_are_those_of_the_run(runs: Runs) -> None:
    runs.add(MONDAY, [f"{ALS}.sentences"])
    catalog = find_runs(runs.catalog).latest.catalog
    assert catalog.load("params:als") == {"factors": 8}
    assert catalog.load("params:als.factors") == 8


def test_runs_that_failed_and_those_of_other_data_are_not_served(runs: Runs) -> None:
    runs.add(MONDAY, [f"{EASE}.sentences"], data="other")
    runs.add(TUESDAY, [f"{ALS}.sentences"])
    runs.add(WEDNESDAY, [f"{ALS}.sentences"], status="failed: disk full")
    found = find_runs(runs.catalog)
    assert {name: run.id for name, run in found.of.items()} == {ALS: TUESDAY}
    assert "other" in found.refused[EASE]
    with pytest.raises(InputError, match="other"):
        find_runs(runs.catalog, (EASE,))


def test_single_nodes_that_ran_without_the_version_of_their_data_are_not_served(runs: Runs) -> None:
    runs.add(MONDAY, [f"{ALS}.sentences"])
    runs.add(TUESDAY, [f"{ALS}.sentences"])
    file = runs.folder / "run_manifest.json" / TUESDAY / "run_manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["written"]["data_version"]
    file.write_text(json.dumps(manifest))
    assert find_runs(runs.catalog).latest.id == MONDAY


def test_without_a_run_the_way_to_one_is_named(runs: Runs) -> None:
    with pytest.raises(InputError, match="make run"):
        find_runs(runs.catalog)
    runs.add(MONDAY, [f"{ALS}.sentences"])
    with pytest.raises(InputError, match=f"did you mean '{ALS}'"):
        find_runs(runs.catalog, ("intrinsic_asl",))
    with pytest.raises(InputError, match=f"no run has explained lists by {EASE}.*{ALS}"):
        find_runs(runs.catalog, (EASE,))


def test_what_is_held_stays_when_its_file_goes_and_nothing_is_saved(runs: Runs) -> None:
    runs.add(MONDAY, [f"{ALS}.sentences", "als.model"])
    catalog = find_runs(runs.catalog).latest.catalog
    held = catalog.load("als.model")
    for name in ("als.model", f"{ALS}.sentences"):
        (runs.folder / f"{name}.json" / MONDAY / f"{name}.json").unlink()
    assert catalog.load("als.model") is held
    with pytest.raises(InputError, match="gone"):
        catalog.load(f"{ALS}.sentences")
    with pytest.raises(InputError, match="not changed"):
        catalog.save("als.model", {})


@pytest.fixture(scope="module")
def service(full_run: Path) -> Service:
    with open_catalog(full_run) as catalog:
        served = Service(find_runs(catalog), most_waiting=2)
    served.load_all()
    return served


def test_all_approaches_of_a_run_are_served_the_best_first(
    service: Service, stored: Callable[[str], Any]
) -> None:
    assert service.ready == service.names
    assert not service.failed
    values = [stored(f"{service.stored(name).whose}.metrics") for name in service.names]
    accuracy = [next(v for k, v in found.items() if k.startswith("ndcg@")) for found in values]
    assert accuracy == sorted(accuracy, reverse=True)
    with pytest.raises(NotHereError, match="accepted: "):
        service.stored("nobody")


def test_lists_heed_what_is_wanted(service: Service) -> None:
    items = service.items
    genre = items.genres.sum().idxmax()
    user = service.data.histories.user_ids[0]
    one = service.history({}, user)
    rated, n_listing = set(one.item_ids[one.ratings.indices].tolist()), 0
    for name in service.names:
        stored = service.asked(name, Wanted(n=4, genres=(genre,)))
        usual = stored.listed(one).table["item_id"].tolist()
        if not usual:  # nothing of the genre is left that anything leads to
            continue
        n_listing += 1
        assert len(usual) <= 4
        assert items.genres[genre][items.facts["item_id"].isin(usual)].all()
        less = service.asked(name, Wanted(n=4, without_genres=(genre,), exclude=(usual[0],)))
        other = less.listed(one).table["item_id"].tolist()
        assert not items.genres[genre][items.facts["item_id"].isin(other)].any()
        only = service.asked(name, Wanted(candidates=(str(usual[0]), usual[-1])))
        assert set(only.listed(one).table["item_id"]) == {usual[0], usual[-1]}
        assert not rated & {*usual, *other}
    assert n_listing >= len(service.names) / 2
    with pytest.raises(InputError, match=f"no genre 'Nothing'.*{genre}"):
        service.asked(None, Wanted(genres=("Nothing",)))
    with pytest.raises(InputError, match="accepted: 1 to"):
        service.asked(None, Wanted(n=0))
    with pytest.raises(NotHereError, match="no item '<b>'"):
        service.asked(None, Wanted(exclude=("<b>",)))


def test_histories_are_those_of_users_with_changes_or_of_somebody_new(service: Service) -> None:
    user = service.data.histories.user_ids[0]
    known = service.history({}, str(user))
    first, second = known.item_ids[known.ratings.indices[:2]]
    changed = service.history({str(first): None, second: 5.0}, user)
    assert changed.ratings.nnz == known.ratings.nnz - 1
    assert changed.ratings[[0], [int(changed.item_columns([second])[0])]][0] == 5.0
    new = service.history({first: 4.0})
    assert (new.ratings.nnz, service.history({}).ratings.nnz) == (1, 0)
    with pytest.raises(NotHereError, match="near: "):
        service.history({}, 10**9)
    with pytest.raises(InputError, match="off the scale"):
        service.history({first: 50.0})
    with pytest.raises(InputError, match="not rated"):
        service.history({first: None})


def test_what_hangs_on_a_reason_is_found_by_asking_without_it(service: Service) -> None:
    one = service.history({}, service.data.histories.user_ids[0])
    told = 0
    for name in service.names:
        stored = service.stored(name)
        for item in stored.listed(one).table["item_id"].tolist()[:2]:
            fall = without_reasons(stored, one, item)
            if fall is None:
                continue
            told += 1
            fewer = service.history(dict.fromkeys(fall.removed), one.user_ids[0])
            barred = stored.offering(None, None, _array(service, fall.removed))
            try:
                rank = int(barred.place(fewer, item).table["rank"].iloc[0])
            except InputError:
                rank = 0
            assert rank == fall.new_rank, (name, item)
    assert told > len(service.names) / 2


def test_the_smallest_change_takes_an_item_off_the_list(service: Service) -> None:
    one = service.history({}, service.data.histories.user_ids[0])
    found = 0
    for name in service.names[:4]:
        stored = service.stored(name).offering(5)
        item = stored.listed(one).table["item_id"].iloc[-1]
        fall = smallest_change(stored, one, item)
        if fall is None:
            continue
        found += 1
        fewer = service.history(dict.fromkeys(fall.removed), one.user_ids[0])
        left = stored.offering(5, None, _array(service, fall.removed)).listed(fewer)
        assert item not in left.table["item_id"].tolist()
    assert found


def test_other_approaches_say_which_place_an_item_has_in_their_own_order(service: Service) -> None:
    one = service.history({}, service.data.histories.user_ids[0])
    item = service.stored().listed(one).table["item_id"].iloc[0]
    for said in elsewhere(service, one, item, service.names):
        stored = service.stored(said.approach)
        listed = stored.listed(one).table
        place = listed["rank"][listed["item_id"] == item]
        assert [said.rank] == place.tolist() or said.rank == 0 or said.rank > len(listed)
        assert bool(said.sentence) != bool(said.silence)


def test_too_many_do_not_wait(service: Service) -> None:
    service._n_waiting = 2
    with pytest.raises(BusyError), service.turn():
        pass
    service._n_waiting = 0
    with service.turn():
        pass
    assert service._n_waiting == 0


def test_a_run_is_marked_as_long_as_it_is_served(full_run: Path, tmp_path: Path) -> None:
    marks = shutil.ignore_patterns(".pinned*")  # of other tests that serve it meanwhile
    with open_catalog(shutil.copytree(full_run, tmp_path / "run", ignore=marks)) as catalog:
        held = Held(lambda: open_service(catalog))
        run = held.service.run.id
        assert is_pinned(catalog, run)
        before = held.service
        assert held.reload() is held.service is not before
        assert is_pinned(catalog, run)
        held.close()
        assert not is_pinned(catalog, run)


def test_a_port_that_is_taken_is_named() -> None:
    with bound("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port}.*another port"):
            bound("127.0.0.1", port)
    with pytest.raises(InputError, match=r"--host 203\.0\.113\.9"):
        bound("203.0.113.9", 0)
    with pytest.raises(InputError, match="--host"):
        bound("no such name", 0)
    assert isinstance(first, socket.socket)


def _array(service: Service, ids: tuple[Any, ...]) -> Any:
    return service.items.asked_for(Wanted(exclude=ids))[1]
