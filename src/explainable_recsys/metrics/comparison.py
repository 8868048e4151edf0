"""Whether recommenders, or approaches, differ on the same users, and evidence from controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.metrics.records import lower_is_better

Correction = Literal["by", "bh"]
"""Ways to control the false discovery rate: Benjamini & Yekutieli, Benjamini & Hochberg."""

CONTROLS = ("random", "popular")
"""How items are chosen that are cited instead of an explanation's own: `<metric>/<control>`."""

SIGNIFICANCE = 0.05
"""A difference counts if its corrected p-value is lower; intervals hold 1 - this."""

_ROUNDING = 1e-12  # two values that differ by less, relative to them, are equal


class _Test(NamedTuple):
    """What is compared, and the values (n_users,) of both sides, NaN where undefined."""

    names: tuple[str, str, str]
    first: NDArray[np.float64]
    second: NDArray[np.float64]


class _Sample(NamedTuple):
    """The users for whom both sides of a test are defined; `error`: the standard error."""

    n_users: int
    mean_of_first: float
    mean_of_second: float
    difference: float
    error: float


def paired_tests(
    user_metrics: Mapping[str, pd.DataFrame],
    metrics: Sequence[str],
    correction: Correction = "by",
) -> pd.DataFrame:
    """Test for every two recommenders, or approaches, whether their means over users differ.

    The test is Student's t-test of the users' differences. Of the tests in use it agrees with
    the randomization test and the bootstrap, while those of Wilcoxon and of signs find other
    differences than those of means (Smucker, Allan & Carterette 2007). All p-values of the table
    are corrected together, so that of the differences with a corrected p-value below .05 at most
    5 % are expected to be none. As tests share users, and one side of a pair is in other pairs
    too, they depend on each other; Benjamini & Yekutieli (2001) allow for any dependence.

    Args:
        user_metrics: By name, one row per user: `user_id` and one column per metric, NaN where
            it is not defined for the user. Columns and users may be missing.
        metrics: What to test, in the order of the result; a metric that fewer than two
            have gives no row.
        correction: "by", or "bh" (Benjamini & Hochberg 1995), which finds more, but takes the
            tests to be independent or positively dependent.

    Returns:
        One row per metric and pair of names that have its column, ordered by metric and
        name: `metric`, `first`, `second` (after `first` in the alphabet), `n_users` for whom both
        are defined, `difference` of their means (first - second), its 95 % t interval `low`,
        `high` (of this test alone, not corrected), `p_value` and `p_corrected`.

        - If no user differs (up to rounding), p is 1 and the interval [0, 0].
        - If all differ by the same, p is 0 and the interval that difference.
        - With one user, interval and p are NaN, without any, the difference too; such
          tests do not count in the correction.

    Raises:
        InputError: If a user has two rows in a table, or the correction is not known.
    """
    tests = list(_pairs(_aligned(user_metrics), metrics))
    table = _t_tests(tests, ["metric", "first", "second"], correction)
    return table.drop(columns=["mean_of_first", "mean_of_second"])


def control_tests(
    user_metrics: Mapping[str, pd.DataFrame], correction: Correction = "by"
) -> pd.DataFrame:
    """Test for every approach whether its own reasons beat random and most popular ones.

    The tests and their correction are those of `paired_tests`.

    Args:
        user_metrics: As for `paired_tests`. Every column `X` that has a column `X/random` or
            `X/popular` beside it is compared with it.
        correction: As for `paired_tests`.

    Returns:
        One row per comparison, ordered by approach, place of the column and control:
        `approach`, `metric`, `control`, `n_users`, the means `own` and `of_control` of the users
        for whom both are defined, `difference` (own - control), `low`, `high`, `p_value`,
        `p_corrected`, and `verdict`: "better" or "worse" if the corrected p-value is below
        .05, in the metric's direction; else, also without a p-value,
        "no difference".

    Raises:
        InputError: As `paired_tests`.
    """
    tests = list(_against_controls(_aligned(user_metrics)))
    table = _t_tests(tests, ["approach", "metric", "control"], correction)
    table = table.rename(columns={"mean_of_first": "own", "mean_of_second": "of_control"})
    found = table["p_corrected"] < SIGNIFICANCE
    down = np.array([lower_is_better(metric) for metric in table["metric"]], dtype=np.bool_)
    verdict = np.select(
        [found & ((table["difference"] < 0) == down), found], ["better", "worse"], "no difference"
    )
    return table.assign(verdict=pd.Series(verdict, dtype="str"))


def _aligned(user_metrics: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables in alphabetical order, all with the same users in the same order."""
    tables = {name: user_metrics[name].set_index("user_id") for name in sorted(user_metrics)}
    for name, table in tables.items():
        if not table.index.is_unique:
            user = table.index[table.index.duplicated()][0]
            raise InputError(
                f"user_metrics of {name}: user {user} has several rows; accepted: one per user"
            )
    ids = [table.index for table in tables.values()]
    users = ids[0].append(ids[1:]).unique().sort_values() if ids else pd.Index([])
    return {name: table.reindex(users) for name, table in tables.items()}


def _pairs(tables: dict[str, pd.DataFrame], metrics: Sequence[str]) -> Iterator[_Test]:
    """Every two that have a metric."""
    for metric in dict.fromkeys(metrics):
        values = {name: _values(table, metric) for name, table in tables.items() if metric in table}
        for first, second in combinations(values, 2):
            yield _Test((metric, first, second), values[first], values[second])


def _against_controls(tables: dict[str, pd.DataFrame]) -> Iterator[_Test]:
    """Every metric of an approach that has a control."""
    for name, table in tables.items():
        for metric, control in product(table.columns, CONTROLS):
            if f"{metric}/{control}" in table:
                yield _Test(
                    (name, metric, control),
                    _values(table, metric),
                    _values(table, f"{metric}/{control}"),
                )


def _values(table: pd.DataFrame, metric: str) -> NDArray[np.float64]:
    return table[metric].to_numpy(dtype=np.float64, na_value=np.nan)


def _t_tests(tests: list[_Test], names: list[str], correction: Correction) -> pd.DataFrame:
    """One row per test: its names, numbers, p-value, and p-value corrected for all of them."""
    from scipy import stats

    keys = pd.DataFrame([test.names for test in tests], columns=names, dtype="str")
    samples = pd.DataFrame(
        [_sample(test.first, test.second) for test in tests], columns=_Sample._fields
    ).astype(dict.fromkeys(_Sample._fields, np.float64) | {"n_users": np.int64})
    n, mean, error = (samples[field].to_numpy() for field in ("n_users", "difference", "error"))
    freedom = np.where(n > 1, n - 1, np.nan)
    half = stats.t.ppf(1 - SIGNIFICANCE / 2, freedom) * error
    size = np.divide(np.abs(mean), error, out=np.where(mean == 0, 0.0, np.inf), where=error > 0)
    p_values = np.asarray(2 * stats.t.sf(size, freedom))
    return keys.join(samples.drop(columns="error")).assign(
        low=mean - half,
        high=mean + half,
        p_value=p_values,
        p_corrected=_corrected(p_values, correction),
    )


def _sample(first: NDArray[np.float64], second: NDArray[np.float64]) -> _Sample:
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    n_users = len(first)
    if n_users == 0:
        return _Sample(0, np.nan, np.nan, np.nan, np.nan)
    differences = first - second
    differences[np.abs(differences) <= _ROUNDING * np.abs(first)] = 0
    mean = float(differences.mean())
    if n_users == 1:
        error = np.nan
    elif np.ptp(differences) <= _ROUNDING * abs(mean):
        error = 0.0
    else:
        error = float(differences.std(ddof=1) / np.sqrt(n_users))
    return _Sample(n_users, float(first.mean()), float(second.mean()), mean, error)


def _corrected(p_values: NDArray[np.float64], correction: Correction) -> NDArray[np.float64]:
    """The p-values that there are, corrected together."""
    from scipy import stats

    if correction not in get_args(Correction):
        raise InputError(
            f"correction = {correction!r}; accepted: {', '.join(get_args(Correction))}"
        )
    corrected = np.full(len(p_values), np.nan)
    tested = ~np.isnan(p_values)
    if tested.any():
        corrected[tested] = stats.false_discovery_control(p_values[tested], method=correction)
    return corrected
