"""The best N unseen items of every user, in blocks of users and with deterministic ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys.data import Data, Lists, check_list_columns
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.top_n import top_n

CHECKED_USERS = 100


class RecommendationParameters(Parameters):
    """How long the lists are and how many users are scored at once."""

    n: int = Field(10, ge=1)
    block_size: int = Field(512, ge=1)


def recommend(
    model: Recommender,
    interactions: Interactions,
    parameters: RecommendationParameters,
    only: NDArray[Any] | None = None,
    exclude: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Recommend to every user the best items that are not in the user's history.

    Args:
        model: Any recommender over the same catalogue.
        interactions: Histories to score; their items are never recommended.
        parameters: List length and block size.
        only: Ids of the items that may be recommended; None: all.
        exclude: Ids of items that may not.

    Returns:
        Columns `user_id`, `item_id`, `rank` (from 1), `score`, sorted by user and rank. A
        user who has rated nearly everything gets a shorter list.

    Raises:
        InputError: If `n` exceeds the catalogue, the model has another catalogue, or an id is
            not in it.
    """
    if parameters.n > interactions.n_items:
        raise InputError(
            f"parameter recommendation.n: {parameters.n} items were asked for, the catalogue "
            f"has {interactions.n_items}; accepted: 1 to {interactions.n_items}"
        )
    if model.n_items != interactions.n_items:
        raise InputError(
            f"the model knows {model.n_items} items, the interactions have "
            f"{interactions.n_items}: {DIFFERENT_RUNS}"
        )
    barred = np.zeros(interactions.n_items, bool)
    if only is not None:
        barred[:] = True
        barred[interactions.known_columns(only)] = False
    if exclude is not None:
        barred[interactions.known_columns(exclude)] = True
    starts = range(0, interactions.n_users, parameters.block_size)
    blocks = [
        _recommend_block(model, interactions, start, parameters, barred)
        for start in progress(starts, "recommend")
    ]
    rows, ranks, columns, scores = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return pd.DataFrame(
        {
            "user_id": interactions.user_ids[rows],
            "item_id": interactions.item_ids[columns],
            "rank": ranks.astype(np.int32),
            "score": scores,
        }
    )


def best_columns(
    model: Recommender, interactions: Interactions, n: int, block_size: int = 512
) -> NDArray[np.int64]:
    """Columns of the n items that score highest for every user, rated or not, best first.

    Returns:
        (n_users, n).
    """
    starts = range(0, interactions.n_users, block_size)
    scores = (model.scores(interactions.ratings[start : start + block_size]) for start in starts)
    return np.concatenate([top_n(block, n)[0] for block in scores])


def check_made_by(
    model: Recommender, interactions: Interactions, recommendations: pd.DataFrame
) -> None:
    """Make sure that stored lists are what the model recommends for these histories.

    The scores of some users' lists are computed again; lists of another run differ.

    Raises:
        InputError: If they do, or if the model has another catalogue.
    """
    if model.n_items != interactions.n_items:
        raise InputError(
            f"the model knows {model.n_items} items, the interactions have "
            f"{interactions.n_items}: {DIFFERENT_RUNS}"
        )
    check_list_columns(recommendations)
    positions, columns = Lists.of(interactions, recommendations).by_user()
    step = max(1, interactions.n_users // CHECKED_USERS)
    positions, columns = positions[::step], columns[::step]
    users, places = np.nonzero(positions >= 0)
    scores = model.scores(interactions.ratings[::step])[users, columns[users, places]]
    stored = recommendations["score"].to_numpy()[positions[users, places]]
    if not np.allclose(scores, stored, rtol=1e-3, atol=1e-5):
        raise InputError(
            f"the stored recommendations are not those of the stored model: {DIFFERENT_RUNS}"
        )


def _recommend_block(
    model: Recommender,
    interactions: Interactions,
    start: int,
    parameters: RecommendationParameters,
    barred: NDArray[np.bool_],
) -> tuple[NDArray[Any], ...]:
    """Rows, ranks, columns and scores of one block of users."""
    histories = interactions.ratings[start : start + parameters.block_size]
    scores = model.scores(histories)
    users = np.repeat(np.arange(histories.shape[0]), np.diff(histories.indptr))
    scores[users, histories.indices] = -np.inf
    scores[:, barred] = -np.inf
    columns, values = top_n(scores, parameters.n)
    rows, places = np.nonzero(columns >= 0)
    return rows + start, places + 1, columns[rows, places], values[rows, places]


def make_lists(
    model: Recommender,
    data: Data,
    data_version: dict[str, Any],
    parameters: RecommendationParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """`recommend`, and with the lists the fingerprint of the data that they were made from."""
    return recommend(model, data.histories, parameters), data_version
