"""Models and matrices are stored as plain arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.datasets.arrays import InteractionsDataset, ModelDataset
from explainable_recsys.interactions import Interactions
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


def test_preview_shows_shapes_and_parameters(interactions: Interactions, tmp_path: Path) -> None:
    dataset = ModelDataset(filepath=str(tmp_path / "model.npz"))
    dataset.save(ALS.fit(interactions, ALSParameters(regularization=0.1, factors=2, iterations=1)))
    preview = json.loads(dataset.preview())
    assert preview["kind"] == "als"
    assert preview["item_factors"] == {"shape": [2, 2], "dtype": "float32"}
    assert preview["parameters"]["factors"] == 2
