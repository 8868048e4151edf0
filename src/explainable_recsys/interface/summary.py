"""The summary printed after a run: the data, the metrics, a few users with their reasons."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import DataCatalog
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.datasets.source import parse_source
from explainable_recsys.interface.stored import load_data
from explainable_recsys.interface.terminal import (
    below,
    grid,
    heading,
    indented,
    print_plainly,
    ranked,
)
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.records import CONTROL, OF_LISTS, read
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.reporting.findings import null_sentences
from explainable_recsys.reporting.people import example_user, users_lists
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import date, fixed, number, short
from explainable_recsys.wording.phrases import phrase, plural

QUALITY = ("recall@{k}", "ndcg@{k}", "popular_overlap@{k}", "catalogue_coverage@{k}", "rmse")
REASONS = ("coverage", "coverage_of_popularity", "coverage_of_random", "length")
SPECIAL = ("median_lift", "mep_users@{k}", "held_out_r2", "additivity_error_relative")
"""What only some approaches have: of each the first is shown, with its name."""

FAITHFULNESS = ("pos@{k},{n}", "del@{n}")
WIDTH = 78
N_ITEMS = 3

Metrics = dict[str, dict[str, Any]]
"""Values by metric, by recommender or approach."""


def print_summary(outputs: Collection[str], catalog: DataCatalog, env: str | None) -> None:
    """Print a summary of what a run produced; nothing if it made nothing that is summed up.

    Args:
        outputs: Names of the datasets that the run wrote.
        catalog: Where they are.
        env: Environment of the run.
    """
    parts: list[RenderableType] = []
    if "dataset_card" in outputs:
        parts += [heading(phrase("Data")), card_text(catalog.load("dataset_card"))]
    parts += _all_metrics(outputs, catalog)
    if "tuning.trials" in outputs:
        from explainable_recsys.pipelines.tuning.report import tuning_text

        file = Path(str(catalog.get("tuning.best_parameters")._get_load_path()))  # type: ignore[union-attr]
        text = tuning_text(catalog.load("tuning.trials"), below(Path.cwd(), file), env)
        parts += [heading(phrase("Tuning")), Text(text, no_wrap=True, overflow="ignore")]
    parts += _all_examples(outputs, catalog)
    if parts:
        folder = below(Path.cwd(), results_root(catalog))
        print_plainly(Group(*parts, *_next_steps(folder, outputs, env)))


def _next_steps(folder: str, outputs: Collection[str], env: str | None) -> list[RenderableType]:
    """Where to look now."""
    report = {phrase("report"): f"{folder}/08_reporting/report.html"}
    steps = (report if "report" in outputs else {}) | {
        phrase("files"): phrase("{folder}/, every run a version of its own", folder=folder),
        phrase("lineage"): "make viz" + (f" ENV={env}" if env else ""),
    }
    return [heading(phrase("Next")), *(f"  {what:<10} {where}" for what, where in steps.items())]


def _all_metrics(outputs: Collection[str], catalog: DataCatalog) -> list[RenderableType]:
    """Accuracy by recommender; what explanations are like, and their faithfulness, by approach."""
    evaluation = EvaluationParameters.model_validate(catalog.load("params:evaluation"))
    faithfulness = FaithfulnessParameters.model_validate(catalog.load("params:faithfulness"))
    sizes = {"k": evaluation.k, "n": faithfulness.reported}
    accuracy, explained = (
        {name: catalog.load(f"{name}.metrics") for name in names if f"{name}.metrics" in outputs}
        for names in (RECOMMENDERS, APPROACHES)
    )
    place = {name: -(values.get(f"ndcg@{evaluation.k}") or 0) for name, values in accuracy.items()}
    place |= {name: place.get(APPROACHES[name].recommender, 1) for name in explained}
    accuracy, explained = (
        dict(sorted(metrics.items(), key=lambda row: (place[row[0]], row[0])))
        for metrics in (accuracy, explained)
    )
    parts: list[RenderableType] = []
    if accuracy:
        columns = [column.format(**sizes) for column in QUALITY]
        table = metrics_table(accuracy, phrase("recommender"), columns)
        protocol = protocol_text(accuracy, evaluation, catalog)
        parts += [heading(phrase("Quality")), table, protocol]
    if explained:
        special = [column.format(**sizes) for column in SPECIAL]
        table = metrics_table(explained, phrase("approach"), REASONS, special)
        parts += [heading(phrase("Reasons")), table, legend(explained, [*REASONS, *special])]
        verdicts = {name: values.get("above_null") for name, values in explained.items()}
        parts += [paragraph(text) for text in null_sentences(verdicts)]
    main = [column.format(**sizes) for column in FAITHFULNESS]
    faithful = {name: v for name, v in explained.items() if v.get(main[0]) is not None}
    if faithful:
        columns = [f"{column}{side}" for column in main for side in ("", "/random", "/popular")]
        table = metrics_table(faithful, phrase("approach"), columns)
        parts += [heading(phrase("Faithfulness")), table, legend(faithful, columns)]
    return parts


def _all_examples(outputs: Collection[str], catalog: DataCatalog) -> list[RenderableType]:
    """The same users for every approach, fewer of them where there are several approaches."""
    made = [name for name in APPROACHES if f"{name}.sentences" in outputs]
    sentences = {name: catalog.load(f"{name}.sentences") for name in made}
    sentences = {name: table for name, table in sentences.items() if len(table)}
    if not sentences:
        return []
    source = parse_source(catalog.load("params:source"))
    explained = [table["user_id"] for table in sentences.values()]
    users = [example_user(source.example_user, explained, load_data(catalog).histories)]
    lists = {n: catalog.load(f"{APPROACHES[n].recommender}.recommendations") for n in sentences}
    return examples(users_lists(lists, sentences, catalog.load("items"), users, N_ITEMS))


def examples(lists: pd.DataFrame) -> list[RenderableType]:
    """Lists with their reasons, as `users_lists` gathers them, from approach to approach."""
    parts: list[RenderableType] = []
    for approach, of_approach in lists.groupby("approach"):
        whose = APPROACHES[str(approach)].recommender
        title = phrase(
            "Why? {approach}, lists of {recommender}", approach=approach, recommender=whose
        )
        parts.append(heading(title))
        for user, own in of_approach.groupby("user_id"):
            parts += [Text("  " + phrase("user {user}", user=user)), indented(ranked(own), 4)]
    return parts


def card_text(card: dict[str, Any]) -> str:
    """The dataset card in a few lines."""
    first, last = map(date, card["time_span"]) if card["time_span"] else ("", "")
    span = phrase("{first} to {last}", first=first, last=last) if first else phrase("no timestamps")
    sizes = [f"{number(count, 'count')} {part}" for part, count in card["split"].items()]
    dropped = [f"{number(step['ratings'], 'count')} ({step['reason']})" for step in card["dropped"]]
    lines = [
        phrase(
            "{name}: {ratings} of {items} by {users}",
            name=card["name"],
            ratings=plural(card["n_ratings"], "{n} rating", "{n} ratings"),
            items=plural(card["n_items"], "{n} item", "{n} items"),
            users=plural(card["n_users"], "{n} user", "{n} users"),
        ),
        phrase(
            "{share} of the matrix; {span}; mean {mean}",
            share=phrase("{number} %", number=short(float(f"{100 * card['density']:.3g}"))),
            span=span,
            mean=fixed(card["mean_rating"], 2),
        ),
        phrase("split: {sizes}", sizes=", ".join(sizes)),
        phrase("dropped: {steps}", steps="; ".join(dropped) or phrase("nothing")),
    ]
    return "\n".join(f"  {line}" for line in lines)


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


def protocol_text(metrics: Metrics, evaluation: EvaluationParameters, catalog: DataCatalog) -> str:
    """What the metrics were computed on."""
    split = SplitParameters.model_validate(catalog.load("data_version")["split"])
    sentence = (
        phrase("{users}, {strategy} split, seed {seed}; a hit is any held-out rating;")
        if evaluation.relevance == "any"
        else phrase("{users}, {strategy} split, seed {seed}; a hit is a liked held-out item;")
    )
    users = int(next(iter(metrics.values()))[f"recall@{evaluation.k}/n"])
    protocol = sentence.format(
        users=plural(users, "{n} user", "{n} users"),
        strategy=split.strategy,
        seed=split.seed,
    )
    return f"  {protocol}\n  {phrase('± half the 95 % interval')}"


def legend(metrics: Metrics, columns: Iterable[str]) -> str:
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
    return "\n".join(map(paragraph, texts))


def paragraph(text: str) -> str:
    """A sentence, indented as a legend is."""
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _cell(metrics: Mapping[str, Any], column: str) -> str:
    value = metrics.get(column)
    if value is None:
        return ""
    metric = read(column).metric
    text = number(value, metric.form)
    if metric.base not in ("recall", "ndcg") or f"{column}/low" not in metrics:
        return text
    return f"{text}±{number((metrics[f'{column}/high'] - metrics[f'{column}/low']) / 2)}"
