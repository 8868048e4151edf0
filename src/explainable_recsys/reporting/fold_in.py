"""The table of what becomes of people who are folded in instead of trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from explainable_recsys.experiments.fold_in import ARTICLE
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.facts import facts_table
from explainable_recsys.reporting.tables import Table
from explainable_recsys.wording.numbers import finite, fixed, interval, number, significant
from explainable_recsys.wording.phrases import later, phrase

HEADINGS = (
    later("recommender"),
    later("overlap"),
    later("95 % interval"),
    later("of others"),
    later("of two trainings"),
    later("RMSE folded in"),
    later("RMSE trained again"),
    later("seconds folded in"),
    later("seconds trained again"),
)
NOT_MEASURED = "\u2013"

NOTES = (
    later(
        "Some people are left out of all training, all at once, and their histories folded into "
        "the models; overlap: how much of the list of the model trained on everybody they get "
        "that way. Of others: the same of people who were trained on both times, whose lists "
        "change because the ratings of all who were left out are missing."
    ),
    later(
        "Scores are a function of the history, for known and new people alike. So an overlap "
        "below 1 says what ratings taught the models about items, and chance: two trainings on "
        "everybody with other seeds overlap as their column says, fully where there is no seed."
    ),
    later(
        "Times are measured: of one person from the history to the list (median), and of training "
        "with the knowledge that is made of ratings. The article's are those of V. Kuosmanen's "
        "dissertation, of another machine and 20 million ratings."
    ),
)


def fold_in_table(content: ReportContent) -> Table:
    """A row for each recommender, and the article's times in the last one."""
    found = content.fold_in.to_dict("records")
    seconds = {row["recommender"]: row for row in content.fold_in_seconds.to_dict("records")}
    rows = [
        (row["recommender"], *_lists(row), *_times(seconds.get(row["recommender"], {})))
        for row in found
    ]
    if found:
        article = phrase("article, 20 million ratings")
        rows.append((article, *[NOT_MEASURED] * 6, *_times(ARTICLE)))
    first = found[0] if found else {}
    caption = phrase(
        "Adding a person: folded in, or trained again (top {n}, {people} people)",
        n=number(finite(first.get("n")), "count"),
        people=number(finite(first.get("n_people")), "count"),
    )
    table = facts_table(caption, [phrase(name) for name in HEADINGS], rows, "figures")
    return replace(table, notes=tuple(map(phrase, NOTES)))


def _lists(row: Mapping[Any, Any]) -> Iterator[str]:
    """How like the lists are, and the errors of predicted ratings."""
    yield number(finite(row.get("overlap")))
    yield interval(finite(row.get("overlap/low")), finite(row.get("overlap/high")))
    yield number(finite(row.get("overlap_of_others")))
    both = number(finite(row.get("overlap_of_two_trainings")))
    yield phrase("1 (no seed)") if row.get("is_deterministic") else both
    for error in ("rmse_fold_in", "rmse_retrained"):
        value = finite(row.get(error))
        yield NOT_MEASURED if value is None else fixed(value, 3)


def _times(row: Mapping[Any, Any]) -> Iterator[str]:
    """How long both ways take, in seconds throughout, so that the columns can be sorted."""
    for key in ARTICLE:
        value = finite(row.get(key))
        yield NOT_MEASURED if value is None else significant(value)
