"""What the report shows first: five sentences, people with their recommendations, one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.records import METRICS, Metric, read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import beats
from explainable_recsys.reporting.owner import worst_off
from explainable_recsys.reporting.people import items_by_reasons, titled
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


COMPARED = ("ndcg", "coverage", "possible_drop")
"""Metrics of the first table."""


def kind(content: ReportContent, approach: str) -> str:
    """Which kind of reasons an approach gives."""
    return phrase("intrinsic") if approach in content.intrinsic else phrase("post hoc")


def in_short(content: ReportContent, results: Results) -> dict[str, str]:
    """What somebody who decides must know: a sentence each, without figures to be explained.

    What the tables do not support is left out.
    """
    ranked = [n for n in results.recommenders if results.value(n, results.ndcg) is not None]
    shown = _shown(results)
    told = {
        later("Which list"): _which_list(results, ranked[0]) if ranked else "",
        later("Which reason"): _which_reason(results, shown) if shown else "",
        later("How sure"): "; ".join(_how_sure(results, ranked)),
        later("For whom not"): _for_whom_not(content, results, shown),
        later("What not to use"): _what_not_to_use(results, ranked),
    }
    return {phrase(title): f"{text[0].upper()}{text[1:]}." for title, text in told.items() if text}


def _shown(results: Results) -> str:
    """Of the approaches that explain the best lists, the one with the truest reasons."""
    names = [name for name in results.approaches if results.explains(name)]
    same = [name for name in names if results.approaches[name] == results.approaches[names[0]]]
    drops = {name: results.value(name, results.column("possible_drop")) for name in same}
    return max(same, key=lambda name: (drops[name] is not None, drops[name] or 0.0), default="")


def _of_100(share: float) -> str:
    return number(100 * share, "count")


def _which_list(results: Results, first: str) -> str:
    named, hit_rate = results.named(first), results.column("hit_rate")
    shares = [results.value(name, hit_rate) for name in (first, "popularity", "random")]
    own, popular, random = (None if share is None else _of_100(share) for share in shares)
    if own is None:
        value, metric = number(results.value(first, results.ndcg)), label(read(results.ndcg))
        text = later("the lists of {name} are the best by {metric}: {value}")
        return phrase(text, name=named, metric=metric, value=value)
    if popular is None or random is None:
        text = later(
            "{own} of 100 people find one of their own, hidden choices among {k} recommendations "
            "of {name}"
        )
        return phrase(text, own=own, k=results.k, name=named)
    return phrase(
        "the lists of {name} hit most: {own} of 100 people find one of their own, hidden choices "
        "among {k} recommendations; with the same most popular items for everybody it is "
        "{popular}, with random ones {random}",
        name=named,
        own=own,
        k=results.k,
        popular=popular,
        random=random,
    )


def _which_reason(results: Results, shown: str) -> str:
    named, pos = results.named(shown), results.column("pos")
    own, random = results.value(shown, pos), results.value(shown, f"{pos}/random")
    if own is None or random is None:
        text = later("the best lists with reasons have those of {name}; their truth is not known")
        return phrase(text, name=named)
    return phrase(
        "the reasons of {name} {verdict}: without the {n} ratings that one names, {gone} of 100 "
        "recommendations are gone; without {n} others, taken at random, {gone_at_random}",
        name=named,
        verdict=phrase("may be shown to people")
        if own < random
        else phrase("should not be shown to people"),
        n=results.n_cited,
        gone=_of_100(1 - own),
        gone_at_random=_of_100(1 - random),
    )


def _how_sure(results: Results, ranked: Sequence[str]) -> Iterator[str]:
    """Whether chance made the first the first, and some reasons look true."""
    test = results.paired.get((results.ndcg, ranked[0], ranked[1])) if len(ranked) > 1 else None
    if test is not None:
        yield phrase(
            "the lead over the next best lists, those of {name}, {verdict} (tested on {n} people)",
            name=results.named(ranked[1]),
            verdict=phrase("is more than chance")
            if test.is_significant
            else phrase("may be chance"),
            n=number(results.value(ranked[0], f"{results.ndcg}/n"), "count"),
        )
    metrics = results.column("pos"), results.column("del")
    verdicts = [beats(results, control, *metrics).items() for control in CONTROLS]
    tested = {name for items in verdicts for name, _ in items}
    losers = dict.fromkeys(n for items in verdicts for n, is_better in items if not is_better)
    text = (
        later(
            "of the approaches tested ({n}), these name ratings that matter no more than random or "
            "popular ones: {names}"
        )
        if losers
        else later(
            "what the approaches tested ({n}) name matters more than random or popular ratings"
        )
    )
    if tested:
        yield phrase(text, n=len(tested), names=results.named(*losers))


def _for_whom_not(content: ReportContent, results: Results, shown: str) -> str:
    groups = content.reasons_by_group
    if "approach" not in groups or shown not in set(groups["approach"]):
        return ""
    own = groups[(groups["approach"] == shown) & (groups["whose"] == "history")]
    made, none, *weak = own[["n_recommendations", "n_none", "n_single", "n_diffuse"]].sum()
    return phrase(
        "with {name}, {none} of the recommendations come without a reason and {weak} with a weak "
        "one (a single piece, or none that stands out); worst off are people with {group}",
        name=results.named(shown),
        none=number(none / max(made, 1), "percentage"),
        weak=number(sum(weak) / max(made, 1), "percentage"),
        group=worst_off(own),
    )


def _what_not_to_use(results: Results, ranked: Sequence[str]) -> str:
    """Which recommenders rank no better than the same list for everybody."""
    popular = results.value("popularity", results.ndcg)
    if popular is None or not ranked:
        return ""
    tests = {name: results.paired.get((results.ndcg, name, "popularity")) for name in ranked}
    below = [
        name
        for name, test in tests.items()
        if (results.value(name, results.ndcg) or 0.0) <= popular
        or (test and not test.is_significant)
    ]
    text = (
        later("no better than the same most popular items for everybody: the lists of {names}")
        if below
        else later("nothing: all lists are better than the same most popular items for everybody")
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
    by: tuple[Mapping[Any, Any], ...]
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

    history: tuple[Mapping[Any, Any], ...]
    items: tuple[Recommended, ...]
    lists: Table


def people(content: ReportContent, results: Results) -> dict[Any, Shown]:
    """The people of the examples by their ids, in their order."""
    order = {name: place for place, name in enumerate(results.approaches)}
    histories = content.histories.to_dict("records")
    found = {}
    for user in dict.fromkeys(content.examples.get("user_id", ())):
        own = content.examples[content.examples["user_id"] == user]
        rows = own.to_dict("records")
        rows.sort(key=lambda row: (order.get(row["approach"], len(order)), row["rank"]))
        found[user] = Shown(
            tuple(row for row in histories if row["user_id"] == user),
            tuple(_recommended(rows, items_by_reasons(own))),
            _lists(user, rows),
        )
    return found


def _recommended(rows: list[dict[Any, Any]], items: list[Any]) -> Iterator[Recommended]:
    """Rows of one person by item."""
    approaches = dict.fromkeys(row["approach"] for row in rows)
    for item in items:
        by = [row for row in rows if row["item_id"] == item]
        first = by[0]
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
    known = [name for name in COMPARED if results.column(name) in results.metrics]
    columns = [phrase(METRICS[name].label) for name in known]
    columns += [phrase("time")] if content.seconds else []
    rows = []
    for name in results.approaches:
        cells = *_bars(results, known, name), *_speed(content, name)
        rows.append(Row(name, (*cells, Cell(kind(content, name), is_phrase=True))))
    silent = Cell(phrase("no reasons"), is_phrase=True, span=len(columns))
    others = [
        Row(name, (*_bars(results, known[:1], name), silent))
        for name in results.baselines
        if "ndcg" in known
    ]
    told = [*known, *(["pos"] if "possible_drop" in known else [])]
    notes = [_meaning(METRICS[name]) for name in told]
    notes += [phrase("time: to explain one recommendation.")] if content.seconds else []
    bodies = Body(tuple(rows)), Body(tuple(others), phrase("To compare with"), is_baseline=True)
    titles = phrase("approach"), *columns, phrase("kind")
    return noted(Table(phrase("All approaches"), titles, bodies), notes)


def _bars(results: Results, metrics: Sequence[str], name: str) -> Iterator[Cell]:
    """Metrics of an approach, or of its lists, with bars up to 1, or to the best lists."""
    for metric, column in ((metric, results.column(metric)) for metric in metrics):
        of_lists = metric == "ndcg"
        whose = results.approaches.get(name, name) if of_lists else name
        rivals = results.recommenders if of_lists else list(results.approaches)
        cell = metric_cell(results, whose, column, whose in best(results, column, rivals))
        value = results.value(whose, column)
        ends = [results.value(n, column) or 0.0 for n in results.everybody] if of_lists else [1.0]
        part = (value or 0.0) / (max(ends) or 1.0)
        yield cell if value is None else replace(cell, bar=min(max(part, 0.0), 1.0))


def _speed(content: ReportContent, name: str) -> Iterator[Cell]:
    """How long one recommendation takes; nothing where nobody was measured."""
    seconds = content.seconds.get(name)
    if seconds is not None:
        text = phrase("{number} ms", number=significant(1000 * seconds))
        yield Cell(text, bar=seconds / (max(content.seconds.values()) or 1.0))
    elif content.seconds:
        yield Cell(phrase("not measured"), is_phrase=True)


def _meaning(metric: Metric) -> str:
    title = f"{phrase(metric.title)}. " if metric.title else ""
    return f"{phrase(metric.label)}: {title}{phrase(metric.definition)}"
