"""What is too small to be said: the check that all evidence in the unit of a score passes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import Lists
from explainable_recsys.liking import Liking
from explainable_recsys.ragged import place_in_run
from explainable_recsys.recommenders.lists import Ranker

NOISE = 1e-2
"""Share of the standard deviation of a person's scores below which a weight says nothing."""

FLAT = 1e-2
"""Scores whose standard deviation is a smaller share of their size are all the same."""


def noise_floor(ranker: Ranker, lists: Lists, block_size: int = 512) -> NDArray[np.float64]:
    """The smallest weight (n_users,) that says something about each person's scores.

    It is infinite where all that could be recommended scores the same, as what a model learns of
    ratings that are all equal.
    """
    histories, found = lists.histories.ratings, [np.empty(0)]
    offered = np.flatnonzero(~ranker.barred)
    for start in range(0, histories.shape[0], block_size):
        scores = ranker.scores(histories[start : start + block_size])[:, offered]
        open_to = ~np.isneginf(scores)
        n = np.maximum(open_to.sum(axis=1), 1)
        scores = np.where(open_to, scores, 0.0).astype(np.float64)
        size = np.abs(scores).max(axis=1, initial=0.0)
        scores -= (scores.sum(axis=1) / n)[:, None]
        scores[~open_to] = 0.0
        spread = np.sqrt(np.einsum("ui,ui->u", scores, scores) / n)
        found.append(np.where(spread < FLAT * size, np.inf, NOISE * spread))
    return np.concatenate(found)


def what_is_said(
    evidence: pd.DataFrame, lists: Lists, floor: NDArray[np.float64], liking: Liking
) -> pd.DataFrame:
    """Leave out pieces that are noise, and explanations in which nothing is left that supports.

    A rated item supports if it is liked; what rests on no rated item does only where no piece of
    the explanation rests on one.

    Args:
        evidence: As `evidence_table` makes it, weights in the unit of the score.
        lists: What is explained.
        floor: (n_users,) as `noise_floor`.
        liking: What is liked.
    """
    positions = lists.positions_of(evidence)
    weights = evidence["weight"].to_numpy(np.float64)
    said = np.abs(weights) >= floor[lists.users[positions]]
    rests = evidence["rated_item_id"].notna().to_numpy()
    users = lists.users[positions]
    resting = np.zeros(len(lists), bool)
    resting[positions[rests]] = True
    likes = ~resting[positions]
    if rests.any():
        rated = lists.histories.known_columns(evidence["rated_item_id"][rests])
        liked = liking.items(lists.histories.ratings)
        likes[rests] = np.asarray(liked[users[rests], rated]).ravel() > 0
    supported = np.zeros(len(lists), bool)
    supported[positions[said & likes & (weights > 0)]] = True
    said &= supported[positions]
    if said.all():
        return evidence
    kept: pd.DataFrame = evidence[said].reset_index(drop=True)
    return kept.assign(position=(place_in_run(positions[said]) + 1).astype(np.int32))
