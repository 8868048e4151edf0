"""Intervals of effects: the noncentralities under which what was found is at either end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def t_below(t: float, df: float, noncentrality: float) -> float:
    """Probability that a noncentral t is at most `t`.

    >>> round(t_below(2.0, 31, 1.5), 4), t_below(-30.0, 31, 60.0)
    (0.6804, 0.0)
    """
    from scipy import special

    found = float(special.nctdtr(df, noncentrality, t))
    return float(noncentrality < t) if np.isnan(found) else found  # NaN far out in a tail


def t_interval(t: float, df: float, level: float) -> tuple[float, float]:
    """Interval of the noncentrality of Student's t (Steiger & Fouladi 1997).

    Args:
        t: What was found; infinite values are their own interval.
        df: Degrees of freedom.
        level: Probability that the interval covers the true value.

    Returns:
        The noncentralities under which `t` is the upper and the lower quantile.

    >>> low, high = t_interval(2.0, 31, 0.95)
    >>> f"{low:.3f} {high:.3f}"
    '-0.037 4.007'
    """
    if np.isinf(t):
        return t, t

    def below(probability: float) -> float:
        reach = 4 * (1 + abs(t) / np.sqrt(df))
        return _root(lambda nc: t_below(t, df, nc) - probability, t - reach, t, reach)

    return below(0.5 + level / 2), below(0.5 - level / 2)


def f_interval(f: float, df: float, df_error: float, level: float) -> tuple[float, float]:
    """Interval of the noncentrality of F (Steiger 2004); 0 where F is too small for any.

    Args:
        f: What was found.
        df: Degrees of freedom of the effect.
        df_error: And of the error.
        level: Probability that the interval covers the true value.

    Returns:
        The noncentralities under which `f` is the upper and the lower quantile.

    >>> low, high = f_interval(5.166, 2, 62, 0.9)
    >>> f"{low:.2f} {high:.2f}"
    '1.51 22.92'
    """
    from scipy import special

    def below(probability: float) -> float:
        if special.fdtr(df, df_error, f) <= probability:
            return 0.0
        return _root(
            lambda nc: float(special.ncfdtr(df, df_error, nc, f)) - probability, 0.0, f * df, 10.0
        )

    return below(0.5 + level / 2), below(0.5 - level / 2)


def _root(excess: Callable[[float], float], low: float, high: float, step: float) -> float:
    """Where a falling function is 0; from `low`, where it is not negative unless stepped down."""
    from scipy import optimize

    low_step = step
    while excess(low) < 0:
        low, low_step = low - low_step, 2 * low_step
    while excess(high) > 0:
        high, step = high + step, 2 * step
    return float(optimize.brentq(excess, low, high, xtol=1e-12))
