"""`kedro explain` against what a run has stored and what its models compute."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from scipy import sparse

from explainable_recsys.answers.pairs import APPROACHES, explainers_for, pair_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.explain import Question, answer
from explainable_recsys.interface.replies import Reply, as_json, drawn
from explainable_recsys.interface.stored import stored_approaches, why_chosen
from explainable_recsys.interface.terminal import print_plainly
from explainable_recsys.reporting.people import Person
from explainable_recsys.wording.markup import marked
from tests.interface.test_stored import EXPLAINING
from tests.interface.test_terminal import Terminal
from tests.test_cli import expect_error

USER = 7  # row of a user of the `test` environment
KEYS = ["data", "approach", "recommender", "explainer", "lists", "user_id", "history"]
ROW = [
    "rank",
    "item_id",
    "title",
    "year",
    "score",
    "sentence",
    "n_ratings",
    "no_reason",
    "evidence",
]
PIECE = ["position", "style", "evidence_id", "evidence", "weight", "group", "rated_item_id"]
PAIRS = [(name, explainer) for name in RECOMMENDERS for explainer in explainers_for(name)]


@pytest.fixture(scope="module")
def histories(catalog: DataCatalog) -> Interactions:
    found: Interactions = catalog.load("interactions")
    return found


@pytest.fixture(scope="module")
def user(histories: Interactions) -> str:
    return str(histories.user_ids[USER])


def scores_of(catalog: DataCatalog, recommender: str, histories: Interactions) -> np.ndarray:
    found: np.ndarray = catalog.load(f"{recommender}.model").scores(histories.ratings[[USER]])[0]
    return found


def order_by_hand(
    catalog: DataCatalog,
    recommender: str,
    histories: Interactions,
    min_ratings: int = 3,
    own: sparse.csr_array | None = None,
) -> list[int]:
    """All that may be recommended to the user, best first, of equal scores the more rated."""
    own = histories.ratings[[USER]] if own is None else own
    nothing = sparse.csr_array((1, histories.n_items), dtype="f4")
    model = catalog.load(f"{recommender}.model")
    scores, of_nobody = model.scores(own)[0], model.scores(nothing)[0]
    counts = np.bincount(histories.ratings.indices, minlength=histories.n_items)
    may = np.isfinite(scores) & (counts >= min_ratings)
    may[own.indices] = False
    if recommender not in ("popularity", "random", "bias"):  # of which the history decides
        may &= scores != of_nobody
    order = sorted(np.flatnonzero(may), key=lambda place: (-scores[place], -counts[place], place))
    return [int(column) for column in order]


def text_of(reply: Reply, terminal: Terminal | None = None) -> str:
    terminal = terminal or Terminal()
    with redirect_stdout(terminal):
        print_plainly(drawn(reply))
    return terminal.printed()


def through_json(reply: Reply) -> dict[str, Any]:
    """The reply after a strict JSON writer and reader."""
    found: dict[str, Any] = json.loads(json.dumps(as_json(reply), allow_nan=False))
    return found


@pytest.mark.parametrize("approach", EXPLAINING)
def test_a_list_as_it_is_stored(approach: str, catalog: DataCatalog, user: str) -> None:
    pair, reply = APPROACHES[approach], answer(catalog, Question(user, approach=approach))
    lists = catalog.load(f"{pair.recommender}.recommendations")
    explanations = catalog.load(f"{approach}.explanations")
    own = [t[t["user_id"] == int(user)] for t in (lists, explanations)]
    assert sorted([approach, *reply.others]) == EXPLAINING
    assert reply.n_listed == len(own[0])
    assert reply.item_id is None
    found = through_json(reply)
    assert list(found) == [*KEYS, "recommendations"]
    assert found["data"] == "movielens-small"
    assert found["approach"] == approach
    assert (found["recommender"], found["explainer"]) == (pair.recommender, pair.explainer)
    assert found["lists"] == pair.recommender
    assert found["user_id"] == int(user)
    assert len(found["history"]) == catalog.load("interactions").ratings[[USER]].nnz
    rows = found["recommendations"]
    for name in ("item_id", "rank", "score"):
        assert [row[name] for row in rows] == own[0][name].tolist()
    for row in rows:
        assert list(row) == ROW
        evidence = own[1][own[1]["item_id"] == row["item_id"]]
        assert all(list(piece) == PIECE for piece in row["evidence"])
        for name in ("evidence", "style"):
            assert [piece[name] for piece in row["evidence"]] == evidence[name].tolist()
        assert (row["sentence"] is None) == evidence.empty
        assert (row["sentence"] is None) == bool(row["no_reason"])


def test_the_most_accurate_approach_is_asked(catalog: DataCatalog, user: str) -> None:
    first, *others = stored_approaches(catalog)
    reply = answer(catalog, Question(user))
    assert reply.pair.name == first
    assert list(reply.others) == others
    assert reply.chosen == why_chosen(catalog, first)
    for named in (Question(user, approach=first), Question(user, recommender="als")):
        assert not answer(catalog, named).chosen


@pytest.fixture(scope="module")
def list_of_popularity(catalog: DataCatalog, user: str) -> list[dict[str, Any]]:
    reply = answer(catalog, Question(user, recommender="popularity"))
    found: list[dict[str, Any]] = through_json(reply)["recommendations"]
    return found


@pytest.mark.parametrize(("recommender", "explainer"), PAIRS)
def test_any_pair_on_its_own_list_and_another(
    recommender: str,
    explainer: str,
    catalog: DataCatalog,
    user: str,
    list_of_popularity: list[dict[str, Any]],
) -> None:
    """What is asked as a pair is what its approach says; popularity's list stays popularity's."""
    asked = Question(user, recommender=recommender, explainer=explainer)
    pair = pair_of(recommender, explainer)
    found = through_json(answer(catalog, asked))
    assert found["approach"] == (pair.name if pair.name in APPROACHES else None)
    assert (found["recommender"], found["explainer"]) == (recommender, explainer)
    if pair.name in APPROACHES:
        assert found == through_json(answer(catalog, Question(user, approach=pair.name)))
    for row in found["recommendations"]:
        assert (row["sentence"] is None) == (not row["evidence"])
    others = through_json(answer(catalog, replace(asked, lists="popularity")))
    assert (others["recommender"], others["lists"]) == (recommender, "popularity")
    for row, same in zip(others["recommendations"], list_of_popularity, strict=True):
        assert [row[name] for name in ROW[:5]] == [same[name] for name in ROW[:5]]


def test_whose_list_is_explained_by_what(catalog: DataCatalog, user: str) -> None:
    asked = Question(user, recommender="als", explainer="similar_items")
    assert "\nRecommended by ALS, explained by similar items\n" in text_of(answer(catalog, asked))
    first = as_json(answer(catalog, replace(asked, lists="popularity")))["recommendations"][0]
    said = "explained by similar items of ALS, whose own list it is not"
    for item, start in ((None, "Recommended by Most"), (first["title"], "number 1 by Most popul")):
        text = text_of(answer(catalog, replace(asked, lists="popularity", item=item)))
        assert start in text
        assert said in " ".join(text.split())


def test_a_recommender_alone_is_explained_as_by_its_first_approach(
    catalog: DataCatalog, user: str
) -> None:
    assert answer(catalog, Question(user, recommender="svd")).pair.name == "posthoc_ar"
    assert answer(catalog, Question(user, recommender="random_walk")).pair.explainer == "rules"


@pytest.mark.parametrize("approach", EXPLAINING)
def test_one_item_of_the_list(
    approach: str, catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    whose = APPROACHES[approach].recommender
    row = as_json(answer(catalog, Question(user, approach=approach)))["recommendations"][-1]
    reply = answer(catalog, Question(user, str(row["item_id"]), approach))
    assert as_json(reply)["recommendations"] == [row]
    assert reply.n_listed == row["rank"]
    text = text_of(reply)
    title = RECOMMENDERS[whose].title
    said = f"number {row['rank']} by {title} (score {row['score']:.4g}), explained by"
    assert said in " ".join(text.split())
    assert "recommended are" not in text
    column = int(histories.item_columns(np.array([row["item_id"]]))[0])
    assert order_by_hand(catalog, whose, histories)[row["rank"] - 1] == column


@pytest.mark.parametrize("lists", ["popularity", None])
@pytest.mark.parametrize("approach", [name for name in EXPLAINING if name != "intrinsic_ar"])
def test_an_item_that_is_not_in_the_list(
    approach: str, lists: str | None, catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    whose = lists or APPROACHES[approach].recommender
    scores, order = scores_of(catalog, whose, histories), order_by_hand(catalog, whose, histories)
    listed = catalog.load(f"{whose}.recommendations").query(f"user_id == {user}")
    for rank in (61, len(order)):
        column = order[rank - 1]
        item_id = int(histories.item_ids[column])
        reply = answer(catalog, Question(user, str(item_id), approach, lists=lists))
        (row,) = through_json(reply)["recommendations"]
        assert row["item_id"] == item_id
        assert row["rank"] == rank
        assert row["score"] == pytest.approx(float(scores[column]))
        text = " ".join(text_of(reply).split())
        assert f"number {rank:,} by {RECOMMENDERS[whose].title} (" in text
        assert f"recommended are the first {len(listed)}" in text
        if row["sentence"] is None:  # nothing that was rated speaks for it
            assert all(piece["weight"] <= 0 for piece in row["evidence"])
        else:
            assert row["evidence"]


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
    with pytest.raises(InputError, match="has no rating to learn from, so nothing can"):
        answer(catalog, Question(user, str(unrated[0])))


def test_an_item_with_few_ratings(catalog: DataCatalog, histories: Interactions, user: str) -> None:
    """It is on no list, unless somebody asks for it."""
    counts = np.bincount(histories.ratings.indices, minlength=histories.n_items)
    usual, everything = (order_by_hand(catalog, "content", histories, n) for n in (3, 0))
    rank, column = next(
        (rank, column) for rank, column in enumerate(everything, 1) if counts[column] < 3
    )
    asked = Question(user, str(histories.item_ids[column]), "intrinsic_content")
    expected = rf"fewer ratings .* \({counts[column]}\) .* 3\); .* --min-ratings {counts[column]}"
    with pytest.raises(InputError, match=expected):
        answer(catalog, asked)
    reply = as_json(answer(catalog, replace(asked, min_ratings=0)))
    assert reply["recommendations"][0]["rank"] == rank
    assert reply["recommendations"][0]["evidence"]
    for min_ratings, order in ((None, usual), (3, usual), (0, everything)):
        whole = replace(asked, item=None, min_ratings=min_ratings)
        found = answer(catalog, whole)
        rows = as_json(found)["recommendations"]
        assert [row["item_id"] for row in rows] == histories.item_ids[order[:10]].tolist()
        n_ratings = counts[order[:10]].tolist()
        assert [row["n_ratings"] for row in rows] == n_ratings
        assert text_of(found).count("(new: ") == sum(n < 3 for n in n_ratings)
        assert all(row["evidence"] for row in rows)


def test_an_item_that_no_rule_leads_to(
    catalog: DataCatalog, histories: Interactions, user: str
) -> None:
    scores = scores_of(catalog, "ar", histories)
    rated = histories.ratings[[USER]].indices
    column = np.setdiff1d(np.flatnonzero(~np.isfinite(scores)), rated)[0]
    expected = rf"Association rules would never recommend .* to user {user}; nothing in the"
    with pytest.raises(InputError, match=expected):
        answer(catalog, Question(user, str(histories.item_ids[column]), "intrinsic_ar"))


def test_unknown_users_items_and_approaches(catalog: DataCatalog, user: str) -> None:
    for wanted in ("0", "-5", "1.5", "9" * 40, "", "somebody"):
        with pytest.raises(InputError, match=f"unknown user '{wanted}' of movielens-small; near: "):
            answer(catalog, Question(wanted))
    for wanted in ("", "-5", "9" * 40, "no film has this title"):
        with pytest.raises(InputError, match=f"unknown item '{wanted}'; near: "):
            answer(catalog, Question(user, wanted))
    with pytest.raises(InputError, match="did you mean 'intrinsic_als'"):
        answer(catalog, Question(user, approach="intrinsic_asl"))
    with pytest.raises(InputError, match="approach ''"):
        answer(catalog, Question(user, approach=""))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"recommender": "alss"}, "no recommender 'alss'; did you mean 'als'"),
        ({"recommender": "als", "explainer": "path"}, "no explainer 'path'; did you mean 'paths'"),
        ({"recommender": "als", "explainer": "paths"}, "cannot explain recommender 'als', which "),
        ({"explainer": "rules"}, "--explainer needs a --recommender"),
        ({"approach": "posthoc_ar", "recommender": "als"}, "--approach names both"),
        ({"lists": "posthoc_ar"}, "no recommender 'posthoc_ar'"),
    ],
)
def test_pairs_that_cannot_be_asked(
    asked: dict[str, str], said: str, catalog: DataCatalog, user: str
) -> None:
    with pytest.raises(InputError, match=said):
        answer(catalog, Question(user, **asked))


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
    pair = pair_of("als", "rules")
    given = {"data": "shop", "pair": pair, "lists": "als", "others": ("b", "c"), "n_listed": 2}
    given |= {"item_id": item_id, "title": "*Wordwithoutanyblanksinit* (2001)"}
    return Reply(**{**given, "person": someone, "silence": "so it is", **changes})


def test_json_of_text_ids_and_of_what_is_missing() -> None:
    found = through_json(made_up())
    assert found["user_id"] == "Ünal"
    first, second = found["recommendations"]
    assert first["item_id"] == "p 1"
    assert first["year"] == 2001
    assert first["sentence"] == "Because of Wordwithoutanyblanksinit."
    missing = dict.fromkeys(ROW, None) | {"no_reason": "so it is"}
    del missing["n_ratings"]  # which this list does not say
    assert second == missing | {"rank": 2, "item_id": "é", "evidence": []}
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
        "Recommended by ALS, explained by rules",
        "  1. *Wordwithoutanyblanksinit* (2001)",
        "     Because of Wordwithoutanyblanksinit.",
        "  2. item é",
        "     no explanation: so it is",
        "",
        "  others to ask with --approach: b, c",
    ]
    assert "others" not in text_of(made_up(others=()))
    assert text_of(made_up(chosen="a was it")).splitlines()[-2:] == [
        "  a was it",
        "  others to ask with --approach: b, c",
    ]
    assert "a was it" not in text_of(made_up(chosen="a was it", others=()))


def test_the_text_of_one_item() -> None:
    lines = text_of(made_up("p 1", n_listed=0, others=())).splitlines()
    assert lines[13:] == [
        "*Wordwithoutanyblanksinit* (2001)",
        "  number 1 by ALS (score 0.25), explained by rules; recommended are the first 0",
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
    reply = answer(catalog, Question(user))
    text, told = text_of(reply, Terminal(encoding)), reply.person.recommendations["sentence"]
    assert "\x1b" not in text
    assert text.count("Recommended") == 1 + told.notna().sum() > 1
    assert text.count("no explanation:") == told.isna().sum()


Kedro = Callable[..., subprocess.CompletedProcess[str]]


def test_the_command_before_any_run(project_copy: Path, kedro: Kedro) -> None:
    result = kedro(project_copy, "explain", "--user", "1", "--format", "json")
    expect_error(result, "data: no explanations are stored there yet; first kedro run")
    assert result.stdout == ""
    assert [path.name for path in (project_copy / "data").iterdir()] == ["01_raw"]
