"""Stability of explanations when everything random is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.pipeline import Pipeline

from explainable_recsys.answers.answer import FittedPair, answer
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.data import Data, Lists
from explainable_recsys.draws import sample
from explainable_recsys.experiments.fold_in import FoldInParameters
from explainable_recsys.explainers.contributions import ContributionParameters
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.metrics.stability import explanation_overlap
from explainable_recsys.pipelines.diagnostics import create_pipeline
from explainable_recsys.pipelines.diagnostics import pipeline as wiring
from explainable_recsys.pipelines.diagnostics.copies import Timed
from explainable_recsys.pipelines.diagnostics.nodes import (
    StabilityParameters,
    gather_fold_in,
    measure_stability,
)
from explainable_recsys.pipelines.parameters import PREFIX
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.recommenders.als import ALS
from explainable_recsys.recommenders.bias import Bias
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from tests.in_memory import run_nodes

NAN = np.nan
Stored = Callable[[str], Any]

USUAL = sorted(name for name, pair in APPROACHES.items() if not pair.on_request)
UNSEEDED = {"intrinsic_ar", "intrinsic_content", "intrinsic_ease", "intrinsic_knn"}
SEEDLESS = {"ar", "bias", "content", "ease", "item_knn", "popularity", "random_walk"}
"""Recommenders that learn without any chance."""

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
    made = run_nodes(again, given)
    table = made["stability"]
    assert len(table) == len(USUAL)
    assert (table["jaccard"] == 1).all()
    # Two trainings are the same then; all else is what it was in the run, to the last digit.
    of_two = [f"overlap_of_two_trainings{end}" for end in ("", "/low", "/high")]
    assert (made["fold_in"][of_two] == 1).all(axis=None)
    others = made["fold_in"].columns.drop(of_two)
    pd.testing.assert_frame_equal(made["fold_in"][others], stored("fold_in")[others])


def test_no_hyper_parameter_is_chosen_again() -> None:
    again = {node.name for node in create_pipeline().nodes if node.namespace == "diagnostics"}
    assert "diagnostics.svd_fit_again" in again
    assert not [name for name in again if "calibrate" in name or "sweep" in name]


def test_people_are_folded_into_every_recommender(stored: Stored) -> None:
    table = stored("fold_in").set_index("recommender")
    assert table.index.tolist() == sorted(RECOMMENDERS)
    assert set(table.index[table["is_deterministic"]]) == SEEDLESS
    still = table.loc[list(SEEDLESS)]
    assert (still[["overlap_of_two_trainings", "overlap_of_two_trainings/low"]] == 1).all(axis=None)
    assert (table["n"] == 10).all()
    assert table.drop(index="ar")["n_people"].eq(5).all()  # of some people no rule says anything
    assert table["overlap"].between(0, 1).all()
    assert table["overlap_of_others"].between(0, 1).all()
    assert (table["overlap/low"] <= table["overlap"]).all()
    assert (table["overlap"] <= table["overlap/high"]).all()
    predicting = table[["rmse_fold_in", "rmse_retrained"]].dropna()
    assert set(predicting.index) == {"bias", "svd_ratings", "emf_ratings", "fm_ratings", "mf"}
    assert ((predicting > 0.5) & (predicting < 1.5)).all(axis=None)
    seconds = stored("fold_in_seconds")
    assert seconds["recommender"].tolist() == sorted(RECOMMENDERS)
    assert (seconds[["seconds_fold_in", "seconds_training"]] > 0).all(axis=None)


def test_the_overlap_of_als_is_that_of_models_trained_by_hand(stored: Stored, data: Data) -> None:
    learned = pd.concat([stored("train_ratings"), stored("validation_ratings")])
    people = sample(learned["user_id"].unique(), 5, 0, "fold-in")
    own = learned["user_id"].isin(people)
    model = stored("als.model")
    known = Interactions.from_frame(learned[~own])
    few, least = RecommendationParameters(n=10), stored("params:recommendation").min_ratings
    few = few.model_copy(update={"min_ratings": least})
    histories = known.histories(learned[own])
    folded = recommend(ALS.fit(known, model.parameters), histories, few, catalogue=known)
    retrained = recommend(model, data.interactions, few)
    shared = folded.merge(retrained, on=["user_id", "item_id"]).groupby("user_id").size() / 10
    found = stored("fold_in").set_index("recommender").loc["als"]
    assert found["overlap"] == pytest.approx(shared.reindex(people, fill_value=0).mean())


def test_the_errors_of_biases_are_those_of_models_trained_by_hand(
    stored: Stored, data: Data
) -> None:
    learned = pd.concat([stored("train_ratings"), stored("validation_ratings")])
    people = sample(learned["user_id"].unique(), 5, 0, "fold-in")
    own, test = learned["user_id"].isin(people), stored("test_ratings")
    held_out = test[test["user_id"].isin(people)]
    model, known = stored("bias.model"), Interactions.from_frame(learned[~own])
    alone = Bias.fit(known, model.parameters)
    scale = data.scale.minimum, data.scale.maximum
    folded = evaluate_ratings(alone, known.histories(learned[own]), held_out, *scale)
    retrained = evaluate_ratings(model, data.interactions, held_out, *scale)
    found = stored("fold_in").set_index("recommender").loc["bias"]
    assert found["rmse_fold_in"] == pytest.approx(folded["rmse"])
    assert found["rmse_retrained"] == pytest.approx(retrained["rmse"])
    assert found["n_held_out"] == len(held_out)


def test_nothing_learned_from_the_people_left_out_reaches_their_models() -> None:
    """Whatever of the run is made of ratings and is read again was chosen on validation data."""
    from_ratings = everything().from_inputs("train_ratings", "validation_ratings").all_outputs()
    from_ratings |= {"train_ratings", "validation_ratings"}
    trained = [node for node in create_pipeline().nodes if node.name.endswith("_without_some")]
    assert {f"{name}_model_without_some" for name in RECOMMENDERS} <= {
        name for node in trained for name in node.outputs
    }
    read = {name for node in trained for name in node.inputs}
    assert read & from_ratings == {"svd_ratings.user_penalty"}


def test_the_time_of_training_is_that_of_the_model_and_its_knowledge() -> None:
    nodes = {node.name: node for node in create_pipeline().nodes}
    read = {
        name: {i for i in nodes[f"diagnostics.{name}_fold_in"].inputs if i.endswith("_seconds")}
        for name in ("als", "ar", "svd_ratings")
    }
    assert read == {
        "als": {"als_fit_seconds"},
        "ar": {"ar_fit_seconds", "rules_mine_rules_seconds", "rules_build_baskets_seconds"},
        "svd_ratings": {"svd_ratings_fit_seconds"},
    }


def test_a_timed_function_says_last_how_long_it_took() -> None:
    def one(n: int) -> int:
        return n

    def two(n: int) -> tuple[int, int]:
        return n, n

    assert Timed(one)(3)[:-1] == (3,)
    assert Timed(two)(n=3)[:-1] == (3, 3)
    assert Timed(one)(3)[-1] >= 0
    assert Timed(one).__name__ == "one"


def people_of(**columns: Any) -> pd.DataFrame:
    usual = {"overlap_of_others": 0.5, "overlap_of_two_trainings": 1.0, "is_deterministic": True}
    return pd.DataFrame(usual | {"user_id": range(2), "n_held_out": [3, 1]} | columns)


def test_what_is_gathered_of_people_who_are_folded_in() -> None:
    made = {
        "b_folded_in": people_of(
            overlap=[0.5, 1.0], squared_fold_in=[3.0, 1.0], squared_retrained=[0.5, 0.5]
        ),
        "a_folded_in": people_of(overlap=[1.0, NAN], squared_fold_in=NAN, squared_retrained=NAN),
        "a_fold_in_times": {"seconds_fold_in": 0.5, "seconds_training": 3.0},
        "b_fold_in_times": {"seconds_fold_in": 0.25, "seconds_training": 2.0},
    }
    found, seconds = gather_fold_in(
        EvaluationParameters(n_resamples=0), FoldInParameters(n=4), **made
    )
    assert found["recommender"].tolist() == ["a", "b"]
    assert found["overlap"].tolist() == [1, 0.75]
    assert found["n_people"].tolist() == [1, 2]
    assert found["overlap/low"].isna().all()
    a, b = found[["rmse_fold_in", "rmse_retrained"]].to_numpy()
    assert np.isnan(a).all()
    assert b.tolist() == [1, 0.5]  # over four ratings
    assert seconds["seconds_training"].tolist() == [3, 2]


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
