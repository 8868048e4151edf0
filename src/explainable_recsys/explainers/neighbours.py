"""Explain recommendations by what a user's neighbourhood says about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained, categorical, evidence_table, pairs_of
from explainable_recsys.knowledge.neighbours import (
    NeighbourhoodParameters,
    nearest_items,
    nearest_users,
    shares_of_similarity,
)
from explainable_recsys.knowledge.similar_items import SimilarItems
from explainable_recsys.liking import NO_DIFFERENCE
from explainable_recsys.parameters import Parameters
from explainable_recsys.ragged import place_in_run

LISTS_AT_ONCE = 1_000
"""Recommendations whose neighbours are compared with the user item by item at once."""

N_PROJECTED = 10
"""Most rated items that an explanation by neighbours is said to rest on."""


class NeighbourExplanationParameters(Parameters):
    """What is a reason, and how many similar items a sentence names.

    Of the nearest people, at least the share `min_share` has to like an item, and of those of them
    who rated it `min_agreement` (form `users`).
    """

    min_share: float = Field(0.3, ge=0, le=1)
    min_agreement: float = Field(0.6, ge=0, le=1)
    n_cited: int = Field(3, ge=1)


class SimilarItemsParameters(Parameters):
    """How many rated items a sentence names."""

    n_cited: int = Field(3, ge=1)


def explain_by_neighbours(
    model: object,
    data: Data,
    lists: Lists,
    parameters: NeighbourExplanationParameters,
    *,
    neighbourhood: NeighbourhoodParameters,
) -> Explained:
    """Show how the nearest users rated a recommended item, or which similar items were liked.

    Form `users`: one piece per rating value that some neighbour gave, with the number of neighbours
    who gave it as its weight (style `neighbour`): first what those gave who liked the item, then,
    with negative weights, the others; each highest first. Form `items`: one piece per item among
    the k nearest to the recommended one that the user likes, most similar first, with the
    similarity as its weight (style `item`).

    A recommendation that too few neighbours like has no explanation, nor has one without such an
    item.

    Args:
        model: Whatever made the lists; neighbours do not ask it.
        data: Where neighbours are looked for; says what the items are called.
        lists: What is explained.
        parameters: How many are enough.
        neighbourhood: Who is near whom.

    Returns:
        Evidence, and in form `users` as `projected_evidence` the rated items that make the
        neighbours neighbours: `user_id`, `item_id`, `rated_item_id`, `weight`, strongest first
        within each recommendation. The similarity of two users is a sum over the items that both
        rated; an item weighs what it adds to the similarity with the neighbours who rated the
        recommended item and liked it.

    Raises:
        InputError: If k is too large.
    """
    ratings = data.interactions.ratings
    if neighbourhood.form == "items":
        near_items = nearest_items(ratings, neighbourhood)
        evidence = _liked_among(*near_items, data, lists)
        return Explained(evidence, {"projected_evidence": _projected(lists, [])})
    lists = lists.without_others()
    neighbours, similarities = nearest_users(lists.histories.ratings, ratings, neighbourhood)
    asked = np.repeat(np.arange(len(lists)), neighbours.shape[1])
    near = neighbours[lists.users].ravel()
    given = _ratings_at(ratings, near, lists.items[asked])
    least = np.append(data.liking.thresholds(ratings), np.nan)[near]
    speaks = given >= least - NO_DIFFERENCE
    n_speaking = np.bincount(asked[speaks], minlength=len(lists))
    n_rated = np.bincount(asked[~np.isnan(given)], minlength=len(lists))
    spoken_for = n_speaking >= max(1.0, parameters.min_share * neighbourhood.k)
    spoken_for &= n_speaking >= parameters.min_agreement * n_rated
    speaks &= spoken_for[asked]
    heard = ~np.isnan(given) & spoken_for[asked]
    parts = _shares_of_items(
        data,
        lists,
        asked[speaks],
        near[speaks],
        similarities[lists.users].ravel()[speaks],
        neighbourhood,
    )
    return Explained(
        _counts(lists, asked[heard], given[heard], speaks[heard]),
        {"projected_evidence": _projected(lists, parts)},
    )


def explain_by_similar_items(
    model: object,
    data: Data,
    lists: Lists,
    parameters: SimilarItemsParameters,
    *,
    similar_items: SimilarItems,
) -> Explained:
    """List the rated items among those nearest to each recommended one.

    Args:
        model: Whatever made the lists; similar items do not ask it.
        data: Says what the items are called.
        lists: What is explained.
        parameters: Not needed.
        similar_items: The items nearest to each, over the same catalogue.

    Returns:
        Evidence of style `item`; `weight` is the similarity, most similar first.
    """
    near = similar_items.neighbours, similar_items.similarities
    return Explained(_liked_among(*near, data, lists))


def _liked_among(
    neighbours: NDArray[Any], similarities: NDArray[Any], data: Data, lists: Lists
) -> pd.DataFrame:
    """Evidence from the nearest items and their similarities, both (n_items, k)."""
    asked = np.repeat(np.arange(len(lists)), neighbours.shape[1])
    near = neighbours[lists.items].ravel().astype(np.int64)
    liked_items = data.liking.items(lists.histories.ratings)
    liked = np.flatnonzero(_ratings_at(liked_items, lists.users[asked], near) == 1)
    rated, weights = near[liked], similarities[lists.items].ravel()[liked]
    return evidence_table(lists, asked[liked], "item", data.titles(rated), weights, rated=rated)


def _counts(
    lists: Lists,
    asked: NDArray[np.int64],
    given: NDArray[np.float64],
    likes: NDArray[np.bool_],
) -> pd.DataFrame:
    """Evidence from the ratings that neighbours gave: how many gave which, and liked the item."""
    table = (
        pd.DataFrame({"row": asked, "rating": given, "likes": likes})
        .groupby(["row", "likes", "rating"])
        .size()
        .reset_index(name="n")
        .sort_values(["row", "likes", "rating"], ascending=[True, False, False], ignore_index=True)
    )
    values = [f"{rating:g}" for rating in table["rating"]]
    return evidence_table(
        lists,
        table["row"].to_numpy(np.int64),
        "neighbour",
        categorical([f"★{value}" for value in values]),
        np.where(table["likes"], table["n"], -table["n"]),
        evidence_ids=categorical(values),
    )


Shares = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def _shares_of_items(
    data: Data,
    lists: Lists,
    asked: NDArray[np.int64],
    near: NDArray[np.int64],
    similar: NDArray[np.float64],
    neighbourhood: NeighbourhoodParameters,
) -> list[Shares]:
    """What rated items add to the similarity with neighbours who speak for a recommendation.

    Args:
        data: Where the neighbours are.
        lists: The recommendations.
        asked: (p,) recommendation that each neighbour speaks for, ascending.
        near: (p,) row of the neighbour.
        similar: (p,) similarity of user and neighbour.
        neighbourhood: The kind of similarity.

    Returns:
        Recommendation, column of the rated item, and its share, strongest first.
    """
    parts = []
    for start in range(0, len(lists), LISTS_AT_ONCE):
        part = slice(*np.searchsorted(asked, [start, start + LISTS_AT_ONCE]))
        of, n = asked[part], len(asked[part])
        shares = shares_of_similarity(
            lists.histories.ratings[lists.users[of]],
            data.interactions.ratings[near[part]],
            similar[part],
            neighbourhood,
        )
        of_list = sparse.csr_array(
            (np.ones(n), (of - start, np.arange(n))), shape=(LISTS_AT_ONCE, n)
        )
        found, rated, values = _strongest(sparse.csr_array(of_list @ shares), N_PROJECTED)
        parts.append((found + start, rated, values))
    return parts


def _projected(lists: Lists, parts: list[Shares]) -> pd.DataFrame:
    """The table of rated items, from what `_shares_of_items` finds."""
    nothing = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    rows, rated, values = (np.concatenate(part) for part in zip(nothing, *parts, strict=True))
    return pairs_of(
        lists, rows, rated_item_id=lists.histories.item_ids[rated], weight=values.astype(np.float32)
    )


def _strongest(
    weights: sparse.csr_array, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row, column and value of the n highest entries of each row, highest first."""
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    order = np.lexsort((weights.indices, -weights.data, rows))
    order = order[place_in_run(rows) < n]
    return rows[order], weights.indices[order].astype(np.int64), weights.data[order]


def _ratings_at(
    ratings: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The rating of each (row, column), NaN where there is none or an index is -1."""
    found: NDArray[Any] = np.full(len(rows), np.nan)
    asked = np.flatnonzero((rows >= 0) & (columns >= 0))
    if len(asked) == 0:
        return found
    numbered = sparse.csr_array(
        (np.arange(1, ratings.nnz + 1), ratings.indices, ratings.indptr), shape=ratings.shape
    )
    numbers = np.asarray(numbered[rows[asked], columns[asked]]).ravel()
    there = numbers > 0
    found[asked[there]] = ratings.data[numbers[there] - 1]
    return found
