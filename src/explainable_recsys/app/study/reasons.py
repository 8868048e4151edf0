"""What somebody in a study is recommended, and what each kind of reason says of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.answers.answer import Answer
from explainable_recsys.app.evidence import Scale, drawing
from explainable_recsys.app.opened import mined_from, scale_of
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import shelf_of
from explainable_recsys.data import Lists
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import Stored, load_stored, ratings_of
from explainable_recsys.metrics.projected_evidence import projected_evidence
from explainable_recsys.study.matching import pool_of
from explainable_recsys.study.plan import Plan

Reason = dict[str, Any]
"""Of one item: `sentence`, marked up; `evidence`, its pieces as records, in the order of telling;
and `cited`, ids of the rated items that speak for it, in this order too."""

OF_EVIDENCE = ["position", "style", "evidence_id", "evidence", "weight", "group", "rated_item_id"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What somebody is recommended, and what can be said of it.

    Attributes:
        plan: The study.
        one: The history.
        lists: The recommender's list.
        said: By kind of reason, who explains the list and what they answered.
    """

    plan: Plan
    one: Interactions
    lists: Lists
    said: Mapping[str, tuple[Stored, Answer]]

    @property
    def pool(self) -> pd.DataFrame:
        """The list with a column for each kind of reason; see `matching.pool_of`."""
        sentences = {kind: answer.sentences for kind, (_, answer) in self.said.items()}
        return pool_of(self.lists.table, sentences)

    @cached_property
    def reasons(self) -> dict[str, dict[Any, Reason]]:
        """What each kind says, by item id; nothing where it has no reason."""
        return {kind: _reasons(self.one, answer) for kind, (_, answer) in self.said.items()}

    def drawn(self, kind: str, item: Any) -> dict[str, Any] | None:
        """The evidence of an item as a template draws it; None without any."""
        if item not in self.reasons.get(kind, {}):
            return None
        stored, whole = self.said[kind]
        said = Answer(
            _about(whole.recommendations, item),
            _about(whole.explanations, item),
            _about(whole.sentences, item),
            {name: _about(table, item) for name, table in whole.details.items()},
        )
        own_list = stored.whose == self.plan.recommender
        score = float(said.recommendations["score"].iloc[0])
        shares = own_list or "totals" in said.details  # shares of another's score are none
        scale = scale_of(stored, said, score) if shares else Scale()
        rules = said.details.get("cited_rules")
        found = drawing(said.explanations, ratings_of(self.one), scale, rules, mined_from(stored))
        return None if found is None else asdict(found) | {"span": found.span}


def asked(service: Service, plan: Plan, one: Interactions) -> Prepared:
    """Recommend, and explain it in all ways; the same ratings get the same answer.

    Args:
        service: The approaches of the study's run.
        plan: The study.
        one: A single history.

    Raises:
        NotHereError: If an approach of the plan is not here.
    """
    lists = lister_of(service, plan).listed(one)
    said = {}
    for kind in plan.explained:
        stored = service.stored(kind.approach).offering(plan.pool.length)
        said[kind.name] = stored, stored.answered(one, lists)
    return Prepared(plan, one, lists, said)


def lister_of(service: Service, plan: Plan) -> Stored:
    """An approach with the recommender of the study, asked for lists of its length.

    Films that are known to be for 18 and over are on none, as the app does unless it is told
    otherwise: nobody is asked here, and people under 18 may take part.

    Raises:
        NotHereError: If an approach of the plan is not here.
    """
    stored = [service.stored(kind.approach) for kind in plan.explained] or [service.stored()]
    own = next((one for one in stored if one.whose == plan.recommender), None)
    if own is None:
        own = _with_lister(service, stored[0].pair.record.name, plan.recommender)
    adults = [service.items.known(item) for item in shelf_of(service).adults or ()]
    return own.offering(plan.pool.length, exclude=np.array(adults) if adults else None)


@functools.lru_cache(maxsize=8)
def _with_lister(service: Service, approach: str, recommender: str) -> Stored:
    """An approach, with another recommender whose lists it explains; loaded once."""
    pair = service.stored(approach).pair.record
    return load_stored(service.found.of[approach].catalog, pair, recommender, service.data)


def _reasons(one: Interactions, said: Answer) -> dict[Any, Reason]:
    """What is said of each item for which there is a reason."""
    table = said.explanations.reindex(columns=["item_id", *OF_EVIDENCE]).astype(object)
    pieces: dict[Any, list[dict[Any, Any]]] = {}
    for piece in table.where(table.notna(), None).to_dict("records"):
        pieces.setdefault(piece.pop("item_id"), []).append(piece)
    cited, sentences = _cited(one, said), said.sentences
    return {
        item: {"sentence": sentence, "evidence": pieces[item], "cited": cited.get(item, [])}
        for item, sentence in zip(sentences["item_id"], sentences["sentence"], strict=True)
    }


def _cited(one: Interactions, said: Answer) -> dict[Any, list[Any]]:
    """The rated items that speak for each item, in the order of telling."""
    evidence = said.details.get("projected_evidence", said.explanations)
    cited = projected_evidence(Lists.of(one, said.recommendations), evidence)
    columns = cited.items[cited.recommendations], cited.columns
    pairs = (one.item_ids[of[cited.supports]].tolist() for of in columns)
    found: dict[Any, list[Any]] = {}
    for item, rated in zip(*pairs, strict=True):
        found.setdefault(item, []).append(rated)
    return found


def _about(table: pd.DataFrame, item: Any) -> pd.DataFrame:
    """The rows about an item, where a table tells of items."""
    return table[table["item_id"] == item] if "item_id" in table else table
