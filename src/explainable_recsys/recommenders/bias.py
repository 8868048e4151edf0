"""Global mean plus user and item bias: the baseline for predicting ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.recommenders.base import Recommender


class BiasParameters(Parameters):
    """How many ratings' weight pulls each bias towards 0."""

    item_damping: float = Field(3.44, ge=0)
    user_damping: float = Field(2.58, ge=0)


@dataclass(frozen=True, eq=False)
class Bias(Recommender):
    """Predict mu + b_i + b_u with damped means (Koren 2010, eqs. 2.1 and 2.2).

        b_i = sum_u (r_ui - mu) / (d_i + n_i),   b_u = sum_i (r_ui - mu - b_i) / (d_u + n_u)

    As a recommender it lists the best-rated items, the same for everybody.

    Attributes:
        mean: () global mean rating mu.
        item_biases: (n_items,) float32, in rating points.
        parameters: The damping terms d_i and d_u.
    """

    mean: float
    item_biases: NDArray[np.float32]
    parameters: BiasParameters

    @classmethod
    def fit(cls, interactions: Interactions, parameters: BiasParameters) -> Bias:
        """Compute the global mean and the item biases."""
        ratings = interactions.ratings
        mean = float(ratings.data.mean(dtype=np.float64))
        above = ratings.data.astype(np.float64) - mean
        sums = np.bincount(ratings.indices, weights=above, minlength=interactions.n_items)
        counts = np.bincount(ratings.indices, minlength=interactions.n_items)
        biases = sums / np.maximum(parameters.item_damping + counts, 1)
        return cls(mean, biases.astype(np.float32), parameters)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_biases)

    @property
    def predicts_ratings(self) -> bool:
        """They are what this is made for."""
        return True

    @property
    def is_personal(self) -> bool:
        """No: a history decides nothing but what is left out."""
        return False

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Predicted ratings; see `Recommender.scores`."""
        users = self.mean + self.user_biases(histories)
        return (users[:, None] + self.item_biases).astype(np.float32)

    def user_biases(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """How far each history lies above what its items get on average, (n,)."""
        lengths = np.diff(histories.indptr)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        above = histories.data.astype(np.float64) - self.mean - self.item_biases[histories.indices]
        sums = np.bincount(rows, weights=above, minlength=len(lengths))
        return np.asarray(sums / np.maximum(self.parameters.user_damping + lengths, 1))

    def predict_ratings(
        self, histories: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Predict the ratings of (row, column) pairs; see `RatingPredictor`."""
        users = np.append(self.user_biases(histories), 0.0)
        items = np.append(self.item_biases.astype(np.float64), 0.0)
        return np.asarray(self.mean + users[rows] + items[columns])
