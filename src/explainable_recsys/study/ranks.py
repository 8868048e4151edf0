"""Do conditions differ in the order in which people put them? Friedman's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.study.anova import check_values


@dataclass(frozen=True)
class Friedman:
    """The test of `n` people and `k` conditions; `w`: Kendall's concordance, from 0 to 1."""

    n: int
    k: int
    chi2: float
    df: int
    p: float
    w: float


def friedman(values: NDArray[np.float64]) -> Friedman:
    """Friedman's (1937) test by ranks within people, corrected for ties.

    χ² = 12 Σ (R - n(k + 1)/2)² / (nk(k + 1)), R the sums of ranks, over 1 - Σ (t³ - t) / (nk(k² -
    1)), t the sizes of ties (Conover 1999, section 5.8); W is χ² / (n(k - 1)).

    Args:
        values: (n people, k conditions).

    Returns:
        The test and Kendall's W.

    Raises:
        InputError: As `check_values`, and if nobody puts any condition above another.

    >>> found = friedman(np.array([[3.0, 4.0, 3.0], [2, 4, 2], [4, 4.5, 3.5], [3, 5, 4]]))
    >>> print(f"{found.chi2:.2f}, p = {found.p:.3f}, W = {found.w:.2f}")
    6.86, p = 0.032, W = 0.86
    """
    from scipy import special

    values = check_values(values).round(9)  # means that rounding alone tells apart tie
    n, k = values.shape
    less = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ranks = less + (equal + 1) / 2
    untied = 1 - (np.square(equal) - 1).sum() / (n * k * (k**2 - 1))  # over a tie, t (t² - 1)
    if untied <= 0:
        raise InputError(
            "everybody answers alike in all conditions: ranks are not defined; "
            "accepted: answers that differ for somebody"
        )
    spread = np.square(ranks.sum(axis=0) - n * (k + 1) / 2).sum()
    chi2 = float(12 * spread / (n * k * (k + 1)) / untied)
    return Friedman(n, k, chi2, k - 1, float(special.chdtrc(k - 1, chi2)), chi2 / (n * (k - 1)))
