"""How well a user's neighbourhood can explain an item (Abdollahi & Nasraoui 2016)."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.top_n import top_n

SIMILARITIES_AT_ONCE = 500_000
"""Similarities that are held at once."""

FEW_ROWS = 8
"""Products of fewer rows take less time than importing what multiplies faster."""

DECIMALS = 12
"""To which similarities are rounded, so that rounding errors decide no tie."""

_ODD = np.array([0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7, 0xAEF17502108EF2D9])
_ODD = _ODD.astype(np.uint64)
_SHIFT = np.uint64(29)


class NeighbourhoodParameters(Parameters):
    """Who is near whom, and what of a neighbour's ratings explains an item.

    `form`: the k users nearest to the user (`users`), or the k items nearest to the item
    (`items`). `similarity` is multiplied by n / (n + shrinkage), n the number of common
    ratings. `weighting`: a liked item counts 1 (`share`), or its rating's share of the highest
    rating (`rating`).
    """

    form: Literal["users", "items"] = "users"
    k: int = Field(10, ge=1)
    similarity: Literal["cosine", "pearson"] = "cosine"
    shrinkage: float = Field(0.0, ge=0)
    weighting: Literal["share", "rating"] = "share"


def explainability(
    histories: sparse.csr_array,
    ratings: sparse.csr_array,
    parameters: NeighbourhoodParameters,
    liking: Liking,
) -> sparse.csr_array:
    """The share of the neighbourhood that speaks for an item, for every history.

    With N the k nearest others: E_ui = |{v in N(u): r_vi >= threshold}| / k for the form
    `users`, E_ui = |{j in N(i): r_uj >= threshold}| / k for `items`.

    Args:
        histories: (n, n_items) CSR of ratings.
        ratings: (n_users, n_items) CSR of ratings, where neighbours are looked for.
        parameters: The neighbourhood.
        liking: What is liked; the thresholds below.

    Returns:
        (n, n_items) CSR of float64 in (0, 1]; no entry where nothing speaks for the item.

    Raises:
        InputError: If k exceeds the number of other users (or items).
    """
    speakers = Speakers(ratings, parameters, liking)
    return _shares(speakers.of(histories) @ speakers.spoken, parameters.k)


class Speakers:
    """Who can speak for items, found once for many histories; see `explainability`.

    Attributes:
        spoken: (m, n_items) CSR of what each speaks for: m are the users, or the items that a
            history may have.
    """

    def __init__(
        self, ratings: sparse.csr_array, parameters: NeighbourhoodParameters, liking: Liking
    ) -> None:
        """Take the arguments of `explainability`."""
        highest = float(ratings.data.max(initial=0.0))
        self._relevant = partial(_relevant, parameters=parameters, highest=highest, liking=liking)
        if parameters.form == "users":
            self._users: _Candidates | None = _candidates(ratings, parameters)
            self.spoken = self._relevant(ratings)
        else:
            self._users = None
            neighbours, _ = nearest_items(ratings, parameters)
            self.spoken = _selection(neighbours, ratings.shape[1]).T.tocsr()

    def of(self, histories: sparse.csr_array) -> sparse.csr_array:
        """How much each has to say, (n, m) CSR; times `spoken` it is k times E."""
        if self._users is None:
            return self._relevant(histories)
        return _selection(self._users.nearest(histories)[0], self.spoken.shape[0])


def nearest_users(
    histories: sparse.csr_array, ratings: sparse.csr_array, parameters: NeighbourhoodParameters
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k users most similar to each history.

    A user whose ratings are the same as the history is taken for the same person and is no
    neighbour, so that a known user and a new one with the same ratings have the same ones.

    Args:
        histories: (n, n_items) CSR of ratings.
        ratings: (n_users, n_items) CSR of ratings.
        parameters: Number of neighbours and similarity.

    Returns:
        Rows of `ratings` (n, k), most similar first, padded with -1 where fewer are similar
        at all, and their similarities (0 where padded). Ties go to the lower row.

    Raises:
        InputError: If k exceeds the number of other users.
    """
    return _candidates(ratings, parameters).nearest(histories)


def nearest_items(
    ratings: sparse.csr_array, parameters: NeighbourhoodParameters
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k items most similar to each item by the users who rated both, as `nearest_users`."""
    _check_k(parameters.k, ratings.shape[1], "items")
    by_item = ratings.T.tocsr()
    candidates = _Candidates(by_item, parameters)
    return candidates.nearest(by_item, own=np.arange(ratings.shape[1]))


def shares_of_similarity(
    rows: sparse.csr_array,
    others: sparse.csr_array,
    similarities: NDArray[np.float64],
    parameters: NeighbourhoodParameters,
) -> sparse.csr_array:
    """What each common rating adds to the similarity of pairs of rows.

    Args:
        rows: (m, n) CSR, the first of each pair.
        others: (m, n) CSR, the second.
        similarities: (m,) of the pairs, above 0.
        parameters: The kind of similarity.

    Returns:
        (m, n) CSR whose rows sum to the similarities.
    """
    if parameters.similarity == "pearson":
        rows, others = _centred(rows), _centred(others)
    products = sparse.csr_array(rows.astype(np.float64).multiply(others.astype(np.float64)))
    sums = np.asarray(products.sum(axis=1)).ravel()
    scale = np.divide(similarities, sums, out=np.zeros_like(sums), where=sums != 0)
    products.data *= np.repeat(scale, np.diff(products.indptr))
    return products


def dense_product(left: sparse.csr_array, right: sparse.csr_array) -> NDArray[Any]:
    """The product of two sparse matrices of one type, for the most part not 0, as a dense one.

    >>> dense_product(sparse.csr_array([[1.0, 2.0]]), sparse.csr_array([[3.0], [4.0]]))
    array([[11.]])
    """
    if left.shape[0] < FEW_ROWS:
        return np.asarray((left @ right).toarray())
    from sklearn.utils.sparsefuncs import sparse_matmul_to_dense

    return np.asarray(sparse_matmul_to_dense(left, right))


def _check_k(k: int, n: int, what: str) -> None:
    if k >= n:
        raise InputError(
            f"parameter neighbours.k: {k} neighbours were asked for, there are {n} {what}; "
            f"accepted: 1 to {n - 1}"
        )


def _candidates(ratings: sparse.csr_array, parameters: NeighbourhoodParameters) -> _Candidates:
    _check_k(parameters.k, ratings.shape[0], "users")
    return _Candidates(ratings, parameters)


class _Candidates:
    """Rows that others are compared with, prepared once for all of these."""

    def __init__(self, rows: sparse.csr_array, parameters: NeighbourhoodParameters) -> None:
        self._k = parameters.k
        self._centres = parameters.similarity == "pearson"
        self._shrinkage = parameters.shrinkage
        self._rows = rows
        self._across = self._values(rows).T.tocsr()

    @cached_property
    def _marks(self) -> NDArray[np.uint64]:
        return _fingerprints(self._rows)

    @cached_property
    def _squares(self) -> NDArray[np.float64]:
        return _squares(self._values(self._rows))

    @cached_property
    def _squares_across(self) -> sparse.csr_array:
        return self._across.power(2)

    @cached_property
    def _ones_across(self) -> sparse.csr_array:
        return _ones(self._across)

    def nearest(
        self, queries: sparse.csr_array, own: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k nearest, without the query's own place or (if None) its equals."""
        n = queries.shape[0]
        found = np.full((n, self._k), -1, np.int64)
        similar = np.zeros((n, self._k))
        step = max(1, SIMILARITIES_AT_ONCE // self._rows.shape[0])
        for start in progress(range(0, n, step), "find neighbours"):
            stop = min(start + step, n)
            block = queries[start:stop]
            similarity = self.similarity(block)
            if own is None:
                similarity[_fingerprints(block)[:, None] == self._marks] = -np.inf
            else:
                similarity[np.arange(stop - start), own[start:stop]] = -np.inf
            columns, values = top_n(similarity, self._k)
            found[start:stop] = columns
            similar[start:stop] = np.where(columns >= 0, values, 0.0)
        return found, similar

    def similarity(self, block: sparse.csr_array) -> NDArray[np.float64]:
        """Similarity (b, n) of some rows to all candidates; -inf where it is not above 0.

        Most rows have nothing in common with most others: all but the first lines are about pairs
        that do.
        """
        block_values = self._values(block)
        similarity = dense_product(block_values, self._across)
        there = np.flatnonzero(similarity > 0)
        values = similarity.ravel()[there]
        if self._centres:
            squares = dense_product(block_values.power(2), self._ones_across).ravel()[there]
            of_others = dense_product(_ones(block_values), self._squares_across)
            squares *= of_others.ravel()[there]
        else:
            squares = np.outer(_squares(block_values), self._squares).ravel()[there]
        values /= np.sqrt(squares, out=squares)
        if self._shrinkage:
            counts = dense_product(_ones(block_values), self._ones_across).ravel()[there]
            values *= counts / (counts + self._shrinkage)
        np.round(values, DECIMALS, out=values)
        similarity.fill(-np.inf)
        similarity.ravel()[there] = np.where(values > 0, values, -np.inf)
        return similarity

    def _values(self, rows: sparse.csr_array) -> sparse.csr_array:
        return _centred(rows) if self._centres else rows.astype(np.float64)


def _squares(matrix: sparse.csr_array) -> NDArray[np.float64]:
    return np.asarray(matrix.astype(np.float64).power(2).sum(axis=1), dtype=np.float64).ravel()


def _centred(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix with each row's mean taken off its stored entries."""
    lengths = np.diff(matrix.indptr)
    sums = np.asarray(matrix.astype(np.float64).sum(axis=1)).ravel()
    means = np.repeat(sums / np.maximum(lengths, 1), lengths)
    values = matrix.data.astype(np.float64) - means
    values[np.abs(values) < 1e-9] = 0.0
    return sparse.csr_array((values, matrix.indices.copy(), matrix.indptr), shape=matrix.shape)


def _ones(matrix: sparse.csr_array) -> sparse.csr_array:
    ones = np.ones(matrix.nnz)
    return sparse.csr_array((ones, matrix.indices.copy(), matrix.indptr), shape=matrix.shape)


def _relevant(
    ratings: sparse.csr_array,
    parameters: NeighbourhoodParameters,
    highest: float,
    liking: Liking,
) -> sparse.csr_array:
    """What each rating counts for, (n, n_items); what is not liked is left out."""
    relevant = liking.items(ratings)
    if parameters.weighting == "rating":
        shares = np.maximum(ratings.data.astype(np.float64), 0.0) / (
            highest if highest > 0 else 1.0
        )
        of_highest = sparse.csr_array(
            (shares, ratings.indices, ratings.indptr), shape=ratings.shape
        )
        return sparse.csr_array(relevant * of_highest)
    return relevant.astype(np.float64)


def _selection(neighbours: NDArray[np.int64], n: int) -> sparse.csr_array:
    """(len(neighbours), n) CSR with a 1 for each neighbour."""
    rows, places = np.nonzero(neighbours >= 0)
    ones = np.ones(len(rows))
    return sparse.csr_array((ones, (rows, neighbours[rows, places])), shape=(len(neighbours), n))


def _shares(sums: sparse.csr_array, k: int) -> sparse.csr_array:
    """Sums over neighbours as shares of k, divided once, so that k of k is exactly 1."""
    shares = sparse.csr_array(sums.astype(np.float64))
    shares.data = np.minimum(shares.data / k, 1.0)
    shares.eliminate_zeros()
    return shares


def _fingerprints(matrix: sparse.csr_array) -> NDArray[np.uint64]:
    """A number per row that two rows share if their entries are the same, (n,).

    Integer arithmetic modulo 2^64, so neither rounding nor the order of entries matters.
    """
    columns = matrix.indices.astype(np.uint64) * _ODD[0] + _ODD[1]
    values = matrix.data.astype(np.float32).view(np.uint32).astype(np.uint64)
    mixed = (columns ^ (columns >> _SHIFT)) * (values * _ODD[2] + _ODD[3])
    sums = np.append(np.uint64(0), np.cumsum(mixed ^ (mixed >> _SHIFT), dtype=np.uint64))
    return np.asarray(sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]])


def explainability_of_everybody(
    data: Data, parameters: NeighbourhoodParameters
) -> tuple[Interactions, Interactions]:
    """E of all to whom something is recommended, by similar users and by similar items.

    Returns:
        Twice (n, n_items) in [0, 1], whatever `parameters.form` is.
    """
    histories, training = data.histories, data.interactions.ratings
    shares = [
        explainability(
            histories.ratings,
            training,
            parameters.model_copy(update={"form": form}),
            data.liking,
        ).astype(np.float32)
        for form in ("users", "items")
    ]
    by_users, by_items = (
        Interactions(matrix, histories.user_ids, histories.item_ids) for matrix in shares
    )
    return by_users, by_items
