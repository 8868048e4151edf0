"""Probabilities of answers on a scale, and what they derive from, without cancellation.

The probability of an answer between the thresholds b < a of its category, with the linear predictor
η, is F(a - η) - F(b - η) = F(a - η) (1 - F(b - η)) (1 - exp(b - a)), F logistic: a product, so that
its logarithm and all derivatives are sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Answers as places of categories, a centred and scaled design, codes of each grouping."""

    places: NDArray[np.intp]
    n_categories: int
    design: Floats
    groups: tuple[NDArray[np.intp], ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Terms:
    """Of each answer the log-probability at η, and F at a - η and b - η, for its derivatives."""

    value: Floats
    upper: Floats
    lower: Floats


def terms_at(data: Answers, parameters: Floats, eta: Floats) -> Terms:
    """Of each answer, at one or more η."""
    above, below = (side.reshape(-1, *[1] * (eta.ndim - 1)) for side in _sides(data, parameters))
    log_upper, upper = _logistic(above - eta)
    log_rest, rest = _logistic(eta - below)
    value = log_upper + log_rest + np.log(-np.expm1(below - above))
    return Terms(value, upper, 1 - rest)


def _logistic(x: Floats) -> tuple[Floats, Floats]:
    """Log F and F; numpy's exponential is many times faster than scipy's `log_expit`."""
    small = np.exp(-np.abs(x))
    return np.minimum(x, 0) - np.log1p(small), np.where(x < 0, small, 1) / (1 + small)


def _sides(data: Answers, parameters: Floats) -> tuple[Floats, Floats]:
    """The threshold above and the one below each answer."""
    padded = np.concatenate([[-np.inf], parameters[: data.n_categories - 1], [np.inf]])
    return padded[data.places + 1], padded[data.places]


def gaps(data: Answers, parameters: Floats) -> Floats:
    """Derivative of log(1 - exp(b - a)) by a, of each answer."""
    above, below = _sides(data, parameters)
    return np.asarray(-np.exp(below - above) / np.expm1(below - above), np.float64)


def sum_by_threshold(data: Answers, above: Floats, below: Floats) -> Floats:
    """Sum derivatives by the thresholds above and below the answers to those by thresholds."""
    n = data.n_categories
    sums = np.bincount(data.places, above, n)[:-1] + np.bincount(data.places, below, n)[1:]
    return np.asarray(sums, np.float64)
