"""The comparison of all approaches and its report, by real sessions and by its nodes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.pipelines.evaluation.comparison import (
    ComparisonParameters,
    check_evaluated_alike,
    compare,
    gather_faithfulness,
    protocol_words,
)
from explainable_recsys.pipelines.evaluation.nodes import (
    EvaluationParameters,
    evaluate,
    take_evidence_away,
)
from explainable_recsys.preprocessing.card import check_same_data
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.recommenders.lists import RecommendationParameters
from tests.conftest import open_catalog, run_project

APPROACHES = {
    "bias",
    "emf",
    "fm",
    "intrinsic_als",
    "intrinsic_ar",
    "intrinsic_ease",
    "intrinsic_mf",
    "item_knn",
    "knowledge_graph",
    "mf",
    "popularity",
    "posthoc_ar",
    "posthoc_fm_lime",
    "posthoc_influence",
    "posthoc_knn",
    "random",
    "random_walk",
    "svd",
}
CITING = {
    "intrinsic_als",
    "intrinsic_ar",
    "intrinsic_ease",
    "intrinsic_mf",
    "item_knn",
    "knowledge_graph",
    "posthoc_ar",
    "posthoc_influence",
    "posthoc_knn",
}
VERSION = {"name": "tiny", "version": "aaa"}
FACTS = VERSION | {"k": 10, "relevance_threshold": None, "split": {"seed": 0}, "n_users": 5}


def test_every_approach_is_in_the_tables(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        comparison = catalog.load("comparison").set_index("approach")
        faithfulness = catalog.load("faithfulness")
        scope = catalog.load("faithfulness_scope").set_index("approach")["scope"]
        stability = catalog.load("stability")
    assert set(comparison.index) == set(scope.index) == APPROACHES
    measured = comparison.index[comparison["pos@10,3"].notna()]
    assert set(measured) == CITING
    assert (comparison.loc[measured, "pos@10,3/low"] <= comparison.loc[measured, "pos@10,3"]).all()
    explaining = CITING | {"fm", "posthoc_fm_lime"}
    assert set(faithfulness["approach"]) == set(stability["approach"]) == explaining
    assert scope["intrinsic_als"] == scope["posthoc_influence"] == "cited items"
    assert scope["posthoc_ar"] == "projection: antecedents of the rules"
    assert scope["intrinsic_mf"].startswith("projection: items that the neighbours")
    assert scope["fm"].startswith("not applicable")
    assert scope["popularity"] == scope["svd"] == "no explanations"


def test_the_metrics_repeat_the_table_of_faithfulness(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        metrics = catalog.load("intrinsic_ease.metrics")
        table = catalog.load("intrinsic_ease.faithfulness")
        by_user = catalog.load("intrinsic_ease.user_metrics")
    row = table[
        (table["metric"] == "pos") & (table["evidence"] == "random") & (table["n_cited"] == 3)
    ].iloc[0]
    assert row["value"] == pytest.approx(metrics["pos@10,3/random"])
    assert row["n_users"] == metrics["pos@10,3/random/n"]
    for name in ("ndcg@10", "pos@10,3", "del@3", "coverage"):
        assert by_user[name].mean() == pytest.approx(metrics[name])


def test_tests_are_between_those_that_were_measured(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        pairs, controls = catalog.load("paired_tests"), catalog.load("control_tests")
    of_ndcg = pairs[pairs["metric"] == "ndcg@10"]
    assert len(of_ndcg) == len(APPROACHES) * (len(APPROACHES) - 1) / 2
    assert set(controls["approach"]) == CITING
    assert set(controls["control"]) == {"random", "popular"}
    ease = controls[
        (controls["approach"] == "intrinsic_ease") & (controls["metric"] == "pos@10,3")
    ].set_index("control")
    assert ease.loc["random", "verdict"] == "better"


def test_the_report_carries_data_run_and_manifest(full_run: Path) -> None:
    page = (full_run / "08_reporting" / "report.html").read_text(encoding="utf-8")
    text = (full_run / "08_reporting" / "report.md").read_text(encoding="utf-8")
    with open_catalog(full_run) as catalog:
        version = catalog.load("data_version")["version"]
        card = catalog.load("dataset_card")
        provenance = catalog.load("provenance")
        examples = catalog.load("example_lists")
        histories = catalog.load("example_histories")
    (run,) = (path.name for path in (full_run / "08_reporting" / "run_manifest.json").iterdir())
    assert provenance["run"] == run
    assert provenance["data_version"] == card["version"] == version
    assert Path(provenance["manifest"]) == (
        full_run / "08_reporting" / "run_manifest.json" / run / "run_manifest.json"
    )
    for written in (page, text):
        assert version in written
        assert run in written
        assert all(name in written for name in CITING)
    assert not re.search(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=.https?:", page)
    assert examples["user_id"].nunique() == histories["user_id"].nunique() == 3
    assert set(examples["approach"]) == CITING | {"fm", "posthoc_fm_lime"}
    assert examples["rank"].max() == 5


def test_a_second_evaluation_reads_what_is_stored_and_gives_the_same(
    full_run: Path, tmp_path: Path
) -> None:
    shutil.copytree(full_run, tmp_path / "data")
    run_project(tmp_path / "data", ["evaluation"], report={"n_users": 1})
    for name in ("comparison", "faithfulness", "paired_tests", "control_tests", "stability"):
        versions = sorted((tmp_path / "data" / "08_reporting" / f"{name}.parquet").glob("*/*"))
        assert len(versions) == 2
        assert versions[0].read_bytes() == versions[1].read_bytes(), name
    with open_catalog(tmp_path / "data") as catalog:
        provenance = catalog.load("provenance")
        assert len(catalog.load("example_lists")["user_id"].unique()) == 1
    manifest = json.loads(Path(provenance["manifest"]).read_text(encoding="utf-8"))
    manifests = tmp_path / "data" / "08_reporting" / "run_manifest.json"
    first, second = sorted(path.name for path in manifests.iterdir())
    assert manifest["run_id"] == provenance["run"] == second
    assert manifest["read"]["intrinsic_als.model"] == first
    assert manifest["written"]["intrinsic_als.metrics"] == second


def test_lists_made_from_other_data_are_refused_naming_both(full_run: Path, tmp_path: Path) -> None:
    shutil.copytree(full_run, tmp_path / "data")
    with open_catalog(full_run) as catalog:
        first = catalog.load("data_version")["version"]
    run_project(tmp_path / "data", ["data_processing"], split={"seed": 1})
    with open_catalog(tmp_path / "data") as catalog:
        second = catalog.load("data_version")["version"]
    assert first != second
    with pytest.raises(InputError, match=f"bias lists .*version {first}.*version {second}"):
        run_project(tmp_path / "data", ["evaluation"])
    # In the same run as new data, the evaluation finds out by itself.
    with pytest.raises(InputError, match="come from different runs"):
        run_project(tmp_path / "data", ["data_processing", "evaluation"], split={"seed": 2})


def test_protocols_are_parameters(tmp_path: Path) -> None:
    wanted = {"k": 5, "relevance_threshold": 5.0, "sampled_negatives": 20}
    run_project(tmp_path, ["intrinsic_als"], evaluation=wanted)
    with open_catalog(tmp_path) as catalog:
        metrics = catalog.load("intrinsic_als.metrics")
        test_ratings = catalog.load("test_ratings")
        facts = catalog.load("intrinsic_als.evaluated_on")
    liked = test_ratings[test_ratings["rating"] == 5]
    assert metrics["recall@5/n"] == liked["user_id"].nunique() < test_ratings["user_id"].nunique()
    assert metrics["sampled_20_recall@5"] > metrics["recall@5"]
    assert facts["k"] == 5
    assert "pos@5,3" in metrics


def test_an_approach_without_any_explanation(tmp_path: Path) -> None:
    run_project(tmp_path, ["posthoc_ar"], posthoc_ar={"rules": {"min_confidence": 1.0}})
    with open_catalog(tmp_path) as catalog:
        assert catalog.load("posthoc_ar.explanations").empty
        metrics = catalog.load("posthoc_ar.metrics")
        table = catalog.load("posthoc_ar.faithfulness")
    assert metrics["coverage"] == 0
    assert not any(name.startswith("pos@") for name in metrics)
    assert set(table["scope"]) == {"no explanations"}
    assert table["value"].isna().all()


def judged(catalog: Any, lists: pd.DataFrame, reasons: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """`evaluate` with what a run has stored, but for the lists and the explanations."""
    stored = ("interactions", "histories", "items", "test_ratings", "data_version")
    metrics, by_user, _ = evaluate(
        catalog.load("intrinsic_als.model"),
        lists,
        **{name: catalog.load(name) for name in stored},
        made_from=catalog.load("intrinsic_als.made_from"),
        parameters=EvaluationParameters(n_resamples=0),
        recommendation=RecommendationParameters(),
        source=catalog.load("params:source"),
        explanations=reasons,
        **more,
    )
    return {"metrics": metrics, "by_user": by_user.set_index("user_id")}


def test_lists_for_some_users_only(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        lists = catalog.load("intrinsic_als.recommendations")
        reasons = catalog.load("intrinsic_als.explanations")
        users = lists["user_id"].unique()[::2]
        some = lists[lists["user_id"].isin(users)]
        of_some = reasons[reasons["user_id"].isin(users)]
        stored = [catalog.load(name) for name in ("interactions", "histories")]
        parameters = FaithfulnessParameters(n_users=None, curve_users=0)
        table, _, faithful = take_evidence_away(
            catalog.load("intrinsic_als.model"),
            *stored,
            some,
            of_some,
            EvaluationParameters(n_resamples=0),
            parameters,
        )
        found = judged(
            catalog,
            some,
            of_some,
            faithfulness_by_user=faithful,
            faithfulness_parameters=parameters,
        )
    assert table["n_users"].max() == len(users)
    assert found["metrics"]["pos@10,3/n"] == found["metrics"]["coverage/n"] == len(users)
    assert found["metrics"]["recall@10/n"] > len(users)
    without = found["by_user"].drop(users)
    assert (without["recall@10"] == 0).all()
    assert without["pos@10,3"].isna().all()


def test_another_version_of_the_data_is_named() -> None:
    check_same_data(VERSION, dict(VERSION))
    with pytest.raises(InputError, match=r"tiny version aaa.*tiny version bbb"):
        check_same_data(VERSION, VERSION | {"version": "bbb"})


def test_approaches_are_compared_only_if_evaluated_alike() -> None:
    check_evaluated_alike({"a": FACTS, "b": FACTS | {"n_users": 3}})
    with pytest.raises(InputError, match="a was evaluated on tiny version aaa, b on tiny vers"):
        check_evaluated_alike({"b": FACTS | {"version": "bbb"}, "a": FACTS})
    with pytest.raises(InputError, match="a was evaluated with k 10, b with 5"):
        check_evaluated_alike({"b": FACTS | {"k": 5}, "a": FACTS})
    results = {"a.metrics": {"x": 1, "y": None}, "a.evaluated_on": FACTS}
    table = compare(**results, **{"b.metrics": {"x": 2}, "b.evaluated_on": FACTS})
    assert table["approach"].tolist() == ["a", "b"]
    assert table["x"].tolist() == [1, 2]
    assert table["y"].isna().all()


def test_no_approach_with_explanations_at_all() -> None:
    table, curves, scope = gather_faithfulness(**{"a.metrics": {"x": 1}})
    assert table.empty
    assert curves.empty
    assert scope.to_dict("records") == [{"approach": "a", "scope": "no explanations"}]


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({}, "10 % of each user's ratings at random (seed 0)"),
        ({"strategy": "latest_n", "n": 3}, "the latest 3 ratings of each user"),
        ({"strategy": "global_time", "fraction": 0.2}, "the latest 20 % of all ratings"),
        ({"strategy": "predefined"}, "the data set's own test file"),
        (
            {"strategy": "held_out_users", "seed": 4},
            "10 % of the users (seed 4), whom no model has seen; 80 % of each one's ratings are "
            "the history",
        ),
    ],
)
def test_the_protocol_in_words(split: dict[str, Any], words: str) -> None:
    found = protocol_words(
        pd.DataFrame({"recall@10/n": [1234.0, 7.0]}),
        SplitParameters(**split),
        EvaluationParameters(relevance_threshold=4),
        FaithfulnessParameters(),
        ComparisonParameters(),
    )
    assert found["Held out"] == words
    assert found["Users"].startswith("1,234 ")
    assert found["Relevant"] == "held-out ratings from 4 on"


def test_the_provenance_is_plain_json(full_run: Path) -> None:
    (file,) = (full_run / "08_reporting" / "provenance.json").glob("*/provenance.json")
    assert set(json.loads(file.read_text())) >= {"run", "manifest", "commit", "env"}
