"""The findings: what the tables of an evaluation say, in sentences computed from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.records import FAMILIES, read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.results import Results
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import enumerated, interval, number
from explainable_recsys.wording.phrases import later, phrase

OPPONENTS = {"random": later("random items"), "popular": later("the most popular items")}
"""What the cited items are compared with, by control."""

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
        _against_controls(results, results.column("pos"), results.column("del")),
        _possible_drop(results),
        _coverage_of_controls(results),
        null_sentences(
            {results.named(n): results.value(n, "above_null") for n in results.approaches}
        ),
        _stability(results),
        _not_measured(results),
    )
    return [text for sentences in told if (text := " ".join(sentences))]


def control_sentences(results: Results) -> list[str]:
    """Whose evidence does not beat its controls, by metric: whoever fails any test is named."""
    metrics = dict.fromkeys(metric for _, metric, _ in results.verdicts)
    return [text for metric in metrics for text in _against_controls(results, metric)]


def beats(results: Results, control: str, *metrics: str) -> dict[str, bool]:
    """Of each approach that was tested, whether it beats a control in every metric tested."""
    tests = {
        name: [v for m in metrics if (v := results.verdicts.get((name, m, control)))]
        for name in results.approaches
    }
    return {name: set(verdicts) == {"better"} for name, verdicts in tests.items() if verdicts}


def _against_controls(results: Results, *metrics: str) -> Iterator[str]:
    """Whose cited items do not beat those of a control in any of the metrics."""
    for control in CONTROLS:
        tested = beats(results, control, *metrics)
        losers = [name for name, is_better in tested.items() if not is_better]
        text = (
            later("By {metrics}, {n} of {n_tested} do not beat {items}: {approaches}.")
            if losers
            else later("By {metrics}, the evidence of all {n_tested} tested beats {items}.")
        )
        if tested:
            yield phrase(
                text,
                n=len(losers),
                n_tested=len(tested),
                items=phrase(OPPONENTS[control]),
                metrics=enumerated([label(read(metric)) for metric in metrics]),
                approaches=results.named(*losers),
            )


def _best_lists(results: Results) -> Iterator[str]:
    """The highest nDCG, and what paired tests say of the others."""
    metric, scored = label(read(results.ndcg)), _with_ndcg(results)
    if not scored:
        yield phrase("{metric} is not measured for any recommender.", metric=metric)
        return
    best = _all_with(max(scored.values()), scored)
    others = sorted(set(scored) - set(best), key=lambda name: (-scored[name], name))
    yield phrase(
        "The best {metric} is that of {names}: {value} (95 % interval {interval}).",
        metric=metric,
        names=results.named(*best),
        value=number(scored[best[0]]),
        interval=interval(*results.interval(best[0], results.ndcg)),
    )
    if others:
        value = number(scored[others[0]])
        yield phrase("The next is {name} ({value}).", name=results.named(others[0]), value=value)
        yield _separated(results, best[0], others[0])


def _separated(results: Results, first: str, second: str) -> str:
    """What the paired test of two recommenders says."""
    test = results.paired.get((results.ndcg, first, second))
    if test is None:
        return phrase("No paired test compares them.")
    text = (
        later("A paired test separates them ({test}).")
        if test.is_significant
        else later("A paired test does not separate them ({test}).")
    )
    return phrase(text, test=test.figures)


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
        own=results.named(own),
        own_value=number(scored[first]),
        other=results.named(other),
        other_value=number(scored[second]),
    )
    if first == second:
        yield phrase("Both are lists of {recommender}.", recommender=results.named(first))
    else:
        yield _separated(results, first, second)


def _coverage_of_controls(results: Results) -> Iterator[str]:
    """Whether explainers find as much on random lists as on those that they are asked about."""
    shares = _beside(results, "coverage", "coverage_of_random")
    anything = [name for name, (own, random) in shares.items() if random >= own - _INDIFFERENT > 0]
    if anything:
        yield phrase(
            "The coverage of {names} says nothing about the lists: random ones are explained as "
            "often.",
            names=results.named(*anything),
        )
    elif shares:
        yield phrase("Every explainer that was tried on random lists explains fewer of them.")


def null_sentences(verdicts: Mapping[str, float | None]) -> Iterator[str]:
    """Whose reasons are no others on a person's own history than on that of another.

    Args:
        verdicts: `above_null` by approach; None where it is not known.
    """
    known = {name: verdict for name, verdict in verdicts.items() if verdict is not None}
    anybody = [name for name, verdict in known.items() if not verdict]
    if anybody:
        yield phrase(
            "The reasons of {names} say nothing about the person: from another person's history "
            "as long as the own there are as many, and as strong ones.",
            names=enumerated(anybody),
        )
    elif known:
        yield phrase(
            "The reasons of all {n} tried are more frequent, or stronger, on a person's own "
            "history than on another's.",
            n=len(known),
        )


def _possible_drop(results: Results) -> Iterator[str]:
    """Whose evidence brings about most and least of what could be."""
    metric = results.column("possible_drop")
    shares = {n: v for n in results.approaches if (v := results.value(n, metric)) is not None}
    if len(shares) < 2:
        return
    high, low = max(shares.values()), min(shares.values())
    yield phrase(
        "Of the drop of {metric} that is possible, the evidence of {best} brings about most "
        "({high}), that of {worst} least ({low}).",
        metric=label(read(results.column("pos"))),
        best=results.named(*_all_with(high, shares)),
        worst=results.named(*_all_with(low, shares)),
        high=number(high),
        low=number(low),
    )


def _stability(results: Results) -> Iterator[str]:
    """Whose evidence survives another training best and worst, and whose no seed can change."""
    again = {name: v for name, v in results.overlaps.items() if name not in results.seedless}
    if again:
        high, low = max(again.values()), min(again.values())
        yield phrase(
            "After training again with other seeds, what is cited overlaps most for {names} "
            "(Jaccard {value}).",
            names=results.named(*_all_with(high, again)),
            value=number(high),
        )
        if low < high:
            names = results.named(*_all_with(low, again))
            yield phrase("It overlaps least for {names} ({value}).", names=names, value=number(low))
    fixed = [name for name in results.overlaps if name in results.seedless]
    if fixed:
        yield phrase(
            "Given their lists, the reasons of {names} depend on no seed: not trained again.",
            names=results.named(*fixed),
        )


def _not_measured(results: Results) -> Iterator[str]:
    """What is missing, and why."""
    explained = [name for name in results.approaches if results.explains(name)]
    if not explained:
        yield phrase("No recommendation is explained; nothing about explanations is measured.")
        return
    faithfulness = [m for m in results.metrics if read(m).metric in FAMILIES["faithfulness"]]
    reasons: dict[str, list[str]] = {}
    for name in results.approaches:
        if all(results.value(name, metric) is None for metric in faithfulness):
            reasons.setdefault(results.why_not(name), []).append(name)
    if reasons:
        told = [f"{results.named(*names)} ({reason})" for reason, names in reasons.items()]
        text = later("Faithfulness is not measured for {approaches}.")
        yield phrase(text, approaches="; ".join(told))
    if not results.verdicts:
        yield phrase("No evidence was tested against that of a control.")
    once = [name for name in explained if name not in results.overlaps]
    if once:
        yield phrase("Stability is not measured for {names}.", names=results.named(*once))


def _beside(results: Results, metric: str, other: str) -> dict[str, tuple[float, float]]:
    """Two metrics of the approaches that have both."""
    pairs = {n: (results.value(n, metric), results.value(n, other)) for n in results.approaches}
    return {n: (a, b) for n, (a, b) in pairs.items() if a is not None and b is not None}


def _with_ndcg(results: Results) -> dict[str, float]:
    """Recommenders, and baselines after them, that have nDCG, each highest first."""
    found = {name: results.value(name, results.ndcg) for name in results.everybody}
    return {name: value for name, value in found.items() if value is not None}


def _all_with(value: float, values: dict[str, float]) -> list[str]:
    """Those that have a value, up to rounding."""
    return [name for name, other in values.items() if math.isclose(value, other, rel_tol=1e-9)]
