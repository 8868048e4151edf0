"""Ratings as a sparse matrix together with the ids of its rows and columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.errors import InputError, require_columns

DIFFERENT_RUNS = (
    "they come from different runs; run the approach again (kedro run --pipelines NAME), or load "
    "versions of one run"
)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who rated what, and how: the only place where ids become rows and columns.

    Attributes:
        ratings: (n_users, n_items) CSR of float32. A stored entry is a rating, also when
            its value is 0; column indices of a row are sorted and unique.
        user_ids: (n_users,) ids of the rows, sorted, integers or text.
        item_ids: (n_items,) ids of the columns, sorted, integers or text.
    """

    ratings: sparse.csr_array
    user_ids: NDArray[Any]
    item_ids: NDArray[Any]

    @property
    def n_users(self) -> int:
        """Number of rows."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Number of columns."""
        return len(self.item_ids)

    @cached_property
    def n_ratings(self) -> NDArray[np.int64]:
        """Number of ratings of each item, (n_items,)."""
        return np.bincount(self.ratings.indices, minlength=self.n_items)

    @cached_property
    def most_rated_first(self) -> NDArray[np.int64]:
        """Columns (n_items,) by their number of ratings, ties in the order of the catalogue."""
        return np.argsort(-self.n_ratings, kind="stable")

    @cached_property
    def distinct(self) -> NDArray[np.float32]:
        """The ratings that there are, each once, ascending."""
        return np.unique(self.ratings.data)

    @classmethod
    def from_frame(cls, ratings: pd.DataFrame) -> Self:
        """Build the matrix of a ratings table.

        Args:
            ratings: Columns `user_id`, `item_id`, `rating`; one row per user and item.

        Raises:
            InputError: If the table is empty, lacks a column, or has a pair twice.
        """
        require_columns("ratings", ratings, ("user_id", "item_id", "rating"))
        if ratings.empty:
            raise InputError("ratings table: no rows, at least one rating is needed")
        values = pd.to_numeric(ratings["rating"], errors="coerce").to_numpy(np.float32)
        if not np.isfinite(values).all():
            wrong = ratings["rating"].iloc[int(np.argmin(np.isfinite(values)))]
            raise InputError(f"ratings table: rating {wrong!r} is not a number")
        user_ids, rows = _sorted_codes(ratings["user_id"])
        item_ids, columns = _sorted_codes(ratings["item_id"])
        matrix = _csr(values, rows, columns, (len(user_ids), len(item_ids)))
        if matrix.nnz != len(ratings):
            pairs = ratings.duplicated(["user_id", "item_id"])
            user, item = (ratings[name][pairs].iloc[0] for name in ("user_id", "item_id"))
            raise InputError(
                f"ratings table: user {user} rated item {item} more "
                "than once; keep one rating per user and item"
            )
        return cls(matrix, user_ids, item_ids)

    def user_rows(self, user_ids: pd.Series[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """Row of each user id; -1 for an id that is not here."""
        return _positions(self.user_ids, user_ids)

    def item_columns(self, item_ids: pd.Series[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """Column of each item id; -1 for an id that is not here."""
        return _positions(self.item_ids, item_ids)

    def known_rows(self, user_ids: pd.Series[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """Row of each user id.

        Raises:
            InputError: If an id is not here.
        """
        return _all_known("user_id", user_ids, self.user_rows(user_ids))

    def known_columns(self, item_ids: pd.Series[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """Column of each item id.

        Raises:
            InputError: If an id is not here.
        """
        return _all_known("item_id", item_ids, self.item_columns(item_ids))

    def histories(self, ratings: pd.DataFrame) -> Interactions:
        """Bring the ratings of other (new) users into this catalogue's columns.

        Args:
            ratings: Columns `user_id`, `item_id`, `rating`.

        Returns:
            The new users' rows over this catalogue; ratings of unknown items are left out,
            and a user without any known item keeps an empty row.

        Raises:
            InputError: As `from_frame`.
        """
        rated = type(self).from_frame(ratings)
        columns = self.item_columns(rated.item_ids)
        matrix = rated.ratings.tocoo()
        known = columns[matrix.col] >= 0
        history = _csr(
            matrix.data[known],
            matrix.row[known],
            columns[matrix.col[known]],
            (rated.n_users, self.n_items),
        )
        return Interactions(history, rated.user_ids, self.item_ids)

    def with_items(self, item_ids: NDArray[Any]) -> Interactions:
        """The same over a larger catalogue, whose further items nobody rated.

        Args:
            item_ids: (n_more,) sorted ids, those of this catalogue among them.
        """
        columns = np.searchsorted(item_ids, self.item_ids)
        arrays = self.ratings.data, columns[self.ratings.indices], self.ratings.indptr
        matrix = sparse.csr_array(arrays, shape=(self.n_users, len(item_ids)))
        return Interactions(matrix, self.user_ids, item_ids)


@dataclass(frozen=True, eq=False)
class PaddedBlock:
    """Some rows of a sparse matrix as dense arrays.

    Attributes:
        rows: (b,) which rows of the matrix these are.
        columns: (b, length) columns of their entries, ascending, padded with 0.
        values: (b, length) the entries, padded with 0.
        filled: (b, length) False where a row shorter than the longest is padded.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float32]
    filled: NDArray[np.bool_]

    def take(self, places: NDArray[np.int64]) -> PaddedBlock:
        """Some of these rows, padded as they are."""
        return PaddedBlock(
            self.rows[places], self.columns[places], self.values[places], self.filled[places]
        )


def padded_blocks(
    matrix: sparse.csr_array, cells: int = 4_000, least: int = 1
) -> Iterator[PaddedBlock]:
    """Cut the rows of a sparse matrix into dense blocks of similar length.

    Rows are taken in order of their number of entries, so a block holds little padding and
    the work on it is plain batched linear algebra in bounded memory.

    Args:
        matrix: (n_rows, n_columns) CSR.
        cells: Upper bound on rows x longest row of one block (a single longer row is a
            block of its own).
        least: Length that shorter rows count as, for work that is not less for these.

    Yields:
        Blocks that cover every row once; empty rows come too, with length 0.
    """
    lengths = np.diff(matrix.indptr)
    order = np.argsort(lengths, kind="stable")
    sorted_lengths = np.maximum(lengths[order], least).astype(np.int64)
    start = 0
    while start < len(order):
        stop = _block_end(sorted_lengths, start, cells)
        rows = order[start:stop]
        longest = int(lengths[rows[-1]])
        offsets = np.arange(longest)
        filled = offsets < lengths[rows, None]
        entries = np.where(filled, matrix.indptr[rows, None] + offsets, 0)
        columns = np.where(filled, matrix.indices[entries], 0).astype(np.int64)
        values = np.where(filled, matrix.data[entries], 0).astype(np.float32)
        yield PaddedBlock(rows, columns, values, filled)
        start = stop


def _block_end(sorted_lengths: NDArray[np.int64], start: int, cells: int) -> int:
    """Largest end such that (end - start) x the longest row stays within `cells`."""
    most = cells // int(sorted_lengths[start]) + 1
    within = sorted_lengths[start : start + most]
    sizes = np.arange(1, len(within) + 1) * within
    return start + max(1, int(np.searchsorted(sizes, cells, side="right")))


def _sorted_codes(ids: pd.Series[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    codes, unique = pd.factorize(ids, sort=True)
    if (codes < 0).any():
        raise InputError(f"ratings table: column {ids.name} has empty values")
    labels = np.asarray(unique)
    if labels.dtype.kind == "f":
        raise InputError(
            f"ratings table: column {ids.name} holds decimal numbers such as {labels[0]}; ids are "
            "integers or text"
        )
    if labels.dtype.kind not in "iu":
        labels = labels.astype(str)
    return labels, codes.astype(np.int64)


def _csr(
    values: NDArray[np.float32],
    rows: NDArray[Any],
    columns: NDArray[Any],
    shape: tuple[int, int],
) -> sparse.csr_array:
    matrix = sparse.csr_array((values, (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _all_known(name: str, ids: Any, found: NDArray[np.int64]) -> NDArray[np.int64]:
    if (found < 0).any():
        unknown = np.asarray(ids)[int(np.argmax(found < 0))]
        raise InputError(f"{name} {unknown} is not among the interactions: {DIFFERENT_RUNS}")
    return found


def _positions(sorted_ids: NDArray[Any], ids: Any) -> NDArray[np.int64]:
    wanted = np.asarray(ids)
    if sorted_ids.dtype.kind == "U":
        wanted = wanted.astype(str)
    elif len(wanted) and wanted.dtype.kind not in "iu":
        raise InputError(f"ids must be integers like those of the ratings; found {wanted[0]!r}")
    if len(sorted_ids) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    found = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[found] == wanted, found, -1).astype(np.int64)
