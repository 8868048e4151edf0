"""What people ask about a list, beyond the list and its reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explainable_recsys.answers.answer import Answer
from explainable_recsys.app.items import Wanted
from explainable_recsys.app.service import Service
from explainable_recsys.data import Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.counterfactuals import minimal_counterfactual
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import Stored, ratings_of
from explainable_recsys.metrics.greedy import ranks_without
from explainable_recsys.metrics.projected_evidence import projected_evidence
from explainable_recsys.wording import markup

MOST_REMOVED = 10
"""Ratings that the smallest change may take away."""

N_CITED = 3
"""Pieces of evidence that are taken away to see what hangs on them."""


@dataclass(frozen=True)
class Fall:
    """Where an item would be without some of the ratings.

    Attributes:
        removed: Ids of the rated items that are taken away.
        old_rank: Place among all that may be recommended.
        new_rank: Place then; 0 if nothing leads to it any more.
        minimal: Of the smallest change, whether every smaller one was tried; else None.
    """

    removed: tuple[Any, ...]
    old_rank: int
    new_rank: int
    minimal: bool | None = None


@dataclass(frozen=True)
class Elsewhere:
    """What another approach says about the same item.

    Attributes:
        approach: Its name.
        rank: Place of the item in this approach's own order; 0 if it would never recommend it.
        sentence: Its reason, marked up; None if it has none.
        silence: Why it has none, or does not recommend the item; else empty.
    """

    approach: str
    rank: int
    sentence: str | None
    silence: str = ""


def without_reasons(
    stored: Stored, one: Interactions, item_id: Any, n_cited: int = N_CITED
) -> Fall | None:
    """Take the first rated items away that a reason cites or rests on: its own faithfulness.

    Args:
        stored: Who answers.
        one: A single history.
        item_id: A recommended item, on the list or not.
        n_cited: How many rated items are taken away.

    Returns:
        None where there is no reason, or it rests on nothing that was rated.

    Raises:
        InputError: As `Stored.about`.
    """
    said = stored.answered(one, stored.place(one, item_id))
    return without_cited(stored, one, said, n_cited)


def without_cited(
    stored: Stored, one: Interactions, said: Answer, n_cited: int = N_CITED
) -> Fall | None:
    """`without_reasons`, given what was answered about one item with its place."""
    evidence = said.details.get("projected_evidence", said.explanations)
    if evidence.empty:
        return None
    asked = Lists.of(one, said.recommendations)
    cited = projected_evidence(asked, evidence)
    columns = cited.columns[cited.supports][:n_cited]
    if not len(columns):
        return None
    ranker, k = stored.ranker(), stored.recommendation.n
    ranks = ranks_without(
        ranker, one.ratings, np.zeros(1, np.int64), asked.items, columns[None, :], k
    )
    removed = tuple(one.item_ids[columns].tolist())
    return Fall(removed, int(asked.table["rank"].iloc[0]), int(ranks[0]))


def smallest_change(stored: Stored, one: Interactions, item_id: Any) -> Fall | None:
    """The fewest ratings without which an item is not on the list.

    Returns:
        None if there are none of up to `MOST_REMOVED` ratings.

    Raises:
        InputError: If the item is not on the list.
    """
    asked = stored.recommendation
    found = minimal_counterfactual(
        stored.lister,
        stored.data,
        ratings_of(one),
        item_id,
        asked.n,
        MOST_REMOVED,
        min_ratings=asked.min_ratings,
        only=stored.only,
        exclude=stored.exclude,
    )
    if found is None:
        return None
    return Fall(found.removed, found.old_rank, found.new_rank, found.minimal)


def elsewhere(
    service: Service,
    one: Interactions,
    item_id: Any,
    names: Iterable[str],
    wanted: Wanted = Wanted(),  # noqa: B008  frozen
) -> list[Elsewhere]:
    """The same item, explained by other approaches, each with the place in its own order.

    Args:
        service: Who answers.
        one: A single history.
        item_id: The item.
        names: Of the approaches, such as `service.ready`.
        wanted: What may be on their lists.
    """
    return [_elsewhere(name, service.asked(name, wanted), one, item_id) for name in names]


def _elsewhere(name: str, stored: Stored, one: Interactions, item_id: Any) -> Elsewhere:
    try:
        asked = stored.place(one, item_id)
    except InputError as error:
        return Elsewhere(name, 0, None, str(error))
    sentences = stored.answered(one, asked).sentences["sentence"]
    told = len(sentences) > 0 and markup.is_text(sentences.iloc[0])
    rank = int(asked.table["rank"].iloc[0])
    return Elsewhere(
        name, rank, sentences.iloc[0] if told else None, "" if told else stored.pair.silence
    )
