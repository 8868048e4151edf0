"""Explanations by neighbours against plain loops over the neighbours' ratings."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.explainability import (
    NeighbourhoodParameters,
    explainability,
    nearest_items,
    nearest_users,
)
from explainable_recsys.explainers.neighbours import explain_by_neighbours
from explainable_recsys.interactions import Interactions

RNG = np.random.default_rng(0)
RATED = RNG.random((25, 12)) < 0.5
RATINGS = np.where(RATED, RNG.integers(1, 11, RATED.shape) / 2, 0).astype(np.float32)
TRAIN = Interactions(sparse.csr_array(RATINGS), np.arange(25) + 1, np.arange(12) + 100)
ITEMS = pd.DataFrame({"item_id": TRAIN.item_ids, "title": [f"Title {i}" for i in range(12)]})
USERS, COLUMNS = np.nonzero(RATINGS == 0)
LISTS = pd.DataFrame({"user_id": USERS + 1, "item_id": COLUMNS + 100})


@pytest.mark.parametrize("threshold", [4.0, None])
def test_users_form_counts_the_neighbours_ratings(threshold: float | None) -> None:
    parameters = NeighbourhoodParameters(k=6, relevance_threshold=threshold)
    near, _ = nearest_users(TRAIN.ratings, TRAIN.ratings, parameters)
    expected = []
    for user, column in zip(USERS, COLUMNS, strict=True):
        given = [RATINGS[v, column] for v in near[user] if v >= 0 and RATINGS[v, column] > 0]
        if not any(threshold is None or rating >= threshold for rating in given):
            continue
        counted = sorted(Counter(given).items(), reverse=True)
        for place, (rating, n) in enumerate(counted, 1):
            expected.append((user + 1, column + 100, place, f"★{rating:g}", f"{rating:g}", n))
    table = explain_by_neighbours(TRAIN, TRAIN, LISTS, ITEMS, parameters)
    columns = ["user_id", "item_id", "position", "evidence", "evidence_id", "weight"]
    assert list(table[columns].itertuples(index=False, name=None)) == expected
    assert (table["style"] == "neighbour").all()
    assert len(table) > 100


def test_items_form_names_similar_items_that_were_liked() -> None:
    parameters = NeighbourhoodParameters(form="items", k=4)
    near, similarity = nearest_items(TRAIN.ratings, parameters)
    expected = [
        (user + 1, column + 100, other + 100, np.float32(similarity[column, place]))
        for user, column in zip(USERS, COLUMNS, strict=True)
        for place, other in enumerate(near[column])
        if RATINGS[user, other] >= 4
    ]
    table = explain_by_neighbours(TRAIN, TRAIN, LISTS, ITEMS, parameters)
    columns = ["user_id", "item_id", "evidence_id", "weight"]
    assert list(table[columns].itertuples(index=False, name=None)) == expected
    assert (table["style"] == "item").all()
    assert table["evidence"].iloc[0] == f"Title {table['evidence_id'].iloc[0] - 100}"


@pytest.mark.parametrize("form", ["users", "items"])
def test_what_is_explained_is_what_is_explainable(form: str) -> None:
    parameters = NeighbourhoodParameters.model_validate({"form": form, "k": 3})
    shares = explainability(TRAIN.ratings, TRAIN.ratings, parameters).toarray()
    table = explain_by_neighbours(TRAIN, TRAIN, LISTS, ITEMS, parameters)
    explained = set(zip(table["user_id"], table["item_id"], strict=True))
    explainable = {
        (user + 1, column + 100)
        for user, column in zip(USERS, COLUMNS, strict=True)
        if shares[user, column] > 0
    }
    assert explained == explainable
    assert 0 < len(explained) < len(LISTS)


def test_nothing_to_explain() -> None:
    table = explain_by_neighbours(TRAIN, TRAIN, LISTS.iloc[:0], ITEMS, NeighbourhoodParameters(k=3))
    assert table.empty
    assert "evidence" in table


def test_tables_of_another_run_are_refused() -> None:
    unknown = pd.DataFrame({"user_id": [99], "item_id": [100]})
    with pytest.raises(InputError, match="user_id 99"):
        explain_by_neighbours(TRAIN, TRAIN, unknown, ITEMS, NeighbourhoodParameters(k=3))
