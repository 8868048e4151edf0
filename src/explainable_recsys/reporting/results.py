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
from explainable_recsys.wording.numbers import enumerated, finite, interval, number, p_value
from explainable_recsys.wording.phrases import phrase

BASELINES = ("popularity", "bias", "random")
"""Recommenders that are there to compare with."""


class Paired(NamedTuple):
    """How far one is above another, over the same users, with a 95 % interval."""

    difference: float
    low: float | None
    high: float | None
    p: float | None

    @property
    def is_significant(self) -> bool:
        """Whether chance is an unlikely reason."""
        return self.p is not None and self.p < SIGNIFICANCE

    @property
    def figures(self) -> str:
        """The test in words."""
        return phrase(
            "difference {difference}, 95 % interval {interval}, corrected p {p}",
            difference=number(self.difference),
            interval=interval(self.low, self.high),
            p=p_value(self.p),
        )


class Results:
    """The results by recommender or approach, metric and control.

    Attributes:
        k: Length of the lists.
        n_cited: Number of cited items taken out or kept.
        metrics: Metrics that somebody has, in the order of the tables.
        recommenders: All but the baselines, highest nDCG first.
        baselines: Those of `BASELINES` that were compared, highest nDCG first.
        approaches: By name, each with its recommender; highest nDCG of that first.
        everybody: All of them.
        intrinsic: Approaches whose reasons are how the score was made.
        paired: Tests between recommenders and between approaches, by metric, first and second;
            each also the other way round.
        verdicts: Of evidence against a control, by approach, metric and control.
        overlaps: Jaccard overlap of what is cited before and after training again, by approach.
        seedless: Those of them that were not trained again, because no seed changes their reasons.
    """

    def __init__(self, content: ReportContent) -> None:
        """Read the tables once."""
        self.k, self.n_cited = content.k, content.n_cited
        self._titles = content.titles
        self.intrinsic = frozenset(content.intrinsic)
        tables = {"recommender": content.accuracy, "approach": content.explanation_quality}
        self._values = {key: v for name, table in tables.items() for key, v in _values(table, name)}
        measured = {metric for _, metric in self._values}
        self.metrics = [
            column
            for column in dict.fromkeys(str(c) for table in tables.values() for c in table)
            if column in measured and not column.endswith(("/low", "/high", "/n"))
        ]
        names = map(str, content.accuracy.get("recommender", ()))
        ranked = sorted(names, key=lambda name: (name in BASELINES, self._place(name)))
        self.recommenders = [name for name in ranked if name not in BASELINES]
        self.baselines = [name for name in ranked if name in BASELINES]
        pairs = content.explanation_quality.reindex(columns=["approach", "recommender"])
        of = dict(pairs.astype(str).itertuples(index=False, name=None))
        self.approaches = dict(sorted(of.items(), key=lambda pair: self._place(pair[1])))
        self.everybody = [*dict.fromkeys([*ranked, *self.approaches])]
        self._scopes: dict[str, str] = {
            row["approach"]: row["scope"] for row in _rows(content.scope)
        }
        tests = content.accuracy_tests, content.explanation_tests
        self.paired = {key: test for table in tests for key, test in _paired(table)}
        self.verdicts = {
            (row["approach"], row["metric"], row["control"]): row["verdict"]
            for row in _rows(content.control_tests)
            if is_text(row["verdict"])
        }
        again = sorted(_rows(content.stability), key=lambda row: row["n_cited"] == self.n_cited)
        found = {row["approach"]: finite(row["jaccard"]) for row in again}
        self.overlaps = {
            name: overlap for name in self.approaches if (overlap := found.get(name)) is not None
        }
        self.seedless = {row["approach"] for row in again if row["n_retrainings"] == 0}

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

    def named(self, *names: str) -> str:
        """Recommenders or approaches by their titles: one, two and three."""
        return enumerated([phrase(self._titles.get(name, name)) for name in names])

    def interval(self, name: str, metric: str) -> tuple[float | None, float | None]:
        """The ends of the 95 % interval of a metric, None if they are not known."""
        return self.value(name, f"{metric}/low"), self.value(name, f"{metric}/high")

    def scope(self, approach: str) -> str:
        """What the faithfulness of an approach was measured on, in words."""
        return "; ".join(map(phrase, self._scopes.get(approach, "").split("; ")))

    def why_not(self, approach: str) -> str:
        """Why the faithfulness of an approach is not measured."""
        is_known = self._scopes.get(approach, "").startswith((NO_EXPLANATIONS, "not applicable:"))
        return self.scope(approach) if is_known else phrase("no figures")

    def is_projection(self, approach: str) -> bool:
        """Whether its evidence had to be turned into items of the history first."""
        return self._scopes.get(approach, "").startswith("projection")

    def explains(self, approach: str) -> bool:
        """Whether it gives reasons for any of its recommendations."""
        silent = self._scopes.get(approach, "").startswith(NO_EXPLANATIONS)
        return not silent and self.value(approach, "coverage") != 0

    def _place(self, recommender: str) -> float:
        value = self.value(recommender, self.ndcg)
        return 1.0 if value is None else -value


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.to_dict("records")  # type: ignore[return-value]


def _values(table: pd.DataFrame, name: str) -> Iterator[tuple[tuple[str, str], float]]:
    for row in _rows(table):
        for metric, cell in row.items():
            if metric not in ("approach", "recommender") and (value := finite(cell)) is not None:
                yield (str(row[name]), str(metric)), value


def _paired(tests: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], Paired]]:
    """Every test in both directions."""
    for row in _rows(tests):
        metric, first, second = row["metric"], row["first"], row["second"]
        p, difference = finite(row["p_corrected"]), finite(row["difference"])
        low, high = finite(row["low"]), finite(row["high"])
        if difference is not None:
            yield (metric, first, second), Paired(difference, low, high, p)
            below, above = (None if end is None else -end for end in (high, low))
            yield (metric, second, first), Paired(-difference, below, above, p)
