"""Rated pairs of user and item, and sampled ones that are not, for models that learn to rank."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explainable_recsys import draws
from explainable_recsys.interactions import Interactions

RATINGS_AT_ONCE = 500
"""Ratings whose draws are made together: few enough to stay in the processor's cache."""

MOSTLY = 0.5
"""Share of the catalogue from which on a user has rated so much that zeros become few."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class SampledZeros:
    """Beside every rating, items that the same user has not rated.

    Which they are is a hash of seed, user, item, epoch and number: drawn anew each epoch, and the
    same whatever the order of rows. A draw that meets a rated item is left out.

    Attributes:
        interactions: The rated pairs.
        n: Draws beside each rating.
        seed: Of the draws.
    """

    interactions: Interactions
    n: int
    seed: int

    def pairs(
        self, part: slice, epoch: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Some ratings, each followed by its draws.

        Args:
            part: Which ratings, in the order of the matrix.
            epoch: The draws of which epoch.

        Returns:
            Rows, columns, and whether they are rated, (m,) each.
        """
        start, stop, _ = part.indices(self.interactions.ratings.nnz)
        parts = [
            self._pairs(slice(first, min(first + RATINGS_AT_ONCE, stop)), epoch)
            for first in range(start, stop, RATINGS_AT_ONCE)
        ]
        if len(parts) == 1:
            return parts[0]
        rows, columns, rated = (np.concatenate(some) for some in zip(*parts, strict=True))
        return rows, columns, rated

    def _pairs(
        self, part: slice, epoch: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """`pairs` of a few ratings."""
        rows, columns = self._rows[part, None], self._columns[part, None]
        data, first, last = self.interactions, rows[0, 0], rows[-1, 0]
        drawn = draws.hashes(
            self._user_numbers[rows],
            self._item_numbers[columns],
            epoch,
            np.arange(self.n),
            seed=self.seed,
            purpose="zeros",
        )
        others = ((drawn >> np.uint64(11)) % np.uint64(data.n_items)).astype(np.int64)
        unrated = np.ones((last + 1 - first, data.n_items), dtype=bool)
        theirs = slice(data.ratings.indptr[first], data.ratings.indptr[last + 1])
        unrated[self._rows[theirs] - first, self._columns[theirs]] = False
        unrated = unrated[rows - first, others]
        is_rated = np.ones_like(rows, dtype=bool)
        kept = np.hstack([is_rated, unrated])
        return (
            np.broadcast_to(rows, kept.shape)[kept],
            np.hstack([columns, others])[kept],
            np.hstack([is_rated, np.zeros_like(unrated)])[kept],
        )

    def warn_where_few(self) -> None:
        """Say it once if some users have rated so much that hardly any zeros are left of them."""
        lengths = np.diff(self.interactions.ratings.indptr)
        n_full = int((lengths > MOSTLY * self.interactions.n_items).sum())
        if n_full:
            logger.warning(
                "users who have rated more than half of all items: %d; the model learns to rank "
                "for them from fewer zeros",
                n_full,
            )

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        lengths = np.diff(self.interactions.ratings.indptr)
        return np.repeat(np.arange(self.interactions.n_users), lengths)

    @cached_property
    def _columns(self) -> NDArray[np.int64]:
        return self.interactions.ratings.indices.astype(np.int64)

    @cached_property
    def _user_numbers(self) -> NDArray[np.uint64]:
        return draws.numbers(self.interactions.user_ids)

    @cached_property
    def _item_numbers(self) -> NDArray[np.uint64]:
        return draws.numbers(self.interactions.item_ids)
