"""Explanations in terms of rated items, whatever they are made of: what faithfulness takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.interactions import Interactions

SCOPES = {
    "item": "cited items",
    "rule": "projection: antecedents of the rules",
    "path": "projection: interactions that the paths start from",
    "neighbour": "projection: items that the neighbours who speak for it rated too",
}
"""What faithfulness takes away where evidence has a style."""

NOT_APPLICABLE = "not applicable: evidence that is no part of the history"
NO_EXPLANATIONS = "no explanations"


@dataclass(frozen=True, eq=False)
class Cited:
    """Recommendations and the rated items that are cited for them, both in order of the users.

    Attributes:
        users: (m,) row of the user of each recommendation with at least one cited item, ascending.
        items: (m,) column of the recommended item.
        recommendations: (p,) recommendation that each piece belongs to, ascending.
        columns: (p,) column of the cited item; supporting pieces first, strongest first.
        supports: (p,) whether the piece speaks for the recommendation.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    recommendations: NDArray[np.int64]
    columns: NDArray[np.int64]
    supports: NDArray[np.bool_]


def history_evidence(
    recommendations: pd.DataFrame, evidence: pd.DataFrame, histories: Interactions
) -> Cited:
    """Find the items of the user's history that each recommendation's evidence cites.

    Pieces whose `evidence_id` is not in the user's history are left out, and so are all but the
    first of pieces that cite the same item. Supporting pieces (weight above 0) come first, each
    kind by |weight|, ties in the order of the table.

    Args:
        recommendations: Columns `user_id`, `item_id`, `rank`.
        evidence: Columns `user_id`, `item_id`, `evidence_id`, `weight`, and if there is one
            `style`: only pieces of the styles in `SCOPES` count, but of `neighbour`, whose
            evidence are ratings.
        histories: What the recommendations were made from.

    Raises:
        InputError: If the tables name a user or an item that the histories do not know.
    """
    if "style" in evidence:
        evidence = evidence[evidence["style"].isin([s for s in SCOPES if s != "neighbour"])]
    made = recommendations.sort_values(["user_id", "rank"], ignore_index=True)
    users = histories.known_rows(made["user_id"])
    items = histories.known_columns(made["item_id"])
    n_items = histories.n_items
    keys = pd.Index(users * n_items + items)
    of_users = histories.user_rows(evidence["user_id"])
    of_items = histories.item_columns(evidence["item_id"])
    pieces = keys.get_indexer(pd.Index(np.where(of_items < 0, -1, of_users * n_items + of_items)))
    columns = evidence_columns(evidence["evidence_id"], histories)
    kept = (pieces >= 0) & (columns >= 0)
    kept[kept] = _rated(histories, users[pieces[kept]], columns[kept])
    pieces, columns = pieces[kept].astype(np.int64), columns[kept]
    weights = evidence["weight"].to_numpy(np.float64)[kept]
    order = np.lexsort((-np.abs(weights), weights <= 0, pieces))
    pieces, columns, weights = pieces[order], columns[order], weights[order]
    _, first = np.unique(pieces * n_items + columns, return_index=True)
    first.sort()
    pieces, columns, weights = pieces[first], columns[first], weights[first]
    explained, numbers = np.unique(pieces, return_inverse=True)
    return Cited(users[explained], items[explained], numbers, columns, weights > 0)


def evidence_columns(evidence_ids: pd.Series[Any], histories: Interactions) -> NDArray[np.int64]:
    """Catalogue column of each cited item, -1 if none; ids are compared as text.

    Evidence of other styles makes the column text even where item ids are integers.
    """
    codes, names = pd.factorize(evidence_ids)
    catalogue = pd.Index(histories.item_ids.astype(str))
    columns = catalogue.get_indexer(pd.Index(np.asarray(names).astype(str)))
    return np.append(columns, -1)[codes].astype(np.int64)


def faithfulness_scope(explanations: pd.DataFrame | None, projected: bool) -> str:
    """In words, what faithfulness takes away for the explanations of an approach.

    Args:
        explanations: The explanations table; None without one.
        projected: Whether the approach says itself which rated items its evidence rests on.
    """
    if explanations is None or explanations.empty:
        return NO_EXPLANATIONS
    styles = [style for style in SCOPES if (explanations["style"] == style).any()]
    if not projected:
        styles = [style for style in styles if style != "neighbour"]
    return "; ".join(SCOPES[style] for style in styles) or NOT_APPLICABLE


def _rated(
    histories: Interactions, users: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each user rated the item in each column."""
    ratings = histories.ratings
    rows = np.repeat(np.arange(histories.n_users), np.diff(ratings.indptr))
    rated = rows * histories.n_items + ratings.indices  # ascending, as rows are sorted
    wanted = users * histories.n_items + columns
    found = np.minimum(np.searchsorted(rated, wanted), max(len(rated) - 1, 0))
    return np.asarray(rated[found] == wanted) if len(rated) else np.zeros(len(wanted), bool)
