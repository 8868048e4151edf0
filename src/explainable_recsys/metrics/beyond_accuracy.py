"""What top-K lists are like apart from being right: novel, diverse, spread over items."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.interactions import Interactions, PaddedBlock, padded_blocks
from explainable_recsys.metrics.ranking import top_k

GENRES_AT_ONCE = 8_000_000
"""Most values that a block of users may take while pairs of items are compared."""


def item_popularity(interactions: Interactions) -> NDArray[np.int64]:
    """Number of training users who rated each item, (n_items,)."""
    return interactions.n_ratings


def popularity_percentiles(interactions: Interactions) -> NDArray[np.float64]:
    """Share of the items that fewer users rated, ties and the item itself counted half."""
    popularity = item_popularity(interactions)
    ordered = np.sort(popularity)
    fewer, not_more = (np.searchsorted(ordered, popularity, side) for side in ("left", "right"))
    return (fewer + not_more) / (2 * interactions.n_items)


def beyond_accuracy_per_user(data: Data, lists: Lists, k: int) -> pd.DataFrame:
    """Novelty, diversity and popularity of every user's top k.

    - novelty: mean of -log2(share of the training users who rated the item), in bits
      (Vargas & Castells 2011); an item that nobody rated counts as rated by one user.
    - diversity: mean over pairs of the list of 1 - shared genres / genres of either, the
      Jaccard distance (intra-list diversity, Ziegler et al. 2005). Of an item without
      genres nothing is known, so it is in no pair; NaN if fewer than two items remain.
    - popularity_percentile: mean over the list of the share of catalogue items rated by
      fewer users, ties (the item itself too) counted half. Over the whole catalogue its
      mean is 0.5.

    Args:
        data: What was learned from, and the genres of the items.
        lists: The recommendations, with ranks.
        k: Length of the lists.

    Returns:
        Indexed by `user_id`, sorted, a row for every user with recommendations; columns
        `novelty@k`, `diversity@k`, `popularity_percentile@k` with k written out.

    Raises:
        InputError: If k is below 1.
    """
    lists, interactions = lists.take(top_k(lists.table, k).index.to_numpy()), data.interactions
    columns = lists.items
    rows, users = np.unique(lists.users, return_inverse=True)
    user_ids = lists.histories.user_ids[rows]
    popularity = item_popularity(interactions)
    information = -np.log2(np.maximum(popularity, 1) / interactions.n_users)
    percentile = popularity_percentiles(interactions)
    lengths = np.bincount(users, minlength=len(user_ids))
    listed = sparse.csr_array(
        (np.ones(len(users), np.float32), (users, columns)),
        shape=(len(user_ids), interactions.n_items),
    )
    return pd.DataFrame(
        {
            f"novelty@{k}": np.bincount(users, weights=information[columns]) / lengths,
            f"diversity@{k}": _diversity(listed, _genre_matrix(data.items, interactions)),
            f"popularity_percentile@{k}": np.bincount(users, weights=percentile[columns]) / lengths,
        },
        index=pd.Index(user_ids, name="user_id"),
    )


def popular_overlap(data: Data, lists: Lists, k: int) -> pd.Series[float]:
    """Share of each user's top k that is among the k most rated items that the user has not rated.

    1 for a list that everybody with the same history of popular items would get. Of equally often
    rated items the one with the lower column counts as more popular.

    Args:
        data: What was learned from.
        lists: The recommendations, with ranks.
        k: Length of the lists.

    Returns:
        By `user_id`, for users with recommendations.
    """
    lists = lists.take(top_k(lists.table, k).index.to_numpy())
    order = np.argsort(-item_popularity(data.interactions), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    histories, n_items = lists.histories.ratings, len(order)
    rows = np.repeat(np.arange(histories.shape[0]), np.diff(histories.indptr))
    rated = np.sort(rows * n_items + place[histories.indices])
    before = np.searchsorted(rated, lists.users * n_items + place[lists.items])
    unrated_place = place[lists.items] - (before - histories.indptr[lists.users])
    found = pd.Series(unrated_place < k, dtype="float64")
    by_user = found.groupby(lists.histories.user_ids[lists.users]).mean()
    return by_user.rename_axis("user_id")


def short_lists(data: Data, lists: Lists, k: int) -> pd.Series[float]:
    """Whether (1) each user's list has fewer than k items; by `user_id`, for all histories."""
    lists = lists.take(top_k(lists.table, k).index.to_numpy())
    lengths = np.bincount(lists.users, minlength=lists.histories.n_users)
    user_ids = pd.Index(lists.histories.user_ids, name="user_id")
    return pd.Series((lengths < k).astype(np.float64), user_ids)


def catalogue_exposure(lists: Lists, k: int) -> dict[str, float]:
    """How the top-k lists of all users together spread over the catalogue.

    With x_1 <= ... <= x_n how often each of the n catalogue items is recommended,
    gini = sum_i (2 i - n - 1) x_i / (n sum_i x_i): 0 if all are recommended equally often,
    1 - 1/n if only one ever is (Shani & Gunawardana 2011).

    Args:
        lists: The recommendations, with ranks.
        k: Length of the lists.

    Returns:
        `catalogue_coverage@k` (share of the items that are recommended to anybody) and
        `gini@k`, with k written out.

    Raises:
        InputError: As `beyond_accuracy_per_user`.
    """
    columns = lists.items[top_k(lists.table, k).index]
    n_items = lists.histories.n_items
    exposure = np.sort(np.bincount(columns, minlength=n_items))
    weights = 2 * np.arange(1, n_items + 1) - n_items - 1
    total = exposure.sum()
    return {
        f"catalogue_coverage@{k}": float(np.count_nonzero(exposure) / n_items),
        f"gini@{k}": float(weights @ exposure / (n_items * total)) if total else np.nan,
    }


def _genre_matrix(items: pd.DataFrame, interactions: Interactions) -> sparse.csr_array:
    """Which catalogue item has which genre: (n_items, n_genres), 1 where it has."""
    genres = items["genres"].astype("str").fillna("").str.split("|")
    pairs = items[["item_id"]].assign(genre=genres).explode("genre")
    pairs = pairs[pairs["genre"] != ""]
    columns = interactions.item_columns(pairs["item_id"])
    codes, names = pd.factorize(pairs["genre"])
    known = columns >= 0
    matrix = sparse.csr_array(
        (np.ones(known.sum()), (columns[known], codes[known])),
        shape=(interactions.n_items, len(names)),
    )
    matrix.data[:] = 1
    return matrix


def _diversity(listed: sparse.csr_array, genres: sparse.csr_array) -> NDArray[np.float64]:
    """Mean Jaccard distance (n_users,) over the pairs of each list (n_users, n_items)."""
    has_genres = np.diff(genres.indptr) > 0
    entries = listed.tocoo()
    kept = has_genres[entries.col]
    comparable = sparse.csr_array(
        (entries.data[kept], (entries.row[kept], entries.col[kept])), shape=listed.shape
    )
    longest = int(np.diff(comparable.indptr).max(initial=0))
    cells = GENRES_AT_ONCE // (genres.shape[1] + 4 * longest + 1)
    diversity = np.empty(listed.shape[0])
    for block in padded_blocks(comparable, max(1, cells)):
        diversity[block.rows] = _mean_distance(block, genres)
    return diversity


def _mean_distance(block: PaddedBlock, genres: sparse.csr_array) -> NDArray[np.float64]:
    """Mean Jaccard distance (b,) over pairs of items (b, length) that all have genres."""
    sets = genres[block.columns.ravel()].toarray().reshape(*block.columns.shape, genres.shape[1])
    shared = sets @ sets.transpose(0, 2, 1)
    sizes = sets.sum(axis=2)
    similarity = shared / (sizes[:, :, None] + sizes[:, None, :] - shared)
    similarity *= block.filled[:, :, None] & block.filled[:, None, :]
    lengths = block.filled.sum(axis=1)
    # Each item is compared with itself once (similarity 1), each pair twice.
    total = similarity.sum(axis=(1, 2)) - lengths
    pairs = lengths * (lengths - 1)
    distance: NDArray[np.float64] = np.full(len(pairs), np.nan)
    np.divide(total, pairs, out=distance, where=pairs > 0)
    return 1 - distance
