"""Which items somebody new is shown first to rate.

An item that few people know is a wasted place, and a rating that everybody would give says nothing
of a person: so items are ordered by popularity times spread (Rashid et al. 2002). Items of one
genre follow each other less closely than that alone would have it, so that a person of any taste
finds something early.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import Data

DAMPING = 5
"""Ratings as spread as all are that are added to those of an item."""


def picking_order(data: Data, popularity: float = 0.5, turns: float = 0.25) -> NDArray[Any]:
    """All items, in the order in which they are offered to be rated.

    With n ratings of an item, their standard deviation s, and the item's place p (from 1) among
    those of a genre by n^popularity s, averaged over its genres, the order is that of

        n^popularity s / p^turns,

    equal ones by id. The defaults were chosen on people of the embedded data who are not those
    that they were then measured on (`benchmarks/picking.py`).

    Args:
        data: Ratings, and the genres of the items.
        popularity: 0: it does not count; the larger, the more.
        turns: 0: genres do not count; the larger, the more they take turns.

    Returns:
        Ids (n_items,).

    Three people know items 1 and 2, one knows item 3; only on item 2 do they differ.

    >>> ratings = pd.DataFrame({
    ...     "user_id": [1, 2, 3, 1, 2, 3, 1],
    ...     "item_id": [1, 1, 1, 2, 2, 2, 3],
    ...     "rating": [4.0, 4.0, 4.0, 1.0, 3.0, 5.0, 4.0],
    ... })
    >>> picking_order(Data.from_frames(ratings)).tolist()
    [2, 1, 3]
    """
    n_ratings, spread = _popularity_and_spread(data)
    worth = n_ratings**popularity * spread
    worth = worth / _place_in_genres(data, worth) ** turns
    return data.interactions.item_ids[np.argsort(-worth, kind="stable")]


def _popularity_and_spread(data: Data) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number of ratings of each item, and their damped standard deviation; 1 if none differ."""
    ratings = data.interactions.ratings
    n_items = data.interactions.n_items
    n_ratings = np.bincount(ratings.indices, minlength=n_items)
    means = np.bincount(ratings.indices, ratings.data, n_items) / np.maximum(n_ratings, 1)
    squares = (ratings.data - means[ratings.indices]) ** 2
    overall = squares.mean()
    if overall == 0:
        return n_ratings, np.ones(n_items)
    sums = np.bincount(ratings.indices, squares, n_items) + DAMPING * overall
    return n_ratings, np.sqrt(sums / (n_ratings + DAMPING))


def _place_in_genres(data: Data, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place of each item, from 1, among those of a genre; the mean over its genres."""
    ids = data.interactions.item_ids
    genres = data.items.set_index("item_id")["genres"].reindex(ids).astype("str").fillna("")
    each = pd.DataFrame({"column": np.arange(len(ids)), "worth": worth})
    each["genre"] = genres.str.split("|").to_numpy()
    each = each.explode("genre", ignore_index=True)
    places = each.groupby("genre")["worth"].rank(method="first", ascending=False)
    return places.groupby(each["column"]).mean().to_numpy(np.float64)
