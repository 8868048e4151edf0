"""Real Kedro sessions on the `test` environment."""

from __future__ import annotations

import pkgutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explainable_recsys import pipelines
from explainable_recsys.errors import InputError
from tests.conftest import PROJECT, open_catalog, run_project


def files_of(data_root: Path, suffix: str) -> dict[str, bytes]:
    """Content of the results with a suffix, by dataset; versions are left out of the names."""
    return {
        str(file.parent.parent.relative_to(data_root)): file.read_bytes()
        for file in sorted(data_root.rglob(f"*/*{suffix}"))
        if file.is_file()
    }


def test_every_contract_table_has_its_columns(full_run: Path) -> None:
    expected = {
        "ratings": ["user_id", "item_id", "rating", "timestamp"],
        "train_ratings": ["user_id", "item_id", "rating", "timestamp"],
        "validation_ratings": ["user_id", "item_id", "rating", "timestamp"],
        "test_ratings": ["user_id", "item_id", "rating", "timestamp"],
        "items": ["item_id", "title", "year", "genres"],
        "users": ["user_id", "age", "gender", "occupation"],
        "intrinsic_als.recommendations": ["user_id", "item_id", "rank", "score"],
        "intrinsic_als.explanations": [
            "user_id",
            "item_id",
            "position",
            "style",
            "evidence_id",
            "evidence",
            "weight",
            "group",
        ],
        "intrinsic_als.sentences": ["user_id", "item_id", "sentence"],
    }
    with open_catalog(full_run) as catalog:
        for name, columns in expected.items():
            assert list(catalog.load(name).columns) == columns, name


def test_the_parts_of_the_split_make_up_the_ratings(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        ratings = catalog.load("ratings")
        parts = [catalog.load(f"{part}_ratings") for part in ("train", "validation", "test")]
        interactions = catalog.load("interactions")
    together = pd.concat(parts).sort_values(["user_id", "item_id"], ignore_index=True)
    pd.testing.assert_frame_equal(together, ratings)
    assert interactions.ratings.nnz == len(parts[0]) + len(parts[1])


def test_every_user_gets_ten_unseen_items_with_reasons_from_the_history(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        lists = catalog.load("intrinsic_als.recommendations")
        reasons = catalog.load("intrinsic_als.explanations")
        interactions = catalog.load("interactions")
    rated = set(
        zip(
            np.repeat(interactions.user_ids, np.diff(interactions.ratings.indptr)),
            interactions.item_ids[interactions.ratings.indices],
            strict=True,
        )
    )
    assert (lists.groupby("user_id").size() == 10).all()
    assert not rated & set(zip(lists["user_id"], lists["item_id"], strict=True))
    assert set(zip(reasons["user_id"], reasons["evidence_id"], strict=True)) <= rated


def test_popularity_beats_chance_and_contributions_of_als_sum_to_the_scores(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        metrics = {
            name: catalog.load(f"{name}.metrics")
            for name in ("intrinsic_als", "popularity", "bias", "random")
        }
        comparison = catalog.load("comparison").set_index("approach")
    for name in ("intrinsic_als", "popularity"):
        assert metrics[name]["ndcg@10"] > 2 * metrics["random"]["ndcg@10"]
    assert metrics["intrinsic_als"]["coverage"] == 1
    assert metrics["intrinsic_als"]["additivity_error_relative"] < 1e-4
    assert 0 < metrics["bias"]["mae"] < metrics["bias"]["rmse"] < 2
    assert "rmse" not in metrics["intrinsic_als"]
    for name, values in metrics.items():
        assert comparison.loc[name, "ndcg@10"] == values["ndcg@10"]


def test_als_beats_the_baselines_when_there_are_users_to_learn_from(tmp_path: Path) -> None:
    """Of 60 users it learns no more than popularity: half of the seeds have it so."""
    run_project(tmp_path, ["intrinsic_als"], cleaning={"sample_users": 300})
    with open_catalog(tmp_path) as catalog:
        als, popularity, random = (
            catalog.load(f"{name}.metrics")["ndcg@10"]
            for name in ("intrinsic_als", "popularity", "random")
        )
    assert als > 1.2 * popularity > popularity > random


def test_metrics_are_flat_numbers(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        metrics = catalog.load("intrinsic_als.metrics")
    assert all(value is None or isinstance(value, int | float) for value in metrics.values())
    assert metrics["recall@10/low"] < metrics["recall@10"] < metrics["recall@10/high"]
    assert metrics["recall@10/n"] == 60


def test_the_same_seed_gives_identical_files(full_run: Path, tmp_path: Path) -> None:
    approaches = ["intrinsic_als", "intrinsic_ar", "intrinsic_mf", "posthoc_ar", "posthoc_fm_lime"]
    approaches += ["intrinsic_ease", "knowledge_graph", "posthoc_influence", "posthoc_knn"]
    run_project(tmp_path, approaches)
    for suffix in (".parquet", ".npz", ".graphml", "network.json", "map.json", "evidence.json"):
        again, first = files_of(tmp_path, suffix), files_of(full_run, suffix)
        assert again
        assert {name: first[name] for name in again} == again


def test_another_seed_gives_another_split(full_run: Path, tmp_path: Path) -> None:
    run_project(tmp_path, ["data_processing"], split={"seed": 1})
    with open_catalog(full_run) as first, open_catalog(tmp_path) as second:
        assert not first.load("test_ratings").equals(second.load("test_ratings"))


def test_a_second_run_adds_a_version_and_keeps_the_first(tmp_path: Path) -> None:
    run_project(tmp_path, ["data_processing"])
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.parquet") if file.is_file()}
    run_project(tmp_path, ["data_processing"])
    after = [file for file in tmp_path.rglob("*.parquet") if file.is_file()]
    assert len(after) == 2 * len(before)
    assert all(file.read_bytes() == content for file, content in before.items())


@pytest.mark.parametrize("name", ["intrinsic_als", "baselines", "data_processing"])
def test_each_pipeline_runs_alone_from_a_fresh_checkout(name: str, tmp_path: Path) -> None:
    run_project(tmp_path, [name])
    assert (tmp_path / "08_reporting" / "dataset_card.json").is_dir()


def test_every_folder_is_a_registered_pipeline(
    kedro: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    folders = {module.name for module in pkgutil.iter_modules(pipelines.__path__) if module.ispkg}
    listed = kedro(PROJECT, "registry", "list").stdout
    assert set(listed.replace("- ", "").split()) == {"__default__", *folders}


def test_a_failing_node_leaves_nothing_half_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"recommendation\.n: 100000"):
        run_project(tmp_path, ["intrinsic_als"], recommendation={"n": 100_000})
    assert not list(tmp_path.rglob("*.tmp"))
    assert not list(tmp_path.rglob("recommendations.parquet"))


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
