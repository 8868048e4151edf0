"""What filters leave: by hand, and as the cleaning itself leaves it."""

import numpy as np
import pandas as pd

from explainable_recsys.exploration.filters import READ, cleaning_steps, cores
from explainable_recsys.preprocessing.cleaning import CleaningParameters, clean_ratings

# A square of two users and two items, each with the ratings of a third user hanging on it.
RATINGS = pd.DataFrame(
    [(1, 1, 3), (1, 2, 3), (2, 1, 3), (2, 2, 3), (3, 2, 3), (3, 3, 3)],
    columns=["user_id", "item_id", "rating"],
)
NO_ITEMS = pd.DataFrame({"item_id": [], "title": [], "genres": []})


def test_steps_as_the_cleaning_took_them():
    parameters = CleaningParameters(min_item_ratings=2, k_core=2)
    left, dropped = clean_ratings(RATINGS, NO_ITEMS, parameters, "row {}".format)
    table = cleaning_steps(left, dropped)
    assert table["reason"].tolist() == [READ, "too few or too many ratings", "not in the 2-core"]
    assert table[["step", "n_ratings", "n_users", "n_items"]].to_numpy().tolist() == [
        [0, 6, 3, 3],
        [1, 5, 3, 2],
        [2, 4, 2, 2],
    ]


def test_nothing_dropped():
    assert cleaning_steps(RATINGS, []).to_numpy().tolist() == [[0, READ, 6, 3, 3]]


def test_cores():
    table = cores(RATINGS, (1, 2, 3, 5))
    assert table["k"].tolist() == [1, 2, 3, 5]
    assert table[["n_ratings", "n_users", "n_items"]].to_numpy().tolist() == [
        [6, 3, 3],
        [4, 2, 2],
        [0, 0, 0],
        [0, 0, 0],
    ]
    np.testing.assert_allclose(table["density"], [6 / 9, 1, np.nan, np.nan])
    np.testing.assert_allclose(table["share_of_ratings"], [1, 4 / 6, 0, 0])
    np.testing.assert_allclose(table["share_of_users"], [1, 2 / 3, 0, 0])
