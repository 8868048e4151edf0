"""What a run learned: models, lists and their accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.pipelines.wiring import part
from tests.in_memory import embedded_tables, run_nodes

Stored = Callable[[str], Any]


def metrics_of(stored: Stored, *names: str) -> dict[str, dict[str, Any]]:
    return {name: stored(f"{name}.metrics") for name in names}


def test_whoever_learns_beats_chance(stored: Stored) -> None:
    metrics = metrics_of(stored, *RECOMMENDERS)
    chance = metrics["random"]["ndcg@10"]
    for name in ("als", "ar", "content", "ease", "emf", "fm", "item_knn", "meta_paths"):
        assert metrics[name]["ndcg@10"] > 2 * chance, name
    for name in ("popularity", "random_walk", "svd"):
        assert metrics[name]["ndcg@10"] > 2 * chance, name
    predicting = {name for name, values in metrics.items() if "rmse" in values}
    assert predicting == {"bias", "mf", "svd_ratings", "emf_ratings", "fm_ratings"}
    for name in predicting:
        assert 0 < metrics[name]["mae"] < metrics[name]["rmse"] < 2, name


def test_als_beats_the_baselines_where_there_are_users_to_learn_from() -> None:
    """Of 60 users it learns no more than popularity: half of the seeds have it so."""
    made = run_nodes(
        part("als", "popularity", "random"),
        embedded_tables(),
        {"cleaning": {"sample_users": 300}},
    )
    als, popularity, random = (
        made[f"{name}.metrics"]["ndcg@10"] for name in ("als", "popularity", "random")
    )
    assert als > 1.2 * popularity > popularity > random


@pytest.mark.parametrize("name", ["svd", "emf", "fm"])
def test_one_class_for_ranking_and_another_time_for_ratings(name: str, stored: Stored) -> None:
    models = {of: stored(f"{of}.model") for of in (name, f"{name}_ratings")}
    metrics = metrics_of(stored, *models)
    assert [model.parameters.objective for model in models.values()] == ["ranking", "rating"]
    assert len({type(model) for model in models.values()}) == 1
    assert [model.predicts_ratings for model in models.values()] == [False, True]
    assert metrics[name]["ndcg@10"] > 1.5 * metrics[f"{name}_ratings"]["ndcg@10"]
    lists, interactions = stored(f"{name}_ratings.recommendations"), stored("interactions")
    predicted = models[f"{name}_ratings"].predict_ratings(
        interactions.ratings,
        interactions.known_rows(lists["user_id"]),
        interactions.known_columns(lists["item_id"]),
    )
    np.testing.assert_allclose(lists["score"], predicted, atol=1e-5)


def test_items_with_few_ratings_are_on_no_list(stored: Stored) -> None:
    interactions = stored("interactions")
    counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
    assert counts.min() < 3
    for name in RECOMMENDERS:
        listed = interactions.known_columns(stored(f"{name}.recommendations")["item_id"])
        assert counts[listed].min() >= 3, name


def test_matrix_factorization_with_and_without_explainability(stored: Stored) -> None:
    metrics = metrics_of(stored, "emf", "emf_ratings", "mf", "intrinsic_mf")
    plain = stored("mf.model")
    assert plain.parameters.explainability_weight == 0
    assert len(plain.training_ratings) == 0
    assert metrics["emf_ratings"]["rmse"] != metrics["mf"]["rmse"]
    gain = metrics["emf_ratings"]["mep_users@10"] - metrics["mf"]["mep_users@10"]
    assert metrics["emf_ratings"]["mep_users@10_gain"] == pytest.approx(gain)
    for form in ("users", "items"):
        for name in ("mep", "mer", "e_ndcg"):
            for of in ("", "_of_popularity", "_of_random"):
                assert 0 <= metrics["intrinsic_mf"][f"{name}_{form}@10{of}"] <= 1


def test_penalties_and_weights_are_tried_on_validation_ratings(stored: Stored) -> None:
    penalties = stored("svd_ratings.user_penalties")
    best = penalties.loc[penalties["rmse"].idxmin(), "user_penalty"]
    chosen = stored("svd_ratings.user_penalty")
    assert stored("svd_ratings.model").user_penalty == chosen == best
    assert stored("emf.explainability_sweep")["explainability_weight"].tolist() == [0, 1]
    weights = stored("meta_paths.relation_weights")
    assert (weights.select_dtypes("number") >= 0).all(axis=None)
