"""What is measured of stored lists and explanations, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.liking import Liking
from explainable_recsys.metrics.evaluation import (
    check_explained,
    evaluate_approach,
    evaluate_recommender,
    faithfulness_tables,
)
from explainable_recsys.metrics.explanations import coverage_with_interval
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.null import what_is_asked
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters

Stored = Callable[[str], Any]

PAIR = ["user_id", "item_id"]
N_USERS = 40
QUICK = EvaluationParameters(n_resamples=0)
EVERYBODY = FaithfulnessParameters(n_users=None, curve_users=0)


def ratings() -> pd.DataFrame:
    """Every user has rated seven of thirty items."""
    rng = np.random.default_rng(0)
    items = np.concatenate([rng.permutation(30)[:7] for _ in range(N_USERS)])
    users = np.repeat(np.arange(N_USERS), 7) * 3
    return pd.DataFrame({"user_id": users, "item_id": items, "rating": 3.0})


def control_lists(table: pd.DataFrame, kind: str = "random", **changed: Any) -> pd.DataFrame:
    known = Data.from_frames(table).interactions
    model = (
        Popularity.fit(known)
        if kind == "popularity"
        else RandomScores.fit(known, RandomScoresParameters(seed=1))
    )
    evaluation = EvaluationParameters(**({"k": 4, "control_users": 9, "seed": 2} | changed))
    return of_control_users(recommend(model, known, RecommendationParameters(n=4)), evaluation)


@pytest.mark.parametrize("kind", ["popularity", "random"])
def test_the_order_of_the_rows_does_not_choose_the_users_of_controls(kind: str) -> None:
    expected = control_lists(ratings(), kind)
    assert expected["user_id"].nunique() == 9
    for seed in range(3):
        shuffled = ratings().sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(control_lists(shuffled, kind), expected)


def test_both_controls_are_of_the_same_users_and_another_seed_of_others() -> None:
    users = [
        set(control_lists(ratings(), kind, seed=seed)["user_id"])
        for kind, seed in (("popularity", 2), ("random", 2), ("random", 3))
    ]
    assert users[0] == users[1] != users[2]
    for n in (None, N_USERS, 99):
        assert control_lists(ratings(), control_users=n)["user_id"].nunique() == N_USERS


def judged_lists(
    stored: Stored, data: Data, lists: pd.DataFrame, **changed: Any
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Metrics of lists of ALS, and those of every user."""
    given = {
        "data_fingerprint": stored("als.data_fingerprint"),
        "data_version": stored("data_version"),
        "evaluation": QUICK,
        "recommendation": RecommendationParameters(),
    }
    tests = stored("test_ratings")
    metrics, by_user, facts = evaluate_recommender(
        stored("als.model"), data, lists, test_ratings=tests, **(given | changed)
    )
    assert facts["n_users"] == by_user["recall@10"].notna().sum()
    return metrics, by_user.set_index("user_id")


def judged_reasons(
    stored: Stored, data: Data, lists: pd.DataFrame, reasons: pd.DataFrame, **changed: Any
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The same of explanations of ALS."""
    model = stored("als.model")
    asked = what_is_asked(Lists.of(data.histories, lists), EVERYBODY)
    of_null = explain_by_contributions(model, data, asked.others, ContributionParameters())
    _, _, faithful = faithfulness_tables(
        model, data, lists, reasons, EVERYBODY, QUICK, RecommendationParameters()
    )
    metrics, by_user, _ = evaluate_approach(
        model,
        data,
        lists,
        reasons,
        faithfulness_by_user=faithful,
        faithfulness=EVERYBODY,
        evaluation=QUICK,
        **(
            {name: stored("data_version") for name in ("data_fingerprint", "data_version")}
            | {"explanations_of_null": of_null.evidence}
            | changed
        ),
    )
    return metrics, by_user.set_index("user_id")


def test_lists_and_reasons_for_some_users_only(stored: Stored, data: Data) -> None:
    lists, reasons = stored("als.recommendations"), stored("intrinsic_als.explanations")
    users = lists["user_id"].unique()[::2]
    some, of_some = (table[table["user_id"].isin(users)] for table in (lists, reasons))
    metrics, by_user = judged_lists(stored, data, some)
    assert metrics["recall@10/n"] > len(users)
    assert (by_user.drop(users)["recall@10"] == 0).all()
    metrics, by_user = judged_reasons(stored, data, some, of_some)
    assert metrics["coverage/n"] == len(users)
    assert metrics["pos@10,3/n"] == of_some["user_id"].nunique() >= len(users) - 3
    assert set(by_user.index) == set(users)


def test_what_was_measured_besides_is_taken_over(stored: Stored, data: Data) -> None:
    lists = stored("als.recommendations")
    metrics, _ = judged_lists(stored, data, lists, list_metrics={"extra": 0.5})
    assert metrics["extra"] == 0.5
    reasons = stored("intrinsic_als.explanations")
    metrics, _ = judged_reasons(stored, data, lists, reasons, approach_metrics={"extra": 0.5})
    assert metrics["extra"] == 0.5
    assert "additivity_error" not in metrics
    metrics, _ = judged_reasons(stored, data, lists, reasons, adds_up=True)
    assert metrics["additivity_error_relative"] < 1e-4


def test_coverage_of_controls(stored: Stored, data: Data) -> None:
    lists, reasons = stored("als.recommendations"), stored("intrinsic_als.explanations")
    of_control = stored("popularity.recommendations")
    explained = stored("rules.explanations_of_popularity")
    tables = {
        "recommendations_of_popularity": of_control,
        "explanations_of_popularity": explained,
    }
    metrics, _ = judged_reasons(stored, data, lists, reasons, **tables)
    share = len(explained[PAIR].drop_duplicates()) / len(of_control)
    assert 0.1 < share < 1
    assert metrics["coverage_of_popularity"] == pytest.approx(share)
    assert metrics["coverage_of_popularity/n"] == of_control["user_id"].nunique()
    asked = Lists.of(data.histories, of_control)
    found = coverage_with_interval("found", asked, explained, 50, 0)
    assert found["found"] == pytest.approx(share)
    assert found["found/low"] < share < found["found/high"]
    tables["recommendations_of_popularity"] = of_control.head(9)
    with pytest.raises(InputError, match="different runs"):
        judged_reasons(stored, data, lists, reasons, **tables)


def test_other_data_and_other_tables_are_refused(stored: Stored, data: Data) -> None:
    lists, reasons = stored("als.recommendations"), stored("intrinsic_als.explanations")
    other = stored("data_version") | {"version": "bbb"}
    with pytest.raises(InputError, match="version bbb"):
        judged_lists(stored, data, lists, data_version=other)
    with pytest.raises(InputError, match="version bbb"):
        judged_reasons(stored, data, lists, reasons, data_version=other)
    with pytest.raises(InputError, match="not those of the stored model"):
        judged_lists(stored, data, stored("ease.recommendations"))
    with pytest.raises(InputError, match="not those of the stored recommendations"):
        check_explained(lists[lists["rank"] > 1], reasons)
    check_explained(lists, reasons[reasons["position"] > 2])


def test_protocols(stored: Stored, data: Data) -> None:
    lists = stored("als.recommendations")
    wanted = EvaluationParameters(k=10, relevance="liked", sampled_negatives=20, n_resamples=0)
    only_the_best = dataclasses.replace(data, liking=Liking(5.0))
    metrics, _ = judged_lists(stored, only_the_best, lists, evaluation=wanted)
    tests = stored("test_ratings")
    liked = tests[tests["rating"] == 5]
    assert metrics["recall@10/n"] == liked["user_id"].nunique() < tests["user_id"].nunique()
    assert metrics["sampled_20_recall@10"] > metrics["recall@10"]
    any_rating = wanted.model_copy(update={"relevance": "any"})
    metrics, _ = judged_lists(stored, only_the_best, lists, evaluation=any_rating)
    assert metrics["recall@10/n"] == tests["user_id"].nunique()
    nothing = dataclasses.replace(data, liking=Liking(6.0))
    with pytest.raises(
        InputError, match=r"evaluation\.relevance: 'liked', .* 5; accepted here: any"
    ):
        judged_lists(stored, nothing, lists, evaluation=wanted)
    with pytest.raises(InputError, match=r"evaluation\.k: 11, .*accepted: 1 to 10"):
        judged_lists(stored, data, lists, evaluation=EvaluationParameters(k=11))


def test_liked_from_the_mean_of_each_history(stored: Stored, data: Data) -> None:
    wanted = EvaluationParameters(k=10, relevance="liked", n_resamples=0)
    of_means = dataclasses.replace(data, liking=Liking(math.nan))
    lists, tests = stored("als.recommendations"), stored("test_ratings")
    metrics, by_user = judged_lists(stored, of_means, lists, evaluation=wanted)
    recall = {}
    for user, own in tests.groupby("user_id"):
        rated = data.histories.ratings[data.histories.user_rows([user])].data
        liked = set(own["item_id"][own["rating"] >= rated.mean(dtype=float)])
        if liked:
            told = set(lists["item_id"][(lists["user_id"] == user) & (lists["rank"] <= 10)])
            recall[user] = len(told & liked) / len(liked)
    assert 0 < len(recall) < tests["user_id"].nunique()
    assert metrics["recall@10/n"] == len(recall)
    found = by_user["recall@10"].dropna()
    assert found.to_dict() == pytest.approx(recall)
