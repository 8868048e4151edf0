"""Data and lists for tests of what is said of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from explainable_recsys.data import Data, Lists, RatingScale
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.base import Recommender

EVIDENCE_TYPES = {
    "user_id": "int64",
    "item_id": "int64",
    "position": "int32",
    "style": "category",
    "evidence_id": "category",
    "evidence": "category",
    "weight": "float32",
    "group": "int32",
    "rated_item_id": "Int64",
}
"""Columns of an evidence table, in order, of data whose ids are integers."""

VIEWS = dict.fromkeys(("share", "loss", "lead"), "float32")
"""Those that tables of rated items of closed-form and additive recommenders have besides."""


def items_of(interactions: Interactions) -> pd.DataFrame:
    """Item 7 is called "Title 7"; in another order than the catalogue."""
    titles = [f"Title {item}" for item in interactions.item_ids]
    table = pd.DataFrame({"item_id": interactions.item_ids, "title": titles})
    return table.assign(year=2000, genres="").iloc[::-1]


def data_of(
    interactions: Interactions, items: pd.DataFrame | None = None, liked_from: float = -math.inf
) -> Data:
    """Data of which only the ratings matter, what the items are called, and what is liked.

    Everything is, unless a test says from which rating on (NaN: from each person's mean).
    """
    nobody = pd.DataFrame({"user_id": interactions.user_ids[:0]})
    described = items_of(interactions) if items is None else items
    scale = RatingScale(minimum=0.0, maximum=5.0)
    return Data(interactions, interactions, described, nobody, scale, Liking(liked_from))


def lists_of(histories: Interactions, recommendations: Any) -> Lists:
    """Lists of a table, or of (user, item) pairs that get the rank in which they are named."""
    if isinstance(recommendations, pd.DataFrame):
        return Lists.of(histories, recommendations)
    table = pd.DataFrame(recommendations, columns=["user_id", "item_id"])
    if table.empty:
        table = table.astype({"user_id": "int64", "item_id": "int64"})
    ranks = table.groupby("user_id").cumcount() + 1
    return Lists.of(histories, table.assign(rank=ranks, score=0.0))


def lists_over(catalogue: Interactions, table: pd.DataFrame) -> Lists:
    """Lists of people who rated nothing."""
    user_ids = np.unique(table["user_id"].to_numpy().astype(catalogue.user_ids.dtype))
    nothing = sparse.csr_array((len(user_ids), catalogue.n_items), dtype=np.float32)
    return Lists.of(Interactions(nothing, user_ids, catalogue.item_ids), table)


def assert_lists_end_with_ties(
    lists: pd.DataFrame, model: Recommender, data: Data, n: int, min_ratings: int
) -> None:
    """Lists hold the n best of what the history has a say in, less what ties at their end."""
    known, ratings = data.histories, data.histories.ratings
    counts = np.bincount(data.interactions.ratings.indices, minlength=known.n_items)
    nothing = model.scores(sparse.csr_array((1, known.n_items), dtype=np.float32))[0]
    found = lists.groupby("user_id")["item_id"].agg(list).to_dict()
    for row, scores in enumerate(model.scores(ratings)):
        may = np.isfinite(scores) & (counts >= min_ratings)
        may[ratings[[row]].indices] = False
        if model.is_personal:
            may &= scores != nothing
        order = sorted(np.flatnonzero(may), key=lambda item: (-scores[item], -counts[item], item))
        best = order[:n]
        for out in order[n : n + 1]:
            same = (scores[out], counts[out])
            best = [item for item in best if (scores[item], counts[item]) != same]
        assert found.get(known.user_ids[row], []) == known.item_ids[best].tolist()


def assert_is_evidence(table: pd.DataFrame, views: bool = False) -> None:
    """The columns and types that every explainer promises, of data whose ids are integers."""
    expected = EVIDENCE_TYPES | VIEWS if views else EVIDENCE_TYPES
    assert table.dtypes.astype(str).to_dict() == expected
    assert table.columns.tolist() == list(expected)
    assert table["style"].cat.categories.tolist() == list(STYLES)
    assert table["evidence_id"].cat.categories.dtype == "str"
    assert isinstance(table.index, pd.RangeIndex)
