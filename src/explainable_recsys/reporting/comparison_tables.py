"""The comparison of the approaches: accuracy, what lies beyond it, explanations, faithfulness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from explainable_recsys.reporting.glossary import (
    ACCURACY,
    BEYOND_ACCURACY,
    EXPLANATIONS,
    FAITHFULNESS,
    RATINGS,
    describe,
    label,
    parse,
)
from explainable_recsys.reporting.results import CITED_ITEMS, NO_EXPLANATIONS, Results
from explainable_recsys.reporting.tables import (
    Body,
    Cell,
    Row,
    Table,
    best,
    metric_cell,
    plain_table,
    projections,
)
from explainable_recsys.wording.numbers import enumerated, interval, number

BEST_NOTE = "● best of the approaches; baselines are left out of this."
SPREAD_NOTE = "± half the 95 % bootstrap interval over users."
VERDICT_SIGNS = {"better": "✓", "worse": "✗", "no difference": "≈"}
VERDICT_NOTE = (
    "Behind a control: ✓ the approach's own evidence beats it, ≈ no difference, ✗ it is worse; no "
    "sign: not tested."
)
TRIED_ON = {
    "coverage_of_popularity": "explained: most popular",
    "coverage_of_random": "explained: random",
}
TRIED_NOTE = "“Explained: most popular” and “random”: the same explainer on those lists."
CONTROLS = ("random", "popular")

_OF_THE_SCORE = ("del", "ins")
"""Shares of the personal part of a score, which models do not share: none is the best."""

_SHARES, _SCORES = ("pos", "ps"), ("del", "ins", "cdcg")


def accuracy_table(results: Results) -> Table:
    """How good the lists are."""
    return _ranked(results, "Accuracy of the lists", _of_family(results, ACCURACY), {})


def ratings_table(results: Results) -> Table:
    """How good the predicted ratings are, of approaches that predict any."""
    metrics = _of_family(results, RATINGS)
    return _ranked(results, "Accuracy of the predicted ratings", metrics, {}, "Predict no ratings")


def beyond_accuracy_table(results: Results) -> Table:
    """What the lists are like apart from being right."""
    return _ranked(results, "Beyond accuracy", _of_family(results, BEYOND_ACCURACY), {})


def explanations_table(results: Results) -> Table:
    """How many recommendations are explained, with what, and how easily."""
    metrics = _of_family(results, EXPLANATIONS)
    present = [metric for metric in TRIED_ON if metric in results.metrics]
    if "coverage" in metrics:
        metrics[1:1] = present
    absent = dict.fromkeys(TRIED_ON, "not tried")
    absent["evidence_popularity"] = "no items cited"
    table = _ranked(results, "Explanations", metrics, absent, NO_EXPLANATIONS.capitalize())
    titles = [TRIED_ON.get(metric) or label(metric) for metric in metrics]
    notes = [TRIED_NOTE, *table.notes] if present else table.notes
    return replace(table, columns=("approach", *titles), notes=tuple(notes))


def faithfulness_tables(results: Results) -> list[Table]:
    """Does taking out what is cited matter, and more so than taking out something else?

    One table for what happens to the list, one for what happens to the score; numbers of cited
    items other than that of the report, and areas under their curves, follow in a third.
    """
    own = [m for m in results.metrics if _is_faithfulness(m) and not parse(m).control]
    main = [m for m in own if not parse(m).is_area and _cites(m) in (results.n_cited, None)]
    shares = _in_order(main, _SHARES)
    scores = _in_order(main, _SCORES)
    others = _in_order([m for m in own if m not in main], (*_SHARES, *_SCORES))
    captions = (
        f"Faithfulness: are recommendations still in the top {results.k} without, or with only, "
        f"the {results.n_cited} items cited?",
        f"Faithfulness: what remains of score and rank without, or with only, the "
        f"{results.n_cited} items cited?",
        _caption_of_others(others),
    )
    return [
        _controlled(results, caption, metrics)
        for caption, metrics in zip(captions, (shares, scores, others), strict=True)
        if metrics
    ]


def _caption_of_others(metrics: Sequence[str]) -> str:
    if all(parse(metric).is_area for metric in metrics):
        return (
            "Faithfulness over the whole history (area under the curve, 0 to 100 % taken away or "
            "kept)"
        )
    return "Faithfulness with other numbers of cited items, and over the whole history (AUC)"


def sampled_table(results: Results) -> Table:
    """Metrics against sampled negatives, kept apart from all others."""
    metrics = [metric for metric in results.metrics if parse(metric).sampled]
    return _ranked(results, "Accuracy among sampled negatives", metrics, {})


def every_figure_table(results: Results) -> Table:
    """Every metric of every approach with both ends of its interval."""
    bodies = []
    for name in results.everybody:
        rows = tuple(
            _figure_row(results, name, metric)
            for metric in results.metrics
            if not parse(metric).sampled and results.value(name, metric) is not None
        )
        bodies.append(Body(rows, name, name in results.baselines))
    return Table(
        "Every figure", ("metric", "value", "95 % interval", "users"), tuple(filter(_rows, bodies))
    )


def scope_table(results: Results) -> Table:
    """What the faithfulness of each approach was measured on."""
    rows = [(name, results.scope(name)) for name in results.everybody if results.scope(name)]
    return plain_table("What faithfulness was measured on", ("approach", "evidence"), rows)


def _rows(body: Body) -> bool:
    return bool(body.rows)


def _figure_row(results: Results, approach: str, metric: str) -> Row:
    form, limits = describe(metric).form, results.interval(approach, metric)
    users = results.value(approach, f"{metric}/n")
    return Row(
        label(metric),
        (
            Cell(number(results.value(approach, metric) or 0.0, form)),
            Cell(interval(*limits, form) if limits else "none", is_phrase=not limits),
            Cell("not given" if users is None else number(users, "count"), is_phrase=users is None),
        ),
    )


def _of_family(results: Results, family: Iterable[str]) -> list[str]:
    """The metrics of a family that there are, in its order; not those of controls or samples."""
    plain = [
        metric
        for metric in results.metrics
        if not (parse(metric).sampled or parse(metric).of or parse(metric).control)
    ]
    return [metric for base in family for metric in plain if parse(metric).base == base]


def _is_faithfulness(metric: str) -> bool:
    return parse(metric).base in FAITHFULNESS and not parse(metric).sampled


def _cites(metric: str) -> int | None:
    """The number of cited items in the name of a metric."""
    at = parse(metric).at.removeprefix("@")
    if not at or ("," not in at and parse(metric).base in _SHARES):
        return None
    return int(at.split(",")[-1])


def _in_order(metrics: Sequence[str], bases: Sequence[str]) -> list[str]:
    return [metric for base in bases for metric in metrics if parse(metric).base == base]


def _ranked(
    results: Results,
    caption: str,
    metrics: Sequence[str],
    absent: dict[str, str],
    without_any: str = "Not measured",
) -> Table:
    """One row per approach that has any of the metrics, baselines below.

    `absent` says why a metric may be missing, `without_any` why all may be.
    """
    winners = {metric: best(results, metric, results.approaches) for metric in metrics}
    bodies, without = [], []
    for names in (results.approaches, results.baselines):
        rows = []
        for name in names:
            if not any(results.value(name, metric) is not None for metric in metrics):
                without.append(name)
                continue
            cells = tuple(
                replace(
                    metric_cell(results, name, metric, _why(metric, absent)),
                    is_best=name in winners[metric],
                )
                for metric in metrics
            )
            rows.append(Row(name, cells))
        is_baseline = names is results.baselines
        bodies.append(Body(tuple(rows), "Baselines" if is_baseline else "", is_baseline))
    notes = [BEST_NOTE] if any(winners.values()) else []
    if any(cell.spread for body in bodies for row in body.rows for cell in row.cells):
        notes.append(SPREAD_NOTE)
    if without and metrics:
        notes.append(f"{without_any}: {enumerated(without)}.")
    columns = ("approach", *(label(metric) for metric in metrics))
    return Table(caption, columns, tuple(filter(_rows, bodies)), notes=tuple(notes))


def _why(metric: str, absent: dict[str, str]) -> str:
    return absent.get(parse(metric).base) or absent.get(metric) or "not measured"


def _controlled(results: Results, caption: str, metrics: Sequence[str]) -> Table:
    """Each metric beside the same of random and of popular evidence."""
    controls = {
        metric: [c for c in CONTROLS if f"{metric}/{c}" in results.metrics] for metric in metrics
    }
    winners = {
        metric: set[str]()
        if parse(metric).base in _OF_THE_SCORE
        else best(results, metric, results.approaches)
        for metric in metrics
    }
    n_columns = sum(1 + len(of_metric) for of_metric in controls.values())
    marks, rows, silent = projections(results), [], []
    for name in results.everybody:
        if any(results.value(name, metric) is not None for metric in metrics):
            cells = tuple(
                cell
                for metric in metrics
                for cell in _with_controls(
                    results, name, metric, controls[metric], name in winners[metric]
                )
            )
            rows.append(Row(name, cells, marks.get(results.scope(name), "")))
        elif results.scope(name).startswith(NO_EXPLANATIONS):
            silent.append(name)
        else:
            why = Cell(_unmeasured(results, name), is_phrase=True, span=n_columns)
            rows.append(Row(name, (why,)))
    notes = [f"{marks[text]} {text}." for text in marks]
    notes += [BEST_NOTE] if any(winners.values()) else []
    signs = {cell.sign for row in rows for cell in row.cells}
    notes += [VERDICT_NOTE] if signs - {""} else []
    notes += [SPREAD_NOTE] if any(cell.spread for row in rows for cell in row.cells) else []
    notes += [f"{NO_EXPLANATIONS.capitalize()}: {enumerated(silent)}."] if silent else []
    return Table(
        caption,
        ("approach", *(title for metric in metrics for title in ("own", *controls[metric]))),
        (Body(tuple(rows)),),
        tuple((label(metric), 1 + len(controls[metric])) for metric in metrics),
        tuple(notes),
    )


def _unmeasured(results: Results, approach: str) -> str:
    """Why an approach has no figure here, in words."""
    scope = results.scope(approach)
    if scope == CITED_ITEMS or results.is_projection(approach):
        return "not measured"
    return scope


def _with_controls(
    results: Results, approach: str, metric: str, controls: Sequence[str], is_best: bool
) -> Iterable[Cell]:
    """The own value and those of the controls, each with the sign of its verdict."""
    yield replace(metric_cell(results, approach, metric, "not measured"), is_best=is_best)
    for control in controls:
        cell = metric_cell(results, approach, f"{metric}/{control}", "not measured")
        test = results.controlled(approach, metric, control)
        if test:
            cell = replace(
                cell, sign=VERDICT_SIGNS.get(test.verdict, ""), meaning=f"own: {test.verdict}"
            )
        yield cell
