"""Real sessions in which the users who are tested are new to every model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog

from explainable_recsys.errors import InputError
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters, reported_columns
from tests.conftest import open_catalog, run_project

APPROACHES = (
    "intrinsic_als",
    "posthoc_ar",
    "intrinsic_mf",
    "posthoc_fm_lime",
    "posthoc_influence",
    "posthoc_knn",
    "intrinsic_ease",
    "intrinsic_ar",
    "knowledge_graph",
)
ITEM_CITING = ("intrinsic_als", "posthoc_influence", "posthoc_knn", "intrinsic_ease")
SPLIT = {"strategy": "held_out_users", "fraction": 0.2}
FAITHFULNESS = FaithfulnessParameters()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> DataCatalog:
    """What one run left behind."""
    data_root = tmp_path_factory.mktemp("held_out")
    run_project(data_root, [*APPROACHES, "baselines"], split=SPLIT)
    with open_catalog(data_root) as catalog:
        return catalog


def load(results: DataCatalog, *names: str) -> list[Any]:
    return [results.load(name) for name in names]


def test_nobody_who_is_tested_was_learned_from(results: DataCatalog) -> None:
    parts = load(results, "train_ratings", "validation_ratings", "test_ratings", "fold_in_ratings")
    ratings, interactions, histories = load(results, "ratings", "interactions", "histories")
    train, validation, test, fold_in = (set(part["user_id"]) for part in parts)
    assert len(fold_in) == 12  # of 60
    assert test <= fold_in
    assert not fold_in & train
    assert validation <= train
    assert set(interactions.user_ids) == train
    assert set(histories.user_ids) == fold_in
    np.testing.assert_array_equal(histories.item_ids, interactions.item_ids)
    together = pd.concat(parts).sort_values(["user_id", "item_id"], ignore_index=True)
    pd.testing.assert_frame_equal(together, ratings)
    known = parts[3]["item_id"].isin(interactions.item_ids)
    assert histories.ratings.nnz == known.sum()
    assert interactions.ratings.nnz == len(parts[0]) + len(parts[1])


@pytest.mark.parametrize("approach", [*APPROACHES, "emf", "mf", "fm", "svd", "item_knn", "bias"])
def test_lists_are_for_the_held_out_users_only(approach: str, results: DataCatalog) -> None:
    histories, lists = load(results, "histories", f"{approach}.recommendations")
    assert set(lists["user_id"]) <= set(histories.user_ids)
    assert len(lists) > (0 if approach == "intrinsic_ar" else 10 * 12 - 1)
    rows = histories.known_rows(lists["user_id"])
    columns = histories.known_columns(lists["item_id"])
    assert (histories.ratings.toarray()[rows, columns] == 0).all()


def test_lists_are_personal(results: DataCatalog) -> None:
    """A model knows nobody by name, only by the history."""
    for approach in ("intrinsic_als", "intrinsic_ease", "item_knn", "posthoc_fm_lime"):
        (lists,) = load(results, f"{approach}.recommendations")
        assert lists.groupby("user_id")["item_id"].agg(frozenset).nunique() > 6, approach


@pytest.mark.parametrize("approach", [*APPROACHES, "popularity", "random", "svd", "emf"])
def test_metrics_are_of_the_held_out_users(approach: str, results: DataCatalog) -> None:
    metrics, by_user, test, evaluated_on = load(
        results,
        f"{approach}.metrics",
        f"{approach}.user_metrics",
        "test_ratings",
        f"{approach}.evaluated_on",
    )
    assert metrics["recall@10/n"] == test["user_id"].nunique()
    assert metrics["ndcg@10/n"] == test["user_id"].nunique()
    assert set(by_user.loc[by_user["recall@10"].notna(), "user_id"]) == set(test["user_id"])
    assert by_user["recall@10"].mean() == pytest.approx(metrics["recall@10"])
    assert evaluated_on["split"]["strategy"] == "held_out_users"
    assert all(value is None or isinstance(value, int | float) for value in metrics.values())


@pytest.mark.parametrize("approach", ["posthoc_ar", "intrinsic_mf", "posthoc_fm_lime", "bias"])
def test_every_held_out_rating_is_predicted(approach: str, results: DataCatalog) -> None:
    metrics, test, interactions = load(
        results, f"{approach}.metrics", "test_ratings", "interactions"
    )
    assert metrics["n_ratings"] == len(test)
    assert metrics["n_cold"] == (~test["item_id"].isin(interactions.item_ids)).sum()
    assert 0 < metrics["mae"] < metrics["rmse"] < 2


@pytest.mark.parametrize("approach", APPROACHES)
def test_reasons_are_of_the_held_out_users_own_history(approach: str, results: DataCatalog) -> None:
    reasons, sentences, lists, histories = load(
        results,
        f"{approach}.explanations",
        f"{approach}.sentences",
        f"{approach}.recommendations",
        "histories",
    )
    pair = ["user_id", "item_id"]
    explained = reasons[pair].drop_duplicates()
    assert len(explained.merge(lists[pair])) == len(explained) > 0
    assert len(sentences) >= len(explained)
    cited = reasons[reasons["style"].isin(["item", "rule"])]
    columns = histories.item_columns(pd.to_numeric(cited["evidence_id"]))
    rows = histories.known_rows(cited["user_id"])
    assert (columns >= 0).all()
    assert (histories.ratings.toarray()[rows, columns] > 0).all()


@pytest.mark.parametrize("approach", APPROACHES)
def test_faithfulness_is_measured(approach: str, results: DataCatalog) -> None:
    metrics, table, by_user, curves, histories = load(
        results,
        f"{approach}.metrics",
        f"{approach}.faithfulness",
        f"{approach}.faithfulness_by_user",
        f"{approach}.faithfulness_curves",
        "histories",
    )
    names = reported_columns(10, FAITHFULNESS)
    assert set(names) < set(by_user.columns)
    assert set(names) & set(metrics) == (set() if approach == "posthoc_fm_lime" else set(names))
    assert set(by_user["user_id"]) <= set(histories.user_ids)
    assert set(curves["metric"]) == {"pos", "ps", "del", "ins", "cdcg"}
    (scope,) = table["scope"].unique()
    if approach == "posthoc_fm_lime":  # features are no part of the history
        assert scope.startswith("not applicable")
        assert table["value"].isna().all()
        assert (table["n_recommendations"] == 0).all()
        return
    assert scope.startswith("projection") == (approach not in ITEM_CITING)
    assert metrics["pos@10,3/n"] == len(by_user) > 0
    for row in table.itertuples():
        if row.n_cited == 3 and row.evidence == "own":
            name = row.metric + ("@10,3" if row.metric in ("pos", "ps") else "@3")
            assert metrics[name] == pytest.approx(row.value, nan_ok=True)
    assert table.loc[table["metric"].isin(["pos", "ps"]), "value"].between(0, 1).all()


def test_rules_of_clusters_are_refused_in_one_clear_error(tmp_path: Path) -> None:
    message = (
        r"parameters posthoc_ar\.scopes: held-out users are in no cluster and have no nearest "
        r"users; with split\.strategy held_out_users accepted: n_clusters 0 and n_neighbours 0"
    )
    with pytest.raises(InputError, match=message):
        run_project(tmp_path, ["posthoc_ar"], split=SPLIT, posthoc_ar={"scopes": {"n_clusters": 2}})
