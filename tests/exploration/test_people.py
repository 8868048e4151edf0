"""Tables of the people: by hand, and where little or nothing is known of them."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.exploration.people import (
    AGE_GROUPS,
    UNKNOWN,
    demographics,
    genders_by_genre,
)
from explainable_recsys.exploration.totals import rating_totals

RATINGS = pd.DataFrame(
    [(1, 10, 5), (1, 11, 3), (2, 10, 1), (3, 11, 4), (4, 10, 2)],
    columns=["user_id", "item_id", "rating"],
).astype({"rating": "float32"})
ITEMS = pd.DataFrame({"item_id": [10, 11], "genres": ["Drama|War", "Drama"]})
USERS = pd.DataFrame(
    {
        "user_id": [1, 2, 3],
        "age": pd.array([17, 56, None], dtype="Int16"),
        "gender": ["F", "M", "F"],
        "occupation": ["", "", ""],
    }
)
TOTALS = rating_totals(RATINGS, "user_id")


def test_demographics():
    table = demographics(USERS, TOTALS)
    groups = list(zip(table["attribute"], table["group"], strict=True))
    assert groups == [
        ("age", "Under 18"),
        ("age", "56+"),
        ("age", UNKNOWN),
        ("gender", "F"),
        ("gender", "M"),
        ("gender", UNKNOWN),
    ]
    assert table["n_users"].tolist() == [1, 1, 2, 2, 1, 1]
    assert table["share_of_users"].tolist() == [0.25, 0.25, 0.5, 0.5, 0.25, 0.25]
    assert table["n_ratings"].tolist() == [2, 1, 2, 3, 1, 1]
    np.testing.assert_allclose(table["share_of_ratings"], [0.4, 0.2, 0.4, 0.6, 0.2, 0.2])
    np.testing.assert_allclose(table["mean_rating"], [4, 1, 3, 4, 1, 2])


def test_age_groups_and_the_codes_of_movielens_1m():
    ages = {0: 0, 1: 0, 17: 0, 18: 1, 24: 1, 25: 2, 35: 3, 45: 4, 49: 4, 50: 5, 55: 5, 56: 6}
    for age, place in ages.items():
        users = pd.DataFrame({"user_id": [1], "age": [age]})
        (group,) = demographics(users, TOTALS.head(1))["group"]
        assert group == AGE_GROUPS[place]


def test_more_frequent_groups_first_codes_stay_text():
    users = pd.DataFrame({"user_id": [1, 2, 3, 4], "occupation": ["0", "10", "10", "4"]})
    assert demographics(users, TOTALS)["group"].tolist() == ["10", "0", "4"]


@pytest.mark.parametrize(
    "users",
    [USERS.head(0), USERS[["user_id"]], USERS.assign(age=None, gender=None)],
    ids=["no users", "no columns", "nothing told"],
)
def test_nothing_is_known(users):
    for empty, full in (
        (demographics(users, TOTALS), demographics(USERS, TOTALS)),
        (genders_by_genre(RATINGS, users, ITEMS), genders_by_genre(RATINGS, USERS, ITEMS)),
    ):
        assert empty.empty
        assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_genders_by_genre():
    table = genders_by_genre(RATINGS, USERS, ITEMS)
    rows = list(zip(table["genre"], table["gender"], table["n_ratings"], strict=True))
    assert rows == [("Drama", "F", 3), ("Drama", "M", 1), ("War", "F", 1), ("War", "M", 1)]
    np.testing.assert_allclose(table["share"], [1, 1, 1 / 3, 1])
    np.testing.assert_allclose(table["mean_rating"], [4, 1, 5, 1])


def test_no_genres():
    assert genders_by_genre(RATINGS, USERS, ITEMS.assign(genres="")).empty


def test_a_gender_that_never_rates_a_genre_has_no_mean_there():
    table = genders_by_genre(
        RATINGS[RATINGS["user_id"] != 2], USERS.assign(gender=list("FMM")), ITEMS
    )
    row = table[(table["genre"] == "War") & (table["gender"] == "M")].iloc[0]
    assert row["n_ratings"] == row["share"] == 0
    assert pd.isna(row["mean_rating"])
