"""LIME for recommendations: a linear model of the scores of others like the explained pair."""

from __future__ import annotations

import logging
from collections.abc import Iterator
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
from explainable_recsys.knowledge.features import FeatureParameters, Features, describe_users
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.threads import one_blas_thread

logger = logging.getLogger(__name__)

Kind = Literal["item", "user", "history"]

USERS_AT_ONCE = 256
POOL = 2_000
"""Users, drawn at random if there are more, among whom a neighbourhood of users is sampled."""

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

    item: float = Field(0.3, ge=1e-6)
    user: float = Field(0.5, ge=1e-6)
    history: float = Field(0.1, ge=1e-6)


class LimeParameters(Parameters):
    """What is perturbed, how many times, and the regression that is fitted to the scores.

    `n_samples` perturbations at most (`metrics.lime_stability` says how many are enough);
    `removed` is the largest share of a history that is removed. A surrogate with a held-out R^2
    below `min_held_out_r2` is no explanation.
    """

    neighbourhood: Kind = "item"
    n_samples: int = Field(1500, ge=10)
    kernel_width: KernelWidths = KernelWidths()
    removed: float = Field(0.5, gt=0, le=1)
    penalty: float = Field(1.0, ge=1e-6)
    selection: Selection = "none"
    n_features: int = Field(10, ge=1)
    n_evidence: int = Field(10, ge=1)
    min_held_out_r2: float = Field(0.0, le=1)
    engine: Literal["batched", "lime"] = "batched"
    seed: Seed = 0
    n_cited: int = Field(3, ge=1)


@dataclass(frozen=True, eq=False)
class Local:
    """The surrogates of m recommendations that share their perturbations.

    Attributes:
        rows: (m,) which recommendations.
        evidence: (e,) features of the explained item (user), or columns of the history.
        weights: (m, e) their coefficients.
        quality: Other columns of the surrogates table, (m,) or for all m the same.
    """

    rows: NDArray[np.int64]
    evidence: NDArray[np.int64]
    weights: NDArray[np.float64]
    quality: dict[str, Any]


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

    - `item`: the same user with other items, described by the items' features;
    - `user`: other users with the same item, described by the users' features;
    - `history`: the same user without some of the ratings, described by the ratings left.

    Evidence is only what the explained item (user, history) has. One item's (user's) perturbations
    are the same for everybody it is recommended to. What is drawn depends on the seed and on the
    ids of what is explained and of what is perturbed alone.

    Args:
        model: Any recommender.
        data: Says what the items are called.
        lists: What is explained.
        parameters: How.
        item_features: Of the catalogue's items, for neighbourhood `item`.
        feature_parameters: How to describe those whose lists these are, for neighbourhood `user`.

    Returns:
        Evidence of style `feature` (neighbourhoods `item`, `user`) or `item` (`history`); `weight`
        is the surrogate's coefficient, in the unit of the score. And `surrogates`, which say how
        far each can be trusted, one row per recommendation: `user_id`, `item_id`, `intercept`,
        `prediction` (of the score of the explained pair itself), `local_r2`, `held_out_r2`,
        `effective_samples`, `n_samples`, `kernel_width`, `widened`. The fact `subject` is the
        neighbourhood.

    Raises:
        InputError: If there are no features.
    """
    features = item_features if parameters.neighbourhood == "item" else None
    if parameters.neighbourhood == "user" and feature_parameters is not None:
        features = describe_users(data, lists.histories, feature_parameters)
    found = [
        _only_good(local, parameters.min_held_out_r2)
        for local in local_surrogates(model, lists, features, parameters)
    ]
    widened = sum(len(local.rows) for local in found if local.quality["widened"])
    if widened:
        logger.warning(
            "LIME: around %d of %d recommendations the kernel of width %g (kernel_width.%s) left "
            "fewer than %d effective samples and was widened",
            widened,
            len(lists),
            _width(parameters),
            parameters.neighbourhood,
            MIN_EFFECTIVE,
        )
    return Explained(
        _evidence(found, data, lists, features, parameters.n_evidence),
        {"surrogates": _surrogates_table(found, lists)},
        {"subject": parameters.neighbourhood},
    )


def local_surrogates(
    model: Recommender, lists: Lists, features: Features | None, parameters: LimeParameters
) -> list[Local]:
    """Fit the surrogates of all recommendations.

    Args:
        model: Any recommender.
        lists: What is explained.
        features: Of the items (neighbourhood `item`) or users (`user`); None for `history`.
        parameters: How.

    Raises:
        InputError: If there are no features.
    """
    if parameters.neighbourhood == "history":
        with one_blas_thread():
            return list(_around_histories(model, lists, parameters))
    if features is None or not features.matrix.shape[1]:
        raise InputError(
            f"parameter explanation.neighbourhood: '{parameters.neighbourhood}' needs features, "
            "and there are none (features, or the data set has none); accepted: history"
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
    model: Recommender, lists: Lists, parameters: LimeParameters
) -> Iterator[Local]:
    """The same users without some of their ratings."""
    ratings, (positions, columns) = lists.histories.ratings, lists.by_user()
    item_ids = draws.numbers(lists.histories.item_ids)
    width = parameters.kernel_width.history
    for user in progress(np.flatnonzero((positions >= 0).any(axis=1)), "explain by LIME", "user"):
        listed = positions[user] >= 0
        own = slice(ratings.indptr[user], ratings.indptr[user + 1])
        history = ratings.indices[own].astype(np.int64)
        kept = removal_masks(
            lists.histories.user_ids[user],
            item_ids[history],
            parameters.n_samples,
            parameters.removed,
            parameters.seed,
        )
        outputs = _scores_without(model, ratings.data[own], history, kept, columns[user, listed])
        yield _fit(
            kept.astype(np.float64),
            weigh_masks(kept, width),
            outputs,
            np.ones(len(history)),
            history,
            positions[user, listed],
            parameters,
        )


def _scores_without(
    model: Recommender,
    values: NDArray[np.float32],
    history: NDArray[np.int64],
    kept: NDArray[np.bool_],
    wanted: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Scores (n, m) of the wanted items given only what is kept of a history."""
    outputs = np.empty((len(kept), len(wanted)))
    step = max(1, SCORES_AT_ONCE // model.n_items)
    for start in range(0, len(kept), step):
        masks = kept[start : start + step]
        places = np.nonzero(masks)[1]
        starts = np.append(0, np.cumsum(masks.sum(axis=1)))
        histories = sparse.csr_array(
            (values[places], history[places], starts), shape=(len(masks), model.n_items)
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


def _evidence(
    found: list[Local], data: Data, lists: Lists, features: Features | None, n_evidence: int
) -> pd.DataFrame:
    """The evidence of all surrogates in one table."""
    parts = [_pieces(local, n_evidence) for local in [_NOTHING, *found]]
    rows, place, pieces, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((place, rows))
    rows, pieces, weights = rows[order], pieces[order], weights[order]
    if features is None:
        return evidence_table(lists, rows, "item", data.titles(pieces), weights, rated=pieces)
    codes, labels = pd.factorize(np.array(features.labels, dtype=object))
    return evidence_table(
        lists,
        rows,
        "feature",
        pd.Categorical.from_codes(codes[pieces], categories=pd.Index(labels)),
        weights,
        evidence_ids=pd.Categorical.from_codes(pieces, categories=pd.Index(features.ids)),
    )


def _pieces(
    local: Local, n_evidence: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Recommendation, place, evidence and weight of the strongest evidence."""
    chosen = strongest_evidence(local.weights, n_evidence)
    lists, place = np.nonzero(chosen >= 0)
    entries = chosen[lists, place]
    return local.rows[lists], place, local.evidence[entries], local.weights[lists, entries]


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
