"""Make ratings and items fit to learn from: validate, deduplicate, filter, tidy titles."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys import draws
from explainable_recsys.errors import InputError
from explainable_recsys.parameters import Parameters, Seed

_TITLE_AND_YEAR = r"^(.*?)\s*(?:\((\d{4})(?:[-\u2013]\d{0,4})?\))?\s*$"
_TRAILING_ARTICLE = r"^(.*), (The|A|An)((?: \(.*\))?)$"

RowName = Callable[[int], str]
"""Says where the row at a position of a table comes from, e.g. "ratings.csv, line 12"."""


class CleaningParameters(Parameters):
    """What to do with duplicates and unknown items, and which users and items to keep."""

    duplicates: Literal["keep_latest", "error"] = "keep_latest"
    unknown_items: Literal["error", "drop", "keep"] = "error"
    sample_users: int | None = Field(None, ge=1)
    min_user_ratings: int = Field(1, ge=1)
    max_user_ratings: int | None = Field(None, ge=1)
    min_item_ratings: int = Field(1, ge=1)
    k_core: int | None = Field(None, ge=1)
    seed: Seed = 0


class Dropped(Parameters):
    """How many ratings, users and items one step of the cleaning took away, and why."""

    reason: str
    ratings: int
    users: int
    items: int


def validate_ratings(
    ratings: pd.DataFrame, minimum: float, maximum: float, row_name: RowName
) -> pd.DataFrame:
    """Check that every rating lies on the scale.

    Args:
        ratings: Columns `user_id`, `item_id`, `rating` and possibly `timestamp`, in the
            order of the file.
        minimum: Lowest rating of the scale.
        maximum: Highest rating of the scale.
        row_name: Names a row in the error.

    Raises:
        InputError: At the first rating that is off the scale.
    """
    values = ratings["rating"].to_numpy()
    wrong = ~((values >= minimum) & (values <= maximum))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(
            f"{row_name(first)}: rating {values[first]:g} is off the scale; accepted: "
            f"{minimum:g} to {maximum:g} (source.rating_scale)"
        )
    return ratings


def clean_ratings(
    ratings: pd.DataFrame, items: pd.DataFrame, parameters: CleaningParameters, row_name: RowName
) -> tuple[pd.DataFrame, list[Dropped]]:
    """Deduplicate and filter.

    In this order: ratings of unknown items, duplicate pairs (the latest stays; without
    timestamps, the last in the file), a random sample of users, users and items with too
    few or too many ratings (counted once, together), the k-core (repeated until every user
    and every item that is left has k ratings).

    Args:
        ratings: Validated ratings in the order of the file.
        items: The items file; empty when the data set has none.
        parameters: What to keep.
        row_name: Names a row in an error.

    Returns:
        The ratings sorted by user and item, and what each step dropped.

    Raises:
        InputError: On a duplicate or unknown item where the parameters say so, and when
            nothing is left.
    """
    dropped: list[Dropped] = []

    def keep(table: pd.DataFrame, mask: NDArray[np.bool_], reason: str) -> pd.DataFrame:
        kept = table[mask]
        dropped.append(
            Dropped(
                reason=reason,
                ratings=len(table) - len(kept),
                users=table["user_id"].nunique() - kept["user_id"].nunique(),
                items=table["item_id"].nunique() - kept["item_id"].nunique(),
            )
        )
        return kept

    known = _known_items(ratings, items, parameters, row_name)
    ratings = keep(ratings, known, "item not in the items file")
    latest = _latest(ratings, parameters, row_name)
    ratings = keep(ratings, latest, "rated again later")
    ratings = ratings.sort_values(["user_id", "item_id"], ignore_index=True)
    if parameters.sample_users is not None:
        chosen = _sampled(ratings["user_id"], parameters.sample_users, parameters.seed)
        ratings = keep(ratings, chosen, f"not among {parameters.sample_users} sampled users")
    ratings = keep(ratings, _counts_within(ratings, parameters), "too few or too many ratings")
    if parameters.k_core is not None:
        reason = f"not in the {parameters.k_core}-core"
        ratings = keep(ratings, k_core(ratings, parameters.k_core), reason)
    if ratings.empty:
        raise InputError(
            "parameters cleaning: the filters leave no rating; "
            + "; ".join(f"{step.reason}: {step.ratings:,}" for step in dropped if step.ratings)
        )
    return ratings.reset_index(drop=True), [step for step in dropped if step.ratings]


def k_core(ratings: pd.DataFrame, k: int) -> NDArray[np.bool_]:
    """Mask of the largest subset in which every user and every item has k ratings."""
    users, items = pd.factorize(ratings["user_id"])[0], pd.factorize(ratings["item_id"])[0]
    kept = np.ones(len(ratings), dtype=bool)
    while True:
        of_user, of_item = np.bincount(users[kept]), np.bincount(items[kept])
        rows = np.flatnonzero(kept)
        few = (of_user[users[rows]] < k) | (of_item[items[rows]] < k)
        if not few.any():
            return kept
        kept[rows[few]] = False


def clean_items(
    items: pd.DataFrame, ratings: pd.DataFrame, row_name: RowName = "items table, row {}".format
) -> pd.DataFrame:
    """Tidy the items that were rated: readable titles, the year on its own.

    "Terminator, The (1984)" becomes the title "The Terminator" of the year 1984. An item
    that the items file lacks (or every item, without such a file) is titled by its id.

    Args:
        items: Columns `item_id`, `title`, `genres`.
        ratings: Cleaned ratings.
        row_name: Names a row of the items in an error.

    Returns:
        Columns `item_id`, `title`, `year` (nullable), `genres` (`|`-joined), sorted by id.

    Raises:
        InputError: If the items file lists an id twice.
    """
    check_listed_once(items["item_id"], "item", row_name)
    ids = np.sort(ratings["item_id"].unique())
    table = pd.DataFrame({"item_id": ids}).merge(items, on="item_id", how="left")
    titles, years = split_titles(table["title"])
    titles = titles.str.replace(_TRAILING_ARTICLE, r"\2 \1\3", regex=True)
    titles = titles.str.replace(r"\s+", " ", regex=True)
    untitled = titles.isna() | (titles == "")
    return pd.DataFrame(
        {
            "item_id": table["item_id"],
            "title": titles.mask(untitled, table["item_id"].astype("str")).astype("str"),
            "year": years,
            "genres": table["genres"].fillna("").astype("str"),
        }
    )


def split_titles(titles: pd.Series[Any]) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Titles without their year, and the years (Int16, missing where there is none)."""
    parts = titles.astype("str").str.extract(_TITLE_AND_YEAR, flags=re.DOTALL)
    return parts[0], pd.to_numeric(parts[1]).astype("Int16")


def check_listed_once(ids: pd.Series[Any], what: str, row_name: RowName) -> None:
    """Make sure that a list of users or items holds each of them once.

    Raises:
        InputError: At the first that is listed again.
    """
    again = ids.duplicated().to_numpy()
    if again.any():
        first = int(np.argmax(again))
        raise InputError(f"{row_name(first)}: {what} {ids.iloc[first]} is listed again")


def _known_items(
    ratings: pd.DataFrame, items: pd.DataFrame, parameters: CleaningParameters, row_name: RowName
) -> NDArray[np.bool_]:
    """Mask of the ratings whose item is in the items file (all of them without a file)."""
    if items.empty or parameters.unknown_items == "keep":
        return np.ones(len(ratings), dtype=bool)
    known = ratings["item_id"].isin(items["item_id"]).to_numpy()
    if parameters.unknown_items == "error" and not known.all():
        first = int(np.argmax(~known))
        raise InputError(
            f"{row_name(first)}: item {ratings['item_id'].iloc[first]} is not in the items file "
            f"({(~known).sum():,} such ratings); add it there, or set cleaning.unknown_items to "
            "'drop' or 'keep'"
        )
    return known


def _latest(
    ratings: pd.DataFrame, parameters: CleaningParameters, row_name: RowName
) -> NDArray[np.bool_]:
    """Mask of the latest rating of every user and item."""
    pair = ["user_id", "item_id"]
    again = ratings.duplicated(pair).to_numpy()
    if not again.any():
        return ~again
    if parameters.duplicates == "error":
        at = ratings.index[int(np.argmax(again))]
        user, item = (ratings[name].loc[at] for name in pair)
        raise InputError(
            f"{row_name(int(at))}: user {user} rates item {item} again "
            f"({again.sum():,} such ratings); set cleaning.duplicates to 'keep_latest' to keep "
            "the latest"
        )
    ordered = ratings.sort_values("timestamp", kind="stable") if "timestamp" in ratings else ratings
    last = ~ordered.duplicated(pair, keep="last")
    return last.reindex(ratings.index).to_numpy()


def _sampled(users: pd.Series[Any], n: int, seed: int) -> NDArray[np.bool_]:
    """Mask of the ratings of n users drawn at random."""
    ids = users.unique()
    if n > len(ids):
        raise InputError(f"parameter cleaning.sample_users: {n} of {len(ids)} users")
    return users.isin(draws.sample(ids, n, seed, "sampled users")).to_numpy()


def _counts_within(ratings: pd.DataFrame, parameters: CleaningParameters) -> NDArray[np.bool_]:
    of_user = _count_of_each(ratings["user_id"])
    kept = of_user >= parameters.min_user_ratings
    if parameters.max_user_ratings is not None:
        kept &= of_user <= parameters.max_user_ratings
    if parameters.min_item_ratings > 1:
        kept &= _count_of_each(ratings["item_id"]) >= parameters.min_item_ratings
    return kept


def _count_of_each(ids: pd.Series[Any]) -> NDArray[np.int64]:
    """How often the id of each row occurs in the column."""
    codes = pd.factorize(ids)[0]
    return np.bincount(codes)[codes]
