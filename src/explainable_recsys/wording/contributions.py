"""Sentences about ratings that a score is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import percentage
from explainable_recsys.wording.phrases import phrase


def contribution_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
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
    listed = cited.merge(lists.table[[*columns.KEYS, "score"]], on=columns.KEYS, how="left")
    weights, scores = (listed[name].to_numpy(np.float64) for name in ("weight", "score"))
    positive = scores > 0
    shares = np.divide(100 * weights, scores, out=np.zeros_like(weights), where=positive)
    pieces = columns.fill_each(
        [phrase("{item} ★{rating}"), phrase("{item} ★{rating} ({share})")],
        positive,
        item=columns.items(cited["evidence"]),
        rating=columns.ratings(lists.histories, cited),
        share=columns.written(np.rint(shares), percentage),
    )
    starts = np.flatnonzero(cited["position"].to_numpy() == 1)
    named = columns.enumerate_runs(pieces, starts)
    sentences = columns.fill(phrase("Recommended because you rated {items}."), items=named)
    return columns.sentence_table(cited.iloc[starts], sentences)
