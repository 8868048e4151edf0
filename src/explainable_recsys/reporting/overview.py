"""What the report shows first: five sentences, people with their recommendations, one table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.records import METRICS, Metric, read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import beats, not_above_popularity
from explainable_recsys.reporting.owner import worst_off
from explainable_recsys.reporting.people import titled
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.tables import Body, Cell, Row, Table, best, metric_cell, noted
from explainable_recsys.wording.markup import is_text
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import number, significant
from explainable_recsys.wording.phrases import later, phrase

KINDS = {
    later("intrinsic"): later("the reason is how the recommendation was made."),
    later("post hoc"): later("the reason was found afterwards, for a list made without it."),
}
"""Both kinds of reasons, and what they are."""


def kind(content: ReportContent, approach: str) -> str:
    """Which kind of reasons an approach gives."""
    return phrase("intrinsic" if approach in content.intrinsic else "post hoc")


def in_short(content: ReportContent, results: Results) -> dict[str, str]:
    """What somebody who decides must know: a sentence, without figures that need explaining, each.

    What the tables do not support is left out.
    """
    first = next((n for n in results.recommenders if results.value(n, results.ndcg)), None)
    shown = _shown(results)
    told = {
        later("Which list"): first and _which_list(results, first),
        later("Which reason"): shown and _which_reason(results, shown),
        later("How sure"): first and _how_sure(results, first),
        later("For whom not"): shown and _for_whom_not(content, results, shown),
        later("What not to use"): _what_not_to_use(results),
    }
    return {phrase(title): text for title, text in told.items() if text}


def _shown(results: Results) -> str | None:
    """Of the approaches that explain the best lists, the one with the truest reasons."""
    names = [name for name in results.approaches if results.explains(name)]
    same = [name for name in names if results.approaches[name] == results.approaches[names[0]]]
    drops = {n: results.value(n, results.column("possible_drop")) for n in same}
    return max(same, key=lambda n: -math.inf if drops[n] is None else drops[n], default=None)


def _of_100(share: float) -> str:
    return number(100 * share, "count")


def _which_list(results: Results, first: str) -> str:
    metric = f"hit_rate@{results.k}"
    known = {n: results.value(n, metric) for n in (first, "popularity", "random")}
    shares = {name: _of_100(value) for name, value in known.items() if value is not None}
    text = (
        later(
            "The lists of {best} hit most: {own} of 100 people find one of their own, hidden "
            "choices among {k} recommendations; with the same most popular items for everybody "
            "it is {popularity}, with random ones {random}."
        )
        if len(shares) == len(known)
        else later("The lists of {best} are the best by {metric}: {value}.")
    )
    of_metric = label(read(results.ndcg))
    value = number(results.value(first, results.ndcg))
    names = {"best": results.named(first), "own": shares.get(first, ""), "k": results.k}
    return phrase(text, **{**shares, **names, "metric": of_metric, "value": value})


def _which_reason(results: Results, shown: str) -> str:
    pos = results.column("pos")
    own, random = results.value(shown, pos), results.value(shown, f"{pos}/random")
    if own is None or random is None:
        text = later(
            "Of the lists with reasons, those of {name} are the best; how true the reasons are was "
            "not measured."
        )
        return phrase(text, name=results.named(shown))
    text = (
        later(
            "The reasons of {name} can be shown with them: without the {n} ratings that a reason "
            "names, {gone} of 100 recommendations are gone; without {n} others, taken at random, "
            "{gone_at_random}."
        )
        if own < random
        else later(
            "The reasons of {name} should not be shown: without the {n} ratings that a reason "
            "names, {gone} of 100 recommendations are gone; without {n} others, taken at random, "
            "{gone_at_random}."
        )
    )
    gone, at_random = _of_100(1 - own), _of_100(1 - random)
    named = results.named(shown)
    return phrase(text, name=named, n=results.n_cited, gone=gone, gone_at_random=at_random)


def _how_sure(results: Results, first: str) -> str:
    """Whether chance made the first the first, and some reasons look true."""
    ranked = [n for n in results.recommenders if results.value(n, results.ndcg) is not None]
    told, metrics = [], (results.column("pos"), results.column("del"))
    test = results.paired.get((results.ndcg, *ranked[:2])) if len(ranked) > 1 else None
    if test is not None:
        text = (
            later("The lead over the next best, {next}, is more than chance (tested on {n} people)")
            if test.is_significant
            else later("The lead over the next best, {next}, may be chance (tested on {n} people)")
        )
        n = number(results.value(first, f"{results.ndcg}/n"), "count")
        told.append(phrase(text, next=results.named(ranked[1]), n=n))
    verdicts = [beats(results, control, *metrics).items() for control in CONTROLS]
    tested = dict.fromkeys(name for items in verdicts for name, _ in items)
    losers = dict.fromkeys(n for items in verdicts for n, is_better in items if not is_better)
    if tested:
        text = (
            later(
                "of {n} kinds of reasons tested, these name ratings that matter no more than "
                "random or popular ones: {names}"
            )
            if losers
            else later("what all {n} kinds of reasons tested name matters more than other ratings")
        )
        told.append(phrase(text, n=len(tested), names=results.named(*losers)))
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _for_whom_not(content: ReportContent, results: Results, shown: str) -> str:
    groups = content.reasons_by_group
    if "approach" not in groups or not (groups["approach"] == shown).any():
        return ""
    own = groups[(groups["approach"] == shown) & (groups["whose"] == "history")]
    sums = own.sum(numeric_only=True)
    made, weak = max(sums["n_recommendations"], 1), sums["n_single"] + sums["n_diffuse"]
    text = (
        later(
            "With {name}, {none} of the recommendations come without a reason and {weak} with a "
            "weak one (a single piece, or none that stands out); worst off are people with {group}."
        )
        if sums["n_none"] + weak
        else later("With {name}, every recommendation has a reason, and none a weak one.")
    )
    none, weak = (number(part / made, "percentage") for part in (sums["n_none"], weak))
    named = results.named(shown)
    return phrase(text, name=named, none=none, weak=weak, group=worst_off(own))


def _what_not_to_use(results: Results) -> str:
    below = not_above_popularity(results)
    if below is None:
        return ""
    text = (
        later("No better than the same most popular items for everybody: the lists of {names}.")
        if below
        else later("All lists are better than the same most popular items for everybody.")
    )
    return phrase(text, names=results.named(*below))


@dataclass(frozen=True)
class Recommended:
    """An item that is recommended to somebody.

    Attributes:
        title: With its year.
        by: Its rows of `ReportContent.examples`, in the usual order of the approaches.
        others: Approaches that recommend other items.
    """

    title: str
    by: tuple[Mapping[str, Any], ...]
    others: tuple[str, ...]

    @property
    def n_reasons(self) -> int:
        """By how many approaches it is explained."""
        return sum(is_text(row["sentence"]) for row in self.by)


@dataclass(frozen=True)
class Shown:
    """Somebody of the examples.

    Attributes:
        history: What was rated best, best first: rows of `ReportContent.histories`.
        items: What is recommended; what most approaches recommend and explain first, of several
            what they put further up.
        lists: What every approach recommends, in its order.
    """

    history: tuple[Mapping[str, Any], ...]
    items: tuple[Recommended, ...]
    lists: Table


def people(content: ReportContent, results: Results) -> dict[Any, Shown]:
    """The people of the examples by their ids, in their order."""
    order = {name: place for place, name in enumerate(results.approaches)}
    rows = content.examples.to_dict("records")
    rows.sort(key=lambda row: (order.get(row["approach"], len(order)), row["rank"]))
    histories = content.histories.to_dict("records")
    return {
        user: Shown(
            tuple(row for row in histories if row["user_id"] == user),
            tuple(_recommended([row for row in rows if row["user_id"] == user])),
            _lists(user, [row for row in rows if row["user_id"] == user]),
        )
        for user in dict.fromkeys(content.examples.get("user_id", ()))
    }


def _recommended(rows: list[dict[Any, Any]]) -> Iterator[Recommended]:
    """Rows of one person by item."""
    approaches = dict.fromkeys(row["approach"] for row in rows)
    items: dict[Any, list[dict[Any, Any]]] = {}
    for row in rows:
        items.setdefault(row["item_id"], []).append(row)

    def place(item: Any) -> tuple[int, float, Any]:
        told = [row["rank"] for row in items[item] if is_text(row["sentence"])]
        ranks = told or [row["rank"] for row in items[item]]
        return -len(told), sum(ranks) / len(ranks), item

    for item in sorted(items, key=place):
        by, first = items[item], items[item][0]
        others = tuple(name for name in approaches if name not in {row["approach"] for row in by})
        yield Recommended(titled(first["title"], first["year"], item), tuple(by), others)


def _lists(user: Any, rows: list[dict[Any, Any]]) -> Table:
    """A row per approach, a column per place."""
    lists: dict[str, list[Cell]] = {}
    for row in rows:
        text = titled(row["title"], row["year"], row["item_id"])
        lists.setdefault(row["approach"], []).append(Cell(text, is_phrase=True))
    n = max(map(len, lists.values()), default=0)
    empty = Cell("\u2013", is_phrase=True)
    body = Body(tuple(Row(name, (*c, *[empty] * (n - len(c)))) for name, c in lists.items()))
    columns = phrase("approach"), *(number(place, "count") for place in range(1, n + 1))
    caption = phrase("All lists of person {user} side by side", user=user)
    return Table(caption, columns, (body,), kind="facts")


def overview_table(content: ReportContent, results: Results) -> Table:
    """A row per approach: how good its lists are, how often, how truly and how fast explained."""
    drop = results.column("possible_drop")
    metrics = [m for m in (results.ndcg, "coverage", drop) if m in results.metrics]
    longest = {m: 1.0 for m in metrics}
    scored = [v for n in results.everybody if (v := results.value(n, results.ndcg)) is not None]
    longest[results.ndcg] = max([*scored, 0.0]) or 1.0
    slowest = max(content.seconds.values(), default=0.0) or 1.0

    def cells(name: str, recommender: str) -> Iterator[Cell]:
        for metric in metrics:
            whose, among = name, list(results.approaches)
            if metric == results.ndcg:
                whose, among = recommender, results.recommenders
            value = results.value(whose, metric)
            made = metric_cell(results, whose, metric, whose in best(results, metric, among))
            bar = None if value is None else min(max(value / longest[metric], 0.0), 1.0)
            yield replace(made, bar=bar)
        if content.seconds:
            yield _speed(content.seconds.get(name), slowest)
        yield Cell(kind(content, name), is_phrase=True)

    rows = [Row(name, tuple(cells(name, of))) for name, of in results.approaches.items()]
    n_columns = len(metrics) + bool(content.seconds) + 1
    others = []
    for name in results.baselines if results.ndcg in metrics else ():
        first = next(cells(name, name))
        silent = Cell(phrase("no reasons"), is_phrase=True, span=n_columns - 1)
        others.append(Row(name, (first, silent)))
    columns = [phrase("approach"), *(label(read(metric)) for metric in metrics if metric != drop)]
    columns += [phrase(METRICS["possible_drop"].label)] if drop in metrics else []
    columns += [phrase("time")] if content.seconds else []
    told = [*metrics, *([results.column("pos")] if drop in metrics else [])]
    notes = [f"{phrase(m.label)}: {_meaning(m)}" for m in (read(name).metric for name in told)]
    notes += [phrase("time: to explain one recommendation.")] if content.seconds else []
    bodies = Body(tuple(rows)), Body(tuple(others), phrase("To compare with"), is_baseline=True)
    table = Table(phrase("All approaches"), (*columns, phrase("kind")), bodies)
    return noted(table, notes)


def _meaning(metric: Metric) -> str:
    title = f"{phrase(metric.title)}. " if metric.title else ""
    return title + phrase(metric.definition)


def _speed(seconds: float | None, slowest: float) -> Cell:
    if seconds is None:
        return Cell(phrase("not measured"), is_phrase=True)
    text = phrase("{number} ms", number=significant(1000 * seconds))
    return Cell(text, bar=seconds / slowest)
