"""Explain recommendations by what a user's neighbourhood says about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.explainers.tables import evidence_table, explanation_table
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import (
    NeighbourhoodParameters,
    nearest_items,
    nearest_users,
    shares_of_similarity,
)
from explainable_recsys.ragged import place_in_run

LISTS_AT_ONCE = 1_000
"""Recommendations whose neighbours are compared with the user item by item at once."""


def explain_by_neighbours(
    interactions: Interactions,
    training: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    parameters: NeighbourhoodParameters,
) -> pd.DataFrame:
    """Show how the nearest users rated a recommended item, or which similar items were liked.

    Form `users`: one piece per rating value that some neighbour gave, highest first, with the
    number of neighbours who gave it as its weight (style `neighbour`). Form `items`: one piece
    per item among the k nearest to the recommended one that the user rated at the threshold
    or above, most similar first, with the similarity as its weight (style `item`).

    A recommendation that no neighbour rated at the threshold or above has no explanation.

    Args:
        interactions: The histories that the recommendations were made from.
        training: Where neighbours are looked for, over the same catalogue.
        recommendations: Columns `user_id`, `item_id`.
        items: Columns `item_id`, `title`.
        parameters: The neighbourhood.

    Returns:
        The explanations table.

    Raises:
        InputError: If the tables are of another run than the interactions, or k is too large.
    """
    users = interactions.known_rows(recommendations["user_id"])
    columns = interactions.known_columns(recommendations["item_id"])
    if parameters.form == "users":
        return _by_users(interactions, training, recommendations, users, columns, parameters)
    neighbours, similarities = nearest_items(training.ratings, parameters)
    return explain_by_similar_items(
        neighbours,
        similarities,
        interactions,
        recommendations,
        items,
        parameters.relevance_threshold,
    )


def explain_by_similar_items(
    neighbours: NDArray[Any],
    similarities: NDArray[Any],
    interactions: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    relevance_threshold: float | None,
) -> pd.DataFrame:
    """List the rated items among those nearest to each recommended one.

    Args:
        neighbours: (n_items, k) columns, most similar first, padded with -1.
        similarities: (n_items, k) the weights of the pieces.
        interactions: The histories that the recommendations were made from.
        recommendations: Columns `user_id`, `item_id`.
        items: Columns `item_id`, `title`.
        relevance_threshold: From which rating on an item is named; None for any.

    Returns:
        The explanations table, style `item`.

    Raises:
        InputError: If the tables are of another run than the interactions.
    """
    users = interactions.known_rows(recommendations["user_id"])
    columns = interactions.known_columns(recommendations["item_id"])
    lists = np.repeat(np.arange(len(users)), neighbours.shape[1])
    near = neighbours[columns].ravel().astype(np.int64)
    given = _ratings_at(interactions.ratings, users[lists], near)
    liked = np.flatnonzero(~np.isnan(given))
    liked = liked[_reaches(given[liked], relevance_threshold)]
    rows = lists[liked]
    return explanation_table(
        recommendations.iloc[rows],
        place=place_in_run(rows) + 1,
        evidence_ids=interactions.item_ids[near[liked]],
        weights=similarities[columns].ravel()[liked],
        style="item",
        items=items,
    )


def co_rated_items(
    interactions: Interactions,
    training: Interactions,
    recommendations: pd.DataFrame,
    parameters: NeighbourhoodParameters,
    n_evidence: int = 10,
) -> pd.DataFrame:
    """The rated items that an explanation by neighbours rests on: those that make them neighbours.

    The similarity of two users is a sum over the items that both rated. An item weighs what it adds
    to the similarity with the neighbours who rated the recommended item at the threshold or above.
    Explanations of the form `items` cite rated items as they are; for them the table is empty.

    Args:
        interactions: As `explain_by_neighbours`.
        training: As there.
        recommendations: As there.
        parameters: As there.
        n_evidence: Most items per recommendation.

    Returns:
        Columns `user_id`, `item_id`, `evidence_id`, `weight`, strongest first within each
        recommendation.

    Raises:
        InputError: As `explain_by_neighbours`.
    """
    users = interactions.known_rows(recommendations["user_id"])
    columns = interactions.known_columns(recommendations["item_id"])
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    if parameters.form == "users":
        neighbours, similarities = nearest_users(interactions.ratings, training.ratings, parameters)
        k = neighbours.shape[1]
        for start in range(0, len(users), LISTS_AT_ONCE):
            lists = np.arange(start, min(start + LISTS_AT_ONCE, len(users)))
            asked = np.repeat(lists, k)
            near, weights = neighbours[users[lists]].ravel(), similarities[users[lists]].ravel()
            given = _ratings_at(training.ratings, near, columns[asked])
            speaks = ~np.isnan(given)
            speaks[speaks] = _reaches(given[speaks], parameters.relevance_threshold)
            shares = shares_of_similarity(
                interactions.ratings[users[asked[speaks]]],
                training.ratings[near[speaks]],
                weights[speaks],
                parameters,
            )
            of_list = sparse.csr_array(
                (np.ones(speaks.sum()), (asked[speaks] - start, np.arange(speaks.sum()))),
                shape=(len(lists), int(speaks.sum())),
            )
            found, evidence, values = _strongest(sparse.csr_array(of_list @ shares), n_evidence)
            parts.append((found + start, evidence, values))
    rows, evidence, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return pd.DataFrame(
        {
            "user_id": recommendations["user_id"].to_numpy()[rows],
            "item_id": recommendations["item_id"].to_numpy()[rows],
            "evidence_id": interactions.item_ids[evidence],
            "weight": values.astype(np.float32),
        }
    )


def _strongest(
    weights: sparse.csr_array, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row, column and value of the n highest entries of each row, highest first."""
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    order = np.lexsort((weights.indices, -weights.data, rows))
    order = order[place_in_run(rows) < n]
    return rows[order], weights.indices[order].astype(np.int64), weights.data[order]


def _by_users(
    interactions: Interactions,
    training: Interactions,
    recommendations: pd.DataFrame,
    users: NDArray[np.int64],
    columns: NDArray[np.int64],
    parameters: NeighbourhoodParameters,
) -> pd.DataFrame:
    neighbours, _ = nearest_users(interactions.ratings, training.ratings, parameters)
    lists = np.repeat(np.arange(len(users)), neighbours.shape[1])
    near = neighbours[users].ravel()
    given = _ratings_at(training.ratings, near, columns[lists])
    lists, given = lists[~np.isnan(given)], given[~np.isnan(given)]
    spoken = np.zeros(len(users), dtype=bool)
    spoken[lists[_reaches(given, parameters.relevance_threshold)]] = True
    lists, given = lists[spoken[lists]], given[spoken[lists]]
    table = (
        pd.DataFrame({"list": lists, "rating": given})
        .groupby(["list", "rating"])
        .size()
        .reset_index(name="n")
        .sort_values(["list", "rating"], ascending=[True, False], ignore_index=True)
    )
    rows = table["list"].to_numpy()
    values = [f"{rating:g}" for rating in table["rating"]]
    return evidence_table(
        recommendations.iloc[rows],
        place=place_in_run(rows) + 1,
        evidence_ids=np.array(values, dtype=str),
        evidence=pd.Categorical(np.array([f"★{value}" for value in values], dtype=object)),
        weights=table["n"].to_numpy(),
        style="neighbour",
    )


def _reaches(ratings: NDArray[np.float64], threshold: float | None) -> NDArray[np.bool_]:
    return (
        np.ones(len(ratings), dtype=bool) if threshold is None else ratings >= np.float32(threshold)
    )


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
