"""Tables become data and lists, and ids rows and columns, once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.data import Data, Lists, RatingScale
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liking, ScaleShare

RATINGS = pd.DataFrame(
    [(7, 30, 4.0), (3, 20, 0.5), (7, 10, 2.5), (3, 40, 5.0), (9, 30, 1.0)],
    columns=["user_id", "item_id", "rating"],
)
ITEMS = pd.DataFrame({"item_id": [40, 10, 30, 20], "title": ["D", "A", "A", "B"]})


def pairs(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


@pytest.fixture
def histories():
    """Users 3, 7, 9 over items 10, 20, 30, 40."""
    return Interactions.from_frame(RATINGS)


LISTED = pairs([(9, 40), (3, 10), (9, 10), (9, 20), (3, 30)]).set_axis([5, 5, 0, 1, 2])


# Data.


def test_data_of_ratings_alone():
    data = Data.from_frames(RATINGS)
    assert data.histories is data.interactions
    assert data.titles(np.array([3, 0])).tolist() == ["item 40", "item 10"]
    assert data.items.columns.tolist() == ["item_id", "title", "year", "genres"]
    assert data.items[["year", "genres"]].isna().all(axis=None)
    assert data.users.columns.tolist() == ["user_id"]
    assert data.users.empty
    assert data.scale == RatingScale(minimum=0.5, maximum=5.0)


def test_data_of_all_tables():
    users = pd.DataFrame({"user_id": [3], "age": [30]})
    scale = RatingScale(minimum=0, maximum=10)
    items = ITEMS.assign(genres="Drama", country="NZ")
    data = Data.from_frames(RATINGS, items, users, scale)
    assert data.items.columns.tolist() == ["item_id", "title", "genres", "country", "year"]
    assert data.users is users
    assert data.scale is scale


def test_the_scale_of_ratings_that_are_all_the_same():
    data = Data.from_frames(RATINGS.assign(rating=3.0))
    assert data.scale == RatingScale(minimum=3.0, maximum=4.0)


def test_titles_come_in_the_order_asked_for_and_may_repeat():
    """Items 10 and 30 are both called A, and nothing is known of their years."""
    titles = Data.from_frames(RATINGS, ITEMS).titles(np.array([3, 0, 2, 1, 0]))
    assert isinstance(titles, pd.Categorical)
    assert titles.tolist() == ["D", "A [10]", "A [30]", "B", "A [10]"]
    assert sorted(titles.categories) == ["A [10]", "A [30]", "B", "D"]
    assert Data.from_frames(RATINGS, ITEMS).titles(np.array([], np.int64)).tolist() == []


def test_titles_are_told_apart_by_years():
    items = ITEMS.assign(year=[1995, 2000, 1986, 1995][: len(ITEMS)])
    titles = Data.from_frames(RATINGS, items).titles(np.array([0, 2, 1]))
    assert len(set(titles)) == 3
    assert all(title.startswith("A (") for title in titles[:2])


@pytest.mark.parametrize(
    ("liked", "at_least"), [(None, 3.875), (4.5, 4.5), ("all", -np.inf), (ScaleShare(share=1), 5)]
)
def test_what_is_liked_is_looked_up_on_the_scale(liked, at_least):
    """By default from three quarters of the way from 0.5 to 5 on."""
    data = Data.from_frames(RATINGS, liked=liked)
    assert data.liking == Liking(at_least)
    assert data.of(data.interactions).liking is data.liking


def test_nothing_on_the_scale_is_liked():
    with pytest.raises(InputError, match=r"source\.liked: 5\.5, but the highest rating is 5"):
        Data.from_frames(RATINGS, liked=5.5)


def test_titles_of_text_ids():
    ratings = RATINGS.assign(item_id=["é", "b", "c", "d", "e"])
    items = pd.DataFrame({"item_id": ["b", "é"], "title": ["B", "É"]})
    assert Data.from_frames(ratings, items).titles(np.array([4, 0])).tolist() == ["É", "B"]


def test_an_item_without_title_is_named_when_it_is_asked_for():
    data = Data.from_frames(RATINGS, ITEMS[ITEMS["item_id"] != 30])
    assert data.titles(np.array([0, 3])).tolist() == ["A", "D"]
    with pytest.raises(InputError, match="items table: no item 30"):
        data.titles(np.array([0, 2, 1]))


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        (RATINGS.drop(columns="rating"), "no column rating"),
        (pd.concat([RATINGS, RATINGS.head(1)]), "user 7 rated item 30 more than once"),
    ],
)
def test_ratings_that_cannot_be_encoded(ratings, message):
    with pytest.raises(InputError, match=f"ratings table: .*{message}"):
        Data.from_frames(ratings)


def test_other_peoples_histories():
    data = Data.from_frames(RATINGS, ITEMS)
    new = data.interactions.histories(RATINGS.assign(user_id=RATINGS["user_id"] + 100))
    other = data.of(new)
    assert other.histories is new
    assert other.interactions is data.interactions
    assert other.titles(np.array([1])).tolist() == ["B"]
    assert data.histories is data.interactions


@pytest.mark.parametrize(
    ("minimum", "maximum", "message"),
    [
        (5, 1, "minimum 5.0 must be less than maximum 1.0"),
        (2, 2, "must be less than"),
        (0, np.inf, "finite"),
        (np.nan, 1, "finite"),
    ],
)
def test_scales_that_are_none(minimum, maximum, message):
    with pytest.raises(ValueError, match=message):
        RatingScale(minimum=minimum, maximum=maximum)


# Lists.


def test_ids_of_lists_become_rows_and_columns(histories):
    lists = Lists.of(histories, LISTED)
    assert lists.users.tolist() == [2, 0, 2, 2, 0]
    assert lists.items.tolist() == [3, 0, 0, 1, 2]
    assert len(lists) == 5
    pd.testing.assert_frame_equal(lists.table, LISTED.reset_index(drop=True))


def test_lists_by_user(histories):
    positions, columns = Lists.of(histories, LISTED).by_user()
    assert positions.tolist() == [[1, 4, -1], [-1, -1, -1], [0, 2, 3]]
    assert columns.tolist() == [[0, 2, -1], [-1, -1, -1], [3, 0, 1]]


def test_no_lists(histories):
    nothing = Lists.of(histories, pd.DataFrame({"user_id": [], "item_id": []}))
    assert len(nothing) == 0
    positions, columns = nothing.by_user()
    assert positions.shape == columns.shape == (3, 0)
    assert nothing.positions_of(LISTED).tolist() == [-1] * 5


@pytest.mark.parametrize(("user", "item", "message"), [(4, 10, "user_id 4"), (3, 11, "item_id 11")])
def test_lists_of_another_run_name_what_is_unknown(histories, user, item, message):
    with pytest.raises(InputError, match=f"{message} is not among the interactions: .*run the"):
        Lists.of(histories, pairs([(3, 10), (user, item)]))


def test_some_recommendations_by_position_or_mask(histories):
    lists = Lists.of(histories, LISTED)
    for chosen in (np.array([2, 4]), np.array([False, False, True, False, True])):
        some = lists.take(chosen)
        assert some.table.to_numpy().tolist() == [[9, 10], [3, 30]]
        assert some.table.index.tolist() == [0, 1]
        assert some.users.tolist() == [2, 0]
        assert some.items.tolist() == [0, 2]
        assert some.histories is histories
    backwards = lists.take(np.array([4, 2, 4]))
    assert backwards.table["user_id"].tolist() == [3, 9, 3]
    assert backwards.users.tolist() == [0, 2, 0]


def test_the_recommendation_that_a_row_is_about(histories):
    about = pairs([(3, 30), (9, 40), (3, 40), (7, 10), (8, 10), (3, 77), (3, 30), (9, 20)])
    found = Lists.of(histories, LISTED).positions_of(about)
    assert found.tolist() == [4, 0, -1, -1, -1, -1, 4, 3]


def test_an_unknown_item_is_not_the_last_of_the_user_before():
    """Rows and columns are combined to one number."""
    histories = Interactions.from_frame(RATINGS)
    lists = Lists.of(histories, pairs([(3, 40), (7, 10)]))
    assert lists.positions_of(pairs([(7, 5), (7, 10), (3, 40), (3, 99)])).tolist() == [-1, 1, 0, -1]


def test_lists_of_some_users(histories):
    some = Lists.of(histories, LISTED).of_users(np.array([1, 2]))
    assert some.histories.user_ids.tolist() == [7, 9]
    assert some.histories.item_ids is histories.item_ids
    np.testing.assert_array_equal(
        some.histories.ratings.toarray(), histories.ratings.toarray()[[1, 2]]
    )
    assert some.table["item_id"].tolist() == [40, 10, 20]
    assert some.users.tolist() == [1, 1, 1]
    assert some.items.tolist() == [3, 0, 1]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([3, 7, 9]), st.sampled_from([10, 20, 30, 40])), unique=True
    ),
    users=st.sets(st.sampled_from([0, 1, 2])),
)
def test_lists_of_some_users_are_those_that_their_table_would_make(rows, users):
    histories = Interactions.from_frame(RATINGS)
    chosen = np.array(sorted(users), np.int64)
    table = pairs(rows).astype("int64")
    found = Lists.of(histories, table).of_users(chosen)
    own = table[table["user_id"].isin(histories.user_ids[chosen])]
    expected = Lists.of(found.histories, own)
    pd.testing.assert_frame_equal(found.table, expected.table)
    np.testing.assert_array_equal(found.users, expected.users)
    np.testing.assert_array_equal(found.items, expected.items)
    known = table.index.isin(own.index)
    np.testing.assert_array_equal(found.positions_of(table) >= 0, known)


def test_columns_that_lists_lack_are_named(histories):
    with pytest.raises(InputError, match="no column item_id; found user_id, item; accepted: user"):
        Lists.of(histories, LISTED.rename(columns={"item_id": "item"}))
