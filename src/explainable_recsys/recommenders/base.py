"""What a recommender is: a function of rating histories, made of a handful of named arrays."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.named_arrays import NamedArrays

BLOCK = 4_000_000
"""Cells of a dense block: of histories × features, or of rated × recommended items."""


class Recommender(NamedArrays, ABC):
    """Scores items for users whose rating history is given, known users and new ones alike.

    Training fixes the item side; `scores` computes the user side from the history, in
    closed form and deterministically. A subclass is a dataclass as `NamedArrays` has it, in a
    module of its own in `explainable_recsys.recommenders`.
    """

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of items in the catalogue, the columns of a history."""

    @property
    def is_personal(self) -> bool:
        """Whether the history decides which items are best; if not, everybody gets the same."""
        return True

    @property
    def predicts_ratings(self) -> bool:
        """Whether it was trained to predict ratings, so that its scores are some."""
        return False

    @abstractmethod
    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Score every item for every history.

        Args:
            histories: (n, n_items) CSR of ratings.

        Returns:
            (n, n_items) float32, a new array that the caller may change; higher is better.
        """

    @cached_property
    def scores_of_nothing(self) -> NDArray[np.float32]:
        """Scores of the empty history, (n_items,)."""
        return np.asarray(self.scores(sparse.csr_array(np.zeros((1, self.n_items), np.float32)))[0])

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score some items only, (n, m); worth overriding where that is less work."""
        return self.scores(histories)[:, columns]


@runtime_checkable
class AdditiveRecommender(Protocol):
    """A recommender whose score is a base value plus one term per rated item."""

    def contributions(
        self, histories: PaddedBlock, items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Share of every rated item in the scores of some items, for a block of users.

        Args:
            histories: b users' rated items and ratings.
            items: (b, k) columns of the items to explain.

        Returns:
            (b, k, length) float64; summed over the last axis it is the score, exactly.
            Padding gets 0.
        """


def pair_products(
    left: sparse.csr_array,
    right: sparse.csr_array,
    rated: NDArray[np.int64],
    items: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Products of the rows of rated items with those of others, for a block of users.

    Args:
        left: (n_items, d) rows of rated items.
        right: (n_items, d) rows of recommended items.
        rated: (b, length) columns of each user's rated items.
        items: (b, k) columns of the other items.

    Returns:
        (b, k, length) float64.
    """
    from_items, begins = np.unique(rated, return_inverse=True)
    to_items, ends = np.unique(items, return_inverse=True)
    begins, ends = begins.reshape(rated.shape), ends.reshape(items.shape)
    outward = left[from_items].astype(np.float64)
    products = np.zeros((*items.shape, rated.shape[1]))
    step = max(1, BLOCK // max(1, len(from_items)))
    for first in range(0, len(to_items), step):
        values = (outward @ right[to_items[first : first + step]].T).toarray()
        user, place = np.nonzero((ends >= first) & (ends < first + step))
        products[user, place] = values[begins[user], ends[user, place, None] - first]
    return products


@runtime_checkable
class RatingPredictor(Protocol):
    """A recommender that can predict ratings on the data set's own scale."""

    def predict_ratings(
        self,
        histories: sparse.csr_array,
        rows: NDArray[np.int64],
        columns: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Predict the ratings of (row, column) pairs.

        Args:
            histories: (n, n_items) CSR of ratings.
            rows: (m,) row of each pair; -1 for a user without a history.
            columns: (m,) column of each pair; -1 for an item not in the catalogue.

        Returns:
            (m,) predicted ratings, not clipped; a pair with -1 gets the fallback (global
            mean plus whichever bias is known).
        """


@runtime_checkable
class FactorRecommender(Protocol):
    """A recommender that sums up each history in a vector of numbers."""

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """The vectors, (n, d); users with similar vectors get similar scores."""


@dataclasses.dataclass(frozen=True, eq=False)
class UserSystems:
    """The linear systems whose solutions are the user sides of b users.

    w = A^-1 b with A = P_n + sum_j a_j z_j z_j' and b = p + sum_j c_j z_j over the n rated items;
    the score of an item x is x'w and something that does not depend on the history.

    Attributes:
        items: (n_items, f) x of every item, divided by the number of systems if several are
            averaged.
        rated: (b, length, f) z of the rated items; 0 where padded.
        weights: (b, length) a.
        right: (b, length) c.
        prior_right: (b, f) p.
        prior_precision: (b, f, f) P_n.
        precision_per_rating: (f, f) by how much P_n grows with every rating.
        n_ratings: (b,) n.
    """

    items: NDArray[np.float64]
    rated: NDArray[np.float64]
    weights: NDArray[np.float64]
    right: NDArray[np.float64]
    prior_right: NDArray[np.float64]
    prior_precision: NDArray[np.float64]
    precision_per_rating: NDArray[np.float64]
    n_ratings: NDArray[np.int64]

    def solve(self) -> NDArray[np.float64]:
        """The user sides, (b, f)."""
        return self._solution

    def matrix(self, n_removed: int = 0) -> NDArray[np.float64]:
        """A (b, f, f), with the P of histories with so many ratings less."""
        return np.asarray(self._gram + self.prior(n_removed))

    def right_side(self) -> NDArray[np.float64]:
        """The sides b, (b, f)."""
        across = self.rated.transpose(0, 2, 1)
        return np.asarray((across @ self.right[..., None])[..., 0] + self.prior_right)

    def shares(self, items: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Parts of the ratings in the scores of items (b, k), (b, k, length): x' A^-1 z_j c_j.

        They sum to the score less what does not depend on the history. None where the right side
        of the system has more than the ratings in it, so that the score is no such sum.
        """
        if self.prior_right.any():
            return None
        solved = np.linalg.solve(self.matrix(), self.items[items].transpose(0, 2, 1))
        terms = solved.transpose(0, 2, 1) @ self.rated.transpose(0, 2, 1)
        return np.asarray(terms * self.right[:, None, :])

    @cached_property
    def _solution(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.solve(self.matrix(), self.right_side()[..., None])[..., 0])

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        across = self.rated.transpose(0, 2, 1)
        return np.asarray(across @ (self.rated * self.weights[..., None]))

    def prior_of(self, n: int) -> NDArray[np.float64]:
        """P of a history of n ratings, (f, f), where it is that of all as long."""
        longer = self.n_ratings[0] - n
        return np.asarray(self.prior_precision[0] - longer * self.precision_per_rating)

    def prior(self, n_removed: int) -> NDArray[np.float64]:
        """P of histories with so many ratings less (at most all of them), (b, f, f)."""
        if not n_removed or not self.precision_per_rating.any():
            return self.prior_precision
        removed = np.minimum(n_removed, self.n_ratings)[:, None, None]
        return self.prior_precision - removed * self.precision_per_rating


@runtime_checkable
class ClosedFormRecommender(Protocol):
    """A recommender whose user side is the solution of a linear system, or of several."""

    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The systems of a block of users; scores are the sum over all that are yielded."""


@runtime_checkable
class SideScorer(ClosedFormRecommender, FactorRecommender, Protocol):
    """A recommender that asks nothing of a history but the solution of its one system.

    Priors of the systems of histories of one length are the same.
    """

    def scores_given(
        self, users: NDArray[np.float64], columns: NDArray[np.int64] | slice
    ) -> NDArray[np.float32]:
        """Scores (n, m) of some items, given the solutions (n, f)."""


def load_recommender(arrays: dict[str, NDArray[Any]]) -> Recommender:
    """Rebuild a stored recommender of any kind.

    Only modules of `explainable_recsys.recommenders` are looked up, so a file cannot name
    arbitrary code.

    Raises:
        InputError: If the arrays are not a stored recommender of a known kind.
    """
    kind = str(arrays.get("kind", ""))
    if not kind.isidentifier():
        raise InputError("model file: no array 'kind' that names a recommender module")
    try:
        module = importlib.import_module(f"explainable_recsys.recommenders.{kind}")
    except ModuleNotFoundError as error:
        raise InputError(f"model file: recommender kind '{kind}' is not installed") from error
    for candidate in vars(module).values():
        if (
            isinstance(candidate, type)
            and issubclass(candidate, Recommender)
            and candidate.__module__ == module.__name__
            and dataclasses.is_dataclass(candidate)
            and not inspect.isabstract(candidate)
        ):
            return candidate.from_arrays(arrays)
    raise InputError(f"model file: module '{kind}' holds no recommender")
