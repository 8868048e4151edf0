"""Stability of explanations when everything random is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from kedro.pipeline import Pipeline

from explainable_recsys.answers.answer import FittedPair, answer
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.data import Data, Lists
from explainable_recsys.draws import sample
from explainable_recsys.explainers.contributions import ContributionParameters
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.stability import explanation_overlap
from explainable_recsys.pipelines.diagnostics import create_pipeline
from explainable_recsys.pipelines.diagnostics import pipeline as wiring
from explainable_recsys.pipelines.diagnostics.nodes import (
    StabilityParameters,
    measure_stability,
)
from explainable_recsys.pipelines.parameters import PREFIX
from explainable_recsys.recommenders.als import ALS
from tests.in_memory import run_nodes

Stored = Callable[[str], Any]

USUAL = sorted(name for name, pair in APPROACHES.items() if not pair.on_request)
UNSEEDED = {"intrinsic_ar", "intrinsic_content", "intrinsic_ease", "intrinsic_knn"}
MODEL_NOT_ASKED = {"intrinsic_mf", "posthoc_ar", "posthoc_knn"}
"""Approaches that say the same of a list whatever the model."""


def test_every_approach_has_a_row(stored: Stored) -> None:
    table = stored("stability")
    assert list(table.columns) == [
        "approach",
        "n_cited",
        "jaccard",
        "low",
        "high",
        "n_users",
        "n_recommendations",
        "n_retrainings",
    ]
    assert table["approach"].tolist() == USUAL
    assert set(table.loc[table["n_retrainings"] == 0, "approach"]) == UNSEEDED
    table = table.set_index("approach")
    still = table.loc[[*UNSEEDED, *MODEL_NOT_ASKED], ["jaccard", "low", "high"]]
    assert (still == 1).all(axis=None)
    moved = table.loc[["intrinsic_als", "posthoc_influence", "posthoc_fm_lime"]]
    assert moved["jaccard"].between(0.02, 0.95).all()  # few factors of few users' ratings
    assert (moved["low"] < moved["jaccard"]).all()
    assert (moved["jaccard"] < moved["high"]).all()
    users = sample(stored("als.recommendations")["user_id"].unique(), 20, 0, "stability")
    for name, row in moved.iterrows():  # those with reasons, the first time or the second
        first = stored(f"{name}.explanations")[["user_id", "item_id"]].drop_duplicates()
        first = first[first["user_id"].isin(users)]
        assert first["user_id"].nunique() <= row["n_users"] <= 20
        assert 150 < len(first) <= row["n_recommendations"] <= 200


def test_the_value_of_als_is_that_of_two_models(stored: Stored, data: Data) -> None:
    model, lists = stored("als.model"), stored("als.recommendations")
    reseeded = model.parameters.model_copy(update={"seed": model.parameters.seed + 1})
    again = ALS.fit(stored("interactions"), reseeded)
    knowledge = {"item_features": stored("features.item")}
    pair = FittedPair(APPROACHES["intrinsic_als"], again, ContributionParameters(), knowledge)
    second = answer(pair, data, lists=Lists.of(data.histories, lists))
    overlap = explanation_overlap(stored("intrinsic_als.explanations"), second.explanations, 3)
    users = sample(lists["user_id"].unique(), 20, 0, "stability")
    overlap = overlap[overlap["user_id"].isin(users)]
    expected = overlap.groupby("user_id")["jaccard"].mean().mean()
    found = stored("stability").set_index("approach").loc["intrinsic_als", "jaccard"]
    assert found == pytest.approx(expected)


def test_with_the_same_seeds_everything_stays_the_same(
    stored: Stored, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the wiring, or the choice of users, would look like instability."""
    monkeypatch.setattr(wiring, "_reseeded", lambda value: value)
    pipeline = create_pipeline()
    again = Pipeline([node for node in pipeline.nodes if node.namespace == "diagnostics"])
    names = {name for name in again.inputs() if not name.startswith(PREFIX)} - {"data"}
    given = {name: stored(name) for name in names} | {"data": data}
    table = run_nodes(again, given)["stability"]
    assert len(table) == len(USUAL)
    assert (table["jaccard"] == 1).all()


def test_no_hyper_parameter_is_chosen_again() -> None:
    again = {node.name for node in create_pipeline().nodes if node.namespace == "diagnostics"}
    assert "diagnostics.svd_fit_again" in again
    assert not [name for name in again if "calibrate" in name or "sweep" in name]


def evidence(*rows: tuple[int, int, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "evidence_id"])
    return table.assign(position=table.groupby(["user_id", "item_id"]).cumcount() + 1)


def test_reasons_of_the_same_users_are_compared() -> None:
    first = evidence((1, 1, "a"), (1, 1, "b"), (2, 1, "a"), (3, 1, "a"), (4, 1, "z"))
    tables = {
        "x.explanations": first,
        "x.lists": pd.DataFrame({"user_id": [1, 2, 3], "item_id": 1}),
        # The second time nothing explains what is recommended to 3, and something for 2 is other.
        "x.explanations_again": evidence((1, 1, "b"), (1, 1, "a"), (2, 1, "c")),
        "still.explanations": first,
        "still.lists": pd.DataFrame({"user_id": [4, 5], "item_id": 1}),
        "silent.explanations": first.head(0),
        "silent.lists": pd.DataFrame({"user_id": [5], "item_id": 1}),
    }
    found = measure_stability(
        StabilityParameters(n_cited=2), EvaluationParameters(n_resamples=0), **tables
    ).set_index("approach")
    assert found.index.tolist() == ["silent", "still", "x"]
    assert found.loc["x", "jaccard"] == pytest.approx(1 / 3)
    assert found.loc["still", "jaccard"] == 1
    assert found["n_users"].tolist() == [0, 1, 3]
    assert found["n_retrainings"].tolist() == [0, 0, 1]
    assert found.loc["silent", ["jaccard", "low"]].isna().all()
    assert found["low"].isna().all()
