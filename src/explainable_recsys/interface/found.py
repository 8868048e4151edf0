"""What a run found out, or what is stored of all runs, to be shown in the terminal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from kedro.io import DataCatalog

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.data import Data
from explainable_recsys.interface.runs import version_of
from explainable_recsys.interface.stored import load_data, silence_of, stored_example
from explainable_recsys.metrics.records import read
from explainable_recsys.pipelines.judging import is_absent
from explainable_recsys.reporting.people import users_lists
from explainable_recsys.wording.markup import is_text

WHOLE = 10**9
"""More than any list is long."""

Metrics = dict[str, dict[str, Any]]
"""Values by metric, by recommender or approach."""


@dataclass(frozen=True, eq=False)
class Found:
    """Metrics of those who were judged alike, on the data at hand.

    Attributes:
        catalog: Where everything else is.
        lists: Metrics by recommender, the highest nDCG first.
        reasons: Metrics by approach, that of the best lists first.
        judged_on: The data, `k`, `relevance` and `n_users`.
        left_out: Who was judged on other data, or otherwise.
    """

    catalog: DataCatalog
    lists: Metrics
    reasons: Metrics
    judged_on: Mapping[str, Any]
    left_out: list[str]
    _said: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def ndcg(self) -> str:
        """The metric by which lists are ordered."""
        return f"ndcg@{self.judged_on['k']}"

    @property
    def n_cited(self) -> int:
        """How many cited items are taken away to see what happens; 0 if none are."""
        columns = (read(c) for values in self.reasons.values() for c in values if "pos@" in c)
        return next((n for column in columns if (n := column.n_cited) is not None), 0)

    @property
    def pos(self) -> str:
        """The metric of what stays without the cited items."""
        return f"pos@{self.judged_on.get('k')},{self.n_cited}"

    def tests(self, made: Collection[str] | None) -> dict[str, dict[str, bool]]:
        """Whether an approach's evidence is better than each control's in all of POS and DEL.

        Args:
            made: As in `find`; of stored tests those count that are as new as the metrics.
        """
        is_there = "control_tests" in made if made is not None else self.has("control_tests")
        tests = self.catalog.load("control_tests") if is_there else pd.DataFrame()
        at = version_of(self.catalog, "control_tests") or ""
        verdicts: dict[str, dict[str, bool]] = {}
        for row in tests.to_dict("records"):
            name, metric, verdict = row["approach"], row["metric"], row["verdict"]
            if metric not in (self.pos, f"del@{self.n_cited}") or name not in self.reasons:
                continue
            if is_text(verdict) and (version_of(self.catalog, f"{name}.metrics") or "") <= at:
                of = verdicts.setdefault(name, {"random": True, "popular": True})
                of[row["control"]] &= verdict == "better"
        return verdicts

    def has(self, name: str) -> bool:
        """Whether something is stored."""
        return _has(self.catalog, name)

    @cached_property
    def data(self) -> Data:
        """Titles and histories."""
        return load_data(self.catalog)

    @cached_property
    def user(self) -> Any | None:
        """The example user; None if nobody is explained anything."""
        return stored_example(self.catalog, self.data.histories)

    @cached_property
    def lists_of_example(self) -> pd.DataFrame:
        """That user's lists with the reasons of all approaches, as `users_lists` gathers them."""
        user = self.user
        said = {name: t for name in self.reasons if (t := self._sentences(name)) is not None}
        of = {name: f"{APPROACHES[name].recommender}.recommendations" for name in said}
        made = {entry: self.catalog.load(entry) for entry in dict.fromkeys(of.values())}
        lists = {name: made[entry] for name, entry in of.items()}
        return users_lists(lists, said, self.data.items, [user], WHOLE)

    @cached_property
    def silences(self) -> dict[str, str]:
        """By approach, why it has no reason for some recommendations."""
        return {name: silence_of(self.catalog, APPROACHES[name]) for name in self.reasons}

    def _sentences(self, approach: str) -> pd.DataFrame | None:
        """What an approach says, read once."""
        if approach not in self._said and self.has(f"{approach}.sentences"):
            self._said[approach] = self.catalog.load(f"{approach}.sentences")
        return self._said.get(approach)


def find(catalog: DataCatalog, made: Collection[str] | None = None) -> Found:
    """Gather what a run found out, and the controls' metrics to compare with.

    Args:
        catalog: Where it is.
        made: Names of the datasets that the run made; None for all that is stored.
    """
    facts_of = {name: f"{name}.evaluated_on" for name in (*RECOMMENDERS, *APPROACHES)}
    own = [n for n, of in facts_of.items() if (made is None or of in made) and _has(catalog, of)]
    beside = [n for n in CONTROLS if own and n not in own and _has(catalog, facts_of[n])]
    names = [*own, *beside]
    judged = {name: catalog.load(facts_of[name]) for name in names}
    at_hand = catalog.load("data_version") if names else {}
    of_data = [name for name in own if at_hand.items() <= judged[name].items()]
    latest = max(of_data, key=lambda name: version_of(catalog, f"{name}.metrics") or "", default="")
    facts = _rules(judged.get(latest, {}))
    alike = [name for name in names if latest and _rules(judged[name]) == facts]
    alike = [name for name in alike if not _is_outdated(catalog, name)]
    metrics = {name: catalog.load(f"{name}.metrics") for name in alike}
    n_users = max((judged[name].get("n_users", 0) for name in alike), default=0)
    column = f"ndcg@{facts.get('k')}"
    place = {name: -(metrics[name].get(column) or 0) for name in alike if name in RECOMMENDERS}
    place |= {n: place.get(APPROACHES[n].recommender, 1) for n in alike if n in APPROACHES}
    ranked = {name: metrics[name] for name in sorted(alike, key=lambda name: (place[name], name))}
    return Found(
        catalog,
        {name: values for name, values in ranked.items() if name in RECOMMENDERS},
        {name: values for name, values in ranked.items() if name in APPROACHES},
        facts | {"n_users": n_users},
        [name for name in own if name not in alike],
    )


def _is_outdated(catalog: DataCatalog, name: str) -> bool:
    """Whether an approach was judged before a run that was interrupted made its lists anew."""
    if name not in APPROACHES:
        return False
    lists = version_of(catalog, f"{APPROACHES[name].recommender}.recommendations")
    judged = version_of(catalog, f"{name}.metrics")
    return judged is not None and lists is not None and judged < lists


def _rules(judged_on: Mapping[str, Any]) -> dict[str, Any]:
    """On which data, and how: what has to be the same to be compared."""
    return {key: value for key, value in judged_on.items() if key != "n_users"}


def _has(catalog: DataCatalog, name: str) -> bool:
    return catalog.exists(name) and not is_absent(catalog, name)
