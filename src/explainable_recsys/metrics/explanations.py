"""How many recommendations are explained, how, and whether the explanations add up."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.metrics.beyond_accuracy import item_popularity
from explainable_recsys.metrics.bootstrap import mean_with_interval, ratio_with_interval
from explainable_recsys.metrics.projected_evidence import evidence_columns
from explainable_recsys.recommenders.base import AdditiveRecommender

ITEM_STYLES = ("item", "rule")
"""Styles whose evidence are items of the history."""

PIECES_PER_BLOCK = 200_000
"""Pieces of evidence whose explanations are compared at once."""

SMALLEST_SCORE = float(np.finfo(np.float32).eps)
"""Scores closer to 0 than this are taken for this when an error is divided by them."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Recommendations, numbered in the order of their users, with what explains them.

    Attributes:
        user_ids: (n_users,) ids of the users with recommendations, sorted.
        users: (n_recommendations,) user number of each recommendation, ascending.
        recommendations: (n_pieces,) number of the recommendation that each piece of
            evidence explains.
        pieces: (n_pieces, 2) table of their `style` and `evidence_id`.
    """

    user_ids: pd.Index[Any]
    users: NDArray[np.int64]
    recommendations: NDArray[np.int64]
    pieces: pd.DataFrame


def match_explanations(recommendations: pd.DataFrame, explanations: pd.DataFrame) -> Explained:
    """Find the recommendation that each piece of evidence belongs to.

    Args:
        recommendations: Columns `user_id`, `item_id`; one row per recommendation made.
        explanations: Columns `user_id`, `item_id`, `style`, `evidence_id`; one row per
            piece of evidence. Rows on anything not recommended are left out.
    """
    user_ids = pd.Index(recommendations["user_id"].unique(), name="user_id").sort_values()
    item_ids = pd.Index(recommendations["item_id"].unique())
    made = _distinct(_pair_keys(recommendations, user_ids, item_ids))
    numbers = pd.Index(made).get_indexer(pd.Index(_pair_keys(explanations, user_ids, item_ids)))
    matched = numbers >= 0
    return Explained(
        user_ids=user_ids,
        users=made // max(1, len(item_ids)),
        recommendations=numbers[matched].astype(np.int64),
        pieces=explanations.loc[matched, ["style", "evidence_id"]],
    )


def explanation_counts(explained: Explained) -> pd.DataFrame:
    """Count what coverage and length are ratios of.

    Returns:
        Indexed by `user_id`: `n_recommendations`, `n_explained` (those with at least one
        piece of evidence) and `n_pieces` (rows of the explanations table).
    """
    n_users = len(explained.user_ids)
    pieces = np.bincount(explained.recommendations, minlength=len(explained.users))
    users = explained.users
    return pd.DataFrame(
        {
            "n_recommendations": np.bincount(users, minlength=n_users),
            "n_explained": np.bincount(users[pieces > 0], minlength=n_users),
            "n_pieces": np.bincount(users, weights=pieces, minlength=n_users),
        },
        index=explained.user_ids,
    )


def coverage(recommendations: pd.DataFrame, explanations: pd.DataFrame) -> float:
    """Share of the recommendations with at least one piece of evidence; NaN without any."""
    counts = explanation_counts(match_explanations(recommendations, explanations)).sum()
    made = int(counts["n_recommendations"])
    return float(counts["n_explained"] / made) if made else float("nan")


def evidence_popularity(
    explained: Explained, interactions: Interactions, histories: Interactions
) -> pd.Series[float]:
    """Popularity of the items cited to a user, relative to what the user rated.

    Mean, over all citations of items to the user, of the number of training users who
    rated the item, over the same mean over the user's training history: above 1 if
    explanations pick the more popular part of the history. Only pieces whose evidence is an
    item (styles `item` and `rule`) and in the catalogue are citations.

    Args:
        explained: The explanations.
        interactions: Training ratings, which say what is popular.
        histories: What the recommendations were made from.

    Returns:
        Indexed by `user_id`; NaN for a user without citations or training history.
    """
    pieces = explained.pieces
    is_item = pieces["style"].isin(ITEM_STYLES).to_numpy()
    columns = evidence_columns(pieces["evidence_id"][is_item], interactions)
    cited = columns >= 0
    users = explained.users[explained.recommendations[is_item][cited]]
    popularity = item_popularity(interactions).astype(np.float64)
    n_users = len(explained.user_ids)
    total = np.bincount(users, weights=popularity[columns[cited]], minlength=n_users)
    of_cited = _divide(total, np.bincount(users, minlength=n_users))
    rows = histories.user_rows(explained.user_ids.to_numpy())
    of_history = np.append(_history_popularity(histories, popularity), np.nan)[rows]
    return pd.Series(of_cited / of_history, index=explained.user_ids)


def evidence_diversity(explained: Explained) -> pd.Series[float]:
    """How much a user's explanations repeat each other; lower is more diverse.

    Mean over pairs of the user's explanations of |E_i ∩ E_j| / max(|E_i|, |E_j|), with E_i
    the set of `evidence_id` of explanation i. A piece without `evidence_id` is in no set.

    Returns:
        Indexed by `user_id`, in [0, 1]; NaN for a user with fewer than two explanations.
    """
    codes, names = pd.factorize(explained.pieces["evidence_id"])
    known, n_evidence = codes >= 0, max(1, len(names))
    members = _distinct(explained.recommendations[known] * n_evidence + codes[known])
    recommendations, evidence = np.divmod(members, n_evidence)
    users = explained.users[recommendations]
    n_users = len(explained.user_ids)
    overlap = np.zeros(n_users)
    for block in _user_blocks(users, n_users):
        first = users[block.start]
        sums = _overlap_sums(
            users[block] - first,
            recommendations[block] - recommendations[block.start],
            evidence[block],
            n_evidence,
        )
        overlap[first : first + len(sums)] = sums
    compared = _distinct(recommendations)
    n_explanations = np.bincount(explained.users[compared], minlength=n_users)
    # Each explanation meets itself once (overlap 1), each pair twice.
    pairs = n_explanations * (n_explanations - 1)
    return pd.Series(_divide(overlap - n_explanations, pairs), index=explained.user_ids)


def evaluate_explanations(
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    interactions: Interactions,
    histories: Interactions,
    n_resamples: int,
    seed: int,
) -> tuple[dict[str, float], pd.DataFrame]:
    """Measure explanations by themselves, without comparing approaches.

    `coverage` is the share of all recommendations made that have an explanation (model
    fidelity, Peake & Wang 2018) and `length` the number of pieces of evidence per explained
    recommendation, both pooled over users; `evidence_popularity` and `evidence_diversity`
    are means over the users for whom they are defined.

    Args:
        recommendations: Columns `user_id`, `item_id`.
        explanations: Columns `user_id`, `item_id`, `style`, `evidence_id`; may be empty.
        interactions: Training ratings.
        histories: What the recommendations were made from.
        n_resamples: Bootstrap resamples of the users; 0 for no intervals.
        seed: Seed of the bootstrap.

    Returns:
        The four names above, each with `/low`, `/high` and `/n` (users). What no user has
        is NaN. And the four by `user_id`, NaN where not defined for a user.

    Raises:
        InputError: If `n_resamples` is negative.
    """
    explained = match_explanations(recommendations, explanations)
    counts = explanation_counts(explained)
    names = ["coverage", "length"]
    pooled = ratio_with_interval(
        counts[["n_explained", "n_pieces"]].set_axis(names, axis="columns"),
        counts[["n_recommendations", "n_explained"]].set_axis(names, axis="columns"),
        n_resamples,
        seed,
    )
    per_user = pd.DataFrame(
        {
            "evidence_popularity": evidence_popularity(explained, interactions, histories),
            "evidence_diversity": evidence_diversity(explained),
        }
    )
    made, found = counts["n_recommendations"].to_numpy(), counts["n_explained"].to_numpy()
    ratios = {
        "coverage": _divide(found, made),
        "length": _divide(counts["n_pieces"].to_numpy(), found),
    }
    return (
        pooled | mean_with_interval(per_user, n_resamples, seed),
        pd.DataFrame(ratios, index=counts.index).join(per_user),
    )


def additivity_error(
    model: AdditiveRecommender,
    histories: Interactions,
    recommendations: pd.DataFrame,
) -> dict[str, float]:
    """Check that the contributions of the whole history add up to the score.

    Args:
        model: A recommender that claims to be additive, with base value 0.
        histories: What the recommendations were made from.
        recommendations: Columns `user_id`, `item_id`, `score`.

    Returns:
        `additivity_error`, the largest |sum of contributions - score|, and
        `additivity_error_relative`, the largest of it over |score|; NaN without
        recommendations.

    Raises:
        InputError: If a recommended item or a user is not in the histories.
    """
    names = ("additivity_error", "additivity_error_relative")
    if recommendations.empty:
        return dict.fromkeys(names, np.nan)
    positions, items = histories.lists_by_user(recommendations)
    rows = np.flatnonzero(positions.max(axis=1) >= 0)
    scores = recommendations["score"].to_numpy(np.float64)
    largest = np.zeros(2)
    for block in padded_blocks(histories.ratings[rows]):
        listed, columns = positions[rows[block.rows]], items[rows[block.rows]]
        sums = model.contributions(block, np.maximum(columns, 0)).sum(axis=2)
        errors = _score_errors(sums[listed >= 0], scores[listed[listed >= 0]])
        largest = np.maximum(largest, errors)
    return dict(zip(names, largest.tolist(), strict=True))


def _score_errors(
    sums: NDArray[np.float64], scores: NDArray[np.float64]
) -> tuple[np.float64, np.float64]:
    """Largest absolute and largest relative difference of (m,) sums from (m,) scores."""
    errors = np.abs(sums - scores)
    return errors.max(), (errors / np.maximum(np.abs(scores), SMALLEST_SCORE)).max()


def _pair_keys(
    table: pd.DataFrame, user_ids: pd.Index[Any], item_ids: pd.Index[Any]
) -> NDArray[np.int64]:
    """One number per (user, item) row, ordered by user; -1 if either id is unknown."""
    users = user_ids.get_indexer(pd.Index(table["user_id"])).astype(np.int64)
    items = item_ids.get_indexer(pd.Index(table["item_id"]))
    return np.where((users < 0) | (items < 0), -1, users * len(item_ids) + items)


def _history_popularity(
    interactions: Interactions, popularity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean popularity (n_users,) of the items in each training history."""
    ratings = interactions.ratings
    rated = sparse.csr_array(
        (np.ones_like(ratings.data), ratings.indices, ratings.indptr), shape=ratings.shape
    )
    return _divide(rated @ popularity, np.diff(ratings.indptr))


def _user_blocks(users: NDArray[np.int64], n_users: int) -> Iterator[slice]:
    """Slices of ascending users that never cut a user in two, of similar size."""
    starts = np.searchsorted(users, np.arange(n_users + 1))
    wanted = np.searchsorted(starts, np.arange(0, len(users) + PIECES_PER_BLOCK, PIECES_PER_BLOCK))
    cuts = np.unique(starts[np.minimum(wanted, n_users)])
    for start, stop in itertools.pairwise(cuts):
        yield slice(int(start), int(stop))


def _overlap_sums(
    users: NDArray[np.int64],
    recommendations: NDArray[np.int64],
    evidence: NDArray[np.int64],
    n_evidence: int,
) -> NDArray[np.float64]:
    """Sum per user of the overlap of all ordered pairs of the user's explanations.

    Evidence is told apart per user, so the one product below pairs no explanations of
    different users.
    """
    _, columns = np.unique(users * n_evidence + evidence, return_inverse=True)
    cites = sparse.csr_array((np.ones(len(columns), np.float32), (recommendations, columns)))
    sizes = np.diff(cites.indptr)
    shared = (cites @ cites.T).tocoo()
    overlap = shared.data / np.maximum(sizes[shared.row], sizes[shared.col])
    user_of = np.zeros(len(sizes), np.int64)
    user_of[recommendations] = users
    return np.bincount(user_of[shared.row], weights=overlap).astype(np.float64)


def _divide(over: NDArray[Any], under: NDArray[Any]) -> NDArray[np.float64]:
    """Quotient, NaN where the divisor is 0."""
    quotient: NDArray[np.float64] = np.full(len(over), np.nan)
    np.divide(over, under, out=quotient, where=under > 0)
    return quotient


def _distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Distinct numbers, from 0, ascending; sorting is many times faster than np.unique's hashes."""
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-1) > 0]
