"""What factor models share: biases and factors of items, and users solved from histories."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.interactions import PaddedBlock, padded_blocks
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender, UserSystems
from explainable_recsys.threads import one_blas_thread

Objective = Literal["ranking", "rating"]

PAIRS_AT_ONCE = 1_000
"""Ratings that are predicted together."""

WITHOUT_RATINGS = 1e-3
"""Ratings' worth of the ridge penalty where there are none, so that every system is solvable."""


class ObjectiveParameters(Parameters):
    """What a model is trained for.

    `ranking`: rated items are 1, all others 0, whatever the stars. `rating`: the ratings are
    predicted, and nothing is learned from what nobody rated.
    """

    objective: Objective = "ranking"


class RankingParameters(ObjectiveParameters):
    """How the user side of a model that ranks is solved for.

    `unrated_weight` is what the square of the error of an unrated item weighs beside that of a
    rated one, `user_regularization` the ridge penalty for each rating of a history.
    """

    unrated_weight: float = Field(0.15, gt=0, le=1)
    user_regularization: float = Field(0.1, gt=0)


@dataclass(frozen=True, eq=False)
class BiasedFactors(Recommender):
    """Score mu + b_i + b_u + p_u . q_i, with the user side (b_u, p_u) solved from the history.

    Attributes:
        mean: () mu, the mean of what was learned from.
        item_biases: (n_items,) float32 b, in the unit of the score.
        item_factors: (n_items, factors) float32 q.
        parameters: What the model was learned with.
    """

    mean: float
    item_biases: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    parameters: ObjectiveParameters

    @abstractmethod
    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The user sides of some histories as linear systems; see `ClosedFormRecommender`."""

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Solve for the user side (b_u, p_u) of each history, (n, 1 + factors), exactly."""
        users = np.zeros((histories.shape[0], self.design.shape[1]))
        with one_blas_thread():
            for block in padded_blocks(histories):
                (systems,) = self.user_systems(block)
                users[block.rows] = systems.solve()
        return users

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_biases)

    @property
    def predicts_ratings(self) -> bool:
        """Whether scores are predicted ratings."""
        return self.parameters.objective == "rating"

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Score every item; see `Recommender.scores`."""
        return self._scored(self.user_factors(histories), slice(None))

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score some items only; see `Recommender.scores_of`."""
        return self._scored(self.user_factors(histories), columns)

    def predict_ratings(
        self, histories: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Predict the ratings of (row, column) pairs; see `RatingPredictor`."""
        unknown_user, unknown_item = self._unknown_sides()
        users = np.vstack([self.user_factors(histories), unknown_user])
        biases = np.append(self.item_biases.astype(np.float64), unknown_item[0])
        predicted = self.mean + biases[columns] + users[rows, 0]
        for start in range(0, len(rows), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            items = self.item_factors[columns[part]].astype(np.float64)
            items[columns[part] < 0] = unknown_item[1:]
            predicted[part] += np.einsum("mf,mf->m", users[rows[part], 1:], items)
        return np.asarray(predicted)

    @cached_property
    def design(self) -> NDArray[np.float64]:
        """(n_items, 1 + factors): a 1 for the user's bias, then the factors."""
        return np.hstack([np.ones((self.n_items, 1)), self.item_factors.astype(np.float64)])

    def _scored(
        self, sides: NDArray[np.float64], columns: NDArray[np.int64] | slice
    ) -> NDArray[np.float32]:
        """Scores (n, m) of some items, given the user sides (n, 1 + factors)."""
        users = sides.astype(np.float32)
        with one_blas_thread():  # with more threads the last digits differ
            scores = users[:, 1:] @ self.item_factors[columns].T
        scores += users[:, :1]
        scores += (self.mean + self.item_biases[columns]).astype(np.float32)
        return np.asarray(scores)

    def _rating_systems(
        self,
        histories: PaddedBlock,
        precision: NDArray[np.float64],
        precision_per_rating: NDArray[np.float64],
    ) -> UserSystems:
        """Squared errors of predicted ratings plus w' (P + n P_r) w, as a system."""
        rated, n_ratings = self._rated(histories), histories.filled.sum(axis=1)
        expected = self._bases[histories.columns]
        return UserSystems(
            items=self.design,
            rated=rated,
            weights=histories.filled.astype(np.float64),
            right=np.where(histories.filled, np.subtract(histories.values, expected), 0.0),
            prior_right=np.zeros(rated.shape[::2]),
            prior_precision=precision + n_ratings[:, None, None] * precision_per_rating,
            precision_per_rating=precision_per_rating,
            n_ratings=n_ratings,
        )

    def _ranking_systems(
        self, histories: PaddedBlock, parameters: RankingParameters
    ) -> UserSystems:
        """Squared errors of 1 for rated and 0 for all other items, the latter with less weight.

        With base score c_i = mu + b_i, unrated weight v and n ratings, the user side minimises

            sum_rated (1 - c_j - w . z_j)^2 + v sum_others (c_i + w . z_i)^2 + rho n |w|^2,

        with n `WITHOUT_RATINGS` longer: fewer items than factors would leave w open at n = 0.

        All items together are the same for everybody, Z'Z and Z'c: only the rated ones are summed
        up for each history.
        """
        weight, (gram, base) = parameters.unrated_weight, self._all_items
        per_rating = parameters.user_regularization * np.eye(len(gram))
        n_ratings = histories.filled.sum(axis=1)
        right = 1.0 - (1.0 - weight) * self._bases[histories.columns]
        precision = np.tile(weight * gram, (len(n_ratings), 1, 1))
        ridge = (n_ratings + WITHOUT_RATINGS) * parameters.user_regularization
        np.einsum("bff->bf", precision)[:] += ridge[:, None]
        return UserSystems(
            items=self.design,
            rated=self._rated(histories),
            weights=np.where(histories.filled, 1.0 - weight, 0.0),
            right=np.where(histories.filled, right, 0.0),
            prior_right=np.tile(-weight * base, (len(n_ratings), 1)),
            prior_precision=precision,
            precision_per_rating=per_rating,
            n_ratings=n_ratings,
        )

    def _rated(self, histories: PaddedBlock) -> NDArray[np.float64]:
        rated = self.design[histories.columns]
        rated[~histories.filled] = 0.0
        return rated

    @cached_property
    def _bases(self) -> NDArray[np.float64]:
        """(n_items,) c, what the score is without a user."""
        return np.asarray(self.mean + self.item_biases.astype(np.float64))

    @cached_property
    def _all_items(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Z'Z (1 + factors, 1 + factors) and Z'c (1 + factors,)."""
        with one_blas_thread():  # with more threads the last digits differ
            return self.design.T @ self.design, self.design.T @ self._bases

    def _unknown_sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bias and factors of a user without ratings, and of an item not in the catalogue."""
        nothing = np.zeros(self.design.shape[1])
        return nothing, nothing
