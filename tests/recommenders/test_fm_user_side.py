"""The user side of a factorization machine for many histories, against least squares by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.recommenders import fm
from explainable_recsys.recommenders.biased_factors import WITHOUT_RATINGS
from explainable_recsys.recommenders.fm import FM, Examples, FMParameters, PosteriorSamples

N_ITEMS, RANK, SAMPLES = 15, 3, 2


def samples() -> PosteriorSamples:
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(SAMPLES, 1 + RANK, 1 + RANK))
    return PosteriorSamples(
        means=rng.normal(size=SAMPLES),
        users=rng.normal(size=(SAMPLES, 5, 1 + RANK)),
        items=rng.normal(size=(SAMPLES, N_ITEMS, 1 + RANK)),
        noise_precisions=rng.uniform(0.5, 2, SAMPLES),
        user_means=rng.normal(size=(SAMPLES, 1 + RANK)),
        user_precisions=roots @ roots.transpose(0, 2, 1) + np.eye(1 + RANK),
    )


def by_hand(
    drawn: PosteriorSamples, ratings: NDArray[np.float32], parameters: FMParameters
) -> NDArray[np.float64]:
    """Mean of b_u, and the p_u of all samples: weighted least squares with a row per item."""
    rated, sides = ratings > 0, []
    for sample in range(SAMPLES):
        z = np.column_stack([np.ones(N_ITEMS), drawn.items[sample, :, 1:]])
        base = drawn.means[sample] + drawn.items[sample, :, 0]
        if parameters.objective == "ranking":
            weights = np.where(rated, 1.0, parameters.unrated_weight)
            targets = rated - base
            n_ratings = rated.sum() + WITHOUT_RATINGS
            prior = parameters.user_regularization * n_ratings * np.eye(1 + RANK)
            centre = np.zeros(1 + RANK)
        else:
            weights = rated * drawn.noise_precisions[sample]
            targets = ratings - base
            prior, centre = drawn.user_precisions[sample], drawn.user_means[sample]
        left = (z * weights[:, None]).T @ z + prior
        sides.append(np.linalg.solve(left, z.T @ (weights * targets) + prior @ centre))
    found = np.array(sides)
    return np.append(found[:, 0].mean(), found[:, 1:])


@pytest.mark.parametrize("rows_at_once", [3, 40, 256])
@pytest.mark.parametrize("dense_from", [0.0, 1.0])
@pytest.mark.parametrize("objective", ["ranking", "rating"])
def test_many_histories_equal_least_squares_by_hand(
    objective: str, dense_from: float, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fm, "ROWS_AT_ONCE", rows_at_once)
    monkeypatch.setattr(fm, "DENSE_FROM", dense_from)
    rng = np.random.default_rng(2)
    ratings = np.where(rng.random((40, N_ITEMS)) < 0.4, rng.integers(1, 6, (40, N_ITEMS)), 0)
    ratings[0] = 0
    ratings = ratings.astype(np.float32)
    parameters = FMParameters.model_validate({"objective": objective, "rank": RANK})
    none = np.empty(0, np.int64)
    drawn = samples()
    model = FM.from_samples(drawn, Examples(none, none, np.array([0.5])), parameters)
    expected = np.array([by_hand(drawn, row, parameters) for row in ratings])
    for n in (40, 5):
        found = model.user_factors(sparse.csr_array(ratings[:n]))
        np.testing.assert_allclose(found, expected[:n], rtol=1e-4, atol=1e-4)
