"""Most-popular: counts, by hand."""

import numpy as np
import pandas as pd

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.popularity import Popularity

RATINGS = pd.DataFrame(
    {
        "user_id": [1, 1, 2, 2, 3],
        "item_id": [10, 20, 10, 30, 10],
        "rating": [5.0, 1.0, 0.0, 2.0, 3.0],
    }
)


def test_counts_ratings_whatever_their_value():
    interactions = Interactions.from_frame(RATINGS)
    model = Popularity.fit(interactions)
    assert model.n_ratings.tolist() == [3, 1, 1]
    assert model.n_items == 3


def test_everybody_gets_the_same_scores():
    interactions = Interactions.from_frame(RATINGS)
    scores = Popularity.fit(interactions).scores(interactions.ratings)
    np.testing.assert_array_equal(scores, [[3, 1, 1]] * 3)
    assert scores.dtype == np.float32


def test_nobody_is_asked_for_a_history():
    assert not Popularity.fit(Interactions.from_frame(RATINGS)).is_personal
