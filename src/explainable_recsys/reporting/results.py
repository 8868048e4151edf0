"""What the tables of a report answer, whether or not they have the columns asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from explainable_recsys.metrics.comparison import SIGNIFICANCE
from explainable_recsys.metrics.projected_evidence import NO_EXPLANATIONS
from explainable_recsys.metrics.records import METRICS
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.wording.markup import is_text
from explainable_recsys.wording.numbers import finite
from explainable_recsys.wording.phrases import phrase

BASELINES = ("popularity", "bias", "random")
"""Recommenders that are there to compare with."""

_ENDS = ("low", "high")


class Paired(NamedTuple):
    """How far one is above another, over the same users."""

    difference: float
    interval: tuple[float, float] | None
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether chance is an unlikely reason."""
        return self.p is not None and self.p < SIGNIFICANCE


class Controlled(NamedTuple):
    """What an approach cites against what a control cites."""

    own: float | None
    of_control: float | None
    verdict: str


Verdicts = dict[str, Controlled]
"""Tests of one approach against one control, by metric."""


def records(table: pd.DataFrame, *columns: str) -> list[dict[str, Any]]:
    """The rows of a table with these columns, None in those that it lacks."""
    rows = table.reindex(columns=list(columns)).astype(object)
    cells = rows.where(rows.notna(), None).itertuples(index=False, name=None)
    return [dict(zip(columns, row, strict=True)) for row in cells]


class Results:
    """The results by recommender or approach, metric and control.

    Attributes:
        k: Length of the lists.
        n_cited: Number of cited items taken out or kept.
        metrics: Metrics that somebody has, in the order of the tables.
        recommenders: All but the baselines, highest nDCG first.
        baselines: Those of `BASELINES` that were compared, highest nDCG first.
        approaches: By name, each with its recommender; highest nDCG of that first.
        intrinsic: Approaches whose reasons are how the score was made.
        paired: Tests between recommenders and between approaches, by metric, first and second;
            each also the other way round.
        controlled: Tests of evidence by approach, metric and control.
        overlaps: Jaccard overlap of what is cited before and after training again, by approach.
        seedless: Those of them that were not trained again, because no seed changes their reasons.
    """

    def __init__(self, content: ReportContent) -> None:
        """Read the tables once."""
        self.k, self.n_cited = content.k, content.n_cited
        self.intrinsic = frozenset(content.intrinsic)
        tables = (content.accuracy, "recommender"), (content.explanation_quality, "approach")
        self._values = {key: v for table, name in tables for key, v in _values(table, name)}
        measured = {metric for _, metric in self._values}
        self.metrics = [
            column
            for column in dict.fromkeys(str(c) for table, _ in tables for c in table)
            if column in measured and not column.endswith(("/low", "/high", "/n"))
        ]
        names = [str(row["recommender"]) for row in records(content.accuracy, "recommender")]
        ranked = sorted(names, key=self._place)
        self.recommenders = [name for name in ranked if name not in BASELINES]
        self.baselines = [name for name in ranked if name in BASELINES]
        pairs = records(content.explanation_quality, "approach", "recommender")
        pairs.sort(key=lambda pair: self._place(str(pair["recommender"])))
        self.approaches = {str(pair["approach"]): str(pair["recommender"]) for pair in pairs}
        self._scopes = {
            str(row["approach"]): str(row["scope"]).strip()
            for row in records(content.scope, "approach", "scope")
            if is_text(row["scope"])
        }
        tests = content.accuracy_tests, content.explanation_tests
        self.paired = {key: test for table in tests for key, test in _paired(table)}
        self.controlled = dict(_controlled(content.control_tests))
        stability = records(content.stability, "approach", "n_cited", "jaccard", "n_retrainings")
        stability.sort(key=lambda row: bool(row["n_cited"] == self.n_cited))
        found = {str(row["approach"]): finite(row["jaccard"]) for row in stability}
        self.overlaps = {
            name: overlap for name in self.approaches if (overlap := found.get(name)) is not None
        }
        self.seedless = frozenset(
            str(row["approach"]) for row in stability if finite(row["n_retrainings"]) == 0
        )

    @property
    def ndcg(self) -> str:
        """The metric that recommenders are ranked by."""
        return self.column("ndcg")

    def column(self, metric: str) -> str:
        """The name of a metric at the K, and the number of cited items, of the report."""
        return METRICS[metric].name.format(k=self.k, n=self.n_cited)

    def value(self, name: str, metric: str) -> float | None:
        """A metric of a recommender or approach, None if it has none."""
        return self._values.get((name, metric))

    def interval(self, name: str, metric: str) -> tuple[float, float] | None:
        """The 95 % interval of a metric."""
        low, high = (self.value(name, f"{metric}/{end}") for end in _ENDS)
        return None if low is None or high is None else (low, high)

    def scope(self, approach: str) -> str:
        """What the faithfulness of an approach was measured on, as far as it is known."""
        return self._scopes.get(approach, phrase("not measured"))

    def is_projection(self, approach: str) -> bool:
        """Whether its evidence had to be turned into items of the history first."""
        return self.scope(approach).startswith("projection")

    def explains(self, approach: str) -> bool:
        """Whether it gives reasons for any of its recommendations."""
        silent = self.scope(approach).startswith(NO_EXPLANATIONS)
        return not silent and self.value(approach, "coverage") != 0

    def verdicts(self, control: str) -> dict[str, Verdicts]:
        """The tests against a control that are told, of every approach that has any."""
        told = [self.column(metric) for metric in ("pos", "ps", "del", "ins", "cdcg")]
        told += [f"{metric}@{self.k}/auc" for metric in ("pos", "ps")]
        found = {
            approach: {
                metric: test
                for metric in told
                if (test := self.controlled.get((approach, metric, control)))
            }
            for approach in self.approaches
        }
        return {approach: tests for approach, tests in found.items() if tests}

    def _place(self, recommender: str) -> float:
        value = self.value(recommender, self.ndcg)
        return 1.0 if value is None else -value


def lost(tests: Verdicts) -> Verdicts:
    """The tests that the approach does not win."""
    return {metric: test for metric, test in tests.items() if test.verdict != "better"}


def _values(table: pd.DataFrame, name: str) -> Iterator[tuple[tuple[str, str], float]]:
    for row in records(table, *table.columns) if name in table else []:
        for metric, cell in row.items():
            if metric not in ("approach", "recommender") and (value := finite(cell)) is not None:
                yield (str(row[name]), str(metric)), value


def _paired(tests: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], Paired]]:
    """Every test in both directions."""
    for row in records(tests, "metric", "first", "second", "difference", *_ENDS, "p_corrected"):
        difference, low, high, p = (
            finite(row[column]) for column in ("difference", *_ENDS, "p_corrected")
        )
        if difference is not None:
            metric, first, second = (str(row[name]) for name in ("metric", "first", "second"))
            ends = None if low is None or high is None else (low, high)
            turned = None if low is None or high is None else (-high, -low)
            yield (metric, first, second), Paired(difference, ends, p)
            yield (metric, second, first), Paired(-difference, turned, p)


def _controlled(tests: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], Controlled]]:
    columns = ("approach", "metric", "control", "own", "of_control", "verdict")
    for row in records(tests, *columns):
        if is_text(row["verdict"]):
            approach, metric, control = (str(row[column]) for column in columns[:3])
            test = Controlled(finite(row["own"]), finite(row["of_control"]), row["verdict"].strip())
            yield (approach, metric, control), test
