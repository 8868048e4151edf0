"""People who are folded in, beside the same people trained on: worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, RatingScale
from explainable_recsys.errors import InputError
from explainable_recsys.experiments.fold_in import (
    FoldInParameters,
    fold_people_in,
    leave_people_out,
    overlap,
)
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters
from explainable_recsys.recommenders.popularity import Popularity

RATED = {1: [10, 11], 2: [10, 11], 3: [10, 12], 8: [12, 13], 9: [12, 13, 14]}
"""8 and 9 are left out: with them items have 3, 2, 3, 2 and 1 ratings, without 3, 2 and 1."""

LEFT_OUT = [8, 9]
RECOMMENDATION = RecommendationParameters(min_ratings=1)


def data_of(people: list[int]) -> Data:
    rows = [(user, item, 1.0 + item % 5) for user in people for item in RATED[user]]
    ratings = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    return Data.from_frames(ratings, scale=RatingScale(minimum=1, maximum=5))


EVERYBODY, OTHERS = data_of(list(RATED)), data_of([1, 2, 3])

HELD_OUT = pd.DataFrame(
    {"user_id": [1, 8, 8, 9], "item_id": [12, 10, 99, 11], "rating": [1.0, 5.0, 3.0, 2.0]}
)
"""Of a person whom both models know, of one who rated an item that no model knows, and of 9."""


class Stub(Recommender):
    """Scores for everybody, and one predicted rating."""

    is_personal, predicts_ratings = False, True

    def __init__(self, scores: list[float], predicted: float) -> None:
        self._scores, self._predicted = np.array([scores], np.float32), predicted

    @property
    def n_items(self) -> int:
        return self._scores.shape[1]

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        return np.repeat(self._scores, histories.shape[0], axis=0)

    def predict_ratings(
        self, histories: sparse.csr_array, rows: NDArray[Any], columns: NDArray[Any]
    ) -> NDArray[np.float64]:
        return np.full(len(rows), self._predicted)


def folded(n: int = 2, **more: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    models = {
        "without": Popularity.fit(OTHERS.interactions),
        "model": Popularity.fit(EVERYBODY.interactions),
    }
    known = {"data_without": OTHERS, "data": EVERYBODY, "test_ratings": HELD_OUT}
    given = {"recommendation": RECOMMENDATION, "fold_in": FoldInParameters(n=n)}
    return fold_people_in(**models | known | given | more)


def test_people_are_compared_with_themselves_and_with_others() -> None:
    people, _ = folded()
    assert people["user_id"].tolist() == LEFT_OUT
    # 8 and 9 get 10 and 11 of both models: what they rated is not recommended to them.
    assert people["overlap"].tolist() == [1, 1]
    # 1 and 2 get 12 and 13 of everybody, and 12 of the others; 3 gets 11 and 13, and 11.
    assert people["overlap_of_others"].tolist() == [0.5, 0.5]
    # Without seeds another training is the same one.
    assert people["overlap_of_two_trainings"].tolist() == [1, 1]
    assert people["is_deterministic"].all()


def test_items_with_too_few_ratings_are_left_out_on_either_side() -> None:
    people, _ = folded(recommendation=RecommendationParameters(min_ratings=3))
    assert people["overlap"].tolist() == [1, 1]  # 10 alone of both
    # 12 has three ratings with the people left out, and one without: who has not rated it gets it
    # of one model only, and 3, who has rated all that is left, nothing of any.
    assert set(people["overlap_of_others"].dropna()) == {0}


def test_another_training_is_compared_with_the_one_on_everybody() -> None:
    # Of 10, …, 14 the last are best: 8 gets 14 and 11 where the model has 10 and 11; 9, who rated
    # 14, gets 11 and 10, the same in another order.
    people, _ = folded(again=Stub([1, 2, 3, 4, 5], 3))
    assert people["overlap_of_two_trainings"].tolist() == [0.5, 1]
    assert people["overlap"].tolist() == [1, 1]
    assert not people["is_deterministic"].any()


def test_errors_of_predicted_ratings_are_those_of_the_people_left_out() -> None:
    people, _ = folded(without=Stub([3, 2, 1], 4), model=Stub([3, 2, 1, 0, 0], 7))
    # 4 for 5 and 3, and for 2; 7 is cut to 5.
    assert people["squared_fold_in"].tolist() == [1 + 1, 4]
    assert people["squared_retrained"].tolist() == [0 + 4, 9]
    assert people["n_held_out"].tolist() == [2, 1]
    people, _ = folded()
    assert people[["squared_fold_in", "squared_retrained"]].isna().all(axis=None)


def test_nothing_was_held_out() -> None:
    people, _ = folded(model=Stub([3, 2, 1, 0, 0], 3), test_ratings=HELD_OUT.head(0))
    assert people["n_held_out"].tolist() == [0, 0]
    assert people["squared_retrained"].tolist() == [0, 0]


def test_times_are_those_of_a_list_and_of_all_steps_of_training() -> None:
    _, times = folded(ar_fit_seconds=1.5, rules_mine_rules_seconds=2.0)
    assert times["seconds_training"] == 3.5
    assert 0 < times["seconds_fold_in"] < 1


def test_overlap() -> None:
    first = np.array([1, 2, 3])
    assert overlap(first, np.array([3, 1, 2])) == 1
    assert overlap(first, np.array([2, 4])) == pytest.approx(1 / 3)
    assert overlap(first, first[:0]) == 0
    assert np.isnan(overlap(first[:0], first[:0]))


def ratings_of(n_people: int) -> pd.DataFrame:
    return pd.DataFrame({"user_id": np.repeat(np.arange(n_people), 2)}).assign(rating=3.0)


def left_out(n_all: int, **parameters: Any) -> set[int]:
    train = ratings_of(n_all)
    kept, validation = leave_people_out(train, train[::2], FoldInParameters(**parameters))
    assert set(validation["user_id"]) == set(kept["user_id"])
    return set(range(n_all)) - set(kept["user_id"])


def test_who_is_left_out() -> None:
    people = left_out(50, n_people=3)
    assert len(people) == 3
    assert left_out(50, n_people=2) < people  # the first of a fixed order
    assert left_out(50, n_people=3, seed=1) != people
    assert len(left_out(50)) == 5  # a tenth
    assert len(left_out(2)) == 1
    with pytest.raises(InputError, match=r"1 people; to leave one out, 2 are needed"):
        left_out(1)


def test_who_is_left_out_does_not_depend_on_the_order_of_rows() -> None:
    train, parameters = ratings_of(30), FoldInParameters()
    kept, _ = leave_people_out(train, train, parameters)
    other, _ = leave_people_out(train[::-1], train, parameters)
    assert set(other["user_id"]) == set(kept["user_id"])
