"""Which conditions differ, and by how much? Differences within people, with their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explainable_recsys.study.anova import check_values
from explainable_recsys.study.noncentral import t_interval

LEVEL = 0.95
"""Of intervals of differences and of their sizes."""

_ROUNDING = 1e-12  # a spread smaller than this, relative to the values, is none


@dataclass(frozen=True)
class Contrast:
    """The difference between two conditions, the columns `first` and `second` of the values.

    `difference` is the mean of first - second, with its interval; `deviation` the standard
    deviation of the differences; `d_z` and `d_av` the difference over that deviation, and over the
    root of the mean variance of both conditions, each with its interval; `p` is of Student's paired
    t-test, two-sided. Where the difference is the same for everybody, p is 1 (all 0) or 0.
    """

    first: int
    second: int
    n: int
    difference: float
    low: float
    high: float
    deviation: float
    t: float
    df: int
    p: float
    d_z: float
    d_z_low: float
    d_z_high: float
    d_av: float
    d_av_low: float
    d_av_high: float


def contrasts(values: NDArray[np.float64]) -> list[Contrast]:
    """Compare every two conditions within people.

    d_z has the interval of the noncentral t distribution (Steiger & Fouladi 1997), d_av that of
    Algina & Keselman (2003): the same, in other units.

    Args:
        values: (n people, k conditions), each person's mean answer.

    Returns:
        One contrast per pair of columns: 0 and 1, 0 and 2, and so on.

    Raises:
        InputError: As `check_values`.

    >>> [found] = contrasts(np.array([[3.0, 4.0], [2.0, 4.0], [4.0, 4.5], [3.0, 5.0]]))
    >>> print(f"{found.difference:.3f}, t({found.df}) = {found.t:.2f}, p = {found.p:.3f}")
    -1.375, t(3) = -3.67, p = 0.035
    """
    values = check_values(values)
    pairs = combinations(range(values.shape[1]), 2)
    return [
        _contrast(values[:, first], values[:, second], first, second) for first, second in pairs
    ]


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Correct p-values of a family of tests by Holm's (1979) step-down rule.

    Args:
        p: Of all contrasts and outcomes that are claimed together, any shape.

    Returns:
        In the same places the smallest level at which each is significant: whatever is true, the
        chance of any false claim is at most that level.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, axis=None)
    adjusted = np.empty(p.size)
    steps = np.arange(p.size, 0, -1) * p.ravel()[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.reshape(p.shape)


def bonferroni(p: ArrayLike) -> NDArray[np.float64]:
    """Multiply p-values by their number, up to 1 (Dunn 1961).

    >>> bonferroni([0.01, 0.04, 0.5]).round(3).tolist()
    [0.03, 0.12, 1.0]
    """
    p = np.asarray(p, np.float64)
    adjusted: NDArray[np.float64] = np.minimum(p * p.size, 1.0)
    return adjusted


def _contrast(
    values: NDArray[np.float64], others: NDArray[np.float64], first: int, second: int
) -> Contrast:
    from scipy import special

    differences = values - others
    n, df = len(differences), len(differences) - 1
    scale = _ROUNDING * max(np.abs(values).max(), np.abs(others).max())
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    mean, deviation = (0.0 if abs(x) <= scale else x for x in (mean, deviation))
    d_z = mean / deviation if deviation else float(np.copysign(np.inf, mean)) if mean else 0.0
    t = d_z * float(np.sqrt(n))
    low, high = (limit / float(np.sqrt(n)) for limit in t_interval(t, df, LEVEL))
    half = float(special.stdtrit(df, 0.5 + LEVEL / 2)) * deviation / float(np.sqrt(n))
    average = float(np.sqrt((values.var(ddof=1) + others.var(ddof=1)) / 2))
    unit = deviation / average if deviation else 1.0
    return Contrast(
        first, second, n, mean, mean - half, mean + half, deviation,
        t, df, float(2 * special.stdtr(df, -abs(t))), d_z, low, high,
        mean / average if average > scale else d_z, low * unit, high * unit,
    )  # fmt: skip
