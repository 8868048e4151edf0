"""Influence: what becomes of a recommendation without ratings of the history, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data, Lists, RatingScale
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.downdates import Downdates, downdates, group_influences
from explainable_recsys.explainers.tables import Explained, pairs_of
from explainable_recsys.explainers.views import (
    CELLS,
    LEAST_LENGTH,
    Chosen,
    View,
    Views,
    choose,
    ranker_of,
    scores_of_block,
    together,
    viewed_evidence,
)
from explainable_recsys.interactions import PaddedBlock, padded_blocks
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import ClosedFormRecommender, Recommender
from explainable_recsys.recommenders.lists import Offered
from explainable_recsys.threads import one_blas_thread

SCORES_AT_ONCE = 2_000_000
"""Scores without a rating that are held at a time."""

LEAST_POINTS = 0.02
"""What cited ratings do to a predicted rating is felt from this share of the scale on."""


class InfluenceParameters(Parameters):
    """How much evidence an explanation lists, and how much of it a sentence cites."""

    n_evidence: int = Field(10, ge=1)
    n_cited: int = Field(3, ge=1)


def explain_by_influence(
    model: ClosedFormRecommender,
    data: Data,
    lists: Lists,
    parameters: InfluenceParameters,
    order: View = "loss",
) -> Explained:
    """List for every recommendation the ratings without which it would change most.

    Supporting ratings come first, then opposing ones, each by strength. Single losses do not
    add up: what the supporting ones among the first `n_cited` are worth together is computed too.
    Where the model ranks, so is the place that the item would have without each of them. Where it
    predicts ratings, what they do together has to be felt (`LEAST_POINTS`) within the scale.

    Args:
        model: A recommender with a closed-form user side.
        data: What it learned from; says what the items are called.
        lists: What is explained.
        parameters: How much is listed.
        order: The view that orders the evidence and is its weight.

    Returns:
        Evidence of style `item` as `viewed_evidence` makes it, in the unit of the score. And two
        tables about the cited ratings, the supporting ones among the first `n_cited`:
        `cited_groups`, one row per recommendation with any: `user_id`, `item_id`, `n_cited`,
        `sum_of_influences` and `group_influence`, the sum of their losses and the loss without all
        of them; `ranks_without`, one row for each of them, none if the model predicts ratings:
        `user_id`, `item_id`, `rated_item_id`, `rank` and `rank_without`, the item's places among
        all that could be recommended with all ratings and without this one, 0 where it could not.
        The fact `predicts_ratings` says which.

    Raises:
        InputError: If the model has no closed-form user side.
    """
    if not isinstance(model, ClosedFormRecommender) or not isinstance(model, Recommender):
        raise InputError(
            f"influence: a {type(model).__name__} has no closed-form user side that ratings could "
            "be taken out of; accepted: SVD, ALS, FM, MF without explainability"
        )
    lists = lists.without_others()
    positions, columns = lists.by_user()
    ranker = ranker_of(lists, model, data)
    n = lists.n or columns.shape[1]
    found: list[Chosen] = []
    groups: list[dict[str, NDArray[Any]]] = []
    ranks: list[dict[str, NDArray[Any]]] = []
    of_lists = np.zeros(len(lists))
    ratings = lists.histories.ratings
    for block in progress(padded_blocks(ratings, CELLS, LEAST_LENGTH), "explain by influence"):
        rows, items = positions[block.rows], np.maximum(columns[block.rows], 0)
        systems = list(downdates(model, block))
        histories = ratings[block.rows]
        scores = scores_of_block(ranker, systems, histories)
        outside = ranker.best_outside(scores, columns[block.rows], lists.n)
        views = Views.closed_form(systems, items, outside)
        chosen = choose(views, order, rows, items, block, parameters, data.liking)
        cited = np.where(chosen.supports, chosen.places[..., : parameters.n_cited], -1)
        found.append(chosen)
        groups.append(_groups(systems, views, rows, items, cited))
        if model.predicts_ratings:
            cited = np.full_like(cited, -1)
            predicted = np.take_along_axis(model.scores(histories), items, axis=1)
            of_lists[rows[rows >= 0]] = predicted[rows >= 0]
        asked = systems, block, rows, items, cited, n
        ranks.append(_ranks_without(ranker.offered, histories, *asked))
    evidence = viewed_evidence(data, lists, found, order)
    details = {"cited_groups": _about(lists, groups), "ranks_without": _about(lists, ranks)}
    if model.predicts_ratings:
        together = details["cited_groups"]
        felt = together[_is_felt(of_lists[lists.positions_of(together)], together, data.scale)]
        details["cited_groups"] = felt.reset_index(drop=True)
        evidence = evidence.merge(felt[["user_id", "item_id"]], on=["user_id", "item_id"])
    return Explained(evidence, details, {"predicts_ratings": model.predicts_ratings})


def _is_felt(
    predicted: NDArray[np.float64], together: pd.DataFrame, scale: RatingScale
) -> NDArray[np.bool_]:
    """Where predicted ratings (m,), on the scale, fall enough without all cited ratings."""
    without = predicted - together["group_influence"].to_numpy(np.float64)
    now, then = (np.clip(x, scale.minimum, scale.maximum) for x in (predicted, without))
    return np.asarray(now - then >= LEAST_POINTS * (scale.maximum - scale.minimum))


def _groups(
    systems: Sequence[Downdates],
    views: Views,
    rows: NDArray[np.int64],
    items: NDArray[np.int64],
    cited: NDArray[np.int64],
) -> dict[str, NDArray[Any]]:
    """The cited ratings (b, k, c) of each recommendation together."""
    there, places = cited >= 0, np.maximum(cited, 0)
    losses = np.where(there, np.take_along_axis(views.loss, places, axis=2), 0.0)
    table = {
        "row": rows.ravel(),
        "n_cited": there.sum(axis=2).ravel(),
        "sum_of_influences": losses.sum(axis=2).ravel(),
        "group_influence": group_influences([one.systems for one in systems], items, cited).ravel(),
    }
    with_any = there.any(axis=2).ravel()
    return {name: column[with_any] for name, column in table.items()}


def _ranks_without(
    ranker: Offered,
    histories: sparse.csr_array,
    systems: Sequence[Downdates],
    block: PaddedBlock,
    rows: NDArray[np.int64],
    items: NDArray[np.int64],
    cited: NDArray[np.int64],
    n: int,
) -> dict[str, NDArray[Any]]:
    """Places of items with all ratings, and without each of the cited ones (b, k, c).

    Lists are `n` items long; see `Ranker.ranks`.
    """
    users, slots, numbers = np.nonzero(cited >= 0)
    places, columns = cited[users, slots, numbers], items[users, slots]
    scores = ranker.scores(histories)
    whole = np.zeros(items.shape, np.int64)
    for slot, asked_for in enumerate(items.T):
        whole[:, slot] = ranker.ranks(scores, asked_for, n)
    pairs, asked = np.unique(users * block.columns.shape[1] + places, return_inverse=True)
    queries = np.argsort(asked, kind="stable")
    without = np.empty(len(queries), np.int64)
    counting = np.any([system.changes.any(axis=2) for system in systems], axis=0).sum(axis=1)
    step = max(1, SCORES_AT_ONCE // (scores.shape[1] * max(items.shape[1], 1)))
    for start in range(0, len(pairs), step):
        user, place = np.divmod(pairs[start : start + step], block.columns.shape[1])
        changed = scores[user] - _losses(systems, user, place, ranker.columns)
        changed[counting[user] <= 1] = -np.inf  # no rating is left that counts
        of = queries[slice(*np.searchsorted(asked[queries], [start, start + step]))]
        without[of] = ranker.ranks(changed[asked[of] - start], columns[of], n)
    about = {"row": rows[users, slots], "rated": block.columns[users, places]}
    return about | {"rank": whole[users, slots], "rank_without": without}


def _losses(
    systems: Sequence[Downdates],
    users: NDArray[np.int64],
    places: NDArray[np.int64],
    items: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What the scores of some items lose without one rating of a history each, (m, n)."""
    with one_blas_thread():
        parts = [one.changes[users, places] @ one.systems.items[items].T for one in systems]
    return np.asarray(np.sum(parts, axis=0))


def _about(lists: Lists, parts: Sequence[Mapping[str, NDArray[Any]]]) -> pd.DataFrame:
    """A table about recommendations from those of the blocks, in the order of the lists."""
    columns = together(parts)
    rows = columns.pop("row")
    if "rated" in columns:
        columns = {"rated_item_id": lists.histories.item_ids[columns.pop("rated")], **columns}
    return pairs_of(lists, rows, **columns)
