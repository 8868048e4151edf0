"""Explain an additive recommender by the rated items that its score is made of."""

from __future__ import annotations

import pandas as pd
from pydantic import Field

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.downdates import downdates
from explainable_recsys.explainers.tables import Explained, pairs_of
from explainable_recsys.explainers.views import (
    View,
    Views,
    choose,
    ranker_of,
    viewed_evidence,
    with_outside,
)
from explainable_recsys.interactions import padded_blocks
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import AdditiveRecommender, ClosedFormRecommender


class ContributionParameters(Parameters):
    """How much evidence an explanation lists, and how much of it a sentence cites."""

    n_evidence: int = Field(10, ge=1)
    n_cited: int = Field(3, ge=1)


def explain_by_contributions(
    model: AdditiveRecommender,
    data: Data,
    lists: Lists,
    parameters: ContributionParameters,
    order: View = "share",
) -> Explained:
    """List for every recommendation the rated items that carry its score.

    Supporting items come first, strongest first, then opposing ones, most opposing first; items
    that are worth nothing are left out. The shares of a whole history, listed or not, sum to the
    recommendation's score. A recommender without a closed form is taken to be linear in the
    history, so that what the score loses without a rating is the rating's share.

    Args:
        model: A recommender whose score is a sum over the rated items.
        data: What it learned from; says what the items are called.
        lists: What is explained.
        parameters: How much is listed.
        order: The view that orders the evidence and is its weight.

    Returns:
        Evidence of style `item` as `viewed_evidence` makes it, in the unit of the score. And
        `totals`, one row per explained recommendation: `user_id`, `item_id`, `supporting` and
        `opposing`, the sums of the positive and of the negative weights of its whole history.
    """
    lists = lists.without_others()
    positions, columns = lists.by_user()
    outside = ranker_of(lists, model, data).first_outside(lists)
    found = []
    for block in progress(padded_blocks(lists.histories.ratings), "explain"):
        rows, items, next_best = positions[block.rows], columns[block.rows], outside[block.rows]
        if isinstance(model, ClosedFormRecommender):
            views = Views.closed_form(list(downdates(model, block)), items, next_best)
        else:
            parts = model.contributions(block, with_outside(items, next_best))
            views = Views.of(parts, parts, next_best)
        found.append(choose(views, order, rows, block, parameters.n_evidence, parameters.n_cited))
    totals = pd.concat([chosen.totals for chosen in found], ignore_index=True).sort_values("row")
    sums = totals[["supporting", "opposing"]].reset_index(drop=True)
    return Explained(
        viewed_evidence(data, lists, found, order),
        {"totals": pairs_of(lists, totals["row"].to_numpy()).join(sums)},
    )
