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

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.explainers.tables import check_evidence
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.metrics.beyond_accuracy import item_popularity, popularity_percentiles
from explainable_recsys.metrics.bootstrap import mean_with_interval, ratio_with_interval
from explainable_recsys.metrics.projected_evidence import rated_columns
from explainable_recsys.recommenders.base import AdditiveRecommender

PIECES_PER_BLOCK = 200_000
"""Pieces of evidence whose explanations are compared at once."""

SMALLEST_SCORE = float(np.finfo(np.float32).eps)
"""Scores closer to 0 than this are taken for this when an error is divided by them."""


_READ = ("style", "evidence_id", "rated_item_id")


@dataclass(frozen=True, eq=False)
class Matched:
    """Recommendations, numbered in the order of their users, with what explains them.

    Attributes:
        rows: (n_users,) row in the histories of each user with recommendations, ascending.
        user_ids: (n_users,) their ids, sorted.
        users: (n_recommendations,) number of each recommendation's user, ascending.
        recommendations: (n_pieces,) number of the recommendation that each piece of
            evidence explains.
        pieces: (n_pieces rows) their `style`, `evidence_id` and `rated_item_id`.
    """

    rows: NDArray[np.int64]
    user_ids: pd.Index[Any]
    users: NDArray[np.int64]
    recommendations: NDArray[np.int64]
    pieces: pd.DataFrame


def match_evidence(lists: Lists, evidence: pd.DataFrame) -> Matched:
    """Find the recommendation that each piece of evidence belongs to.

    Args:
        lists: The recommendations made.
        evidence: One row per piece of evidence. Rows on anything not recommended are left out.

    Raises:
        InputError: If it lacks a column, or has a style that there is not.
    """
    check_evidence(evidence, *_READ)
    lists = lists.take(np.argsort(lists.users, kind="stable"))
    rows, users = np.unique(lists.users, return_inverse=True)
    numbers = lists.positions_of(evidence)
    return Matched(
        rows=rows,
        user_ids=pd.Index(lists.histories.user_ids[rows], name="user_id"),
        users=users,
        recommendations=numbers[numbers >= 0],
        pieces=evidence.loc[numbers >= 0, list(_READ)],
    )


def explanation_counts(explained: Matched) -> pd.DataFrame:
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


def coverage_with_interval(
    name: str, lists: Lists, evidence: pd.DataFrame, n_resamples: int, seed: int
) -> dict[str, float]:
    """`coverage` under a name, with its interval and number of users; see `ratio_with_interval`."""
    counts = explanation_counts(match_evidence(lists, evidence))
    made, found = (counts[column].to_frame(name) for column in ("n_recommendations", "n_explained"))
    return ratio_with_interval(found, made, n_resamples, seed)


def coverage(lists: Lists, evidence: pd.DataFrame) -> float:
    """Share of the recommendations with at least one piece of evidence; NaN without any."""
    counts = explanation_counts(match_evidence(lists, evidence)).sum()
    made = int(counts["n_recommendations"])
    return float(counts["n_explained"] / made) if made else float("nan")


def evidence_popularity(
    explained: Matched, interactions: Interactions, histories: Interactions
) -> pd.Series[float]:
    """Popularity of the items cited to a user, relative to what the user rated.

    Mean, over all citations of items to the user, of the number of training users who
    rated the item, over the same mean over the user's training history: above 1 if
    explanations pick the more popular part of the history. Only pieces of styles that cite
    items are citations.

    Args:
        explained: The explanations.
        interactions: Training ratings, which say what is popular.
        histories: What the recommendations were made from, over the same catalogue.

    Returns:
        Indexed by `user_id`; NaN for a user without citations or training history.
    """
    citing = [style.name for style in STYLES.values() if style.cites_items]
    columns = rated_columns(explained.pieces["rated_item_id"], interactions)
    cited = (columns >= 0) & explained.pieces["style"].isin(citing).to_numpy()
    users = explained.users[explained.recommendations[cited]]
    popularity = item_popularity(interactions).astype(np.float64)
    n_users = len(explained.user_ids)
    total = np.bincount(users, weights=popularity[columns[cited]], minlength=n_users)
    of_cited = _divide(total, np.bincount(users, minlength=n_users))
    of_history = _history_popularity(histories, popularity)[explained.rows]
    return pd.Series(of_cited / of_history, index=explained.user_ids)


def evidence_diversity(explained: Matched) -> pd.Series[float]:
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
    data: Data, lists: Lists, evidence: pd.DataFrame, n_resamples: int, seed: int
) -> tuple[dict[str, float], pd.DataFrame]:
    """Measure explanations by themselves, without comparing approaches.

    `coverage` is the share of all recommendations made that have an explanation (model
    fidelity, Peake & Wang 2018) and `length` the number of pieces of evidence per explained
    recommendation, both pooled over users; `evidence_popularity` and `evidence_diversity`
    are means over the users for whom they are defined.

    Args:
        data: What was learned from; says which items are popular.
        lists: The recommendations made.
        evidence: What explains them; may be empty.
        n_resamples: Bootstrap resamples of the users; 0 for no intervals.
        seed: Seed of the bootstrap.

    Returns:
        The four names above, each with `/low`, `/high` and `/n` (users). What no user has
        is NaN. `popularity_gap`, where some recommendations are explained and others not. And
        the four by `user_id`, NaN where not defined for a user.

    Raises:
        InputError: If `n_resamples` is negative, or as `match_evidence`.
    """
    explained = match_evidence(lists, evidence)
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
            "evidence_popularity": evidence_popularity(
                explained, data.interactions, lists.histories
            ),
            "evidence_diversity": evidence_diversity(explained),
        }
    )
    made, found = counts["n_recommendations"].to_numpy(), counts["n_explained"].to_numpy()
    ratios = {
        "coverage": _divide(found, made),
        "length": _divide(counts["n_pieces"].to_numpy(), found),
    }
    return (
        pooled
        | mean_with_interval(per_user, n_resamples, seed)
        | popularity_gap(data, lists, evidence),
        pd.DataFrame(ratios, index=counts.index).join(per_user),
    )


def popularity_gap(data: Data, lists: Lists, evidence: pd.DataFrame) -> dict[str, float]:
    """Mean popularity percentile of explained minus that of unexplained recommendations.

    A reason that is found for popular items only makes people trust popular items, not reasons.

    Returns:
        `popularity_gap`; nothing where all recommendations are explained, or none is.
    """
    is_explained = np.zeros(len(lists), bool)
    numbers = lists.positions_of(evidence)
    is_explained[numbers[numbers >= 0]] = True
    if is_explained.all() or not is_explained.any():
        return {}
    percentiles = popularity_percentiles(data.interactions)[lists.items]
    gap = percentiles[is_explained].mean() - percentiles[~is_explained].mean()
    return {"popularity_gap": float(gap)}


def additivity_error(model: AdditiveRecommender, lists: Lists) -> dict[str, float]:
    """Check that the contributions of the whole history add up to the score.

    Args:
        model: A recommender that claims to be additive, with base value 0.
        lists: Recommendations with their scores.

    Returns:
        `additivity_error`, the largest |sum of contributions - score|, and
        `additivity_error_relative`, the largest of it over |score|; NaN without
        recommendations.
    """
    names = ("additivity_error", "additivity_error_relative")
    if not len(lists):
        return dict.fromkeys(names, np.nan)
    positions, items = lists.by_user()
    rows = np.flatnonzero(positions.max(axis=1) >= 0)
    scores = lists.table["score"].to_numpy(np.float64)
    largest = np.zeros(2)
    for block in padded_blocks(lists.histories.ratings[rows]):
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
