"""Whose evidence beats its controls is said in words, and nobody is left out."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.reporting.glossary import label
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.verdicts import (
    WHY_AREAS,
    control_sentences,
    failing,
    failure_sentences,
    untested,
)
from tests.reporting.contents import content


def test_sentences() -> None:
    assert control_sentences(Results.of(content())) == [
        "The evidence of intrinsic_ease and posthoc_knn beats random items of the same history in "
        "POS@10,3 and DEL@3.",
        "The evidence of posthoc_ar against random items of the same history: no difference in "
        "POS@10,3 (0.930 against 0.920); worse in DEL@3 (0.980 against 0.960); measured on a "
        "projection: antecedents of the rules.",
        "The evidence of intrinsic_ease beats the most popular items of the same history in "
        "POS@10,3 and DEL@3.",
        "The evidence of posthoc_knn against the most popular items of the same history: no "
        "difference in POS@10,3 (0.800 against 0.880); better in DEL@3.",
        "The evidence of posthoc_ar against the most popular items of the same history: no "
        "difference in POS@10,3 (0.930 against 0.925); worse in DEL@3 (0.980 against 0.950); "
        "measured on a projection: antecedents of the rules.",
        "Not compared with random evidence: posthoc_lime (not applicable: LIME weighs features, "
        "not items).",
    ]


def test_every_approach_that_fails_either_metric_is_named() -> None:
    for metric in ("pos@10,3", "del@3"):
        tests = content().control_tests
        tests.loc[
            (tests["approach"] == "intrinsic_ease")
            & (tests["metric"] == metric)
            & (tests["control"] == "random"),
            "verdict",
        ] = "no difference"
        results = Results.of(content(control_tests=tests))
        assert set(failing(results)) == {"intrinsic_ease", "posthoc_ar"}
        named = [text for text in control_sentences(results) if "against random" in text]
        assert any("intrinsic_ease" in text for text in named)


def test_only_one_metric_was_tested() -> None:
    tests = content().control_tests.query("metric == 'del@3'")
    first = control_sentences(Results.of(content(control_tests=tests)))[0]
    assert first == (
        "The evidence of intrinsic_ease and posthoc_knn beats random items of the same history in "
        "DEL@3."
    )


@pytest.mark.parametrize("metric", ["ps@10,3", "ins@3", "cdcg@3", "pos@10/auc", "ps@10/auc"])
@pytest.mark.parametrize("control", ["random", "popular"])
def test_failing_in_any_metric_against_any_control_is_told(metric: str, control: str) -> None:
    passed = content().control_tests.assign(verdict="better")
    assert control_sentences(Results.of(content(control_tests=passed)))[0] == (
        "Does not beat its control: nothing; all 12 comparisons tested do."
    )
    failed = passed[:1].assign(metric=metric, control=control, verdict="worse")
    results = Results.of(content(control_tests=pd.concat([passed, failed])))
    (sentence,) = failure_sentences(results)
    assert f": worse in {label(metric)} (" in sentence
    assert sentence in control_sentences(results)
    assert (WHY_AREAS in control_sentences(results)) == metric.endswith("auc")


def test_nobody_was_tested() -> None:
    results = Results.of(content(control_tests=pd.DataFrame()))
    assert control_sentences(results)[0] == "No evidence was compared with that of a control."
    assert untested(results) == ["intrinsic_ease", "posthoc_knn", "posthoc_ar", "posthoc_lime"]


def test_a_verdict_that_is_missing_is_no_pass() -> None:
    tests = content().control_tests.assign(verdict=None)
    results = Results.of(content(control_tests=tests))
    assert failing(results) == {}
    assert not any("beats" in text for text in control_sentences(results))
