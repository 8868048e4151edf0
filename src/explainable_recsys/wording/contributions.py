"""Sentences about ratings that a score is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording.columns import (
    KEYS,
    Citing,
    enumerate_runs,
    fill,
    fill_each,
    items,
    ratings,
    sentence_table,
    written,
)
from explainable_recsys.wording.numbers import percentage
from explainable_recsys.wording.phrases import phrase


def contribution_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say which ratings a recommendation rests on, and how much of its score they make up.

    For example "Recommended because you rated ⟨Aliens⟩ ★5 (42 %), ⟨Alien⟩ ★4 (31 %)." A score that
    is not positive has no shares.

    Args:
        explained: Style `item`.
        data: Not needed, nor is knowledge; all functions that write sentences take the same.
        lists: With the scores, and the histories for the ratings.
        parameters: How many supporting items are named.
        knowledge: See data.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per recommendation that at least
        one rated item supports.
    """
    evidence = explained.evidence
    cited = evidence[(evidence["position"] <= parameters.n_cited) & (evidence["weight"] > 0)]
    listed = cited[KEYS].merge(lists.table[[*KEYS, "score"]], on=KEYS, how="left")
    weights, scores = (t.to_numpy(np.float64) for t in (cited["weight"], listed["score"]))
    positive = scores > 0
    shares = np.divide(100 * weights, scores, out=np.zeros_like(weights), where=positive)
    pieces = fill_each(
        [phrase("{item} ★{rating}"), phrase("{item} ★{rating} ({share})")],
        positive,
        item=items(cited["evidence"]),
        rating=ratings(lists.histories, cited),
        share=written(np.rint(shares), percentage),
    )
    starts = np.flatnonzero(cited["position"].to_numpy() == 1)
    sentences = fill(
        phrase("Recommended because you rated {items}."), items=enumerate_runs(pieces, starts)
    )
    return sentence_table(cited.iloc[starts], sentences)
