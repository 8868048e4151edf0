"""EASE: a linear model in which every rated item adds to the scores of all others."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, PaddedBlock
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.threads import one_blas_thread

logger = logging.getLogger(__name__)

FEW_HISTORIES = 8
"""Of fewer, all items are scored: choosing some first takes longer."""

WEIGHTS_AT_ONCE = 4_000_000
"""Weights that are computed at a time."""


class EASEParameters(Parameters):
    """How strongly weights are shrunk, and how large a matrix may be inverted.

    A rating counts 1 + `rating_weight` x (its distance from the mean rating), at least 0. In
    training a user with n ratings, of m on average, weighs (n / m)^-(2 `length_damping`); the
    score of an item with n ratings is divided by n^`popularity_damping`. `max_size` bounds the
    smaller of the numbers of users and items; where both are larger, only so many items, the
    most rated, take part.
    """

    regularization: float = Field(360.0, gt=0)
    rating_weight: float = Field(0.1, ge=0, le=100)
    length_damping: float = Field(0.15, ge=0, le=1)
    popularity_damping: float = Field(0.12, ge=0, le=1)
    max_size: int = Field(10_000, ge=2)


@dataclass(frozen=True, eq=False)
class EASE(Recommender):
    """Embarrassingly shallow autoencoder (Steck 2019), exact in the smaller of two forms.

    With X (users x items) and P = (X'X + lambda I)^-1 the weights that minimise
    |X - XB|^2 + lambda |B|^2 under diag(B) = 0 are B = I - P diag(1 / diag P) (eq. 8), and the
    score of item i is the sum of x_j B_ji over the history, times a factor of the item.

    Where users are fewer than items, P is never formed: P = (I - X' K X) / lambda with
    K = (X X' + lambda I)^-1, so that memory grows with the ratings and the square of the users,
    not the square of the items.

    Attributes:
        inverse: (n_items, n_items) P or (n_users, n_users) K, float64.
        diagonal: (n_items,) of P.
        training_values: (nnz,) X of the second form; empty in the first.
        training_columns: (nnz,)
        training_starts: (n_users + 1,)
        factors: (n_items,) what the scores of each item are multiplied by.
        known: (n_items,) False for items that were left out.
        mean: () mean rating.
        parameters: What the model was learned with.
    """

    inverse: NDArray[np.float64]
    diagonal: NDArray[np.float64]
    training_values: NDArray[np.float64]
    training_columns: NDArray[np.int32]
    training_starts: NDArray[np.int64]
    factors: NDArray[np.float64]
    known: NDArray[np.bool_]
    mean: float
    parameters: EASEParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: EASEParameters) -> EASE:
        """Invert one matrix.

        Raises:
            InputError: If the regularization is too weak for the matrix to be inverted.
        """
        ratings = interactions.ratings
        mean = float(ratings.data.mean(dtype=np.float64))
        x = weighted_ratings(ratings, mean, parameters.rating_weight)
        known = _largest_that_fits(ratings, parameters.max_size)
        lengths = np.diff(ratings.indptr)
        relative = np.maximum(lengths, 1) / lengths.mean()
        x = sparse.csr_array((x * known) * (relative**-parameters.length_damping)[:, None])
        x.eliminate_zeros()
        n_users, n_items = x.shape
        counts = np.bincount(ratings.indices, minlength=n_items)
        factors = np.maximum(counts, 1.0) ** -parameters.popularity_damping
        penalty = parameters.regularization
        if n_users < known.sum():
            kernel = _inverse((x @ x.T).toarray(), penalty)
            diagonal = (1.0 - _diagonal_of(x, kernel)) / penalty
            stored = x.data, x.indices.astype(np.int32), x.indptr.astype(np.int64)
            return cls(kernel, diagonal, *stored, factors, known, mean, parameters)
        inside = np.flatnonzero(known)
        few = sparse.csr_array(x[:, inside])
        small = _inverse((few.T @ few).toarray(), penalty)
        diagonal = np.full(n_items, 1.0 / penalty)
        diagonal[inside] = np.diag(small)
        nothing = np.empty(0), np.empty(0, np.int32), np.empty(0, np.int64)
        return cls(small, diagonal, *nothing, factors, known, mean, parameters)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.diagonal)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Sum of the weights of the rated items; -inf for items that were left out."""
        if len(self.training_starts):
            return self.scores_of(histories, np.arange(self.n_items))
        x, inside = self._inputs(histories), self.known
        product = x.toarray() / self.parameters.regularization
        product[:, inside] = x[:, np.flatnonzero(inside)] @ self.inverse
        scores = (x.toarray() - product / self.diagonal) * self.factors
        scores[:, ~self.known] = -np.inf
        return scores.astype(np.float32, order="C")

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Do without the other items in the second form, where all are known."""
        if not len(self.training_starts):
            return super().scores_of(histories, columns)
        scores = self._scores_by_kernel(self._inputs(histories), columns)
        return np.ascontiguousarray(scores.astype(np.float32).T)

    def contributions(
        self, histories: PaddedBlock, items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The x_j B_ji of every rated item; see `AdditiveRecommender.contributions`."""
        weights = rating_weights(histories.values, self.mean, self.parameters.rating_weight)
        weights = weights * (histories.filled & self.known[histories.columns])
        wanted, places = np.unique(items, return_inverse=True)
        rated, rows = np.unique(histories.columns, return_inverse=True)
        found = np.zeros((*items.shape, histories.columns.shape[1]))
        step = max(1, WEIGHTS_AT_ONCE // self.n_items)
        for start in range(0, len(wanted), step):
            columns = self.weights_between(rated, wanted[start : start + step])
            users, slots = np.nonzero((places >= start) & (places < start + step))
            found[users, slots] = columns[rows[users], places[users, slots][:, None] - start]
        return found * weights[:, None, :]

    def weights_between(
        self, rated: NDArray[np.int64], items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The weights of rated items (n,) in the scores of others (m,), B_ji times the factor."""
        if len(self.training_starts):
            with one_blas_thread():  # with more threads the last digits differ
                inner = self._training_by_item[items].toarray() @ self.inverse
            weights = np.asarray(self._training_by_item[rated] @ inner.T)
            weights /= self.parameters.regularization
        else:
            weights = -self.inverse[np.ix_(self._places[items], self._places[rated])].T
            weights[~(self.known[items] & self.known[rated][:, None])] = 0.0
        weights *= (self.factors / self.diagonal)[items]
        weights[rated[:, None] == items] = 0.0
        return weights

    def _inputs(self, histories: sparse.csr_array) -> sparse.csr_array:
        x = weighted_ratings(histories, self.mean, self.parameters.rating_weight)
        return sparse.csr_array(x * self.known)

    def _scores_by_kernel(
        self, x: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """X (I - P diag(1 / diag P)) times the factors, (m, n), with P as in the second form.

        Written out, it is x X' K X and something at the rated items, each column times a number.
        """
        with one_blas_thread():  # with more threads the last digits differ
            inner = (x @ self._training_by_item).toarray() @ self.inverse
        training, own = self._scaled_training, sparse.csr_array(x * self._rest)
        whole = x.shape[0] < FEW_HISTORIES
        if not whole:
            training, own = training[columns], own[:, columns]
        scores = np.asarray(training @ inner.T)
        rows = np.repeat(np.arange(x.shape[0]), np.diff(own.indptr))
        scores[own.indices, rows] += own.data
        return scores[columns] if whole else scores

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """Row of each item in P of the first form; 0 for those that were left out."""
        return np.where(self.known, np.cumsum(self.known) - 1, 0)

    @cached_property
    def _column_scale(self) -> NDArray[np.float64]:
        return self.factors / (self.parameters.regularization * self.diagonal)

    @cached_property
    def _rest(self) -> NDArray[np.float64]:
        return self.factors - self._column_scale

    @cached_property
    def _scaled_training(self) -> sparse.csr_array:
        """Of the items for each user, (n_items, n_users)."""
        return sparse.csr_array((self._training * self._column_scale).T)

    @cached_property
    def _training_by_item(self) -> sparse.csr_array:
        return self._training.T.tocsr()

    @cached_property
    def _training(self) -> sparse.csr_array:
        arrays = self.training_values, self.training_columns, self.training_starts
        return sparse.csr_array(arrays, shape=(len(self.training_starts) - 1, self.n_items))


def weighted_ratings(ratings: sparse.csr_array, mean: float, weight: float) -> sparse.csr_array:
    """What each rating counts, float64."""
    values = rating_weights(ratings.data, mean, weight)
    return sparse.csr_array((values, ratings.indices, ratings.indptr), shape=ratings.shape)


def rating_weights(ratings: NDArray[np.float32], mean: float, weight: float) -> NDArray[np.float64]:
    """What ratings of any shape count: max(1 + weight (rating - mean), 0)."""
    return np.maximum(1.0 + weight * (ratings.astype(np.float64) - mean), 0.0)


def _largest_that_fits(ratings: sparse.csr_array, max_size: int) -> NDArray[np.bool_]:
    """Which items take part, (n_items,)."""
    n_users, n_items = ratings.shape
    known = np.ones(n_items, bool)
    if min(n_users, n_items) <= max_size:
        return known
    counts = np.bincount(ratings.indices, minlength=n_items)
    order = np.argsort(-counts, kind="stable")
    known[order[max_size:]] = False
    whole, part = (8 * size**2 / 2**30 for size in (min(n_users, n_items), max_size))
    logger.warning(
        "EASE: of %d items only the %d most rated take part, all with at least %d ratings; "
        "the matrix to be inverted has %.1f GiB instead of %.1f (max_size)",
        n_items,
        max_size,
        counts[order[max_size - 1]],
        part,
        whole,
    )
    return known


def _inverse(gram: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
    """Inverse of gram + penalty I by Cholesky, in place."""
    from scipy import linalg

    gram[np.diag_indices_from(gram)] += penalty
    try:
        with one_blas_thread():  # with more threads the last digits differ
            factor, _ = linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
            lower, _ = linalg.lapack.dpotri(factor, lower=True, overwrite_c=True)
    except linalg.LinAlgError as error:
        raise InputError(
            f"parameter regularization: with {penalty:g} the matrix of EASE cannot be inverted; "
            "accepted: a larger number (ease.model.regularization)"
        ) from error
    whole = np.tril(lower)
    whole += np.tril(whole, -1).T
    return np.ascontiguousarray(whole)


def _diagonal_of(x: sparse.csr_array, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Diagonal (n_items,) of X'KX, in blocks of items."""
    by_item = x.T.tocsr()
    found = np.empty(by_item.shape[0])
    step = max(1, WEIGHTS_AT_ONCE // len(kernel))
    for start in range(0, len(found), step):
        rows = by_item[start : start + step]
        found[start : start + step] = rows.multiply(rows @ kernel).sum(axis=1)
    return found
