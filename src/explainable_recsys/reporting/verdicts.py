"""In words: whose evidence beats its controls, and whose does not."""

from __future__ import annotations

from collections.abc import Iterator

from explainable_recsys.reporting.glossary import label, parse
from explainable_recsys.reporting.results import Controlled, Results
from explainable_recsys.wording.numbers import enumerated, number

WHAT_CONTROLS_CITE = {
    "random": "random items of the same history",
    "popular": "the most popular items of the same history",
}
WHY_AREAS = (
    "Areas (AUC): once the cited items are used up, the others follow in random order, so short "
    "explanations lose there."
)

Tests = dict[str, Controlled]
"""Tests of one approach against one control, by metric."""


def reported(results: Results) -> list[str]:
    """The metrics of faithfulness that verdicts are told of."""
    k, n = results.k, results.n_cited
    by_cited = [results.pos, f"ps@{k},{n}", results.deletion, f"ins@{n}", f"cdcg@{n}"]
    return [*by_cited, f"pos@{k}/auc", f"ps@{k}/auc"]


def tests_against(results: Results, control: str) -> dict[str, Tests]:
    """The tests in the reported metrics of every approach that has any, highest nDCG first."""
    tests = {}
    for approach in results.everybody:
        found = {
            metric: results.controlled(approach, metric, control) for metric in reported(results)
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


def n_tested(results: Results) -> int:
    """How many tests there are, of all approaches against all controls."""
    return sum(
        len(tests)
        for control in WHAT_CONTROLS_CITE
        for tests in tests_against(results, control).values()
    )


def untested(results: Results, control: str = "random") -> list[str]:
    """Approaches that explain, but whose evidence nobody compared with the control."""
    tested = tests_against(results, control)
    return [a for a in results.everybody if results.explains(a) and a not in tested]


def control_sentences(results: Results) -> list[str]:
    """One sentence for those that pass all, one for each that does not, for both controls."""
    sentences = []
    for control in WHAT_CONTROLS_CITE:
        sentences += list(_against(results, control))
    if not sentences:
        sentences = ["No evidence was compared with that of a control."]
    elif not any(failing(results, control) for control in WHAT_CONTROLS_CITE):
        sentences.insert(0, nothing_fails(results))
    if fails_in_areas(results):
        sentences.append(WHY_AREAS)
    left = untested(results)
    if left:
        sentences.append(
            f"Not compared with random evidence: {'; '.join(_why(results, a) for a in left)}."
        )
    return sentences


def failure_sentences(results: Results) -> list[str]:
    """One sentence for each approach and control that it does not beat in everything."""
    return [
        failure_sentence(results, approach, control)
        for control in WHAT_CONTROLS_CITE
        for approach in failing(results, control)
    ]


def nothing_fails(results: Results) -> str:
    """Say that all is well, and how much was tested."""
    return f"Does not beat its control: nothing; all {n_tested(results)} comparisons tested do."


def fails_in_areas(results: Results) -> bool:
    """Whether any area under a curve is not better than that of a control."""
    return any(
        parse(metric).is_area
        for control in WHAT_CONTROLS_CITE
        for tests in failing(results, control).values()
        for metric in tests
    )


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
    tests = tests_against(results, control)[approach]
    by_verdict: dict[str, list[str]] = {}
    for metric, test in tests.items():
        if not test.is_better:
            by_verdict.setdefault(test.verdict, []).append(f"{label(metric)}{_figures(test)}")
    said = "; ".join(f"{verdict} in {enumerated(m)}" for verdict, m in sorted(by_verdict.items()))
    passed = [label(metric) for metric, test in tests.items() if test.is_better]
    better = f"; better in {enumerated(passed)}" if passed else ""
    projected = f"; measured on a {results.scope(approach)}" * results.is_projection(approach)
    what = WHAT_CONTROLS_CITE[control]
    return f"The evidence of {approach} against {what}: {said}{better}{projected}."


def _figures(test: Controlled) -> str:
    if test.own is None or test.of_control is None:
        return ""
    return f" ({number(test.own)} against {number(test.of_control)})"


def _why(results: Results, approach: str) -> str:
    scope = results.scope(approach)
    return f"{approach} ({scope})" if scope.startswith("not ") else f"{approach} (not tested)"
