"""Explain an additive recommender by the rated items that its score is made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained, evidence_table
from explainable_recsys.interactions import PaddedBlock, padded_blocks
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import AdditiveRecommender
from explainable_recsys.top_n import top_n


class ContributionParameters(Parameters):
    """How much evidence an explanation lists, and how much of it a sentence cites."""

    n_evidence: int = Field(10, ge=1)
    n_cited: int = Field(3, ge=1)


def explain_by_contributions(
    model: AdditiveRecommender, data: Data, lists: Lists, parameters: ContributionParameters
) -> Explained:
    """List for every recommendation the rated items that contribute most to its score.

    Supporting items come first, largest contribution first, then opposing ones, most
    opposing first; items that contribute nothing are left out. The weights of a whole
    history, listed or not, sum to the recommendation's score.

    Args:
        model: A recommender whose score is a sum over the rated items.
        data: What it learned from; says what the items are called.
        lists: What is explained.
        parameters: How much is listed.

    Returns:
        Evidence of style `item`; `weight` is the contribution, in the unit of the score.
    """
    lists = lists.without_others()
    positions, columns = lists.by_user()
    parts = [
        _explain_block(
            model, positions[block.rows], columns[block.rows], block, parameters.n_evidence
        )
        for block in progress(padded_blocks(lists.histories.ratings), "explain")
    ]
    rows, place, rated, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((place, rows))
    rows, rated = rows[order], rated[order]
    return Explained(
        evidence_table(lists, rows, "item", data.titles(rated), weights[order], rated=rated)
    )


def evidence_order(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys that sort evidence (..., length): support, then opposition, each by strength.

    A weight of 0 is no evidence and gets -inf.
    """
    strength = np.abs(weights)
    opposing = strength - strength.max(axis=-1, keepdims=True, initial=0.0)
    keys = np.where(weights > 0, weights, opposing)
    return np.where(weights == 0, -np.inf, keys)


def strongest_evidence(weights: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """The n strongest entries of every row (m, length), for or against; support comes first.

    Returns:
        (m, at most n) places, padded with -1; a weight of 0 is no evidence.
    """
    strength = np.where(weights == 0, -np.inf, np.abs(weights))
    chosen, _ = top_n(strength, n)
    kept = np.zeros(weights.shape, bool)
    rows, places = np.nonzero(chosen >= 0)
    kept[rows, chosen[rows, places]] = True
    return top_n(evidence_order(np.where(kept, weights, 0.0)), n)[0]


def _explain_block(
    model: AdditiveRecommender,
    positions: NDArray[np.int64],
    items: NDArray[np.int64],
    block: PaddedBlock,
    n_evidence: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Recommendation, place, evidence column and weight of each piece of evidence."""
    weights = model.contributions(block, np.maximum(items, 0))
    keys = np.where(positions[..., None] < 0, -np.inf, evidence_order(weights))
    length = keys.shape[-1]
    chosen, _ = top_n(keys.reshape(positions.size, length), n_evidence)
    lists, place = np.nonzero(chosen >= 0)
    entries = chosen[lists, place]
    users = lists // max(positions.shape[1], 1)
    return (
        positions.reshape(-1)[lists],
        place,
        block.columns[users, entries],
        weights.reshape(positions.size, length)[lists, entries].astype(np.float32),
    )
