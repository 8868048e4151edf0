"""The clause that says why a rated item is cited: how many people liked it and the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from explainable_recsys.data import Data
from explainable_recsys.explainers.grounds import grounded
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import fixed, short
from explainable_recsys.wording.phrases import phrase


def with_ground(
    told: pa.Array, cited: pd.DataFrame, starts: NDArray[np.int64], data: Data
) -> pa.LargeStringArray:
    """Say of the first cited item that has a ground which it is, after what is told.

    For example "…; 26 of the 38 people who liked ⟨Alien⟩ also liked this one, 1.5 times as often as
    people just as active". It is counted in everybody's ratings, whatever a model makes of them.

    Args:
        told: (n,) texts, one for each run of cited items.
        cited: (m,) rows of evidence as `with_grounds` makes it.
        starts: (n,) where the runs begin.
        data: With the titles.
    """
    found = np.flatnonzero(grounded(cited))
    if not len(found):
        return told
    run = np.cumsum(np.isin(np.arange(len(cited)), starts))[found] - 1
    first = np.flatnonzero(np.diff(run, prepend=-1))
    rows, n = cited.iloc[found[first]], len(starts)
    liked, both, expected = (
        rows[name].to_numpy(np.float64) for name in ("n_fans", "n_both", "n_expected")
    )
    clauses = columns.fill(
        phrase(
            "{both} of the {n} people who rated {item} also rated this one, {ratio} times as often "
            "as people just as active"
        )
        if data.liking.everything
        else phrase(
            "{both} of the {n} people who liked {item} also liked this one, {ratio} times as often "
            "as people just as active"
        ),
        both=columns.written(both, short),
        n=columns.written(liked, short),
        item=columns.items_of(data, rows["rated_item_id"]),
        ratio=columns.written(np.round(both / expected, 1), _tenths),
    )
    return columns.fill_each(
        ["{told}", phrase("{told}; {ground}")],
        np.isin(np.arange(n), run[first]),
        told=told,
        ground=columns.spread(clauses, run[first], n),
    )


def _tenths(number: float) -> str:
    return fixed(number, 1)
