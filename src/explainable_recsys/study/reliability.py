"""Do the items of a scale measure one thing? Cronbach's alpha and McDonald's omega."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.errors import InputError

LEVEL = 0.95
"""Of the interval of alpha."""

_LEAST_UNIQUE = 0.005  # share of an item's variance that is its own at least, as in R's `factanal`


@dataclass(frozen=True)
class Reliability:
    """Reliability of a scale, from `n` people; `n_left_out` left out an item and do not count.

    `alpha` is Cronbach's, with its interval, `omega` McDonald's; `item_rest` (items,) is the
    correlation of each item with the sum of the others: low or negative where an item does not
    belong, or was not reversed.
    """

    n: int
    n_left_out: int
    n_items: int
    alpha: float
    low: float
    high: float
    omega: float
    item_rest: NDArray[np.float64]


def reliability(answers: NDArray[np.float64]) -> Reliability:
    """Judge a scale by how its items go together.

    Alpha is k/(k - 1) (1 - Σ item variances / variance of the sum) (Cronbach 1951), its interval
    that of Feldt (1965). Omega is (Σλ)² / ((Σλ)² + Σψ) (McDonald 1999), with loadings λ and own
    variances ψ of one factor, estimated by maximum likelihood (Jöreskog 1967); two items do not
    determine a factor, so they get equal loadings, and omega is alpha.

    Args:
        answers: (people, items), reverse items turned, NaN where somebody left one out. People
            who left out any are not counted.

    Returns:
        The figures.

    Raises:
        InputError: For fewer than two items, fewer complete people than items + 1 or than three,
            and for an item that all answer alike.

    >>> answers = [[1, 2, 1], [2, 2, 3], [3, 4, 3], [4, 4, 5], [5, 4, 4], [2, 3, np.nan]]
    >>> found = reliability(np.array(answers))
    >>> print(f"{found.n} people: {found.alpha:.3f} ({found.low:.2f}, {found.high:.2f})")
    5 people: 0.922 (0.60, 0.99)
    """
    from scipy import special

    answers = np.asarray(answers, np.float64)
    complete = answers[~np.isnan(answers).any(axis=1)]
    n, k = (int(size) for size in complete.shape)
    if k < 2 or n < max(3, k + 1):
        raise InputError(
            f"a scale of {k} items with {n} complete answers; "
            "accepted: 2 items or more, 3 people or more, and more people than items"
        )
    covariance = np.cov(complete, rowvar=False)
    if (alike := np.flatnonzero(np.diag(covariance) <= 0)).size:
        raise InputError(
            f"item {alike[0] + 1} of the scale: all answers are alike; accepted: answers that vary"
        )
    own, total = float(np.trace(covariance)), float(covariance.sum())
    if total <= 0:
        raise InputError("the scale's sum is the same for everybody; accepted: sums that vary")
    alpha = k / (k - 1) * (1 - own / total)
    low, high = (
        1 - (1 - alpha) * float(special.fdtri(n - 1, (n - 1) * (k - 1), quantile))
        for quantile in (0.5 + LEVEL / 2, 0.5 - LEVEL / 2)
    )
    omega = alpha if k == 2 else _omega(covariance)
    rest = complete.sum(axis=1, keepdims=True) - complete
    item_rest = np.array([_correlation(*pair) for pair in zip(complete.T, rest.T, strict=True)])
    return Reliability(n, len(answers) - n, k, alpha, low, high, omega, item_rest)


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    if not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _omega(covariance: NDArray[np.float64]) -> float:
    """Share of the sum's variance that one factor explains, fitted by maximum likelihood."""
    from scipy import optimize

    deviations = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviations, deviations)
    k = len(correlation)

    def factored(unique: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        root = np.sqrt(unique)
        values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
        return values, root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))

    def misfit(unique: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        values, loadings = factored(unique)
        rest = np.clip(values[:-1], 1e-12, None)
        excess = loadings**2 + unique - 1
        return float((rest - np.log(rest)).sum()), excess / unique**2

    start = (1 - 0.5 / k) / np.clip(np.diag(np.linalg.pinv(correlation)), 1.0, None)
    found = optimize.minimize(
        misfit, start, jac=True, method="L-BFGS-B", bounds=[(_LEAST_UNIQUE, 1.0)] * k,
        options={"ftol": 1e-14, "gtol": 1e-9},
    )  # fmt: skip
    loadings = factored(found.x)[1] * deviations
    common = float(loadings.sum()) ** 2
    return common / (common + float((found.x * deviations**2).sum()))
