"""Sentences about people of similar taste, and about similar items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

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

    For example "7 of the 10 people whose taste is nearest to yours rated it 4 or more (★5 × 3,
    ★4 × 4, ★2 × 1)."

    Args:
        explained: Style `neighbour`, `evidence_id` being a rating; or style `item`.
        data: Not needed, nor are lists and other knowledge.
        lists: See data.
        parameters: How many similar items are named.
        neighbourhood: How many neighbours there are, and from which rating on they speak for
            the item.
        knowledge: See data.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    evidence, threshold = explained.evidence, neighbourhood.relevance_threshold
    if (evidence["style"] == "item").all():
        return _similar_items(evidence, threshold, parameters.n_cited)
    starts = np.flatnonzero(evidence["position"].to_numpy() == 1)
    rated = evidence["evidence_id"].astype(np.float64).to_numpy()
    counts = evidence["weight"].to_numpy(np.int64)
    pieces = columns.fill(
        phrase("★{rating} × {count}"),
        rating=columns.written(rated, short),
        count=columns.written(counts, short),
    )
    speak = counts if threshold is None else np.where(rated < threshold, 0, counts)
    sentence = (
        phrase("{n} of the {k} people whose taste is nearest to yours rated it ({ratings}).")
        if threshold is None
        else phrase(
            "{n} of the {k} people whose taste is nearest to yours rated it {rating} or more "
            "({ratings})."
        )
    )
    sentences = columns.fill(
        sentence,
        n=columns.written(np.add.reduceat(speak, starts), short),
        k=short(neighbourhood.k),
        rating=short(threshold or 0),
        ratings=columns.enumerate_runs(pieces, starts),
    )
    return columns.sentence_table(evidence.iloc[starts], sentences)


def similar_item_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: Any, **knowledge: Any
) -> pd.DataFrame:
    """Say which similar items the user liked.

    For example "You rated similar items highly: ⟨Alien⟩, ⟨Aliens⟩."

    Args:
        explained: Style `item`.
        data: Not needed, nor are lists and knowledge.
        lists: See data.
        parameters: From which rating on items are evidence, None for any, and how many are named.
        knowledge: See data.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    return _similar_items(explained.evidence, parameters.relevance_threshold, parameters.n_cited)


def _similar_items(evidence: pd.DataFrame, threshold: float | None, n_cited: int) -> pd.DataFrame:
    cited = evidence[evidence["position"] <= n_cited]
    starts = np.flatnonzero(cited["position"].to_numpy() == 1)
    sentence = (
        phrase("You rated similar items: {items}.")
        if threshold is None
        else phrase("You rated similar items highly: {items}.")
    )
    named = columns.enumerate_runs(columns.items(cited["evidence"]), starts)
    return columns.sentence_table(cited.iloc[starts], columns.fill(sentence, items=named))
