"""`kedro explain` against what a run has stored and what its models compute."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface import explain as module
from explainable_recsys.interface.explain import Question, Reply, answer, as_json, drawn
from explainable_recsys.interface.stored import Lists, load_lists, stored_approaches
from explainable_recsys.interface.terminal import print_plainly
from explainable_recsys.pipelines.ask import model_entry
from explainable_recsys.reporting.people import Person
from tests.conftest import open_catalog
from tests.interface.test_stored import EXPLAINING
from tests.interface.test_terminal import Terminal
from tests.test_cli import expect_error

USER = 7  # row of a user of the `test` environment
ROW = ["rank", "item_id", "title", "year", "score", "sentence", "evidence"]
PIECE = ["position", "style", "evidence_id", "evidence", "weight", "group"]


@pytest.fixture(scope="module")
def catalog(full_run: Path) -> DataCatalog:
    with open_catalog(full_run) as opened:
        return opened


@pytest.fixture(scope="module")
def histories(catalog: DataCatalog) -> Interactions:
    found: Interactions = catalog.load("histories")
    return found


@pytest.fixture(scope="module")
def user(histories: Interactions) -> str:
    return str(histories.user_ids[USER])


def scores_of(catalog: DataCatalog, approach: str, histories: Interactions) -> np.ndarray:
    found: np.ndarray = catalog.load(model_entry(approach)).scores(histories.ratings[[USER]])[0]
    return found


def rank_by_hand(scores: np.ndarray, rated: set[int], column: int) -> int:
    order = sorted(set(range(len(scores))) - rated, key=lambda place: (-scores[place], place))
    return order.index(column) + 1


def text_of(reply: Reply, terminal: Terminal | None = None) -> str:
    terminal = terminal or Terminal()
    with redirect_stdout(terminal):
        print_plainly(drawn(reply))
    return terminal.printed()


def through_json(reply: Reply) -> dict[str, Any]:
    """The reply after a strict JSON writer and reader."""
    found: dict[str, Any] = json.loads(json.dumps(as_json(reply), allow_nan=False))
    return found


@pytest.mark.parametrize("approach", sorted(EXPLAINING))
def test_a_list_as_it_is_stored(approach: str, catalog: DataCatalog, user: str) -> None:
    reply = answer(catalog, Question(user, approach=approach))
    lists = load_lists(catalog, approach)
    own = [t[t["user_id"] == int(user)] for t in (lists.recommendations, lists.explanations)]
    assert reply.approach == approach
    assert {approach, *reply.others} == EXPLAINING
    assert reply.n_listed == len(own[0])
    assert reply.item_id is None
    found = through_json(reply)
    assert list(found) == ["data", "approach", "user_id", "history", "recommendations"]
    assert found["data"] == "movielens-small"
    assert found["approach"] == approach
    assert found["user_id"] == int(user)
    assert len(found["history"]) == lists.histories.ratings[[USER]].nnz
    rows = found["recommendations"]
    assert [row["item_id"] for row in rows] == own[0]["item_id"].tolist()
    assert [row["rank"] for row in rows] == own[0]["rank"].tolist()
    assert [row["score"] for row in rows] == own[0]["score"].tolist()
    for row in rows:
        assert list(row) == ROW
        evidence = own[1][own[1]["item_id"] == row["item_id"]]
        assert all(list(piece) == PIECE for piece in row["evidence"])
        for name in ("evidence_id", "evidence", "weight", "style"):
            assert [piece[name] for piece in row["evidence"]] == evidence[name].tolist()
        assert (row["sentence"] is None) == evidence.empty


def test_the_most_accurate_approach_is_asked(catalog: DataCatalog, user: str) -> None:
    first, *others = stored_approaches(catalog)
    reply = answer(catalog, Question(user))
    assert reply.approach == first
    assert list(reply.others) == others


@pytest.mark.parametrize("approach", sorted(EXPLAINING))
def test_one_item_of_the_list(
    approach: str, catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    row = as_json(answer(catalog, Question(user, approach=approach)))["recommendations"][-1]
    reply = answer(catalog, Question(user, str(row["item_id"]), approach))
    assert as_json(reply)["recommendations"] == [row]
    assert reply.n_listed == row["rank"]
    text = text_of(reply)
    assert f"number {row['rank']} of {approach} (score {row['score']:.4g})\n" in text
    assert "recommended are the first" not in text
    rated = set(histories.ratings[[USER]].indices.tolist())
    column = int(histories.item_columns(np.array([row["item_id"]]))[0])
    assert row["rank"] == rank_by_hand(scores_of(catalog, approach, histories), rated, column)


@pytest.mark.parametrize("approach", sorted(EXPLAINING - {"intrinsic_ar"}))
def test_an_item_that_is_not_in_the_list(
    approach: str, catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    scores = scores_of(catalog, approach, histories)
    rated = set(histories.ratings[[USER]].indices.tolist())
    ranked = np.argsort(-scores, kind="stable").tolist()
    unrated = [column for column in ranked if column not in rated]
    for column in (max(unrated), unrated[60]):
        item_id = int(histories.item_ids[column])
        reply = answer(catalog, Question(user, str(item_id), approach))
        (row,) = through_json(reply)["recommendations"]
        rank = rank_by_hand(scores, rated, column)
        assert rank > 10
        assert row["item_id"] == item_id
        assert row["rank"] == rank
        assert row["score"] == pytest.approx(float(scores[column]))
        assert f"number {rank:,} of {approach} " in text_of(reply)
        assert "recommended are the first 10" in text_of(reply)
        assert (row["sentence"] is None) == (not row["evidence"])


def test_an_item_by_its_title(catalog: DataCatalog, user: str) -> None:
    row = as_json(answer(catalog, Question(user)))["recommendations"][3]
    typed = f" {row['title'].upper()} ({row['year']})"
    assert as_json(answer(catalog, Question(user, typed)))["recommendations"] == [row]


def test_an_item_that_is_rated(catalog: DataCatalog, user: str) -> None:
    rated = as_json(answer(catalog, Question(user)))["history"][0]
    expected = rf"user {user} rated .* {rated['rating']:g}; only what is not rated is recommended"
    with pytest.raises(InputError, match=expected):
        answer(catalog, Question(user, str(rated["item_id"])))


def test_an_item_that_nobody_rated_in_training(
    catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    unrated = np.setdiff1d(catalog.load("items")["item_id"], histories.item_ids)
    with pytest.raises(InputError, match="has no rating to learn from, so no approach can"):
        answer(catalog, Question(user, str(unrated[0])))


def test_an_item_that_no_rule_leads_to(
    catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    scores = scores_of(catalog, "intrinsic_ar", histories)
    rated = histories.ratings[[USER]].indices
    column = np.setdiff1d(np.flatnonzero(~np.isfinite(scores)), rated)[0]
    expected = rf"intrinsic_ar would never recommend .* to user {user}; nothing in the history"
    with pytest.raises(InputError, match=expected):
        answer(catalog, Question(user, str(histories.item_ids[column]), "intrinsic_ar"))


def test_unknown_users_items_and_approaches(catalog: DataCatalog, user: str) -> None:
    for wanted in ("0", "-5", "1.5", "9" * 40, "", "somebody"):
        with pytest.raises(InputError, match=f"unknown user '{wanted}'; near: "):
            answer(catalog, Question(wanted))
    for wanted in ("", "-5", "9" * 40, "no film has this title"):
        with pytest.raises(InputError, match=f"unknown item '{wanted}'; near: "):
            answer(catalog, Question(user, wanted))
    with pytest.raises(InputError, match="did you mean 'intrinsic_als'"):
        answer(catalog, Question(user, approach="intrinsic_asl"))
    with pytest.raises(InputError, match="approach ''"):
        answer(catalog, Question(user, approach=""))


def test_a_list_of_another_model(
    catalog: DataCatalog, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after training a model again without making the lists again."""
    lists = load_lists(catalog, "posthoc_knn")
    scores = lists.recommendations["score"] * 2
    other = Lists(**{**vars(lists), "recommendations": lists.recommendations.assign(score=scores)})
    monkeypatch.setattr(module, "load_lists", lambda *_: other)
    unlisted = str(lists.histories.item_ids[-1])
    with pytest.raises(InputError, match=r"not those of the stored model: .* different runs"):
        answer(catalog, Question(user, unlisted, "posthoc_knn"))


def made_up(item_id: Any = None, style: str = "item", **changes: Any) -> Reply:
    """A reply of text ids, long words, missing titles and values."""
    ids = ["p 1", "é"]
    reasons = pd.DataFrame(
        {
            "item_id": ["p 1"] * 3,
            "position": np.array([1, 2, 3], np.int32),
            "style": style,
            "evidence_id": ["a", "b", "c"],
            "evidence": pd.Categorical(["Wordwithoutanyblanksinit", "Two words", "[red]C[/]"]),
            "weight": np.array([0.5, 0.5, np.inf], np.float32),
            "group": np.array([1, 1, 2], np.int32),
        }
    )
    someone = Person(
        user_id="Ünal",
        history=pd.DataFrame(
            {
                "item_id": [f"h{number}" for number in range(12)],
                "title": ["Wordwithoutanyblanksinit", None, "[REC]", *["T"] * 9],
                "year": pd.array([None] * 11 + [1999], dtype="Int16"),
                "rating": np.linspace(5, 0.5, 12, dtype=np.float32),
            }
        ),
        recommendations=pd.DataFrame(
            {
                "rank": np.array([1, 2], np.int32),
                "item_id": ids,
                "title": ["*Wordwithoutanyblanksinit*", np.nan],
                "year": pd.array([2001, None], dtype="Int16"),
                "score": np.array([0.25, np.nan], np.float32),
                "sentence": [f"Because of {marked('Wordwithoutanyblanksinit')}.", None],
            }
        ).head(2 if item_id is None else 1),
        reasons=reasons,
    )
    given = {"data": "shop", "approach": "a", "others": ("b", "c"), "n_listed": 2}
    return Reply(**{**given, "person": someone, "item_id": item_id, **changes})


def test_json_of_text_ids_and_of_what_is_missing() -> None:
    found = through_json(made_up())
    assert found["user_id"] == "Ünal"
    first, second = found["recommendations"]
    assert first["item_id"] == "p 1"
    assert first["year"] == 2001
    assert first["sentence"] == "Because of Wordwithoutanyblanksinit."
    assert second == dict.fromkeys(ROW, None) | {"rank": 2, "item_id": "é", "evidence": []}
    assert [piece["weight"] for piece in first["evidence"]] == [0.5, 0.5, None]
    assert len(found["history"]) == 12
    assert found["history"][1] == {
        "item_id": "h1",
        "title": None,
        "year": None,
        "rating": pytest.approx(4.590909),
    }


def test_the_text_of_a_list() -> None:
    lines = text_of(made_up()).splitlines()
    assert lines[:4] == [
        "User Ünal of shop: 12 ratings, mean 2.8",
        "  ★5       Wordwithoutanyblanksinit",
        "  ★4.59091 item h1",
        "  ★4.18182 [REC]",
    ]
    assert lines[11:] == [
        "  and 2 more",
        "",
        "a recommends",
        "  1. *Wordwithoutanyblanksinit* (2001)",
        "     Because of Wordwithoutanyblanksinit.",
        "  2. item é",
        "     no explanation",
        "",
        "  others to ask with --approach: b, c",
    ]
    assert "others" not in text_of(made_up(others=()))


def test_the_text_of_one_item() -> None:
    lines = text_of(made_up("p 1", n_listed=0, others=())).splitlines()
    assert lines[13:] == [
        "*Wordwithoutanyblanksinit* (2001)",
        "  number 1 of a (score 0.25); recommended are the first 0",
        "  Because of Wordwithoutanyblanksinit.",
        "",
        "  contribution rated item",
        "           0.5 Wordwithoutanyblanksinit",
        "           0.5 Two words",
        "           inf [red]C[/]",
    ]


def test_parts_of_a_rule_stand_together() -> None:
    lines = text_of(made_up("p 1", style="rule", others=())).splitlines()
    assert lines[-3:] == [
        "  confidence liked together",
        "         0.5 Wordwithoutanyblanksinit + Two words",
        "         inf [red]C[/]",
    ]


@pytest.mark.parametrize("columns", [20, 30, 40])
@pytest.mark.parametrize("item_id", [None, "p 1"])
def test_narrow_terminals_cut_nothing_off(
    columns: int, item_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    wide = text_of(made_up(item_id))
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = text_of(made_up(item_id))
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= columns
    for letter in "★*Wwp.":
        assert narrow.count(letter) == wide.count(letter)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_real_replies_anywhere(
    encoding: str, catalog: DataCatalog, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    text = text_of(answer(catalog, Question(user)), Terminal(encoding))
    assert "\x1b" not in text
    assert text.count("Recommended") == 10


Kedro = Callable[..., subprocess.CompletedProcess[str]]


def test_the_command_before_any_run(project_copy: Path, kedro: Kedro) -> None:
    result = kedro(project_copy, "explain", "--user", "1", "--format", "json")
    expect_error(result, "data/07_model_output: no explanations are stored there yet; first kedro")
    assert result.stdout == ""
    assert [path.name for path in (project_copy / "data").iterdir()] == ["01_raw"]
