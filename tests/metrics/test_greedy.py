"""Greedy removal against code that takes one rating out of one history at a time."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.liking import Liking
from explainable_recsys.metrics import greedy as module
from explainable_recsys.metrics.faithfulness import (
    FaithfulnessParameters,
    greedy_users,
    measure_faithfulness,
    possible_drop,
    sampled_users,
)
from explainable_recsys.metrics.greedy import take_away
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters, recommend
from tests.explainers.small_models import FITS, small_catalogue
from tests.lists_of import data_of, lists_of

K, N = 4, 3
EXACT = (
    "EMF without neighbours",
    *("ALS", "SVD", "SVD of ratings", "FM", "FM of ratings", "MF"),
    *("EASE", "EASE by users", "ItemKNN", "content", "meta-paths", "rules", "random walk"),
)


def emf(**changed: Any) -> EMF:
    parameters = EMFParameters(factors=3, iterations=5, **({"factor_damping": 0.5} | changed))
    return EMF.fit(catalogue(), parameters, NeighbourhoodParameters(k=4), Liking(4.0))


EMFS: dict[str, dict[str, Any]] = {
    "EMF that ranks": {},
    "EMF of ratings": {"objective": "rating", "regularization": 0.02},
    "EMF as published": {"objective": "rating", "form": "l2", "contrast": 0.0},
    "EMF without neighbours": {"explainability_weight": 0.0},
}


@cache
def catalogue() -> Interactions:
    return small_catalogue()


@cache
def ranker_of(kind: str) -> Ranker:
    model = emf(**EMFS[kind]) if kind in EMFS else FITS[kind](catalogue())
    return Ranker.of(model, catalogue(), min_ratings=0)


@cache
def recommended(kind: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    table = recommend(
        ranker_of(kind).model, catalogue(), RecommendationParameters(n=K, min_ratings=0)
    )
    data = catalogue()
    return table, data.known_rows(table["user_id"]), data.known_columns(table["item_id"])


@cache
def taken(kind: str) -> tuple[np.ndarray, np.ndarray]:
    _, users, items = recommended(kind)
    return take_away(ranker_of(kind), catalogue().ratings, users, items, K, N)


def left_of(user: int, without: list[int]) -> sparse.csr_array:
    history = catalogue().ratings[[user]].tocoo()
    kept = ~np.isin(history.col, without)
    arrays = history.data[kept], (history.row[kept], history.col[kept])
    return sparse.csr_array(arrays, shape=history.shape)


def scores_of(kind: str, user: int, without: list[int]) -> np.ndarray:
    """What ranks given what is left of a history; nothing of the whole history is a candidate."""
    scores = ranker_of(kind).scores(left_of(user, without))[0].astype(np.float64)
    scores[catalogue().ratings[[user]].indices] = -np.inf
    return scores


def kth_of_the_others(scores: np.ndarray, item: int) -> int | None:
    others = np.delete(np.arange(len(scores)), item)
    best = others[np.argsort(-scores[others], kind="stable")][K - 1]
    return int(best) if np.isfinite(scores[best]) else None


def lead(kind: str, user: int, without: list[int], item: int, rival: int | None) -> float:
    """Of an item over another, in the model's own scores."""
    scores = ranker_of(kind).model.scores(left_of(user, without))[0].astype(np.float64)
    if np.isneginf(scores[item]) or rival is None:
        return float(scores[item])
    return float(scores[item] - scores[rival])


@pytest.mark.parametrize("kind", EXACT)
def test_each_removal_lowers_the_lead_as_far_as_any_can(kind: str) -> None:
    _, users, items = recommended(kind)
    removed, ranks = taken(kind)
    chosen = np.random.default_rng(0).permutation(len(items))[:25]
    for row in chosen:
        user, item = int(users[row]), int(items[row])
        rated = set(catalogue().ratings[[user]].indices.tolist())
        gone: list[int] = []
        for step in range(min(N, len(rated))):
            if kind == "meta-paths" and (left_of(user, gone).data >= 4).sum() < 2:
                break  # without the last liked item all others count: no sum over the ratings
            rival = kth_of_the_others(scores_of(kind, user, gone), item)
            leads = {
                other: lead(kind, user, [*gone, other], item, rival)
                for other in sorted(rated - set(gone))
            }
            found = int(removed[row, step])
            assert found in leads
            lowest = min(leads.values())
            assert leads[found] == pytest.approx(lowest, rel=1e-3, abs=2e-5), (kind, row, step)
            gone.append(found)
            scores = scores_of(kind, user, gone)
            rank = ranker_of(kind).ranks(scores[None], np.array([item]), K)
            assert ranks[row, step] == rank[0]
        assert (removed[row, len(rated) :] == -1).all()


@pytest.mark.parametrize("kind", list(EMFS)[:2])
def test_neighbours_that_stay_are_nearly_those_without_a_rating(kind: str) -> None:
    _, users, items = recommended(kind)
    removed, ranks = taken(kind)
    lost, best = [], []
    for row in range(0, len(items), 3):
        user, item = int(users[row]), int(items[row])
        rival = kth_of_the_others(scores_of(kind, user, []), item)
        rated = catalogue().ratings[[user]].indices.tolist()
        leads = {other: lead(kind, user, [other], item, rival) for other in rated}
        whole = lead(kind, user, [], item, rival)
        lost.append(whole - leads[int(removed[row, 0])])
        best.append(whole - min(leads.values()))
        left = scores_of(kind, user, removed[row].tolist())
        assert ranks[row, -1] == ranker_of(kind).ranks(left[None], np.array([item]), K)[0]
    assert np.mean(lost) > 0.8 * np.mean(best) > 0


@pytest.mark.parametrize("kind", EMFS)
def test_systems_given_neighbours_are_those_of_the_model(kind: str) -> None:
    model = ranker_of(kind).model
    users = model.user_factors(catalogue().ratings)  # type: ignore[attr-defined]
    for block in padded_blocks(catalogue().ratings, 60):
        (systems,) = model.systems_given_neighbours(block)  # type: ignore[attr-defined]
        np.testing.assert_allclose(systems.solve(), users[block.rows], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("columns", [[5], [3, 3, 0, 11], []])
def test_rules_to_some_items_score_as_all_rules_do(columns: list[int]) -> None:
    model, chosen = ranker_of("rules").model, np.array(columns, np.int64)
    expected = model.scores(catalogue().ratings)[:, chosen]
    np.testing.assert_array_equal(model.scores_of(catalogue().ratings, chosen), expected)
    nothing = sparse.csr_array((2, catalogue().n_items), dtype=np.float32)
    assert np.isneginf(model.scores_of(nothing, chosen)).all()


@pytest.mark.parametrize("kind", ["ALS", "EASE", "rules"])
def test_blocks_and_orders_of_rows_change_nothing(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, users, items = recommended(kind)
    removed, ranks = taken(kind)
    monkeypatch.setattr(module, "SCORES_AT_ONCE", 30)
    shuffled = np.random.default_rng(1).permutation(len(items))
    again = take_away(ranker_of(kind), catalogue().ratings, users[shuffled], items[shuffled], K, N)
    np.testing.assert_array_equal(again[0], removed[shuffled])
    np.testing.assert_array_equal(again[1], ranks[shuffled])


def test_a_lead_by_hand() -> None:
    kind = "ItemKNN"
    model, (_, users, items) = ranker_of(kind).model, recommended(kind)
    removed, _ = taken(kind)
    to_items = model._to_items.toarray()  # type: ignore[attr-defined]
    for row in range(0, len(items), 7):
        history = catalogue().ratings[[int(users[row])]]
        rival = kth_of_the_others(scores_of(kind, int(users[row]), []), int(items[row]))
        parts = history.data * to_items[history.indices, items[row]]
        if rival is not None:
            parts = parts - history.data * to_items[history.indices, rival]
        assert removed[row, 0] == history.indices[parts.argmax()]


def test_short_histories_and_nobody() -> None:
    history = sparse.csr_array(np.eye(1, catalogue().n_items, 2, dtype=np.float32) * 5)
    ranker = ranker_of("ALS")
    item = ranker.scores(history)[0].argmax()
    removed, ranks = take_away(ranker, history, np.array([0]), np.array([item]), K, N)
    assert removed.tolist() == [[2, -1, -1]]
    assert ranks.tolist() == [[0, 0, 0]]
    nobody = np.empty(0, np.int64)
    removed, ranks = take_away(ranker, history, nobody, nobody, K, N)
    assert removed.shape == ranks.shape == (0, N)


def faithful(kind: str, pieces: int, **changed: int) -> pd.DataFrame:
    """By user, when what greedy choice takes away first is the evidence."""
    table, (removed, _) = recommended(kind)[0], taken(kind)
    rows, steps = np.nonzero(removed[:, :pieces] >= 0)
    evidence = table[["user_id", "item_id"]].iloc[rows].reset_index(drop=True)
    cited = catalogue().item_ids[removed[rows, steps]]
    evidence = evidence.assign(rated_item_id=cited, weight=1.0, position=steps + 1)
    parameters = FaithfulnessParameters(
        **({"n_cited": (1, 2, 3), "reported": N, "n_users": None, "curve_users": 0} | changed)
    )
    model, data = ranker_of(kind).model, data_of(catalogue())
    lists = lists_of(catalogue(), table)
    return measure_faithfulness(model, data, lists, evidence, K, parameters, 0).by_user


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_as_many_ratings_go_as_are_cited(pieces: int) -> None:
    by_user = faithful("ALS", pieces)
    np.testing.assert_array_equal(by_user[f"pos@{K},{N}/greedy"], by_user[f"pos@{K},{N}"])
    found = possible_drop(by_user, K, N, 0, 0)
    assert found[f"possible_drop@{K},{N}"] == pytest.approx(1.0)


@pytest.mark.parametrize("n", [1, 7, 1000, None])
def test_the_sample_does_not_grow(n: int | None) -> None:
    by_user = faithful("EASE", 3, sample_users=n, seed=4)
    parameters = FaithfulnessParameters(n_users=None, sample_users=n, seed=4)
    chosen = catalogue().user_ids[greedy_users(catalogue(), parameters)]
    known = by_user["user_id"][by_user[f"pos@{K},{N}/greedy"].notna()]
    assert set(known) == set(chosen) & set(by_user["user_id"])
    assert len(chosen) == min(n or 1000, catalogue().n_users)
    drawn = sampled_users(catalogue(), parameters)
    np.testing.assert_array_equal(greedy_users(catalogue(), parameters), drawn[:n])
    found = possible_drop(by_user, K, N, 20, 0).get(f"possible_drop@{K},{N}/n", len(known))
    assert found == len(known)


def test_possible_drop_by_hand() -> None:
    by_user = pd.DataFrame(
        {
            "pos@4,3": [0.5, 0.25, 0.0],
            "pos@4,3/random": [1.0, 0.75, 0.5],
            "pos@4,3/greedy": [0.0, 0.25, np.nan],
        }
    )
    found = possible_drop(by_user, 4, 3, 200, 0)
    # Of 1.0 and 0.5 that could be lost, 0.5 each are; the third user's greedy choice is unknown.
    assert found["possible_drop@4,3"] == pytest.approx(1.0 / 1.5)
    assert found["possible_drop@4,3/low"] == pytest.approx(0.5)
    assert found["possible_drop@4,3/high"] == pytest.approx(1.0)
    assert found["possible_drop@4,3/n"] == 2
    same = {"pos@4,3": 1.0, "pos@4,3/random": 1.0}
    assert possible_drop(by_user.assign(**same, **{"pos@4,3/greedy": 0.99}), 4, 3, 0, 0) == {}
    assert possible_drop(by_user.assign(**same, **{"pos@4,3/greedy": 0.9}), 4, 3, 0, 0) == {
        "possible_drop@4,3": pytest.approx(0.0),
        "possible_drop@4,3/n": 3,
    }
    assert possible_drop(by_user.drop(columns="pos@4,3/greedy"), 4, 3, 0, 0) == {}
