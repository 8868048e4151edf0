"""Local surrogates: weighted ridge regressions of a model's scores on readable 0/1 features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Selection = Literal["none", "highest_weights", "forward_selection"]

SELECTION_PENALTY = 0.01
"""Ridge penalty of the fit whose weights `highest_weights` ranks, as in LimeBase."""

COLLINEAR = 1e-10
"""Share of a column's variance below which other columns are taken to say all it says."""


@dataclass(frozen=True, eq=False)
class Surrogates:
    """m linear models y = intercept + features @ coefficients of the same perturbations.

    Attributes:
        coefficients: (m, d) 0 where a feature was not selected.
        intercepts: (m,)
    """

    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def r2(
        self,
        features: NDArray[np.float64],
        weights: NDArray[np.float64],
        outputs: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Weighted share of explained variance, (m,); NaN where the outputs do not vary."""
        errors = outputs - features @ self.coefficients.T - self.intercepts
        deviations = outputs - _mean(outputs, weights)
        spread = weights @ np.square(deviations)
        varies = spread > 1e-12 * (weights @ np.square(outputs) + 1e-300)
        share = np.full(len(spread), np.nan)
        np.divide(weights @ np.square(errors), spread, out=share, where=varies)
        return 1 - share


@dataclass(frozen=True)
class Regression:
    """How surrogates are fitted.

    `penalty` is the ridge penalty of every coefficient but the intercept, of n perturbations
    with mean weight 1. At most `n_features` enter, as `selection` says: all (`none`), those of
    the largest weights among the features of the explained instance (`highest_weights`), or
    those that explain most, one after another (`forward_selection`).
    """

    penalty: float = 1.0
    selection: Selection = "none"
    n_features: int = 10


Engine = Callable[
    [NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[Any], Regression],
    Surrogates,
]


def fit_batched(
    features: NDArray[np.float64],
    weights: NDArray[np.float64],
    outputs: NDArray[np.float64],
    instance: NDArray[Any],
    regression: Regression,
) -> Surrogates:
    """Fit the surrogates of all outputs from one Gram matrix.

    The same as `lime.lime_base.LimeBase`, output by output, to rounding.

    Args:
        features: (n, d) 0/1.
        weights: (n,)
        outputs: (n, m) the model's scores of the perturbations.
        instance: (d,) features of the explained instance.
        regression: How.
    """
    means = _mean(features, weights)
    levels = _mean(outputs, weights)
    weighted = features * weights[:, None]
    gram = weighted.T @ features - weights.sum() * np.outer(means, means)
    moments = weighted.T @ (outputs - levels)
    if regression.selection == "none" or regression.n_features >= len(gram):
        coefficients = _ridge(gram, moments, regression.penalty).T
    else:
        columns = _select(gram, moments, instance, regression)
        some = np.take_along_axis(moments.T, columns, axis=1)
        systems = gram[columns[:, :, None], columns[:, None, :]]
        systems += regression.penalty * np.eye(columns.shape[1])
        coefficients = np.zeros((len(columns), len(gram)))
        solved = np.linalg.solve(systems, some[..., None])[..., 0]
        np.put_along_axis(coefficients, columns, solved, axis=1)
    return Surrogates(coefficients, levels - coefficients @ means)


def fit_by_lime(
    features: NDArray[np.float64],
    weights: NDArray[np.float64],
    outputs: NDArray[np.float64],
    instance: NDArray[Any],
    regression: Regression,
) -> Surrogates:
    """Fit each surrogate with `lime`'s own `LimeBase`: slow, for comparison."""
    from lime.lime_base import LimeBase
    from sklearn.linear_model import Ridge

    if not features.shape[1]:
        return fit_batched(features, weights, outputs, instance, regression)
    base = LimeBase(kernel_fn=lambda given: given, random_state=0)
    # LimeBase takes the first row for the instance; with the weight 0 it changes no fit.
    rows = np.vstack([instance, features])
    labels = np.vstack([np.zeros((1, outputs.shape[1])), outputs])
    weights = np.append(0.0, weights)
    coefficients = np.zeros((outputs.shape[1], features.shape[1]))
    intercepts = np.zeros(len(coefficients))
    for label in range(len(coefficients)):
        intercepts[label], found, _, _ = base.explain_instance_with_data(
            rows,
            labels,
            weights,
            label,
            regression.n_features,
            feature_selection=regression.selection,
            model_regressor=Ridge(alpha=regression.penalty, fit_intercept=True),
        )
        for column, weight in found:
            coefficients[label, column] = weight
    return Surrogates(coefficients, intercepts)


ENGINES: dict[str, Engine] = {"batched": fit_batched, "lime": fit_by_lime}


def held_out_r2(
    fit: Engine,
    features: NDArray[np.float64],
    weights: NDArray[np.float64],
    outputs: NDArray[np.float64],
    instance: NDArray[Any],
    regression: Regression,
) -> NDArray[np.float64]:
    """R^2 (m,) on one half of the perturbations of a fit to the other; mean of both ways round.

    Every second row is one half: rows are to be in no order that matters.
    """
    if len(features) < 2:
        return np.full(outputs.shape[1], np.nan)
    halves = slice(0, None, 2), slice(1, None, 2)
    measured = []
    for own, other in (halves, halves[::-1]):
        fitted = fit(features[own], weights[own], outputs[own], instance, regression)
        measured.append(fitted.r2(features[other], weights[other], outputs[other]))
    return np.asarray(np.mean(measured, axis=0))


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean of each column."""
    return np.asarray(weights @ values / weights.sum())


def _ridge(
    gram: NDArray[np.float64], moments: NDArray[np.float64], penalty: float
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(gram + penalty * np.eye(len(gram)), moments))


def _select(
    gram: NDArray[np.float64],
    moments: NDArray[np.float64],
    instance: NDArray[Any],
    regression: Regression,
) -> NDArray[np.int64]:
    """Columns (m, n_features) that enter each surrogate."""
    if regression.selection == "highest_weights":
        strength = np.abs(_ridge(gram, moments, SELECTION_PENALTY).T * instance)
        return np.argsort(-strength, axis=1, kind="stable")[:, : regression.n_features]
    return _forward(gram, moments, regression.n_features)


def _forward(
    gram: NDArray[np.float64], moments: NDArray[np.float64], n_features: int
) -> NDArray[np.int64]:
    """Columns that reduce the squared error most, one after another (Gram-Schmidt on sums).

    What is left of a column's variance and of its covariance with the output, once the columns
    chosen before are taken out, is kept up to date instead of the columns themselves.
    """
    m, d = moments.shape[1], len(gram)
    variances = np.tile(np.diag(gram), (m, 1))
    covariances = moments.T.copy()
    total = variances.copy()
    directions = np.zeros((m, n_features, d))
    columns = np.zeros((m, n_features), np.int64)
    every = np.arange(m)
    for step in range(n_features):
        usable = variances > COLLINEAR * np.maximum(total, 1e-300)
        gains = np.where(usable, np.square(covariances) / np.where(usable, variances, 1.0), 0.0)
        gains[every[:, None], columns[:, :step]] = -1.0
        best = gains.argmax(axis=1)
        columns[:, step] = best
        taken = directions[every, :step, best]
        direction = gram[best] - np.einsum("ms,msd->md", taken, directions[:, :step])
        size = np.sqrt(np.maximum(variances[every, best], 1e-300))
        direction = np.where(usable[every, best][:, None], direction / size[:, None], 0.0)
        share = covariances[every, best] / size
        covariances -= direction * share[:, None]
        variances = np.maximum(variances - np.square(direction), 0.0)
        directions[:, step] = direction
    return columns
