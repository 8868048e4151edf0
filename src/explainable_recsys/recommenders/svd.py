"""Matrix factorization by Surprise's SVD, for ranking or for ratings, with an exact user side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse
from tqdm import tqdm

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, PaddedBlock, padded_blocks
from explainable_recsys.parameters import Seed, each
from explainable_recsys.progress import progress_counter
from explainable_recsys.recommenders.base import UserSystems
from explainable_recsys.recommenders.biased_factors import (
    BiasedFactors,
    Objective,
    RankingParameters,
)
from explainable_recsys.recommenders.sampled_zeros import RATINGS_AT_ONCE, SampledZeros
from explainable_recsys.threads import one_blas_thread

DIVERGED = 10.0
"""Times the largest value that is learned from: biases and factors beyond are no result."""


Penalties = Annotated[tuple[float, ...], each(lambda penalty: penalty > 0, "numbers above 0")]


class SVDParameters(RankingParameters):
    """How the factors are learned, and how a history is solved for.

    `zeros` unrated items are drawn beside each rating, anew each epoch (objective `ranking`).
    `user_penalties` are the candidates of `calibrate_user_penalty` (objective `rating`).
    """

    factors: int = Field(96, ge=1)
    epochs: int = Field(20, ge=1)
    learning_rate: float = Field(0.03, gt=0)
    regularization: float = Field(0.0125, ge=0)
    unrated_weight: float = Field(0.1, gt=0, le=1)
    user_regularization: float = Field(0.05, gt=0)
    zeros: int = Field(16, ge=1)
    user_penalties: Penalties = Field((1.0, 0.25, 4.0, 16.0), min_length=1)
    seed: Seed = 0


class SVDRatingsParameters(SVDParameters):
    """What predicts ratings well."""

    objective: Objective = "rating"
    factors: int = Field(64, ge=1)
    epochs: int = Field(40, ge=1)
    learning_rate: float = Field(0.0108, gt=0)
    regularization: float = Field(0.0938, ge=0)


@dataclass(frozen=True, eq=False)
class SVD(BiasedFactors):
    """Biased matrix factorization (Koren, Bell & Volinsky 2009) with a closed-form user side.

    Surprise descends the squared errors of the ratings (objective `rating`), or of 1 for rated
    items and 0 for sampled others (`ranking`), with the penalty lambda for each. Of what it
    learns the item side is kept. With z_i = (1, q_i) and w_u = (b_u, p_u), the user side for
    `rating` is the ridge solution over the n_u rated items,

        w_u = argmin sum_j (r_uj - mu - b_j - w . z_j)^2 + (lambda n_u + kappa) |w|^2:

    the same objective with the item side held fixed, and kappa more, for short histories. For
    `ranking` it is that of `BiasedFactors`, over all items.

    Attributes:
        user_penalty: () kappa.
        parameters: What the model was learned with.
    """

    parameters: SVDParameters
    user_penalty: float

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        parameters: SVDParameters,
        user_penalty: float | None = None,
    ) -> SVD:
        """Learn the item side with Surprise.

        Args:
            interactions: Ratings to learn from.
            parameters: Hyper-parameters.
            user_penalty: kappa; the first of the candidates if None.

        Raises:
            InputError: If training diverges.
        """
        pairs = TrainingPairs.of(interactions, parameters)
        learned = surprise_svd(pairs, parameters)
        limit = DIVERGED * max(1.0, pairs.largest)
        if not all(np.abs(side).max() < limit for side in (learned.bi, learned.qi)):
            raise InputError(
                f"parameter learning_rate: with {parameters.learning_rate:g} training diverges; "
                f"try {parameters.learning_rate / 4:g} (svd.model.learning_rate)"
            )
        return cls(
            mean=pairs.global_mean,
            item_biases=np.asarray(learned.bi, dtype=np.float32),
            item_factors=np.asarray(learned.qi, dtype=np.float32),
            parameters=parameters,
            user_penalty=parameters.user_penalties[0] if user_penalty is None else user_penalty,
        )

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Solve for the user side (b_u, p_u) of each history, (n, 1 + factors), exactly.

        With a penalty that is a multiple of I (objective `rating`), of the two forms of a ridge
        solution the smaller is solved: (Z'Z + k I)^-1 Z'e with as many unknowns as factors, or
        Z'(ZZ' + k I)^-1 e with as many as there are ratings.
        """
        users = np.zeros((histories.shape[0], self.design.shape[1]))
        with one_blas_thread():
            for block in padded_blocks(histories):
                (systems,) = self.user_systems(block)
                z = systems.rated
                if self.predicts_ratings and z.shape[1] < z.shape[2]:
                    penalties = systems.prior(0)[:, 0, 0, None, None]
                    gram = z @ z.transpose(0, 2, 1) + penalties * np.eye(z.shape[1])
                    solved = np.linalg.solve(gram, systems.right[..., None])
                    users[block.rows] = (z.transpose(0, 2, 1) @ solved)[..., 0]
                else:
                    users[block.rows] = systems.solve()
        return users

    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The ridge regressions as systems; see `ClosedFormRecommender`."""
        if self.parameters.objective == "ranking":
            yield self._ranking_systems(histories, self.parameters)
            return
        identity = np.eye(self.design.shape[1])
        per_rating = self.parameters.regularization * identity
        yield self._rating_systems(histories, self.user_penalty * identity, per_rating)

    def scores_given(
        self, users: NDArray[np.float64], columns: NDArray[np.int64] | slice
    ) -> NDArray[np.float32]:
        """Scores of some items by the user sides; see `SideScorer`."""
        return self._scored(users, columns)


def fit_svd_ratings(
    interactions: Interactions, parameters: SVDRatingsParameters, user_penalty: float
) -> SVD:
    """`SVD.fit` with parameters that predict ratings well."""
    return SVD.fit(interactions, parameters, user_penalty)


def surprise_svd(pairs: TrainingPairs, parameters: SVDParameters) -> Any:
    """Fit `surprise.SVD`; rows and columns are its inner ids, so none are translated.

    Returns:
        The fitted algorithm, with `bu`, `bi`, `pu`, `qi`.
    """
    import surprise

    algorithm = surprise.SVD(
        n_factors=parameters.factors,
        n_epochs=parameters.epochs,
        lr_all=parameters.learning_rate,
        reg_all=parameters.regularization,
        random_state=parameters.seed,
    )
    with progress_counter("train SVD", parameters.epochs, "epoch") as bar:
        pairs.bar = bar
        return algorithm.fit(pairs)


class TrainingPairs:
    """What Surprise's SVD asks of its `Trainset`, read from the matrix in bounded memory."""

    def __init__(self, ratings: sparse.csr_array) -> None:
        """Of ratings (n_users, n_items), CSR."""
        self.n_users, self.n_items = ratings.shape
        self.global_mean = float(ratings.data.mean(dtype=np.float64))
        self.largest = float(np.abs(ratings.data).max())
        self.bar: tqdm[Any] | None = None
        self._ratings = ratings
        self._rows = np.repeat(np.arange(self.n_users), np.diff(ratings.indptr))
        self._epoch = 0

    @classmethod
    def of(cls, interactions: Interactions, parameters: SVDParameters) -> TrainingPairs:
        """The ratings, or for `ranking` ones and sampled zeros."""
        if parameters.objective == "rating":
            return cls(interactions.ratings)
        zeros = SampledZeros(interactions, parameters.zeros, parameters.seed)
        zeros.warn_where_few()
        return _PairsToRank(zeros)

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        """One epoch: (row, column, value), row by row."""
        return itertools.chain.from_iterable(self._parts())

    def _parts(self) -> Iterator[Iterator[tuple[int, int, float]]]:
        for start in range(0, self._ratings.nnz, RATINGS_AT_ONCE):
            arrays = self._pairs(slice(start, start + RATINGS_AT_ONCE))
            yield zip(*(array.tolist() for array in arrays), strict=True)
        self._epoch += 1
        if self.bar is not None:
            self.bar.update()

    def _pairs(self, part: slice) -> tuple[NDArray[Any], ...]:
        """Rows, columns and values of some ratings, (m,) each."""
        return self._rows[part], self._ratings.indices[part], self._ratings.data[part]


class _PairsToRank(TrainingPairs):
    """The same with 1 for rated items, each followed by 0 for sampled others."""

    def __init__(self, zeros: SampledZeros) -> None:
        ratings = zeros.interactions.ratings
        super().__init__(ratings)
        self.global_mean, self.largest = 1 / (1 + zeros.n), 1.0
        self._zeros = zeros

    def _pairs(self, part: slice) -> tuple[NDArray[Any], ...]:
        """Some ratings and their zeros, which are others in each epoch."""
        rows, columns, rated = self._zeros.pairs(part, self._epoch)
        return rows, columns, rated.astype(np.float64)
