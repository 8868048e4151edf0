"""What all factor models of ratings share: biases, factors, and the popularity prior."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender, UserSystems
from explainable_recsys.threads import one_blas_thread


class PriorParameters(Parameters):
    """How many rating points a factor e in popularity is worth; 0: predicted rating alone."""

    popularity_weight: float = Field(2.0, ge=0, le=1000)


@dataclass(frozen=True, eq=False)
class RatingFactors(Recommender):
    """Predict mu + b_i + b_u + p_u . q_i, with the user side b_u, p_u solved from the history.

    The score adds the popularity prior, `popularity_weight` * log((1 + n_i) / (1 + max n)),
    because which movies somebody rates at all depends on how well known they are, which
    ratings do not tell.

    Attributes:
        mean: () global mean rating mu.
        item_biases: (n_items,) float32 b, in rating points.
        item_factors: (n_items, factors) float32 q.
        popularity: (n_items,) float32, log((1 + n_i) / (1 + max n)), 0 for the most popular.
        parameters: What the model was learned with.
    """

    mean: float
    item_biases: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    popularity: NDArray[np.float32]
    parameters: PriorParameters

    @abstractmethod
    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Solve for the user side (b_u, p_u) of each history, (n, 1 + factors)."""

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_biases)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Predicted rating plus popularity prior; see `Recommender.scores`."""
        return self._scores(histories, slice(None))

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Score some items only; see `Recommender.scores_of`."""
        return self._scores(histories, columns)

    def predict_ratings(
        self, histories: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Predict the ratings of (row, column) pairs; see `RatingPredictor`."""
        unknown_user, unknown_item = self._unknown_sides()
        users = np.vstack([self.user_factors(histories), unknown_user])
        items = np.vstack([self.design, np.append(1.0, unknown_item[1:])])
        biases = np.append(self.item_biases.astype(np.float64), unknown_item[0])
        personal = np.einsum("mf,mf->m", users[rows], items[columns])
        return np.asarray(self.mean + biases[columns] + personal)

    def with_popularity_weight(self, weight: float) -> Self:
        """The same model with another prior; with 0 it ranks by the predicted rating alone."""
        parameters = self.parameters.model_copy(update={"popularity_weight": weight})
        return dataclasses.replace(self, parameters=parameters)

    @cached_property
    def design(self) -> NDArray[np.float64]:
        """(n_items, 1 + factors): a 1 for the user's bias, then the factors."""
        return np.hstack([np.ones((self.n_items, 1)), self.item_factors.astype(np.float64)])

    def _scores(
        self, histories: sparse.csr_array, columns: NDArray[np.int64] | slice
    ) -> NDArray[np.float32]:
        users = self.user_factors(histories).astype(np.float32)
        prior = self.parameters.popularity_weight * self.popularity[columns]
        base = self.mean + self.item_biases[columns] + prior
        with one_blas_thread():  # with more threads the last digits differ
            scores = users[:, 1:] @ self.item_factors[columns].T
        scores += users[:, :1]
        scores += base.astype(np.float32)
        return np.asarray(scores)

    def _least_squares(
        self,
        histories: PaddedBlock,
        precision: NDArray[np.float64],
        precision_per_rating: NDArray[np.float64],
    ) -> UserSystems:
        """Squared errors of predicted ratings plus w' (P + n P_r) w, as a system."""
        rated = self.design[histories.columns] * histories.filled[..., None]
        expected = self.mean + self.item_biases.astype(np.float64)[histories.columns]
        n_ratings = histories.filled.sum(axis=1)
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

    def _unknown_sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bias and factors of a user without ratings, and of an item not in the catalogue."""
        nothing = np.zeros(self.design.shape[1])
        return nothing, nothing


def without_prior(model: RatingFactors) -> RatingFactors:
    """The same model ranking by the predicted rating alone."""
    return model.with_popularity_weight(0.0)
