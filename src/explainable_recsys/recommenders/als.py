"""Matrix factorization for implicit feedback by alternating least squares (ALS)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, PaddedBlock, padded_blocks
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.progress import progress_counter
from explainable_recsys.recommenders.base import Recommender, UserSystems
from explainable_recsys.threads import one_blas_thread

VANISHED = 1e-2  # with factors below it, scores are below 1e-4 instead of near 1


class ALSParameters(Parameters):
    """What a rating says about preference, and how the factors are learned.

    A rating r of at least `relevance_threshold` (any rating when it is None) counts as
    preference p = 1 with confidence c = 1 + alpha (`confidence: binary`) or c = 1 + alpha r
    (`confidence: rating`). Everything else counts as p = 0 with c = 1.
    """

    factors: int = Field(64, ge=1)
    regularization: float = Field(30.0, gt=0)
    iterations: int = Field(15, ge=1)
    confidence: Literal["binary", "rating"] = "rating"
    alpha: float = Field(0.7, gt=0)
    relevance_threshold: float | None = None
    seed: Seed = 0


@dataclass(frozen=True, eq=False)
class ALS(Recommender):
    """Implicit-feedback ALS (Hu, Koren & Volinsky 2008) with an exact user side.

    The score of item i for a history is y_i . x with

        x = A^-1 sum_j c_j p_j y_j,   A = Y'Y + sum_j (c_j - 1) y_j y_j' + lambda I,

    j over the history and Y'Y over all items (eq. 4). Regrouped, it is a sum with one term
    per rated item (eq. 7): the contribution of j to i is c_j p_j y_i' A^-1 y_j.

    Attributes:
        item_factors: (n_items, factors) float32, Y.
        parameters: What the factors were learned with.
    """

    item_factors: NDArray[np.float32]
    parameters: ALSParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: ALSParameters) -> ALS:
        """Learn the item factors with `implicit`.

        Raises:
            InputError: If no rating reaches the relevance threshold, if ratings are negative
                where they are to weigh the confidence, or if the regularization is so strong
                that nothing is learned.
        """
        ratings = interactions.ratings
        _check_threshold(ratings.data, parameters.relevance_threshold)
        extra, liked = _confidence(ratings.data, parameters)
        users = np.repeat(np.arange(interactions.n_users), np.diff(ratings.indptr))
        confidence = sparse.csr_matrix(
            ((1 + extra[liked]).astype(np.float32), (users[liked], ratings.indices[liked])),
            shape=ratings.shape,
        )
        factors = _learn_item_factors(confidence, parameters)
        if np.abs(factors).max() < VANISHED:
            raise InputError(
                f"parameter regularization: {parameters.regularization:g} is so strong for "
                f"{ratings.nnz:,} ratings that all factors vanish; try "
                f"{parameters.regularization / 10:g} (als.model.regularization)"
            )
        return cls(factors, parameters)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_factors)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Predicted preference of every item, (n, n_items); see `Recommender.scores`."""
        return self.scores_given(self.user_factors(histories), slice(None))

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score some items only; see `Recommender.scores_of`."""
        return self.scores_given(self.user_factors(histories), columns)

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Solve for the user side, (n, factors), exactly: one least-squares problem each."""
        users = np.zeros((histories.shape[0], self.item_factors.shape[1]))
        with one_blas_thread():
            for block in padded_blocks(histories):
                extra, liked = self._preferences(block)
                rated = self._factors[block.columns]
                right = np.where(liked, 1.0 + extra, 0.0)[:, None, :] @ rated
                rated *= np.sqrt(extra)[..., None]
                systems = rated.transpose(0, 2, 1) @ rated
                systems += self._gram
                users[block.rows] = np.linalg.solve(systems, right.transpose(0, 2, 1))[..., 0]
        return users

    def contributions(
        self, histories: PaddedBlock, items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """One term of the score per rated item; see `AdditiveRecommender.contributions`."""
        (systems,) = self.user_systems(histories)
        with one_blas_thread():
            shares = systems.shares(items)
        assert shares is not None  # the right side is a sum over the ratings
        return shares

    def scores_given(
        self, users: NDArray[np.float64], columns: NDArray[np.int64] | slice
    ) -> NDArray[np.float32]:
        """Products of the user sides with the factors of items; see `SideScorer`."""
        with one_blas_thread():  # with more threads the last digits differ
            return np.asarray(users.astype(np.float32) @ self.item_factors[columns].T)

    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The least-squares problems as systems; see `ClosedFormRecommender`."""
        extra, liked = self._preferences(histories)
        rated = self._factors[histories.columns]
        rated[~histories.filled] = 0.0
        b, _, f = rated.shape
        yield UserSystems(
            items=self._factors,
            rated=rated,
            weights=extra,
            right=np.where(liked, 1.0 + extra, 0.0),
            prior_right=np.zeros((b, f)),
            prior_precision=np.broadcast_to(self._gram, (b, f, f)),
            precision_per_rating=np.zeros((f, f)),
            n_ratings=histories.filled.sum(axis=1),
        )

    def _preferences(self, block: PaddedBlock) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Confidence above 1 of each rating (b, length), and which count as a preference."""
        extra, liked = _confidence(block.values, self.parameters)
        liked &= block.filled
        return np.where(liked, extra, 0.0), liked

    @cached_property
    def _factors(self) -> NDArray[np.float64]:
        return self.item_factors.astype(np.float64)

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        """Y'Y + lambda I, (factors, factors)."""
        identity = np.eye(self._factors.shape[1])
        return np.asarray(
            self._factors.T @ self._factors + self.parameters.regularization * identity
        )


def _confidence(
    ratings: NDArray[np.float32], parameters: ALSParameters
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence above 1 of each rating, and whether it counts as a preference."""
    if parameters.confidence == "binary":
        extra = np.full(ratings.shape, parameters.alpha)
    elif ratings.min(initial=0) < 0:
        raise InputError(
            f"parameter confidence: 'rating' needs ratings of 0 or more, found {ratings.min():g}; "
            "use 'binary' with a relevance_threshold"
        )
    else:
        extra = parameters.alpha * ratings.astype(np.float64)
    threshold = parameters.relevance_threshold
    liked = (
        np.ones(ratings.shape, dtype=bool)
        if threshold is None
        else ratings >= np.float32(threshold)
    )
    return extra, liked


def _check_threshold(ratings: NDArray[np.float32], threshold: float | None) -> None:
    if threshold is not None and not (ratings >= np.float32(threshold)).any():
        raise InputError(
            f"parameter relevance_threshold: no rating reaches {threshold:g}; the highest is "
            f"{ratings.max():g}"
        )


def _learn_item_factors(
    confidence: sparse.csr_matrix, parameters: ALSParameters
) -> NDArray[np.float32]:
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.recommender_base import ModelFitError

    def show(*_: Any) -> None:
        bar.update()

    with (
        one_blas_thread(),
        progress_counter("train ALS", parameters.iterations, "iteration") as bar,
    ):
        model = AlternatingLeastSquares(
            factors=parameters.factors,
            regularization=parameters.regularization,
            alpha=1.0,
            iterations=parameters.iterations,
            random_state=parameters.seed,
        )
        try:
            model.fit(confidence, show_progress=False, callback=show)
        except ModelFitError as error:
            raise InputError(f"parameters of ALS: training fails with {parameters}") from error
    return np.asarray(model.item_factors, dtype=np.float32)
