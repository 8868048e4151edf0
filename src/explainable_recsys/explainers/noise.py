"""What is too small to be said: the check that all evidence in the unit of a score passes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import Lists
from explainable_recsys.ragged import place_in_run
from explainable_recsys.recommenders.lists import Ranker

NOISE = 1e-2
"""Share of the standard deviation of a person's scores below which a weight says nothing."""

FLAT = 1e-3
"""Scores whose standard deviation is a smaller share of their size are all the same."""


def noise_floor(ranker: Ranker, lists: Lists, block_size: int = 512) -> NDArray[np.float64]:
    """The smallest weight (n_users,) that says something about each person's scores.

    It is infinite where all that could be recommended scores the same, as what a model learns of
    ratings that are all equal.
    """
    histories, found = lists.histories.ratings, [np.empty(0)]
    for start in range(0, histories.shape[0], block_size):
        scores = ranker.scores(histories[start : start + block_size]).astype(np.float64)
        open_to = ~np.isneginf(scores)
        n = np.maximum(open_to.sum(axis=1), 1)
        scores = np.where(open_to, scores, 0.0)
        mean = scores.sum(axis=1) / n
        spread = np.sqrt(np.where(open_to, (scores - mean[:, None]) ** 2, 0.0).sum(axis=1) / n)
        size = np.abs(scores).max(axis=1, initial=0.0)
        found.append(np.where(spread < FLAT * size, np.inf, NOISE * spread))
    return np.concatenate(found)


def above_noise(evidence: pd.DataFrame, lists: Lists, floor: NDArray[np.float64]) -> pd.DataFrame:
    """Leave out pieces whose weight is below the floor (n_users,) of the person's scores."""
    positions = lists.positions_of(evidence)
    said = np.abs(evidence["weight"].to_numpy(np.float64)) >= floor[lists.users[positions]]
    if said.all():
        return evidence
    kept: pd.DataFrame = evidence[said].reset_index(drop=True)
    return kept.assign(position=(place_in_run(positions[said]) + 1).astype(np.int32))
