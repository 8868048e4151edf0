"""The people: age, gender and occupation, as far as the data tells them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.exploration.items import genre_members
from explainable_recsys.exploration.totals import group_means, memberships

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
        `mean_rating` over the ratings, `low` and `high` (its 95 % interval, see `group_means`).
        An attribute of which nothing is known has no rows.
    """
    table = user_totals.merge(users, on="user_id", how="left")
    parts = [_no_groups()]
    for attribute in ATTRIBUTES:
        codes, names = _groups(table, attribute)
        if names:
            parts.append(_attribute(attribute, codes, names, table))
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
    genders = [name for name in genders if name != UNKNOWN][:MOST_GENDERS]
    if not names:
        genders = []
    codes = np.where(codes < len(genders), codes, -1)
    numbers, sums = _ratings_of_groups(ratings, users, items, codes, len(genders))
    rated = numbers.sum(axis=1) > 0
    genders = [name for name, has in zip(genders, rated, strict=True) if has]
    numbers, sums = numbers[rated], sums[rated]
    n, s = members @ numbers.T, members @ sums.T
    genre, gender = (place.ravel() for place in np.indices(n.shape))
    with np.errstate(invalid="ignore"):
        share, mean = n / numbers.sum(axis=1), s / n
    return pd.DataFrame(
        {
            "genre": pd.Series(np.array(names, dtype=object)[genre], dtype="str"),
            "gender": pd.Series(np.array(genders, dtype=object)[gender], dtype="str"),
            "n_ratings": n.ravel().astype(np.int64),
            "share": share.ravel(),
            "mean_rating": mean.ravel(),
        }
    )


def _ratings_of_groups(
    ratings: pd.DataFrame,
    users: pd.DataFrame,
    items: pd.DataFrame,
    codes: NDArray[np.intp],
    n_groups: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Number and sum of the ratings of every item by every group of users, (n_groups, n_items).

    Args:
        ratings: Columns `user_id`, `item_id`, `rating`.
        users: (n_users) column `user_id`.
        items: (n_items) column `item_id`.
        codes: (n_users) group of each user; negative for none.
        n_groups: Number of groups.
    """
    shape = (n_groups, len(items))
    if not n_groups:
        return np.zeros(shape), np.zeros(shape)
    group = _looked_up(ratings["user_id"], users["user_id"], codes)
    item = _looked_up(ratings["item_id"], items["item_id"], np.arange(len(items)))
    told = (group >= 0) & (item >= 0)
    cells = group[told] * len(items) + item[told]
    values = ratings["rating"].to_numpy()[told]
    size = n_groups * len(items)
    numbers = np.bincount(cells, minlength=size).astype(np.float64)
    sums = np.bincount(cells, values, minlength=size).astype(np.float64)
    return numbers.reshape(shape), sums.reshape(shape)


def _attribute(
    attribute: str, codes: NDArray[np.intp], names: list[str], table: pd.DataFrame
) -> pd.DataFrame:
    means = group_means(memberships(codes, len(names)), table)
    sizes = np.bincount(codes, minlength=len(names))
    return pd.DataFrame(
        {
            "attribute": pd.Series([attribute] * len(names), dtype="str"),
            "group": pd.Series(names, dtype="str"),
            "n_users": sizes,
            "share_of_users": sizes / max(len(table), 1),
            "n_ratings": means["n_ratings"],
            "share_of_ratings": means["n_ratings"] / max(int(means["n_ratings"].sum()), 1),
            **{name: means[name] for name in ("mean_rating", "low", "high")},
        }
    )


def _no_groups() -> pd.DataFrame:
    none = np.array([], dtype=np.intp)
    no_totals = pd.DataFrame({"n_ratings": none, "mean_rating": none})
    return _attribute("", none, [], no_totals)


def _groups(users: pd.DataFrame, attribute: str) -> tuple[NDArray[np.intp], list[str]]:
    """Group of every user, and the groups' names; no names if nothing is known of anybody."""
    if attribute not in users:
        return np.full(len(users), -1, dtype=np.intp), []
    names = _ages(users["age"]) if attribute == "age" else _texts(users[attribute])
    known = names[names != UNKNOWN].value_counts().sort_index()
    if attribute == "age":
        order = [name for name in AGE_GROUPS if name in known.index]
    else:
        order = list(known.sort_values(ascending=False, kind="stable").index)
    if order and len(names) > known.sum():
        order.append(UNKNOWN)
    return pd.Index(order, dtype="str").get_indexer(pd.Index(names)), [str(name) for name in order]


def _ages(ages: pd.Series[Any]) -> pd.Series[str]:
    """Names of the age groups."""
    years = pd.to_numeric(ages, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    names = np.array([*AGE_GROUPS, UNKNOWN], dtype=object)
    places = np.where(np.isfinite(years), np.digitize(years, _YOUNGEST), len(AGE_GROUPS))
    return pd.Series(names[places], dtype="str")


def _texts(texts: pd.Series[Any]) -> pd.Series[str]:
    """The texts; `UNKNOWN` for missing and empty ones."""
    known = texts.notna() & (texts.astype("str") != "")
    return texts.astype("str").where(known, UNKNOWN).reset_index(drop=True)


def _looked_up(
    ids: pd.Series[Any], known: pd.Series[Any], values: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The value of every id, given those of the known ids; -1 for an id that is not known."""
    codes, found = pd.factorize(ids)
    places = pd.Index(known).get_indexer(pd.Index(found))
    found_values: NDArray[np.intp] = np.append(values, -1)[places]
    return found_values[codes]
