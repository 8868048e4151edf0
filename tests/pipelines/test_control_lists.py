"""Whose lists of the baselines explainers are tried on."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.interactions import Interactions
from explainable_recsys.pipelines.approach import make_control_lists
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.lists import RecommendationParameters
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters

N_USERS = 40


def ratings():
    """Every user has rated seven of thirty items."""
    rng = np.random.default_rng(0)
    items = np.concatenate([rng.permutation(30)[:7] for _ in range(N_USERS)])
    users = np.repeat(np.arange(N_USERS), 7) * 3
    return pd.DataFrame({"user_id": users, "item_id": items, "rating": 3.0})


def control_lists(table, kind="random", **changed):
    data = Interactions.from_frame(table)
    model = (
        Popularity.fit(data)
        if kind == "popularity"
        else RandomScores.fit(data, RandomScoresParameters(seed=1))
    )
    evaluation = EvaluationParameters(**({"k": 4, "control_users": 9, "seed": 2} | changed))
    return make_control_lists(model, data, RecommendationParameters(n=4), evaluation)


@pytest.mark.parametrize("kind", ["popularity", "random"])
def test_the_order_of_the_rows_does_not_matter(kind):
    expected = control_lists(ratings(), kind)
    assert expected["user_id"].nunique() == 9
    for seed in range(3):
        shuffled = ratings().sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(control_lists(shuffled, kind), expected)


def test_both_controls_are_of_the_same_users_and_another_seed_of_others():
    users = [
        set(control_lists(ratings(), kind, seed=seed)["user_id"])
        for kind, seed in (("popularity", 2), ("random", 2), ("random", 3))
    ]
    assert users[0] == users[1] != users[2]


@pytest.mark.parametrize("n", [None, N_USERS, 99])
def test_everybody(n):
    assert control_lists(ratings(), control_users=n)["user_id"].nunique() == N_USERS
