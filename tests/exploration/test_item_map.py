"""The map of items: principal components, and nearest items by cosine."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.exploration.item_map import ItemMapParameters, item_map, similar_items
from explainable_recsys.interactions import Interactions

RNG = np.random.default_rng(0)
RATINGS = np.where(RNG.random((30, 9)) < np.linspace(0.9, 0.1, 9), 4.0, 0.0).astype(np.float32)
INTERACTIONS = Interactions(sparse.csr_array(RATINGS), np.arange(30), np.arange(9) * 10)
POPULARITY = (RATINGS > 0).sum(axis=0)
FACTORS = RNG.normal(size=(9, 4)).astype(np.float32)
ITEMS = pd.DataFrame(
    {"item_id": np.arange(9) * 10, "title": list("ABCDEFGHI"), "genres": ["Drama|War"] * 9}
).sample(frac=1, random_state=1)
PARAMETERS = ItemMapParameters(min_ratings=8, n_similar=3)


def test_map_is_the_best_plane() -> None:
    table = item_map(FACTORS, INTERACTIONS, ITEMS, PARAMETERS)
    shown = np.flatnonzero(POPULARITY >= 8)
    assert sorted(table["item_id"]) == (shown * 10).tolist()
    assert table["popularity"].is_monotonic_decreasing
    for row in table.itertuples():
        assert row.popularity == POPULARITY[row.item_id // 10]
        assert row.title == "ABCDEFGHI"[row.item_id // 10]
    factors = FACTORS[table["item_id"].to_numpy() // 10].astype(float)
    variances = np.sort(np.linalg.eigvalsh(np.cov(factors.T, bias=True)))[::-1]
    places = table[["x", "y"]].to_numpy()
    np.testing.assert_allclose(places.var(axis=0), variances[:2])
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-12)
    assert places[:, 0] @ places[:, 1] == pytest.approx(0, abs=1e-9)


def test_similar_items_by_brute_force() -> None:
    table = similar_items(FACTORS, INTERACTIONS, ITEMS, PARAMETERS)
    shown = np.flatnonzero(POPULARITY >= 8)
    units = FACTORS / np.linalg.norm(FACTORS, axis=1, keepdims=True)
    for item in shown:
        cosines = {other: float(units[item] @ units[other]) for other in shown if other != item}
        nearest = sorted(cosines, key=lambda other: -cosines[other])[:3]
        rows = table[table["item_id"] == item * 10]
        assert rows["similar_id"].tolist() == [other * 10 for other in nearest]
        assert rows["rank"].tolist() == [1, 2, 3]
        np.testing.assert_allclose(
            rows["similarity"], [cosines[other] for other in nearest], atol=1e-6
        )
        assert rows["similar_title"].tolist() == ["ABCDEFGHI"[other] for other in nearest]


def test_no_item_has_enough_ratings() -> None:
    parameters = ItemMapParameters(min_ratings=1000)
    assert item_map(FACTORS, INTERACTIONS, ITEMS, parameters).empty
    assert similar_items(FACTORS, INTERACTIONS, ITEMS, parameters).empty


def test_one_factor_gives_a_line() -> None:
    table = item_map(FACTORS[:, :1], INTERACTIONS, ITEMS, PARAMETERS)
    assert (table["y"] == 0).all()
    assert table["x"].std() > 0


@pytest.mark.skipif(importlib.util.find_spec("umap") is not None, reason="umap is installed")
def test_umap_that_is_not_installed_is_named() -> None:
    with pytest.raises(InputError, match="umap-learn"):
        item_map(FACTORS, INTERACTIONS, ITEMS, ItemMapParameters(method="umap", min_ratings=1))
