"""The findings: what the tables of an evaluation say, in sentences computed from them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.projected_evidence import NO_EXPLANATIONS
from explainable_recsys.metrics.records import METRICS, read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.results import Controlled, Paired, Results, Verdicts, lost
from explainable_recsys.wording.numbers import enumerated, interval, number, p_value
from explainable_recsys.wording.phrases import later, phrase

FAILS = {
    "random": later(
        "The evidence of {approach} against random items of the same history: {verdicts}."
    ),
    "popular": later(
        "The evidence of {approach} against the most popular items of the same history: {verdicts}."
    ),
}
PASSES = {
    "random": later(
        "The evidence of {approaches} beats random items of the same history in {metrics}."
    ),
    "popular": later(
        "The evidence of {approaches} beats the most popular items of the same history in "
        "{metrics}."
    ),
}
BEATEN = {
    "random": later("In {metrics}, {n} of {n_tested} do not beat random items: {approaches}."),
    "popular": later(
        "In {metrics}, {n} of {n_tested} do not beat the most popular items: {approaches}."
    ),
}
ALL_BEAT = {
    "random": later("In {metrics}, the evidence of all {n_tested} tested beats random items."),
    "popular": later(
        "In {metrics}, the evidence of all {n_tested} tested beats the most popular items."
    ),
}
VERDICTS = {
    "no difference": later("no difference in {metrics}"),
    "worse": later("worse in {metrics}"),
    "better": later("better in {metrics}"),
}
WHY_AREAS = later(
    "Areas (AUC): once the cited items are used up, the others follow in random order, so short "
    "explanations lose there."
)

_INDIFFERENT = 0.01
"""An explainer whose coverage of random lists is as near to its own as this explains anything."""


def findings(content: ReportContent) -> list[str]:
    """Say what was found, in plain text, a few sentences for each finding.

    What the tables do not support is not said: a missing column or table makes fewer findings.
    """
    results = Results(content)
    told = (
        _best_lists(results),
        _intrinsic_and_post_hoc(results),
        _most_faithful(results),
        _against_controls(results),
        _coverage_of_controls(results),
        _stability(results),
        _not_measured(results),
    )
    return [text for sentences in told if (text := " ".join(sentences))]


def control_sentences(results: Results) -> list[str]:
    """Whose evidence beats its controls, and whose does not: nobody is left out."""
    tested = {control: results.verdicts(control) for control in CONTROLS}
    sentences = [text for control in CONTROLS for text in _of_control(results, control)]
    if not sentences:
        sentences.append(phrase("No evidence was compared with that of a control."))
    losses = [lost(tests) for of_control in tested.values() for tests in of_control.values()]
    if any(read(metric).is_area for tests in losses for metric in tests):
        sentences.append(phrase(WHY_AREAS))
    left = [
        f"{name} ({results.scope(name)})"
        for name in results.approaches
        if results.explains(name) and name not in tested["random"]
    ]
    if left:
        text = later("Not compared with random evidence: {approaches}.")
        sentences.append(phrase(text, approaches="; ".join(left)))
    return sentences


def _of_control(results: Results, control: str) -> Iterator[str]:
    """One sentence for those that win all tests of the same metrics, one for each other."""
    tested = results.verdicts(control)
    winners = defaultdict(list)
    for approach, tests in tested.items():
        if not lost(tests):
            winners[tuple(tests)].append(approach)
    for metrics, names in winners.items():
        yield phrase(
            PASSES[control],
            approaches=enumerated(names),
            metrics=enumerated([read(m).label for m in metrics]),
        )
    for approach, tests in tested.items():
        if lost(tests):
            said = list(_by_verdict(tests))
            if results.is_projection(approach):
                said.append(phrase("measured on a {scope}", scope=results.scope(approach)))
            yield phrase(FAILS[control], approach=approach, verdicts="; ".join(said))


def _by_verdict(tests: Verdicts) -> Iterator[str]:
    """The metrics of each verdict, with both figures where the approach does not win."""
    for verdict, text in VERDICTS.items():
        told = [_told(metric, test) for metric, test in tests.items() if test.verdict == verdict]
        if told:
            yield phrase(text, metrics=enumerated(told))


def _told(metric: str, test: Controlled) -> str:
    name = read(metric).label
    if test.verdict == "better" or test.own is None or test.of_control is None:
        return name
    text = later("{name} ({own} against {other})")
    return phrase(text, name=name, own=number(test.own), other=number(test.of_control))


def _best_lists(results: Results) -> Iterator[str]:
    """The highest nDCG, and what paired tests say of the others."""
    metric, scored = read(results.ndcg).label, _with_ndcg(results)
    if not scored:
        yield phrase("{metric} is not measured for any recommender.", metric=metric)
        return
    top = max(scored.values())
    best = [name for name, value in scored.items() if _equal(value, top)]
    others = sorted(set(scored) - set(best), key=lambda name: (-scored[name], name))
    ends = results.interval(best[0], results.ndcg)
    yield phrase(
        "The best {metric} is that of {names}: {value}.",
        metric=metric,
        names=enumerated(best),
        value=" ".join([number(top), *([interval(*ends)] if ends else [])]),
    )
    if others:
        test = results.paired.get((results.ndcg, best[0], others[0]))
        text = (
            later("No paired test compares it with the next, {name} ({value}).")
            if test is None
            else later("A paired test separates it from the next, {name} ({value}; {test}).")
            if test.is_significant
            else later(
                "A paired test does not separate it from the next, {name} ({value}; {test})."
            )
        )
        value = number(scored[others[0]])
        yield phrase(text, name=others[0], value=value, test=_test(test) if test else "")
    yield from _above_popularity(results, scored)


def _test(test: Paired) -> str:
    ends = [interval(*test.interval)] if test.interval else []
    difference = " ".join([number(test.difference), *ends])
    text = later("difference {difference}, corrected p {p}")
    return phrase(text, difference=difference, p=p_value(test.p))


def _above_popularity(results: Results, scored: dict[str, float]) -> Iterator[str]:
    """Which recommenders rank no better than the same list for everybody."""
    popular = scored.get("popularity")
    ranked = [name for name in results.recommenders if name in scored]
    if popular is None or not ranked:
        return
    below = [name for name in ranked if not _is_above(results, scored, name, "popularity")]
    worse = [name for name in below if _is_above(results, scored, "popularity", name)]
    close = [name for name in below if name not in worse]
    value = number(popular)
    if not below:
        yield phrase("All rank better than most-popular lists ({value}).", value=value)
    for names, text in (
        (close, later("Not separated from most-popular lists ({value}): {names}.")),
        (worse, later("Worse than most-popular lists ({value}): {names}.")),
    ):
        if names:
            yield phrase(text, value=value, names=enumerated(names))


def _is_above(results: Results, scored: dict[str, float], first: str, second: str) -> bool:
    """Whether nDCG is higher, and significantly so if that was tested."""
    test = results.paired.get((results.ndcg, first, second))
    return scored[first] > scored[second] and (test is None or test.is_significant)


def _intrinsic_and_post_hoc(results: Results) -> Iterator[str]:
    """The best lists with reasons of either kind."""
    scored = _with_ndcg(results)
    names = [a for a, r in results.approaches.items() if r in scored and results.explains(a)]
    own = next((name for name in names if name in results.intrinsic), None)
    other = next((name for name in names if name not in results.intrinsic), None)
    if own is None or other is None:
        return
    first, second = results.approaches[own], results.approaches[other]
    yield phrase(
        "Of the lists that are explained by how their scores were made, those of {own} are the "
        "best ({own_value}); of those that are explained afterwards, those of {other} "
        "({other_value}).",
        own=own,
        own_value=number(scored[first]),
        other=other,
        other_value=number(scored[second]),
    )
    test = results.paired.get((results.ndcg, first, second))
    if first == second:
        yield phrase("Both are lists of {recommender}.", recommender=first)
    elif test is None:
        yield phrase("The difference is not tested.")
    elif test.is_significant:
        yield phrase("The difference is significant.")
    else:
        yield phrase("The difference is not significant.")


def _most_faithful(results: Results) -> Iterator[str]:
    """Whose evidence lowers POS, which all models share, furthest below that of random."""
    pos = results.column("pos")
    sides = {
        name: (own, random)
        for name in results.approaches
        if (own := results.value(name, pos)) is not None
        and (random := results.value(name, f"{pos}/random")) is not None
    }
    if not sides:
        return
    leader = max(sides, key=lambda name: sides[name][1] - sides[name][0])
    own, random = sides[leader]
    text = (
        later(
            "Of {n_measured} measured, the evidence of {name} is the most faithful: {metric} is "
            "{own} without the {n} items cited, {random} without {n} random ones."
        )
        if own < random
        else later(
            "No evidence lowers {metric} below that of random evidence; nearest is {name}, {own} "
            "without the {n} items cited, {random} without {n} random ones."
        )
    )
    yield phrase(
        text,
        n_measured=len(sides),
        name=leader,
        metric=read(pos).label,
        own=number(own),
        random=number(random),
        n=results.n_cited,
    )
    test = results.controlled.get((leader, pos, "random"))
    if own < random and results.is_projection(leader):
        yield phrase("It was measured on a {scope}.", scope=results.scope(leader))
    if own < random and test is not None and test.verdict != "better":
        yield phrase("The test does not confirm it.")


def _against_controls(results: Results) -> Iterator[str]:
    """Whose cited items do not beat those of a control."""
    main = [results.column("pos"), results.column("del")]
    has_tests = False
    for control in CONTROLS:
        tested = {
            name: told
            for name, tests in results.verdicts(control).items()
            if (told := {metric: test for metric, test in tests.items() if metric in main})
        }
        losers = [name for name, tests in tested.items() if lost(tests)]
        if tested:
            has_tests = True
            yield phrase(
                BEATEN[control] if losers else ALL_BEAT[control],
                metrics=enumerated([read(metric).label for metric in main], "or"),
                n=len(losers),
                n_tested=len(tested),
                approaches=enumerated(losers),
            )
    if not has_tests and any(results.explains(name) for name in results.approaches):
        yield phrase("No evidence was tested against that of a control.")


def _coverage_of_controls(results: Results) -> Iterator[str]:
    """What explainers find on their own lists, on most-popular and on random ones."""
    columns = ("coverage", "coverage_of_popularity", "coverage_of_random")
    tried: dict[str, list[float]] = {}
    for name in results.approaches:
        shares = [results.value(name, column) for column in columns]
        if None not in shares:
            tried[name] = [share for share in shares if share is not None]
    if not tried:
        return
    told = [
        f"{name} {' / '.join(number(share, METRICS['coverage'].form) for share in shares)}"
        for name, shares in tried.items()
    ]
    text = later("Explained of own / most-popular / random lists: {shares}.")
    yield phrase(text, shares="; ".join(told))
    anything = [
        name for name, (own, _, random) in tried.items() if random >= own - _INDIFFERENT > 0
    ]
    if anything:
        yield phrase(
            "The coverage of {names} says nothing about the lists: random ones are explained as "
            "often.",
            names=enumerated(anything),
        )


def _stability(results: Results) -> Iterator[str]:
    """Whose evidence survives another training best and worst, and whose no seed can change."""
    again = {name: v for name, v in results.overlaps.items() if name not in results.seedless}
    if again:
        high, low = max(again.values()), min(again.values())
        text = (
            later(
                "After training again with other seeds, what is cited overlaps by {high} (Jaccard) "
                "for {most}."
            )
            if _equal(high, low)
            else later(
                "After training again with other seeds, what is cited overlaps most for {most} "
                "(Jaccard {high}), least for {least} ({low})."
            )
        )
        yield phrase(
            text,
            high=number(high),
            low=number(low),
            most=enumerated([name for name, value in again.items() if _equal(value, high)]),
            least=enumerated([name for name, value in again.items() if _equal(value, low)]),
        )
    fixed = [name for name in results.overlaps if name in results.seedless]
    if fixed:
        yield phrase(
            "Given their lists, the reasons of {names} depend on no seed: not trained again.",
            names=enumerated(fixed),
        )


def _not_measured(results: Results) -> Iterator[str]:
    """What is missing, and why."""
    explained = [name for name in results.approaches if results.explains(name)]
    if not explained:
        yield phrase("No recommendation is explained; nothing about explanations is measured.")
        return
    reasons: dict[str, list[str]] = {}
    for name in results.approaches:
        if not any(
            read(metric).metric.base in ("pos", "ps", "del", "ins", "cdcg")
            and results.value(name, metric) is not None
            for metric in results.metrics
        ):
            reasons.setdefault(_reason(results.scope(name)), []).append(name)
    if reasons:
        told = [f"{enumerated(names)} ({reason})" for reason, names in reasons.items()]
        text = later("Faithfulness is not measured for {approaches}.")
        yield phrase(text, approaches="; ".join(told))
    once = [name for name in explained if name not in results.overlaps]
    if once:
        yield phrase("Stability is not measured for {names}.", names=enumerated(once))


def _reason(scope: str) -> str:
    is_reason = scope.startswith(("not applicable:", NO_EXPLANATIONS))
    return scope.removeprefix("not applicable:").strip() if is_reason else phrase("no figures")


def _with_ndcg(results: Results) -> dict[str, float]:
    """Recommenders, and baselines after them, that have nDCG, each highest first."""
    everybody = [*results.recommenders, *results.baselines]
    found = {name: results.value(name, results.ndcg) for name in everybody}
    return {name: value for name, value in found.items() if value is not None}


def _equal(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-9)
