"""How much explanations by LIME change with the seed and the number of perturbations."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.lime import Kind, LimeParameters, local_surrogates
from explainable_recsys.knowledge.features import FeatureParameters, Features, describe_users
from explainable_recsys.liking import Liking
from explainable_recsys.parameters import Parameters, Seed, each
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.top_n import top_n

TOP = 3
"""Reasons that are compared, as many as a sentence names."""


class LimeStabilityParameters(Parameters):
    """How many users' explanations are repeated, with which numbers of perturbations."""

    neighbourhoods: tuple[Kind, ...] = Field(("groups", "history", "item", "user"), min_length=1)
    n_samples: Annotated[tuple[int, ...], each(lambda n: n >= 10, "numbers from 10")] = Field(
        (100, 500, 1000), min_length=1
    )
    n_users: int = Field(3, ge=1)
    n_seeds: int = Field(3, ge=2)
    seed: Seed = 0


def repeat_lime(
    model: Recommender,
    data: Data,
    recommendations: pd.DataFrame,
    item_features: Features,
    feature_parameters: FeatureParameters,
    lime: LimeParameters,
    parameters: LimeStabilityParameters,
) -> pd.DataFrame:
    """Explain some recommendations again under other seeds."""
    of_users = describe_users(data, data.histories, feature_parameters)
    features = {"groups": item_features, "item": item_features, "user": of_users}
    lists = Lists.of(data.histories, recommendations)
    return lime_stability(model, lists, features, lime, parameters)


def lime_stability(
    model: Recommender,
    lists: Lists,
    features: Mapping[str, Features],
    lime: LimeParameters,
    parameters: LimeStabilityParameters,
) -> pd.DataFrame:
    """Explain the same recommendations under several seeds, with more and more perturbations.

    Args:
        model: The recommender.
        lists: What is explained; that of some users drawn at random.
        features: Of `groups`, `item` and `user`, as far as there are any.
        lime: All else about the explanations.
        parameters: What is compared.

    Returns:
        One row per neighbourhood and number of perturbations, those of `lime` among them:

        - `top3_jaccard`: Jaccard overlap of the three strongest reasons of two seeds, mean over
          pairs of seeds and explanations;
        - `coefficient_spread`: standard deviation of the coefficients over the seeds, relative
          to their size (root mean squares over all evidence);
        - `held_out_r2`, `effective_samples`: means;
        - `n_explanations`: how many were repeated.
    """
    users = lists.table["user_id"]
    some = draws.sample(users, parameters.n_users, parameters.seed, "stability of LIME")
    lists = lists.take(users.isin(some).to_numpy())
    usable = [
        kind
        for kind in parameters.neighbourhoods
        if kind in ("groups", "history") or (kind in features and features[kind].matrix.shape[1])
    ]
    sizes = sorted({*parameters.n_samples, lime.n_samples})
    steps = list(itertools.product(usable, sizes))
    remembering = _Remembering(model)
    rows = []
    for kind, n_samples in progress(steps, "stability of LIME", "setting"):
        changes: dict[str, Any] = {"neighbourhood": kind, "n_samples": n_samples}
        asked, described = remembering if kind == "user" else model, features.get(kind)
        seeds = [(lime.seed + repeat) % 2**32 for repeat in range(parameters.n_seeds)]
        settings = [lime.model_copy(update={**changes, "seed": seed}) for seed in seeds]
        found = [local_surrogates(asked, lists, described, one, Liking()) for one in settings]
        rows.append({**changes, **_compare(found), "n_explanations": len(lists)})
    columns = ["neighbourhood", "n_samples", *_MEASURES, "n_explanations"]
    return pd.DataFrame(rows, columns=columns)


class _Remembering(Recommender):
    """A recommender that scores the same histories once: those of the other users, for any seed."""

    def __init__(self, model: Recommender) -> None:
        self._model = model
        self._found: dict[tuple[bytes, ...], NDArray[np.float32]] = {}

    @property
    def n_items(self) -> int:
        return self._model.n_items

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        return self._model.scores(histories)

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        parts = (histories.indptr, histories.indices, histories.data, columns)
        key = tuple(part.tobytes() for part in parts)
        if key not in self._found:
            self._found[key] = self._model.scores_of(histories, columns)
        return self._found[key]


_MEASURES = ["top3_jaccard", "coefficient_spread", "held_out_r2", "effective_samples"]


def _compare(found: list[list[Any]]) -> dict[str, float]:
    """Compare surrogates of the same recommendations, one list of them per seed."""
    overlaps, deviations, sizes, fits, effective = [], [], [], [], []
    for same in zip(*found, strict=True):
        weights = np.stack([local.weights for local in same])
        overlaps.append(_top_overlap(np.abs(weights)))
        deviations.append(weights.var(axis=0, ddof=1).ravel())
        sizes.append(np.square(weights.mean(axis=0)).ravel())
        fits.append(np.stack([local.quality["held_out_r2"] for local in same]).ravel())
        effective += [np.full(len(o.rows), o.quality["effective_samples"]) for o in same]
    if not overlaps:
        return dict.fromkeys(_MEASURES, np.nan)
    spread, size = np.concatenate(deviations).sum(), np.concatenate(sizes).sum()
    overlap, fit, samples = (_mean(np.concatenate(each)) for each in (overlaps, fits, effective))
    relative = float(np.sqrt(spread / size)) if size else np.nan
    return dict(zip(_MEASURES, (overlap, relative, fit, samples), strict=True))


def _top_overlap(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jaccard overlap (m,) of the strongest entries of (seeds, m, e), mean over pairs of seeds."""
    seeds, m, e = strength.shape
    chosen, _ = top_n(np.where(strength > 0, strength, -np.inf).reshape(seeds * m, e), TOP)
    rows, places = np.nonzero(chosen >= 0)
    tops = np.zeros((seeds * m, e), bool)
    tops[rows, chosen[rows, places]] = True
    tops = tops.reshape(seeds, m, e)
    pairs = itertools.combinations(tops, 2)
    with np.errstate(invalid="ignore"):  # nobody gives a reason
        overlaps = [(a & b).sum(axis=1) / (a | b).sum(axis=1) for a, b in pairs]
    return np.asarray(np.mean(overlaps, axis=0))


def _mean(values: NDArray[np.float64]) -> float:
    """Mean of the numbers among the values."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
