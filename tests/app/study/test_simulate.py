"""Made-up people take part, through the functions and the pages; and what is done afterwards."""

from __future__ import annotations

import datetime
import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog

from explainable_recsys.app.picks import picking_order
from explainable_recsys.app.runs import HeldCatalog
from explainable_recsys.app.study import commands, simulate
from explainable_recsys.app.study.served import Served, latest_run, made_up, service_of
from explainable_recsys.app.study.simulate import Trial, through_pages
from explainable_recsys.app.study.store import open_store
from explainable_recsys.errors import InputError
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.study.simulation import Person, Simulation, people_of
from tests.app.study.conftest import a_plan
from tests.conftest import PROJECT

N_PEOPLE = 4

PLAN = a_plan(
    title={"en": "Films", "de": "Filme"},
    languages=["en", "de"],
    kinds=[
        {"name": "none"},
        {"name": "contributed", "approach": "intrinsic_als"},
        {"name": "by_rules", "approach": "posthoc_ar"},
    ],
    items_per_kind=2,
    pool={"length": 30},
    ratings={"least": 5, "most": 12},
    questions=[
        {"name": "interest", "text": "I want to see it.", "role": "measure"},
        {"name": "trust", "text": "I trust it.", "role": "measure", "required": True},
    ],
    checks=[{"name": "reads", "text": "Choose 2.", "expected": "2"}],
    blocks={"side_by_side": 1, "forecast": 1, "forecast_options": 3, "correction": 1},
    scales=[
        {
            "name": "clear",
            "items": [{"name": "clear_a", "text": "Clear."}, {"name": "clear_b", "text": "Dark."}],
        }
    ],
    closing=[{"name": "why", "text": "Why?", "answer": "text"}],
    raffle="Three vouchers.",
)
"""A plan with all that there is."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study."""
    made = tmp_path_factory.mktemp("study")
    (made / "study.yml").write_text(PLAN.model_dump_json(), encoding="utf-8")
    (made / "information.txt").write_text("Read this.", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def here(catalog: DataCatalog) -> Iterator[None]:
    """The commands find the run of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (commands, simulate):
            patch.setattr(module, "quick_catalog", lambda *_: catalog)
        yield


@pytest.fixture(scope="module")
def simulated(folder: Path, here: None) -> str:
    """A store in which people have been, who came through the functions."""
    url = str(folder / "a.db")
    about = {"effects": {"by_rules": 1.0}, "seed": 1, "store": url, "output": folder / "a"}
    assert simulate.simulate(PROJECT, "test", folder, Trial(people=N_PEOPLE, **about))
    return url


def test_people_answer_all_that_is_asked(simulated: str, folder: Path) -> None:
    tables = {file.stem: pd.read_parquet(file) for file in (folder / "a").glob("*.parquet")}
    people, answers = tables["participants"], tables["answers"]
    assert people["finished"].sum() >= N_PEOPLE - 1
    assert (people["n_ratings"][people["finished"]] >= 5).all()
    assert set(tables["tasks"]["task"]) == {"side_by_side", "forecast", "correction"}
    assert {"interest", "trust", "reads", "clear_a"} <= set(answers["question"])
    seconds = answers.drop_duplicates(["participant", "step"]).groupby("participant")["seconds"]
    spent = people.set_index("participant")["minutes"] * 60
    assert (spent >= seconds.sum() - 1).all(), "by the clock of the simulation"
    plan = json.loads((folder / "a" / "plan.json").read_text("utf-8"))
    assert plan["simulated"] is True
    assert all(title.startswith("Simulated") for title in plan["title"].values())


def test_the_same_seed_makes_the_same_answers(simulated: str, folder: Path) -> None:
    about = {"effects": {"by_rules": 1.0}, "seed": 1, "store": str(folder / "b.db")}
    simulate.simulate(
        PROJECT, "test", folder / "study.yml", Trial(people=N_PEOPLE, output=folder / "b", **about)
    )
    for file in (folder / "a").glob("*.parquet"):
        other = pd.read_parquet(folder / "b" / file.name)
        pd.testing.assert_frame_equal(pd.read_parquet(file), other)


def test_people_are_invited_where_a_study_asks_for_codes(here: None, tmp_path: Path) -> None:
    plan = a_plan(codes=True, kinds=[{"name": "none"}], items_per_kind=1, ratings={"least": 5})
    (tmp_path / "study.yml").write_text(plan.model_dump_json(), encoding="utf-8")
    (tmp_path / "information.txt").write_text("Read this.", encoding="utf-8")
    url = str(tmp_path / "a.db")
    simulate.simulate(PROJECT, "test", tmp_path, Trial(people=1, store=url))
    with closing(open_store(url)) as store:
        assert len(store.participants("films-simulated")) == 1


def test_histories_asked_again_are_answered_the_same(
    simulated: str, here: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert commands.replay(PROJECT, "test", simulated, "")
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(simulated)) as one, closing(sqlite3.connect(copy)) as two:
        one.backup(two)
        two.execute("UPDATE trial SET sentence = 'Changed.' WHERE position = 1")
        two.execute("UPDATE study SET code_version = '0.0.1'")
        two.commit()
    capsys.readouterr()
    assert not commands.replay(PROJECT, "test", "films-simulated", str(copy))
    said = capsys.readouterr().out
    assert "0.0.1" in said
    assert "'Changed.'" in said
    with closing(open_store(str(copy))) as store:
        shown = [one for one in store.participants("films-simulated") if store.trials(one)]
    assert f"Differences: {len(shown)}" in said


def test_nobody_is_asked_again_where_nobody_has_rated(
    simulated: str, here: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with closing(open_store(simulated)) as one, closing(open_store(str(copy))) as two:
        study = one.study("films-simulated")
        assert study
        two.register(study.plan, study.run_id, study.data_version, study.code_version)
    assert commands.replay(PROJECT, "test", str(copy), "")
    assert capsys.readouterr().out == "Nobody has rated films yet: there is nothing to compare.\n"


def test_a_run_whose_files_are_gone_is_named(simulated: str, here: None, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(simulated)) as one, closing(sqlite3.connect(copy)) as two:
        one.backup(two)
        two.execute("UPDATE study SET run_id = '2020-01-01T00.00.00.000Z'")
        two.commit()
    for command in (
        lambda: commands.replay(PROJECT, "test", str(copy), ""),
        lambda: commands.export(PROJECT, "test", str(copy), "", tmp_path / "out", False),
    ):
        with pytest.raises(InputError, match="2020-01-01T00"):
            command()
    assert not (tmp_path / "out").exists()


def test_a_file_of_the_run_that_is_gone_is_named(
    simulated: str, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_store(simulated)) as store:
        study = store.study("films-simulated")
    assert study
    there = HeldCatalog.exists
    monkeypatch.setattr(
        HeldCatalog, "exists", lambda self, name: name != "als.model" and there(self, name)
    )
    with pytest.raises(InputError, match=rf"run {study.run_id}.*als\.model"):
        commands.replay(PROJECT, "test", simulated, "")


def test_who_withdraws_is_in_no_export(simulated: str, here: None, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(simulated)) as one, closing(sqlite3.connect(copy)) as two:
        one.backup(two)
    with closing(open_store(str(copy))) as store:
        first = next(one for one in store.participants("films-simulated") if one.finished_at)
        code = store.finish(first)
    commands.withdraw(PROJECT, "test", code.lower(), str(copy))
    commands.withdraw(PROJECT, "test", code, str(copy))
    with pytest.raises(InputError, match="nobody"):
        commands.withdraw(PROJECT, "test", "AAAA", str(copy))
    commands.export(PROJECT, "test", str(copy), "", tmp_path / "out", True)
    people = pd.read_parquet(tmp_path / "out" / "participants.parquet")["participant"]
    assert len(people) == N_PEOPLE - 1
    assert first.number + 1 not in set(people)


def test_a_study_is_deleted_when_that_is_meant(
    simulated: str, here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(simulated)) as one, closing(sqlite3.connect(copy)) as two:
        one.backup(two)
        plan = json.loads(two.execute("SELECT plan FROM study").fetchone()[0])
        plan |= {"opens": "2020-01-01", "closes": "2020-02-01"}
        two.execute("UPDATE study SET plan = ?", (json.dumps(plan),))
        two.commit()
    commands.expire(PROJECT, "test", str(copy), is_meant=False)
    assert "--yes" in capsys.readouterr().out
    with closing(open_store(str(copy))) as store:
        assert len(store.participants("films-simulated")) == N_PEOPLE
    commands.expire(PROJECT, "test", str(copy), is_meant=True)
    with closing(open_store(str(copy))) as store:
        assert store.slugs() == []
    commands.expire(PROJECT, "test", str(copy), is_meant=True)
    assert "No study" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("trial", "message"),
    [
        (Trial(effects={"rules": 1.0}), r"--effect rules.*by_rules"),
        (Trial(store="a.db"), r"is in it"),
        (Trial(kills=1), r"--through pages"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    simulated: str, here: None, folder: Path, trial: Trial, message: str
) -> None:
    trial = replace(trial, store=str(folder / (trial.store or "new.db")))
    with pytest.raises(InputError, match=message):
        simulate.simulate(PROJECT, "test", folder, trial)


@pytest.mark.parametrize("text", ["rules", "rules=", "rules=much", "rules=nan"])
def test_what_is_no_effect_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"rules=0\.5"):
        simulate.read_effects([text])


def test_addresses_and_codes_are_printed(
    simulated: str, here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(tmp_path / "films.db")
    with closing(open_store(url)) as store:
        store.register(a_plan(codes=True), "run", "data", "code")
        commands.codes(PROJECT, "test", "films", url, 3)
        code, *others = capsys.readouterr().out.split()
        assert len(others) == 2
        _, one = store.enter("films", "", code)
        assert one.number == 0
        with pytest.raises(InputError, match="no raffle"):
            commands.addresses(PROJECT, "test", "films", url)
    with pytest.raises(InputError, match="no codes"):
        commands.codes(PROJECT, "test", simulated, "", 3)
    with closing(open_store(simulated)) as store:
        store.leave_email("films-simulated", "a@example.org")
    commands.addresses(PROJECT, "test", simulated, "")
    assert capsys.readouterr().out == "a@example.org\n"
    commands.addresses(PROJECT, "test", simulated, "", "a@Example.org")
    assert capsys.readouterr().out == "Deleted.\n"
    commands.addresses(PROJECT, "test", simulated, "")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Nobody left an address.\n")
    with pytest.raises(InputError, match=r"--delete a@example\.org: no such address"):
        commands.addresses(PROJECT, "test", simulated, "", "a@example.org")


def test_studies_and_stores_that_are_not_there_are_named(simulated: str, here: None) -> None:
    with pytest.raises(InputError, match="no such store"):
        commands.replay(PROJECT, "test", "other", "")
    with pytest.raises(InputError, match="films-simulated"):
        commands.replay(PROJECT, "test", "film", simulated)


SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
Path(sys.argv[1]).write_text(str(os.getpid()))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Answers).serve_forever()
"""
"""A server of pages on which nobody gets anywhere; it says who it is."""


@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "with its server"])
@pytest.mark.parametrize("think", [0.0, 60.0])
def test_who_is_interrupted_ends_the_server_and_waits_for_nobody(
    tmp_path: Path, whole_group: bool, think: float
) -> None:
    plan, nothing = a_plan(), np.zeros(1)
    people = [Person(n, plan, Simulation(leaving=0), {}, nothing, nothing, {}) for n in range(9)]
    pid = tmp_path / "pid"

    def interrupt() -> None:
        if whole_group:  # as Ctrl-C at a terminal does
            os.kill(int(pid.read_text()), signal.SIGINT)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    class Server(simulate._Server):
        def start(self) -> None:
            super().start()
            threading.Timer(0.5, interrupt).start()

    with (
        closing(open_store(str(tmp_path / "a.db"))) as store,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(simulate, "_Server", Server)
        store.register(plan, "run", "data", "code")
        trial = Trial(people=9, through="pages", at_once=4, think=think)
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            through_pages([sys.executable, "-c", SERVER, str(pid)], tmp_path, store, people, trial)
    assert time.monotonic() - begun < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_what_is_stopped_leaves_nothing_but_in_a_store_that_was_asked_for(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    here: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stopped(study: Served, people: list[Person], _: object) -> None:
        study.store.enter(study.plan.slug, "")
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate, "through_functions", stopped)
    monkeypatch.setattr(simulate, "results_root", lambda _: results)
    results, asked_for = tmp_path / "data", tmp_path / "own.db"
    for url in ("", str(asked_for)):
        with pytest.raises(KeyboardInterrupt):
            simulate.simulate(PROJECT, "test", folder, Trial(people=2, store=url))
    assert not [file for file in results.rglob("*") if file.is_file()]
    nothing, kept = capsys.readouterr().err.splitlines()
    assert nothing == "Stopped; nothing was written."
    assert kept == f"Stopped; what was answered so far is in {asked_for}."
    with closing(open_store(str(asked_for))) as store:
        assert len(store.participants("films-simulated")) == 1


@pytest.mark.slow
def test_nothing_is_lost_where_requests_are_and_the_server_is_killed(
    catalog: DataCatalog, full_run: Path, tmp_path: Path
) -> None:
    plan = made_up(PLAN, datetime.datetime.now(datetime.UTC).date())
    (tmp_path / "study.yml").write_text(plan.model_dump_json(), encoding="utf-8")
    (tmp_path / "information.txt").write_text("Read this.", encoding="utf-8")
    url = str(tmp_path / "answers.db")
    run = latest_run(plan, catalog)
    service = service_of(plan, run, results_root(catalog))
    about = Simulation(seed=3)
    people = people_of(plan, about, service.data, picking_order(service.data), 12)
    with closing(open_store(url)) as store:
        store.register(plan, run.id, str(service.card["version"]), "0.1.0")
        command = [sys.executable, "-m", "tests.app.study.serving"]
        command += [str(full_run), str(tmp_path), url]
        trial = Trial(people=12, through="pages", cut=0.1, kills=1, at_once=6)
        result = through_pages(command, PROJECT, store, people, trial)
    assert (result.lost, result.doubled) == ((), ())
    assert result.kills == 1
    assert sum(result.count.faults.values()) > 20
    assert result.finished >= 10


def test_an_output_that_is_there_is_told_before_anybody_takes_part(folder: Path) -> None:
    with pytest.raises(InputError, match=r"it is there already"):
        simulate.simulate(PROJECT, "test", folder / "study.yml", Trial(people=1, output=folder))
