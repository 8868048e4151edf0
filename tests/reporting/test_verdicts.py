"""Whose evidence beats its controls is said in words, and nobody is left out."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.verdicts import control_sentences, failing, untested
from tests.reporting.contents import content


def test_sentences() -> None:
    assert control_sentences(Results.of(content())) == [
        "The evidence of intrinsic_ease and posthoc_knn beats random items of the same history in "
        "POS@10,3 and DEL@3.",
        "The evidence of posthoc_ar does not beat random items of the same history in POS@10,3 "
        "(0.930 against 0.920: no difference) or DEL@3 (0.980 against 0.960: worse); measured on a "
        "projection: antecedents of the rules.",
        "The evidence of intrinsic_ease beats the most popular items of the same history in "
        "POS@10,3 and DEL@3.",
        "The evidence of posthoc_knn does not beat the most popular items of the same history in "
        "POS@10,3 (0.800 against 0.880: no difference), but it does in DEL@3.",
        "The evidence of posthoc_ar does not beat the most popular items of the same history in "
        "POS@10,3 (0.930 against 0.925: no difference) or DEL@3 (0.980 against 0.950: worse); "
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
        named = [text for text in control_sentences(results) if "does not beat random" in text]
        assert any("intrinsic_ease" in text for text in named)


def test_only_one_metric_was_tested() -> None:
    tests = content().control_tests.query("metric == 'del@3'")
    first = control_sentences(Results.of(content(control_tests=tests)))[0]
    assert first == (
        "The evidence of intrinsic_ease and posthoc_knn beats random items of the same history in "
        "DEL@3."
    )


def test_nobody_was_tested() -> None:
    results = Results.of(content(control_tests=pd.DataFrame()))
    assert control_sentences(results)[0] == "No evidence was compared with that of a control."
    assert untested(results) == ["intrinsic_ease", "posthoc_knn", "posthoc_ar", "posthoc_lime"]


def test_a_verdict_that_is_missing_is_no_pass() -> None:
    tests = content().control_tests.assign(verdict=None)
    results = Results.of(content(control_tests=tests))
    assert failing(results) == {}
    assert not any("beats" in text for text in control_sentences(results))
