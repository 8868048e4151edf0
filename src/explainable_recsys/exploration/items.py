"""The items: genres, release years, which are rated most and best."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from explainable_recsys.exploration.totals import group_table, memberships

_LISTED = ["rank", "item_id", "title", "year", "n_ratings", "share_of_users"]


def genre_members(items: pd.DataFrame) -> tuple[list[str], sparse.csr_array]:
    """The genres in alphabetical order, and which items have them, (n_genres, n_items) 0/1.

    Args:
        items: Column `genres` (`|`-joined; empty or missing where not known).
    """
    names = items["genres"].fillna("").astype("str").str.split("|").reset_index(drop=True).explode()
    names = names[names != ""]
    codes, found = pd.factorize(names, sort=True)
    places = (codes, names.index.to_numpy(dtype=np.int64))
    members = sparse.csr_array((np.ones(len(names)), places), shape=(len(found), len(items)))
    members.sum_duplicates()
    members.data[:] = 1.0  # a genre listed twice is still one genre
    return [str(name) for name in found], members


def genres(items: pd.DataFrame, item_totals: pd.DataFrame) -> pd.DataFrame:
    """How many items and ratings each genre has, and how it is rated.

    An item with several genres counts in each of them, so shares sum to more than 1.

    Args:
        items: Columns `item_id`, `genres`.
        item_totals: Columns `item_id`, `n_ratings`, `mean_rating`.

    Returns:
        Columns `genre`, `n_items`, `share_of_items`, `n_ratings`, `share_of_ratings` (0 to 1),
        `mean_rating` over the ratings, `low` and `high` (its 95 % interval, see `group_table`),
        most ratings first. No rows without genres.
    """
    names, members = genre_members(items)
    table = group_table(members, _totals_of(items, item_totals), "items")
    table.insert(0, "genre", pd.Series(names, dtype="str"))
    return table.sort_values(["n_ratings", "genre"], ascending=[False, True], ignore_index=True)


def genre_pairs(items: pd.DataFrame, n_genres: int) -> pd.DataFrame:
    """Which genres come together.

    Args:
        items: Column `genres`.
        n_genres: Only so many genres, those of the most items.

    Returns:
        One row per ordered pair of different genres: `genre`, `other`, `n_items` with both,
        `share` of the items of `genre` that have `other` too (0 to 1), and `lift`: how many
        times as many items have both as if the two were independent of each other.
    """
    names, members = genre_members(items)
    chosen = np.sort(np.argsort(-np.diff(members.indptr), kind="stable")[:n_genres])
    members = sparse.csr_array(members[chosen])
    both = np.asarray((members @ members.T).todense())
    first, second = np.nonzero(~np.eye(len(chosen), dtype=bool))
    sizes = np.diag(both)
    together = both[first, second]
    kept = np.array(names, dtype=object)[chosen]
    return pd.DataFrame(
        {
            "genre": pd.Series(kept[first], dtype="str"),
            "other": pd.Series(kept[second], dtype="str"),
            "n_items": together.astype(np.int64),
            "share": together / sizes[first],
            "lift": together * len(items) / (sizes[first] * sizes[second]),
        }
    )


def releases(items: pd.DataFrame, item_totals: pd.DataFrame, n_years: int) -> pd.DataFrame:
    """Items, ratings and mean rating by year of release.

    Args:
        items: Columns `item_id`, `year` (nullable).
        item_totals: Columns `item_id`, `n_ratings`, `mean_rating`.
        n_years: Years taken together, from multiples of this number on; 10 for decades.

    Returns:
        Columns `first_year` of each period that has items, `n_items`, `share_of_items`,
        `n_ratings`, `share_of_ratings` (0 to 1; of the items whose year is known),
        `mean_rating`, `low` and `high` (its 95 % interval, see `group_table`). No rows without
        years.
    """
    years = items["year"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(years)
    periods, codes = np.unique(years[known] // n_years * n_years, return_inverse=True)
    totals = _totals_of(items[known], item_totals)
    table = group_table(memberships(codes, len(periods)), totals, "items")
    table.insert(0, "first_year", periods.astype(np.int64))
    return table


def ranked_items(
    items: pd.DataFrame, item_totals: pd.DataFrame, n_users: int, damping: float
) -> pd.DataFrame:
    """All items with their mean rating, raw and shrunk, and their ranks by each.

    The shrunk mean is (sum of ratings + damping * m) / (number of ratings + damping), with m
    the mean of all ratings: as if every item had, besides its own, `damping` ratings of m. An
    item that few people rated so stays near m, for better or worse.

    Args:
        items: Columns `item_id`, `title`, `year` (nullable).
        item_totals: Columns `item_id`, `n_ratings`, `mean_rating`.
        n_users: Number of users.
        damping: Number of ratings of m, 0 or more.

    Returns:
        Columns `item_id`, `title`, `year` (nullable), `n_ratings`, `share_of_users` who rated
        it (0 to 1), `mean_rating`, `shrunk_mean`, and the ranks from 1 `rank_by_ratings`,
        `rank_by_mean`, `rank_by_shrunk_mean` (items that tie share the first), by item.
    """
    table = items[["item_id", "title", "year"]].merge(item_totals, on="item_id")
    n, mean = table["n_ratings"], table["mean_rating"]
    overall = float((n * mean).sum() / max(int(n.sum()), 1))
    shrunk = (n * mean + damping * overall) / (n + damping)

    def ranks(values: pd.Series[float]) -> pd.Series[int]:
        return values.round(9).rank(method="min", ascending=False).astype("int64")

    return table.assign(
        share_of_users=n / max(n_users, 1),
        shrunk_mean=shrunk,
        rank_by_ratings=ranks(n),
        rank_by_mean=ranks(mean),
        rank_by_shrunk_mean=ranks(shrunk),
    )


def most_rated(ranked: pd.DataFrame, n_listed: int) -> pd.DataFrame:
    """The items that most users rated.

    Args:
        ranked: As `ranked_items` returns it.
        n_listed: Length of the list.

    Returns:
        Columns `rank` (from 1), `item_id`, `title`, `year` (nullable), `n_ratings`,
        `share_of_users`, `mean_rating`.
    """
    return _first(ranked, "n_ratings", n_listed)[[*_LISTED, "mean_rating"]]


def best_rated(ranked: pd.DataFrame, n_listed: int) -> pd.DataFrame:
    """The items with the highest shrunk mean.

    Args:
        ranked: As `ranked_items` returns it.
        n_listed: Length of the list.

    Returns:
        Columns `rank` (from 1), `item_id`, `title`, `year` (nullable), `n_ratings`,
        `share_of_users`, `shrunk_mean`, `mean_rating` and `rank_by_mean`, which it would have
        without shrinkage (items that tie share the first).
    """
    columns = [*_LISTED, "shrunk_mean", "mean_rating", "rank_by_mean"]
    return _first(ranked, "shrunk_mean", n_listed)[columns]


def _first(ranked: pd.DataFrame, column: str, n_listed: int) -> pd.DataFrame:
    """The rows with the largest values; the more often rated, then the smaller id first."""
    ordered = ranked.sort_values(
        [column, "n_ratings", "item_id"], ascending=[False, False, True], ignore_index=True
    ).head(n_listed)
    return ordered.assign(rank=np.arange(1, len(ordered) + 1))


def _totals_of(items: pd.DataFrame, item_totals: pd.DataFrame) -> pd.DataFrame:
    """Totals in the order of the items; no ratings where an item has none."""
    totals = item_totals.set_index("item_id").reindex(items["item_id"])
    return totals.fillna({"n_ratings": 0, "mean_rating": 0.0})
