"""Everything that a report says, before it is put into words and tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from explainable_recsys.wording.numbers import date
from explainable_recsys.wording.phrases import later, phrase
from explainable_recsys.wording.runs import named_run


@dataclass(frozen=True, eq=False)
class ReportContent:
    """The results of one evaluation. Tables may be empty, and may lack columns.

    Columns of metrics have beside a metric its `/low`, `/high` and `/n`; values are NaN where
    somebody has none.

    Attributes:
        card: The dataset card, with `version`, a fingerprint of the data.
        protocol: How it was evaluated: value by readable label.
        accuracy: One row per recommender: `recommender` and metrics of its lists and ratings.
        explanation_quality: One row per approach: `approach`, `recommender` and metrics of its
            explanations; for those of faithfulness the same of controls, `/random`, `/popular`.
        scope: `approach` and `scope`, what its faithfulness was measured on: `cited items`,
            `projection: …`, `not applicable: …` or `no explanations`.
        accuracy_tests: Between recommenders: `metric`, `first`, `second`, `n_users`, `difference`
            (first less second), `low`, `high`, `p_value`, `p_corrected`.
        explanation_tests: The same between approaches.
        control_tests: `approach`, `metric`, `control`, `n_users`, `own`, `of_control`,
            `difference`, `low`, `high`, `p_value`, `p_corrected`, `verdict` (better, worse, no
            difference).
        stability: `approach`, `n_cited`, `jaccard`, `low`, `high`, `n_users`,
            `n_recommendations`, `n_retrainings`.
        evidence_told: `approach` and the columns of `oversight.evidence_told`.
        reasons_by_group: The same of `oversight.reasons_by_group`.
        items_reached: The same of `oversight.items_reached`.
        figures: Plotly figures by heading, in the order of the report.
        examples: Lists of some users, those of each approach's recommender: `user_id`,
            `approach`, `rank`, `item_id`, `title`, `year` (may be missing), `score`, `sentence`
            (may be missing).
        histories: What those users rated, best first: `user_id`, `item_id`, `title`, `year`,
            `rating`.
        provenance: `run`, `manifest`, `commit` (or None), `dirty`, `env`, `data_version`;
            `given`, the parameters of the command line; `earlier`, by run those of earlier runs
            that had any, and whose results they `made`; `diagnostics`, where stability, sweeps and
            frontiers are of another run: which.
        k: Length of the lists.
        n_cited: Number of cited items taken out or kept to measure faithfulness.
        intrinsic: Approaches whose reasons are how the score was made; the others are post hoc.
        titles: Readable names of recommenders and approaches.
        about: What they are, in a line each.
        seconds: How long it took to explain one recommendation, by approach, as far as known.
        fold_in: What `diagnostics` found of people who are folded in, by recommender.
        fold_in_seconds: The times of that.
    """

    card: dict[str, Any]
    protocol: dict[str, str]
    accuracy: pd.DataFrame
    explanation_quality: pd.DataFrame
    scope: pd.DataFrame
    accuracy_tests: pd.DataFrame
    explanation_tests: pd.DataFrame
    control_tests: pd.DataFrame
    stability: pd.DataFrame
    evidence_told: pd.DataFrame
    reasons_by_group: pd.DataFrame
    items_reached: pd.DataFrame
    figures: dict[str, Any]
    examples: pd.DataFrame
    histories: pd.DataFrame
    provenance: dict[str, Any]
    k: int
    n_cited: int = 3
    intrinsic: Collection[str] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    fold_in: pd.DataFrame = field(default_factory=pd.DataFrame)
    fold_in_seconds: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def name(self) -> str:
        """Name of the data set."""
        return str(self.card.get("name") or phrase("unnamed data"))

    def known(self, fact: str) -> str:
        """A fact of the provenance."""
        return str(self.provenance.get(fact) or phrase("not known"))

    @property
    def commit(self) -> str:
        """The version of the code, and whether it was changed."""
        text = later("{commit}, with uncommitted changes")
        commit = self.known("commit")
        return phrase(text, commit=commit) if self.provenance.get("dirty") else commit

    @property
    def run(self) -> str:
        """When the run began, and what it was given: `2026-11-30 21:28 UTC, with n=20`."""
        began = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d)\.(\d\d)\..*", self.known("run"))
        when = f"{date(began[1])} {began[2]}:{began[3]} UTC" if began else self.known("run")
        return named_run(when, self.provenance.get("given", {}))

    @property
    def earlier_runs(self) -> list[str]:
        """Earlier runs with parameters of their own, and whose results are theirs."""
        earlier = self.provenance.get("earlier", {})
        return [
            phrase("{made}: run {run}", made=", ".join(of["made"]), run=named_run(run, of["given"]))
            for run, of in earlier.items()
        ]
