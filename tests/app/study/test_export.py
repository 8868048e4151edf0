"""What leaves the store: tables that say what was answered, of nobody who can be found."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path

import pandas as pd
import pytest

from explainable_recsys.app.study.export import (
    TABLES,
    exported,
    manifest_of,
    write_export,
)
from explainable_recsys.app.study.store import Listed, Shown, Store, Task, open_store
from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.study.plan import plan_hash
from tests.app.study.conftest import a_plan

KINDS = [{"name": "rules", "approach": "posthoc_ar"}, {"name": "none"}]
REMARK = "=HYPERLINK(1), says a@example.org"

FORECAST = {
    "rank": 2,
    "faithfulness": 0.5,
    "choices": [{"item_id": "7", "rating": 4, "rank": 3}, {"item_id": "9", "rating": 2, "rank": 8}],
}
SIDE_BY_SIDE = {"rank": 1, "choices": [{"kind": "none"}, {"kind": "rules"}]}


def data() -> Data:
    """Item 1 is rated by three, 2 by two, 3 by one."""
    ratings = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)]
    table = pd.DataFrame(ratings, columns=["user_id", "item_id"]).assign(rating=3.0)
    titles = {"title": ["Alien", "=Cube", "Big"], "year": [1979, 1997, 1988], "genres": "Drama"}
    return Data.from_frames(table, pd.DataFrame({"item_id": [1, 2, 3], **titles}))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three people: 1 does all, 2 withdraws, 3 consents and goes."""
    store = open_store(str(tmp_path / "films.db"))
    closing = [{"name": "remarks", "text": "Anything else?", "answer": "text"}]
    plan = a_plan(kinds=KINDS, items_per_kind=1, closing=closing, least_age=0, simulated=True)
    store.register(plan, "run", "data", "code")
    codes = []
    for number in range(3):
        _, one = store.enter("films", "")
        store.consent(one, "1")
        if number == 2:
            break
        store.rate(one, "3", 4.5, "rate")
        listed = [Listed(1, "1", 0.9, ["rules"]), Listed(2, "2", 0.8)]
        trials = [
            Shown(1, "rules", "sentence", "1", 1, 0.9, 1, "Because of \u2068Big\u2069.",
                  {"evidence": [{"weight": 1}], "faithfulness": 0.25}),
            Shown(2, "none", "sentence", "2", 2, 0.8, 1, "", {"evidence": []}),
        ]  # fmt: skip
        tasks = [
            Task("forecast", 1, "1", "rules", FORECAST),
            Task("forecast", 2, "2", "rules", FORECAST),
            Task("side_by_side", 1, "2", "", SIDE_BY_SIDE),
            Task("correction", 1, "1", "rules", {"rank": 1, "top": 10}),
        ]
        store.prepare(one, listed, trials, tasks, "prepare")
        store.save(one, "ratings", {}, 60, "ratings")
        store.save(one, "recommendation-1", {"trust": "4"}, 5, "1")
        store.save(one, "recommendation-2", {"trust": None}, 6, "2")
        store.save(one, "forecast-1", {"chosen": "7"}, 7, "3")
        store.save(one, "side-by-side-1", {"best": "rules"}, 8, "4")
        store.save(one, "correction-1", {"ratings": '{"3": null}', "rank": "4"}, 9, "5")
        store.save(one, "correction-1", {"ratings": "{}", "rank": "12", "done": "yes"}, 9, "5")
        store.save(one, "closing", {"remarks": REMARK}, 9, "6")
        codes.append(store.finish(one))
    store.withdraw(codes[1])
    return store


def tables_of(store: Store, with_text: bool = False) -> dict[str, pd.DataFrame]:
    study = store.study("films")
    assert study
    return exported(store, study, data(), with_text)


def test_people_are_numbers_and_who_withdrew_is_absent(store: Store) -> None:
    people = tables_of(store)["participants"]
    assert people["participant"].tolist() == [1, 3]
    assert people["finished"].tolist() == [True, False]
    assert people["n_ratings"].tolist() == [1, 0]
    assert people["n_matched"].tolist() == [1, 0]
    assert people["list_popularity_rank"][0] == 1.5
    assert people["minutes"].between(0, 1).all()
    assert people["started_at"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()


def test_answers_say_what_they_are_about(store: Store) -> None:
    tables = tables_of(store)
    trials = tables["trials"]
    assert trials["title"].tolist() == ["Alien (1979)", "=Cube (1997)"]
    assert trials["popularity_rank"].tolist() == [1, 2]
    assert trials["explained"].tolist() == [True, False]
    assert trials["sentence"].tolist() == ["Because of Big.", ""]
    first, second = tables["answers"].to_dict("records")
    assert (first["question"], first["value"], first["seconds"]) == ("trust", "4", 5.0)
    assert (first["position"], first["condition"], first["item_id"]) == (1, "rules", "1")
    assert pd.isna(second["value"]), "left out"
    assert second["condition"] == "none"
    assert tables["ratings"].to_dict("list") == {
        "participant": [1],
        "item_id": ["3"],
        "rating": [4.5],
        "position": [1],
    }


def test_tasks_that_were_done_are_scored(store: Store) -> None:
    tasks = tables_of(store)["tasks"].set_index("task")
    assert tasks.index.tolist() == ["correction", "forecast", "side_by_side"], "not what was not"
    forecast = tasks.loc["forecast"]
    assert (forecast["chosen"], forecast["right"], forecast["condition"]) == ("7", False, "rules")
    ranks = [forecast[f"rank_{name}"] for name in ("before", "after_chosen", "after_best")]
    assert ranks == [2, 3, 8]
    assert forecast["faithfulness"] == 0.5
    assert tasks.loc["side_by_side", "condition"] == "rules"
    assert pd.isna(tasks.loc["side_by_side", "right"])
    correction = tasks.loc["correction"]
    assert (correction["chosen"], correction["right"]) == ("{}", True), "the last try, out of ten"
    assert correction["rank_after_chosen"] == 12


def test_free_text_comes_only_where_it_is_asked_for(store: Store) -> None:
    assert REMARK not in set(tables_of(store)["answers"]["value"])
    assert REMARK in set(tables_of(store, with_text=True)["answers"]["value"])


def test_files_are_complete_say_what_they_hold_and_compute_nothing(
    store: Store, tmp_path: Path
) -> None:
    folder, study = tmp_path / "out", store.study("films")
    assert study
    tables, today = tables_of(store, with_text=True), datetime.date(2026, 5, 1)
    write_export(folder, tables, study.plan, manifest_of(study, today, with_text=True))
    for name, table in tables.items():
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), table)
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert f"'{REMARK}" in (folder / "answers.csv").read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["simulated"] is True
    assert (manifest["run"], manifest["plan_hash"]) == ("run", plan_hash(study.plan))
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["slug"] == "films"
    told = tables["codebook"].groupby("table")["column"].agg(set)
    for name, columns in TABLES.items():
        assert {column.name for column in columns} <= told[name], "the codebook has all"
    ids = [one.id for one in store.participants("films")]
    written = b"".join(file.read_bytes() for file in folder.iterdir())
    assert not any(one.encode() in written for one in ids)


def test_a_folder_is_made_whole_or_not_at_all(store: Store, tmp_path: Path) -> None:
    plan, tables = a_plan(), tables_of(store)
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="there already"):
        write_export(tmp_path / "there", tables, plan, {})
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="nothing was written"):
        write_export(tmp_path / "file" / "out", tables, plan, {})
    with pytest.raises(TypeError):
        write_export(tmp_path / "out", tables, plan, {"not": object()})
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("films")}
    assert left == {"there", "file"}
