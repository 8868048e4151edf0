"""What the pages about the approaches say: how they work, and how well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.app.approach_texts import LISTS, REASONS
from explainable_recsys.app.runs import HeldCatalog
from explainable_recsys.app.service import Service
from explainable_recsys.interface.stored import silence_of
from explainable_recsys.metrics.records import METRICS, Metric, read
from explainable_recsys.reporting.overview import KINDS
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import finite, interval, number
from explainable_recsys.wording.phrases import later, phrase

OF_LISTS = ("ndcg", "hit_rate", "recall", "rmse")
"""Metrics that say how good lists are."""

OF_REASONS = ("coverage", "pos", "possible_drop", "held_out_r2")
"""Metrics that say how good reasons are."""

EVIDENCE = {
    "": later("ratings that it names"),
    "/random": later("random ratings"),
    "/popular": later("ratings of popular films"),
}
"""What is taken away, by what stands behind the name of a metric."""

VERDICTS: dict[str, str] = {
    "better": later("So what it names matters more than ratings drawn at random."),
    "worse": later("So what it names matters less than ratings drawn at random."),
    "no difference": later("So what it names matters no more than ratings drawn at random."),
}
"""What the test against random ratings found."""

DIRECTIONS = {
    "higher": later("{meaning} Higher is better."),
    "lower": later("{meaning} Lower is better."),
    "": "{meaning}",
}
"""What a metric is, and which values are the good ones, by its direction."""

NOTHING = "\u2013"


@dataclass(frozen=True)
class Figures:
    """A table of metrics.

    Attributes:
        caption: What it shows.
        columns: Headings, without that of the first column.
        rows: Name of the metric, and for each column a value and its interval (may be empty).
        meanings: What the metrics are, by name.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    meanings: Mapping[str, str]


@dataclass(frozen=True)
class About:
    """An approach, for people.

    Attributes:
        pair: Which.
        kind: Of its reasons.
        kind_means: What that is.
        how: How the list is made, and how the reason is found.
        figures: Those tables that have rows.
        words: What the figures say.
        silence: Why it gives no reason where it gives none.
    """

    pair: Pair
    kind: str
    kind_means: str
    how: tuple[str, ...]
    figures: tuple[Figures, ...]
    words: tuple[str, ...]
    silence: str


def about(service: Service, name: str) -> About:
    """What there is to say of an approach that is served.

    Args:
        service: With the run.
        name: One of `service.names`.

    Raises:
        InputError: If a file of the run is gone.
    """
    pair, catalog = APPROACHES[name], service.found.of[name].catalog
    lists = {one: _metrics(catalog, one) for one in (pair.recommender, *CONTROLS)}
    reasons = _metrics(catalog, name)
    texts = LISTS.get(pair.recommender, ""), REASONS.get(pair.explainer, "")
    tables = _of_lists(lists), _of_reasons(reasons)
    kind, meaning = list(KINDS.items())[not pair.intrinsic]
    return About(
        pair,
        phrase(kind),
        phrase(meaning),
        tuple(phrase(text) for text in texts if text),
        tuple(table for table in tables if table.rows),
        (*_hits(lists), *_truth(service, name, reasons)),
        silence_of(catalog, pair),
    )


def quality(service: Service) -> list[tuple[Pair, str, str]]:
    """The approaches that are served, with the quality of their lists and how many they explain."""
    found = []
    for name in service.names:
        pair, catalog = APPROACHES[name], service.found.of[name].catalog
        lists, reasons = _metrics(catalog, pair.recommender), _metrics(catalog, name)
        ndcg, coverage = _column(lists, "ndcg"), _column(reasons, "coverage")
        found.append((pair, _value(lists, ndcg, "score"), _value(reasons, coverage, "percentage")))
    return found


def _metrics(catalog: HeldCatalog, name: str) -> Mapping[str, Any]:
    """Metrics of a recommender or an approach; none where nobody measured."""
    entry = f"{name}.metrics"
    found: Mapping[str, Any] = catalog.load(entry) if entry in catalog else {}
    return found


def _column(metrics: Mapping[str, Any], base: str) -> str:
    """The column of a metric itself, such as `ndcg@10`; empty if there is none."""
    columns = (name for name in metrics if not name.endswith(("/low", "/high", "/n")))
    plain = ((name, read(name)) for name in columns)
    return next((n for n, c in plain if c.metric.base == base and c.is_plain and not c.is_area), "")


def _value(metrics: Mapping[str, Any], column: str, form: Any) -> str:
    value = finite(metrics.get(column))
    return NOTHING if value is None else number(value, form)


def _cell(metrics: Mapping[str, Any], column: str, metric: Metric) -> tuple[str, str]:
    """A value and its interval."""
    value = _value(metrics, column, metric.form)
    low, high = (finite(metrics.get(f"{column}/{end}")) for end in ("low", "high"))
    if value == NOTHING or low is None:
        return value, ""
    return value, interval(low, high, metric.form)


def _table(
    caption: str,
    columns: Sequence[str],
    bases: Sequence[str],
    sources: Sequence[tuple[Mapping[str, Any], str]],
) -> Figures:
    """Metrics by the first source's columns; each source with what stands behind their names."""
    rows, meanings = [], {}
    for base in bases:
        if not (column := _column(sources[0][0], base)):
            continue
        name, metric = label(read(column)), METRICS[base]
        cells = tuple(_cell(metrics, f"{column}{added}", metric) for metrics, added in sources)
        rows.append((name, cells))
        title = f"{phrase(metric.title)}. " if metric.title else ""
        meaning = f"{title}{phrase(metric.definition)}"
        meanings[name] = phrase(DIRECTIONS[metric.direction], meaning=meaning)
    return Figures(caption, tuple(columns), tuple(rows), meanings)


def _of_lists(lists: Mapping[str, Mapping[str, Any]]) -> Figures:
    """The recommender's lists beside the same for everybody, and random ones."""
    known = {name: metrics for name, metrics in lists.items() if metrics}
    own = next(iter(lists))
    if own not in known:
        known = {own: {}}
    titles = [phrase(RECOMMENDERS[name].title) for name in known]
    sources = [(metrics, "") for metrics in known.values()]
    return _table(phrase("How good its lists are"), titles, OF_LISTS, sources)


def _of_reasons(metrics: Mapping[str, Any]) -> Figures:
    """What becomes of recommendations without what is cited, and without other ratings."""
    titles = list(map(phrase, EVIDENCE.values()))
    sources = [(metrics, added) for added in EVIDENCE]
    return _table(phrase("How good its reasons are"), titles, OF_REASONS, sources)


def _of_100(share: float) -> str:
    return number(100 * share, "count")


def _hits(lists: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """How many people find what they hid, in words."""
    own = next(iter(lists))
    column = _column(lists[own], "hit_rate")
    shares = [finite(metrics.get(column)) for metrics in lists.values()]
    k = column.partition("@")[2]
    if not column or shares[0] is None:
        return
    found = [None if share is None else _of_100(share) for share in shares]
    if None in found:
        text = later(
            "{own} of 100 people find one of their own, hidden choices among {k} recommendations."
        )
    else:
        text = later(
            "{own} of 100 people find one of their own, hidden choices among {k} recommendations; "
            "with the same most popular films for everybody it is {popular}, with random ones "
            "{random}."
        )
    yield phrase(text, **dict(zip(("own", "popular", "random"), found, strict=True)), k=k)


def _truth(service: Service, name: str, metrics: Mapping[str, Any]) -> Iterator[str]:
    """How many are explained, and whether what is named matters, in words."""
    covered = finite(metrics.get(_column(metrics, "coverage")))
    if covered is not None:
        yield phrase("{n} of 100 recommendations have a reason.", n=_of_100(covered))
    column = _column(metrics, "pos")
    own, at_random = (finite(metrics.get(f"{column}{added}")) for added in ("", "/random"))
    if not column or own is None or at_random is None:
        return
    yield phrase(
        "Without the {n} ratings that a reason names first, {gone} of 100 of these are off the "
        "list; without {n} others, drawn at random, {gone_at_random}.",
        n=read(column).n_cited,
        gone=_of_100(1 - own),
        gone_at_random=_of_100(1 - at_random),
    )
    catalog = service.run.catalog
    if "control_tests" in catalog:
        tests = catalog.load("control_tests")
        tests = tests[(tests["approach"] == name) & (tests["metric"] == column)]
        for verdict in tests.loc[tests["control"] == "random", "verdict"]:
            if verdict in VERDICTS:
                yield phrase(VERDICTS[verdict])
