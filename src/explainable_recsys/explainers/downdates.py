"""What a closed-form score is without some of the ratings, exactly, without solving anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.recommenders.base import ClosedFormRecommender, UserSystems
from explainable_recsys.threads import one_blas_thread

FEW = 8
"""Up to so many ratings are taken out of a system, or put into one; else it is solved anew."""


@dataclass(frozen=True, eq=False)
class Downdates:
    """User sides of one system without each of the ratings: w - w_-j = moved + steps_j B^-1 z_j.

    Attributes:
        systems: The system.
        filled: (b, length) False where padded.
        to_rated: (b, length, f) Z B^-1.
        steps: (b, length)
        user: (b, f) w.
        before: (b, f) w less moved.
    """

    systems: UserSystems
    filled: NDArray[np.bool_]
    to_rated: NDArray[np.float64]
    steps: NDArray[np.float64]
    user: NDArray[np.float64]
    before: NDArray[np.float64]

    @cached_property
    def changes(self) -> NDArray[np.float64]:
        """User side with all ratings minus that without each, (b, length, f); 0 where padded."""
        changes = self.to_rated * self.steps[..., None]
        changes += (self.user - self.before)[:, None, :]
        changes[~self.filled] = 0.0
        return np.asarray(changes)

    def losses(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores of items (b, k) with all ratings minus those without each, (b, k, length)."""
        return self._losses(items, self._products(items))

    def shares_and_losses(
        self, items: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.float64]]:
        """Parts of the ratings in the scores, see `UserSystems.shares`, and the losses."""
        products = self._products(items)
        if self.systems.precision_per_rating.any():
            shares = self.systems.shares(items)
        else:
            shares = None
            if not self.systems.prior_right.any():
                shares = products * self.systems.right[:, None, :]
        return shares, self._losses(items, products)

    def _products(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of items and what B makes of the ratings: x' B^-1 z_j, (b, k, length)."""
        with one_blas_thread():
            return np.asarray(self.systems.items[items] @ self.to_rated.transpose(0, 2, 1))

    def _losses(
        self, items: NDArray[np.int64], products: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        lost = products * self.steps[:, None, :]
        if self.systems.precision_per_rating.any():
            moved = self.systems.items[items] @ (self.user - self.before)[..., None]
            lost += moved * self.filled[:, None, :]
        return np.asarray(lost)


def downdates(model: ClosedFormRecommender, histories: PaddedBlock) -> Iterator[Downdates]:
    """Take every rating out of the histories, one at a time.

    The user side w = A^-1 b, A = P_n + sum_j a_j z_j z_j', b = p + sum_j c_j z_j, is solved from n
    ratings. Without rating j it is that of A - a_j z_j z_j' (with P_n-1 in the place of P_n) and
    b - c_j z_j, a rank-one downdate: with B = A - P_n + P_n-1, h_j = z_j' B^-1 z_j and
    w_B = B^-1 b,

        w - w_-j = w - w_B + B^-1 z_j (c_j - a_j z_j' w_B) / (1 - a_j h_j)

    (Sherman & Morrison 1950; for ridge regression Cook & Weisberg 1982, 3.4).

    Args:
        model: A recommender whose user side is such a system (or the mean of several).
        histories: b users' rated items and ratings.

    Returns:
        Those of each system; scores are the sum over all.
    """
    return downdates_of(model.user_systems(histories), histories)


def downdates_of(all_systems: Iterable[UserSystems], histories: PaddedBlock) -> Iterator[Downdates]:
    """`downdates`, given the systems of the histories."""
    with one_blas_thread():
        for systems in all_systems:
            user, before, to_rated, ratings = _solve(systems, 1)
            steps = systems.right - systems.weights * ratings
            steps /= 1.0 - systems.weights * np.einsum("blf,blf->bl", to_rated, systems.rated)
            steps[~histories.filled] = 0.0
            yield Downdates(systems, histories.filled, to_rated, steps, user, before)


def influences(
    model: ClosedFormRecommender, histories: PaddedBlock, items: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Score with all ratings minus score without rating j, for every j at once.

    Args:
        model: As `downdates`.
        histories: b users' rated items and ratings.
        items: (b, k) columns of the items whose scores are asked for.

    Returns:
        (b, k, length) float64 in the unit of the score; positive: the rating raises it. Padding
        gets 0.
    """
    found = np.zeros((*items.shape, histories.columns.shape[1]))
    for without in downdates(model, histories):
        found += without.losses(items)
    return found


def group_influences(
    all_systems: Iterable[UserSystems], items: NDArray[np.int64], groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Score with all ratings minus score without a group of them, by a block downdate.

    Args:
        all_systems: Of b histories; scores are the sum over all.
        items: As `influences`.
        groups: (b, k, g) places in the history of the ratings taken out together, for each item
            its own; padded with -1 at the end.

    Returns:
        (b, k) float64.
    """
    found = np.zeros(items.shape)
    sizes = (groups >= 0).sum(axis=2)
    for systems in all_systems:
        for size in np.unique(sizes[sizes > 0]).tolist():
            rows, slots = np.nonzero(sizes == size)
            without = sides_of_parts(systems, rows, groups[rows, slots, :size], kept=False)
            lost = systems.solve()[rows] - without
            found[rows, slots] += np.einsum("mf,mf->m", systems.items[items[rows, slots]], lost)
    return found


def sides_of_parts(
    systems: UserSystems, rows: NDArray[np.int64], groups: NDArray[np.int64], kept: bool
) -> NDArray[np.float64]:
    """User sides of histories without a group of ratings, or of the group alone.

    The side of M + s Z'DZ and r + s Z'c, with s = -1 and the M and r of the whole history (less so
    many ratings in P), or s = 1 and those of no ratings, is, with D = diag(a) and H = Z M^-1 Z',

        M^-1 r + M^-1 Z' (s c - (I + s D H)^-1 s D (Z M^-1 r + s H c))        (Woodbury 1950),

    which also holds where a weight is 0.

    Args:
        systems: Of b histories; priors of those of one length are the same if groups are kept.
        rows: (m,) which of them.
        groups: (m, g) places of the ratings in the history.
        kept: Whether they are all that is left (else: taken out).

    Returns:
        (m, f).
    """
    sign, of = 1.0 if kept else -1.0, (rows[:, None], groups)
    z, weights, right = systems.rated[of], systems.weights[of], systems.right[of]
    with one_blas_thread():
        if kept:
            inverse = _inverse(systems.prior_of(groups.shape[1])[None])[0]
            side = inverse @ systems.prior_right[0]
            to_z, ratings = z @ inverse, z @ side
        else:
            _, before, to_rated, predicted = _solve(systems, groups.shape[1])
            side, to_z, ratings = before[rows], to_rated[of], predicted[of]
        h = sign * (to_z @ z.transpose(0, 2, 1))
        rest = ratings + (h @ right[..., None])[..., 0]
        inner = np.eye(groups.shape[1]) + weights[..., None] * h
        solved = np.linalg.solve(inner, (weights * rest)[..., None])[..., 0]
        return np.asarray(side + sign * np.einsum("mgf,mg->mf", to_z, right - solved))


def scores_without_more(
    systems: UserSystems, rows: NDArray[np.int64], gone: NDArray[np.int64], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Products of items with the user sides without some ratings and one more, for each of these.

    As `sides_of_parts`, for all groups that have the same ratings but one.

    Args:
        systems: Of b histories.
        rows: (m,) which of them.
        gone: (m, g) places of the ratings that are taken out anyway.
        x: (m, f) an item, or a difference of two.

    Returns:
        (m, length)
    """
    g = gone.shape[1]
    with one_blas_thread():
        _, before, to_rated, predicted = _solve(systems, g + 1)
        across = systems.rated.transpose(0, 2, 1)
        own_h = np.einsum("blf,bfl->bl", to_rated, across)[rows]
        of, to_x = (rows[:, None], gone), (to_rated[rows] @ x[..., None])[..., 0]
        h = np.empty((*to_x.shape, g + 1, g + 1))
        h_of_gone = to_rated[of] @ across[rows]
        h[..., g, :g] = h[..., :g, g] = h_of_gone.transpose(0, 2, 1)
        h[..., :g, :g] = np.take_along_axis(h_of_gone, gone[:, None], axis=2)[:, None]
        h[..., g, g] = own_h

        def of_groups(values: NDArray[np.float64]) -> NDArray[np.float64]:
            """Values (m, length) of the ratings of each group, (m, length, g + 1)."""
            known = np.take_along_axis(values, gone, axis=1)[:, None]
            shape = (*values.shape, g)
            return np.concatenate([np.broadcast_to(known, shape), values[..., None]], axis=2)

        weights, right = of_groups(systems.weights[rows]), of_groups(systems.right[rows])
        rest = of_groups(predicted[rows]) - (h @ right[..., None])[..., 0]
        inner = np.eye(g + 1) - weights[..., None] * h
        np.put_along_axis(inner[..., g, :], gone[..., None], np.eye(g + 1)[g], axis=1)
        solved = np.linalg.solve(inner, (weights * rest)[..., None])[..., 0]
        lost = (of_groups(to_x) * (right - solved)).sum(axis=2)
        return np.asarray(np.einsum("mf,mf->m", before[rows], x)[:, None] - lost)


def _solve(
    systems: UserSystems, n_removed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """User sides w and w_B (b, f), Z B^-1 (b, l, f) and Z w_B (b, l)."""
    z = systems.rated
    inverse = _inverse(systems.matrix(n_removed))
    before = (inverse @ systems.right_side()[..., None])[..., 0]
    user = systems.solve() if systems.precision_per_rating.any() else before
    return user, before, z @ inverse, (z @ before[..., None])[..., 0]


def _inverse(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverses of positive definite matrices (n, f, f), from A = LL': L^-1' L^-1."""
    from scipy.linalg.lapack import dtrtri

    roots = np.linalg.cholesky(matrices)
    for root in roots:
        dtrtri(root.T, overwrite_c=True)  # the transposed is in the order of LAPACK
    return np.asarray(roots.transpose(0, 2, 1) @ roots)
