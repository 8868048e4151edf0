"""Matrix factorization for ratings, learned by Surprise's SVD, with an exact user side."""

from __future__ import annotations

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
from explainable_recsys.recommenders.popularity import log_popularity
from explainable_recsys.recommenders.rating_factors import PriorParameters, RatingFactors
from explainable_recsys.threads import one_blas_thread

RATINGS_AT_ONCE = 500_000
"""Ratings handed to Surprise as Python numbers at a time."""


DIVERGED = 10.0
"""Times the largest rating: biases and factors beyond are no result."""


Penalties = Annotated[tuple[float, ...], each(lambda penalty: penalty > 0, "numbers above 0")]


class SVDParameters(PriorParameters):
    """How the factors are learned, and how a history is solved for.

    `user_penalties` are the candidates of `calibrate_user_penalty`.
    """

    factors: int = Field(120, ge=1)
    epochs: int = Field(40, ge=1)
    learning_rate: float = Field(0.0108, gt=0)
    regularization: float = Field(0.0938, ge=0)
    user_penalties: Penalties = Field((1.0, 0.25, 4.0, 16.0), min_length=1)
    seed: Seed = 0


@dataclass(frozen=True, eq=False)
class SVD(RatingFactors):
    """Biased matrix factorization (Koren, Bell & Volinsky 2009) with a closed-form user side.

    With z_i = (1, q_i) and w_u = (b_u, p_u), the user side is the ridge solution over the
    history,

        w_u = argmin sum_j (r_uj - mu - b_j - w . z_j)^2 + (lambda n_u + kappa) |w|^2,

    j over the n_u rated items: the objective that Surprise descends (lambda for each rating)
    with the item side held fixed, and kappa more, for short histories.

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
        learned = surprise_svd(interactions, parameters)
        limit = DIVERGED * max(1.0, float(np.abs(interactions.ratings.data).max()))
        if not all(np.abs(side).max() < limit for side in (learned.bi, learned.qi)):
            raise InputError(
                f"parameter learning_rate: with {parameters.learning_rate:g} training diverges; "
                f"try {parameters.learning_rate / 4:g} (svd.model.learning_rate)"
            )
        kappa = parameters.user_penalties[0] if user_penalty is None else user_penalty
        mean = float(interactions.ratings.data.mean(dtype=np.float64))
        biases = np.asarray(learned.bi, dtype=np.float32)
        factors = np.asarray(learned.qi, dtype=np.float32)
        return cls(mean, biases, factors, log_popularity(interactions), parameters, kappa)

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Solve for the user side (b_u, p_u), (n, 1 + factors), exactly.

        Of the two forms of a ridge solution the smaller is solved: (Z'Z + k I)^-1 Z'e with
        as many unknowns as factors, or Z'(ZZ' + k I)^-1 e with as many as there are ratings.
        """
        users = np.zeros((histories.shape[0], self.design.shape[1]))
        with one_blas_thread():
            for block in padded_blocks(histories):
                rated, above, penalty = self._ridge(block)
                across = rated.transpose(0, 2, 1)
                if rated.shape[1] < rated.shape[2]:
                    solved = across @ np.linalg.solve(rated @ across + penalty, above)
                else:
                    solved = np.linalg.solve(across @ rated + penalty, across @ above)
                users[block.rows] = solved[..., 0]
        return users

    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The ridge regressions as systems; see `ClosedFormRecommender`."""
        identity = np.eye(self.design.shape[1])
        per_rating = self.parameters.regularization * identity
        yield self._least_squares(histories, self.user_penalty * identity, per_rating)

    def _ridge(
        self, block: PaddedBlock
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Z (b, length, 1 + f), e (b, length, 1) and the penalty times I, of the smaller form."""
        filled = block.filled[..., None]
        rated = self.design[block.columns] * filled
        expected = self.mean + self.item_biases.astype(np.float64)[block.columns]
        above = np.subtract(block.values, expected)[..., None]  # padding meets zeros of Z
        counts = block.filled.sum(axis=1)
        penalty = self.parameters.regularization * counts + self.user_penalty
        identity = np.eye(min(rated.shape[1:]))
        return rated, above, penalty[:, None, None] * identity


def surprise_svd(interactions: Interactions, parameters: SVDParameters) -> Any:
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
        return algorithm.fit(_Trainset(interactions.ratings, bar))


class _Trainset:
    """What Surprise's SVD asks of its `Trainset`, read from the matrix in bounded memory."""

    def __init__(self, ratings: sparse.csr_array, bar: tqdm[Any]) -> None:
        self.n_users, self.n_items = ratings.shape
        self.global_mean = float(ratings.data.mean(dtype=np.float64))
        self._ratings = ratings
        self._bar = bar

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        """One epoch: (row, column, rating), row by row."""
        ratings = self._ratings
        rows = np.repeat(np.arange(self.n_users), np.diff(ratings.indptr))
        for start in range(0, ratings.nnz, RATINGS_AT_ONCE):
            part = slice(start, start + RATINGS_AT_ONCE)
            columns, values = ratings.indices[part], ratings.data[part]
            yield from zip(rows[part].tolist(), columns.tolist(), values.tolist(), strict=True)
        self._bar.update()
