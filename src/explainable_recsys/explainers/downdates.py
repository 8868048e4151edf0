"""What a closed-form score is without some of the ratings, exactly, without solving anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.recommenders.base import ClosedFormRecommender, UserSystems
from explainable_recsys.threads import one_blas_thread


@dataclass(frozen=True, eq=False)
class Downdates:
    """User sides of one system without each of the ratings.

    Attributes:
        systems: The system.
        changes: (b, length, f) user side with all ratings minus that without each; 0 where padded.
    """

    systems: UserSystems
    changes: NDArray[np.float64]

    def losses(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Scores of items (b, k) with all ratings minus those without each, (b, k, length)."""
        return np.asarray(self.systems.items[items] @ self.changes.transpose(0, 2, 1))

    def shares(self, items: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Parts of the ratings in the scores, (b, k, length): x' A^-1 z_j c_j.

        They sum to the score less what does not depend on the history. None where the right side
        of the system has more than the ratings in it, so that the score is no such sum.
        """
        systems = self.systems
        if systems.prior_right.any():
            return None
        solved = np.linalg.solve(systems.matrix(), systems.items[items].transpose(0, 2, 1))
        terms = solved.transpose(0, 2, 1) @ systems.rated.transpose(0, 2, 1)
        return np.asarray(terms * systems.right[:, None, :])


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
            step = systems.right - systems.weights * ratings
            share = 1.0 - systems.weights * np.einsum("blf,blf->bl", to_rated, systems.rated)
            to_rated *= (step / share)[..., None]
            to_rated += (user - before)[:, None, :]
            to_rated[~histories.filled] = 0.0
            yield Downdates(systems, to_rated)


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

    As `downdates`, with D = diag(a) and H = Z B^-1 Z' of the group:

        x' w_-G = x' u + x' B^-1 Z' (D^-1 - H)^-1 Z u,   u = B^-1 (b - Z' c)   (Woodbury 1950).

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
    with one_blas_thread():
        for systems in all_systems:
            for size in np.unique(sizes[sizes > 0]).tolist():
                of_size = sizes == size
                asked = np.flatnonzero(of_size.any(axis=1))
                chosen = np.maximum(groups[asked, :, :size], 0)
                lost = _loss_of_groups(systems, asked, items[asked], chosen)
                found[asked] += np.where(of_size[asked], lost, 0.0)
    return found


def _loss_of_groups(
    systems: UserSystems,
    rows: NDArray[np.int64],
    items: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What scores of items (b, k) of some rows (b,) lose without groups (b, k, g), all as large."""
    size = groups.shape[2]
    inverse = np.linalg.inv(systems.matrix(size)[rows])
    before = (inverse @ systems.right_side()[rows, :, None])[..., 0]
    of = rows[:, None, None], groups
    z, weights, right = systems.rated[of], systems.weights[of], systems.right[of]
    b, k, f = *items.shape, z.shape[-1]
    to_z = (z.reshape(b, k * size, f) @ inverse).reshape(z.shape)
    x = systems.items[items]
    h = to_z @ z.transpose(0, 1, 3, 2)
    q = (to_z @ x[..., None])[..., 0]
    rest = (z @ before[:, None, :, None] - h @ right[..., None])[..., 0]
    # (D^-1 - H)^-1 = (I - D H)^-1 D, which also holds where a weight is 0
    inner = np.eye(size) - weights[..., None] * h
    solved = np.linalg.solve(inner, (weights * rest)[..., None])[..., 0]
    changed = (x @ (systems.solve()[rows] - before)[..., None])[..., 0]
    return np.asarray(changed - (q * (solved - right)).sum(axis=2))


def _solve(
    systems: UserSystems, n_removed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """User sides w and w_B (b, f), Z B^-1 (b, l, f) and Z w_B (b, l)."""
    z = systems.rated
    inverse = np.linalg.inv(systems.matrix(n_removed))
    before = (inverse @ systems.right_side()[..., None])[..., 0]
    user = systems.solve() if systems.precision_per_rating.any() else before
    return user, before, z @ inverse, (z @ before[..., None])[..., 0]
