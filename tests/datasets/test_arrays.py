"""Models and matrices are stored as plain arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.datasets.arrays import (
    FeaturesDataset,
    InteractionsDataset,
    ModelDataset,
    SimilarItemsDataset,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters, SimilarItems
from explainable_recsys.recommenders.als import ALS, ALSParameters


@pytest.fixture
def interactions() -> Interactions:
    return Interactions.from_frame(
        pd.DataFrame({"user_id": ["a", "a", "ü"], "item_id": [3, 1, 3], "rating": [0.0, 4.5, 5.0]})
    )


def test_interactions_round_trip(interactions: Interactions, tmp_path: Path) -> None:
    dataset = InteractionsDataset(filepath=str(tmp_path / "interactions.npz"))
    dataset.save(interactions)
    loaded = dataset.load()
    assert loaded.user_ids.tolist() == ["a", "ü"]
    assert loaded.item_ids.tolist() == [1, 3]
    assert loaded.ratings.nnz == 3
    np.testing.assert_array_equal(loaded.ratings.toarray(), interactions.ratings.toarray())


def test_model_round_trip_needs_no_pickle(interactions: Interactions, tmp_path: Path) -> None:
    parameters = ALSParameters(regularization=0.1, factors=2, iterations=1, relevance_threshold=4.0)
    model = ALS.fit(interactions, parameters)
    file = tmp_path / "model.npz"
    dataset = ModelDataset(filepath=str(file))
    dataset.save(model)
    with np.load(file, allow_pickle=False) as stored:
        assert sorted(stored) == ["item_factors", "kind", "parameters"]
    loaded = dataset.load()
    assert isinstance(loaded, ALS)
    assert loaded.parameters == parameters
    np.testing.assert_array_equal(
        loaded.scores(interactions.ratings), model.scores(interactions.ratings)
    )


def test_similar_items_round_trip(interactions: Interactions, tmp_path: Path) -> None:
    found = SimilarItems.fit(interactions, ItemSimilarityParameters(k=1, shrinkage=0.5))
    dataset = SimilarItemsDataset(filepath=str(tmp_path / "similar_items.npz"))
    dataset.save(found)
    loaded = dataset.load()
    assert type(loaded) is SimilarItems
    assert loaded.parameters == found.parameters
    np.testing.assert_array_equal(loaded.neighbours, found.neighbours)
    np.testing.assert_array_equal(loaded.similarities, found.similarities)


def test_preview_shows_shapes_and_parameters(interactions: Interactions, tmp_path: Path) -> None:
    dataset = ModelDataset(filepath=str(tmp_path / "model.npz"))
    dataset.save(ALS.fit(interactions, ALSParameters(regularization=0.1, factors=2, iterations=1)))
    preview = json.loads(dataset.preview())
    assert preview["kind"] == "als"
    assert preview["item_factors"] == "2 × 2 float32"
    assert preview["parameters"]["factors"] == 2


def features_of(rows: list[list[int]], d: int) -> Features:
    """Rows of 0/1 with d columns; names with accents, equals signs, spaces and nothing at all."""
    names = ("Sci-Fi", "a=b", "ü 漢", "", " x ")[:d]
    groups = ("genres", "genres", "decade", "decade", "taste")[:d]
    matrix = sparse.csr_array(np.array(rows, dtype=np.float32).reshape(len(rows), d))
    return Features(matrix, groups, names, tuple(f"called {name}" for name in names))


FEATURES = {
    "usual": features_of([[1, 0, 1, 0, 1], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]], 5),
    "rows without features": features_of([[0, 0, 0], [0, 1, 1], [0, 0, 0]], 3),
    "a column that no row has": features_of([[1, 0], [1, 0]], 2),
    "no columns": Features.side_by_side([], 4),
    "no rows": features_of([], 2),
}


@pytest.mark.parametrize("case", FEATURES)
def test_features_round_trip_without_pickle(case: str, tmp_path: Path) -> None:
    features = FEATURES[case]
    file = tmp_path / "features.npz"
    dataset = FeaturesDataset(filepath=str(file))
    dataset.save(features)
    with np.load(file, allow_pickle=False) as stored:
        assert {"groups", "names", "labels"} <= set(stored)
    loaded = dataset.load()
    assert loaded.matrix.shape == features.matrix.shape
    assert loaded.matrix.dtype == np.float32
    np.testing.assert_array_equal(loaded.matrix.toarray(), features.matrix.toarray())
    assert loaded.groups == features.groups
    assert loaded.names == features.names
    assert loaded.labels == features.labels
    assert all(type(name) is str for name in loaded.names)
    assert loaded.ids.tolist() == features.ids.tolist()
    assert loaded.group_sizes == features.group_sizes


@pytest.mark.parametrize("case", FEATURES)
def test_features_have_a_preview(case: str, tmp_path: Path) -> None:
    dataset = FeaturesDataset(filepath=str(tmp_path / "features.npz"))
    dataset.save(FEATURES[case])
    preview = json.loads(dataset.preview())
    n, d = FEATURES[case].matrix.shape
    assert preview["n_rows"] == n
    assert preview["names"] == f"{d} text"
    assert preview["row_starts"].startswith(f"{n + 1} int")
