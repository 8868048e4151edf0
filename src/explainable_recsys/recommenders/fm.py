"""Bayesian factorization machine over ids and features, for ranking or for ratings, by myFM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy import sparse

from explainable_recsys.interactions import Interactions, PaddedBlock
from explainable_recsys.knowledge.features import Features, ItemGroup, UserGroup
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.progress import progress_counter
from explainable_recsys.recommenders.base import UserSystems
from explainable_recsys.recommenders.biased_factors import (
    WITHOUT_RATINGS,
    BiasedFactors,
    Objective,
    RankingParameters,
)
from explainable_recsys.recommenders.sampled_zeros import SampledZeros
from explainable_recsys.threads import one_blas_thread

ROWS_AT_ONCE = 256
"""Histories solved for together."""

ONE_BY_ONE = 8
"""Up to so many histories are solved for one after another."""

CELLS_AT_ONCE = 1_000_000
"""Products of two factors of items that are summed up at a time."""

DENSE_FROM = 0.05
"""Share of rated cells from which on a block of histories is multiplied as a dense matrix."""


class FMParameters(RankingParameters):
    """How many samples are drawn, and how many of them, evenly spaced, the model keeps.

    `zeros` unrated items are drawn beside each rating (objective `ranking`).
    """

    rank: int = Field(8, ge=1)
    iterations: int = Field(15, ge=1)
    burn_in: int = Field(5, ge=0)
    kept_samples: int = Field(10, ge=1)
    zeros: int = Field(8, ge=1)
    unrated_weight: float = Field(0.03, gt=0, le=1)
    seed: Seed = 0

    @model_validator(mode="after")
    def _enough_samples(self) -> Self:
        after = self.iterations - self.burn_in
        if after < 1:
            raise ValueError(
                f"burn_in {self.burn_in} of {self.iterations} iterations leaves none; accepted: 0 "
                f"to {self.iterations - 1}"
            )
        if self.kept_samples > after:
            raise ValueError(
                f"kept_samples {self.kept_samples} of {self.iterations} iterations with burn_in "
                f"{self.burn_in}; accepted: 1 to {after} (iterations - burn_in)"
            )
        return self


class FMRatingsParameters(FMParameters):
    """What predicts ratings well."""

    objective: Objective = "rating"
    rank: int = Field(10, ge=1)
    iterations: int = Field(100, ge=1)
    burn_in: int = Field(30, ge=0)
    kept_samples: int = Field(30, ge=1)


@dataclass(frozen=True, eq=False)
class PosteriorSamples:
    """Draws from the posterior of a factorization machine, gathered by user and by item.

    In a factorization machine (Rendle 2010, eq. 1) over features x that belong either to the
    user or to the item, every pair of two features of one side is a constant of that side.
    With the bias b = sum_a x_a w_a + sum_{a<b} x_a x_b v_a . v_b and the factors
    p = sum_a x_a v_a of each side, the prediction is w_0 + b_u + b_i + p_u . p_i.

    Attributes:
        means: (samples,) w_0.
        users: (samples, n_users, 1 + rank) b_u, p_u.
        items: (samples, n_items, 1 + rank) b_i, p_i.
        noise_precisions: (samples,) alpha.
        user_means: (samples, 1 + rank) mean of (b_u, p_u) over users without ratings.
        user_precisions: (samples, 1 + rank, 1 + rank) inverse of their covariance.
    """

    means: NDArray[np.float64]
    users: NDArray[np.float64]
    items: NDArray[np.float64]
    noise_precisions: NDArray[np.float64]
    user_means: NDArray[np.float64]
    user_precisions: NDArray[np.float64]

    def predict(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean over the samples of the predicted ratings of (row, column) pairs, (m,)."""
        users, items = self.users[:, rows], self.items[:, columns]
        personal = np.einsum("smf,smf->sm", users[..., 1:], items[..., 1:])
        predicted = self.means[:, None] + users[..., 0] + items[..., 0] + personal
        return np.asarray(predicted.mean(axis=0))


@dataclass(frozen=True, eq=False)
class FM(BiasedFactors):
    """The item side of a factorization machine's posterior, with an exact user side.

    Of each kept sample s it holds the items' biases c = w_0 + b and factors q, and a system of
    which the user side w = (b_u, p_u) is the solution given a history,

        (a_s sum_j z_j z_j' + rho n I + P_s) w = sum_j (t_j - a_s c_j) z_j + r_s,

    j over the n rated items, z_j = (1, q_j). The score is the mean over the samples.

    - `rating`: a = alpha, the noise's precision, t = alpha times the rating, P the precision of
      what is believed of a user before any rating, and r = P m with the mean m of it; rho = 0. w
      is the mean of the Gaussian that w has given the rest of the sample: a Rao-Blackwellized
      estimate, which has less noise than one with the sampled users, and is the same for old and
      new users.
      Of features other than the id a history says nothing; P and m are those of somebody drawn
      from the training users.
    - `ranking`: learned from 1 for rated items and 0 for sampled others; the user side is that of
      `BiasedFactors`, over all items: with the weight v of unrated ones a = 1 - v, t = 1,
      P = v Z'Z (and the ridge of an empty history) and r = -v Z'c.

    `item_biases` and `item_factors` hold all samples side by side, divided so that the
    prediction is one product: the mean of the biases, and the factors (n_items, samples * rank)
    over the number of samples.

    Attributes:
        sample_biases: (samples, n_items) float32 c - mean.
        rated_weights: (samples,) a.
        prior_precisions: (samples, 1 + rank, 1 + rank) P.
        prior_rights: (samples, 1 + rank) r.
        parameters: What the model was learned with.
    """

    sample_biases: NDArray[np.float32]
    rated_weights: NDArray[np.float64]
    prior_precisions: NDArray[np.float64]
    prior_rights: NDArray[np.float64]
    parameters: FMParameters

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        user_features: Features,
        item_features: Features,
        parameters: FMParameters,
    ) -> FM:
        """Sample the posterior and keep the item side.

        Args:
            interactions: Ratings to learn from.
            user_features: (n_users, d) what is known of users besides their ids.
            item_features: (n_items, d) the same of items.
            parameters: Hyper-parameters.
        """
        examples = Examples.of(interactions, parameters)
        samples = sample_posterior(examples, user_features, item_features, parameters)
        return cls.from_samples(samples, examples, parameters)

    @classmethod
    def from_samples(
        cls, samples: PosteriorSamples, examples: Examples, parameters: FMParameters
    ) -> FM:
        """Keep the item side of samples."""
        mean = float(examples.values.mean())
        biases = samples.means[:, None] + samples.items[..., 0]
        n_samples, n_items, _ = samples.items.shape
        if parameters.objective == "ranking":
            v, z = parameters.unrated_weight, samples.items.copy()
            z[..., 0] = 1.0
            weights = np.full(n_samples, 1.0 - v)
            ridge = WITHOUT_RATINGS * parameters.user_regularization
            precisions = v * (z.transpose(0, 2, 1) @ z) + ridge * np.eye(z.shape[2])
            rights = -v * (biases[:, None, :] @ z)[:, 0]
        else:
            weights, precisions = samples.noise_precisions, samples.user_precisions
            rights = (precisions @ samples.user_means[..., None])[..., 0]
        factors = samples.items[..., 1:].transpose(1, 0, 2).reshape(n_items, -1)
        return cls(
            mean=mean,
            item_biases=(biases - mean).mean(axis=0).astype(np.float32),
            item_factors=(factors / n_samples).astype(np.float32),
            parameters=parameters,
            sample_biases=(biases - mean).astype(np.float32),
            rated_weights=weights,
            prior_precisions=precisions,
            prior_rights=rights,
        )

    def user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """Mean of b_u and the p_u of all samples, (n, 1 + samples * rank)."""
        n, n_samples = histories.shape[0], len(self.rated_weights)
        if n <= ONE_BY_ONE:
            return self._few_user_factors(histories)
        solved = np.empty((n, n_samples, self.prior_rights.shape[1]))
        few = n <= ROWS_AT_ONCE

        def solve(start: int) -> None:
            part = slice(start, start + ROWS_AT_ONCE)
            block = _Block.of(histories if few else histories[part], self.predicts_ratings)
            step = max(1, CELLS_AT_ONCE // max(1, len(block.columns) * solved.shape[2] ** 2))
            for sample in range(0, n_samples, step):
                samples = slice(sample, sample + step)
                solved[part, samples] = self._solve(block, samples)

        with one_blas_thread():
            if few:
                solve(0)
            else:
                with ThreadPoolExecutor() as pool:
                    list(pool.map(solve, range(0, n, ROWS_AT_ONCE)))
        biases = solved[..., 0].mean(axis=1, keepdims=True)
        return np.hstack([biases, solved[..., 1:].reshape(n, self.item_factors.shape[1])])

    def user_systems(self, histories: PaddedBlock) -> Iterator[UserSystems]:
        """The user side of every sample as a system; see `ClosedFormRecommender`."""
        n_samples, n_ratings = len(self.rated_weights), histories.filled.sum(axis=1)
        values = histories.values.astype(np.float64)
        for sample, weight in enumerate(self.rated_weights.tolist()):
            design = self._designs[sample]
            rated = design[histories.columns] * histories.filled[..., None]
            b, _, f = rated.shape
            per_rating = self._ridge * np.eye(f)
            target = weight * values if self.predicts_ratings else np.ones_like(values)
            right = target - weight * self._base(sample, histories.columns)
            yield UserSystems(
                items=design / n_samples,
                rated=rated,
                weights=np.where(histories.filled, weight, 0.0),
                right=np.where(histories.filled, right, 0.0),
                prior_right=np.broadcast_to(self.prior_rights[sample], (b, f)),
                prior_precision=self.prior_precisions[sample]
                + n_ratings[:, None, None] * per_rating,
                precision_per_rating=per_rating,
                n_ratings=n_ratings,
            )

    @property
    def _ridge(self) -> float:
        """The penalty rho."""
        return 0.0 if self.predicts_ratings else self.parameters.user_regularization

    def _base(self, sample: int | slice, columns: NDArray[Any]) -> NDArray[np.float64]:
        """The base score c of some items."""
        return np.asarray(self.mean + self.sample_biases[sample][..., columns].astype(np.float64))

    def _unknown_sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The user side of an empty history, and the mean item."""
        means = np.linalg.solve(self.prior_precisions, self.prior_rights[..., None])[..., 0]
        user = np.append(means[:, 0].mean(), means[:, 1:])
        factors = self.item_factors.mean(axis=0, dtype=np.float64)
        return user, np.append(self.item_biases.mean(dtype=np.float64), factors)

    def _few_user_factors(self, histories: sparse.csr_array) -> NDArray[np.float64]:
        """The same for a few histories, one after another, all samples at once."""
        size = self.item_factors.shape[1]
        found = np.empty((histories.shape[0], 1 + size))
        weights = self.rated_weights[:, None]
        identity = self._ridge * np.eye(self.prior_rights.shape[1])
        with one_blas_thread():
            for row in range(len(found)):
                own = slice(histories.indptr[row], histories.indptr[row + 1])
                columns = histories.indices[own]
                z = self._designs[:, columns]
                targets = histories.data[own].astype(np.float64)[None]
                targets = weights * targets if self.predicts_ratings else np.ones_like(targets)
                above = targets - weights * self._base(slice(None), columns)
                systems = weights[..., None] * (z.transpose(0, 2, 1) @ z) + self.prior_precisions
                systems += len(columns) * identity
                right = (above[:, None, :] @ z)[:, 0] + self.prior_rights
                solved = np.linalg.solve(systems, right[..., None])[..., 0]
                found[row] = np.append(solved[:, 0].mean(), solved[:, 1:].reshape(size))
        return found

    def _solve(self, block: _Block, samples: slice) -> NDArray[np.float64]:
        """User sides (b, s, 1 + rank) given some samples."""
        weights = self.rated_weights[samples]
        z = self._designs[samples][:, block.columns].transpose(1, 0, 2)
        c, s, f = z.shape
        (first, second), places = self._upper
        bases = self._base(samples, block.columns).T
        b, width = len(block.lengths), len(first) + f
        parts = np.empty((c, s, width))
        np.multiply(z[..., first], z[..., second], out=parts[..., : len(first)])
        np.multiply(z, bases[..., None], out=parts[..., len(first) :])
        sums = (block.rated @ parts.reshape(c, s * width)).reshape(b, s, width)
        targets = (block.targets @ z.reshape(c, s * f)).reshape(b, s, f)
        right = targets * (weights[:, None] if self.predicts_ratings else 1.0)
        right -= weights[:, None] * sums[..., len(first) :]
        right += self.prior_rights[samples]
        systems = np.take(sums, places, axis=2)
        systems *= weights[:, None, None]
        systems += self.prior_precisions[samples]
        np.einsum("bsff->bsf", systems)[:] += (self._ridge * block.lengths)[:, None, None]
        return np.asarray(np.linalg.solve(systems, right[..., None])[..., 0])

    @cached_property
    def _upper(self) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]]:
        """Rows and columns of the upper triangle of a system, and the place (f, f) of each cell."""
        size = self.prior_rights.shape[1]
        upper = np.triu_indices(size)
        places = np.empty((size, size), np.int64)
        places[upper] = places.T[upper] = np.arange(len(upper[0]))
        return upper, places

    @cached_property
    def _designs(self) -> NDArray[np.float64]:
        """(samples, n_items, 1 + rank): a 1 for the user's bias, then the sample's factors."""
        n_samples = len(self.rated_weights)
        factors = self.item_factors.astype(np.float64) * n_samples
        by_sample = factors.reshape(self.n_items, n_samples, -1).transpose(1, 0, 2)
        return np.concatenate([np.ones((n_samples, self.n_items, 1)), by_sample], axis=2)


@dataclass(frozen=True, eq=False)
class _Block:
    """Some histories over the items that any of them has, ready to be multiplied.

    Attributes:
        columns: (c,) those items.
        targets: (b, c) ratings, or a 1 for each, dense or CSR, whichever is faster.
        rated: (b, c) a 1 for each.
        lengths: (b,) number of ratings.
    """

    columns: NDArray[Any]
    targets: Any
    rated: Any
    lengths: NDArray[np.float64]

    @classmethod
    def of(cls, histories: sparse.csr_array, of_ratings: bool) -> _Block:
        columns, codes = np.unique(histories.indices, return_inverse=True)
        shape = (histories.shape[0], len(columns))
        values = histories.data.astype(np.float64)
        ratings, rated = (
            sparse.csr_array((data, codes, histories.indptr), shape=shape)
            for data in (values, np.ones_like(values))
        )
        if histories.nnz > DENSE_FROM * shape[0] * shape[1]:
            return cls.built(columns, ratings.toarray(), rated.toarray(), of_ratings)
        return cls.built(columns, ratings, rated, of_ratings)

    @classmethod
    def built(cls, columns: NDArray[Any], ratings: Any, rated: Any, of_ratings: bool) -> _Block:
        return cls(columns, ratings if of_ratings else rated, rated, rated.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Examples:
    """What is learned from: pairs of a user and an item, and a value of each.

    Attributes:
        rows: (m,) users.
        columns: (m,) items.
        values: (m,) float64 ratings, or 1 for rated items and 0 for sampled others.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, interactions: Interactions, parameters: FMParameters) -> Examples:
        """Those of an objective."""
        ratings = interactions.ratings
        if parameters.objective == "ranking":
            zeros = SampledZeros(interactions, parameters.zeros, parameters.seed)
            zeros.warn_where_few()
            rows, columns, rated = zeros.pairs(slice(None))
            return cls(rows, columns, rated.astype(np.float64))
        rows = np.repeat(np.arange(interactions.n_users), np.diff(ratings.indptr))
        return cls(rows, ratings.indices.astype(np.int64), ratings.data.astype(np.float64))


def sample_posterior(
    examples: Examples,
    user_features: Features,
    item_features: Features,
    parameters: FMParameters,
) -> PosteriorSamples:
    """Draw samples by myFM's Gibbs sampler; each group of features has a prior of its own.

    Args:
        examples: What to learn from.
        user_features: As `FM.fit`.
        item_features: As `FM.fit`.
        parameters: As `FM.fit`.

    Returns:
        The kept samples.
    """
    n_users, n_items = user_features.matrix.shape[0], item_features.matrix.shape[0]
    last = user_features.matrix.shape[1]
    size = 1 + parameters.rank
    spaced = np.linspace(parameters.burn_in, parameters.iterations - 1, parameters.kept_samples)
    places = {int(iteration): place for place, iteration in enumerate(spaced.round())}
    samples = PosteriorSamples(
        means=np.empty(len(places)),
        users=np.empty((len(places), n_users, size)),
        items=np.empty((len(places), n_items, size)),
        noise_precisions=np.empty(len(places)),
        user_means=np.empty((len(places), size)),
        user_precisions=np.empty((len(places), size, size)),
    )
    users, items = _with_ids(user_features.matrix), _with_ids(item_features.matrix)

    def keep(iteration: int, sample: Any, hyper: Any) -> None:
        if iteration not in places:
            return
        place = places[iteration]
        weights = np.column_stack([sample.w, sample.V])
        of_users, of_items = weights[: users.shape[1]], weights[users.shape[1] :]
        samples.means[place] = sample.w0
        samples.users[place] = _side(users, of_users)
        samples.items[place] = _side(items, of_items)
        samples.noise_precisions[place] = hyper.alpha
        profiles = _side(user_features.matrix, of_users[n_users : n_users + last])
        mean = np.append(hyper.mu_w[0], hyper.mu_V[0])
        variances = 1.0 / np.append(hyper.lambda_w[0], hyper.lambda_V[0])
        prior = _prior(profiles, mean, variances)
        samples.user_means[place], samples.user_precisions[place] = prior

    run_myfm(examples, user_features, item_features, parameters, keep)
    return samples


def run_myfm(
    examples: Examples,
    user_features: Features,
    item_features: Features,
    parameters: FMParameters,
    each: Callable[[int, Any, Any], None],
    n_kept_samples: int = 1,
) -> Any:
    """Run myFM on (user, item) pairs: users and items come as blocks, never a row per rating.

    Args:
        examples: What to learn from.
        user_features: As `FM.fit`.
        item_features: As `FM.fit`.
        parameters: As `FM.fit`.
        each: Called with the number of every iteration, its sample and hyper-parameters.
        n_kept_samples: How many of the last samples myFM holds in memory by itself.

    Returns:
        The fitted `myfm.MyFMRegressor`.
    """
    import myfm

    sides = [(examples.rows, user_features), (examples.columns, item_features)]
    blocks = [
        myfm.RelationBlock(of.tolist(), sparse.csr_matrix(_with_ids(features.matrix)))
        for of, features in sides
    ]
    shapes = [size for _, f in sides for size in (f.matrix.shape[0], *f.group_sizes)]
    seed = parameters.seed % 2**31  # myFM's seeds end there
    regressor = myfm.MyFMRegressor(rank=parameters.rank, random_seed=seed)
    with progress_counter("sample FM", parameters.iterations, "iteration") as bar:

        def report(iteration: int, sample: Any, hyper: Any, _: Any) -> tuple[bool, None]:
            each(iteration, sample, hyper)
            bar.update()
            return False, None

        with redirect_stderr(StringIO()):  # myFM draws a bar of its own
            regressor.fit(
                None,
                examples.values,
                X_rel=blocks,
                n_iter=parameters.iterations,
                n_kept_samples=n_kept_samples,
                group_shapes=shapes,
                callback=report,
            )
    return regressor


def _with_ids(features: sparse.csr_array) -> sparse.csr_array:
    """A column of its own for each row, then the features, float64."""
    ids = sparse.eye_array(features.shape[0], format="csr")
    return sparse.csr_array(sparse.hstack([ids, features.astype(np.float64)], format="csr"))


def _side(features: sparse.csr_array, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bias b and factors p (n, 1 + rank) of features (n, d), given w and v (d, 1 + rank)."""
    side = features @ weights
    squares = features @ np.square(weights[:, 1:])
    side[:, 0] += (np.square(side[:, 1:]).sum(axis=1) - squares.sum(axis=1)) / 2
    return np.asarray(side)


def _prior(
    profiles: NDArray[np.float64], mean: NDArray[np.float64], variances: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and precision of b_u, p_u of a user of unknown profile.

    With the profile (b, d) known, the own weight w and factors v of a user give b_u = w + b +
    v . d and p_u = v + d, which is Gaussian; over the profiles of the training users it is a
    mixture, of which mean and covariance are taken.

    Args:
        profiles: (n_users, 1 + rank) bias and factors of each profile.
        mean: (1 + rank,) prior mean of w and v.
        variances: (1 + rank,) their prior variances.
    """
    centres = profiles + mean
    centres[:, 0] += profiles[:, 1:] @ mean[1:]
    covariance = np.diag(variances)
    shared = variances[1:] * profiles[:, 1:].mean(axis=0)
    covariance[0, 1:] += shared
    covariance[1:, 0] += shared
    covariance[0, 0] += (np.square(profiles[:, 1:]) @ variances[1:]).mean()
    deviations = centres - centres.mean(axis=0)
    covariance += deviations.T @ deviations / len(centres)
    return centres.mean(axis=0), np.asarray(np.linalg.inv(covariance), dtype=np.float64)


class LearnedFeatures(Parameters):
    """Groups of features that the model learns from besides ids; None: the usual ones."""

    item: tuple[ItemGroup, ...] | None = None
    user: tuple[UserGroup, ...] | None = None


def fit_fm(
    interactions: Interactions,
    item_features: Features,
    user_features: Features,
    parameters: FMParameters,
    learned: LearnedFeatures,
) -> FM:
    """`FM.fit` with the groups of features that are to be learned from.

    Raises:
        InputError: If there is no feature of a group that is asked for by name.
    """
    of_items = _chosen(item_features, learned.item, ("genres", "decade"), "item")
    of_users = _chosen(user_features, learned.user, ("age", "gender", "occupation"), "user")
    return FM.fit(interactions, of_users, of_items, parameters)


def fit_fm_ratings(
    interactions: Interactions,
    item_features: Features,
    user_features: Features,
    parameters: FMRatingsParameters,
    learned: LearnedFeatures,
) -> FM:
    """`fit_fm` with parameters that predict ratings well."""
    return fit_fm(interactions, item_features, user_features, parameters, learned)


def _chosen(
    features: Features, named: tuple[str, ...] | None, usual: tuple[str, ...], side: str
) -> Features:
    if named is None:
        named = tuple(group for group in usual if group in features.groups)
    return features.only(named, f"fm.learned_features.{side}")
