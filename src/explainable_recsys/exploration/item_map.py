"""Where items lie in the space of a factor model: a map, and what is near what."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.beyond_accuracy import item_popularity
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.recommenders.emf import EMF
from explainable_recsys.threads import one_blas_thread
from explainable_recsys.top_n import top_n


class ItemMapParameters(Parameters):
    """How factors become two dimensions, and how many near items are listed.

    `umap` needs the package umap-learn, which is not installed by default.
    """

    method: Literal["pca", "umap"] = "pca"
    n_similar: int = Field(10, ge=1)
    min_ratings: int = Field(20, ge=1)
    seed: Seed = 0


def map_items(
    model: EMF, data: Data, parameters: ItemMapParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The map of a model's items, and what lies near what."""
    arguments = (model.item_factors, data.interactions, data.items, parameters)
    return item_map(*arguments), similar_items(*arguments)


def item_map(
    item_factors: NDArray[np.float32],
    interactions: Interactions,
    items: pd.DataFrame,
    parameters: ItemMapParameters,
) -> pd.DataFrame:
    """Project the items with enough ratings to two dimensions, most rated first.

    Args:
        item_factors: (n_items, f).
        interactions: The catalogue, and how often items were rated.
        items: Columns `item_id`, `title`, `genres`.
        parameters: Method, and from how many ratings on an item is shown.

    Returns:
        Columns `item_id`, `title`, `genres`, `popularity` (number of ratings), `x`, `y`.

    Raises:
        InputError: If umap is asked for and not installed.
    """
    popularity = item_popularity(interactions)
    shown = np.argsort(-popularity, kind="stable")
    shown = shown[popularity[shown] >= parameters.min_ratings]
    factors = item_factors[shown].astype(np.float64)
    places = _umap(factors, parameters.seed) if parameters.method == "umap" else _pca(factors)
    described = items.set_index("item_id").loc[interactions.item_ids[shown]].reset_index()
    return described[["item_id", "title", "genres"]].assign(
        popularity=popularity[shown], x=places[:, 0], y=places[:, 1]
    )


def similar_items(
    item_factors: NDArray[np.float32],
    interactions: Interactions,
    items: pd.DataFrame,
    parameters: ItemMapParameters,
) -> pd.DataFrame:
    """The nearest items (cosine of the factors) of each item with enough ratings.

    Returns:
        Columns `item_id`, `title`, `rank` (from 1), `similar_id`, `similar_title`,
        `similarity`.
    """
    popularity = item_popularity(interactions)
    shown = np.flatnonzero(popularity >= parameters.min_ratings)
    lengths = np.linalg.norm(item_factors[shown].astype(np.float64), axis=1, keepdims=True)
    directions = item_factors[shown] / np.maximum(lengths, np.finfo(np.float64).tiny)
    parts = []
    for start in range(0, max(len(shown), 1), 512):
        block = np.arange(start, min(start + 512, len(shown)))
        with one_blas_thread():  # with more threads the last digits differ
            similarity = directions[block] @ directions.T
        similarity[np.arange(len(block)), block] = -np.inf
        near, values = top_n(similarity, parameters.n_similar)
        rows, places = np.nonzero(near >= 0)
        parts.append((block[rows], places, near[rows, places], values[rows, places]))
    rows, places, near, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    titles = items.set_index("item_id")["title"]
    ids, similar = interactions.item_ids[shown[rows]], interactions.item_ids[shown[near]]
    return pd.DataFrame(
        {
            "item_id": ids,
            "title": titles.loc[ids].to_numpy(),
            "rank": (places + 1).astype(np.int32),
            "similar_id": similar,
            "similar_title": titles.loc[similar].to_numpy(),
            "similarity": values,
        }
    )


def _pca(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """First two principal components, signs fixed so that the largest entry is positive."""
    places = np.zeros((len(factors), 2))
    if len(factors) == 0:
        return places
    centred = factors - factors.mean(axis=0)
    with one_blas_thread():
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    places[:, : len(axes)] = centred @ axes.T
    return places


def _umap(factors: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    try:
        from umap import UMAP
    except ImportError as error:
        raise InputError(
            "parameter map.method: umap needs the package umap-learn; install it "
            "(pip install 'explainable-recsys[umap]') or use pca"
        ) from error
    neighbours = min(15, max(2, len(factors) - 1))
    reducer = UMAP(n_neighbors=neighbours, metric="cosine", random_state=seed, n_jobs=1)
    return np.asarray(reducer.fit_transform(factors), dtype=np.float64)
