"""Real Kedro sessions of explainable matrix factorization."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explainable_recsys.errors import InputError
from tests.conftest import open_catalog, run_project


def test_tables_have_their_columns(full_run: Path) -> None:
    expected = {
        "explainability_sweep": ["form", "explainability_weight", "rmse", "mep", "ndcg"],
        "item_map": ["item_id", "title", "genres", "popularity", "x", "y"],
        "similar_items": [
            "item_id",
            "title",
            "rank",
            "similar_id",
            "similar_title",
            "similarity",
        ],
    }
    with open_catalog(full_run) as catalog:
        for name, columns in expected.items():
            table = catalog.load(f"intrinsic_mf.{name}")
            assert list(table.columns) == columns, name
            assert len(table), name


def test_evidence_is_what_the_neighbours_gave(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        reasons = catalog.load("intrinsic_mf.explanations")
        shares = catalog.load("intrinsic_mf.explainability_by_users")
        metrics = catalog.load("intrinsic_mf.metrics")
        lists = catalog.load("intrinsic_mf.recommendations")
    assert (reasons["style"] == "neighbour").all()
    rated = reasons["evidence_id"].astype(float)
    spoken = reasons.assign(n=reasons["weight"].where(rated >= 4, 0))
    counts = spoken.groupby(["user_id", "item_id"])["n"].sum().reset_index()
    rows = shares.known_rows(counts["user_id"])
    columns = shares.known_columns(counts["item_id"])
    np.testing.assert_allclose(counts["n"] / 5, shares.ratings[rows, columns], atol=1e-6)
    # By definition coverage is the share of all recommendations that are explainable.
    assert metrics["coverage"] == pytest.approx(len(counts) / len(lists))
    assert metrics["mep_users@10"] == pytest.approx(metrics["coverage"])


def test_the_three_models_differ_as_they_should(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        metrics = {name: catalog.load(f"{name}.metrics") for name in ("intrinsic_mf", "emf", "mf")}
        models = {name: catalog.load(f"{name}.model") for name in metrics}
        comparison = catalog.load("comparison").set_index("approach")
    assert metrics["intrinsic_mf"]["rmse"] == metrics["emf"]["rmse"] != metrics["mf"]["rmse"]
    assert models["mf"].parameters.explainability_weight == 0
    assert models["mf"].parameters.popularity_weight == 0
    assert len(models["mf"].training_ratings) == 0
    np.testing.assert_array_equal(models["emf"].item_factors, models["intrinsic_mf"].item_factors)
    gain = metrics["emf"]["mep_users@10"] - metrics["mf"]["mep_users@10"]
    assert metrics["emf"]["mep_users@10_gain"] == pytest.approx(gain)
    for control in ("popularity", "random"):
        assert 0 <= metrics["intrinsic_mf"][f"mep_users@10_of_{control}"] <= 1
        assert f"coverage_of_{control}" in comparison
    for form in ("users", "items"):
        for name in ("mep", "mer", "e_ndcg"):
            assert 0 <= metrics["intrinsic_mf"][f"{name}_{form}@10"] <= 1


@pytest.mark.slow
def test_similar_items_form(tmp_path: Path) -> None:
    run_project(tmp_path, ["intrinsic_mf"], intrinsic_mf={"neighbourhood": {"form": "items"}})
    with open_catalog(tmp_path) as catalog:
        reasons = catalog.load("intrinsic_mf.explanations")
        sentences = catalog.load("intrinsic_mf.sentences")
        interactions = catalog.load("interactions")
    assert (reasons["style"] == "item").all()
    rows = interactions.known_rows(reasons["user_id"])
    columns = interactions.known_columns(reasons["evidence_id"])
    assert (interactions.ratings[rows, columns] >= 4).all()
    assert sentences["sentence"].str.startswith("You rated similar items highly: \u2068").all()


def test_without_validation_ratings_there_is_no_sweep(tmp_path: Path) -> None:
    run_project(tmp_path, ["intrinsic_mf"], split={"validation": False})
    with open_catalog(tmp_path) as catalog:
        assert catalog.load("intrinsic_mf.explainability_sweep").empty
        assert catalog.load("intrinsic_mf.metrics")["coverage"] > 0


def test_users_without_neighbours_are_counted(tmp_path: Path) -> None:
    nobody = {"relevance_threshold": 5, "similarity": "pearson", "k": 1}
    run_project(tmp_path, ["intrinsic_mf"], intrinsic_mf={"neighbourhood": nobody})
    with open_catalog(tmp_path) as catalog:
        shares = catalog.load("intrinsic_mf.explainability_by_users")
        metrics = catalog.load("intrinsic_mf.metrics")
    alone = int((np.diff(shares.ratings.indptr) == 0).sum())
    assert metrics["n_users_without_neighbours"] == alone


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"neighbourhood": {"k": 60}}, "neighbourhood.k: 60 neighbours"),
        ({"map": {"method": "umap"}}, "umap-learn"),
    ],
)
def test_what_the_data_or_the_environment_does_not_allow(
    wrong: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        run_project(tmp_path, ["intrinsic_mf"], intrinsic_mf=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": {"explainability_weight": -1}},
        {"model": {"regularization": -0.1}},
        {"model": {"target": 0}},
        {"neighbourhood": {"k": 0}},
        {"neighbourhood": {"shrinkage": -1}},
        {"sweep": {"pull": [-1]}},
    ],
)
def test_parameters_out_of_range_are_refused_before_anything_runs(
    wrong: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="intrinsic_mf"):
        run_project(tmp_path, ["intrinsic_mf"], intrinsic_mf=wrong)
    assert not list(tmp_path.rglob("*.parquet"))
