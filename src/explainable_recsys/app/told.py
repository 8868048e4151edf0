"""What the API tells of a history, a list and its reasons, as plain Python values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.app.questions import Fall
from explainable_recsys.app.service import Service
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.replies import recommended, records
from explainable_recsys.interface.stored import Stored, ratings_of
from explainable_recsys.interface.what_if import compared, words_of
from explainable_recsys.reporting.people import Person


def named(service: Service) -> dict[str, str]:
    """The run that answers, its data and their version."""
    card = service.card
    return {"run": service.run.id, "data": card["name"], "data_version": card["version"]}


def about(service: Service, stored: Stored, one: Interactions, user: Any) -> dict[str, Any]:
    """Who answers whom.

    Args:
        service: Of which run.
        stored: Who answers.
        one: A single history.
        user: None for somebody new.
    """
    record = stored.pair.record
    return {
        **named(service),
        "approach": record.name,
        "recommender": record.recommender,
        "explainer": record.explainer,
        "user_id": None if user is None else plain_id(one.user_ids[0]),
        "history": history_of(service, one),
        "n": stored.recommendation.n,
    }


def history_of(service: Service, one: Interactions) -> list[dict[str, Any]]:
    """What is rated in a single history, best first, ties in the order of the catalogue."""
    columns, ratings = one.ratings.indices, one.ratings.data
    order = np.lexsort((columns, -ratings))
    return [
        rated(service, int(column), float(rating))
        for column, rating in zip(columns[order], ratings[order], strict=True)
    ]


def rated(service: Service, column: int, rating: float) -> dict[str, Any]:
    """An item of the catalogue, and its rating."""
    facts = service.items.rows[column]
    return {name: facts[name] for name in ("item_id", "title", "year")} | {"rating": rating}


def listed(
    service: Service, stored: Stored, one: Interactions, explain: bool
) -> tuple[list[dict[str, Any]], Person]:
    """A list, with reasons or without; as rows, and for whom."""
    if explain:
        someone = stored.asked(one)
        return recommended(someone, stored.pair.silence), someone
    table = stored.listed(one).table
    nothing = {"sentence": None, "no_reason": None, "evidence": None}
    rows = []
    for item_id, rank, score in zip(table["item_id"], table["rank"], table["score"], strict=True):
        facts = {**service.items.row(item_id)}
        del facts["genres"]
        rows.append({"rank": rank, **facts, "score": plain_score(score), **nothing})
    return rows, Person(one.user_ids[0], pd.DataFrame(), table, pd.DataFrame())


def with_changes(
    service: Service,
    stored: Stored,
    one: Interactions,
    changes: Sequence[Change],
    explain: bool,
) -> dict[str, Any]:
    """A list before and after changes of the history.

    Raises:
        InputError: As `Stored.changed`.
    """
    then = stored.changed(one, changes)
    before, was = listed(service, stored, one, explain)
    after, now = listed(service, stored, then, explain)
    old = ratings_of(one)
    return {
        "changes": [
            {
                "item_id": plain_id(change.item_id),
                "title": stored.titled(change.item_id),
                "rating": change.rating,
                "old_rating": None if change.item_id not in old else float(old[change.item_id]),
            }
            for change in changes
        ],
        "words": words_of(stored, one, changes),
        "before": before,
        "after": after,
        "moves": records(compared(stored, one, changes, was, now)),
    }


def fall(service: Service, one: Interactions, found: Fall | None) -> dict[str, Any] | None:
    """Where an item would be without some ratings."""
    if found is None:
        return None
    columns, old = one.item_columns(np.asarray(found.removed)), ratings_of(one)
    removed = [
        rated(service, int(column), float(old[item_id]))
        for column, item_id in zip(columns, found.removed, strict=True)
    ]
    told = {"removed": removed, "old_rank": found.old_rank, "new_rank": found.new_rank}
    return told if found.minimal is None else told | {"minimal": found.minimal}


def about_item(stored: Stored, one: Interactions, item_id: Any) -> dict[str, Any]:
    """One item, its place and its reason.

    Raises:
        InputError: If it cannot be recommended.
    """
    (row,) = recommended(stored.about(one, item_id), stored.pair.silence)
    return row


def each_once(pairs: Iterable[tuple[Any, float | None]], where: str) -> dict[Any, float | None]:
    """Ratings by item.

    Args:
        pairs: Ids of items, and ratings.
        where: What they are called.

    Raises:
        InputError: If an item stands there twice, once as a number and once as text or not.
    """
    found: dict[str, tuple[Any, float | None]] = {}
    for item_id, rating in pairs:
        key = str(item_id).strip()
        if key in found:
            raise InputError(f"{where}: item {key[:40]} stands there twice; accepted: each once")
        found[key] = item_id, rating
    return dict(found.values())


def plain_id(value: Any) -> Any:
    """An id as Python has it."""
    return value.item() if isinstance(value, np.generic) else value


def plain_score(value: Any) -> float | None:
    """A score; None where there is none."""
    return float(value) if np.isfinite(value) else None
