"""Features of items and users, worked out by hand on tables of a few rows."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import (
    FeatureParameters,
    Features,
    item_features,
    user_features,
)

ITEM_GROUPS = ("genres", "decade", "popularity")
USER_GROUPS = ("age", "gender", "occupation", "mean_rating", "taste")

ITEMS = pd.DataFrame(
    {
        "item_id": [60, 40, 30, 20, 10],
        "title": ["unrated", "D", "C", "B", "A"],
        "year": pd.array([1900, 1980, None, 1979, 2003], dtype="Int16"),
        "genres": ["Western", None, "War|Drama|War", "", "War"],
    }
)
"""Item 60 has no ratings; item 50 has, but is not listed."""

USERS = pd.DataFrame(
    {
        "user_id": [4, 2, 9, 1],
        "age": pd.array([None, 30, 99, 29], dtype="Int16"),
        "gender": ["x", "M", "F", "F"],
        "occupation": ["writer", None, "clown", "artist"],
    }
)
"""User 9 has no ratings; user 3 has, but is not listed."""

RATINGS = {
    1: {10: 5.0, 20: 4.0, 30: 4.5},
    2: {10: 3.0, 20: 2.5},
    3: {10: -1.0, 30: 0.0, 50: -1.0},
    4: {40: 0.25},
}


def interactions(ratings):
    """From {user: {item: rating}}."""
    rows = [(user, item, value) for user in ratings for item, value in ratings[user].items()]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def counted(counts):
    """Item i is rated by counts[i] users."""
    rated = {u: {i: 3.0 for i, n in enumerate(counts) if u < n} for u in range(max(counts))}
    return interactions(rated)


def of_items(group, data=None, items=ITEMS, **parameters):
    data = interactions(RATINGS) if data is None else data
    return item_features(data, items, FeatureParameters(**parameters), (group,))


def of_users(group, data=None, users=USERS, items=ITEMS, **parameters):
    data = interactions(RATINGS) if data is None else data
    return user_features(data, users, items, FeatureParameters(**parameters), (group,))


def held(features):
    """Names of the features of each row, by a walk through the dense matrix."""
    dense = features.matrix.toarray()
    assert set(np.unique(dense)) <= {0.0, 1.0}
    return [[features.names[column] for column in np.flatnonzero(row)] for row in dense]


def test_genres():
    features = of_items("genres")
    assert features.names == features.labels == ("Drama", "War")
    assert features.groups == ("genres", "genres")
    assert held(features) == [["War"], [], ["Drama", "War"], [], []]
    assert features.matrix.nnz == 3


@pytest.mark.parametrize(
    ("width", "names", "labels", "places"),
    [
        (10, ("1970", "1980", "2000"), ("the 1970s", "the 1980s", "the 2000s"), (2, 0, 1)),
        (1, ("1979", "1980", "2003"), ("1979", "1980", "2003"), (2, 0, 1)),
        (5, ("1975", "1980", "2000"), ("1975 to 1979", "1980 to 1984", "2000 to 2004"), (2, 0, 1)),
        (50, ("1950", "2000"), ("1950 to 1999", "2000 to 2049"), (1, 0, 0)),
        (100, ("1900", "2000"), ("1900 to 1999", "2000 to 2099"), (1, 0, 0)),
    ],
)
def test_years(width, names, labels, places):
    """Item 30 has no year, item 50 is not in the items table."""
    features = of_items("decade", years_per_bin=width)
    assert features.names == names
    assert features.labels == tuple(f"from {label}" for label in labels)
    assert set(features.groups) == {"decade"}
    first, second, fourth = (names[place] for place in places)
    assert held(features) == [[first], [second], [], [fourth], []]


def test_years_as_decimal_numbers_or_text_are_the_same():
    for dtype in ("float64", "object", "string"):
        items = ITEMS.assign(year=ITEMS["year"].astype(dtype))
        assert held(of_items("decade", items=items)) == held(of_items("decade"))


COUNTS = [2, 9, 4, 7, 1, 7, 4, 5, 1, 4]


def test_popularity_ranks_and_ties():
    """Rated at least as often: 1 as the one with 9, 3 as those with 7, 4 as 5, 7 as 4, 8 as 2."""
    features = of_items("popularity", counted(COUNTS), popularity_bins=(0.1, 0.3, 0.5))
    assert features.names == ("top 10 %", "top 30 %", "top 50 %", "rest")
    assert features.labels == (
        "among the 10 % most often rated",
        "among the 30 % most often rated",
        "among the 50 % most often rated",
        "rarely rated",
    )
    bins = {9: "top 10 %", 7: "top 30 %", 5: "top 50 %", 4: "rest", 2: "rest", 1: "rest"}
    assert held(features) == [[bins[count]] for count in COUNTS]


@pytest.mark.parametrize(
    ("shares", "names"),
    [
        ((0.1, 0.2, 0.3), ("top 10 %", "top 30 %", "rest")),  # two are third, none is second
        ((0.1, 0.35), ("top 10 %", "top 35 %", "rest")),
        ((0.125, 0.9), ("top 12.5 %", "top 90 %", "rest")),  # the last two are both tenth
        ((0.1, 0.2, 0.25), ("top 10 %", "rest")),
        ((0.05,), ("rest",)),
        ((), ("rest",)),
    ],
)
def test_popularity_leaves_out_bins_without_items(shares, names):
    features = of_items("popularity", counted(COUNTS), popularity_bins=shares)
    assert features.names == names
    assert [label == "rarely rated" for label in features.labels] == [
        name == "rest" and shares != () for name in names
    ]
    np.testing.assert_array_equal(features.matrix.sum(axis=1), 1)


def test_equally_popular_items_are_all_last():
    features = of_items("popularity", counted([3, 3, 3, 3]), popularity_bins=(0.01, 0.999))
    assert held(features) == [["rest"]] * 4
    assert features.matrix.shape == (4, 1)
    assert features.labels == ("rarely rated",)


@pytest.mark.parametrize(("n", "share", "most"), [(25, 0.28, 7), (100, 0.29, 29), (10, 0.1, 1)])
def test_popularity_share_is_not_changed_by_rounding(n, share, most):
    """In binary 0.28 of 25 is more than 7, 0.29 of 100 less than 29."""
    features = of_items("popularity", counted(range(1, n + 1)), popularity_bins=(share,))
    assert features.matrix.sum(axis=0).tolist() == [most, n - most]


@settings(max_examples=33, deadline=None)
@given(
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=30),
    percents=st.lists(st.integers(1, 99), max_size=4, unique=True).map(sorted),
)
def test_no_popularity_bin_holds_more_of_the_catalogue_than_it_says(counts, percents):
    """And none holds less than it could: what is left out, its ties included, would be too much."""
    shares = tuple(percent / 100 for percent in percents)
    features = of_items("popularity", counted(counts), popularity_bins=shares)
    (names,) = zip(*held(features), strict=True)
    limits = {f"top {percent} %": Fraction(percent, 100) for percent in percents} | {"rest": 1}
    order = list(limits)
    for name, limit in limits.items():
        inside = [order.index(other) <= order.index(name) for other in names]
        assert sum(inside) <= limit * len(counts)
        wanted = [sum(c >= count for c in counts) <= limit * len(counts) for count in counts]
        assert inside == wanted


@pytest.mark.parametrize("shares", [(0.5, 0.2), (0.2, 0.2), (0.0, 0.5), (0.5, 1.0), (-0.1,), (2,)])
def test_popularity_bins_must_rise_between_0_and_1(shares):
    with pytest.raises(ValidationError, match=r"popularity_bins\n.*between 0 and 1, rising"):
        FeatureParameters(popularity_bins=shares)


@pytest.mark.parametrize(
    "wrong",
    [
        {"years_per_bin": 0},
        {"ages_per_bin": 0},
        {"rating_bin": 0},
        {"rating_bin": 0.0099},
        {"taste_lift": 1},
        {"item": ["age"]},
        {"user": ["genres"]},
        {"item": ["id"]},
        {"user": ["id"]},
        {"item": []},
        {"user": []},
        {"popularity": True},
    ],
)
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        FeatureParameters(**wrong)


@pytest.mark.parametrize(
    ("width", "names", "labels"),
    [
        (10, ("20", "30"), ("aged 20 to 29", "aged 30 to 39")),
        (1, ("29", "30"), ("aged 29", "aged 30")),
        (7, ("28",), ("aged 28 to 34",)),
    ],
)
def test_ages(width, names, labels):
    features = of_users("age", ages_per_bin=width)
    assert (features.names, features.labels) == (names, labels)
    assert held(features) == [[names[0]], [names[-1]], [], []]


def test_bins_are_in_order_of_the_numbers_not_of_their_digits():
    users = pd.DataFrame({"user_id": [1, 2, 3, 4], "age": [100, 5, 45, 9]})
    features = of_users("age", users=users, ages_per_bin=5)
    assert features.names == ("5", "45", "100")
    assert held(features) == [["100"], ["5"], ["45"], ["5"]]


def test_gender():
    features = of_users("gender")
    assert features.names == ("F", "M", "x")
    assert features.labels == ("female", "male", "x")
    assert features.ids.tolist() == ["gender=F", "gender=M", "gender=x"]
    assert held(features) == [["F"], ["M"], [], ["x"]]


def test_occupation():
    features = of_users("occupation")
    assert features.names == ("artist", "writer")
    assert features.labels == ("of occupation artist", "of occupation writer")
    assert held(features) == [["artist"], [], [], ["writer"]]


@pytest.mark.parametrize("group", ["gender", "occupation"])
def test_an_unknown_gender_or_occupation_is_no_feature(group):
    users = USERS.assign(**{group: ["a", "", "", ""]})
    assert held(of_users(group, users=users)) == [[], [], [], ["a"]]
    assert of_users(group, users=users.assign(**{group: ""})).names == ()


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (0.5, ("4.5 to 5", "2.5 to 3", "-1 to -0.5", "0 to 0.5")),
        (0.25, ("4.5 to 4.75", "2.75 to 3", "-0.75 to -0.5", "0.25 to 0.5")),
        (2, ("4 to 6", "2 to 4", "-2 to 0", "0 to 2")),
    ],
)
def test_mean_ratings(width, names):
    """The means are 4.5, 2.75, -2/3 (with a rating of 0) and 0.25."""
    features = of_users("mean_rating", rating_bin=width)
    assert held(features) == [[name] for name in names]
    assert features.names == (names[2], names[3], names[1], names[0])
    assert features.labels == tuple(f"rating {name} on average" for name in features.names)


def test_a_mean_rating_at_a_bound_belongs_to_the_bin_above():
    data = interactions({1: {10: -0.5}, 2: {10: 0.0}, 3: {10: 0.5}, 4: {10: 0.25, 20: -0.75}})
    names = [["-0.5 to 0"], ["0 to 0.5"], ["0.5"], ["-0.5 to 0"]]  # nobody rates above 0.5
    assert held(of_users("mean_rating", data)) == names


def test_a_mean_rating_at_a_bound_that_is_no_binary_fraction():
    data = interactions({1: dict(enumerate([3.0, 3.0, 3.5, 3.5, 3.5]))})
    assert held(of_users("mean_rating", data, rating_bin=0.1)) == [["3.3 to 3.4"]]
    assert held(of_users("mean_rating", data, rating_bin=0.01)) == [["3.3 to 3.31"]]


FONDNESS = {
    1: {10: 5.0, 20: 1.0},
    2: {30: 0.0, 40: 3.0},
    3: {20: 2.0, 30: -1.0, 40: 4.0},
    4: {40: 5.0},
}
GENRES = pd.DataFrame(
    {"item_id": [10, 20, 30, 40], "year": None, "genres": ["Drama", "Drama|War|Drama", "War", ""]}
)


@pytest.mark.parametrize(
    ("lift", "fond"),
    [
        (1.25, [["Drama"], [], ["War"], []]),
        (1.4, [["Drama"], [], [], []]),
        (2.6, [["Drama"], [], [], []]),
        (2.7, [[], [], [], []]),
    ],
)
def test_taste(lift, fond):
    """Of all 8 ratings 3 are of dramas, 4 of war films.

    Of those of user 1, 2 and 1 of 2; of user 2, none and 1 of 2; of user 3, 1 and 2 of 3.
    """
    features = of_users("taste", interactions(FONDNESS), items=GENRES, taste_lift=lift)
    assert held(features) == fond
    names = [name for name in ("Drama", "War") if [name] in fond]
    assert features.names == tuple(names)
    assert features.labels == tuple(f"fond of {name}" for name in names)
    assert features.ids.tolist() == [f"taste={name}" for name in names]


def test_taste_at_its_bound():
    """User 1: half dramas, all in all a quarter."""
    data = interactions({1: {10: 1.0, 40: 1.0}, 2: {30: 1.0, 40: 5.0}})
    drama = {
        lift: held(of_users("taste", data, items=GENRES, taste_lift=lift))[0] for lift in (2, 2.01)
    }
    assert drama == {2: ["Drama"], 2.01: []}


def all_features(items=ITEMS, users=USERS, data=None, **parameters):
    data = interactions(RATINGS) if data is None else data
    given_parameters = FeatureParameters(**parameters)
    return (
        item_features(data, items, given_parameters, ITEM_GROUPS),
        user_features(data, users, items, given_parameters, USER_GROUPS),
    )


def test_groups_stand_side_by_side():
    items, users = all_features()
    assert items.group_sizes == [2, 3, 2]
    assert tuple(dict.fromkeys(items.groups)) == ITEM_GROUPS
    assert users.group_sizes == [2, 3, 2, 4, 1]
    assert tuple(dict.fromkeys(users.groups)) == USER_GROUPS
    for features, n_rows, one in ((items, 5, of_items), (users, 4, of_users)):
        assert type(features.matrix) is sparse.csr_array
        assert features.matrix.dtype == np.float32
        assert set(features.matrix.data) == {1.0}
        assert features.matrix.shape == (n_rows, len(features.names))
        parts = [one(group) for group in dict.fromkeys(features.groups)]
        stacked = np.hstack([part.matrix.toarray() for part in parts])
        np.testing.assert_array_equal(features.matrix.toarray(), stacked)
        assert features.names == tuple(name for part in parts for name in part.names)
        assert features.labels == tuple(label for part in parts for label in part.labels)
        assert features.ids.tolist() == [text for part in parts for text in part.ids]
        assert len(set(features.ids)) == len(features.names)


def test_chosen_groups_come_in_the_order_they_are_named_in():
    items, users = all_features(item=("decade", "genres"), user=("taste", "age"))
    assert items.groups == ("decade",) * 3 + ("genres",) * 2
    assert users.groups == ("taste",) + ("age",) * 2
    assert items.group_sizes == [3, 2]


BARE_ITEMS = ITEMS.assign(genres="", year=pd.array([None] * 5, dtype="Int16"))
NO_USERS = [
    pd.DataFrame({"user_id": []}),
    USERS[["user_id"]],
    USERS.iloc[:0],
    USERS[USERS["user_id"] == 9],
]


@pytest.mark.parametrize("users", NO_USERS, ids=["nothing", "ids", "empty", "others"])
def test_null_stands_for_all_usual_groups_that_the_data_has(users):
    items, of_nobody = all_features(BARE_ITEMS, users)
    assert items.group_sizes == [2]
    assert tuple(dict.fromkeys(items.groups)) == ("popularity",)
    assert tuple(dict.fromkeys(of_nobody.groups)) == ("mean_rating",)
    assert of_nobody.matrix.shape == (4, 4)


def test_no_features_at_all():
    data = interactions(RATINGS)
    items = item_features(data, BARE_ITEMS, FeatureParameters(), ("genres", "decade"))
    users = user_features(data, NO_USERS[0], ITEMS, FeatureParameters(), ("age", "gender"))
    for features, n_rows in ((items, 5), (users, 4)):
        assert features.matrix.shape == (n_rows, 0)
        assert features.matrix.dtype == np.float32
        assert features.group_sizes == []
        assert features.ids.tolist() == []


@pytest.mark.parametrize("group", ["genres", "decade"])
def test_an_item_group_that_the_data_lacks(group):
    with pytest.raises(InputError) as error:
        all_features(BARE_ITEMS, item=("popularity", group))
    assert str(error.value) == (
        f"parameter features.item: '{group}' was asked for, but no item of this data set has one; "
        "accepted: popularity, or null for all that the data has"
    )


@pytest.mark.parametrize("users", NO_USERS, ids=["nothing", "ids", "empty", "others"])
@pytest.mark.parametrize("group", ["age", "gender", "occupation"])
def test_a_user_group_that_the_data_lacks(group, users):
    data, wanted = interactions(RATINGS), FeatureParameters(user=(group,))
    with pytest.raises(InputError) as error:
        user_features(data, users, ITEMS, wanted, ("mean_rating",), "somewhere.user")
    assert str(error.value) == (
        f"parameter somewhere.user: '{group}' was asked for, but no user of this data set has one; "
        "accepted: mean_rating, taste, or null for all that the data has"
    )


def test_taste_without_genres():
    with pytest.raises(
        InputError, match=r"'taste' was asked for.* accepted: age, gender, occupation, m"
    ):
        all_features(BARE_ITEMS, user=("taste",))


def test_only_some_groups():
    items, _ = all_features(popularity_bins=(0.2, 0.6))
    kept = items.only(("popularity", "genres"), "x")
    assert kept.groups == ("genres",) * 2 + ("popularity",) * 3
    assert kept.names == ("Drama", "War", "top 20 %", "top 60 %", "rest")
    assert kept.labels[1:3] == ("War", "among the 20 % most often rated")
    assert held(kept) == [
        ["War", "top 20 %"],
        ["top 60 %"],
        ["Drama", "War", "top 60 %"],
        ["rest"],
        ["rest"],
    ]
    assert kept.matrix.dtype == np.float32
    assert items.only((), "x").matrix.shape == (5, 0)


def test_only_groups_that_there_are():
    items, _ = all_features(item=("genres", "decade"))
    with pytest.raises(InputError) as error:
        items.only(("decade", "popularity"), "learned.item")
    assert str(error.value) == (
        "parameter learned.item: there is no feature of group 'popularity'; accepted: genres, "
        "decade"
    )
    with pytest.raises(InputError, match=r"'genres'; accepted: none, this data set has none"):
        Features.side_by_side([], 3).only(("genres",), "learned.item")


def test_the_tables_are_left_alone():
    items, users = ITEMS.copy(), USERS[["user_id", "age"]].copy()
    all_features(items, users)
    pd.testing.assert_frame_equal(items, ITEMS)
    pd.testing.assert_frame_equal(users, USERS[["user_id", "age"]])


def test_ids_that_are_text():
    data = interactions({"b": {"y": 1.0}, "a": {"x": 2.0, "y": 2.0}})
    items = pd.DataFrame({"item_id": ["y", "x"], "year": [1999, 2001], "genres": ["War", ""]})
    users = pd.DataFrame({"user_id": ["b", "c"], "gender": ["M", "F"]})
    of_catalogue, of_everybody = all_features(items, users, data)
    described = of_catalogue.only(("genres", "decade"), "x")
    assert described.ids.tolist() == ["genres=War", "decade=1990", "decade=2000"]
    assert held(described) == [["2000"], ["War", "1990"]]
    assert held(of_users("gender", data, users, items)) == [[], ["M"]]
    assert held(of_everybody.only(("gender", "mean_rating"), "x")) == [["2"], ["M", "1 to 1.5"]]


def random_data(seed, n_users=7, n_items=6):
    """Tables with gaps of all kinds; user and item ids count from 0."""
    rng = np.random.default_rng(seed)
    rated = rng.random((n_users, n_items)) < 0.4
    rated[rng.integers(n_users, size=n_items), range(n_items)] = True
    rated[range(n_users), rng.integers(n_items, size=n_users)] = True
    users, items = np.nonzero(rated)
    values = rng.integers(-4, 11, len(users)) / 2
    ratings = pd.DataFrame({"user_id": users, "item_id": items, "rating": values})
    genres = np.array(["", "War", "War|Drama", "Drama|Sci-Fi", "Sci-Fi"])
    years = np.where(rng.random(n_items) < 0.3, np.nan, rng.integers(1950, 2010, n_items))
    catalogue = pd.DataFrame(
        {"item_id": range(n_items), "year": years, "genres": rng.choice(genres, n_items)}
    )
    ages = np.where(rng.random(n_users) < 0.3, np.nan, rng.integers(10, 80, n_users))
    people = pd.DataFrame(
        {
            "user_id": range(n_users),
            "age": ages,
            "gender": rng.choice(np.array(["F", "M", None], dtype=object), n_users),
            "occupation": rng.choice(np.array(["a", "b", None], dtype=object), n_users),
        }
    )
    return ratings, catalogue[rng.random(n_items) < 0.8], people[rng.random(n_users) < 0.8]


def described(ratings, items, users):
    return all_features(items, users, Interactions.from_frame(ratings), popularity_bins=(0.3, 0.6))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    new_users=st.permutations(range(7)),
    new_items=st.permutations(range(6)),
)
def test_permuting_users_and_items_permutes_rows(seed, new_users, new_items):
    ratings, items, users = random_data(seed)
    renamed = [
        table.assign(
            **{
                name: table[name].map(new.__getitem__)
                for name, new in (("user_id", new_users), ("item_id", new_items))
                if name in table
            }
        ).sample(frac=1, random_state=seed)
        for table in (ratings, items, users)
    ]
    before, after = described(ratings, items, users), described(*renamed)
    for old, new, places in zip(before, after, (new_items, new_users), strict=True):
        assert new.ids.tolist() == old.ids.tolist()
        assert new.labels == old.labels
        np.testing.assert_array_equal(new.matrix.toarray()[places], old.matrix.toarray())


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_rows_of_a_group_of_bins_have_one_feature_or_none(seed):
    ratings, items, users = random_data(seed)
    of_all_items, of_all_users = described(ratings, items, users)
    listed = items.set_index("item_id").reindex(range(6))
    people = users.set_index("user_id").reindex(range(7))
    expected = [
        (of_all_items, "decade", listed["year"].notna()),
        (of_all_items, "popularity", np.ones(6)),
        (of_all_users, "age", people["age"].notna()),
        (of_all_users, "gender", people["gender"].notna()),
        (of_all_users, "occupation", people["occupation"].notna()),
        (of_all_users, "mean_rating", np.ones(7)),
    ]
    for features, group, has in expected:
        columns = np.flatnonzero(np.array(features.groups) == group)
        matrix = features.matrix.toarray()[:, columns]
        np.testing.assert_array_equal(matrix.sum(axis=1), has)
        assert matrix.any(axis=0).all()


def test_ages_that_are_codes_of_groups():
    features = of_users("age", users=USERS.assign(age=[1, 18, 56, 45]), ages_per_bin=None)
    assert features.labels == tuple(f"of age group {code}" for code in features.names)
    assert {"18", "45"} & set(features.names)


def test_a_group_named_twice_counts_once():
    items, _ = all_features(item=("genres", "genres"))
    assert items.groups == ("genres",) * 2
