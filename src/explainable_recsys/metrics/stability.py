"""How much of an explanation stays the same when a model is trained again."""

from __future__ import annotations

import pandas as pd

PAIR = ["user_id", "item_id"]


def explanation_overlap(first: pd.DataFrame, second: pd.DataFrame, n_cited: int) -> pd.DataFrame:
    """Compare two explanations of each recommendation by the evidence that they cite.

    With A and B the first `n_cited` different pieces of evidence of either, the overlap is the
    number of those in both over that of those in any of the two (Jaccard): 1 if both cite the
    same, in whatever order, 0 if they share nothing or one of them has no explanation.

    Args:
        first: Columns `user_id`, `item_id`, `position` (from 1), `evidence_id`, in any row
            order. A piece without `evidence_id` is not compared.
        second: The same of the other explanations.
        n_cited: How many pieces of evidence count, from 1.

    Returns:
        Columns `user_id`, `item_id`, `jaccard`, sorted; one row per recommendation that at
        least one of the two explains.
    """
    cited = [_cited(table, n_cited) for table in (first, second)]
    together = pd.concat(cited).groupby([*PAIR, "evidence"]).size()
    shared = (together == 2).groupby(level=PAIR).mean()
    return shared.rename("jaccard").reset_index()


def _cited(explanations: pd.DataFrame, n_cited: int) -> pd.DataFrame:
    """First pieces of evidence of every explanation; ids are compared as text."""
    known = explanations[explanations["evidence_id"].notna()].sort_values("position")
    cited = known[PAIR].assign(evidence=known["evidence_id"].astype(str)).drop_duplicates()
    return cited[cited.groupby(PAIR).cumcount() < n_cited]
