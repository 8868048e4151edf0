"""What-if: the list that somebody would get with other ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters
from explainable_recsys.recommenders.popularity import Popularity

Explain = Callable[[Lists], pd.DataFrame]
"""Makes the evidence for one history's list."""


class Change(NamedTuple):
    """A rating that is added or replaced, or (None) taken back."""

    item_id: Any
    rating: float | None


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A list before and after changes of the history.

    Attributes:
        before: Columns `item_id`, `rank`, `score`.
        after: The same with the changed history.
        affected: One row per item that is in one of the lists or was changed: `item_id`,
            `old_rank`, `new_rank` (missing while the item is rated), `old_score`, `new_score`.
        ignored: Items of the history or the changes that the model has never seen.
        personal: False if no rating is left that the model knows: the list is the most popular
            items, and its scores are numbers of ratings.
        evidence: For the list after the changes, if asked for and there is a history.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    affected: pd.DataFrame
    ignored: tuple[Any, ...]
    personal: bool
    evidence: pd.DataFrame | None


def what_if(
    model: Recommender,
    data: Data,
    history: Mapping[Any, float],
    changes: Iterable[Change],
    n: int = 10,
    explain: Explain | None = None,
    min_ratings: int = RecommendationParameters().min_ratings,
    only: NDArray[Any] | None = None,
    exclude: NDArray[Any] | None = None,
) -> WhatIf:
    """Remove, add and re-rate items, and recommend again; nothing is trained.

    Args:
        model: Any recommender.
        data: What it learned from: the ids of its items, and how popular they are.
        history: Rating of each rated item, by item id.
        changes: What is to be different, in any order.
        n: Length of the lists.
        explain: Called with the list of the changed history (user id 0).
        min_ratings: Items with fewer training ratings are not recommended.
        only: Ids of the items that may be recommended; None: all.
        exclude: Ids of items that may not.

    Raises:
        InputError: If changes contradict each other or the history, a rating is not a number, or
            the model has another catalogue.
    """
    catalogue = data.interactions
    check_ratings(history)
    if not 1 <= n <= catalogue.n_items:
        raise InputError(f"n: {n} items; accepted: 1 to {catalogue.n_items}")
    changed = changed_history(history, changes)
    touched = [item for item in {**history, **changed} if history.get(item) != changed.get(item)]
    both = [history_row(catalogue, ratings) for ratings in (history, changed)]
    offered = min_ratings, only, exclude
    ranker = Ranker.of(model, catalogue, *offered)
    rankers = [
        ranker if row.nnz else Ranker.of(Popularity.fit(catalogue), catalogue, *offered)
        for row in both
    ]
    scores = [of.model.scores(row) for of, row in zip(rankers, both, strict=True)]
    open_to = [
        of.open_to(found.copy(), row) for of, found, row in zip(rankers, scores, both, strict=True)
    ]
    lists = [_listed(*ranker.best(of, n)) for of in open_to]
    columns = catalogue.item_columns(np.asarray(touched)) if touched else np.empty(0, np.int64)
    shown = np.unique(np.concatenate([*(of for of, _ in lists), columns[columns >= 0]]))
    ranks = [_known_ranks(ranker.ranks(of[0], shown, n)) for of in open_to]
    before, after = (_list_table(catalogue, *found) for found in lists)
    return WhatIf(
        before=before,
        after=after,
        affected=_affected(catalogue.item_ids[shown], ranks, [of[0, shown] for of in scores]),
        ignored=_unknown(catalogue, {**history, **changed}),
        personal=both[1].nnz > 0,
        evidence=_explained(explain, catalogue, both[1], after) if both[1].nnz else None,
    )


def changed_history(history: Mapping[Any, float], changes: Iterable[Change]) -> dict[Any, float]:
    """Apply changes to a history.

    Raises:
        InputError: If two changes of one item differ, an item that is not rated is to be
            removed, or a rating is not a number.
    """
    wanted: dict[Any, float | None] = {}
    for item, rating in changes:
        if item in wanted and wanted[item] != rating:
            raise InputError(
                f"changes contradict each other: item {item} is to be {_words(wanted[item])} and "
                f"{_words(rating)}; accepted: one change per item"
            )
        if rating is None and item not in history:
            raise InputError(f"changes: item {item} is to be removed, but it is not rated")
        if rating is not None and not np.isfinite(rating):
            raise InputError(f"changes: rating {rating} of item {item} is not a number")
        wanted[item] = rating
    merged = {**history, **wanted}
    return {item: rating for item, rating in merged.items() if rating is not None}


def check_ratings(history: Mapping[Any, float]) -> None:
    """Make sure that all ratings are numbers.

    Raises:
        InputError: If one is not.
    """
    for item, rating in history.items():
        if not np.isfinite(rating):
            raise InputError(f"history: rating {rating} of item {item} is not a number")


def history_row(catalogue: Interactions, ratings: Mapping[Any, float]) -> sparse.csr_array:
    """A history (1, n_items), without items that are not in the catalogue."""
    ids = list(ratings)
    columns = catalogue.item_columns(np.asarray(ids)) if ids else np.empty(0, np.int64)
    known = columns >= 0
    values = np.array([ratings[item] for item in ids], dtype=np.float32)[known]
    order = np.argsort(columns[known])
    arrays = values[order], columns[known][order], np.array([0, known.sum()])
    return sparse.csr_array(arrays, shape=(1, catalogue.n_items))


def _words(rating: float | None) -> str:
    return "removed" if rating is None else f"rated {rating:g}"


def _unknown(catalogue: Interactions, ratings: Mapping[Any, float]) -> tuple[Any, ...]:
    ids = list(ratings)
    if not ids:
        return ()
    columns = catalogue.item_columns(np.asarray(ids))
    return tuple(item for item, column in zip(ids, columns, strict=True) if column < 0)


def _listed(
    columns: NDArray[np.int64], scores: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """One list (1, n) without its padding."""
    return columns[columns >= 0], scores[columns >= 0]


def _known_ranks(ranks: NDArray[np.int64]) -> pd.arrays.IntegerArray:
    """Ranks, missing where they are 0."""
    return pd.arrays.IntegerArray(ranks.astype(np.int64), ranks == 0)


def _affected(
    item_ids: NDArray[Any],
    ranks: list[pd.arrays.IntegerArray],
    scores: list[NDArray[np.float32]],
) -> pd.DataFrame:
    """Items with their ranks and scores before and after, in the order of the new list."""
    order = np.lexsort([of.to_numpy(np.float64, na_value=np.inf) for of in ranks])
    (old, new), (old_score, new_score) = ranks, scores
    return pd.DataFrame(
        {
            "item_id": item_ids[order],
            "old_rank": old[order],
            "new_rank": new[order],
            "old_score": old_score[order],
            "new_score": new_score[order],
        }
    )


def _list_table(
    catalogue: Interactions, columns: NDArray[np.int64], scores: NDArray[np.float32]
) -> pd.DataFrame:
    ranks = np.arange(1, len(columns) + 1, dtype=np.int32)
    item_ids = catalogue.item_ids[columns]
    return pd.DataFrame({"item_id": item_ids, "rank": ranks, "score": scores})


def _explained(
    explain: Explain | None, catalogue: Interactions, row: sparse.csr_array, after: pd.DataFrame
) -> pd.DataFrame | None:
    if explain is None:
        return None
    somebody = Interactions(row, np.array([0]), catalogue.item_ids)
    return explain(Lists.of(somebody, after.assign(user_id=0)))
