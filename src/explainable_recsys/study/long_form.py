"""Answers of a study in long form: what a row is, and who counts.

A row is an answer: `participant`, `condition`, `measure`, `value`, and where known `item_id`,
`rank` and `position` (of the item in the list, and in the session), `popularity_rank`, `known`
(0 or 1) and `form` (in which the reason was shown). An answer that was left out is a missing value,
or no row. A person's answers to a measure in a condition count as their mean, except in the ordinal
models, which take them one by one.
Complete cases: a person counts for a measure with an answer in each condition in which it was
asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError, require_columns

COLUMNS = ("participant", "condition", "measure", "value")
"""What every table of answers has."""

COVARIATES = ("popularity_rank", "known", "rank", "position")
"""What an answer may depend on besides its condition; the popularity rank as its logarithm."""

TABLE = "answers table"
"""What errors call answers that are in no file."""


Place = Callable[["pd.Series[bool]"], str]
"""Says where the first of some rows is."""


class Measure(NamedTuple):
    """What people answered to one measure: `means` (n people, k conditions).

    `n_left_out` people answered in some of its conditions only.
    """

    name: str
    conditions: list[str]
    means: NDArray[np.float64]
    n_left_out: int


def check_answers(
    table: pd.DataFrame, conditions: Sequence[str] = (), name: str = TABLE
) -> pd.DataFrame:
    """Make sure that a table of answers can be analysed, and bring it into one form.

    Args:
        table: Columns `COLUMNS`, and of `item_id` and `COVARIATES` those that are known.
        conditions: In the order in which tables show them; the ordinal models compare with the
            first. Otherwise that of the column's categories if it has any, or of the alphabet.
        name: What errors call it; of a file `.csv` they name the line, below that of the heads.

    Returns:
        The answers that were given, with these columns and `form` if there is one; condition and
        measure are categories.

    Raises:
        InputError: For columns that are missing, keys that are, values that are no numbers, a
            condition that is not among `conditions`, an answer that is there twice, and no answers.

    >>> check_answers(pd.DataFrame({"participant": [1], "value": [4]}))
    Traceback (most recent call last):
    ...
    explainable_recsys.errors.InputError: answers table: no column condition, measure; \
found participant, value; accepted: participant, condition, measure, value
    """
    place = partial(_place, name)
    require_columns(name.removesuffix(" table"), table, COLUMNS)
    if table["value"].isna().all():
        raise InputError(f"{name}: no answers; accepted: some")
    kept = [column for column in (*COLUMNS, "item_id", "form", *COVARIATES) if column in table]
    table = table[kept].reset_index(drop=True)
    for column in COLUMNS[:3]:
        if (none := table[column].isna()).any():
            raise InputError(f"{place(none)}: no {column}; accepted: one in every row")
    for column in ("value", *COVARIATES):
        if column in table:
            table[column] = _numbers(table[column], place)
    if "popularity_rank" in table and (low := table["popularity_rank"] < 1).any():
        raise InputError(f"{place(low)}: popularity_rank is below 1; accepted: from 1 on")
    table["participant"] = table["participant"].astype("str")
    table["condition"] = _categories(table["condition"], place, conditions)
    if named := set(table["condition"].cat.categories) & set(COVARIATES):
        raise InputError(f"condition {named.pop()!r}; accepted: a name that no covariate has")
    table["measure"] = _categories(table["measure"], place)
    if "item_id" in table:
        keys = ["participant", "condition", "measure", "item_id"]
        if (doubled := table.duplicated(keys) & table["item_id"].notna()).any():
            raise InputError(
                f"{place(doubled)}: an answer of the same participant about the same item, "
                "condition and measure is there already; accepted: one"
            )
    return table[table["value"].notna()].reset_index(drop=True)


def measures(table: pd.DataFrame) -> Iterator[Measure]:
    """People's means of each measure in its conditions.

    Args:
        table: Answers in long form.

    Yields:
        The measures, with at least three complete people and two conditions each.

    Raises:
        InputError: As `check_answers`, and for too few of either.
    """
    for name, part in check_answers(table).groupby("measure", observed=True):
        means = part.pivot_table(
            index="participant", columns="condition", values="value", observed=True
        )
        if means.shape[1] < 2:
            raise InputError(
                f"measure {name}: one condition, {means.columns[0]}; accepted: 2 or more"
            )
        complete = means.dropna()
        n_left_out = len(means) - len(complete)
        if len(complete) < 3:
            raise InputError(
                f"measure {name}: {len(complete)} people with answers in all of "
                f"{', '.join(means.columns)}, {n_left_out} without; accepted: 3 or more with"
            )
        yield Measure(str(name), list(means.columns), complete.to_numpy(np.float64), n_left_out)


def _place(name: str, found: pd.Series[bool]) -> str:
    """Where the first of the rows is."""
    row = int(np.flatnonzero(found)[0]) + 1
    return f"{name}, line {row + 1}" if name.endswith(".csv") else f"{name}, row {row}"


def _numbers(column: pd.Series[float], place: Place) -> pd.Series[float]:
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    if (wrong := (numbers.isna() & column.notna()) | np.isinf(numbers)).any():
        raise InputError(
            f"{place(wrong)}: {column.name} is {str(column[wrong].iloc[0])!r}; "
            "accepted: a number, or nothing where it was left out"
        )
    return numbers


def _categories(column: pd.Series[str], place: Place, wanted: Sequence[str] = ()) -> pd.Series[str]:
    """The column as categories: as wanted, or as they are ordered already, or by name."""
    names = column.astype("str")
    order = list(wanted)
    if not order and isinstance(column.dtype, pd.CategoricalDtype):
        order = [str(name) for name in column.cat.categories]
    order = order or sorted(names.unique())
    if (strange := ~names.isin(order)).any():
        raise InputError(
            f"{place(strange)}: {column.name} {names[strange].iloc[0]!r}; "
            f"accepted: {', '.join(order)}"
        )
    return pd.Series(pd.Categorical(names, order), name=column.name)
