"""Sentences about people of similar taste, and about similar items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import phrase


def neighbour_sentences(
    explained: Explained,
    data: Data,
    lists: Lists,
    parameters: columns.Citing,
    *,
    neighbourhood: NeighbourhoodParameters,
    **knowledge: Any,
) -> pd.DataFrame:
    """Say how many of the nearest people liked an item, or which similar items the user liked.

    For example "7 of the 10 people whose taste is nearest to yours liked it (★5 × 3, ★4 × 4); 1
    rated it lower (★2 × 1)."

    Args:
        explained: Style `neighbour`, `evidence_id` being a rating and `weight` how many gave it,
            below 0 if they did not like the item; or style `item`.
        data: What counts as liked. Lists and other knowledge are not needed.
        lists: See data.
        parameters: How many similar items are named.
        neighbourhood: How many neighbours there are.
        knowledge: See data.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    evidence, all_rated = explained.evidence, data.liking.everything
    if (evidence["style"] == "item").all():
        return similar_item_sentences(explained, data, lists, parameters)
    weights = evidence["weight"].to_numpy(np.int64)
    pieces = columns.fill(
        phrase("★{rating} × {count}"),
        rating=columns.written(evidence["evidence_id"].astype(np.float64).to_numpy(), short),
        count=columns.written(np.abs(weights), short),
    )
    starts = np.flatnonzero(evidence["position"].to_numpy() == 1)
    number = np.cumsum(evidence["position"].to_numpy() == 1) - 1
    n, sides = len(starts), (weights > 0, weights < 0)
    for_it, against = (_told_together(pieces, number, side) for side in sides)
    counts = [np.bincount(number, np.abs(weights) * side, n) for side in sides]
    opposed = np.unique(number[sides[1]])
    supported = phrase("{n} of the {k} people whose taste is nearest to yours liked it ({ratings})")
    if all_rated:
        supported = phrase(
            "{n} of the {k} people whose taste is nearest to yours rated it ({ratings})"
        )
    sentences = columns.fill_each(
        ["{supported}.", phrase("{supported}; {m} rated it lower ({against}).")],
        np.isin(np.arange(n), opposed),
        supported=columns.fill(
            supported,
            n=columns.written(counts[0], short),
            k=short(neighbourhood.k),
            ratings=for_it,
        ),
        m=columns.written(counts[1], short),
        against=columns.spread(against, opposed, n),
    )
    return columns.sentence_table(evidence.iloc[starts], sentences)


def _told_together(
    pieces: pa.LargeStringArray, number: NDArray[np.int64], side: NDArray[np.bool_]
) -> pa.LargeStringArray:
    """The pieces of one side of each recommendation, by number, that has any."""
    rows = np.flatnonzero(side)
    first = np.flatnonzero(np.diff(number[rows], prepend=-1))
    return columns.enumerate_runs(pieces.take(pa.array(rows)), first)


def similar_item_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: Any, **knowledge: Any
) -> pd.DataFrame:
    """Say which similar items the user liked.

    For example "People rate it much as they rate ⟨Alien⟩ ★5 and ⟨Aliens⟩ ★4, which you liked."

    Args:
        explained: Style `item`.
        data: What counts as liked.
        lists: With the histories, for the ratings.
        parameters: How many are named.
        knowledge: Not needed.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    evidence = explained.evidence
    cited = evidence[evidence["position"] <= parameters.n_cited]
    starts = np.flatnonzero(cited["position"].to_numpy() == 1)
    sentence = (
        phrase("People rate it much as they rate {items}, which you know.")
        if data.liking.everything
        else phrase("People rate it much as they rate {items}, which you liked.")
    )
    named = columns.fill(
        phrase("{item} ★{rating}"),
        item=columns.items(cited["evidence"]),
        rating=columns.ratings(lists.histories, cited),
    )
    named = columns.enumerate_runs(named, starts, with_and=True)
    return columns.sentence_table(cited.iloc[starts], columns.fill(sentence, items=named))
