"""Do means differ between the conditions that everybody saw? Analysis of variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.study.noncentral import f_interval

ETA_LEVEL = 0.9
"""Of the interval of partial eta squared: an F test looks one way (Steiger 2004), so that at .9 the
interval begins above 0 exactly where p < .05."""

_ROUNDING = 1e-12  # a spread smaller than this, relative to the values, is none


@dataclass(frozen=True)
class RepeatedMeasures:
    """An analysis of variance of `n` people who all saw `k` conditions.

    `w`, `chi2`, `sphericity_df` and `sphericity_p` are Mauchly's test; `epsilon_gg` and
    `epsilon_hf` what the degrees of freedom are multiplied by after Greenhouse & Geisser and after
    Huynh & Feldt, and `p_gg`, `p_hf` the p-values then; `eta2` is partial, with an interval of
    `ETA_LEVEL`. Mauchly's test is NaN for fewer people than conditions.
    """

    n: int
    k: int
    f: float
    df: int
    df_error: int
    p: float
    w: float
    chi2: float
    sphericity_df: int
    sphericity_p: float
    epsilon_gg: float
    p_gg: float
    epsilon_hf: float
    p_hf: float
    eta2: float
    eta2_low: float
    eta2_high: float


def check_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make sure that a table of people and conditions can be tested at all.

    Args:
        values: (n people, k conditions).

    Returns:
        The same, as float64.

    Raises:
        InputError: For fewer than three people or two conditions, or a value that is no number.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[0] < 3 or values.shape[1] < 2:
        raise InputError(
            f"values of shape {values.shape}; accepted: (people, conditions), at least (3, 2)"
        )
    if not np.isfinite(values).all():
        raise InputError(f"{int((~np.isfinite(values)).sum())} values are no numbers; accepted: 0")
    return values


def repeated_measures(values: NDArray[np.float64]) -> RepeatedMeasures:
    """Analysis of variance with one factor within people.

    F is the mean square of conditions over that of people × conditions (Winer 1971, section 4.2).
    Mauchly's (1940) test that all differences vary alike has Box's second-order correction;
    Greenhouse & Geisser's (1959) epsilon is (tr S)² / ((k - 1) tr S²), S the covariance of k - 1
    orthonormal contrasts; Huynh & Feldt's (1976) is at most 1. A noncentrality λ is the share λ /
    (λ + df + df_error + 1) of variance (Smithson 2003, equation 5.14): that is eta's interval.

    Args:
        values: (n people, k conditions), each person's mean answer.

    Returns:
        The tests and the effect's size.

    Raises:
        InputError: As `check_values`, and where nothing but people differs: F is 0/0 or infinite.

    >>> found = repeated_measures(np.array([[3.0, 4.0, 3.5], [2, 4, 2], [4, 4.5, 3.5], [3, 5, 4]]))
    >>> print(f"F({found.df}, {found.df_error}) = {found.f:.2f}, p = {found.p:.3f}")
    F(2, 6) = 9.36, p = 0.014
    """
    values = check_values(values)
    return _tested(values, values - values.mean(axis=1, keepdims=True), values.shape[1] - 1)


def interaction(values: NDArray[np.float64]) -> RepeatedMeasures:
    """Analysis of variance with two factors within people: their interaction.

    Does what the first factor does hang on the second? People's values less the means of their
    levels of either factor lie in the space of (a - 1)(b - 1) contrasts, the Kronecker products of
    those of both factors; F, its corrections and eta are of these, as those of
    `repeated_measures` are of k - 1.

    Args:
        values: (n people, a levels of the first factor, b of the second), means of cells.

    Returns:
        The tests and the effect's size; `k` is a b.

    Raises:
        InputError: As `repeated_measures`, and for fewer than two levels of a factor.

    >>> values = np.array([[[3.0, 4.0], [3, 3]], [[2, 4], [2, 3]], [[4, 4.5], [4, 4]]])
    >>> print(f"{interaction(values).f:.1f}")  # of two levels each: t² of differences -1, -1, -0.5
    25.0
    """
    if values.ndim != 3 or min(values.shape[1:]) < 2:
        raise InputError(
            f"values of shape {values.shape}; accepted: (people, levels, levels), at least "
            "(3, 2, 2)"
        )
    n, a, b = values.shape
    cells = check_values(values.reshape(n, a * b))
    within = cells.reshape(n, a, b)
    within = within - within.mean(axis=1, keepdims=True)
    within = within - within.mean(axis=2, keepdims=True)
    return _tested(cells, within.reshape(n, a * b), (a - 1) * (b - 1))


def _tested(values: NDArray[np.float64], within: NDArray[np.float64], d: int) -> RepeatedMeasures:
    """Test whether people's values in a space of contrasts are 0 on average.

    Args:
        values: (n people, k conditions).
        within: (n, k) the same, projected to that space.
        d: Its dimension.

    Raises:
        InputError: If all people are alike there.
    """
    from scipy import special

    n, k = (int(size) for size in values.shape)
    effect = n * np.square(within.mean(axis=0)).sum()
    error = np.square(within - within.mean(axis=0)).sum()
    if error <= n * k * (_ROUNDING * np.abs(values).max()) ** 2:
        raise InputError(
            "the conditions differ by the same for everybody, or not at all: F is not defined; "
            "accepted: answers whose differences vary"
        )
    f = float(effect / d / (error / (d * (n - 1))))
    spread = _contrast_variances(within, d)
    gg = float(spread.sum() ** 2 / (d * np.square(spread).sum()))
    room = d * (n - 1 - d * gg)
    hf = min(1.0, (n * d * gg - 2) / room) if room > 0 else 1.0
    low, high = f_interval(f, d, d * (n - 1), ETA_LEVEL)

    def share(noncentrality: float) -> float:
        return noncentrality / (noncentrality + d + d * (n - 1) + 1)

    def p_value(epsilon: float) -> float:
        return float(special.fdtrc(epsilon * d, epsilon * d * (n - 1), f))

    return RepeatedMeasures(
        n, k, f, d, d * (n - 1), p_value(1.0), *_mauchly(spread, n),
        gg, p_value(gg), hf, p_value(hf), float(effect / (effect + error)),
        share(low), share(high),
    )  # fmt: skip


def _contrast_variances(within: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    """Eigenvalues (d,) of the covariance of values in a space of d orthonormal contrasts."""
    spread = np.linalg.eigvalsh(np.cov(within, rowvar=False))[-d:]  # outside of it all are 0
    return np.asarray(np.clip(spread, 0.0, None), np.float64)


def _mauchly(spread: NDArray[np.float64], n: int) -> tuple[float, float, int, float]:
    """Mauchly's W, χ², its degrees of freedom and p: do all contrasts vary alike?"""
    from scipy import special

    d = len(spread)
    df = d * (d + 1) // 2 - 1
    if d == 1:
        return 1.0, 0.0, 0, 1.0
    if n <= d:
        return np.nan, np.nan, df, np.nan
    w = float(np.prod(spread / spread.mean()))
    scale = n - 1 - (2 * d * d + d + 2) / (6 * d)
    chi2 = -scale * np.log(w) if w > 0 else np.inf
    # 3 (d + 1) is R's, for the same p-values; Anderson (2003) has 3 d, a difference of 1e-5.
    box = (d + 2) * (d - 1) * (d - 2) * (2 * d**3 + 6 * d * d + 3 * (d + 1) + 2)
    second = box / (288 * d * d * scale**2)
    first_p, second_p = special.chdtrc(df, chi2), special.chdtrc(df + 4, chi2)
    p = first_p + second * (second_p - first_p)
    return w, float(chi2), df, float(np.clip(p, 0.0, 1.0))
