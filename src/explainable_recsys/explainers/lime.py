"""LIME for recommendations: a linear model of the scores of others like the explained pair."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.groups import SLIGHT, grouping, liked_features
from explainable_recsys.explainers.order import strongest_evidence
from explainable_recsys.explainers.perturbations import (
    MIN_EFFECTIVE,
    Neighbourhood,
    removal_masks,
    sample_near,
    weigh_masks,
)
from explainable_recsys.explainers.surrogates import (
    ENGINES,
    Regression,
    Selection,
    held_out_r2,
)
from explainable_recsys.explainers.tables import Explained, evidence_table
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import FeatureParameters, Features, describe_users
from explainable_recsys.liking import NO_DIFFERENCE, Liking
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.threads import one_blas_thread

logger = logging.getLogger(__name__)

Kind = Literal["groups", "history", "item", "user"]

USERS_AT_ONCE = 256
POOL = 2_000
"""Users, drawn at random if there are more, among whom a neighbourhood of users is sampled."""

PER_MILLE = 1000
"""Unit of the share of a history that is left: the penalty hardly holds its coefficient back."""

NOISE = 0.1
"""Coefficients of groups below this share of the scores' standard deviation are no reasons."""

ROUNDING = 1e-9
"""Coefficients smaller than this share of the scores' spread are no reasons."""

SCORES_AT_ONCE = 4_000_000
"""Scores (perturbed histories x catalogue) held at a time."""

QUALITY = [
    "intercept",
    "prediction",
    "local_r2",
    "held_out_r2",
    "effective_samples",
    "n_samples",
    "kernel_width",
    "widened",
]
"""Columns of the surrogates table besides the ids."""


class KernelWidths(Parameters):
    """Width of the kernel, in the unit of the cosine distance (0 to 1), per neighbourhood."""

    groups: float = Field(0.25, ge=1e-6)
    history: float = Field(0.1, ge=1e-6)
    item: float = Field(0.3, ge=1e-6)
    user: float = Field(0.5, ge=1e-6)


class LimeParameters(Parameters):
    """What is perturbed, how many times, and the regression that is fitted to the scores.

    `n_samples` perturbations at most (`experiments.lime_stability` says how many are enough: some
    100 of groups, 1000 of items or users); `removed` is the largest share of a history's groups
    (ratings) that is removed. Histories of fewer than `grouped_from` ratings are perturbed by
    single ratings. `n_examples` rated items stand for each group. A surrogate with a held-out R^2
    below `min_held_out_r2` is no explanation.
    """

    neighbourhood: Kind = "groups"
    n_samples: int = Field(100, ge=10)
    kernel_width: KernelWidths = KernelWidths()
    removed: float = Field(0.5, gt=0, le=1)
    grouped_from: int = Field(10, ge=1)
    n_examples: int = Field(2, ge=1)
    penalty: float = Field(1.0, ge=1e-6)
    selection: Selection = "none"
    n_features: int = Field(10, ge=1)
    n_evidence: int = Field(10, ge=1)
    min_held_out_r2: float = Field(0.3, le=1)
    engine: Literal["batched", "lime"] = "batched"
    seed: Seed = 0
    n_cited: int = Field(3, ge=1)


@dataclass(frozen=True, eq=False)
class Parts:
    """A history, and the parts that it is perturbed by.

    Attributes:
        items: (length,) columns of the rated items.
        ratings: (length,)
        likes: (length,) which of them are of liked items.
        members: (length, e) which ratings belong to which part; None: each is a part.
        evidence: (e,) what the parts are: a feature, or the number of features and an item's
            column for that rating alone.
    """

    items: NDArray[np.int64]
    ratings: NDArray[np.float32]
    likes: NDArray[np.bool_]
    members: NDArray[np.float32] | None
    evidence: NDArray[np.int64]

    def left(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which ratings (n, length) stay where these parts (n, e) do."""
        if self.members is None:
            return kept
        return np.asarray((~kept).astype(np.float32) @ self.members.T == 0)


@dataclass(frozen=True, eq=False)
class Local:
    """The surrogates of m recommendations that share their perturbations.

    Attributes:
        rows: (m,) which recommendations.
        evidence: (e,) features of the explained item (user), or parts of the history.
        weights: (m, e) their coefficients.
        quality: Other columns of the surrogates table, (m,) or for all m the same.
        parts: Of the history, if that was perturbed.
        of_items: (m, e) which of the parts the recommended items are of, if these are groups.
    """

    rows: NDArray[np.int64]
    evidence: NDArray[np.int64]
    weights: NDArray[np.float64]
    quality: dict[str, Any]
    parts: Parts | None = None
    of_items: NDArray[np.bool_] | None = None


_NOTHING = Local(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 0)), {})


def explain_by_lime(
    model: Recommender,
    data: Data,
    lists: Lists,
    parameters: LimeParameters,
    *,
    item_features: Features | None = None,
    feature_parameters: FeatureParameters | None = None,
) -> Explained:
    """Explain recommendations by local surrogates (LIME: Ribeiro, Singh & Guestrin 2016).

    A surrogate is a linear model, fitted to the recommender's scores of perturbations of the
    explained pair (user, item), near ones weighing more. Perturbations are, as LIME-RS has it
    (Nobrega & Marinho 2019),

    - `groups`: the same user without some groups of the ratings, described by the groups left:
      genres, or decades where the data has no genres. A group is removed with all its ratings,
      also those that belong to others too; ratings in no group stay. How much of the history is
      left is one more variable of the surrogate, so that a group is evidence for what it adds
      beyond its size, and only if the score changes the same way where it alone is removed. Short
      histories, and those with fewer than two groups, are perturbed as `history` is;
    - `history`: the same user without some of the ratings, described by the ratings left;
    - `item`: the same user with other items, described by the items' features;
    - `user`: other users with the same item, described by the users' features.

    Evidence is only what the explained item (user, history) has. One item's (user's) perturbations
    are the same for everybody it is recommended to, those of a history for everybody who has it.
    What is drawn depends on the seed and on ids alone: of the explained item (user) and of others,
    or of the parts of the history.

    Args:
        model: Any recommender.
        data: Says what the items are called.
        lists: What is explained.
        parameters: How.
        item_features: Of the catalogue's items, for neighbourhoods `groups` and `item`.
        feature_parameters: How to describe those whose lists these are, for neighbourhood `user`.

    Returns:
        Evidence of style `feature` (`item` for single ratings); `weight` is the surrogate's
        coefficient, in the unit of the score; `rated_item_id` is a group's first example, or the
        rating. What an item's popularity adds comes after all else that speaks for it.
        `projected_evidence` has the examples of all parts of a history that are evidence, in the
        order of telling: `user_id`, `item_id`, `rated_item_id`, `weight`, `position` (of the
        evidence). And `surrogates`, which say how far each can be trusted, one row per
        recommendation: `user_id`, `item_id`, `intercept`, `prediction` (of the score of the
        explained pair itself), `local_r2`, `held_out_r2`, `effective_samples`, `n_samples`,
        `kernel_width`, `widened`. The fact `subject` is the neighbourhood.

    Raises:
        InputError: If there are no features, for neighbourhoods `item` and `user`.
    """
    features = _described(item_features, parameters)
    if parameters.neighbourhood == "user" and feature_parameters is not None:
        features = describe_users(data, lists.histories, feature_parameters)
    found = [
        _only_good(local, parameters.min_held_out_r2)
        for local in local_surrogates(model, lists, features, parameters, data.liking)
    ]
    _warn_of_widened(found, len(lists), parameters)
    if parameters.neighbourhood in ("groups", "history"):
        found = [_liked_only(local) for local in found]
    if parameters.neighbourhood == "item" and features is not None:
        found = _liked_features_only(found, lists, features, data.liking)
    evidence, projected = _evidence(found, data, lists, features, parameters)
    return Explained(
        evidence,
        {"surrogates": _surrogates_table(found, lists), "projected_evidence": projected},
        {"subject": parameters.neighbourhood},
    )


def local_surrogates(
    model: Recommender,
    lists: Lists,
    features: Features | None,
    parameters: LimeParameters,
    liking: Liking,
) -> list[Local]:
    """Fit the surrogates of all recommendations.

    Args:
        model: Any recommender.
        lists: What is explained.
        features: Of the items (neighbourhoods `groups` and `item`) or users (`user`).
        parameters: How.
        liking: What is liked.

    Raises:
        InputError: If there are no features, for neighbourhoods `item` and `user`.
    """
    if parameters.neighbourhood in ("groups", "history"):
        with one_blas_thread():
            return list(_around_histories(model, lists, features, parameters, liking))
    if features is None or not features.matrix.shape[1]:
        raise InputError(
            f"parameter explanation.neighbourhood: '{parameters.neighbourhood}' needs features, "
            "and there are none (features, or the data set has none); accepted: groups, history"
        )
    around = _around_items if parameters.neighbourhood == "item" else _around_users
    with one_blas_thread():
        return list(around(model, lists, features, parameters))


def _around_items(
    model: Recommender, lists: Lists, features: Features, parameters: LimeParameters
) -> Iterator[Local]:
    """Other items for the same users, in blocks of users."""
    histories, (positions, columns) = lists.histories, lists.by_user()
    described = _Described(features, histories.item_ids)
    listed = np.flatnonzero((columns >= 0).any(axis=1))
    for start in progress(range(0, len(listed), USERS_AT_ONCE), "explain by LIME"):
        users = listed[start : start + USERS_AT_ONCE]
        scores = model.scores(histories.ratings[users])
        for item, (of_users, places) in _by_value(columns[users]):
            near = described.sample(item, parameters)
            outputs = scores[of_users[:, None], near.chosen].T.astype(np.float64)
            rows = positions[users][of_users, places]
            yield described.fit(item, near, outputs, rows, parameters)


def _around_users(
    model: Recommender, lists: Lists, features: Features, parameters: LimeParameters
) -> Iterator[Local]:
    """Other users for the same items; the scores of a pool of users are computed once."""
    histories, (positions, columns) = lists.histories, lists.by_user()
    order = draws.random_order(histories.user_ids, parameters.seed, "LIME: pool of users")
    pool = np.sort(order[:POOL])
    wanted = np.unique(columns[columns >= 0])
    scores = np.empty((len(pool), len(wanted)), np.float32)
    for start in range(0, len(pool), USERS_AT_ONCE):
        part = slice(start, start + USERS_AT_ONCE)
        scores[part] = model.scores_of(histories.ratings[pool[part]], wanted)
    described = _Described(features, histories.user_ids, pool)
    for user in progress(np.flatnonzero((positions >= 0).any(axis=1)), "explain by LIME", "user"):
        listed = positions[user] >= 0
        near = described.sample(int(user), parameters)
        places = np.searchsorted(wanted, columns[user, listed])
        outputs = scores[near.chosen][:, places].astype(np.float64)
        yield described.fit(int(user), near, outputs, positions[user, listed], parameters)


def _around_histories(
    model: Recommender,
    lists: Lists,
    features: Features | None,
    parameters: LimeParameters,
    liking: Liking,
) -> Iterator[Local]:
    """The same users without some parts of their histories."""
    positions, columns = lists.by_user()
    divide = _Dividing(
        lists.histories, liking, _described(features, parameters), parameters.grouped_from
    )
    width = _width(parameters)
    for user in progress(np.flatnonzero((positions >= 0).any(axis=1)), "explain by LIME", "user"):
        listed = positions[user] >= 0
        parts = divide(int(user))
        kept = removal_masks(
            divide.numbers[parts.evidence],
            parameters.n_samples,
            parameters.removed,
            parameters.seed,
        )
        different, same = np.unique(kept, axis=0, return_inverse=True)
        left, design = parts.left(different), kept.astype(np.float64)
        if parts.members is not None:
            design = np.column_stack([design, PER_MILLE * left.mean(axis=1)[same]])
        outputs = _scores_without(model, parts, left, columns[user, listed])[same]
        local = _fit(
            design,
            weigh_masks(kept, width),
            outputs,
            design[0],
            parts.evidence,
            positions[user, listed],
            parameters,
        )
        weights, of_items = local.weights, None
        if parts.members is not None:
            noise = NOISE * _finite(outputs).std(axis=0)[:, None]
            weights = _beyond_size(weights, parts.members, noise)
            of_items = divide.members[columns[user, listed]][:, parts.evidence] > 0
        yield replace(local, weights=weights, parts=parts, of_items=of_items)


def _beyond_size(
    weights: NDArray[np.float64], members: NDArray[np.float32], noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What groups add to the score beyond what as many other ratings would, (m, e).

    That is a reason only if it is more than noise and if the score changes in the same direction
    where this group alone is removed: a group that adds, but less than its size, does not speak
    against the item.

    Args:
        weights: (m, e + 1) coefficients of the groups, and of the share of the history left.
        members: (length, e) which ratings belong to which group.
        noise: (m, 1)
    """
    own = weights[:, :-1]
    alone = own + weights[:, -1:] * PER_MILLE * members.mean(axis=0, dtype=np.float64)
    return np.where((own * alone > 0) & (np.abs(own) >= noise), own, 0.0)


def _warn_of_widened(found: list[Local], n: int, parameters: LimeParameters) -> None:
    """Warn of recommendations, of n, around which the kernel was too narrow."""
    widened = sum(len(local.rows) for local in found if local.quality["widened"])
    if widened:
        logger.warning(
            "LIME: around %d of %d recommendations the kernel of width %g (kernel_width.%s) left "
            "fewer than %d effective samples and was widened",
            widened,
            n,
            _width(parameters),
            parameters.neighbourhood,
            MIN_EFFECTIVE,
        )


def _liked_features_only(
    found: list[Local], lists: Lists, features: Features, liking: Liking
) -> list[Local]:
    """Without support by features of items that are not liked; see `_by_taste`."""
    likes = liked_features(lists.histories.ratings, features.matrix, liking)
    groups = np.array(features.groups)
    slight = SLIGHT if set(features.groups) - set(SLIGHT) else ("popularity",)

    def taste(one: Local) -> Local:
        of_users = likes[lists.users[one.rows]].toarray()[:, one.evidence]
        return _by_taste(one, of_users, groups[one.evidence], slight)

    return [taste(one) for one in found]


def _liked_only(local: Local) -> Local:
    """Without support by parts of the history that are not liked, and opposition by those that are.

    A part of several ratings is liked as a feature is; see `liked_features`. Where parts that the
    item is of support it, others do not: nobody needs to hear of documentaries and crime about a
    crime story.
    """
    assert local.parts is not None
    parts, likes = local.parts, local.parts.likes
    if parts.members is not None:
        ratings = parts.ratings.astype(np.float64)
        means = (ratings @ parts.members) / parts.members.sum(axis=0)
        likes = (likes @ parts.members > 0) & (means >= ratings.mean() - NO_DIFFERENCE)
    likes = np.broadcast_to(likes, local.weights.shape)
    if local.of_items is not None:
        own = local.of_items & likes & (local.weights > 0)
        has_own = np.asarray(own.any(axis=1))
        other = ~local.of_items & (local.weights > 0) & has_own[:, None]
        local = replace(local, weights=np.where(other, 0.0, local.weights))
    return _by_taste(local, likes, np.array([], np.str_))


def _by_taste(
    local: Local,
    likes: NDArray[np.bool_],
    groups: NDArray[np.str_],
    slight: Collection[str] = (),
) -> Local:
    """Only liked evidence (m, e) supports, and only other evidence opposes.

    Of features, popularity does either, whatever is liked; and no reason is what one piece of
    opposition outweighs.

    Args:
        local: The surrogates.
        likes: What of the evidence is liked.
        groups: (e,) of the features; none, if the evidence is parts of histories.
        slight: Groups that are no reason by themselves.
    """
    taste = np.where(likes == (local.weights > 0), local.weights, 0.0)
    supported = np.asarray((taste > 0).any(axis=1))
    if len(groups):
        supported = np.asarray(((taste > 0) & ~np.isin(groups, list(slight))).any(axis=1))
        taste = np.where(groups == "popularity", local.weights, taste)
        strongest = np.maximum(-taste, 0.0).max(axis=1, initial=0.0)
        supported &= np.maximum(taste, 0.0).sum(axis=1) > strongest
    return replace(local, weights=np.where(supported[:, None], taste, 0.0))


class _Dividing:
    """Divides histories into the parts that they are perturbed by.

    Attributes:
        numbers: (d + n_items,) for draws: of the groups, and of the items.
        members: (n_items, d) which items are of which groups.
    """

    def __init__(
        self, histories: Interactions, liking: Liking, groups: Features | None, grouped_from: int
    ) -> None:
        ids = draws.numbers(histories.item_ids)
        self.numbers = ids if groups is None else np.append(draws.numbers(groups.ids), ids)
        self.members = np.zeros((len(ids), 0), np.float32)
        if groups is not None:
            self.members = groups.matrix.toarray()
        self._ratings, self._from = histories.ratings, grouped_from
        self._likes = liking.mask(histories.ratings)

    def __call__(self, user: int) -> Parts:
        ratings = self._ratings
        own = slice(ratings.indptr[user], ratings.indptr[user + 1])
        items, values = ratings.indices[own].astype(np.int64), ratings.data[own]
        likes = self._likes[own]
        if len(items) >= self._from:
            members = self.members[items]
            groups = np.flatnonzero(members.any(axis=0))
            if len(groups) > 1:
                return Parts(items, values, likes, members[:, groups], groups)
        n_groups = len(self.numbers) - ratings.shape[1]
        return Parts(items, values, likes, None, n_groups + items)


def _scores_without(
    model: Recommender,
    parts: Parts,
    stays: NDArray[np.bool_],
    wanted: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Scores (n, m) of the wanted items given only the ratings (n, length) that stay."""
    outputs = np.empty((len(stays), len(wanted)))
    step = max(1, SCORES_AT_ONCE // model.n_items)
    for start in range(0, len(stays), step):
        masks = stays[start : start + step]
        places = np.nonzero(masks)[1]
        starts = np.append(0, np.cumsum(masks.sum(axis=1)))
        histories = sparse.csr_array(
            (parts.ratings[places], parts.items[places], starts),
            shape=(len(masks), model.n_items),
        )
        outputs[start : start + step] = model.scores_of(histories, wanted)
    return outputs


class _Described:
    """Items (or users) by their features: samples of those like one, and surrogates of them."""

    def __init__(
        self, features: Features, ids: NDArray[Any], pool: NDArray[np.int64] | None = None
    ) -> None:
        self._features = features.matrix
        self._ids = draws.numbers(ids)
        self._candidate_ids = self._ids if pool is None else self._ids[pool]
        candidates = features.matrix if pool is None else features.matrix[pool]
        self._candidates = candidates
        self._having = sparse.csr_array(candidates.T)
        self._lengths = np.sqrt(candidates.sum(axis=1, dtype=np.float64))

    def sample(self, anchor: int, parameters: LimeParameters) -> Neighbourhood:
        """Candidates near an item (user) by the cosine distance of features."""
        own = self._own(anchor)
        having = self._having
        shares = [having.indices[having.indptr[f] : having.indptr[f + 1]] for f in own.tolist()]
        common = np.bincount(
            np.concatenate([having.indices[:0], *shares]), minlength=having.shape[1]
        )
        product = np.maximum(self._lengths * np.sqrt(len(own)), 1e-300)
        distances = 1 - common / product
        return sample_near(
            distances,
            parameters.n_samples,
            _width(parameters),
            self._ids[anchor],
            self._candidate_ids,
            parameters.seed,
        )

    def fit(
        self,
        anchor: int,
        near: Neighbourhood,
        outputs: NDArray[np.float64],
        rows: NDArray[np.int64],
        parameters: LimeParameters,
    ) -> Local:
        """Surrogates of the outputs (n, m) of a sample around an item (user)."""
        sampled = self._candidates[near.chosen].toarray().astype(np.float64)
        own = self._own(anchor)
        instance = np.zeros(sampled.shape[1])
        instance[own] = 1.0
        return _fit(sampled, near, outputs, instance, own, rows, parameters)

    def _own(self, anchor: int) -> NDArray[np.int64]:
        starts = self._features.indptr
        columns = self._features.indices[starts[anchor] : starts[anchor + 1]]
        return np.sort(columns).astype(np.int64)


def _fit(
    features: NDArray[np.float64],
    near: Neighbourhood,
    outputs: NDArray[np.float64],
    instance: NDArray[np.float64],
    evidence: NDArray[np.int64],
    rows: NDArray[np.int64],
    parameters: LimeParameters,
) -> Local:
    """Fit the surrogates of m outputs and measure them."""
    engine = ENGINES[parameters.engine]
    regression = Regression(parameters.penalty, parameters.selection, parameters.n_features)
    outputs = _finite(outputs)
    arguments = features, near.weights, outputs, instance, regression
    fitted = engine(*arguments)
    local_r2 = fitted.r2(features, near.weights, outputs)
    quality = {
        "intercept": fitted.intercepts,
        "prediction": fitted.intercepts + fitted.coefficients @ instance,
        "local_r2": local_r2,
        "held_out_r2": held_out_r2(engine, *arguments),
        "effective_samples": near.effective,
        "n_samples": len(features),
        "kernel_width": near.width,
        "widened": near.width > _width(parameters),
    }
    weights = fitted.coefficients[:, instance > 0]
    spread = outputs.std(axis=0)[:, None]
    weights[(np.abs(weights) <= ROUNDING * spread) | np.isnan(local_r2)[:, None]] = 0.0
    return Local(rows, evidence, weights, quality)


def _only_good(local: Local, min_held_out_r2: float) -> Local:
    """Without the evidence of surrogates that do not say what scores are elsewhere."""
    poor = local.quality["held_out_r2"] < min_held_out_r2
    weights = np.where(poor[:, None], 0.0, local.weights)
    return replace(local, weights=weights.astype(np.float32).astype(np.float64))


def _finite(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores with -inf (never to be recommended) as low as the lowest other, or 0 if lower."""
    never = ~np.isfinite(outputs)
    if not never.any():
        return outputs
    lowest = np.where(never, 0.0, outputs).min(axis=0)
    return np.where(never, np.minimum(lowest, 0.0), outputs)


def _described(features: Features | None, parameters: LimeParameters) -> Features | None:
    """The features of items that perturbations are made of."""
    if parameters.neighbourhood == "groups":
        return grouping(features, 1)
    return features if parameters.neighbourhood == "item" else None


def _evidence(
    found: list[Local],
    data: Data,
    lists: Lists,
    features: Features | None,
    parameters: LimeParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The evidence of all surrogates in one table, and the examples of parts of histories."""
    chosen = [_pieces(local, parameters) for local in [_NOTHING, *found]]
    rows, pieces, weights, examples = (np.concatenate(part) for part in zip(*chosen, strict=True))
    n_groups = 0 if features is None else len(features.ids)
    popular = np.zeros(len(rows), bool)
    if features is not None:
        popular = np.array([*(g == "popularity" for g in features.groups), False])[
            np.minimum(pieces, n_groups)
        ]
    order = np.lexsort((popular & (weights > 0), weights <= 0, rows))
    rows, pieces, weights, examples = rows[order], pieces[order], weights[order], examples[order]
    styles, names, ids = _named(pieces, data, features)
    evidence = evidence_table(
        lists, rows, styles, names, weights, rated=examples[:, 0], evidence_ids=ids
    )
    evidence["rated_item_id"] = evidence["rated_item_id"].where(examples[:, 0] >= 0)
    piece, place = np.nonzero(examples >= 0)
    rated = lists.histories.item_ids[examples[piece, place]]
    projected = evidence.iloc[piece].assign(rated_item_id=rated)
    columns = ["user_id", "item_id", "rated_item_id", "weight", "position"]
    return evidence, projected[columns].reset_index(drop=True)


def _named(
    pieces: NDArray[np.int64], data: Data, features: Features | None
) -> tuple[NDArray[Any], pd.Categorical, pd.Categorical]:
    """Style of each piece, and what it is, for people and for programs."""
    known = np.array([] if features is None else features.ids, dtype=object)
    labels = np.array([] if features is None else features.labels, dtype=object)
    single = pieces >= len(known)
    items, codes = np.unique(pieces[single] - len(known), return_inverse=True)
    places = np.where(single, len(known), pieces)
    places[single] += codes
    titles = np.append(labels, np.asarray(data.titles(items), dtype=object))
    item_ids = data.interactions.item_ids[items].astype(str).astype(object)
    different, names = pd.factorize(titles)
    return (
        np.where(single, "item", "feature"),
        pd.Categorical.from_codes(different[places], categories=pd.Index(names, dtype="str")),
        pd.Categorical.from_codes(
            places, categories=pd.Index(np.append(known, item_ids), dtype="str")
        ),
    )


def _pieces(
    local: Local, parameters: LimeParameters
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Recommendation, evidence, weight and examples of the strongest evidence."""
    n_cited = min(parameters.n_cited, parameters.n_evidence)
    chosen = strongest_evidence(local.weights, parameters.n_evidence, n_cited)
    of, place = np.nonzero(chosen >= 0)
    entries = chosen[of, place]
    examples = np.full((*chosen.shape, parameters.n_examples), -1)
    if local.parts is not None and len(of):
        kinship = np.zeros((len(local.rows), len(local.parts.items)))
        if local.of_items is not None and local.parts.members is not None:
            kinship = np.asarray(local.of_items @ local.parts.members.T, np.float64)
        examples = _examples(local.parts, local.weights, kinship, chosen, parameters.n_examples)
    return (
        local.rows[of],
        local.evidence[entries],
        local.weights[of, entries],
        examples[of, place],
    )


def _examples(
    parts: Parts,
    weights: NDArray[np.float64],
    kinship: NDArray[np.float64],
    chosen: NDArray[np.int64],
    n: int,
) -> NDArray[np.int64]:
    """Rated items (m, k, n) that stand for parts (m, k) of a history; -1 where there are no more.

    Of what supports only liked ones. Those come first that are of most of the parts that the
    explained item is of too (m, length), then the best rated, then those whose parts together
    carry most. An item stands for one part only, the first that is told.
    """
    examples = np.full((*chosen.shape, n), -1)
    if parts.members is None:
        examples[..., 0] = np.where(chosen >= 0, parts.items[chosen], -1)
        return examples
    together = weights @ parts.members.T
    best = np.broadcast_to(-parts.ratings, together.shape)
    order = np.lexsort((-together, best, -kinship), axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[None], axis=1)
    used, every = np.zeros(together.shape, bool), np.arange(len(chosen))
    for place in range(chosen.shape[1]):
        part = chosen[:, place]
        free = (parts.members[:, part].T > 0) & (part >= 0)[:, None]
        free &= parts.likes | (weights[every, part] <= 0)[:, None]
        for example in range(n):
            keys = np.where(free & ~used, ranks, len(parts.items))
            best = keys.argmin(axis=1)
            there = keys[every, best] < len(parts.items)
            examples[there, place, example] = parts.items[best[there]]
            used[every[there], best[there]] = True
    return examples


def _surrogates_table(found: list[Local], lists: Lists) -> pd.DataFrame:
    """One row per recommendation, in the order of the recommendations."""
    order = np.argsort(np.concatenate([local.rows for local in [_NOTHING, *found]]))
    quality = {
        name: np.concatenate(
            [np.empty(0), *(np.broadcast_to(o.quality[name], len(o.rows)) for o in found)]
        )[order]
        for name in QUALITY
    }
    whole = {"n_samples": np.int64, "widened": np.bool_}
    return lists.table[["user_id", "item_id"]].assign(**quality).astype(whole)


def _by_value(
    columns: NDArray[np.int64],
) -> Iterator[tuple[int, tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """Each column with the places where it stands; -1 is padding."""
    rows, places = np.nonzero(columns >= 0)
    values = columns[rows, places]
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    for value, part in zip(distinct.tolist(), np.split(order, starts)[1:], strict=True):
        yield value, (rows[part], places[part])


def _width(parameters: LimeParameters) -> float:
    """Width of the kernel of the neighbourhood."""
    return float(getattr(parameters.kernel_width, parameters.neighbourhood))
