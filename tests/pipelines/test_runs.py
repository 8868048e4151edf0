"""Real Kedro sessions on the `test` environment: what a run makes, again, alone, in threads."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.runner import ThreadRunner

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.data import Data
from explainable_recsys.interactions import Interactions
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from tests.conftest import PROJECT, open_catalog, run_project
from tests.in_memory import cites_ratings
from tests.lists_of import assert_is_evidence, assert_lists_end_with_ties

Stored = Callable[[str], Any]

PAIR = ["user_id", "item_id"]
RATINGS = [*PAIR, "rating", "timestamp"]
CONTRACT = {
    "ratings": RATINGS,
    "train_ratings": RATINGS,
    "validation_ratings": RATINGS,
    "test_ratings": RATINGS,
    "items": ["item_id", "title", "year", "genres"],
    "users": ["user_id", "age", "gender", "occupation"],
    **{f"{name}.recommendations": [*PAIR, "rank", "score"] for name in RECOMMENDERS},
    "svd_ratings.user_penalties": ["user_penalty", "rmse"],
    "emf.explainability_sweep": ["explainability_weight", "mep", "ndcg"],
    "emf.item_map": ["item_id", "title", "genres", "popularity", "x", "y"],
    "emf.similar_items": [
        *("item_id", "title", "rank"),
        *("similar_id", "similar_title", "similarity"),
    ],
    "rules.rules": [
        *("cluster", "antecedent_1", "antecedent_2", "antecedent_3", "consequent", "count"),
        *("support", "confidence", "lift"),
    ],
    "rules.top_rules": ["rule", "cluster", "count", "support", "confidence", "lift"],
    "posthoc_ar.cited_rules": [
        *(*PAIR, "group", "scope", "n_antecedents", "support", "confidence", "lift"),
    ],
    "posthoc_ar.coverage_frontier": [
        *("min_support", "min_confidence", "n_rules", "coverage", "median_lift"),
        *("coverage_of_popularity", "coverage_of_random"),
    ],
    "posthoc_influence.cited_groups": [
        *(*PAIR, "n_cited", "sum_of_influences", "group_influence"),
    ],
    "posthoc_influence.ranks_without": [*PAIR, "rated_item_id", "rank", "rank_without"],
    "intrinsic_als.totals": [
        *(*PAIR, "supporting", "opposing", "lower", "n_liked"),
        *("n_sharing", "of_sharing", "shared"),
    ],
    "posthoc_fm_lime.surrogates": [
        *(*PAIR, "intercept", "prediction", "local_r2", "held_out_r2"),
        *("effective_samples", "n_samples", "kernel_width", "widened"),
    ],
    "posthoc_fm_lime.projected_evidence": [*PAIR, "rated_item_id", "weight", "position"],
    "posthoc_fm_lime.stability": [
        *("neighbourhood", "n_samples", "top3_jaccard", "coefficient_spread"),
        *("held_out_r2", "effective_samples", "n_explanations"),
    ],
    "intrinsic_mf.projected_evidence": [*PAIR, "rated_item_id", "weight"],
    "fold_in": [
        *("recommender", "n", "n_people", "overlap", "overlap/low", "overlap/high"),
        *(f"overlap_of_others{end}" for end in ("", "/low", "/high")),
        *(f"overlap_of_two_trainings{end}" for end in ("", "/low", "/high")),
        *("rmse_fold_in", "rmse_retrained", "n_held_out", "is_deterministic"),
    ],
    "fold_in_seconds": ["recommender", "seconds_fold_in", "seconds_training"],
}


def test_every_contract_table_has_its_columns(stored: Stored) -> None:
    for name, columns in CONTRACT.items():
        table = stored(name)
        assert list(table.columns) == columns, name
        assert len(table) or name == "users", name


def test_the_parts_of_the_split_make_up_the_ratings(stored: Stored) -> None:
    ratings = stored("ratings")
    parts = [stored(f"{part}_ratings") for part in ("train", "validation", "test")]
    together = pd.concat(parts).sort_values(PAIR, ignore_index=True)
    pd.testing.assert_frame_equal(together, ratings)
    assert stored("interactions").ratings.nnz == len(parts[0]) + len(parts[1])
    other = split_ratings(ratings, SplitParameters(seed=1))
    assert not other.test.equals(parts[2])


def rated_pairs(interactions: Interactions) -> set[tuple[int, int]]:
    users = np.repeat(interactions.user_ids, np.diff(interactions.ratings.indptr))
    return set(zip(users, interactions.item_ids[interactions.ratings.indices], strict=True))


def test_every_user_gets_ten_unseen_items_best_first(stored: Stored, data: Data) -> None:
    rated = rated_pairs(stored("interactions"))
    for name in RECOMMENDERS:
        lists = stored(f"{name}.recommendations")
        lengths = lists.groupby("user_id").size()
        assert max(lengths) == 10, name
        assert name == "ar" or len(lengths) == 60, name  # no rule leads to anything for some
        if name not in ("ar", "popularity", "bias"):  # few rules; the same for everybody
            assert lengths.mean() > 9.9, name
        assert_lists_end_with_ties(lists, stored(f"{name}.model"), data, 10, 3)
        assert not rated & set(lists[PAIR].itertuples(index=False, name=None)), name
        assert (lists["rank"] == lists.groupby("user_id").cumcount() + 1).all(), name
        assert (lists.groupby("user_id")["score"].diff().dropna() <= 0).all(), name


@pytest.mark.parametrize("name", [n for n, pair in APPROACHES.items() if not pair.on_request])
def test_evidence_is_of_the_lists_and_rests_on_the_history(name: str, stored: Stored) -> None:
    pair = APPROACHES[name]
    evidence, sentences = (stored(f"{name}.{table}") for table in ("explanations", "sentences"))
    assert_is_evidence(evidence.astype(dict.fromkeys(PAIR, "int64")), views=pair.order is not None)
    assert pair.order is None or (evidence["weight"] == evidence[pair.order]).all()
    assert len(evidence)
    assert np.isfinite(evidence["weight"]).all()
    listed = stored(f"{pair.recommender}.recommendations")[PAIR]
    explained = evidence[PAIR].drop_duplicates(ignore_index=True)
    # In the order of the lists, each piece at its place, no piece twice in one group.
    assert explained.merge(listed, on=PAIR).equals(listed.merge(explained, on=PAIR))
    assert (evidence["position"] == evidence.groupby(PAIR).cumcount() + 1).all()
    assert not evidence.duplicated([*PAIR, "group", "evidence_id", "evidence"]).any()
    cited = evidence[evidence["rated_item_id"].notna()]
    cited = set(zip(cited["user_id"], cited["rated_item_id"].astype(int), strict=True))
    assert cited <= rated_pairs(stored("interactions"))
    assert bool(cited) == cites_ratings(pair)
    assert list(sentences.columns) == [*PAIR, "sentence"]
    assert not sentences.duplicated(PAIR).any()
    assert explained.merge(sentences[PAIR]).equals(explained)
    if pair.explainer != "lime":  # which says so where nothing speaks for an item
        assert len(sentences) == len(explained)


def test_marked_titles_are_those_of_items(stored: Stored, data: Data) -> None:
    titles = set(data.titles(np.arange(data.interactions.n_items)))
    assert len(titles) == data.interactions.n_items  # a title is that of one item
    for name, pair in APPROACHES.items():
        if not pair.on_request:
            said = stored(f"{name}.sentences")["sentence"]
            marked = said.str.extractall("\u2068([^\u2068\u2069]+)\u2069")[0]
            assert set(marked) <= titles, name
            assert said.str.endswith(".").all(), name
            if pair.explainer != "neighbours":  # which counts people
                assert marked.groupby(level=0).size().shape == said.shape, name


def test_metrics_are_flat_numbers(stored: Stored) -> None:
    for name in (*RECOMMENDERS, *(n for n, pair in APPROACHES.items() if not pair.on_request)):
        metrics = stored(f"{name}.metrics")
        assert all(value is None or isinstance(value, int | float) for value in metrics.values())
        assert ("recall@10" in metrics) == (name in RECOMMENDERS)
        assert ("coverage" in metrics) == (name in APPROACHES)
    metrics = stored("als.metrics")
    assert metrics["recall@10/low"] < metrics["recall@10"] < metrics["recall@10/high"]
    assert metrics["recall@10/n"] == 60


def files_of(data_root: Path) -> dict[str, bytes]:
    """Hash of every result, by its place; versions are left out of the names."""
    return {
        str(file.parent.parent.relative_to(data_root)): hashlib.sha256(file.read_bytes()).digest()
        for file in data_root.rglob("*/*.*")
        if file.is_file() and file.parent.parent != data_root
    }


def test_no_table_is_stored_twice(full_run: Path) -> None:
    places = defaultdict(list)
    for name, content in files_of(full_run).items():
        if name.endswith((".parquet", ".npz", ".graphml")):
            places[content].append(name)
    assert [sorted(names) for names in places.values() if len(names) > 1] == []


@pytest.fixture(scope="session")
def again(run_once: Callable[..., Path]) -> Path:
    """A run of all approaches in threads, with other rules where these are nobody else's."""
    return run_once(
        "again",
        list(APPROACHES),
        runner=ThreadRunner(),
        rules_of_svd={
            "transactions": {"source": "liked"},
            "scopes": {"n_clusters": 2, "n_neighbours": 20},
            "mining": {"max_antecedents": 1},
        },
    )


def test_the_same_seed_gives_identical_files_with_every_runner(full_run: Path, again: Path) -> None:
    first, second = files_of(full_run), files_of(again)
    second = {
        name: content
        for name, content in second.items()
        if "_of_lists/" not in name and "/rules_of_svd/" not in name and "manifest" not in name
    }
    assert len(second) > 200
    assert {name: first[name] for name in second} == second


def test_rules_of_similar_users(again: Path) -> None:
    with open_catalog(again) as catalog:
        rules, clusters, cited, sentences = (
            catalog.load(name)
            for name in (
                "rules_of_svd.rules",
                "rules_of_svd.user_clusters",
                "posthoc_ar_of_lists.cited_rules",
                "posthoc_ar_of_lists.sentences",
            )
        )
    assert set(rules["cluster"]) == {0, 1, 2}
    assert len(clusters) == 60
    assert set(cited["scope"]) == {"global", "cluster", "local"}
    scopes = cited.groupby(PAIR)["scope"]
    assert scopes.apply(lambda scope: scope.cat.codes.is_monotonic_increasing).all()
    assert sentences["sentence"].str.contains("nearest to you").any()


def test_one_approach_runs_alone_and_is_judged_without_the_others(
    tmp_path: Path, full_run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_project(tmp_path, ["posthoc_ar"])
    made = {folder.name for folder in tmp_path.glob("*/*") if not folder.suffix}
    assert made == {"posthoc_ar", "svd", "rules", *CONTROLS}
    first = files_of(tmp_path)
    expected = files_of(full_run)
    of_itself = {name for name in first if "manifest" not in name}
    assert {name: first[name] for name in of_itself} == {name: expected[name] for name in of_itself}

    before = {file: file.read_bytes() for file in tmp_path.rglob("*/*.*/*/*.*")}
    with caplog.at_level(logging.WARNING, logger="explainable_recsys"):
        run_project(tmp_path, ["evaluation"])
    (message,) = (r.getMessage() for r in caplog.records if "not stored" in r.getMessage())
    assert message.removeprefix("not stored, so not compared: ").split(", ") == sorted(
        {*RECOMMENDERS, *(n for n, pair in APPROACHES.items() if not pair.on_request)}
        - {"posthoc_ar", "svd", *CONTROLS}
    )
    assert all(file.read_bytes() == content for file, content in before.items())
    versions = tmp_path.glob("08_reporting/svd/metrics.json/*")
    assert len({file.read_bytes() for version in versions for file in version.iterdir()}) == 1
    with open_catalog(tmp_path) as catalog:
        assert set(catalog.load("accuracy")["recommender"]) == {"svd", *CONTROLS}
        assert list(catalog.load("explanation_quality")["approach"]) == ["posthoc_ar"]
        assert set(catalog.load("control_tests")["approach"]) == {"posthoc_ar"}
        assert catalog.load("explanation_tests").empty
    assert (tmp_path / "08_reporting" / "report.html").is_file()
    assert not (tmp_path / "08_reporting" / "als").exists()


def test_every_environment_describes_a_source() -> None:
    from omegaconf import OmegaConf

    from explainable_recsys.datasets.source import parse_source

    roots = []
    for settings in sorted(PROJECT.glob("conf/*/globals.yml")):
        content = OmegaConf.to_container(OmegaConf.load(settings))
        assert isinstance(content, dict)
        roots.append(content["data_root"])
        if "source" in content:
            parse_source(content["source"])
    assert len(set(roots)) == len(roots) >= 8


def test_details_are_stored_too(stored: Stored) -> None:
    for name, pair in APPROACHES.items():
        for table in EXPLAINERS[pair.explainer].details:
            if not pair.on_request:
                found = stored(f"{name}.{table}")
                assert set(PAIR) <= set(found.columns), f"{name}.{table}"
