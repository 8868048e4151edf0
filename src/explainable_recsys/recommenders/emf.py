"""Explainable matrix factorization: factors that lean towards what neighbours can explain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, PaddedBlock, padded_blocks
from explainable_recsys.knowledge.neighbours import (
    NeighbourhoodParameters,
    Speakers,
    explainability,
)
from explainable_recsys.liking import Liking
from explainable_recsys.parameters import Seed
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import UserSystems
from explainable_recsys.recommenders.biased_factors import (
    BiasedFactors,
    Objective,
    ObjectiveParameters,
)
from explainable_recsys.threads import one_blas_thread


class EMFParameters(ObjectiveParameters):
    """The objective of `EMF`, and how long it is minimised.

    `explainability_weight` is lambda (0 is plain matrix factorization), and `target` what the
    term pulls to. `factor_damping` counts once per user or item. For `ranking`, a rating is
    trusted 1 + `confidence` x rating times as much as that an item is not rated. For `rating`,
    `regularization` counts per rating, the dampings of biases once per user or item, and `form`
    and `contrast` belong to the term.
    """

    factors: int = Field(48, ge=1)
    iterations: int = Field(6, ge=1)
    factor_damping: float = Field(25.0, gt=0)
    explainability_weight: float = Field(0.7, ge=0)
    target: float = Field(1.0, gt=0)
    confidence: float = Field(0.7, gt=0)
    regularization: float = Field(0.0, ge=0)
    user_bias_damping: float = Field(2.4, gt=0)
    item_bias_damping: float = Field(4.56, gt=0)
    form: Literal["pull", "l2"] = "pull"
    contrast: float = Field(0.2, ge=0)
    seed: Seed = 0

    @property
    def pulls(self) -> bool:
        """Whether explainability pulls p . q, as it always does in rankings."""
        return self.objective == "ranking" or self.form == "pull"

    @property
    def unexplained(self) -> float:
        """What (p . q)^2 of every pair weighs beside explainability, in predicted ratings."""
        return self.contrast if self.objective == "rating" and self.pulls else 0.0

    @property
    def pulled_to(self) -> float:
        """What p . q is drawn to; |p - q|^2 has -2 p . q in it, which is a target of 1."""
        return self.target if self.pulls else 1.0


class EMFRatingsParameters(EMFParameters):
    """What predicts ratings well."""

    objective: Objective = "rating"
    factors: int = Field(10, ge=1)
    iterations: int = Field(13, ge=1)
    factor_damping: float = Field(4.98, gt=0)
    explainability_weight: float = Field(0.3, ge=0)
    target: float = Field(3.0, gt=0)
    regularization: float = Field(0.0524, ge=0)


HISTORIES_AT_ONCE, SPEAKERS_AT_ONCE = 512, 1_000
"""Matrices that are held at a time."""


@dataclass(frozen=True, eq=False)
class EMF(BiasedFactors):
    """Matrix factorization with a term for explainability, by least squares.

    With the explainability E_ui of `knowledge.neighbours`, it minimises

        sum_ui c_ui ([u rated i] - p_u . q_i)^2 + d (sum_u |p_u|^2 + sum_i |q_i|^2)
        + lambda sum_ui E_ui (t - p_u . q_i)^2

    over all pairs, with the confidence c_ui = 1 + alpha r_ui of ratings and 1 of all others, for
    the objective `ranking` (Hu, Koren & Volinsky 2008); or for `rating`, with biases,

        sum_ui (r_ui - mu - b_u - b_i - p_u . q_i)^2          over the ratings
        + sum_u (beta n_u + d) |p_u|^2 + sum_i (beta n_i + d) |q_i|^2
        + d_u sum_u b_u^2 + d_i sum_i b_i^2
        + lambda * (what the form asks of explainability)

    - `pull`: sum_ui E_ui (t - p_u . q_i)^2 + gamma sum_ui (p_u . q_i)^2, both over all pairs,
      rated or not: the personal part of the score is drawn to a positive target t where
      neighbours speak for an item, and (with the contrast gamma) to 0 where they do not.
    - `l2`: sum_ui E_ui |p_u - q_i|^2, as published (Abdollahi & Nasraoui 2016, eq. 3), which
      mostly makes factors shorter.

    The objective is quadratic in the users' side and in the items' side: each is solved
    exactly in turn, and the user side of any history is the exact minimum given the items.

    Attributes:
        neighbourhood: Whose ratings E is made of.
        liked_from: Lowest rating that is liked there, as `Liking` has it.
        training_ratings: (nnz,) float32 ratings that neighbours are looked for in; none where
            lambda is 0.
        training_columns: (nnz,) their items.
        training_starts: (n_users + 1,) where the users' ratings begin.
    """

    parameters: EMFParameters
    neighbourhood: NeighbourhoodParameters
    liked_from: float
    training_ratings: NDArray[np.float32]
    training_columns: NDArray[np.int32]
    training_starts: NDArray[np.int64]

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        parameters: EMFParameters,
        neighbourhood: NeighbourhoodParameters,
        liking: Liking,
        explainable: sparse.csr_array | None = None,
    ) -> EMF:
        """Minimise the objective by alternating least squares.

        Args:
            interactions: Ratings to learn from.
            parameters: Hyper-parameters.
            neighbourhood: What E is made of.
            liking: What is liked.
            explainable: E of the users, (n_users, n_items), if it has been computed.

        Raises:
            InputError: If k exceeds the number of other users (or items), or ratings are negative
                where they weigh the confidence.
        """
        ratings = interactions.ratings
        ranks = parameters.objective == "ranking"
        if ranks and ratings.data.min() < 0:
            raise InputError(
                "parameter emf.model.objective: 'ranking' trusts a rating by its size and needs "
                f"ratings of 0 or more, found {ratings.data.min():g}; accepted here: rating"
            )
        if parameters.explainability_weight == 0:
            explainable = sparse.csr_array(ratings.shape)
        elif explainable is None:
            explainable = explainability(ratings, ratings, neighbourhood, liking)
        mean = 0.0 if ranks else float(ratings.data.mean(dtype=np.float64))
        items = np.zeros((interactions.n_items, 1 + parameters.factors))
        rng = np.random.default_rng(parameters.seed)
        items[:, 1:] = rng.normal(0, 0.1, (interactions.n_items, parameters.factors))
        of_users = _Terms(ratings, explainable, mean, parameters, parameters.user_bias_damping)
        of_items = _Terms(
            ratings.T.tocsr(),
            explainable.T.tocsr(),
            mean,
            parameters,
            parameters.item_bias_damping,
        )
        for _ in progress(range(parameters.iterations), "train EMF", "iteration"):
            users = of_users.solve(items)
            items = of_items.solve(users)
        needed = ratings if parameters.explainability_weight else ratings[:0]
        return cls(
            mean=mean,
            item_biases=items[:, 0].astype(np.float32),
            item_factors=items[:, 1:].astype(np.float32),
            parameters=parameters,
            neighbourhood=neighbourhood,
            liked_from=liking.at_least,
            training_ratings=needed.data,
            training_columns=needed.indices.astype(np.int32),
            training_starts=needed.indptr.astype(np.int64),
        )

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Solve for the user side (b_u, p_u), (n, 1 + factors), exactly."""
        users = np.zeros((histories.shape[0], self.design.shape[1]))
        for start in range(0, len(users), HISTORIES_AT_ONCE):
            part = histories[start : start + HISTORIES_AT_ONCE]
            more, right = self._pulls(part)
            with one_blas_thread():
                for block in padded_blocks(part, least=self.design.shape[1]):
                    systems = self._systems_without_explainability(block)
                    systems = _pulled(systems, more[block.rows], right[block.rows])
                    users[start + block.rows] = systems.solve()
        return users

    def explainability(self, histories: sparse.csr_array) -> sparse.csr_array:
        """E of each history, (n, n_items)."""
        if self.parameters.explainability_weight == 0:
            return sparse.csr_array(histories.shape)
        liking = Liking(self.liked_from)
        return explainability(histories, self._training, self.neighbourhood, liking)

    @cached_property
    def design(self) -> NDArray[np.float64]:
        """(n_items, 1 + factors): a 1 for the user's bias (0: has none), then the factors."""
        own = np.full((self.n_items, 1), float(self.predicts_ratings))
        return np.hstack([own, self.item_factors.astype(np.float64)])

    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The user's least squares as a system; see `ClosedFormRecommender`.

        Raises:
            InputError: If the model has a weight of explainability: neighbours change with the
                history, and the system with them.
        """
        parameters = self.parameters
        if parameters.explainability_weight:
            raise InputError(
                "parameter explainability_weight: with explainability in the model the user side "
                "has no closed form that single ratings could be taken out of; accepted: 0"
            )
        yield self._systems_without_explainability(histories)

    def systems_given_neighbours(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The user's least squares if the neighbours stayed those of the whole history.

        Taking a rating out of it changes what the rating itself says of the user, but not who is
        near: an approximation of what `user_systems` cannot give.
        """
        users, places = np.nonzero(histories.filled)
        ratings = histories.values[users, places], (users, histories.columns[users, places])
        pulls = self._pulls(sparse.csr_array(ratings, shape=(len(histories.rows), self.n_items)))
        yield _pulled(self._systems_without_explainability(histories), *pulls)

    def _pulls(
        self, histories: sparse.csr_array
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What explainability adds to the matrices (n, f, f) and right sides (n, f).

        What somebody speaks for is summed up once, for all histories.
        """
        n, f, given = histories.shape[0], self.design.shape[1], self.parameters
        more, weight = np.zeros((n, f * f)), given.explainability_weight
        if not weight:
            return more.reshape(n, f, f), np.zeros((n, f))
        who, q = self._speakers.of(histories) * (weight / self.neighbourhood.k), self._pulled_items
        heard = np.unique(who.indices)
        who, spoken = who[:, heard], self._speakers.spoken[heard]
        if given.pulls:
            if given.unexplained:
                with one_blas_thread():  # with more threads the last digits differ
                    more += weight * given.unexplained * (q.T @ q).ravel()
            known = self._squares_of_all
            for start in range(0, len(heard), SPEAKERS_AT_ONCE):
                part = slice(start, start + SPEAKERS_AT_ONCE)
                squares = self._squares(spoken[part]) if known is None else known[heard[part]]
                more += who[:, part] @ squares.reshape(-1, f * f)
        else:
            more[:, f + 1 :: f + 1] += (who @ spoken.sum(axis=1))[:, None]
        return more.reshape(n, f, f), given.pulled_to * (who @ (spoken @ q))

    @cached_property
    def _squares_of_all(self) -> NDArray[np.float64] | None:
        """`_squares` of what everybody speaks for, if they are few."""
        spoken = self._speakers.spoken
        return self._squares(spoken) if spoken.shape[0] <= SPEAKERS_AT_ONCE else None

    def _squares(self, weights: sparse.csr_array) -> NDArray[np.float64]:
        """Sums of q q' of the items with their weights (m, n_items), (m, f, f)."""
        f = self.design.shape[1]
        found = np.empty((weights.shape[0], f, f))
        with one_blas_thread():
            for block in padded_blocks(weights, least=f):
                q = self._pulled_items[block.columns]
                found[block.rows] = q.transpose(0, 2, 1) @ (q * block.values[..., None])
        return found

    @cached_property
    def _pulled_items(self) -> NDArray[np.float64]:
        """(n_items, f) what the user side is multiplied by for the pull: not the bias."""
        return self.design * (np.arange(self.design.shape[1]) > 0)

    @cached_property
    def _speakers(self) -> Speakers:
        return Speakers(self._training, self.neighbourhood, Liking(self.liked_from))

    def _systems_without_explainability(self, histories: PaddedBlock) -> UserSystems:
        parameters = self.parameters
        factors = np.diag(np.arange(self.design.shape[1]) > 0).astype(np.float64)
        always = parameters.factor_damping * factors
        always[0, 0] = parameters.user_bias_damping
        if parameters.objective == "ranking":
            return self._confident_systems(histories, always)
        return self._rating_systems(histories, always, parameters.regularization * factors)

    def _confident_systems(
        self, histories: PaddedBlock, damping: NDArray[np.float64]
    ) -> UserSystems:
        """Squared errors of 1 for rated and 0 for other items, by confidence."""
        trust = self.parameters.confidence * histories.values.astype(np.float64)
        rated, (gram, _) = self._rated(histories), self._all_items
        return UserSystems(
            items=self.design,
            rated=rated,
            weights=np.where(histories.filled, trust, 0.0),
            right=np.where(histories.filled, 1.0 + trust, 0.0),
            prior_right=np.zeros(rated.shape[::2]),
            prior_precision=np.tile(gram + damping, (len(rated), 1, 1)),
            precision_per_rating=np.zeros_like(gram),
            n_ratings=histories.filled.sum(axis=1),
        )

    @cached_property
    def _training(self) -> sparse.csr_array:
        shape = (len(self.training_starts) - 1, self.n_items)
        arrays = (self.training_ratings, self.training_columns, self.training_starts)
        return sparse.csr_array(arrays, shape=shape)


class _Terms:
    """The objective's terms of one side, ready to be solved for any state of the other side."""

    def __init__(
        self,
        ratings: sparse.csr_array,
        explainable: sparse.csr_array,
        mean: float,
        parameters: EMFParameters,
        bias_damping: float,
    ) -> None:
        # Rated and explainable partners of a row side by side: a column from n on is explainable.
        both = sparse.hstack([ratings, explainable.astype(np.float32)], format="csr")
        self._blocks = list(padded_blocks(sparse.csr_array(both), least=1 + parameters.factors))
        self._shape = ratings.shape
        self._mean = mean
        self._parameters = parameters
        self._bias_damping = bias_damping

    def solve(self, other: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bias and factors (n, 1 + f) of this side, given those (m, 1 + f) of the other."""
        m, size = self._shape[1], other.shape[1]
        solved = np.zeros((self._shape[0], size))
        design = np.zeros((2 * m, size))
        if not self._ranks:
            design[:m, 0] = 1.0  # the own bias takes part in predicted ratings only
        design[:m, 1:] = design[m:, 1:] = other[:, 1:]
        expected = np.append(self._mean + other[:, 0], np.zeros(m))
        with one_blas_thread():
            every_pair = self._of_every_pair * (other[:, 1:].T @ other[:, 1:])
            for block in self._blocks:
                systems, right = self._normal_equations(block, design, expected)
                systems[:, 1:, 1:] += every_pair
                solved[block.rows] = np.linalg.solve(systems, right[..., None])[..., 0]
        return solved

    def _normal_equations(
        self, block: PaddedBlock, design: NDArray[np.float64], expected: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Matrices (b, 1 + f, 1 + f) and right sides (b, 1 + f) of some rows."""
        parameters, size = self._parameters, design.shape[1]
        values = block.values.astype(np.float64)
        explained = block.filled & (block.columns >= self._shape[1])
        rated = block.filled & ~explained
        pull = parameters.explainability_weight * np.where(explained, values, 0.0)
        if self._ranks:
            trust = np.where(rated, parameters.confidence * values, 0.0)
            right = np.where(rated, 1.0 + trust, 0.0)
        else:
            trust = rated.astype(np.float64)
            right = np.where(rated, values - expected[block.columns], 0.0)
        z = design[block.columns]
        right = (right + pull * parameters.pulled_to)[:, None, :] @ z
        diagonal = np.empty((len(z), size))
        diagonal[:, 0] = self._bias_damping
        counts = rated.sum(axis=1, keepdims=True)
        per_rating = 0.0 if self._ranks else parameters.regularization
        diagonal[:, 1:] = per_rating * counts + parameters.factor_damping
        if not parameters.pulls:
            diagonal[:, 1:] += pull.sum(axis=1, keepdims=True)
            pull = np.zeros_like(pull)
        systems = z.transpose(0, 2, 1) @ (z * (trust + pull)[..., None])
        systems[:, range(size), range(size)] += diagonal
        return systems, right[:, 0, :]

    @property
    def _ranks(self) -> bool:
        return self._parameters.objective == "ranking"

    @property
    def _of_every_pair(self) -> float:
        """Weight of (p . q)^2 of every pair."""
        given = self._parameters
        return 1.0 if self._ranks else given.explainability_weight * given.unexplained


def _pulled(
    systems: UserSystems, more: NDArray[np.float64], right: NDArray[np.float64]
) -> UserSystems:
    """The systems with more (b, f, f) and (b, f) on both sides."""
    more, right = systems.prior_precision + more, systems.prior_right + right
    return replace(systems, prior_precision=more, prior_right=right)


def fit_emf(
    data: Data,
    explainability_by_users: Interactions,
    explainability_by_items: Interactions,
    parameters: EMFParameters,
    neighbourhood: NeighbourhoodParameters,
) -> EMF:
    """`EMF.fit` with E as it is stored, unless that is of other (held-out) users."""
    chosen = explainability_by_users if neighbourhood.form == "users" else explainability_by_items
    same = np.array_equal(chosen.user_ids, data.interactions.user_ids)
    known = chosen.ratings if same else None
    return EMF.fit(data.interactions, parameters, neighbourhood, data.liking, known)


def fit_emf_ratings(
    data: Data,
    explainability_by_users: Interactions,
    explainability_by_items: Interactions,
    parameters: EMFRatingsParameters,
    neighbourhood: NeighbourhoodParameters,
) -> EMF:
    """`fit_emf` with parameters that predict ratings well."""
    return fit_emf(
        data, explainability_by_users, explainability_by_items, parameters, neighbourhood
    )


def fit_mf(
    data: Data,
    parameters: EMFRatingsParameters,
    neighbourhood: NeighbourhoodParameters,
) -> EMF:
    """Plain matrix factorization of ratings: `EMF.fit` without explainability."""
    plain = parameters.model_copy(update={"explainability_weight": 0.0})
    return EMF.fit(data.interactions, plain, neighbourhood, data.liking)
