"""Real Kedro sessions of SVD explained by association rules, and of the rules by themselves."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from tests.conftest import open_catalog, run_project


def test_tables_have_their_columns(full_run: Path) -> None:
    measures = ["support", "confidence", "lift"]
    antecedents = ["antecedent_1", "antecedent_2", "antecedent_3"]
    expected = {
        "rules": ["cluster", *antecedents, "consequent", "count", *measures],
        "top_rules": ["rule", "cluster", "count", *measures],
        "cited_rules": ["user_id", "item_id", "group", "scope", "n_antecedents", *measures],
        "user_penalties": ["user_penalty", "rmse"],
        "popularity_sweep": ["popularity_weight", "ndcg", "recall", "catalogue_coverage"],
        "coverage_frontier": [
            "min_support",
            "min_confidence",
            "n_rules",
            "coverage",
            "median_lift",
            "coverage_of_popularity",
            "coverage_of_random",
        ],
    }
    with open_catalog(full_run) as catalog:
        for name, columns in expected.items():
            table = catalog.load(f"posthoc_ar.{name}")
            assert list(table.columns) == columns, name
            assert len(table), name


def test_every_antecedent_is_liked_and_every_cited_rule_is_a_mined_one(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        reasons = catalog.load("posthoc_ar.explanations")
        cited = catalog.load("posthoc_ar.cited_rules")
        rules = catalog.load("posthoc_ar.rules")
        interactions = catalog.load("interactions")
    rows = interactions.known_rows(reasons["user_id"])
    columns = interactions.known_columns(reasons["evidence_id"])
    assert (interactions.ratings[rows, columns] >= 4).all()
    assert (reasons["style"] == "rule").all()

    keys = ["user_id", "item_id", "group"]
    evidence = reasons.groupby(keys)["evidence_id"].agg(lambda ids: tuple(sorted(ids)))
    antecedents = rules[["antecedent_1", "antecedent_2", "antecedent_3"]]
    mined = {
        (tuple(row.dropna().astype(int)), consequent): confidence
        for (_, row), consequent, confidence in zip(
            antecedents.iterrows(), rules["consequent"], rules["confidence"], strict=True
        )
    }
    for row in cited.itertuples():
        rule = (evidence[row.user_id, row.item_id, row.group], row.item_id)
        assert mined[rule] == row.confidence


def test_the_prior_changes_the_lists_and_not_the_predicted_ratings(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        corrected = catalog.load("posthoc_ar.metrics")
        pure = catalog.load("svd.metrics")
        lists = catalog.load("svd.recommendations")
        model = catalog.load("posthoc_ar.model")
        interactions = catalog.load("interactions")
    assert corrected["rmse"] == pure["rmse"]
    assert corrected["ndcg@10"] > pure["ndcg@10"]
    predicted = model.predict_ratings(
        interactions.ratings,
        interactions.known_rows(lists["user_id"]),
        interactions.known_columns(lists["item_id"]),
    )
    np.testing.assert_allclose(lists["score"], predicted, atol=1e-5)


def test_coverage_stands_beside_that_of_trivial_lists(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        for approach in ("posthoc_ar", "intrinsic_ar"):
            metrics = catalog.load(f"{approach}.metrics")
            assert 0 <= metrics["coverage_of_random"] < metrics["coverage_of_popularity"] <= 1
            assert metrics["median_lift"] >= 1.2
            for control in ("popularity", "random"):
                lists = catalog.load(f"{control}.recommendations")
                reasons = catalog.load(f"{approach}.explanations_of_{control}")
                explained = len(reasons[["user_id", "item_id"]].drop_duplicates()) / len(lists)
                assert metrics[f"coverage_of_{control}"] == pytest.approx(explained)


def test_rules_recommend_what_they_explain(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        lists = catalog.load("intrinsic_ar.recommendations")
        cited = catalog.load("intrinsic_ar.cited_rules")
        metrics = catalog.load("intrinsic_ar.metrics")
        sentences = catalog.load("intrinsic_ar.sentences")
    best = lists.merge(cited[cited["group"] == 1], on=["user_id", "item_id"])
    assert len(best) == len(lists) == len(sentences)
    np.testing.assert_allclose(best["score"], best["confidence"], atol=1e-6)
    assert metrics["coverage"] == 1


def test_the_network_is_a_graph_of_rules(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        graph = catalog.load("posthoc_ar.rule_network")
        rules = catalog.load("posthoc_ar.rules")
    assert isinstance(graph, nx.DiGraph)
    pairs = rules[rules["antecedent_2"].isna()]
    mined = set(
        zip(pairs["antecedent_1"].astype(str), pairs["consequent"].astype(str), strict=True)
    )
    assert 0 < graph.number_of_edges() <= 100
    assert set(graph.edges) <= mined


def test_without_rules_everything_runs_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    run_project(
        tmp_path, ["posthoc_ar", "intrinsic_ar"], posthoc_ar={"rules": {"min_support": 0.99}}
    )
    assert "min_support 0.99 (and min_count 3) left out" in caplog.text
    printed = capsys.readouterr().out
    assert "0.0 %" in printed
    with open_catalog(tmp_path) as catalog:
        assert catalog.load("posthoc_ar.metrics")["coverage"] == 0
        assert catalog.load("posthoc_ar.metrics")["median_lift"] is None
        assert catalog.load("posthoc_ar.sentences").empty
        assert catalog.load("intrinsic_ar.recommendations").empty
        assert catalog.load("intrinsic_ar.metrics")["ndcg@10"] == 0


def test_all_scopes_and_own_lists(tmp_path: Path) -> None:
    scopes = {"n_clusters": 2, "n_neighbours": 20}
    run_project(
        tmp_path,
        ["posthoc_ar"],
        posthoc_ar={"scopes": scopes, "rules": {"max_antecedents": 1}},
    )
    with open_catalog(tmp_path) as catalog:
        cited = catalog.load("posthoc_ar.cited_rules")
        clusters = catalog.load("posthoc_ar.user_clusters")
        rules = catalog.load("posthoc_ar.rules")
        sentences = catalog.load("posthoc_ar.sentences")
    assert set(cited["scope"]) == {"global", "cluster", "local"}
    order = cited.groupby(["user_id", "item_id"])["scope"].apply(
        lambda scope: scope.cat.codes.is_monotonic_increasing
    )
    assert order.all()
    assert set(rules["cluster"]) == {0, 1, 2}
    assert len(clusters) == 60
    assert sentences["sentence"].str.contains("nearest to you").any()


def test_rules_of_the_own_lists(tmp_path: Path) -> None:
    run_project(
        tmp_path,
        ["posthoc_ar"],
        posthoc_ar={
            "model": {"popularity_weight": 0},
            "transactions": {"source": "lists", "list_length": 20},
        },
    )
    with open_catalog(tmp_path) as catalog:
        transactions = catalog.load("posthoc_ar.transactions")
        sentences = catalog.load("posthoc_ar.sentences")
    assert (np.diff(transactions.ratings.indptr) == 20).all()
    assert sentences["sentence"].str.startswith("People to whom we recommend").all()
    assert len(sentences)


def test_without_validation_ratings_the_first_penalty_is_taken(tmp_path: Path) -> None:
    run_project(tmp_path, ["posthoc_ar"], split={"validation": False})
    with open_catalog(tmp_path) as catalog:
        assert catalog.load("posthoc_ar.model").user_penalty == 1.0
        assert catalog.load("posthoc_ar.popularity_sweep").empty


def test_an_explosion_is_refused_with_its_size(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="max_candidates = 10"):
        run_project(tmp_path, ["posthoc_ar"], posthoc_ar={"rules": {"max_candidates": 10}})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scopes": {"n_neighbours": 60}}, "n_neighbours: 60"),
        ({"scopes": {"n_clusters": 61}}, "n_clusters: 61"),
        ({"transactions": {"relevance_threshold": 9}}, "no rating reaches 9"),
    ],
)
def test_parameters_that_the_data_does_not_allow(
    wrong: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        run_project(tmp_path, ["posthoc_ar"], posthoc_ar=wrong)


def test_one_user_is_enough(tmp_path: Path) -> None:
    run_project(
        tmp_path,
        ["posthoc_ar", "intrinsic_ar"],
        cleaning={"sample_users": 1},
        recommendation={"n": 3},
        evaluation={"k": 3},
    )
    with open_catalog(tmp_path) as catalog:
        assert isinstance(catalog.load("posthoc_ar.rules"), pd.DataFrame)
