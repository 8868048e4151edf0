"""Explain an additive recommender by the rated items that its score is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.downdates import downdates
from explainable_recsys.explainers.groups import grouping
from explainable_recsys.explainers.tables import Explained, pairs_of
from explainable_recsys.explainers.views import (
    CELLS,
    LEAST_LENGTH,
    View,
    Views,
    choose,
    ranker_of,
    scores_of_block,
    together,
    viewed_evidence,
    with_outside,
)
from explainable_recsys.interactions import padded_blocks
from explainable_recsys.knowledge.features import Features
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
    item_features: Features | None = None,
) -> Explained:
    """List for every recommendation the rated items that carry its score.

    What is liked and supports comes first, then what is rated lower, then what opposes, each
    strongest first; items that are worth nothing are left out. Where no single rating says much,
    those of the group that stands out come before all others (`find_groups`). Where what is liked
    is too small a part of that (`LEAST_LIKED`), there is no explanation. The shares of a whole
    history, listed or not, sum to the recommendation's score. A recommender without a closed form
    is taken to be linear in the history, so that what the score loses without a rating is the
    rating's share.

    Args:
        model: A recommender whose score is a sum over the rated items.
        data: What it learned from; says what the items are called.
        lists: What is explained.
        parameters: How much is listed.
        order: The view that orders the evidence and is its weight.
        item_features: By which rated items are grouped.

    Returns:
        Evidence of style `item` as `viewed_evidence` makes it, in the unit of the score. And
        `totals`, one row per explained recommendation: `user_id`, `item_id`, `supporting` and
        `opposing`, the sums of the positive and of the negative weights of its whole history,
        `lower`, that of the positive ones of what is not liked, `n_liked`, the
        number of those of what is; and of the group that stands out
        `shared` (id of the feature; missing where none does), `n_sharing` and `of_sharing`, the
        number of its ratings and the sum of their weights.
    """
    lists = lists.without_others()
    positions, columns = lists.by_user()
    ranker, ratings = ranker_of(lists, model, data), lists.histories.ratings
    features, found = grouping(item_features), []
    for block in progress(padded_blocks(ratings, 2 * CELLS, 2 * LEAST_LENGTH), "explain"):
        rows, items = positions[block.rows], columns[block.rows]
        if isinstance(model, ClosedFormRecommender):
            systems = list(downdates(model, block))
            scores = scores_of_block(ranker, systems, ratings[block.rows])
            views = Views.closed_form(systems, items, ranker.best_outside(scores, items, lists.n))
        else:
            next_best = ranker.best_outside(ranker.scores(ratings[block.rows]), items, lists.n)
            parts = model.contributions(block, with_outside(items, next_best))
            views = Views.of(parts, parts, next_best)
        found.append(choose(views, order, rows, items, block, parameters, data.liking, features))
    totals = together([chosen.totals for chosen in found])
    ids = pd.Index(np.array([], np.str_) if features is None else features.ids, dtype="str")
    groups = pd.Categorical.from_codes(totals.pop("shared"), categories=ids)
    about = pairs_of(lists, totals.pop("row"), **totals, shared=groups)
    return Explained(viewed_evidence(data, lists, found, order), {"totals": about})
