"""The findings say what the tables say, and nothing that they do not; nobody is left out."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.metrics.records import read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import control_sentences, findings, null_sentences
from explainable_recsys.reporting.results import Results
from explainable_recsys.wording.metrics import label
from tests.reporting.contents import (
    accuracy,
    content,
    empty,
    explanation_quality,
    poor_contents,
)


def finding(report: ReportContent, word: str) -> str:
    """The only finding with a word in it."""
    (found,) = [text for text in findings(report) if word in text]
    return found


def controls(**changes: pd.DataFrame) -> list[str]:
    return control_sentences(Results(content(**changes)))


def test_all_of_them() -> None:
    lists, kinds, against, coverage, stability, missing = findings(content())
    for part in (
        "EASE: 0.300 (95 % interval [0.290, 0.310]).",
        "The next is als (0.280). A paired test does not separate them (difference 0.020, 95 %",
    ):
        assert part in lists
    assert "EASE by its ratings are the best (0.300)" in kinds
    assert "posthoc_knn (0.280). A paired test does not separate them (" in kinds
    assert "By POS@10,3 and DEL@3, 1 of 3 do not beat random items: posthoc_ar." in against
    assert "2 of 3 do not beat the most popular items: posthoc_knn and posthoc_ar." in against
    assert "coverage of posthoc_lime says nothing" in coverage
    assert "overlaps most for EASE by its ratings (Jaccard 0.910)." in stability
    assert "least for posthoc_knn (0.412)." in stability
    assert (
        "not measured for posthoc_lime (not applicable: LIME weighs features, not items)."
        in missing
    )
    assert "Stability is not measured for posthoc_ar and posthoc_lime." in missing


def test_a_significant_lead() -> None:
    tests = content().accuracy_tests.assign(p_corrected=0.01)
    text = findings(content(accuracy_tests=tests))[0]
    assert "The next is als (0.280). A paired test separates them (difference" in text


def test_a_test_the_other_way_round() -> None:
    turned = content().accuracy_tests.rename(columns={"first": "second", "second": "first"})
    turned["difference"] *= -1
    turned["low"], turned["high"] = -turned["high"], -turned["low"]
    assert findings(content(accuracy_tests=turned)) == findings(content())


def test_a_lead_that_nobody_tested() -> None:
    texts = findings(content(accuracy_tests=pd.DataFrame()))
    assert "The next is als (0.280). No paired test compares them." in texts[0]
    assert texts[1].endswith("No paired test compares them.")


def test_equal_lists_share_the_lead() -> None:
    table = accuracy()
    table.loc[1, "ndcg@10"] = table.loc[0, "ndcg@10"]
    text = findings(content(accuracy=table))[0]
    assert "EASE and als: 0.300" in text
    assert "The next is svd (0.150). A paired test separates them (difference 0.150" in text


def test_two_kinds_of_reasons_for_the_same_lists() -> None:
    table = explanation_quality().assign(recommender="ease")
    text = finding(content(explanation_quality=table), "afterwards")
    assert text.endswith("Both are lists of EASE.")


def test_evidence_that_all_beats_its_controls() -> None:
    tests = content().control_tests.assign(verdict="better")
    text = finding(content(control_tests=tests), "random items")
    assert text.count("By POS@10,3 and DEL@3, the evidence of all 3 tested beats") == 2


def test_evidence_that_nobody_tested_is_not_said_to_win() -> None:
    texts = findings(content(control_tests=pd.DataFrame()))
    assert any("No evidence was tested against that of a control." in text for text in texts)
    assert not any("beats" in text for text in texts)


def test_the_share_of_what_could_drop() -> None:
    table = explanation_quality()
    assert not [text for text in findings(content()) if "possible" in text]
    table["possible_drop@10,3"] = [0.9, 0.4, -0.1, None]
    text = finding(content(explanation_quality=table), "possible")
    assert "POS@10,3 that is possible" in text
    assert "EASE by its ratings brings about most (0.900), that of posthoc_ar least" in text
    table["possible_drop@10,3"] = [0.9, None, None, None]
    assert not [t for t in findings(content(explanation_quality=table)) if "possible" in t]


def test_reasons_that_anybody_would_get_are_named() -> None:
    table = explanation_quality().assign(above_null=[1.0, 0.0, 1.0, 0.0])
    text = finding(content(explanation_quality=table), "say nothing about the person")
    assert text.startswith("The reasons of posthoc_knn and posthoc_lime say nothing")
    table = table.assign(above_null=[1.0, 1.0, None, 1.0])
    text = finding(content(explanation_quality=table), "than on another's")
    assert text.startswith("The reasons of all 3 tried are")
    assert list(null_sentences({"a": None})) == list(null_sentences({})) == []


def test_equal_stability() -> None:
    equal = content().stability.assign(jaccard=1.0)
    text = finding(content(stability=equal), "training again")
    assert text.endswith("most for EASE by its ratings and posthoc_knn (Jaccard 1.000).")


def test_what_was_not_trained_again_is_not_compared() -> None:
    made = content().stability
    made.loc[0, ["jaccard", "n_retrainings"]] = 1.0, 0
    text = finding(content(stability=made), "no seed")
    assert "overlaps most for posthoc_knn (Jaccard 0.412)." in text
    assert "least" not in text
    assert "the reasons of EASE by its ratings depend on no seed" in text
    text = finding(content(stability=made.assign(n_retrainings=0)), "no seed")
    assert "training again" not in text


def test_one_approach() -> None:
    texts = findings(poor_contents()["one approach"])
    assert texts[0] == "The best nDCG@10 is that of EASE: 0.300 (95 % interval [0.290, 0.310])."
    assert not any("afterwards" in text for text in texts)


def test_no_explanations() -> None:
    texts = findings(poor_contents()["no explanations"])
    assert len(texts) == 2
    assert texts[1].startswith("No recommendation is explained")


def test_nothing() -> None:
    texts = findings(empty())
    assert texts[0] == "nDCG@10 is not measured for any recommender."
    assert len(texts) == 2


@pytest.mark.parametrize("name", poor_contents())
def test_what_is_missing_is_not_said(name: str) -> None:
    told = findings(poor_contents()[name])
    assert told
    texts = [*told, *control_sentences(Results(poor_contents()[name]))]
    for text in texts:
        assert text.endswith(".")
        assert not {"nan", "None", "?", "inf"} & set(text.replace(",", " ").split())
        assert "{" not in text


def test_coverage_that_depends_on_the_list() -> None:
    table = explanation_quality()
    table.loc[table["coverage"] == 1, "coverage_of_random"] = 0.2
    text = finding(content(explanation_quality=table), "random lists")
    assert text == "Every explainer that was tried on random lists explains fewer of them."


def test_controls_in_words() -> None:
    assert controls() == [
        "By POS@10,3, 1 of 3 do not beat random items: posthoc_ar.",
        "By POS@10,3, 2 of 3 do not beat the most popular items: posthoc_knn and posthoc_ar.",
        "By DEL@3, 1 of 3 do not beat random items: posthoc_ar.",
        "By DEL@3, 1 of 3 do not beat the most popular items: posthoc_ar.",
    ]


@pytest.mark.parametrize("metric", ["pos@10,3", "del@3"])
def test_every_approach_that_fails_either_metric_is_named(metric: str) -> None:
    tests = content().control_tests
    chosen = (tests["approach"] == "intrinsic_ease") & (tests["metric"] == metric)
    tests.loc[chosen & (tests["control"] == "random"), "verdict"] = "no difference"
    named = [text for text in controls(control_tests=tests) if "random items" in text]
    assert sum("EASE by its ratings" in text for text in named) == 1
    text = finding(content(control_tests=tests), "do not beat random")
    assert "2 of 3 do not beat random items: EASE by its ratings and posthoc_ar" in text


def test_only_one_metric_was_tested() -> None:
    tests = content().control_tests.query("metric == 'del@3'")
    assert ["DEL@3" in text for text in controls(control_tests=tests)] == [True, True]


@pytest.mark.parametrize("metric", ["ps@10,3", "ins@3", "cdcg@3", "pos@10/auc", "ps@10/auc"])
@pytest.mark.parametrize("control", ["random", "popular"])
def test_failing_in_any_metric_against_any_control_is_told(metric: str, control: str) -> None:
    passed = content().control_tests.assign(verdict="better")
    assert not any("do not beat" in text for text in controls(control_tests=passed))
    failed = passed[:1].assign(metric=metric, control=control, verdict="worse")
    texts = controls(control_tests=pd.concat([passed, failed]))
    (text,) = [text for text in texts if "do not beat" in text]
    items = "random items" if control == "random" else "the most popular items"
    name = content().titles[failed["approach"].iloc[0]]
    assert text == f"By {label(read(metric))}, 1 of 1 do not beat {items}: {name}."


def test_nobody_was_tested() -> None:
    assert controls(control_tests=pd.DataFrame()) == []


def test_a_verdict_that_is_missing_is_no_pass() -> None:
    texts = controls(control_tests=content().control_tests.assign(verdict=None))
    assert not any("beats" in text for text in texts)
