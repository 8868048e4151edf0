"""Stability of explanations over retrainings, in real sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from explainable_recsys import draws
from explainable_recsys.explainers.contributions import explain_by_contributions
from explainable_recsys.metrics.stability import explanation_overlap
from explainable_recsys.pipelines.approach import SHARED_DATA
from explainable_recsys.pipelines.discovery import every_approach
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.pipelines.evaluation.stability import (
    StabilityParameters,
    measure_stability,
)
from explainable_recsys.pipelines.rerun import rerun
from explainable_recsys.recommenders.als import ALS
from tests.conftest import PROJECT, open_catalog

UNSEEDED = {"intrinsic_ease", "intrinsic_mf", "item_knn", "posthoc_knn"}


@pytest.fixture(scope="module")
def parameters() -> dict[str, Any]:
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env="test") as session:
        return dict(session.load_context().config_loader["parameters"])


def explained_approaches() -> list[str]:
    outputs = every_approach().all_outputs()
    return sorted(n.partition(".")[0] for n in outputs if n.endswith(".explanations"))


def test_every_approach_with_explanations_has_a_row(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        table = catalog.load("stability")
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
    assert table["approach"].tolist() == explained_approaches()
    still = table[table["n_retrainings"] == 0]
    assert set(still["approach"]) == UNSEEDED
    assert (still[["jaccard", "low", "high"]] == 1).all(axis=None)
    moved = table.set_index("approach").loc[["intrinsic_als", "posthoc_influence", "fm"]]
    assert moved["jaccard"].between(0.05, 0.95).all()
    assert (moved["low"] < moved["jaccard"]).all()
    assert (moved["jaccard"] < moved["high"]).all()
    assert (moved["n_users"] == 20).all()
    assert (moved["n_recommendations"] == 200).all()


def test_the_value_of_als_is_that_of_two_models(full_run: Path) -> None:
    with open_catalog(full_run) as catalog:
        table = catalog.load("stability").set_index("approach")
        model, interactions, items, lists, first = (
            catalog.load(name)
            for name in (
                "intrinsic_als.model",
                "interactions",
                "items",
                "intrinsic_als.recommendations",
                "intrinsic_als.explanations",
            )
        )
    again = ALS.fit(interactions, model.parameters.model_copy(update={"seed": 1}))
    second = explain_by_contributions(again, interactions, lists, items, 10)
    users = draws.sample(interactions.user_ids, 20, 0, "stability")
    overlap = explanation_overlap(first, second, 3)
    overlap = overlap[overlap["user_id"].isin(users)]
    expected = overlap.groupby("user_id")["jaccard"].mean().mean()
    assert table.loc["intrinsic_als", "jaccard"] == pytest.approx(expected)


def test_reasons_of_some_users_with_the_same_seeds_are_the_same(
    full_run: Path, parameters: dict[str, Any]
) -> None:
    """Otherwise the choice of users would look like instability."""
    names = [f"{name}.explanations" for name in explained_approaches()]
    lists = [name.replace("explanations", "recommendations") for name in names]
    with open_catalog(full_run) as catalog:
        first = {name: catalog.load(name) for name in names}
        given = {name: catalog.load(name) for name in SHARED_DATA}
        users = given["interactions"].user_ids[3::4]
        given |= {name: catalog.load(name) for name in lists}
    for name in lists:
        given[name] = given[name][given[name]["user_id"].isin(users)]
    second = rerun(every_approach(), given, parameters, names)
    for name, table in first.items():
        overlap = explanation_overlap(table[table["user_id"].isin(users)], second[name], 3)
        assert (overlap["jaccard"] == 1).all(), name


def test_several_retrainings_and_none(full_run: Path, parameters: dict[str, Any]) -> None:
    names = ["interactions", "histories", "data_version", "items"]
    names += ["intrinsic_als.explanations", "intrinsic_als.recommendations"]
    with open_catalog(full_run) as catalog:
        data = {name: catalog.load(name) for name in names}

    def measured(n_retrainings: int, n_resamples: int = 50) -> pd.Series[Any]:
        settings = StabilityParameters(n_retrainings=n_retrainings, n_users=1000)
        evaluation = EvaluationParameters(n_resamples=n_resamples)
        table = measure_stability(settings, evaluation, parameters, **data)
        assert len(table) == 1
        return table.iloc[0]

    first, both = measured(1), measured(2)
    assert first["n_users"] == both["n_users"] == 60
    assert first["n_recommendations"] == both["n_recommendations"] == 600
    assert both["jaccard"] != first["jaccard"] == pytest.approx(both["jaccard"], abs=0.1)
    assert pd.isna(measured(1, n_resamples=0)["low"])
    never = measured(0)
    assert pd.isna(never["jaccard"])
    assert never["n_retrainings"] == never["n_users"] == 0
