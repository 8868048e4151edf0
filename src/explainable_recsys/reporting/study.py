"""What a study found, ready to be printed: sentences, and tables with what to know beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from explainable_recsys.figures.study_flow import step_name
from explainable_recsys.reporting.facts import facts_table
from explainable_recsys.reporting.study_sentences import (
    COVARIATES,
    StudyResults,
    in_short,
    study_sentences,
)
from explainable_recsys.reporting.tables import Table
from explainable_recsys.study.about import readable
from explainable_recsys.study.exclusions import WITH, WITHOUT
from explainable_recsys.study.tasks import LIST, SHOWN
from explainable_recsys.wording import numbers
from explainable_recsys.wording.numbers import date, finite, fixed, number, percentage
from explainable_recsys.wording.phrases import later, phrase

Cells = Mapping[str, Callable[[Mapping[str, Any]], str]]
"""Headings of columns, and what stands there of a row."""

NOBODY_GAVE = later(
    "Simulated answers. Nobody gave them: they show what a study's results look like, and say "
    "nothing about people."
)

BOTH = {WITH: later("with"), WITHOUT: later("without")}

TASKS = {
    "forecast": later("predicts what removes the film"),
    "correction": later("removes the film"),
    "side_by_side": later("chosen side by side"),
}


def study_findings(results: StudyResults, name: str = "", day: str = "") -> dict[str, Any]:
    """What to say of a study.

    Args:
        results: Its tables.
        name: Of the folder or file with its answers.
        day: On which it was exported, such as 2026-01-31; empty: not known.

    Returns:
        `title`; `source`; `simulated` and `confounded`, sentences that are empty where they are
        not so; `in_short` and `sentences`, a few of the findings and all; and `tables`, each with
        `caption`, `columns`, `rows` and `notes`.
    """
    about = results.about
    source = (
        phrase("Answers from {name}, exported on {day}", name=name, day=date(day))
        if day
        else phrase("Answers from {name}", name=name)
    )
    named = about.plan.title.root.values() if about.plan else [phrase("Answers in long form")]
    return {
        "title": next(iter(named)),
        "source": source if name else "",
        "simulated": phrase(NOBODY_GAVE) if about.simulated else "",
        "confounded": about.confounded,
        "in_short": in_short(results),
        "sentences": study_sentences(results),
        "tables": [
            table
            for layout in LAYOUTS
            if (about.plan or layout.name != "flow") and (table := _table(results, layout))["rows"]
        ],
    }


def study_tables(findings: Mapping[str, Any]) -> list[Table]:
    """The tables of the findings, as pages show them."""
    return [
        replace(
            facts_table(one["caption"], one["columns"], one["rows"], "figures"),
            notes=tuple(one["notes"]),
        )
        for one in findings["tables"]
    ]


@dataclass(frozen=True)
class Layout:
    """How a table of the results is shown: which, what it is called, its columns, a note."""

    name: str
    caption: str
    cells: Cells
    note: str = ""


def _name(column: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: readable(str(row[column]))


def _phrase(column: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: phrase(row[column])


def _said(column: str, words: Mapping[str, str]) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: phrase(words[row[column]])


def _count(column: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: number(finite(row[column]), "count")


def _fixed(column: str, decimals: int = 2) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: "" if finite(row[column]) is None else fixed(row[column], decimals)


def _percent(column: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: "" if finite(row[column]) is None else percentage(100 * row[column])


def _ends(low: str = "low", high: str = "high") -> Callable[[Mapping[str, Any]], str]:
    def told(row: Mapping[str, Any]) -> str:
        ends = [fixed(row[end], 2) for end in (low, high) if finite(row[end]) is not None]
        return phrase("{low} to {high}", low=ends[0], high=ends[1]) if len(ends) == 2 else ""

    return told


def _p(column: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: (
        "" if finite(row[column]) is None else numbers.p_value(row[column]).removeprefix("= ")
    )


def _term(row: Mapping[str, Any]) -> str:
    """What a term of a model is, and what it is compared with."""
    if row["against"]:
        text = later("{kind} instead of {other}")
        return phrase(text, kind=readable(row["term"]), other=readable(row["against"]))
    return phrase("films {what}", what=_said("term", COVARIATES)(row))


def _films(row: Mapping[str, Any]) -> str:
    """Which films: those of a kind, or all."""
    name = row["condition"]
    return phrase(name) if name in (SHOWN, LIST) else readable(name)


_WAY: Cells = {later("exclusions"): _said("exclusions", BOTH)}
_KEYS: Cells = {**_WAY, later("measure"): _name("measure")}
_PAIR: Cells = {
    **_KEYS,
    later("first"): _name("first"),
    later("second"): _name("second"),
    later("first less second"): _fixed("difference"),
    later("95 % interval"): _ends(),
    later("d"): _fixed("d_z"),
    later("its 95 % interval"): _ends("d_z_low", "d_z_high"),
}
_VARIANCE: Cells = {
    **_KEYS,
    later("F"): _fixed("f", 3),
    later("degrees of freedom"): lambda row: f"{row['df']}, {row['df_error']}",
    later("p"): _p("p"),
    later("Mauchly's p"): _p("sphericity_p"),
    later("p after Greenhouse and Geisser"): _p("p_gg"),
    later("partial η²"): _fixed("eta2", 3),
    later("90 % interval"): _ends("eta2_low", "eta2_high"),
}

LAYOUTS = (
    Layout(
        "flow",
        later("How many people came how far"),
        {later("step"): lambda row: step_name(row["step"]), later("people"): _count("n")},
    ),
    Layout(
        "descriptives",
        later("Mean answers"),
        {
            **_KEYS,
            later("kind of reason"): _name("condition"),
            later("people"): _count("n"),
            later("not counted"): _count("n_left_out"),
            later("mean"): _fixed("mean"),
            later("standard deviation"): _fixed("sd"),
            later("95 % interval"): _ends(),
        },
        later(
            "Not counted, here and in tests: people who have answers left to some kinds of "
            "reasons only."
        ),
    ),
    Layout(
        "omnibus",
        later("Do kinds of reasons differ at all?"),
        {**_VARIANCE, later("Friedman's p"): _p("friedman_p")},
    ),
    Layout(
        "contrasts",
        later("Differences between kinds of reasons"),
        {
            **_PAIR,
            later("p of the planned ones (Holm)"): _p("p_planned"),
            later("p over all (Holm)"): _p("p_holm"),
            later("p per measure (Bonferroni)"): _p("p_bonferroni"),
        },
        later("d: the mean difference over the standard deviation of people's differences."),
    ),
    Layout(
        "forms",
        later("Differences between the forms in which reasons are shown"),
        {**_PAIR, later("p over all (Holm)"): _p("p_holm")},
    ),
    Layout(
        "interactions",
        later("Do differences between kinds of reasons hang on the form?"),
        _VARIANCE,
        later("Of the people with answers to each kind in each form, without the controls."),
    ),
    Layout(
        "told_terms",
        later("What moves single answers (ordinal models)"),
        {
            **_KEYS,
            later("model"): _phrase("model"),
            later("what"): _term,
            later("logits"): _fixed("estimate"),
            later("95 % interval"): _ends(),
            later("p"): _p("p"),
        },
        later(
            "Above 0: higher answers. The p of single terms are not corrected. Other models: "
            "see the entry study.terms of the catalog."
        ),
    ),
    Layout(
        "tasks",
        later("Tasks"),
        {
            **_WAY,
            later("task"): _said("task", TASKS),
            later("kind of reason"): _name("condition"),
            later("tasks"): _count("n"),
            later("share"): _percent("share"),
            later("from"): _percent("low"),
            later("to (95 % interval)"): _percent("high"),
            later("by chance"): _percent("chance"),
            later("faithfulness"): _fixed("faithfulness"),
        },
    ),
    Layout(
        "scales",
        later("Scales"),
        {
            **_WAY,
            later("scale"): _name("scale"),
            later("people"): _count("n"),
            later("not counted"): _count("n_left_out"),
            later("mean"): _fixed("mean"),
            later("alpha"): _fixed("alpha"),
            later("95 % interval"): _ends(),
            later("omega"): _fixed("omega"),
        },
        later("Not counted: people who left out an item of the scale."),
    ),
    Layout(
        "popularity",
        later("How well known the films are"),
        {
            **_WAY,
            later("films"): _films,
            later("number"): _count("n"),
            later("median popularity rank"): _count("popularity_rank"),
        },
    ),
)
"""The tables in their order."""


def _table(results: StudyResults, layout: Layout) -> dict[str, Any]:
    """A table whose caption says if its answers are simulated, and whose notes say the rest.

    Columns in which nothing stands are left out.
    """
    about, table, cells = results.about, getattr(results, layout.name), dict(layout.cells)
    if not results.leaves_out and "exclusions" in table:  # both ways are the same
        table = table[table["exclusions"] == WITH]
        cells = {heading: tell for heading, tell in cells.items() if heading not in _WAY}
    rows = [[tell(row) for tell in cells.values()] for row in table.to_dict("records")]
    filled = [place for place in range(len(cells)) if any(row[place] for row in rows)]
    notes = phrase(layout.note), about.confounded, about.known_items
    return {
        "caption": about.titled(phrase(layout.caption)),
        "columns": [phrase([*cells][place]) for place in filled],
        "rows": [[row[place] for place in filled] for row in rows],
        "notes": [note for note in notes if note],
    }
