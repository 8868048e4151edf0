"""The people: age, gender and occupation, as far as the data tells them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.exploration.items import genre_members
from explainable_recsys.exploration.totals import group_table, memberships

ATTRIBUTES = ("age", "gender", "occupation")

AGE_GROUPS = ("Under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56+")
"""Those of MovieLens 1M."""

UNKNOWN = "not known"
"""Group of the users of whom the data does not tell what it tells of others."""

MOST_GENDERS = 5
"""The most frequent ones are compared."""

_YOUNGEST = (18, 25, 35, 45, 50, 56)  # of each age group but the first; 1M codes groups by them


def demographics(users: pd.DataFrame, user_totals: pd.DataFrame) -> pd.DataFrame:
    """Users, ratings and mean rating by age group, gender and occupation.

    Args:
        users: Column `user_id`, and of `age` (years, or MovieLens 1M's codes of age groups),
            `gender`, `occupation` those that the data has.
        user_totals: Columns `user_id`, `n_ratings`, `mean_rating`.

    Returns:
        One row per attribute and group, ages in order, other groups by number of users,
        `UNKNOWN` last: `attribute` ("age", "gender", "occupation"), `group`, `n_users`,
        `share_of_users`, `n_ratings`, `share_of_ratings` (0 to 1, of the attribute),
        `mean_rating` over the ratings, `low` and `high` (its 95 % interval, see `group_table`).
        An attribute of which nothing is known has no rows.
    """
    table = user_totals.merge(users, on="user_id", how="left")
    parts = []
    for attribute in ATTRIBUTES:
        codes, names = _groups(table, attribute)
        part = group_table(memberships(codes, len(names)), table, "users")
        part.insert(0, "attribute", pd.Series([attribute] * len(names), dtype="str"))
        part.insert(1, "group", pd.Series(names, dtype="str"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def genders_by_genre(
    ratings: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame
) -> pd.DataFrame:
    """Which genres each gender rates, and how.

    Args:
        ratings: Columns `user_id`, `item_id`, `rating`.
        users: Column `user_id`, and `gender` if the data has it.
        items: Columns `item_id`, `genres`.

    Returns:
        One row per genre and gender: `genre`, `gender`, `n_ratings`, `share` of the gender's
        ratings that are of items with the genre (0 to 1; items have several, so shares sum to
        more than 1), `mean_rating` (missing without ratings). Left out are users whose gender is
        not known, genders without ratings, and all but the `MOST_GENDERS` most frequent. No
        rows without genders or without genres.
    """
    names, members = genre_members(items)
    codes, genders = _groups(users, "gender")
    genders = [name for name in genders if name != UNKNOWN][:MOST_GENDERS] if names else []
    ratings = ratings if genders else ratings.head(0)
    group = np.append(codes, -1)[pd.Index(users["user_id"]).get_indexer(ratings["user_id"])]
    item = pd.Index(items["item_id"]).get_indexer(ratings["item_id"])
    told = (item >= 0) & (group >= 0) & (group < len(genders))
    of_all = np.bincount(group[told], minlength=len(genders))
    rated = np.flatnonzero(of_all)
    shape, places = (len(items), len(genders)), (item[told], group[told])
    n, s = (
        (members @ sparse.csr_array((values[told], places), shape=shape)).toarray()[:, rated]
        for values in (np.ones(len(ratings)), ratings["rating"].to_numpy(np.float64))
    )
    genre, gender = (place.ravel() for place in np.indices(n.shape))
    with np.errstate(invalid="ignore"):
        share, mean = n / of_all[rated], s / n
    return pd.DataFrame(
        {
            "genre": pd.Series(np.array(names, dtype=object)[genre], dtype="str"),
            "gender": pd.Series(np.array(genders, dtype=object)[rated[gender]], dtype="str"),
            "n_ratings": n.ravel().astype(np.int64),
            "share": share.ravel(),
            "mean_rating": mean.ravel(),
        }
    )


def _groups(users: pd.DataFrame, attribute: str) -> tuple[NDArray[np.intp], list[str]]:
    """Group of every user, and the groups' names; no names if nothing is known of anybody."""
    values = users.get(attribute, pd.Series(None, users.index, dtype="str"))
    if attribute == "age":
        years = pd.to_numeric(values, errors="coerce").astype("float64")
        values = pd.cut(years, [-np.inf, *_YOUNGEST, np.inf], right=False, labels=AGE_GROUPS)
    names = values.astype("str").replace("", None)
    known = names.value_counts().sort_index().sort_values(ascending=False, kind="stable").index
    order = sorted(known, key=AGE_GROUPS.index) if attribute == "age" else list(known)
    if order and names.isna().any():
        order.append(UNKNOWN)
    return pd.Index(order, dtype="str").get_indexer(pd.Index(names.fillna(UNKNOWN))), order
