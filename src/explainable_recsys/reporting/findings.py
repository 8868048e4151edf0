"""The findings: what the tables of an evaluation say, in sentences computed from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.glossary import FAITHFULNESS, label, parse
from explainable_recsys.reporting.results import NO_EXPLANATIONS, Results
from explainable_recsys.reporting.verdicts import (
    WHAT_CONTROLS_CITE,
    WHY_AREAS,
    failing,
    reported,
    tests_against,
)
from explainable_recsys.wording.numbers import enumerated, interval, number, p_value

INTRINSIC, POST_HOC = "intrinsic_", "posthoc_"
"""Prefixes of approaches that explain themselves, and of those that explain another's lists."""

_INDIFFERENT = 0.01
"""An explainer whose coverage of random lists is as near to its own as this explains anything."""


def findings(content: ReportContent) -> list[str]:
    """Say what was found, in plain text, each finding in one to three sentences.

    What the tables do not support is not said: a missing column or table makes fewer findings.
    """
    results = Results.of(content)
    tell: list[Callable[[Results], str]] = [
        _best_lists,
        _post_hoc_against_intrinsic,
        _most_faithful,
        _against_controls,
        _coverage_of_controls,
        _stability,
        _not_measured,
    ]
    return [text for sentence in tell if (text := sentence(results))]


def _best_lists(results: Results) -> str:
    """The highest nDCG, and whether a paired test separates it from the second."""
    name = label(results.ndcg)
    ranked = _ranked(results, results.with_metric(results.ndcg))
    if not ranked:
        return f"{name} is not measured for any approach."
    top = results.value(ranked[0], results.ndcg)
    best = [a for a in ranked if _equal(results.value(a, results.ndcg), top)]
    if len(ranked) == 1:
        return f"{best[0]} is the only approach with {name}: {_with_interval(results, best[0])}."
    verb = "has" if len(best) == 1 else "share"
    text = f"{enumerated(best)} {verb} the best {name}, {_with_interval(results, best[0])}"
    if len(best) < len(ranked):
        text += f"; {_separation(results, best[0], ranked[len(best)], 'the second')}"
    return f"{text}. {_above_popularity(results)}".strip()


def _separation(results: Results, first: str, second: str, role: str) -> str:
    """Whether a paired test in nDCG tells two approaches apart."""
    value = _score(results, second, results.ndcg)
    test = results.paired(results.ndcg, first, second)
    if test is None:
        return f"no paired test compares it with {role}, {second} ({value})"
    figures = [value, f"difference {number(test.difference)}"]
    if test.low is not None and test.high is not None:
        figures[-1] += f" {interval(test.low, test.high)}"
    figures.append(f"corrected p {p_value(test.p)}")
    verb = "separates" if test.is_significant else "does not separate"
    return f"a paired test {verb} it from {role}, {second} ({', '.join(figures)})"


def _above_popularity(results: Results) -> str:
    """Which approaches rank no better than the same list for everybody."""
    popular = results.value("popularity", results.ndcg)
    ranked = [name for name in results.approaches if _has_ndcg(results, name)]
    if popular is None or not ranked:
        return ""
    close: list[str] = []
    worse: list[str] = []
    for name in ranked:
        if not _is_above(results, name, "popularity"):
            is_worse = _is_above(results, "popularity", name)
            (worse if is_worse else close).append(name)
    if not close and not worse:
        return f"All approaches rank better than most-popular lists ({number(popular)})."
    said = [f"not separated from them: {enumerated(close)}"] if close else []
    said += [f"worse: {enumerated(worse)}"] if worse else []
    return f"Against most-popular lists ({number(popular)}), {'; '.join(said)}."


def _is_above(results: Results, first: str, second: str) -> bool:
    """Whether nDCG is higher, and significantly so if that was tested."""
    values = [results.value(name, results.ndcg) or 0.0 for name in (first, second)]
    test = results.paired(results.ndcg, first, second)
    return values[0] > values[1] and (test is None or test.is_significant)


def _post_hoc_against_intrinsic(results: Results) -> str:
    """The best lists of either kind, which the names tell; other approaches do not count."""
    kinds = [
        [a for a in results.approaches if a.startswith(prefix) and results.explains(a)]
        for prefix in (INTRINSIC, POST_HOC)
    ]
    best = [_ranked(results, [a for a in kind if _has_ndcg(results, a)]) for kind in kinds]
    if not all(best):
        return ""
    own, other = best[0][0], best[1][0]
    return (
        f"Of the {INTRINSIC}… approaches, {own} has the best lists ({label(results.ndcg)} "
        f"{_score(results, own, results.ndcg)}); of the {POST_HOC}… approaches, {other} "
        f"({_score(results, other, results.ndcg)}; {_difference(results, own, other)})."
    )


def _difference(results: Results, first: str, second: str) -> str:
    """What a paired test in nDCG says of two approaches, in a few words."""
    test = results.paired(results.ndcg, first, second)
    if test is None:
        return "the difference is not tested"
    return f"{'a' if test.is_significant else 'no'} significant difference"


def _most_faithful(results: Results) -> str:
    """Whose evidence lowers POS, which all models share, furthest below that of random."""
    metric, drops = results.pos, _drops(results, results.pos)
    if not drops:
        return ""
    leader = max(drops, key=lambda a: drops[a])
    drop = _drop(results, leader, metric) or 0.0
    if drop <= 0:
        return (
            f"No evidence lowers {label(metric)} below that of random evidence (nearest: {leader}, "
            f"{_own_and_random(results, leader, metric)})."
        )
    test = results.controlled(leader, metric, "random")
    projected = f" ({results.scope(leader)})" * results.is_projection(leader)
    n_measured = len(_drops(results, metric))
    of_how_many = f", the largest drop of {n_measured} measured" if n_measured > 1 else ""
    doubt = "; the test does not confirm it" * (test is not None and not test.is_better)
    return (
        f"The most faithful evidence is that of {leader}{projected}: {label(metric)} is "
        f"{_own_and_random(results, leader, metric)}{of_how_many}{doubt}."
    )


def _against_controls(results: Results) -> str:
    """Who does not beat a control: cited items against both, then areas; nobody is left out."""
    tests = tests_against(results, "random")
    if not tests and not tests_against(results, "popular"):
        explained = any(results.explains(name) for name in results.everybody)
        return "No evidence was tested against random evidence." if explained else ""
    main = [results.pos, results.deletion]
    names = enumerated([label(metric) for metric in main], "or")
    parts = [
        f"random items in {names}: {_whose(results, 'random', main)}",
        f"the most popular items in {names}: {_whose(results, 'popular', main)}",
    ]
    areas = [metric for metric in reported(results) if parse(metric).is_area]
    worse = {
        control: {
            approach: [m for m, test in found.items() if m in areas and test.verdict == "worse"]
            for approach, found in failing(results, control).items()
        }
        for control in WHAT_CONTROLS_CITE
    }
    said = [
        f"than {'random' if control == 'random' else 'the most popular'} items: "
        + enumerated([f"{a} ({enumerated([label(m) for m in ms])})" for a, ms in of.items() if ms])
        for control, of in worse.items()
        if any(of.values())
    ]
    text = f"Evidence that does not beat {'; '.join(parts)}."
    return f"{text} Worse over the whole history {'; '.join(said)}. {WHY_AREAS}" if said else text


def _whose(results: Results, control: str, metrics: Sequence[str]) -> str:
    """The approaches that do not beat a control in some metrics, by verdict."""
    tested = [
        approach
        for approach, tests in tests_against(results, control).items()
        if any(metric in tests for metric in metrics)
    ]
    if not tested:
        return "not tested"
    whose = []
    for approach, tests in failing(results, control).items():
        by_verdict: dict[str, list[str]] = {}
        for metric in metrics:
            if metric in tests:
                by_verdict.setdefault(tests[metric].verdict, []).append(label(metric))
        if by_verdict:
            said = [f"{verdict} in {enumerated(of)}" for verdict, of in by_verdict.items()]
            whose.append(f"{approach} ({', '.join(said)})")
    if not whose:
        return f"none ({len(tested)} tested)"
    return f"{enumerated(whose)}, {len(whose)} of {len(tested)} tested"


def _coverage_of_controls(results: Results) -> str:
    """What explainers find on their own lists, on most-popular and on random ones."""
    columns = ("coverage", "coverage_of_popularity", "coverage_of_random")
    tried = [
        name
        for name in results.approaches
        if all(results.value(name, column) is not None for column in columns)
    ]
    if not tried:
        return ""
    shares = [
        f"{name} {' / '.join(_score(results, name, column, True) for column in columns)}"
        for name in tried
    ]
    text = f"Explained of own / most-popular / random lists: {'; '.join(shares)}."
    anything = [
        name
        for name in tried
        if (results.value(name, columns[2]) or 0.0)
        >= (results.value(name, columns[0]) or 0.0) - _INDIFFERENT
        and results.explains(name)
    ]
    if anything:
        text += (
            f" The coverage of {enumerated(anything)} says nothing about the lists: random ones "
            "are explained as often."
        )
    return text


def _stability(results: Results) -> str:
    """Whose evidence survives another training best and worst, and whose no seed can change."""
    fixed = [name for name in results.overlaps if name in results.seedless]
    text = (
        f"Given their lists, the reasons of {enumerated(fixed)} depend on no seed; "
        f"{'it was' if len(fixed) == 1 else 'they were'} not trained again."
        if fixed
        else ""
    )
    again = {name: v for name, v in results.overlaps.items() if name not in results.seedless}
    return f"{_after_training_again(again)} {text}".strip()


def _after_training_again(overlaps: Mapping[str, float]) -> str:
    if not overlaps:
        return ""
    high, low = max(overlaps.values()), min(overlaps.values())
    most = [name for name, value in overlaps.items() if _equal(value, high)]
    least = [name for name, value in overlaps.items() if _equal(value, low)]
    again = "After training again with other seeds, what"
    if len(overlaps) == 1:
        return f"{again} {most[0]} cites overlaps by {number(high)} (Jaccard)."
    if len(most) == len(overlaps):
        return f"{again} is cited overlaps by {number(high)} (Jaccard) for {enumerated(most)}."
    return (
        f"{again} {enumerated(most)} cite{'s' * (len(most) == 1)} overlaps most (Jaccard "
        f"{number(high)}), what {enumerated(least)} cite{'s' * (len(least) == 1)} overlaps least "
        f"({number(low)})."
    )


def _not_measured(results: Results) -> str:
    """What is missing, and why."""
    if not any(results.explains(name) for name in results.everybody):
        return "No approach explains its recommendations; nothing about explanations is measured."
    reasons: dict[str, list[str]] = {}
    for name in results.approaches:
        if not _has_faithfulness(results, name):
            reasons.setdefault(_reason(results, name), []).append(name)
    parts = [f"{enumerated(names)} ({reason})" for reason, names in reasons.items()]
    text = f"Faithfulness is not measured for {'; '.join(parts)}." if parts else ""
    once = [a for a in results.approaches if results.explains(a) and a not in results.overlaps]
    if once:
        text += f" Stability is not measured for {enumerated(once)}."
    return text.strip()


def _reason(results: Results, approach: str) -> str:
    scope = results.scope(approach).removeprefix("not applicable:").strip()
    is_reason = results.scope(approach).startswith(("not applicable", NO_EXPLANATIONS))
    return scope if is_reason and scope else "no figures"


def _has_faithfulness(results: Results, approach: str) -> bool:
    return any(
        parse(metric).base in FAITHFULNESS and results.value(approach, metric) is not None
        for metric in results.metrics
    )


def _has_ndcg(results: Results, approach: str) -> bool:
    return results.value(approach, results.ndcg) is not None


def _ranked(results: Results, names: Sequence[str]) -> list[str]:
    """From the highest nDCG down."""
    return sorted(names, key=lambda name: -(results.value(name, results.ndcg) or 0.0))


def _drops(results: Results, metric: str) -> dict[str, float]:
    drops = {name: _drop(results, name, metric) for name in results.approaches}
    return {name: drop for name, drop in drops.items() if drop is not None}


def _drop(results: Results, approach: str, metric: str) -> float | None:
    """How far a metric is below that of random evidence."""
    own = results.value(approach, metric)
    random = results.value(approach, f"{metric}/random")
    return None if own is None or random is None else random - own


def _own_and_random(results: Results, approach: str, metric: str) -> str:
    own, random = (_score(results, approach, m) for m in (metric, f"{metric}/random"))
    return (
        f"{own} without the {results.n_cited} items cited, {random} without "
        f"{results.n_cited} random ones"
    )


def _with_interval(results: Results, approach: str) -> str:
    limits = results.interval(approach, results.ndcg)
    return _score(results, approach, results.ndcg) + (f" {interval(*limits)}" if limits else "")


def _score(results: Results, approach: str, metric: str, is_share: bool = False) -> str:
    value = results.value(approach, metric)
    return "?" if value is None else number(value, "percentage" if is_share else "score")


def _equal(value: float | None, other: float | None) -> bool:
    return value is not None and other is not None and math.isclose(value, other, rel_tol=1e-9)
