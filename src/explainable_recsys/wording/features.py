"""Sentences about what a recommended item has in common with what the user rated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import percentage
from explainable_recsys.wording.phrases import phrase


def feature_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say which features an item shares with rated ones, and how much of its score they are.

    For example "⟨Alien⟩ shares with what you rated: Sci-Fi (31 %, as in ⟨Aliens⟩ ★5), from
    the 1970s (12 %)." A rated item is named with the first feature that rests on it. What rests
    on no rated item, such as popularity, is in the shares but is not told.

    Args:
        explained: Style `feature`, all features that a score is made of: `evidence` such as
            `Sci-Fi`, `weight` the feature's part of the score, `rated_item_id` the rated
            item that carries most of it (may be missing).
        data: With the titles.
        lists: With the histories, for the ratings.
        parameters: How many features are named.
        knowledge: Not needed.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per recommendation that at least one
        feature supports.
    """
    evidence = explained.evidence
    weights = evidence["weight"].astype(np.float64)
    shares = weights / weights.groupby([evidence[key] for key in columns.KEYS]).transform("sum")
    evidence = evidence.assign(share=100 * shares)
    told = evidence[evidence["rated_item_id"].notna() & (evidence["weight"] > 0)]
    place = told.groupby(columns.KEYS, sort=False).cumcount()
    cited = told[place < parameters.n_cited]
    starts = np.flatnonzero(place[place < parameters.n_cited].to_numpy() == 0)
    rests = ~cited.duplicated([*columns.KEYS, "rated_item_id"])
    rows = np.flatnonzero(rests)
    resting = cited.iloc[rows]
    pieces = columns.fill_each(
        [phrase("{feature} ({share})"), phrase("{feature} ({share}, as in {item} ★{rating})")],
        rests.to_numpy(),
        feature=columns.labels(cited["evidence"]),
        share=columns.written(np.rint(cited["share"].to_numpy()), percentage),
        item=columns.spread(columns.items_of(data, resting["rated_item_id"]), rows, len(cited)),
        rating=columns.spread(columns.ratings(lists.histories, resting), rows, len(cited)),
    )
    sentences = columns.fill(
        phrase("{item} shares with what you rated: {features}."),
        item=columns.items_of(data, cited["item_id"].iloc[starts]),
        features=columns.enumerate_runs(pieces, starts),
    )
    return columns.sentence_table(cited.iloc[starts], sentences)
