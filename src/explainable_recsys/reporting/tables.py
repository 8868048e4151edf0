"""Tables of metrics as the report prints them: what is in every cell, and how it is marked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.records import FAMILIES, Family, read
from explainable_recsys.reporting.results import Results
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import enumerated, interval, number
from explainable_recsys.wording.phrases import later, phrase

Kind = Literal["figures", "facts"]

VERDICTS = {later("better"): "✓", later("worse"): "✗", later("no difference"): "≈"}
"""The sign of each verdict on an approach's own evidence beside that of a control."""

OF_THE_SCORE = ("del", "ins")
"""Shares of the personal part of a score, which models do not share: none is the best."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What stands in it.
        spread: Half of the interval, or all of it; may be empty.
        is_best: Whether it is the best of its column.
        sign: A sign behind it; may be empty.
        meaning: What the sign means, in words.
        is_phrase: Whether it is words, not a number.
        span: Number of columns that it takes.
        bar: Length of a bar below it, from 0 to 1; None: no bar.
    """

    text: str
    spread: str = ""
    is_best: bool = False
    sign: str = ""
    meaning: str = ""
    is_phrase: bool = False
    span: int = 1
    bar: float | None = None


@dataclass(frozen=True)
class Row:
    """A row with its heading, and the mark of a footnote on it."""

    heading: str
    cells: tuple[Cell, ...]
    footnote: str = ""


@dataclass(frozen=True)
class Body:
    """Rows that belong together, under a heading unless it is empty."""

    rows: tuple[Row, ...]
    heading: str = ""
    is_baseline: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        columns: Headings, that of the first column among them.
        bodies: The rows.
        groups: Headings above those of the columns, with the number of columns below each;
            may be empty. Nothing is above the first column.
        notes: What readers must know to read it.
        kind: Figures under each other, or facts in words.
    """

    caption: str
    columns: tuple[str, ...]
    bodies: tuple[Body, ...]
    groups: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    kind: Kind = "figures"

    @property
    def has_rows(self) -> bool:
        """Whether there is anything to show."""
        return len(self.columns) > 1 and any(body.rows for body in self.bodies)

    @property
    def starts(self) -> set[int]:
        """The columns that begin a group, counted from 0."""
        spans = [span for _, span in self.groups]
        return {1 + sum(spans[:place]) for place in range(len(spans))}


def comparison_tables(results: Results) -> list[Table]:
    """Accuracy by recommender, what lies beyond it, explanations and faithfulness by approach."""
    tables = [
        recommenders_table(results, phrase("Accuracy of the lists"), _family(results, "ranking")),
        recommenders_table(
            results, phrase("Accuracy of the predicted ratings"), _family(results, "ratings")
        ),
        recommenders_table(results, phrase("Beyond accuracy"), _family(results, "beyond accuracy")),
        approaches_table(results, phrase("Explanations"), _family(results, "explanations")),
        approaches_table(
            results,
            phrase("The null: the same recommendations, explained from another person's history"),
            [m for m in results.metrics if (c := read(m)).history or c.metric in FAMILIES["null"]],
        ),
        *_faithfulness_tables(results),
    ]
    return [table for table in tables if table.has_rows]


def sampled_table(results: Results) -> Table:
    """Metrics against sampled negatives, kept apart from all others."""
    metrics = [metric for metric in results.metrics if read(metric).sampled]
    return recommenders_table(results, phrase("Accuracy among sampled negatives"), metrics)


def recommenders_table(results: Results, caption: str, metrics: Sequence[str]) -> Table:
    """One row per recommender that has any of the metrics, baselines below."""
    winners = {metric: best(results, metric, results.recommenders) for metric in metrics}
    bodies, missing = [], []
    for names, heading in ((results.recommenders, ""), (results.baselines, phrase("Baselines"))):
        rows = {name: tuple(_cells(results, name, winners, {})) for name in names}
        known = {n: cells for n, cells in rows.items() if not all(c.is_phrase for c in cells)}
        missing += [name for name in names if name not in known]
        body = tuple(Row(name, cells) for name, cells in known.items())
        bodies += [Body(body, heading, bool(heading))] if body else []
    columns = (phrase("recommender"), *(label(read(metric)) for metric in metrics))
    left = [phrase("Not measured: {names}.", names=enumerated(missing))] if missing else []
    return noted(Table(caption, columns, tuple(bodies)), left)


def approaches_table(results: Results, caption: str, metrics: Sequence[str]) -> Table:
    """One row per approach: metrics, each beside the same of the controls' evidence, if any.

    Approaches that have none of the metrics have a row that says why.
    """
    winners = {metric: best(results, metric, list(results.approaches)) for metric in metrics}
    sides = {m: [c for c in CONTROLS if f"{m}/{c}" in results.metrics] for m in metrics}
    has_controls = any(sides.values())
    rows, marked = [], []
    for name, recommender in results.approaches.items() if metrics else ():
        cells = tuple(_cells(results, name, winners, sides))
        mark = "†" if has_controls and results.is_projection(name) else ""
        marked += [f"{mark} {name}: {results.scope(name)}."] if mark else []
        if all(cell.is_phrase for cell in cells):
            cells = (Cell(results.why_not(name), is_phrase=True, span=len(cells)),)
        of = () if has_controls else (Cell(recommender, is_phrase=True),)
        rows.append(Row(name, (*of, *cells), mark))
    labels = [label(read(metric)) for metric in metrics]
    titles = [phrase("approach"), phrase("recommender"), *labels]
    groups: list[tuple[str, int]] = []
    if has_controls:
        titles = [titles[0], *(t for m in metrics for t in (phrase("own"), *map(phrase, sides[m])))]
        groups = [(label(read(metric)), 1 + len(sides[metric])) for metric in metrics]
    made = Table(caption, tuple(titles), (Body(tuple(rows)),), tuple(groups))
    return noted(made, marked)


def best(results: Results, metric: str, among: Sequence[str]) -> set[str]:
    """Those with the best value of a metric; nobody without at least two different values."""
    column = read(metric)
    values = {name: results.value(name, metric) for name in among}
    known = {name: value for name, value in values.items() if value is not None}
    shared = column.metric.direction and not (column.lists or column.history)
    shared = shared and column.metric.base not in OF_THE_SCORE
    if not shared or len(known) < 2:
        return set()
    top = (min if column.metric.direction == "lower" else max)(known.values())
    winners = {name for name, value in known.items() if math.isclose(value, top, rel_tol=1e-9)}
    return winners if len(winners) < len(known) else set()


def spread(results: Results, name: str, metric: str) -> str:
    """± half the interval; all of it where the value is not in its middle."""
    value, (low, high) = results.value(name, metric), results.interval(name, metric)
    if value is None or low is None or high is None:
        return ""
    form, half = read(metric).metric.form, (high - low) / 2
    if abs(value - (low + high) / 2) > 0.25 * half:
        return interval(low, high, form)
    return f"±{number(half, form).removesuffix(' %')}"


def _cells(
    results: Results,
    name: str,
    winners: Mapping[str, set[str]],
    sides: Mapping[str, Sequence[str]],
) -> Iterator[Cell]:
    """Metrics with half their intervals, behind each its controls and signs of the verdicts."""
    for metric, leaders in winners.items():
        yield metric_cell(results, name, metric, name in leaders)
        for control in sides.get(metric, ()):
            cell = metric_cell(results, name, f"{metric}/{control}")
            verdict = results.verdicts.get((name, metric, control))
            if verdict:
                meaning = phrase("own: {verdict}", verdict=phrase(verdict))
                cell = replace(cell, sign=VERDICTS[verdict], meaning=meaning)
            yield cell


def metric_cell(results: Results, name: str, metric: str, is_best: bool = False) -> Cell:
    """A metric with half its interval, or in words that there is none."""
    value = results.value(name, metric)
    if value is None:
        return Cell(phrase("not measured"), is_phrase=True)
    text = number(value, read(metric).metric.form)
    return Cell(text, spread(results, name, metric), is_best)


def _family(results: Results, family: Family) -> list[str]:
    """The metrics of a family that there are, in its order; not those of controls or samples."""
    columns = {metric: read(metric) for metric in results.metrics}
    shown = {m: c for m, c in columns.items() if c.lists or c.is_plain}
    return [m for record in FAMILIES[family] for m, c in shown.items() if c.metric is record]


def noted(table: Table, notes: Sequence[str]) -> Table:
    """A table with what the marks in its cells mean, of those that there are."""
    cells = [cell for body in table.bodies for row in body.rows for cell in row.cells]
    marks = {
        phrase("● best of its column, baselines aside."): any(cell.is_best for cell in cells),
        phrase(
            "Behind a control: ✓ the approach's own evidence beats it, ≈ no difference, ✗ it is "
            "worse; no sign: not tested."
        ): any(cell.sign for cell in cells),
        phrase("± half the 95 % bootstrap interval over users."): any(c.spread for c in cells),
    }
    return replace(table, notes=(*notes, *(note for note, is_used in marks.items() if is_used)))


def _faithfulness_tables(results: Results) -> list[Table]:
    """Does taking out what is cited matter, and more so than taking out something else?

    One table for what happens to the list, one for what happens to the score; numbers of cited
    items other than that of the report, and areas under their curves, follow in a third.
    """
    metrics = _family(results, "faithfulness")
    main = [metric for metric in metrics if read(metric).n_cited == results.n_cited]
    lists = [metric for metric in main if "{k}" in read(metric).metric.name]
    chosen = {
        later("Faithfulness: is a recommendation still in the list?"): lists,
        later("Faithfulness: what remains of its score and rank?"): [
            metric for metric in main if metric not in lists
        ],
        later("Faithfulness with other numbers of cited items, and over the whole history (AUC)"): [
            metric for metric in metrics if metric not in main
        ],
    }
    return [approaches_table(results, phrase(caption), of) for caption, of in chosen.items()]
