"""Tables of metrics as the report prints them: what is in every cell, and how it is marked."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.projected_evidence import NO_EXPLANATIONS
from explainable_recsys.metrics.records import FAMILIES, OF_LISTS, Family, read
from explainable_recsys.reporting.results import Results
from explainable_recsys.wording.numbers import enumerated, interval, number
from explainable_recsys.wording.phrases import later, phrase

Kind = Literal["figures", "facts", "matrix"]

NOT_MEASURED = later("not measured")
ABSENT = {
    "coverage_of_popularity": later("not tried"),
    "coverage_of_random": later("not tried"),
    "evidence_popularity": later("no items cited"),
}
"""What is said where an approach lacks a metric, other than that it is not measured."""

BEST_NOTE = later("● best of its column, baselines aside.")
SPREAD_NOTE = later("± half the 95 % bootstrap interval over users.")
VERDICT_NOTE = later(
    "Behind a control: ✓ the approach's own evidence beats it, ≈ no difference, ✗ it is worse; no "
    "sign: not tested."
)
SIGNS = {"better": "✓", "worse": "✗", "no difference": "≈"}
DAGGERS = "†‡§¶"
"""Marks of footnotes, one per kind of projection."""

_OF_THE_SCORE = ("del", "ins")
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
    """

    text: str
    spread: str = ""
    is_best: bool = False
    sign: str = ""
    meaning: str = ""
    is_phrase: bool = False
    span: int = 1


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
        kind: Figures under each other, facts in words, or a matrix of signs.
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


def comparison_tables(results: Results) -> list[Table]:
    """Accuracy by recommender, what lies beyond it, explanations and faithfulness by approach."""
    explanations = _family(results, "explanations")
    if "coverage" in explanations:
        of_others = ("coverage_of_popularity", "coverage_of_random")
        explanations[1:1] = [metric for metric in of_others if metric in results.metrics]
    tables = [
        recommenders_table(results, phrase("Accuracy of the lists"), _family(results, "ranking")),
        recommenders_table(
            results,
            phrase("Accuracy of the predicted ratings"),
            _family(results, "ratings"),
            phrase("Predict no ratings: {names}."),
        ),
        recommenders_table(results, phrase("Beyond accuracy"), _family(results, "beyond accuracy")),
        explanations_table(results, explanations),
        *_faithfulness_tables(results),
    ]
    return [table for table in tables if table.has_rows]


def sampled_table(results: Results) -> Table:
    """Metrics against sampled negatives, kept apart from all others."""
    metrics = [metric for metric in results.metrics if read(metric).sampled]
    return recommenders_table(results, phrase("Accuracy among sampled negatives"), metrics)


def every_figure_table(results: Results) -> Table:
    """Every metric of every recommender and approach with both ends of its interval."""
    everybody = [*results.recommenders, *results.baselines, *results.approaches]
    bodies = {name: tuple(_figures(results, name)) for name in dict.fromkeys(everybody)}
    return Table(
        phrase("Every figure"),
        (phrase("metric"), phrase("value"), phrase("95 % interval"), phrase("users")),
        tuple(Body(rows, name, name in results.baselines) for name, rows in bodies.items() if rows),
    )


def metric_cell(
    results: Results,
    name: str,
    metric: str,
    winners: Collection[str] = (),
    absent: str = NOT_MEASURED,
) -> Cell:
    """A metric with half its interval, or in words that there is none."""
    value = results.value(name, metric)
    if value is None:
        return Cell(phrase(absent), is_phrase=True)
    text = number(value, read(metric).metric.form)
    return Cell(text, spread(results, name, metric), is_best=name in winners)


def spread(results: Results, name: str, metric: str) -> str:
    """± half the interval; all of it where the value is not in its middle."""
    value, limits = results.value(name, metric), results.interval(name, metric)
    if value is None or limits is None:
        return ""
    form, half = read(metric).metric.form, (limits[1] - limits[0]) / 2
    if abs(value - sum(limits) / 2) > 0.25 * half:
        return interval(*limits, form)
    return f"±{number(half, form).removesuffix(' %')}"


def best(results: Results, metric: str, among: Sequence[str]) -> set[str]:
    """Those with the best value of a metric; nobody without at least two different values."""
    column = read(metric)
    values = {name: results.value(name, metric) for name in among}
    known = {name: value for name, value in values.items() if value is not None}
    if not column.metric.direction or column.lists or len(known) < 2:
        return set()
    top = (min if column.metric.direction == "lower" else max)(known.values())
    winners = {name for name, value in known.items() if math.isclose(value, top, rel_tol=1e-9)}
    return winners if len(winners) < len(known) else set()


def projections(results: Results) -> dict[str, str]:
    """The mark of each kind of projection among the scopes, by its text."""
    scopes = [results.scope(name) for name in results.approaches if results.is_projection(name)]
    texts = enumerate(dict.fromkeys(scopes))
    return {text: DAGGERS[i % len(DAGGERS)] * (1 + i // len(DAGGERS)) for i, text in texts}


def _family(results: Results, family: Family) -> list[str]:
    """The metrics of a family that there are, in its order; not those of controls or samples."""
    plain = [metric for metric in results.metrics if read(metric).is_plain]
    return [m for record in FAMILIES[family] for m in plain if read(m).metric is record]


def recommenders_table(
    results: Results, caption: str, metrics: Sequence[str], without: str = ""
) -> Table:
    """One row per recommender that has any of the metrics, baselines below.

    `without` says who has none, if that is to be said.
    """
    winners = {metric: best(results, metric, results.recommenders) for metric in metrics}
    bodies = [
        Body(tuple(_rows(results, results.recommenders, winners))),
        Body(tuple(_rows(results, results.baselines, winners)), phrase("Baselines"), True),
    ]
    columns = (phrase("recommender"), *(read(metric).label for metric in metrics))
    made = Table(caption, columns, tuple(body for body in bodies if body.rows))
    left = _left_out([*results.recommenders, *results.baselines], made)
    notes = [without.format(names=left)] if without and left and metrics else []
    return replace(made, notes=(*_notes(made), *notes))


def explanations_table(results: Results, metrics: Sequence[str]) -> Table:
    """One row per approach that has any of the metrics, with its recommender."""
    winners = {metric: best(results, metric, list(results.approaches)) for metric in metrics}
    body = Body(tuple(_rows(results, list(results.approaches), winners, pair=True)))
    titles = (phrase("approach"), phrase("recommender"), read(results.ndcg).label)
    columns = (*titles, *(read(metric).label for metric in metrics))
    made = Table(phrase("Explanations"), columns, (body,))
    notes = [phrase(OF_LISTS)] if any(read(metric).lists for metric in metrics) else []
    notes += _notes(made)
    if silent := _left_out(list(results.approaches), made):
        notes.append(phrase("No explanations: {names}.", names=silent))
    return replace(made, notes=tuple(notes))


def _left_out(names: Sequence[str], table: Table) -> str:
    """Those that a table has no row for."""
    shown = {row.heading for body in table.bodies for row in body.rows}
    return enumerated([name for name in names if name not in shown])


def _rows(
    results: Results, names: Sequence[str], winners: dict[str, set[str]], *, pair: bool = False
) -> Iterator[Row]:
    """A row for each that has any of the metrics; of pairs the recommender and its nDCG first."""
    for name in names:
        if any(results.value(name, metric) is not None for metric in winners):
            cells = [
                metric_cell(results, name, metric, leaders, ABSENT.get(metric, NOT_MEASURED))
                for metric, leaders in winners.items()
            ]
            yield Row(name, (*(_recommender(results, name) if pair else ()), *cells))


def _recommender(results: Results, approach: str) -> Iterator[Cell]:
    recommender = results.approaches[approach]
    yield Cell(recommender, is_phrase=True)
    yield metric_cell(results, recommender, results.ndcg)


def _notes(table: Table) -> list[str]:
    """What the marks in the cells mean, of those that there are."""
    cells = [cell for body in table.bodies for row in body.rows for cell in row.cells]
    notes = [phrase(BEST_NOTE)] if any(cell.is_best for cell in cells) else []
    notes += [phrase(VERDICT_NOTE)] if any(cell.sign for cell in cells) else []
    return notes + ([phrase(SPREAD_NOTE)] if any(cell.spread for cell in cells) else [])


def _faithfulness_tables(results: Results) -> list[Table]:
    """Does taking out what is cited matter, and more so than taking out something else?

    One table for what happens to the list, one for what happens to the score; numbers of cited
    items other than that of the report, and areas under their curves, follow in a third.
    """
    metrics = _family(results, "faithfulness")
    main = [metric for metric in metrics if read(metric).n_cited == results.n_cited]
    others = [metric for metric in metrics if metric not in main]
    shares = [metric for metric in main if "{k}" in read(metric).metric.name]
    scores = [metric for metric in main if metric not in shares]
    captions = (
        later(
            "Faithfulness: are recommendations still in the top {k} without, or with only, the {n} "
            "items cited?"
        ),
        later(
            "Faithfulness: what remains of score and rank without, or with only, the {n} items "
            "cited?"
        ),
        later(
            "Faithfulness over the whole history (area under the curve, 0 to 100 % taken away or "
            "kept)"
        )
        if all(read(metric).is_area for metric in others)
        else later(
            "Faithfulness with other numbers of cited items, and over the whole history (AUC)"
        ),
    )
    return [
        controlled_table(results, phrase(caption, k=results.k, n=results.n_cited), chosen)
        for caption, chosen in zip(captions, (shares, scores, others), strict=True)
        if chosen
    ]


def controlled_table(results: Results, caption: str, metrics: Sequence[str]) -> Table:
    """Each metric beside the same of random and of popular evidence."""
    sides = {m: [c for c in CONTROLS if f"{m}/{c}" in results.metrics] for m in metrics}
    winners = {
        metric: best(results, metric, list(results.approaches))
        for metric in metrics
        if read(metric).metric.base not in _OF_THE_SCORE
    }
    marks, rows, silent = projections(results), [], []
    for name in results.approaches:
        scope = results.scope(name)
        if any(results.value(name, metric) is not None for metric in metrics):
            cells: list[Cell] = []
            for metric in metrics:
                cells.append(metric_cell(results, name, metric, winners.get(metric, ())))
                cells += [_control_cell(results, name, metric, c) for c in sides[metric]]
            rows.append(Row(name, tuple(cells), marks.get(scope, "")))
        elif scope.startswith(NO_EXPLANATIONS):
            silent.append(name)
        else:
            why = scope if scope.startswith("not ") else phrase(NOT_MEASURED)
            span = len(sides) + sum(map(len, sides.values()))
            rows.append(Row(name, (Cell(why, is_phrase=True, span=span),)))
    columns = ("approach", *(title for m in metrics for title in ("own", *sides[m])))
    groups = tuple((read(metric).label, 1 + len(sides[metric])) for metric in metrics)
    made = Table(caption, columns, (Body(tuple(rows)),), groups)
    notes = [f"{mark} {text}." for text, mark in marks.items()] + _notes(made)
    if silent:
        notes.append(phrase("No explanations: {names}.", names=enumerated(silent)))
    return replace(made, notes=tuple(notes))


def _control_cell(results: Results, approach: str, metric: str, control: str) -> Cell:
    """The value of a control with the sign of the verdict."""
    cell = metric_cell(results, approach, f"{metric}/{control}")
    test = results.controlled.get((approach, metric, control))
    if test is None:
        return cell
    return replace(cell, sign=SIGNS.get(test.verdict, ""), meaning=f"own: {test.verdict}")


def _figures(results: Results, name: str) -> Iterator[Row]:
    """All that is known of one, but what is measured on samples."""
    for metric in results.metrics:
        value, limits = results.value(name, metric), results.interval(name, metric)
        if value is None or read(metric).sampled:
            continue
        form, users = read(metric).metric.form, results.value(name, f"{metric}/n")
        cells = (
            Cell(number(value, form)),
            Cell(interval(*limits, form) if limits else phrase("none"), is_phrase=not limits),
            Cell(
                phrase("not given") if users is None else number(users, "count"),
                is_phrase=users is None,
            ),
        )
        yield Row(read(metric).label, cells)
