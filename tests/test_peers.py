"""The comparison with other libraries, on tiny data with those of the project's environment."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))
peers = importlib.import_module("peers")
worker = importlib.import_module("peer_worker")
sys.path.remove(str(PROJECT / "benchmarks"))

HERE = [pair for pair in worker.WORKERS if pair[0] not in peers.FOREIGN]
SETTINGS = {"factors": 8, "iterations": 5, "epochs": 5, "n_samples": 50, "min_support": 0.3}
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*(Prediction|Method)")  # lime, implicit


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return peers.write(tmp_path_factory.mktemp("peers"), *peers.synthetic(4_000, 400))


@pytest.fixture(scope="module")
def answers(data: Any) -> dict[tuple[str, str], dict[str, Any]]:
    ratings, found = worker.Ratings.load(data.path), {}
    every_item = {"k": ratings.matrix.shape[1] - 1}
    for library, model in HERE:
        settings = peers.MODELS[model].settings
        small = {name: (SETTINGS | every_item).get(name, value) for name, value in settings.items()}
        found[library, model] = worker.run(library, model, ratings, small, 1)
    return found


def test_one_rating_of_each_user_is_held_out(tmp_path: Path) -> None:
    pairs = [(7, 30), (7, 40), (9, 30), (9, 40), (9, 50)]
    table = pd.DataFrame(pairs, columns=["user_id", "item_id"]).assign(rating=4.0)
    genres = pd.Series({30: "Drama", 40: "Drama|War", 50: "War"})
    written = peers.write(tmp_path, table, genres)
    learned = worker.Ratings.load(written.path)
    assert learned.matrix.nnz == 3
    assert (learned.matrix.sum(axis=0) > 0).all()
    assert len(written.held_out) == 2
    assert learned.genres.shape == (learned.matrix.shape[1], 2)
    rows = np.arange(2)[written.held_out >= 0]
    assert not learned.matrix[rows, written.held_out[rows]].any()


def test_what_is_alike_and_well_ranked_by_hand() -> None:
    assert peers.overlap([[1, 2], [3, -1]], [[2, 5], [3, 4]]) == pytest.approx(0.75)
    lists = np.array([[3, 5], [5, -1], [1, 2]])
    expected = (1 / np.log2(3) + 1 + 0) / 3
    assert peers.ndcg(lists, np.array([5, 5, -1])) == pytest.approx(expected)


def test_ratios_are_multiples_of_our_seconds() -> None:
    keys = [("a", "als", "ours"), ("a", "als", "implicit"), ("a", "rules", "ours")]
    one = pd.DataFrame(keys, columns=["data", "model", "library"]).assign(threads=1, version="1")
    one["fit cpu"], one["recommend cpu"] = [1.0, 5.0, 1.0], [3.0, 3.0, np.nan]
    one["explain cpu"] = [2.0, np.nan, np.nan]
    two = one.rename(columns=lambda name: name.replace("cpu", "wall")).assign(threads=2)
    two["fit wall"] = [1.0, 1.0, 1.0]
    found = peers.compared(pd.concat([one, two])).xs("a")
    theirs = found.loc["als", "implicit"]
    assert theirs["lists x"] == pytest.approx(2.0)
    assert theirs["lists x all"] == pytest.approx(1.0)
    assert np.isnan(theirs["explain x"])
    assert found.loc[("als", "ours"), "explain x"] == pytest.approx(1.0)
    assert found.loc[("rules", "ours"), "lists x"] == pytest.approx(1.0)
    alone = peers.compared(one)
    assert alone["lists x all"].isna().all()
    (line,) = [line for line in peers.as_markdown(alone).splitlines() if "implicit" in line]
    assert "| 2 |" in line


@pytest.mark.parametrize("pair", [pair for pair in HERE if not pair[1].startswith(("r", "l"))])
def test_lists_are_of_ten_items_that_nobody_has_rated(
    answers: dict[tuple[str, str], dict[str, Any]], data: Any, pair: tuple[str, str]
) -> None:
    rated = worker.Ratings.load(data.path).matrix
    assert answers[pair]["lists"]
    for user, row in enumerate(answers[pair]["lists"]):
        listed = [item for item in row if item >= 0]
        assert len(set(listed)) == len(listed) == 10
        assert not set(listed) & set(rated[[user]].indices)


def test_the_same_is_done(answers: dict[tuple[str, str], dict[str, Any]], data: Any) -> None:
    alike = {}
    for model in {model for _, model in HERE}:
        having = {library: answers[library, name] for library, name in HERE if name == model}
        for row in peers.rows(data, model, having):
            alike[row["library"], model] = row
    assert alike["implicit", "als"]["lists alike"] > 0.95  # the same library learns both
    assert alike["implicit", "als"]["reasons alike"] > 0.5
    assert alike["implicit", "item_knn"]["lists alike"] > 0.95  # of all items, so that k is none
    assert answers["mlxtend", "rules"]["count"] == answers["ours", "rules"]["count"] > 0
    assert alike["lime", "lime_of_items"]["reasons alike"] > 0.5


def test_seconds_are_those_of_the_steps_that_there_are(
    answers: dict[tuple[str, str], dict[str, Any]],
) -> None:
    steps = {pair: [*answer["seconds"]] for pair, answer in answers.items()}
    assert steps["ours", "als"] == ["fit", "recommend", "explain"]
    assert steps["implicit", "item_knn"] == ["fit", "recommend"]
    assert steps["mlxtend", "rules"] == steps["ours", "rules"] == ["fit"]
    assert steps["lime", "lime_of_genres"] == ["explain"]
    for answer in answers.values():
        assert all(wall > 0 for _, wall in answer["seconds"].values())


def test_a_worker_answers_line_by_line_and_goes_on_after_an_error(data: Any) -> None:
    task = {"library": "mlxtend", "data": str(data.path), "threads": 1}
    task["settings"] = peers.MODELS["rules"].settings | {"min_support": 0.3}
    tasks = [task | {"model": "als"}, task | {"model": "rules"}]
    done = subprocess.run(
        [sys.executable, str(peers.WORKER)],
        input="".join(json.dumps(one) + "\n" for one in tasks),
        capture_output=True,
        text=True,
        timeout=120,
    )
    wrong, right = map(json.loads, done.stdout.splitlines())
    assert "KeyError" in wrong["error"]
    assert right["count"] > 0


@pytest.mark.parametrize("given", ["surprise=python", "cornac=nowhere/python"])
def test_an_environment_that_is_none_is_an_error(
    given: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["peers.py", "--environment", given])
    with pytest.raises(SystemExit) as ended:
        peers.main()
    assert ended.value.code == 2
    assert f"--environment {given.partition('=')[0]}: " in capsys.readouterr().err


def test_the_page_shows_what_was_measured() -> None:
    measured = pd.read_json(peers.PAGE.with_suffix(".json"), lines=True)
    table = peers.as_markdown(measured.set_index(["data", "model", "library"]))
    assert table in peers.PAGE.read_text(encoding="utf-8")
