"""Minimal counterfactuals: the fewest ratings without which an item would not be recommended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.downdates import FEW, sides_of_parts
from explainable_recsys.explainers.what_if import check_ratings, history_row
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.recommenders.base import Recommender, SideScorer
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters

SCORES_AT_ONCE = 4_000_000
"""Scores (histories x catalogue) held at a time."""

MOST_GROWN = 200
"""Ratings of which larger sets are made: those that cost the item most by themselves."""


@dataclass(frozen=True)
class Counterfactual:
    """Ratings without which an item leaves the list.

    Attributes:
        removed: Ids of the rated items.
        minimal: Whether every smaller set was tried.
        old_rank: Rank of the item with all ratings.
        new_rank: Rank without those ratings; the items they are of are not recommended instead.
    """

    removed: tuple[Any, ...]
    minimal: bool
    old_rank: int
    new_rank: int


def minimal_counterfactual(
    model: Recommender,
    data: Data,
    history: Mapping[Any, float],
    item_id: Any,
    n: int = 10,
    max_size: int = 10,
    max_pairs: int = 5_000,
    min_ratings: int = RecommendationParameters().min_ratings,
    only: NDArray[Any] | None = None,
    exclude: NDArray[Any] | None = None,
) -> Counterfactual | None:
    """Find the fewest ratings whose removal takes an item out of the first n.

    All single ratings are tried, then all pairs; larger sets grow greedily, by the rating whose
    removal costs the item most of its lead over the last place of the list, of the `MOST_GROWN`
    that cost it most by themselves. What is found has
    been scored without those ratings; at least one rating always stays.

    Args:
        model: Any recommender.
        data: What it learned from.
        history: Rating of each rated item, by item id; items that the model does not know are
            ignored.
        item_id: A recommended item.
        n: Length of the list.
        max_size: Largest set that is looked for.
        max_pairs: Pairs are tried only if there are no more than these.
        min_ratings: Items with fewer training ratings are not recommended.
        only: Ids of the items that may be recommended; None: all.
        exclude: Ids of items that may not.

    Returns:
        The set (of the smallest size the one that takes the item furthest down), or None if there
        is none of up to `max_size` ratings.

    Raises:
        InputError: If the item is not among the first n.
    """
    ranker = Ranker.of(model, data.interactions, min_ratings, only, exclude)
    search = _Search(ranker, data.interactions, history, item_id, n)
    length = len(search.columns)
    old_rank = search.rank_with_everything()
    if old_rank > n:
        raise InputError(
            f"item {item_id} is not among the first {n} for this history; accepted: one that is "
            "recommended"
        )
    all_tried = 2 if length * (length - 1) // 2 <= max_pairs else 1
    for size in range(1, all_tried + 1):
        if size > min(max_size, length - 1):
            return None
        removed, rank = search.best_of(size)
        if rank > n:
            return search.result(removed, True, old_rank, rank)
    found = search.greedily(max_size)
    if found is None:
        return None
    removed, rank = found
    return search.result(removed, len(removed) <= all_tried + 1, old_rank, rank)


class _Search:
    """One history and one item, scored without any of the ratings."""

    def __init__(
        self,
        ranker: Ranker,
        catalogue: Interactions,
        history: Mapping[Any, float],
        item_id: Any,
        n: int,
    ) -> None:
        check_ratings(history)
        self._row = history_row(catalogue, history)
        self.columns, self._values = self._row.indices.astype(np.int64), self._row.data
        self._ranker, self._catalogue, self._n = ranker.offered, catalogue, n
        rated = self._ranker.places[self.columns]
        self._rated = rated[rated >= 0]
        (self._item,) = catalogue.known_columns(np.asarray([item_id]))
        if self._item in self.columns:
            raise InputError(f"item {item_id} is rated, so it is not recommended")

    def rank_with_everything(self) -> int:
        """Rank of the item given the whole history; beyond the list if it is not recommended."""
        if self._ranker.places[self._item] < 0:
            return self._n + 1
        (ranks, _) = self._measure(np.empty((1, 0), np.int64))
        return int(ranks[0])

    def best_of(self, size: int) -> tuple[NDArray[np.int64], int]:
        """Of all sets of a size the one that takes the item furthest down, and its rank there."""
        best, lead, found = -1, np.inf, np.empty(0, np.int64)
        for removed in self._sets(size):
            ranks, leads = self._measure(removed)
            place = int(np.lexsort((leads, -ranks))[0])
            if (-ranks[place], leads[place]) < (-best, lead):
                best, lead, found = int(ranks[place]), float(leads[place]), removed[place]
        return found, best

    def greedily(self, max_size: int) -> tuple[NDArray[np.int64], int] | None:
        """Remove one rating after another; None if the item stays."""
        removed = np.empty(0, np.int64)
        candidates = np.arange(len(self.columns))
        for _ in range(min(max_size, len(self.columns) - 1)):
            others = np.setdiff1d(candidates, removed)
            sets = np.column_stack([np.tile(removed, (len(others), 1)), others])
            parts = [self._measure(part) for part in self._split(sets)]
            ranks, leads = (np.concatenate(part) for part in zip(*parts, strict=True))
            order = np.lexsort((leads, -np.minimum(ranks, self._n + 1)))
            removed = sets[order[0]]
            if ranks[order[0]] > self._n:
                return removed, int(ranks[order[0]])
            if len(removed) == 1:
                candidates = others[order[:MOST_GROWN]]
        return None

    def result(
        self, removed: NDArray[np.int64], minimal: bool, old_rank: int, rank: int
    ) -> Counterfactual:
        """With ids in place of places in the history."""
        ids = self._catalogue.item_ids[self.columns[removed]]
        return Counterfactual(tuple(ids.tolist()), minimal, old_rank, rank)

    def _sets(self, size: int) -> Iterator[NDArray[np.int64]]:
        """All sets of 1 or 2 places, in parts."""
        length = len(self.columns)
        if size == 1:
            sets = np.arange(length)[:, None]
        else:
            sets = np.column_stack(np.triu_indices(length, 1))
        yield from self._split(sets)

    def _split(self, sets: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        step = max(1, SCORES_AT_ONCE // len(self._ranker.columns))
        for start in range(0, len(sets), step):
            yield sets[start : start + step]

    def _measure(self, removed: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Rank (m,) of the item without each set (m, g), and its lead (m,) over the next best."""
        ranker = self._ranker
        item, scores = ranker.places[self._item], self._scores(removed)
        scores[:, self._rated] = -np.inf
        own, n_open = scores[:, item].copy(), np.isfinite(scores).sum(axis=1)
        ranks = ranker.ranks(scores, np.full(len(scores), self._item), self._n)
        scores[:, item] = -np.inf
        last = np.clip(scores.shape[1] - self._n, 0, scores.shape[1] - 1)
        scores.partition(last, axis=1)
        threshold = scores[:, last]
        listed = ranks > 0  # the others are behind all that may be recommended
        ranks = np.where(listed, ranks, 1 + np.maximum(n_open, self._n))
        leads = np.subtract(own, threshold, out=np.full(len(own), -np.inf), where=listed)
        return ranks, leads

    def _scores(self, removed: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores (m, offered) without each set of ratings (m, g)."""
        kept = np.ones((len(removed), len(self.columns)), bool)
        kept[np.arange(len(removed))[:, None], removed] = False
        entries = np.nonzero(kept)[1]
        starts = np.append(0, np.cumsum(kept.sum(axis=1)))
        histories = sparse.csr_array(
            (self._values[entries], self.columns[entries], starts),
            shape=(len(kept), self._catalogue.n_items),
        )
        ranker, model = self._ranker, self._ranker.model
        if not isinstance(model, SideScorer) or not 0 < removed.shape[1] <= FEW:
            return ranker.scores(histories)
        (block,) = padded_blocks(self._row)
        (systems,) = model.user_systems(block)
        if not (kept @ (systems.right[0] != 0)).all():  # nothing is left that counts
            return ranker.scores(histories)
        sides = sides_of_parts(systems, np.zeros(len(removed), np.int64), removed, kept=False)
        return ranker.open_to(model.scores_given(sides, ranker.columns), histories)
