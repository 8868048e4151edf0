"""What the tables of a report answer, whether or not they have the columns asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.wording.markup import is_text
from explainable_recsys.wording.numbers import finite

BASELINES = ("popularity", "bias", "random")
"""Approaches that are there to compare with."""

SIGNIFICANT = 0.05
"""Corrected p-values below it count as a difference."""

CITED_ITEMS = "cited items"
NO_EXPLANATIONS = "no explanations"
NOT_MEASURED = "not measured"

_OF_A_METRIC = ("/low", "/high", "/n")


class Paired(NamedTuple):
    """How far one approach is above another, over the same users."""

    difference: float
    low: float | None
    high: float | None
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether chance is an unlikely reason."""
        return self.p is not None and self.p < SIGNIFICANT


class Controlled(NamedTuple):
    """What an approach cites against what a control cites."""

    own: float | None
    of_control: float | None
    verdict: str

    @property
    def is_better(self) -> bool:
        """Whether the approach beats the control."""
        return self.verdict == "better"


def records(table: pd.DataFrame, *columns: str) -> list[dict[str, Any]]:
    """The rows of a table with these columns, None in those that it lacks."""
    present = table[[column for column in columns if column in table]]
    return [
        {column: row.get(column) for column in columns}
        for row in present.astype(object).to_dict("records")
    ]


@dataclass(frozen=True, eq=False)
class Results:
    """The results by approach, metric and control.

    Attributes:
        k: Length of the lists.
        n_cited: Number of cited items taken out or kept.
        metrics: Metrics that some approach has, in the order of the comparison.
        approaches: All in the comparison, the scopes, the tests of evidence or of stability but
            the baselines, highest nDCG first.
        baselines: Those of `BASELINES` that were compared, highest nDCG first.
        overlaps: Jaccard overlap of what is cited before and after training again, by approach.
        seedless: Those of them that were not trained again, because no seed changes their reasons.
    """

    k: int
    n_cited: int
    metrics: list[str]
    approaches: list[str]
    baselines: list[str]
    overlaps: dict[str, float]
    seedless: frozenset[str]
    _values: dict[tuple[str, str], float] = field(repr=False)
    _scopes: dict[str, str] = field(repr=False)
    _with_reasons: frozenset[str] = field(repr=False)
    _paired: dict[tuple[str, str, str], Paired] = field(repr=False)
    _controlled: dict[tuple[str, str, str], Controlled] = field(repr=False)

    @classmethod
    def of(cls, content: ReportContent) -> Results:
        """Read the tables once."""
        values = _values(content.comparison)
        controlled = _controlled(content.control_tests)
        overlaps = _overlaps(content.stability, content.n_cited)
        scopes = _texts(content.scope, "scope")
        named = [str(row["approach"]) for row in records(content.comparison, "approach")]
        named += [*scopes, *overlaps, *(approach for approach, _, _ in controlled)]
        ndcg = f"ndcg@{content.k}"
        ranked = sorted(dict.fromkeys(named), key=lambda a: -values.get((a, ndcg), -1.0))
        measured = {metric for _, metric in values}
        return cls(
            k=content.k,
            n_cited=content.n_cited,
            metrics=[
                str(column)
                for column in content.comparison
                if column in measured and not str(column).endswith(_OF_A_METRIC)
            ],
            approaches=[name for name in ranked if name not in BASELINES],
            baselines=[name for name in ranked if name in BASELINES],
            overlaps=overlaps,
            seedless=frozenset(
                str(row["approach"])
                for row in records(content.stability, "approach", "n_retrainings")
                if finite(row["n_retrainings"]) == 0
            ),
            _values=values,
            _scopes=scopes,
            _with_reasons=frozenset(
                [*_texts(content.examples, "sentence"), *overlaps, *(a for a, _, _ in controlled)]
            ),
            _paired=dict(_paired(content.paired_tests)),
            _controlled=controlled,
        )

    @property
    def ndcg(self) -> str:
        """The metric that approaches are ranked by."""
        return f"ndcg@{self.k}"

    @property
    def pos(self) -> str:
        """Share of the recommendations that stay without what is cited."""
        return f"pos@{self.k},{self.n_cited}"

    @property
    def deletion(self) -> str:
        """What remains of the score without what is cited."""
        return f"del@{self.n_cited}"

    @property
    def everybody(self) -> list[str]:
        """Approaches, then baselines."""
        return [*self.approaches, *self.baselines]

    def value(self, approach: str, metric: str) -> float | None:
        """A metric of an approach, None if it has none."""
        return self._values.get((approach, metric))

    def interval(self, approach: str, metric: str) -> tuple[float, float] | None:
        """The 95 % interval of a metric."""
        low = self.value(approach, f"{metric}/low")
        high = self.value(approach, f"{metric}/high")
        return None if low is None or high is None else (low, high)

    def scope(self, approach: str) -> str:
        """What the faithfulness of an approach was measured on, as far as it is known."""
        unsaid = NOT_MEASURED if self.explains(approach) else NO_EXPLANATIONS
        return self._scopes.get(approach, unsaid)

    def is_projection(self, approach: str) -> bool:
        """Whether its evidence had to be turned into items of the history first."""
        return self.scope(approach).startswith("projection")

    def explains(self, approach: str) -> bool:
        """Whether it gives reasons for any of its recommendations."""
        covered = self.value(approach, "coverage")
        if covered is not None:
            return covered > 0
        unsaid = self._scopes.get(approach, NO_EXPLANATIONS).startswith(NO_EXPLANATIONS)
        return not unsaid or approach in self._with_reasons

    def paired(self, metric: str, first: str, second: str) -> Paired | None:
        """How far the first is above the second, None if nobody tested."""
        return self._paired.get((metric, first, second))

    def controlled(self, approach: str, metric: str, control: str) -> Controlled | None:
        """An approach against a control, None if nobody tested."""
        return self._controlled.get((approach, metric, control))

    def with_metric(self, metric: str) -> list[str]:
        """Approaches and baselines that have a metric."""
        return [name for name in self.everybody if self.value(name, metric) is not None]


def _values(comparison: pd.DataFrame) -> dict[tuple[str, str], float]:
    values = {}
    columns = [str(column) for column in comparison if column != "approach"]
    for row in records(comparison, "approach", *columns):
        for metric in columns:
            value = finite(row[metric])
            if value is not None:
                values[str(row["approach"]), metric] = value
    return values


def _texts(table: pd.DataFrame, column: str) -> dict[str, str]:
    """The last text in a column by approach, of approaches that have any."""
    rows = records(table, "approach", column)
    return {str(row["approach"]): row[column].strip() for row in rows if is_text(row[column])}


def _overlaps(stability: pd.DataFrame, n_cited: int) -> dict[str, float]:
    """For the number of cited items of the report where there are several."""
    overlaps: dict[str, float] = {}
    for row in records(stability, "approach", "n_cited", "jaccard"):
        overlap, approach = finite(row["jaccard"]), str(row["approach"])
        if overlap is not None and (approach not in overlaps or row["n_cited"] == n_cited):
            overlaps[approach] = overlap
    return overlaps


def _paired(tests: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], Paired]]:
    """Every test in both directions."""
    columns = ("metric", "first", "second", "difference", "low", "high", "p_corrected")
    for row in records(tests, *columns):
        difference, low, high, p = (finite(row[column]) for column in columns[3:])
        if difference is not None:
            metric, first, second = (str(row[column]) for column in columns[:3])
            yield (metric, first, second), Paired(difference, low, high, p)
            turned = Paired(-difference, _negated(high), _negated(low), p)
            yield (metric, second, first), turned


def _negated(value: float | None) -> float | None:
    return None if value is None else -value


def _controlled(tests: pd.DataFrame) -> dict[tuple[str, str, str], Controlled]:
    columns = ("approach", "metric", "control", "own", "of_control", "verdict")
    return {
        (str(row["approach"]), str(row["metric"]), str(row["control"])): Controlled(
            finite(row["own"]), finite(row["of_control"]), row["verdict"].strip()
        )
        for row in records(tests, *columns)
        if is_text(row["verdict"])
    }
