"""What `kedro summary --all` prints besides: all numbers, what they mean, and all reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.interface.found import Found, Metrics
from explainable_recsys.interface.terminal import grid, heading, indented, ranked
from explainable_recsys.metrics.records import CONTROL, OF_LISTS, read
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import enumerated, number
from explainable_recsys.wording.phrases import later, phrase, plural

QUALITY = ("recall@{k}", "ndcg@{k}", "popular_overlap@{k}", "catalogue_coverage@{k}", "rmse")
REASONS = ("coverage", "coverage_of_popularity", "coverage_of_random", "length")
SPECIAL = ("median_lift", "mep_users@{k}", "held_out_r2", "additivity_error_relative")
"""What only some approaches have: of each the first is shown, with its name."""

CONTROLS = {
    "random": later("random"),
    "popular": later("popular"),
    "null": later("somebody else"),
}
"""Whom or what reasons are compared with, in a word."""

FAITHFULNESS = ("pos@{k},{n}", "del@{n}")
N_ITEMS = 3


def long_tables(found: Found) -> Iterator[RenderableType]:
    """Who is who, all metrics of everybody, and the first reasons of every approach."""
    sizes = {"k": found.judged_on.get("k"), "n": found.n_cited}
    for title, records in (
        (later("Recommenders"), {name: RECOMMENDERS[name] for name in found.lists}),
        (later("Approaches"), {name: APPROACHES[name] for name in found.reasons}),
    ):
        if records:
            yield heading(phrase(title))
            yield indented(_who_is_who(records))
    if found.lists:
        columns = [column.format(**sizes) for column in QUALITY]
        yield heading(phrase("Quality"))
        yield metrics_table(found.lists, phrase("recommender"), columns)
        yield protocol_text(found.judged_on)
        yield legend(found.lists, columns)
    if found.reasons:
        special = [column.format(**sizes) for column in SPECIAL]
        yield heading(phrase("Reasons"))
        yield metrics_table(found.reasons, phrase("approach"), REASONS, special)
        yield legend(found.reasons, [*REASONS, *special])
    main = [column.format(**sizes) for column in FAITHFULNESS]
    faithful = {name: v for name, v in found.reasons.items() if v.get(main[0]) is not None}
    if faithful:
        columns = [f"{column}{side}" for column in main for side in ("", "/random", "/popular")]
        yield heading(phrase("Faithfulness"))
        yield metrics_table(faithful, phrase("approach"), columns)
        yield legend(faithful, columns)
    yield from control_lines(found, found.reasons, found.tests(None))
    if found.reasons and found.user is not None:
        yield from examples(found.lists_of_example, found.silences)


def control_lines(
    found: Found, named: Collection[str], tests: Mapping[str, Mapping[str, bool]]
) -> Iterator[RenderableType]:
    """Whose reasons are no better than those of a control.

    Args:
        found: Metrics.
        named: Approaches that are named; of others it is said how many they are.
        tests: By approach and control, whether its evidence is better.
    """
    null = {name: values.get("above_null") for name, values in found.reasons.items()}
    asked = {name: {"null": bool(verdict)} for name, verdict in null.items() if verdict is not None}
    verdicts = {n: {**tests.get(n, {}), **asked.get(n, {})} for n in found.reasons}
    tried = {name: of for name, of in verdicts.items() if of}
    failed = {n: [CONTROLS[c] for c, ok in of.items() if not ok] for n, of in tried.items()}
    losers = {name: controls for name, controls in failed.items() if controls}
    told = [f"{n} ({', '.join(map(phrase, losers[n]))})" for n in named if n in losers]
    if others := len(losers) - len(told):
        told.append(plural(others, "{n} other", "{n} others"))
    if tried:
        title = later("Controls: random or popular items cited instead, or somebody else's history")
        yield heading(phrase(title))
        yield paragraph(
            plural(
                len(losers),
                "{n} of {n_all} fails: {names}",
                "{n} of {n_all} fail: {names}",
                n_all=len(tried),
                names=enumerated(told) or phrase("none"),
            )
        )


def _who_is_who(records: Mapping[str, Any]) -> Table:
    """Names and what stands behind them."""
    table = grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, record in records.items():
        about = Text.assemble((phrase(record.title), "bold"), ": ", phrase(record.about))
        table.add_row(name, about)
    return table


def examples(lists: pd.DataFrame, silences: Mapping[str, str]) -> Iterator[RenderableType]:
    """The first recommendations to somebody with their reasons, from approach to approach.

    Args:
        lists: As `users_lists` gathers them.
        silences: By approach, why it has no reason where it has none.
    """
    for name, silence in silences.items():
        own = lists[lists["approach"] == name].head(N_ITEMS)
        if len(own):
            title, user = phrase(APPROACHES[name].title), own["user_id"].iloc[0]
            text = later("{title} ({id}): the first recommendations to user {user}")
            yield heading(phrase(text, title=title, id=name, user=user))
            yield indented(ranked(own, silence))


def metrics_table(
    metrics: Metrics, whose: str, columns: Iterable[str], special: Collection[str] = ()
) -> Table:
    """One row for each; a column only where somebody has it.

    Args:
        metrics: Metrics by name, in the order of the rows.
        whose: What the names are of.
        columns: Names of metrics.
        special: Metrics that share the last column: the first that a row has, with its name.
    """
    shown = [column for column in columns if any(column in m for m in metrics.values())]
    table = grid(show_header=True)
    table.add_column(f"  {whose}", no_wrap=True)
    for column in shown:
        table.add_column(_head(column), justify="right", no_wrap=True)
    for name, values in metrics.items():
        own = next((column for column in special if column in values), None)
        last = [f"{phrase(read(own).metric.label)} {_cell(values, own)}"] if own else []
        table.add_row(f"  {name}", *(_cell(values, column) for column in shown), *last)
    return table


def _head(column: str) -> str:
    """A short head of a column that stands beside that of its metric."""
    what = read(column)
    beside = what.control or what.lists.replace("popularity", "popular")
    return beside or (phrase(what.metric.label) if "," in what.at or what.n_cited else label(what))


def protocol_text(judged_on: Mapping[str, Any]) -> RenderableType:
    """What the metrics were computed on."""
    split = judged_on["split"]
    sentence = (
        phrase("{users}, {strategy} split, seed {seed}; a hit is any held-out rating;")
        if judged_on["relevance"] == "any"
        else phrase("{users}, {strategy} split, seed {seed}; a hit is a liked held-out item;")
    )
    users = plural(judged_on["n_users"], "{n} user", "{n} users")
    protocol = sentence.format(users=users, strategy=split["strategy"], seed=split["seed"])
    return paragraph(f"{protocol} {phrase('± half the 95 % interval')}")


def legend(metrics: Metrics, columns: Iterable[str]) -> RenderableType:
    """What the columns mean, of those that are shown."""
    shown = [read(column) for column in columns if any(column in m for m in metrics.values())]
    texts = []
    for metric in (column.metric for column in shown if column.is_plain):
        better = f" {phrase('Lower is better.')}" if metric.direction == "lower" else ""
        texts.append(f"{phrase(metric.label)}: {phrase(metric.definition)}{better}")
    for meaning, holds in (
        (OF_LISTS, any(column.lists for column in shown)),
        (CONTROL, any(column.control for column in shown)),
    ):
        texts += [phrase("random, popular: {meaning}", meaning=phrase(meaning))] if holds else []
    return Group(*map(paragraph, texts))


def paragraph(text: str) -> RenderableType:
    """A sentence, indented as a table is."""
    return indented(Text(text))


def _cell(metrics: Mapping[str, Any], column: str) -> str:
    value = metrics.get(column)
    if value is None:
        return ""
    metric = read(column).metric
    text = number(value, metric.form)
    if metric.base not in ("recall", "ndcg") or f"{column}/low" not in metrics:
        return text
    return f"{text}±{number((metrics[f'{column}/high'] - metrics[f'{column}/low']) / 2)}"
