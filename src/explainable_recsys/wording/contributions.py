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
    """Say which ratings a recommendation rests on, and how much of what supports it they are.

    For example "Recommended because you rated ⟨Aliens⟩ ★5 (42 %), ⟨Alien⟩ ★4 (31 %); ⟨Grease⟩ ★2
    speaks against it." A percentage is the piece's weight over all positive weights of the history.

    Args:
        explained: Style `item`; the detail `totals` of `explain_by_contributions`.
        data: Not needed, nor is knowledge; all functions that write sentences take the same.
        lists: With the histories for the ratings.
        parameters: How many supporting items are named; of opposing ones the strongest is.
        knowledge: See data.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per recommendation that at least
        one rated item supports.
    """
    table, totals = explained.evidence, explained.details["totals"]
    table = table.merge(totals[totals["supporting"] > 0], on=columns.KEYS)
    sides = columns.Sides(table, parameters.n_cited)
    rated = columns.fill(
        phrase("{item} ★{rating}"),
        item=columns.items(table["evidence"]),
        rating=columns.ratings(lists.histories, table),
    )
    shares = np.rint(100 * sides.weights / table["supporting"].to_numpy())
    pieces = columns.fill(
        phrase("{item} ({share})"),
        item=sides.cited_of(rated),
        share=sides.cited_of(columns.written(shares, percentage)),
    )
    return sides.sentences(
        phrase("{opposing} speaks against it."),
        phrase("Recommended because you rated {supporting}."),
        phrase("Recommended because you rated {supporting}; {opposing} speaks against it."),
        supporting=columns.enumerate_runs(pieces, sides.starts),
        opposing=rated,
        weight=rated,
    )
