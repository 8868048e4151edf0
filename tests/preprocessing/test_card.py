"""The dataset card, by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.preprocessing.card import dataset_card
from explainable_recsys.preprocessing.cleaning import Dropped
from explainable_recsys.preprocessing.splits import Split

RATINGS = pd.DataFrame(
    {
        "user_id": [1, 1, 1, 2, 3],
        "item_id": [10, 20, 30, 10, 40],
        "rating": np.array([4.5, 4.5, 1, 0.5, 3], dtype=np.float32),
        "timestamp": pd.to_datetime(
            ["2020-05-01", "2001-02-03 23:59", "2020-01-01", "2021-12-31 10:00", "2020-01-02"],
            format="mixed",
        ),
    }
)


@pytest.fixture
def card():
    split = Split(RATINGS[:3], RATINGS[3:4], RATINGS[4:])
    dropped = [Dropped(reason="too few", ratings=2, users=1, items=0)]
    return dataset_card("tiny", RATINGS, split, dropped, n_read=7)


def test_by_hand(card):
    assert card == {
        "name": "tiny",
        "n_ratings": 5,
        "n_users": 3,
        "n_items": 4,
        "density": 5 / 12,
        "mean_rating": pytest.approx(2.7),
        "rating_distribution": {"0.5": 1, "1": 1, "3": 1, "4.5": 2},
        "ratings_per_user": {"min": 1, "median": 1, "90%": pytest.approx(2.6), "max": 3},
        "ratings_per_item": {"min": 1, "median": 1, "90%": pytest.approx(1.7), "max": 2},
        "time_span": ["2001-02-03", "2021-12-31"],
        "split": {"train": 3, "validation": 1, "test": 1},
        "n_read": 7,
        "dropped": [{"reason": "too few", "ratings": 2, "users": 1, "items": 0}],
    }


def test_is_json(card):
    assert json.loads(json.dumps(card)) == card
    assert list(card["rating_distribution"]) == ["0.5", "1", "3", "4.5"]


def test_without_timestamps():
    ratings = RATINGS.drop(columns="timestamp")
    card = dataset_card("tiny", ratings, Split(ratings, ratings[:0], ratings[:0]), [], 5)
    assert card["time_span"] is None
    assert card["split"] == {"train": 5, "validation": 0, "test": 0}
    assert card["dropped"] == []


def test_counts_do_not_depend_on_the_order_of_the_ratings(card):
    shuffled = RATINGS.sample(frac=1, random_state=0)
    split = Split(shuffled[:3], shuffled[3:4], shuffled[4:])
    dropped = [Dropped(reason="too few", ratings=2, users=1, items=0)]
    assert dataset_card("tiny", shuffled, split, dropped, 7) == card
