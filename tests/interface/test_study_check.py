"""Plans in files, those that ship, and plans that are tried on a run."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from kedro.io import DataCatalog

from explainable_recsys.app.picks import picking_order
from explainable_recsys.errors import InputError
from explainable_recsys.interface.study_check import preregister, tried_on_people
from explainable_recsys.interface.study_plan import (
    UNWRITTEN,
    check_written,
    read_study,
    written_text,
)
from explainable_recsys.study.flow import minutes, pages
from explainable_recsys.study.plan import ANY_LANGUAGE, Plan, check_dates
from tests.conftest import PROJECT
from tests.study.plans import SMALL, changed, small_plan

STUDIES = PROJECT / "studies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study in files."""
    (tmp_path / "study.yml").write_text(yaml.safe_dump(SMALL), encoding="utf-8")
    (tmp_path / "information.txt").write_text("What it is about.\n", encoding="utf-8")
    return tmp_path


def test_a_plan_is_read_from_its_file_or_folder(folder: Path) -> None:
    found = read_study(folder)
    assert found.plan == small_plan() == read_study(folder / "study.yml").plan
    assert found.information.root == {ANY_LANGUAGE: "What it is about."}


def test_the_information_stands_there_in_each_language(folder: Path) -> None:
    plan = changed(SMALL, languages=["en", "de"])
    (folder / "study.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    (folder / "information.de.txt").write_text("Worum es geht.", encoding="utf-8")
    assert read_study(folder).information.root == {
        "en": "What it is about.",
        "de": "Worum es geht.",
    }


def test_numbers_of_the_information_are_those_of_the_plan(folder: Path) -> None:
    file = folder / "information.txt"
    file.write_text("{n_films} films, {n_ratings} ratings, {keep_days} days.", encoding="utf-8")
    plan = small_plan()
    told = f"{plan.n_trials} films, {plan.ratings.least} ratings, {plan.keep_days} days."
    assert read_study(folder).information.root == {ANY_LANGUAGE: told}
    file.write_text("Hello.\n\nUp to {n_film} films.", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"\.txt, line 3: found \{n_film\}; accepted: \{n_films\}, "
    ):
        read_study(folder)


def test_a_study_is_open_to_people_only_once_somebody_is_responsible(folder: Path) -> None:
    plan = changed(SMALL, languages=["en", "de"])
    (folder / "study.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    (folder / "information.de.txt").write_text(f"Worum.\n\n{UNWRITTEN[1]}", encoding="utf-8")
    found, day = read_study(folder), datetime.timedelta(days=1)
    opens = found.plan.opens
    check_written(found, opens - day)
    with pytest.raises(InputError, match=r"information\.de\.txt, line 3: nobody is named yet"):
        check_written(found, opens)
    check_written(replace(found, plan=small_plan(simulated=True)), opens)
    (folder / "information.de.txt").write_text("Worum.", encoding="utf-8")
    check_written(read_study(folder), opens)


def test_what_is_wrong_with_the_files(folder: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file; accepted: a plan, or a folder"):
        read_study(folder / "nowhere")
    information, plan = folder / "information.txt", folder / "study.yml"
    information.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"information: .*utf-8.*accepted: a text in UTF-8"):
        read_study(folder)
    information.write_text(" \n", encoding="utf-8")
    with pytest.raises(InputError, match=r"information: .*it is empty"):
        read_study(folder)
    information.unlink()
    with pytest.raises(InputError, match=r"information: .*information\.txt: no such file"):
        read_study(folder)
    plan.write_text("slug: [", encoding="utf-8")
    with pytest.raises(InputError, match=r"study\.yml: while parsing"):
        read_study(folder)
    plan.write_text("slug: a\npool:\n  length: 9\n  # x\n  length: 8\n", encoding="utf-8")
    twice = r"study\.yml, line 5: 'length' stands there twice, first in line 3; accepted: once"
    with pytest.raises(InputError, match=twice):
        read_study(folder)
    plan.write_text("- slug", encoding="utf-8")
    with pytest.raises(InputError, match="a list stands where keys should"):
        read_study(folder)
    plan.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"study\.yml:\n  slug: missing\n  title: missing"):
        read_study(folder)


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "text.md"
    written_text(file, "Größe\n")
    assert file.read_text(encoding="utf-8") == "Größe\n"
    with pytest.raises(InputError, match=r"--output .*nowhere.*: cannot be written"):
        written_text(tmp_path / "nowhere" / "text.md", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["text.md"]


@pytest.mark.parametrize("name", ["article", "reasons"])
def test_the_plans_that_ship_are_complete(name: str) -> None:
    found = read_study(STUDIES / name)
    plan = found.plan
    assert plan.slug == name
    assert plan.n_trials == 15
    assert pages(plan)["recommendation"] == 15
    assert 5 < minutes(plan) < 25
    check_dates(plan, plan.opens)
    assert len(plan.hypotheses) >= 3
    assert all(any(mark in text for mark in UNWRITTEN) for text in found.information.root.values())
    assert found.unwritten.endswith("information.txt, line 9")
    other = found.path.parent / plan.information
    for number in (plan.n_trials, plan.ratings.least, plan.keep_days):
        assert str(number) not in other.read_text(encoding="utf-8"), "only the plan says so"


def test_the_article_s_plan_is_confounded_and_the_other_is_not() -> None:
    article, reasons = (read_study(STUDIES / name).plan for name in ("article", "reasons"))
    assert article.pool.choice == "best_of_each_kind"
    assert article.pool.length == 1000
    assert article.confounded
    assert {kind.approach for kind in article.kinds} == {None, "posthoc_ar", "posthoc_influence"}
    assert [one.text.said("en") for one in article.questions] == [
        "I am interested in watching this film.",
        "I trust this recommendation.",
    ]
    assert reasons.pool.choice == "matched"
    assert not reasons.confounded
    first, *others = reasons.questions
    assert first.role == "familiarity"
    assert first.excludes
    assert [one.role for one in others] == ["measure", "measure"]
    assert len(reasons.kinds) - len(reasons.explained) == 2, "a fixed sentence, and nothing"
    assert reasons.languages == ("en", "de")
    assert reasons.checks
    assert reasons.scales
    assert reasons.raffle


def test_a_plan_is_tried_on_people_of_the_data(catalog: DataCatalog) -> None:
    plan = small_plan(ratings={"least": 4})
    tried = tried_on_people(catalog, plan, 30, picking_order)
    assert 0 < tried.n_people <= 30
    assert tried.matched["kinds"].tolist() == [("own", "rules")]
    assert tried.seen["kind"].tolist() == ["own", "rules", "fixed"]
    (share,) = tried.matched["people"]
    assert tried.seen["people"].tolist() == [share] * 3, "who has enough films sees all"
    assert len(tried.runs) == 1
    assert [section.table[0][0] for section in tried.sections] == ["kinds", "kind"]


def test_controls_alone_can_be_tried_too(catalog: DataCatalog) -> None:
    plan = small_plan(kinds=SMALL["kinds"][2:], ratings={"least": 4})
    tried = tried_on_people(catalog, plan, 5, picking_order)
    assert tried.seen["kind"].tolist() == ["fixed"]


def test_who_is_not_known_or_was_not_run(
    catalog: DataCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(**changes: object) -> str:
        with pytest.raises(InputError) as error:
            tried_on_people(catalog, small_plan(**changes), 5, picking_order)
        return str(error.value)

    unknown = [{"name": "own", "approach": "intrinsic_asl"}]
    assert "did you mean 'intrinsic_als'" in told(kinds=unknown)
    assert "no recommender 'alz'" in told(recommender="alz")
    there = DataCatalog.exists

    def without(self: DataCatalog, name: str) -> bool:
        return not name.startswith(("posthoc_ar.", "bias.")) and there(self, name)

    monkeypatch.setattr(DataCatalog, "exists", without)
    assert "rules: no run has explained lists by posthoc_ar yet" in told()
    assert "no run has made lists by bias yet; accepted: popularity, " in told(recommender="bias")
    monkeypatch.setattr(DataCatalog, "exists", lambda *_: False)
    assert told().endswith("no run has made lists by als yet; accepted: first make run")


@pytest.mark.parametrize(
    ("opens", "closes", "told"),
    [
        ("2001-01-01", "2001-02-01", "closes: 2001-02-01"),
        ("2001-01-01", "2999-02-01", "opens: 2001"),
    ],
)
def test_only_what_has_not_begun_is_registered(
    opens: str, closes: str, told: str, folder: Path
) -> None:
    plan = changed(SMALL, opens=opens, closes=closes)
    (folder / "study.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    output = folder / "registered.md"
    with pytest.raises(InputError, match=f"{told}.*is past.*accepted: today"):
        preregister(PROJECT, "test", folder, output, 5, picking_order)
    assert not output.exists()


def test_the_commands(
    project_copy: Path,
    full_run: Path,
    folder: Path,
    kedro: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    shutil.copytree(full_run, project_copy / "data" / "test", dirs_exist_ok=True)
    plan = changed(SMALL, ratings={"least": 4}, opens="2999-01-01", closes="2999-02-01")
    (folder / "study.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    (folder / "information.txt").write_text(UNWRITTEN[0], encoding="utf-8")
    found = kedro(project_copy, "study", "check", str(folder), "--env", "test", "--people", "10")
    assert found.returncode == 0, found.stderr
    assert "ALS by its contributions" in found.stdout
    assert "does not say yet who is responsible" in found.stdout.partition("Warnings")[2]
    output = folder / "registered.md"
    asked = ["study", "preregister", str(folder), "--env", "test", "--output", str(output)]
    found = kedro(project_copy, *asked, "--people", "10")
    assert found.returncode == 0, found.stderr
    assert str(output) in found.stdout
    assert output.read_text(encoding="utf-8").startswith("# ")
    found = kedro(project_copy, "study", "check", "nowhere", "--env", "test")
    assert found.returncode == 1
    assert found.stderr.startswith("Error: nowhere: no such file")


def test_the_plan_to_start_from_shows_every_key() -> None:
    shown = yaml.safe_load((STUDIES / "reasons" / "study.yml").read_text(encoding="utf-8"))
    assert set(shown) == set(Plan.model_fields)
    plan = read_study(STUDIES / "reasons").plan
    for part in ("pool", "blocks", "exclusions", "analysis", "ratings", "consent"):
        assert set(shown[part]) == set(type(getattr(plan, part)).model_fields), part
