"""Means and ratios over users, each with its bootstrap interval.

Resamples are drawn by numpy's generator, not by hashes of ids (see `draws`): they are draws of no
particular user that anything later depends on. Tables are sorted by user, so that an interval does
not depend on the order of rows either.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.threads import one_blas_thread

INTERVAL = (0.025, 0.975)
"""Quantiles of the resampled statistic that bound the 95 % interval."""

DRAWS_PER_BLOCK = 4_000_000
"""Most user weights held in memory at once."""


def mean_with_interval(values: pd.DataFrame, n_resamples: int, seed: int) -> dict[str, float]:
    """Mean of every column over users, with a 95 % percentile bootstrap interval.

    Args:
        values: One row per user, sorted by id, one column per metric; NaN where the metric is not
            defined for the user, who is then left out of that column.
        n_resamples: Number of times the users are drawn again; 0 for no interval.
        seed: Seed of the draws. Tables with equally many rows get the same draws.

    Returns:
        For a column `m`: the mean `m`, its interval `m/low` and `m/high` (absent if
        `n_resamples` is 0) and the number of users `m/n`. Without users all but the
        number are NaN.

    Raises:
        InputError: If `n_resamples` is negative.
    """
    return ratio_with_interval(
        values.fillna(0.0), values.notna().astype(np.float64), n_resamples, seed
    )


def ratio_with_interval(
    numerators: pd.DataFrame, denominators: pd.DataFrame, n_resamples: int, seed: int
) -> dict[str, float]:
    """Ratio of the sums over users, with a 95 % percentile bootstrap interval over users.

    This is a mean over things of which a user has several, such as ratings: what a user
    contributes is the sum over the things and their number, and whole users are drawn, as
    the things of one user are not independent (Efron & Tibshirani 1993, chapters 8, 13).

    Args:
        numerators: One row per user, sorted by id, one column per metric.
        denominators: The same rows and columns, not negative; a user whose value is 0 does
            not count in that column.
        n_resamples: Number of times the users are drawn again; 0 for no interval.
        seed: Seed of the draws. Tables with equally many rows get the same draws.

    Returns:
        As `mean_with_interval`.

    Raises:
        InputError: If `n_resamples` is negative.
    """
    if n_resamples < 0:
        raise InputError(f"n_resamples = {n_resamples}; accepted: 0 (no interval) or more")
    over = numerators.to_numpy(dtype=np.float64)
    under = denominators[list(numerators.columns)].to_numpy(dtype=np.float64)
    parts = np.hstack([over, under])
    ratios = _ratios(parts.sum(axis=0, keepdims=True))[0]
    intervals = _intervals(_ratios(_resampled_sums(parts, n_resamples, seed)))
    report: dict[str, float] = {}
    for column, name in enumerate(numerators.columns):
        report[f"{name}"] = float(ratios[column])
        if n_resamples:
            report[f"{name}/low"], report[f"{name}/high"] = map(float, intervals[:, column])
        report[f"{name}/n"] = float(np.count_nonzero(under[:, column]))
    return report


def _resampled_sums(parts: NDArray[np.float64], n_resamples: int, seed: int) -> NDArray[np.float64]:
    """Column sums (n_resamples, n_columns) of users (n_users, n_columns) drawn again."""
    n_users, n_columns = parts.shape
    sums = np.zeros((n_resamples, n_columns))
    if n_users == 0:
        return sums
    random = np.random.default_rng(seed)
    step = max(1, DRAWS_PER_BLOCK // n_users)
    for start in range(0, n_resamples, step):
        weights = np.empty((min(step, n_resamples - start), n_users))
        for row in weights:
            row[:] = np.bincount(random.integers(n_users, size=n_users), minlength=n_users)
        with one_blas_thread():  # with more threads the last digits differ
            sums[start : start + len(weights)] = weights @ parts
    return sums


def _ratios(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """First half of the columns over the second half; NaN where that is 0."""
    over, under = np.hsplit(sums, 2)
    ratios: NDArray[np.float64] = np.full(over.shape, np.nan)
    return np.divide(over, under, out=ratios, where=under > 0)


def _intervals(resampled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ends (2, n_columns) of the intervals of resampled statistics (n_resamples, n_columns).

    Resamples where a statistic is undefined are left out; NaN where it is in all of them.
    """
    ends = np.full((2, resampled.shape[1]), np.nan)
    defined = ~np.isnan(resampled)
    whole = defined.all(axis=0)
    if len(resampled) and whole.any():
        ends[:, whole] = np.quantile(resampled[:, whole], INTERVAL, axis=0)
    for column in np.flatnonzero(defined.any(axis=0) & ~whole):
        ends[:, column] = np.quantile(resampled[defined[:, column], column], INTERVAL)
    return ends
