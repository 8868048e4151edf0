"""Explain a content-based recommender by the features that its score is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.explainers.groups import SLIGHT, liked_features
from explainable_recsys.explainers.tables import Explained, evidence_table
from explainable_recsys.liking import Liking
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks, expand
from explainable_recsys.recommenders.content import POPULARITY, Content

POPULAR = "popular"
"""Text of the piece that is no feature: what the item's popularity adds."""

FEATURES_AT_ONCE = 4_000_000
"""Features of rated items that are looked at together."""


class FeatureExplanationParameters(Parameters):
    """How much of an explanation is listed and told.

    All features that a score is made of are listed; a sentence names the first `n_cited` of them.
    `n_evidence` rated items are noted for each recommendation, for measures of faithfulness.
    """

    n_evidence: int = Field(10, ge=1)
    n_cited: int = Field(3, ge=1)


def explain_by_features(
    model: Content, data: Data, lists: Lists, parameters: FeatureExplanationParameters
) -> Explained:
    """List for every recommendation what each feature of the item adds to its score.

    The weight of a feature is its exact part, p_f v_if in `Content`; the last piece of the sum,
    `POPULARITY`, is what popularity adds to the features' part. They sum to the score and are
    told largest first, popularity after what is as large. Features that add nothing are left out,
    so a recommendation whose score is -inf has no explanation. Nor has one that shares no feature
    with a liked item, such as one whose score is its popularity.

    Args:
        model: What recommends.
        data: Of the catalogue that the model knows.
        lists: What is explained, and the histories that it was made from.
        parameters: How much is listed.

    Returns:
        Evidence of style `feature`; `rated_item_id` is the liked item that adds most to this
        feature of the profile, of equal ones the most popular, and missing where none does, where
        the person does not like the feature, for decades where there are other features, and for
        popularity. And `projected_evidence`: `user_id`, `item_id`, `rated_item_id`, `weight`, the
        exact parts of the rated items in the score, largest first.
    """
    histories = lists.histories.ratings
    order = np.argsort(lists.users, kind="stable")
    edges = np.searchsorted(lists.users[order], np.arange(histories.shape[0] + 1))
    weighted, liked = model.weighted(histories), data.liking.items(histories)
    ends = np.append(0, np.cumsum(np.diff(model.row_starts)[histories.indices]))[histories.indptr]
    parts = []
    for block in progress(list(blocks(np.diff(ends), FEATURES_AT_ONCE)), "explain"):
        made = order[edges[block.start] : edges[block.stop]]
        users = lists.users[made] - block.start
        likes = liked_features(histories[block], model.vectors, data.liking)
        known = weighted[block], liked[block], likes
        parts.append(_pieces(model, *known, users, lists.items[made], made))
    pieces = pd.concat(parts, ignore_index=True)
    carried = np.zeros(len(lists), bool)
    carried[pieces["made"].to_numpy()[pieces["rated"] >= 0]] = True
    pieces = pieces[carried[pieces["made"]]].sort_values(
        ["made", "weight", "feature"], ascending=[True, False, True], ignore_index=True
    )
    return Explained(
        _evidence(model, lists, pieces),
        {"projected_evidence": _projected(model, data, lists, carried, parameters.n_evidence)},
    )


def _pieces(
    model: Content,
    weighted: sparse.csr_array,
    liked: sparse.csr_array,
    likes: sparse.csr_array,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    made: NDArray[np.int64],
) -> pd.DataFrame:
    """What adds to the scores of some users' items.

    Args:
        model: The recommender.
        weighted: (n, n_items) what the ratings of some users count.
        liked: (n, n_items) ones for what they like.
        likes: (n, d) which features they like.
        users: (m,) row there of each recommendation.
        items: (m,) its column.
        made: (m,) its position in the lists.

    Returns:
        Columns `made`, `feature` (column; one more than there are stands for popularity),
        `weight`, `rated` (column of the rated item, -1 for popularity), in no particular order.
    """
    n = len(model.idf)
    keys, profiles, carriers = _profiles(model, weighted, liked)
    pair, cells = _features_of(model, items)
    features = model.features[cells].astype(np.int64)
    found = np.searchsorted(keys, users[pair] * n + features)
    shared = keys[found] == users[pair] * n + features
    tastes = sparse.coo_array(likes)
    told = np.isin(users[pair] * n + features, tastes.row.astype(np.int64) * n + tastes.col)
    slight = np.isin(model.feature_groups, SLIGHT)
    told &= slight.all() | ~slight[features]  # a decade alone is no reason where there is another
    rated = np.where(told, carriers[found], -1)
    weights = np.where(shared, profiles[found] * model.vectors.data[cells], 0.0)
    boosts = np.bincount(pair, weights, minlength=len(items)) * model.boosts[items]
    table = pd.DataFrame(
        {
            "made": np.append(made[pair], made),
            "feature": np.append(features, np.full(len(made), n)),
            "weight": np.append(weights, boosts).astype(np.float32),  # so that equals stay equal
            "rated": np.append(rated, np.full(len(made), -1)),
        }
    )
    return table[table["weight"] > 0]


def _profiles(
    model: Content, weighted: sparse.csr_array, liked: sparse.csr_array
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Profiles of some users, as a list of what is in them.

    Returns:
        Of each feature in each profile the key user x d + feature, ascending; its sum over the
        rated items; and the column of the liked item that adds most to it, -1 if none does. A last
        one is nobody's.
    """
    users = np.repeat(np.arange(weighted.shape[0]), np.diff(weighted.indptr))
    items = weighted.indices.astype(np.int64)
    rating, cells = _features_of(model, items)
    keys = users[rating] * len(model.idf) + model.features[cells]
    parts = weighted.data[rating] * model.vectors.data[cells]
    likes = np.asarray(liked[users, items] > 0).ravel()[rating]
    carry = np.where(likes & (parts > 0), parts, -np.inf)
    order = np.lexsort((-model.popularity[items[rating]], -carry, keys))
    carriers = np.where(np.isneginf(carry), -1, items[rating])[order]
    found, first, places = np.unique(keys[order], return_index=True, return_inverse=True)
    return (
        np.append(found, np.iinfo(np.int64).max),
        np.append(np.bincount(places, parts[order], minlength=len(found)), 0.0),
        np.append(carriers[first], -1),
    )


def _features_of(
    model: Content, items: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place among some items, and cell of the model, of each of their features."""
    starts = model.row_starts[items]
    return expand(starts, model.row_starts[items + 1] - starts)


def _evidence(model: Content, lists: Lists, pieces: pd.DataFrame) -> pd.DataFrame:
    """The explanations table of sorted pieces."""
    features, rated = pieces["feature"].to_numpy(np.int64), pieces["rated"].to_numpy(np.int64)
    table = evidence_table(
        lists,
        pieces["made"].to_numpy(np.int64),
        "feature",
        _named(np.append(model.feature_labels, POPULAR), features),
        pieces["weight"].to_numpy(),
        rated=rated,
        evidence_ids=_named(np.append(model.feature_ids, POPULARITY), features),
    )
    return table.assign(rated_item_id=table["rated_item_id"].where(rated >= 0))


def _named(names: NDArray[np.str_], features: NDArray[np.int64]) -> pd.Categorical:
    """The text of each feature."""
    codes, distinct = pd.factorize(names.astype(object))
    return pd.Categorical.from_codes(codes[features], categories=pd.Index(distinct, dtype="str"))


def _projected(
    model: Content, data: Data, lists: Lists, explained: NDArray[np.bool_], n_evidence: int
) -> pd.DataFrame:
    """The rated items that add most to each score, liked or not: features rest on them all."""
    listed = ContributionParameters(n_evidence=n_evidence)
    all_rated = data.with_liking(Liking())
    evidence = explain_by_contributions(model, all_rated, lists, listed).evidence
    evidence = evidence[explained[lists.positions_of(evidence)]].reset_index(drop=True)
    return evidence[["user_id", "item_id", "rated_item_id", "weight"]]
