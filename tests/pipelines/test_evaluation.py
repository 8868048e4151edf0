"""The comparison of recommenders and approaches and its report."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.datasets.absent import NOT_STORED
from explainable_recsys.errors import InputError
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import ComparisonParameters, EvaluationParameters
from explainable_recsys.pipelines.evaluation.comparison import check_evaluated_alike, compare
from explainable_recsys.pipelines.evaluation.gathering import gather_faithfulness
from explainable_recsys.pipelines.evaluation.protocol import protocol_words
from explainable_recsys.pipelines.evaluation.report import note_provenance, per_recommendation
from explainable_recsys.preprocessing.splits import SplitParameters
from tests.conftest import open_catalog, run_project
from tests.in_memory import can_be_taken_away

Stored = Callable[[str], Any]

USUAL = {name for name, pair in APPROACHES.items() if not pair.on_request}
MEASURED = {name for name in USUAL if can_be_taken_away(APPROACHES[name])}
"""Those whose reasons can be taken out of a history."""
VERSION = {"name": "tiny", "version": "aaa"}
FACTS = VERSION | {"k": 10, "relevance_threshold": None, "split": {"seed": 0}, "n_users": 5}


def test_accuracy_has_a_row_per_recommender_and_quality_one_per_approach(stored: Stored) -> None:
    accuracy = stored("accuracy").set_index("recommender")
    quality = stored("explanation_quality").set_index("approach")
    assert set(accuracy.index) == set(RECOMMENDERS)
    assert set(quality.index) == USUAL
    assert dict(quality["recommender"]) == {name: APPROACHES[name].recommender for name in USUAL}
    for table in (accuracy, quality.drop(columns="recommender")):
        for name, row in table.iterrows():
            metrics = {k: v for k, v in stored(f"{name}.metrics").items() if v is not None}
            assert row.dropna().to_dict() == pytest.approx(metrics), name
    assert "coverage" not in accuracy
    assert "ndcg@10" not in quality
    assert set(quality.index[quality["pos@10,3"].notna()]) == MEASURED


def test_what_is_taken_away_is_told_of_every_approach(stored: Stored) -> None:
    table, curves = stored("faithfulness"), stored("faithfulness_curves")
    scope = stored("faithfulness_scope").set_index("approach")["scope"]
    assert set(scope.index) == set(table["approach"]) == set(curves["approach"]) == USUAL
    assert scope["intrinsic_als"] == scope["posthoc_influence"] == "cited items"
    assert scope["posthoc_ar"] == "projection: antecedents of the rules"
    assert scope["intrinsic_mf"].startswith("projection: items that the neighbours")
    assert scope["intrinsic_content"].startswith("projection: rated items that share")
    assert scope["posthoc_fm_lime"].startswith("projection: rated items that share")


def test_the_metrics_repeat_the_table_of_faithfulness(stored: Stored) -> None:
    metrics, table = stored("intrinsic_ease.metrics"), stored("intrinsic_ease.faithfulness")
    by_user = stored("intrinsic_ease.user_metrics")
    row = table.query("metric == 'pos' and evidence == 'random' and n_cited == 3").iloc[0]
    assert row["value"] == pytest.approx(metrics["pos@10,3/random"])
    assert row["n_users"] == metrics["pos@10,3/random/n"]
    for name in ("pos@10,3", "del@3", "coverage"):
        assert by_user[name].mean() == pytest.approx(metrics[name])
    by_user = stored("ease.user_metrics")
    assert by_user["ndcg@10"].mean() == pytest.approx(stored("ease.metrics")["ndcg@10"])


def test_every_pair_is_tested_once(stored: Stored) -> None:
    lists, reasons = stored("accuracy_tests"), stored("explanation_tests")
    controls = stored("control_tests")
    for table, names, metric in (
        (lists, set(RECOMMENDERS), "ndcg@10"),
        (reasons, USUAL, "coverage"),
        (reasons, MEASURED, "pos@10,3"),
    ):
        of_metric = table[table["metric"] == metric]
        pairs = {
            frozenset(pair) for pair in zip(of_metric["first"], of_metric["second"], strict=True)
        }
        assert len(pairs) == len(of_metric) == len(names) * (len(names) - 1) / 2
        assert set().union(*pairs) == names
    assert set(controls["approach"]) == MEASURED
    assert set(controls["control"]) == {"random", "popular"}
    ease = controls.query("approach == 'intrinsic_ease' and metric == 'pos@10,3'")
    assert dict(zip(ease["control"], ease["verdict"], strict=True))["random"] == "better"


def test_the_report_carries_data_run_and_manifest(full_run: Path, stored: Stored) -> None:
    folder = full_run / "08_reporting"
    page = (folder / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    version, provenance = stored("data_version")["version"], stored("provenance")
    (run,) = (path.name for path in (folder / "run_manifest.json").iterdir())
    assert set(provenance) >= {"run", "manifest", "commit", "env"}
    assert provenance["run"] == run
    assert provenance["data_version"] == stored("dataset_card")["version"] == version
    assert Path(provenance["manifest"]) == (
        folder / "run_manifest.json" / run / "run_manifest.json"
    )
    assert version in page
    assert run in page
    assert all(name in page for name in USUAL)
    assert not re.search(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=.https?:", page)
    examples = stored("example_lists")
    users = set(examples["user_id"])
    assert len(users) == 5
    assert set(stored("example_histories")["user_id"]) == users
    assert set(examples["approach"]) == USUAL
    assert examples["rank"].max() == 10
    overview = page[page.index("All approaches</b>") : page.index('id="people"')]
    assert overview.count(' ms<span class="bar"') == len(USUAL)


def test_the_owner_sees_the_reasons_of_every_approach(stored: Stored) -> None:
    told, weak = stored("evidence_told"), stored("weak_reasons")
    groups, reached = stored("reasons_by_group"), stored("items_reached")
    assert set(told["approach"]) == set(groups["approach"]) == set(reached["approach"]) == USUAL
    for name in USUAL:
        lists = stored(f"{APPROACHES[name].recommender}.recommendations")
        quality = stored(f"{name}.metrics")
        own = groups[groups["approach"] == name]
        sums = own.groupby("whose").sum(numeric_only=True)
        assert set(sums.index) == {"history", "item"}
        assert (sums["n_recommendations"] == len(lists)).all()
        assert (sums["n_none"] >= round(len(lists) * (1 - quality["coverage"]))).all()
        of_weak = weak.loc[weak["approach"] == name, "reason"].value_counts()
        for reason in ("none", "single", "diffuse"):
            assert (sums[f"n_{reason}"] == of_weak.get(reason, 0)).all()
        assert reached.loc[reached["approach"] == name, "n_recommended"].sum() == len(lists)
    assert not groups.loc[groups["approach"] == "intrinsic_als", "n_diffuse"].isna().any()
    assert groups.loc[groups["approach"] == "posthoc_ar", "n_diffuse"].isna().all()


@pytest.fixture
def copied(full_run: Path, tmp_path: Path) -> Path:
    """A copy of the run of everything that a test may add to and remove from."""
    return Path(shutil.copytree(full_run, tmp_path / "data"))


def test_what_is_stored_is_compared_again_without_what_is_not(
    copied: Path,
    stored: Stored,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = copied / "08_reporting"
    for lost in ("08_reporting/mf", "07_model_output/posthoc_ar", "08_reporting/stability.parquet"):
        shutil.rmtree(copied / lost)
    shutil.rmtree(results / "emf" / "item_map.json")  # a figure
    run_project(copied, ["evaluation"], report={"n_users": 1})
    assert "not stored, so not compared: mf, posthoc_ar" in caplog.text
    assert "Best lists by nDCG" in capsys.readouterr().out  # of all that was compared
    for file in results.glob("*/*/*/*"):
        if file.name in ("metrics.json", "user_metrics.parquet", "faithfulness.parquet"):
            assert len(list(file.parent.parent.iterdir())) == 1, file  # nobody is judged again
    with open_catalog(copied) as catalog:
        for table, key, lost in (
            ("accuracy", "recommender", {"mf"}),
            ("explanation_quality", "approach", {"posthoc_ar"}),
            ("control_tests", "approach", {"posthoc_ar"}),
        ):
            first, second = (load(table).set_index(key) for load in (stored, catalog.load))
            assert set(first.index) - set(second.index) == lost
        examples, provenance = catalog.load("example_lists"), catalog.load("provenance")
        assert catalog.load("control_tests")["verdict"].notna().all()
    assert len(set(examples["user_id"])) == 1
    assert "posthoc_ar" not in set(examples["approach"])
    manifest = json.loads(Path(provenance["manifest"]).read_text(encoding="utf-8"))
    first_run, second_run = sorted(path.name for path in (results / "run_manifest.json").iterdir())
    assert manifest["run_id"] == provenance["run"] == second_run
    assert manifest["read"]["als.metrics"] == first_run
    assert not [node for node in manifest["node_seconds"] if node.endswith(".explain")]
    page = (results / "report.html").read_text(encoding="utf-8")
    assert page.count(' ms<span class="bar"') == len(USUAL) - 1  # as the first run took
    assert not [name for name in manifest["written"] if "." in name]


def test_recommenders_are_judged_where_no_approach_is_stored(copied: Path) -> None:
    for name in APPROACHES:
        for layer in ("07_model_output", "08_reporting"):
            shutil.rmtree(copied / layer / name, ignore_errors=True)
    run_project(copied, ["evaluation"])
    with open_catalog(copied) as catalog:
        assert set(catalog.load("accuracy")["recommender"]) == set(RECOMMENDERS)
        assert catalog.load("explanation_quality").empty
        (note,) = catalog.load("faithfulness_figure").layout.annotations
        assert note.text.startswith("No approach")


def test_lists_made_from_other_data_are_refused_naming_both(copied: Path, stored: Stored) -> None:
    (file,) = copied.glob("05_model_input/data_version.json/*/*")
    first = stored("data_version")
    file.write_text(json.dumps(first | {"version": "0123456789ab"}), encoding="utf-8")
    message = f"lists .*version {first['version']}.*version 0123456789ab"
    with pytest.raises(InputError, match=message):
        run_project(copied, ["evaluation"])
    # In the same run as new data, the evaluation finds out by itself.
    with pytest.raises(InputError, match="come from different runs"):
        run_project(copied, ["knowledge", "evaluation"], split={"seed": 2})


def test_results_are_compared_only_if_evaluated_alike() -> None:
    check_evaluated_alike({"a": FACTS, "b": FACTS | {"n_users": 3}})
    with pytest.raises(InputError, match="a was evaluated with k 10, b with 5"):
        check_evaluated_alike({"b": FACTS | {"k": 5}, "a": FACTS})


def test_recommenders_and_approaches_stand_in_tables_of_their_own() -> None:
    metrics: dict[str, Any] = {"als": {"x": 1, "y": None}, "svd": {"x": 2}, "posthoc_knn": {"z": 3}}
    results = {f"{name}.metrics": values for name, values in metrics.items()}
    results |= {f"{name}.evaluated_on": FACTS for name in metrics}
    results |= {"fm.metrics": NOT_STORED, "fm.evaluated_on": NOT_STORED}
    accuracy, quality = compare(VERSION, **results)
    assert accuracy["recommender"].tolist() == ["als", "svd"]
    assert accuracy["x"].tolist() == [1, 2]
    assert accuracy["y"].isna().all()
    assert quality.to_dict("records") == [
        {"approach": "posthoc_knn", "recommender": "als", "z": 3.0}
    ]
    other = VERSION | {"version": "bbb"}
    with pytest.raises(InputError, match=r"als lists were made from tiny version aaa, .* bbb"):
        compare(other, **results)
    only_lists = {name: value for name, value in results.items() if "knn" not in name}
    assert compare(VERSION, **only_lists)[1].empty


def test_seconds_of_all_recommendations_are_told_of_one() -> None:
    run: dict[str, Any] = {"run": "now", "node_seconds": {"posthoc_ar.explain": 0.5, "als.fit": 9}}
    run["earlier_seconds"] = {"posthoc_knn.explain": 2.0, "posthoc_ar.explain": 7.0}
    assert note_provenance(run, {"version": "v"}) == {"run": "now", "data_version": "v"}
    groups = [("posthoc_ar", "history", 20), ("posthoc_ar", "history", 30), ("als", "history", 1)]
    groups += [("posthoc_ar", "item", 50)]
    table = pd.DataFrame(groups, columns=["approach", "whose", "n_recommendations"])
    assert per_recommendation(run, table) == {"posthoc_ar": 0.01}
    assert per_recommendation({}, table) == per_recommendation(run, table[:0]) == {}


def test_no_approach_with_explanations_at_all() -> None:
    table, curves, scope = gather_faithfulness(**{"posthoc_ar.metrics": {"x": 1}})
    assert table.empty
    assert curves.empty
    assert scope.to_dict("records") == [{"approach": "posthoc_ar", "scope": "no explanations"}]


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
        EvaluationParameters(relevance="liked"),
        FaithfulnessParameters(),
        ComparisonParameters(),
    )
    assert found["Held out"] == words
    assert found["Users"].startswith("1,234 ")
    assert "liked" in found["Relevant"]
