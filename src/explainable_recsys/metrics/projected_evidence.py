"""Explanations in terms of rated items, whatever they are made of: what faithfulness takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import Lists
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.explainers.tables import check_evidence
from explainable_recsys.interactions import Interactions

NOT_APPLICABLE = "not applicable: evidence that is no part of the history"
NO_EXPLANATIONS = "no explanations"


@dataclass(frozen=True, eq=False)
class Cited:
    """Recommendations and the rated items that are cited for them, both in order of the users.

    Attributes:
        users: (m,) row of the user of each recommendation with at least one cited item, ascending.
        items: (m,) column of the recommended item.
        recommendations: (p,) recommendation that each piece belongs to, ascending.
        columns: (p,) column of the cited item, in the order of telling.
        supports: (p,) whether the piece speaks for the recommendation.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    recommendations: NDArray[np.int64]
    columns: NDArray[np.int64]
    supports: NDArray[np.bool_]


def projected_evidence(lists: Lists, evidence: pd.DataFrame) -> Cited:
    """Find the items of the user's history that each recommendation's evidence rests on.

    Pieces stay in the order in which they are told. Those that rest on no item of the user's
    history are left out, and so are all but the first of those that rest on the same item.

    Args:
        lists: What is explained, with ranks.
        evidence: Columns `user_id`, `item_id`, `rated_item_id` (may be missing), `weight` (above
            0: it supports), and in explanations `position`; without, rows are told as they come.

    Raises:
        InputError: If the evidence lacks a column.
    """
    check_evidence(evidence, "rated_item_id", "weight")
    if "position" in evidence:
        evidence = evidence.sort_values("position", kind="stable")
    lists = lists.take(np.lexsort((lists.table["rank"], lists.users)))
    n_items = lists.histories.n_items
    pieces = lists.positions_of(evidence)
    columns = rated_columns(evidence["rated_item_id"], lists.histories)
    kept = (pieces >= 0) & (columns >= 0)
    kept[kept] = is_rated(lists.histories, lists.users[pieces[kept]], columns[kept])
    pieces, columns = pieces[kept], columns[kept]
    weights = evidence["weight"].to_numpy(np.float64)[kept]
    order = np.argsort(pieces, kind="stable")
    pieces, columns, weights = pieces[order], columns[order], weights[order]
    _, first = np.unique(pieces * n_items + columns, return_index=True)
    first.sort()
    pieces, columns, weights = pieces[first], columns[first], weights[first]
    explained, numbers = np.unique(pieces, return_inverse=True)
    return Cited(lists.users[explained], lists.items[explained], numbers, columns, weights > 0)


def rated_columns(rated_item_ids: pd.Series[Any], catalogue: Interactions) -> NDArray[np.int64]:
    """Catalogue column of each rated item; -1 where there is none, or not in the catalogue."""
    there = rated_item_ids.notna().to_numpy()
    columns = np.full(len(there), -1, np.int64)
    columns[there] = catalogue.item_columns(rated_item_ids[there])
    return columns


def faithfulness_scope(evidence: pd.DataFrame | None, projected: bool) -> str:
    """In words, what faithfulness takes away for the explanations of an approach.

    Args:
        evidence: The evidence table; None without one.
        projected: Whether the approach says itself which rated items its evidence rests on.
    """
    if evidence is None or evidence.empty:
        return NO_EXPLANATIONS
    if not projected:
        evidence = evidence[evidence["rated_item_id"].notna()]
    found = set(evidence["style"])
    taken = [style.taken_away for style in STYLES.values() if style.name in found]
    return "; ".join(filter(None, taken)) or NOT_APPLICABLE


def is_rated(
    histories: Interactions, users: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each user rated the item in each column."""
    ratings = histories.ratings
    rows = np.repeat(np.arange(histories.n_users), np.diff(ratings.indptr))
    rated = rows * histories.n_items + ratings.indices  # ascending, as rows are sorted
    wanted = users * histories.n_items + columns
    found = np.minimum(np.searchsorted(rated, wanted), max(len(rated) - 1, 0))
    return np.asarray(rated[found] == wanted) if len(rated) else np.zeros(len(wanted), bool)
