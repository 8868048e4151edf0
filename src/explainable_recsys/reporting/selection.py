"""Which users a report shows, and what of theirs."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys import draws
from explainable_recsys.interactions import Interactions


def choose_users(explained: Sequence[pd.Series[Any]], n: int, seed: int) -> NDArray[Any]:
    """Draw n users from those whom every approach explains something (else: any of them).

    Args:
        explained: Of each approach the users that it explains something to, repeated or not.
        n: How many; fewer if there are fewer.
        seed: Of the choice.

    Returns:
        Their ids, sorted.
    """
    if not explained:
        return np.empty(0)
    everybody = [users.unique() for users in explained]
    common = functools.reduce(np.intersect1d, everybody)
    pool = common if len(common) else functools.reduce(np.union1d, everybody)
    return draws.sample(pool, n, seed, "users shown")


def users_lists(
    lists: Mapping[str, pd.DataFrame],
    sentences: Mapping[str, pd.DataFrame],
    items: pd.DataFrame,
    users: NDArray[Any],
    n_items: int,
) -> pd.DataFrame:
    """The first recommendations of some users by every approach, with titles and reasons.

    Args:
        lists: By approach: columns `user_id`, `item_id`, `rank`, `score`.
        sentences: By approach: columns `user_id`, `item_id`, `sentence`.
        items: Columns `item_id`, `title`, `year`.
        users: Ids of the users.
        n_items: Length of the lists.

    Returns:
        `user_id`, `approach`, `rank`, `item_id`, `title`, `year`, `score`, `sentence` (missing
        where nothing explains the recommendation), in this order.
    """
    parts = []
    for approach, table in sorted(lists.items()):
        first = table[table["user_id"].isin(users) & (table["rank"] <= n_items)]
        first = first.merge(sentences[approach], on=["user_id", "item_id"], how="left")
        parts.append(first.assign(approach=approach))
    columns = ["user_id", "approach", "rank", "item_id", "title", "year", "score", "sentence"]
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts).merge(items[["item_id", "title", "year"]], on="item_id")
    return table.sort_values(["user_id", "approach", "rank"], ignore_index=True)[columns]


def users_histories(
    histories: Interactions, items: pd.DataFrame, users: NDArray[Any], n_rated: int
) -> pd.DataFrame:
    """What some users rated, best first, ties in the order of the catalogue.

    Args:
        histories: All histories.
        items: Columns `item_id`, `title`.
        users: Ids of the users.
        n_rated: Most items of one user.

    Returns:
        `user_id`, `item_id`, `title`, `rating`.
    """
    rows = histories.known_rows(users)
    rated = histories.ratings[rows].tocoo()
    table = pd.DataFrame(
        {
            "user_id": histories.user_ids[rows[rated.row]],
            "item_id": histories.item_ids[rated.col],
            "rating": rated.data,
        }
    )
    table = table.sort_values(["user_id", "rating", "item_id"], ascending=[True, False, True])
    table = table.groupby("user_id").head(n_rated).merge(items[["item_id", "title"]], on="item_id")
    table = table.sort_values(["user_id", "rating", "item_id"], ascending=[True, False, True])
    return table[["user_id", "item_id", "title", "rating"]].reset_index(drop=True)
