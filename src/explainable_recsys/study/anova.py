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
    from scipy import special

    values = check_values(values)
    n, k = (int(size) for size in values.shape)
    d = k - 1
    conditions = n * np.square(values.mean(axis=0) - values.mean()).sum()
    rest = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    error = np.square(rest).sum()
    if error <= n * k * (_ROUNDING * np.abs(values).max()) ** 2:
        raise InputError(
            "the conditions differ by the same for everybody, or not at all: F is not defined; "
            "accepted: answers whose differences vary"
        )
    f = float(conditions / d / (error / (d * (n - 1))))
    spread = _contrast_variances(values)
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
        gg, p_value(gg), hf, p_value(hf), float(conditions / (conditions + error)),
        share(low), share(high),
    )  # fmt: skip


def _contrast_variances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eigenvalues (k - 1,) of the covariance of orthonormal contrasts between conditions."""
    centred = values - values.mean(axis=1, keepdims=True)
    covariance = np.cov(centred, rowvar=False)
    spread = np.linalg.eigvalsh(covariance)[1:]  # the first is that of the mean, 0
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
