"""What of a history its owner likes: one setting of the data set, read by all that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, PaddedBlock
from explainable_recsys.parameters import Parameters

NO_DIFFERENCE = 1e-6
"""Two means that differ by less are the same."""


class ScaleShare(Parameters):
    """A rating given as its place on the scale, from 0 (lowest) to 1 (highest)."""

    share: float = Field(0.75, ge=0, le=1)


Liked = float | ScaleShare | Literal["user_mean", "all"]
"""From which rating on something is liked: a rating, a place on the scale, the mean of whoever
rated, or every rating."""


@dataclass(frozen=True)
class Liking:
    """From which rating on somebody likes what was rated.

    Attributes:
        at_least: Lowest liked rating; -inf: every rating is; NaN: the mean of each history.

    >>> half_stars = Liking.of(ScaleShare(share=0.75), 0.5, 5.0)
    >>> half_stars.at_least, half_stars.mask(sparse.csr_array([[3.5, 4.0, 5.0]])).tolist()
    (3.875, [False, True, True])
    """

    at_least: float = -math.inf

    @classmethod
    def of(cls, liked: Liked, minimum: float, maximum: float) -> Self:
        """Look a setting up on a scale from `minimum` to `maximum`.

        Raises:
            InputError: If nothing on the scale is liked.
        """
        if isinstance(liked, str):
            return cls(-math.inf if liked == "all" else math.nan)
        if isinstance(liked, ScaleShare):
            return cls(minimum + liked.share * (maximum - minimum))
        if not liked <= maximum:
            raise InputError(
                f"parameter source.liked: {liked:g}, but the highest rating is {maximum:g}; "
                f"accepted: a rating up to {maximum:g}, {{share: 0.75}}, user_mean or all"
            )
        return cls(float(liked))

    @property
    def everything(self) -> bool:
        """Whether whatever is rated is liked."""
        return self.at_least == -math.inf

    def thresholds(self, ratings: sparse.csr_array) -> NDArray[np.float64]:
        """(n,) lowest liked rating of each history (n, n_items).

        A history without ratings has no mean; then it is -inf.
        """
        if not math.isnan(self.at_least):
            return np.full(ratings.shape[0], self.at_least)
        sizes = np.diff(ratings.indptr)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        sums = np.bincount(rows, ratings.data.astype(np.float64), minlength=len(sizes))
        return np.where(sizes > 0, sums / np.maximum(sizes, 1), -math.inf)

    def mask(self, ratings: sparse.csr_array) -> NDArray[np.bool_]:
        """Which of the stored ratings (nnz,) of some histories are liked."""
        least = np.repeat(self.thresholds(ratings), np.diff(ratings.indptr))
        return np.asarray(ratings.data >= least - NO_DIFFERENCE)

    def padded(self, block: PaddedBlock) -> NDArray[np.bool_]:
        """(b, length) which ratings of padded histories are liked."""
        least = np.full(len(block.values), self.at_least)
        if math.isnan(self.at_least):
            sums = np.where(block.filled, block.values, 0).sum(axis=1, dtype=np.float64)
            least = sums / np.maximum(block.filled.sum(axis=1), 1)
        return np.asarray(block.filled & (block.values >= least[:, None] - NO_DIFFERENCE))

    def items(self, ratings: sparse.csr_array) -> sparse.csr_array:
        """The liked items of every history, (n, n_items) CSR of ones."""
        liked = self.mask(ratings)
        starts = np.append(0, np.cumsum(liked))[ratings.indptr]
        ones = np.ones(int(liked.sum()), np.float32)
        return sparse.csr_array((ones, ratings.indices[liked], starts), shape=ratings.shape)

    def interactions(self, rated: Interactions) -> Interactions:
        """The same users and items with a 1 for each liked item."""
        return Interactions(self.items(rated.ratings), rated.user_ids, rated.item_ids)
