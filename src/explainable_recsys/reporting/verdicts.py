"""In words: whose evidence beats its controls, and whose does not."""

from __future__ import annotations

from collections.abc import Iterator

from explainable_recsys.reporting.glossary import label
from explainable_recsys.reporting.results import Controlled, Results
from explainable_recsys.reporting.wording import enumerated, number

WHAT_CONTROLS_CITE = {
    "random": "random items of the same history",
    "popular": "the most popular items of the same history",
}

Tests = dict[str, Controlled]
"""Tests of one approach against one control, by metric."""


def tests_against(results: Results, control: str) -> dict[str, Tests]:
    """The tests in POS and DEL of every approach that has any, highest nDCG first."""
    tests = {}
    for approach in results.everybody:
        found = {
            metric: results.controlled(approach, metric, control)
            for metric in (results.pos, results.deletion)
        }
        of_approach = {metric: test for metric, test in found.items() if test is not None}
        if of_approach:
            tests[approach] = of_approach
    return tests


def failing(results: Results, control: str = "random") -> dict[str, Tests]:
    """The tests that approaches do not pass, by approach; only those with any."""
    failed = {
        approach: {metric: test for metric, test in tests.items() if not test.is_better}
        for approach, tests in tests_against(results, control).items()
    }
    return {approach: tests for approach, tests in failed.items() if tests}


def untested(results: Results, control: str = "random") -> list[str]:
    """Approaches that explain, but whose evidence nobody compared with the control."""
    tested = tests_against(results, control)
    return [a for a in results.everybody if results.explains(a) and a not in tested]


def control_sentences(results: Results) -> list[str]:
    """One sentence for those that pass, one for each that does not, for both controls."""
    sentences = []
    for control in WHAT_CONTROLS_CITE:
        sentences += list(_against(results, control))
    if not sentences:
        sentences = ["No evidence was compared with that of a control."]
    left = untested(results)
    if left:
        sentences.append(
            f"Not compared with random evidence: {'; '.join(_why(results, a) for a in left)}."
        )
    return sentences


def _against(results: Results, control: str) -> Iterator[str]:
    tests, failed = tests_against(results, control), failing(results, control)
    passed: dict[tuple[str, ...], list[str]] = {}
    for approach, of_approach in tests.items():
        if approach not in failed:
            passed.setdefault(tuple(of_approach), []).append(approach)
    for metrics, approaches in passed.items():
        yield (
            f"The evidence of {enumerated(approaches)} beats {WHAT_CONTROLS_CITE[control]} "
            f"in {enumerated([label(metric) for metric in metrics])}."
        )
    for approach in failed:
        yield failure_sentence(results, approach, control)


def failure_sentence(results: Results, approach: str, control: str) -> str:
    """Say which tests an approach does not pass, and with which figures."""
    tests, what = tests_against(results, control)[approach], WHAT_CONTROLS_CITE[control]
    failed = {metric: test for metric, test in tests.items() if not test.is_better}
    others = [label(metric) for metric in tests if metric not in failed]
    passed = f", but it does in {enumerated(others)}" if others else ""
    shown = [f"{label(metric)}{_figures(test)}" for metric, test in failed.items()]
    projected = f"; measured on a {results.scope(approach)}" * results.is_projection(approach)
    return (
        f"The evidence of {approach} does not beat {what} in {enumerated(shown, 'or')}"
        f"{passed}{projected}."
    )


def _figures(test: Controlled) -> str:
    if test.own is None or test.of_control is None:
        return f" ({test.verdict})"
    return f" ({number(test.own)} against {number(test.of_control)}: {test.verdict})"


def _why(results: Results, approach: str) -> str:
    scope = results.scope(approach)
    return f"{approach} ({scope})" if scope.startswith("not ") else f"{approach} (not tested)"
