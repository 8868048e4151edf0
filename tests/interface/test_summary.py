"""What stands in the terminal after a run, and again after `kedro summary`."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from rich.console import Console, Group

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.interface.found import find
from explainable_recsys.interface.long_tables import examples, long_tables
from explainable_recsys.interface.summary import (
    MISSION,
    data_lines,
    print_summary,
    results,
)
from tests.conftest import open_catalog, run_project


@pytest.fixture
def everything(full_run: Path) -> set[str]:
    """What a run of everything makes."""
    judged = (f"{name}.evaluated_on" for name in (*RECOMMENDERS, *APPROACHES))
    return {"dataset_card", "control_tests", "report", *judged}


def printed(catalog: DataCatalog, outputs: Iterable[str], encoding: str = "utf-8") -> str:
    """What a run that made something prints."""
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(screen):
        print_summary(set(outputs), catalog, "test")
    screen.flush()
    assert isinstance(screen.buffer, io.BytesIO)
    return screen.buffer.getvalue().decode(encoding)


def shown(*parts: Any, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(Group(*parts))
    return capture.get()


def of_one(name: str) -> set[str]:
    """What a run of an approach makes."""
    recommender = APPROACHES[name].recommender
    return {"dataset_card", f"{name}.evaluated_on", f"{recommender}.evaluated_on"}


def test_a_run_of_everything_fits_on_one_screen(
    catalog: DataCatalog, everything: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in (80, 60):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = printed(catalog, everything).splitlines()
        assert max(map(len, lines)) <= width
        assert all(line == line.rstrip() for line in lines)
        assert not any("…" in line for line in lines), "something is cut"
        n_dropped = sum("  dropped: " in line for line in lines)  # of a sample of the users
        told = [line for line in lines if line.startswith("    ")]  # as long as sentences are
        assert width < 80 or len(lines) - len(told) <= 34 + n_dropped


def test_the_missions_approaches_and_the_best_other_stand_in_a_table_by_ndcg(
    catalog: DataCatalog, everything: set[str]
) -> None:
    text = printed(catalog, everything)
    ndcg = {n: catalog.load(f"{n}.metrics")["ndcg@10"] for n in RECOMMENDERS}
    own = {name: ndcg[pair.recommender] for name, pair in APPROACHES.items() if not pair.on_request}
    other = max(own.keys() - set(MISSION), key=lambda name: (own[name], name))
    table = text[text.index("  id ") : text.index("  intrinsic: ")].splitlines()[1:]
    ids = [line.split()[0] for line in table if line[2] != " "]
    assert set(ids) >= set(MISSION)
    assert len(ids) == 5
    assert own[(set(ids) - set(MISSION)).pop()] == own[other]
    values = [own[name] for name in ids]
    assert values == sorted(values, reverse=True)
    for name in ids:
        (row,) = (line for line in table if line.startswith(f"  {name} "))
        assert f" {own[name]:.3f} " in row
        assert APPROACHES[name].title.split()[0] in row
    best = max(ndcg, key=ndcg.__getitem__)
    (lists,) = re.findall(r"by nDCG: (.*)", text)
    for name in (best, *CONTROLS):
        assert f"{RECOMMENDERS[name].title}" in lists
        assert f"{ndcg[name]:.3f}" in lists
    assert "nDCG, ranking quality" in text
    assert "post hoc: " in text


def test_who_fails_a_control_is_named(
    full_run: Path, everything: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with open_catalog(full_run) as catalog:
        tests = catalog.load("control_tests").assign(verdict="better")
        bad = (tests["approach"] == "posthoc_ar") & (tests["control"] == "popular")
        tests.loc[bad & (tests["metric"] == "del@3"), "verdict"] = "no difference"
        catalog["control_tests"] = MemoryDataset(tests)
        for name in filter(lambda name: catalog.exists(f"{name}.metrics"), APPROACHES):
            verdict = float(name not in ("posthoc_ar", "intrinsic_ar", "intrinsic_mf"))
            metrics = catalog.load(f"{name}.metrics") | {"above_null": verdict}
            catalog[f"{name}.metrics"] = MemoryDataset(metrics)
        short = printed(catalog, everything)
        long = shown(*long_tables(find(catalog)), width=200)
    ((n, n_all, names),) = re.findall(r"^  (\d+) of (\d+) fail: (.*)$", short, flags=re.MULTILINE)
    assert (n, n_all) == ("3", "13")
    assert "posthoc_ar (popular, somebody else)" in names
    assert "intrinsic_mf (somebody else)" in names
    assert "1 other" in names
    assert "intrinsic_ar (somebody else)" in long


def test_one_recommendation_is_explained_by_three_approaches(
    catalog: DataCatalog, everything: set[str]
) -> None:
    found = find(catalog)
    user, lists = found.user, found.lists_of_example
    text = printed(catalog, everything)
    explained = lists[lists["sentence"].notna()]
    counts = explained.groupby("item_id").size()
    (title, whose, n, n_all) = re.findall(
        r"Why is (.*?) recommended to user (\d+)\? (\d+) of (\d+)", " ".join(text.split())
    )[0]
    assert int(whose) == user
    assert int(n_all) == counts.max()
    assert int(n) == 3
    own = explained[explained["title"].map(title.startswith)]
    fails = {name for name, of in found.tests(everything).items() if not all(of.values())}
    order = dict.fromkeys((next(iter(found.reasons)), *MISSION))
    there = [name for name in order if name in set(own["approach"])]
    expected = [name for name in there if name not in fails][:3]
    named = re.findall(r"^  \S.* \((\w+)\), number (\d+)", text, flags=re.MULTILINE)
    assert [name for name, _ in named][: len(expected)] == expected
    ranks = own.set_index("approach")["rank"]
    assert all(ranks[name] == int(rank) for name, rank in named)
    assert f"kedro explain --user {user} --env test" in " ".join(text.split())
    for step in ("08_reporting/report.html", "summary --all", "make app", "make lab", "make viz"):
        assert step in text
    assert "kedro run --pipelines diagnostics --env test" in text


def test_a_run_of_one_approach_shows_that_one(catalog: DataCatalog) -> None:
    text = printed(catalog, of_one("posthoc_ar"))
    user = find(catalog).user
    assert re.search(r"Lists by nDCG: .*SVD \(svd\) 0\.\d{3}", text)
    assert "Most popular 0." in text
    assert "Random 0." in text
    others = [name for name in APPROACHES if name != "posthoc_ar"]
    assert not any(f"{name} " in text for name in others)
    assert len(re.findall(r"^  [123]\. ", text, flags=re.MULTILINE)) == 3
    assert re.search(r"  posthoc_ar \d\.\d{3} +\d\.\d{3} +\d\.\d{3}", text)
    assert "POS: Share" in text
    assert f"kedro explain --user {user} --approach posthoc_ar --env test" in text
    assert "report.html" not in text


def test_controls_of_other_data_are_not_shown_beside(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        facts = catalog.load("popularity.evaluated_on") | {"version": "another"}
        catalog["popularity.evaluated_on"] = MemoryDataset(facts)
        text = printed(catalog, of_one("posthoc_ar"))
        left_out = find(catalog).left_out
    assert "Most popular" not in text
    assert "Random 0." in text
    assert left_out == ["popularity"]


def test_names_and_numbers_of_all_are_in_the_long_tables(catalog: DataCatalog) -> None:
    found = find(catalog)
    text = shown(*long_tables(found), width=100)
    quality, reasons = text.split("\nQuality")[1].split("\nReasons")
    for part, names in ((quality, found.lists), (reasons, found.reasons)):
        rows = {line.split()[0] for line in part.splitlines() if line.startswith("  ")}
        assert set(names) <= rows
        assert len(names) > 12
    assert text.count("the first recommendations to user") >= 12
    assert "RMSE: " in quality
    assert "POS: " in reasons


def test_nothing_is_printed_when_nothing_was_made(catalog: DataCatalog) -> None:
    assert printed(catalog, {"items"}) == ""


def test_a_terminal_without_stars_gets_other_characters(
    catalog: DataCatalog, everything: set[str]
) -> None:
    plain, rich = printed(catalog, everything, "ascii"), printed(catalog, everything)
    assert "★" in rich
    assert plain.isascii()
    assert "?5" not in plain
    assert "*5" in plain
    assert len(plain.splitlines()) == len(rich.splitlines())


def test_the_card_in_two_lines() -> None:
    card = {
        "name": "shop",
        "n_ratings": 1200,
        "n_items": 30,
        "n_users": 40,
        "time_span": None,
        "split": {"train": 1000, "test": 200},
        "dropped": [],
    }
    catalog = DataCatalog({"dataset_card": MemoryDataset(card)})
    first, second = shown(*data_lines(catalog)).splitlines()
    assert "1,200 ratings of 30 items by 40 users" in first
    assert "no timestamps" in second
    assert "1,000" in second
    dropped = [{"ratings": 1234, "reason": "rated again later"}]
    catalog = DataCatalog({"dataset_card": MemoryDataset(card | {"dropped": dropped})})
    assert "1,234 (rated again later)" in shown(*data_lines(catalog))


def test_somebody_who_is_explained_nothing(full_run: Path) -> None:
    for name, rows in (("intrinsic_als", slice(0)), ("posthoc_ar", slice(None))):
        with open_catalog(full_run) as catalog:
            table = catalog.load(f"{name}.sentences").iloc[rows]
            user = table["user_id"].min() if len(table) else None
            some = table[table["user_id"] != user]
            source = catalog.load("params:source").model_copy(update={"example_user": user})
            catalog["params:source"] = source
            catalog[f"{name}.sentences"] = MemoryDataset(some)
            for other in set(APPROACHES) - {name} if user is None else ():
                catalog[f"{other}.sentences"] = MemoryDataset(table.iloc[:0])
            text = printed(catalog, of_one(name))
        whom = "anybody" if user is None else f"user {user}"
        assert f"Nothing is explained to {whom}." in text
        assert ("kedro explain" in text) == (user is not None)


@pytest.mark.slow
def test_parameters_of_the_command_line_are_named_with_whom_they_concern(
    catalog: DataCatalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_project(tmp_path, ["intrinsic_als"], recommendation={"n": 12})
    assert "with recommendation.n=12" in capsys.readouterr().out
    run_project(tmp_path, ["intrinsic_ease"])
    capsys.readouterr()
    with open_catalog(tmp_path) as catalog:
        text = shown(*results(find(catalog)))
    named = r"Results of 2 runs, .*\n  (?:als, )?intrinsic_als: run of .*recommendation\.n=12"
    assert re.search(named, text)
    run_project(tmp_path, ["posthoc_knn"])  # makes the lists anew that intrinsic_als explained
    with open_catalog(tmp_path) as catalog:
        text = " ".join(shown(*results(find(catalog))).split())
    assert "before the lists were made anew: intrinsic_als." in text


def test_a_run_that_ended_before_any_approach(tmp_path: Path) -> None:
    run_project(tmp_path, ["data_processing"])
    with open_catalog(tmp_path) as catalog:
        text = shown(*results(find(catalog)))
    assert "No approach has results of this data yet" in text


def test_where_there_is_no_reason_the_cause_is_said(catalog: DataCatalog) -> None:
    found = find(catalog)
    lists, silences = found.lists_of_example, found.silences
    assert silences["posthoc_ar"] in EXPLAINERS["rules"].silence
    assert "30 %" in silences["intrinsic_mf"]
    text = " ".join(shown(Group(*examples(lists.assign(sentence=None), silences))).split())
    for silence in silences.values():
        assert f"no explanation: {silence}" in text
