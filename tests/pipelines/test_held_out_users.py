"""A real session in which the users who are tested are new to every model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.answers.answer import answer
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.interface.stored import load_data, load_pair
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters, reported_columns
from explainable_recsys.metrics.projected_evidence import NOT_APPLICABLE
from tests.conftest import open_catalog
from tests.in_memory import can_be_taken_away, cites_ratings, run_small
from tests.lists_of import assert_lists_end_with_ties

USUAL = [name for name, pair in APPROACHES.items() if not pair.on_request]
SPLIT = {"strategy": "held_out_users", "fraction": 0.2}
REPORTED = reported_columns(10, FaithfulnessParameters())
STRONGEST = "pos@10,3/strongest"  # told only where the evidence has views
PAIR = ["user_id", "item_id"]


@pytest.fixture(scope="session")
def data_root(run_once: Callable[..., Path]) -> Path:
    return run_once("held_out", [*USUAL, "recommenders"], split=SPLIT)


@pytest.fixture(scope="module")
def load(data_root: Path) -> Callable[..., list[Any]]:
    """Loads what that run stored."""
    with open_catalog(data_root) as catalog:
        return lambda *names: [catalog.load(name) for name in names]


Load = Callable[..., list[Any]]


def test_nobody_who_is_tested_was_learned_from(load: Load, data_root: Path) -> None:
    parts = load("train_ratings", "validation_ratings", "test_ratings", "fold_in_ratings")
    ratings, interactions = load("ratings", "interactions")
    with open_catalog(data_root) as catalog:
        histories = load_data(catalog).histories
    train, validation, test, fold_in = (set(part["user_id"]) for part in parts)
    assert len(fold_in) == 12  # of 60
    assert test <= fold_in
    assert not fold_in & train
    assert validation <= train
    assert set(interactions.user_ids) == train
    assert set(histories.user_ids) == fold_in
    np.testing.assert_array_equal(histories.item_ids, interactions.item_ids)
    together = pd.concat(parts).sort_values(PAIR, ignore_index=True)
    pd.testing.assert_frame_equal(together, ratings)
    known = parts[3]["item_id"].isin(interactions.item_ids)
    assert histories.ratings.nnz == known.sum()
    assert interactions.ratings.nnz == len(parts[0]) + len(parts[1])


def test_lists_are_for_the_held_out_users_and_personal(load: Load, data_root: Path) -> None:
    """A model knows nobody by name, only by the history."""
    with open_catalog(data_root) as catalog:
        data = load_data(catalog)
    fold_in, test, interactions = load("fold_in_ratings", "test_ratings", "interactions")
    rated = set(fold_in[PAIR].itertuples(index=False, name=None))
    for name in RECOMMENDERS:
        lists, metrics, by_user, facts = load(
            *(f"{name}.{t}" for t in ("recommendations", "metrics", "user_metrics", "evaluated_on"))
        )
        assert set(lists["user_id"]) <= set(fold_in["user_id"]), name
        assert_lists_end_with_ties(lists, *load(f"{name}.model"), data, 10, 3)
        assert len(lists) > (0 if name in ("ar", "popularity", "bias") else 10 * 12 - 2), name
        assert not rated & set(lists[PAIR].itertuples(index=False, name=None)), name
        if name not in ("popularity", "bias"):  # of whom everybody gets the same
            lists_of = lists.groupby("user_id")["item_id"].agg(frozenset)
            assert lists_of.nunique() > len(lists_of) / 2, name
        assert metrics["recall@10/n"] == metrics["ndcg@10/n"] == test["user_id"].nunique()
        assert set(by_user.loc[by_user["recall@10"].notna(), "user_id"]) == set(test["user_id"])
        assert by_user["recall@10"].mean() == pytest.approx(metrics["recall@10"])
        assert facts["split"]["strategy"] == "held_out_users"
        if "rmse" in metrics:
            assert metrics["n_ratings"] == len(test)
            assert metrics["n_cold"] == (~test["item_id"].isin(interactions.item_ids)).sum()
            assert 0 < metrics["mae"] < metrics["rmse"] < 2, name


@pytest.mark.parametrize("approach", USUAL)
def test_reasons_are_of_the_held_out_users_own_history(approach: str, load: Load) -> None:
    pair = APPROACHES[approach]
    reasons, sentences, metrics, lists, fold_in = load(
        *(f"{approach}.{table}" for table in ("explanations", "sentences", "metrics")),
        f"{pair.recommender}.recommendations",
        "fold_in_ratings",
    )
    explained = reasons[PAIR].drop_duplicates()
    assert len(explained.merge(lists[PAIR])) == len(explained) > 0
    assert len(sentences) >= len(explained)
    cited = reasons[reasons["rated_item_id"].notna()]
    cited = set(zip(cited["user_id"], cited["rated_item_id"].astype(int), strict=True))
    assert cited <= set(fold_in[PAIR].itertuples(index=False, name=None))
    assert bool(cited) == cites_ratings(pair)
    assert all(value is None or isinstance(value, int | float) for value in metrics.values())


@pytest.mark.parametrize("approach", USUAL)
def test_faithfulness_is_measured(approach: str, load: Load) -> None:
    metrics, table, measured, curves, fold_in, reasons = load(
        f"{approach}.metrics",
        f"{approach}.faithfulness",
        f"{approach}.user_metrics",
        f"{approach}.faithfulness_curves",
        "fold_in_ratings",
        f"{approach}.explanations",
    )
    if not can_be_taken_away(APPROACHES[approach]):
        assert set(table["scope"]) == {NOT_APPLICABLE}
        assert not set(REPORTED) & {*metrics, *measured.columns}
        assert table["value"].isna().all()
        return
    expected = set(REPORTED) - (set() if APPROACHES[approach].order else {STRONGEST})
    for known in (metrics, measured):
        assert set(REPORTED) & set(known) == expected
    by_user = measured[measured["pos@10,3"].notna()]
    assert set(by_user["user_id"]) <= set(fold_in["user_id"])
    assert set(curves["metric"]) == {"pos", "ps", "del", "ins", "cdcg"}
    (scope,) = table["scope"].unique()
    assert STYLES[reasons["style"].iloc[0]].taken_away in scope.split("; ")
    assert metrics["pos@10,3/n"] == len(by_user) > 0
    for row in table.itertuples():
        if row.n_cited == 3 and row.evidence == "own":
            name = row.metric + ("@10,3" if row.metric in ("pos", "ps") else "@3")
            assert metrics[name] == pytest.approx(row.value, nan_ok=True)
            assert metrics[name] == pytest.approx(by_user[name].mean(), nan_ok=True)
    assert table.loc[table["metric"].isin(["pos", "ps"]), "value"].between(0, 1).all()


def test_held_out_users_are_answered_as_in_the_run(data_root: Path, load: Load) -> None:
    lists, reasons = load("als.recommendations", "intrinsic_als.explanations")
    with open_catalog(data_root) as catalog:
        found = answer(load_pair(catalog, APPROACHES["intrinsic_als"]), load_data(catalog))
    pd.testing.assert_frame_equal(found.recommendations, lists, check_dtype=False)
    assert found.explanations["rated_item_id"].tolist() == reasons["rated_item_id"].tolist()


def test_rules_of_clusters_are_refused_in_one_clear_error(tmp_path: Path) -> None:
    message = (
        r"parameters rules_of_svd\.scopes: held-out users are in no cluster and have no nearest "
        r"users; with split\.strategy held_out_users accepted: n_clusters 0 and n_neighbours 0"
    )
    changed = {"split": SPLIT, "rules_of_svd": {"scopes": {"n_clusters": 2}}}
    with pytest.raises(InputError, match=message):
        run_small(tmp_path, ["posthoc_ar_of_lists"], changed)
