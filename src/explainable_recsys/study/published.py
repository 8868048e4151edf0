"""The user study of the dissertation: what was published of it, as answers that fit to it.

Means and deviations of 32 people are published, not their answers; tables with exactly these are
made here, so that its tests can be repeated. Each value stands for a person's mean, and is no
answer on five points. Published means have two decimals, with which F would be 5.25 and 7.22; the
third is one of those with which it is 5.166 and 7.254, as published.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from explainable_recsys.errors import InputError

KINDS = ("fixed", "rules", "influence")
N = 32


class Published(NamedTuple):
    """Of the three kinds; `differences`: fixed - rules, fixed - influence, rules - influence."""

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    differences: tuple[float, ...]


STUDY = {
    "interest": Published((3.587, 4.126, 3.644), (0.855, 0.913, 0.824), (1.117, 0.875, 1.116)),
    "trust": Published((3.538, 4.152, 3.553), (0.834, 0.854, 0.827), (1.034, 1.153, 0.921)),
}


def published_answers() -> pd.DataFrame:
    """The dissertation's study in long form, made to its published figures.

    Returns:
        `participant`, `condition` (`KINDS` as categories in this order), `measure`, `value`.

    >>> published_answers().groupby(["measure", "condition"])["value"].mean().round(2).to_list()
    [3.59, 4.13, 3.64, 3.54, 4.15, 3.55]
    """
    parts = []
    for measure, figures in STUDY.items():
        values = values_with(*figures, n=N)
        person, kind = np.indices(values.shape)
        kinds = pd.Categorical(np.array(KINDS)[kind.ravel()], KINDS)
        part = {"participant": person.ravel() + 1, "condition": kinds, "measure": measure}
        parts.append(pd.DataFrame(part | {"value": values.ravel()}))
    return pd.concat(parts, ignore_index=True)


def values_with(
    means: ArrayLike, deviations: ArrayLike, differences: ArrayLike, n: int, seed: int = 0
) -> NDArray[np.float64]:
    """Draw values, and bend them to have exactly these means and deviations.

    Args:
        means: (k,) of the columns.
        deviations: (k,) standard deviations of the columns, with n - 1.
        differences: Standard deviations of the differences between columns 0 and 1, 0 and 2, and
            so on.
        n: Rows, more than k.
        seed: Of the draw.

    Returns:
        (n, k) values.

    Raises:
        InputError: If n is too small, or if no values have such deviations.

    >>> values = values_with([3, 4], [1, 1], [0.5], n=10)
    >>> (values[:, 0] - values[:, 1]).std(ddof=1).round(12).item()
    0.5
    """
    means, deviations = np.asarray(means, np.float64), np.asarray(deviations, np.float64)
    of_pairs = np.asarray(differences, np.float64)
    k = len(means)
    if n <= k:
        raise InputError(f"{n} rows of {k} columns; accepted: more rows than columns")
    covariance = np.diag(deviations**2)
    for (a, b), deviation in zip(combinations(range(k), 2), of_pairs, strict=True):
        both = deviations[a] ** 2 + deviations[b] ** 2
        covariance[a, b] = covariance[b, a] = (both - deviation**2) / 2
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise InputError(
            f"no values with deviations {deviations.tolist()} differ by {of_pairs.tolist()}; "
            "accepted: deviations of differences that fit to those of the columns"
        ) from None
    drawn = np.random.default_rng(seed).normal(size=(n, k))
    unit = np.linalg.qr(drawn - drawn.mean(axis=0))[0] * np.sqrt(n - 1)
    return np.asarray(unit @ root.T + means, np.float64)
