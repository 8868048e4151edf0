"""Every way of splitting, by hand; nothing is lost and nobody is tested untrained."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.errors import InputError
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings


def table(rows):
    """Ratings of (user, item, day of January 2020), sorted by user and item."""
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    frame["rating"] = np.float32(3)
    frame["timestamp"] = pd.to_datetime("2019-12-31") + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame.sort_values(["user_id", "item_id"], ignore_index=True)


def users_of(lengths):
    """User 1 with lengths[0] ratings, user 2 with lengths[1], …"""
    return table([(u, 10 * u + i, i + 1) for u, n in enumerate(lengths, 1) for i in range(n)])


def parameters(strategy, **changes):
    values = {"fraction": 0.2, "n": 2, "validation": False, "too_short": "error", "seed": 0}
    return SplitParameters(strategy=strategy, **(values | changes))


def pairs(part):
    return list(part[["user_id", "item_id"]].itertuples(index=False, name=None))


def items(part):
    return part["item_id"].tolist()


def assert_disjoint_and_complete(split, ratings):
    """Every rating is in exactly one part; parts keep columns, types and order."""
    together = [pair for part in split for pair in pairs(part)]
    assert sorted(together) == sorted(pairs(ratings))
    for part in split:
        assert part.dtypes.to_dict() == ratings.dtypes.to_dict()
        assert pairs(part) == sorted(pairs(part))
        assert part.index.tolist() == list(range(len(part)))
    assert set(split.train["user_id"]) >= set(split.validation["user_id"])
    assert set(split.train["user_id"]) >= set(split.test["user_id"])


@pytest.mark.parametrize(
    ("fraction", "length", "held_out"),
    [
        (0.1, 2, 0),
        (0.1, 4, 0),
        (0.1, 5, 1),
        (0.1, 14, 1),
        (0.1, 15, 2),
        (0.5, 3, 2),
        (0.9, 2, 1),
        (0.99, 10, 9),
    ],
)
def test_random_fraction_rounds_half_up_and_leaves_one(fraction, length, held_out):
    ratings = users_of([length, 20])
    split = split_ratings(ratings, parameters("random_fraction", fraction=fraction))
    assert (split.test["user_id"] == 1).sum() == held_out
    assert (split.train["user_id"] == 1).sum() == length - held_out
    assert split.validation.empty


def test_random_fraction_takes_the_validation_part_from_the_rest():
    split = split_ratings(users_of([10, 20]), parameters("random_fraction", validation=True))
    # 10: 2 of 10, then 1.6 of 8; 20: 4 of 20, then 3.2 of 16
    counts = [part["user_id"].value_counts().to_dict() for part in split]
    assert counts == [{1: 6, 2: 13}, {1: 2, 2: 3}, {1: 2, 2: 4}]


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(2, 15), min_size=1, max_size=8),
    fraction=st.floats(0.3, 0.95),
    validation=st.booleans(),
    seed=st.integers(0, 100),
)
def test_random_fraction_is_disjoint_and_complete(lengths, fraction, validation, seed):
    ratings = users_of(lengths)
    chosen = parameters("random_fraction", fraction=fraction, validation=validation, seed=seed)
    split = split_ratings(ratings, chosen)
    assert_disjoint_and_complete(split, ratings)
    assert set(split.train["user_id"]) == set(ratings["user_id"])


def test_random_fraction_is_random_and_seeded():
    ratings = users_of([30, 30, 30])
    first, again, other = (
        split_ratings(ratings, parameters("random_fraction", seed=seed)) for seed in (1, 1, 2)
    )
    for part, same in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(part, same)
    assert pairs(first.test) != pairs(other.test)


def test_every_rating_is_held_out_equally_often():
    ratings = users_of([5, 5])
    held_out = np.zeros(10)
    for seed in range(400):
        test = split_ratings(ratings, parameters("random_fraction", seed=seed)).test
        held_out[ratings["item_id"].isin(test["item_id"])] += 1
    assert held_out.sum() == 800
    assert np.abs(held_out - 80).max() < 35


def test_validation_leaves_the_test_part_as_it_is():
    ratings = users_of([10, 12, 14])
    for strategy in ("random_fraction", "latest_n", "global_time"):
        some = {"too_short": "train", "fraction": 0.1}
        without = split_ratings(ratings, parameters(strategy, **some))
        with_it = split_ratings(ratings, parameters(strategy, validation=True, **some))
        pd.testing.assert_frame_equal(without.test, with_it.test)
        assert_disjoint_and_complete(with_it, ratings)


def test_random_fraction_and_predefined_need_no_timestamps():
    ratings = users_of([10, 10]).drop(columns="timestamp")
    assert_disjoint_and_complete(split_ratings(ratings, parameters("random_fraction")), ratings)
    train, test = ratings.iloc[[0, 1, 10]], ratings.iloc[[2, 11]]
    assert len(split_ratings(ratings, parameters("predefined"), train, test).test) == 2


LATEST = [
    *[(1, item, day) for item, day in [(11, 5), (12, 1), (13, 9), (14, 2), (15, 7)]],
    *[(2, item, day) for item, day in [(21, 3), (22, 3), (23, 3), (24, 1), (25, 3)]],
]


def test_latest_n_by_hand():
    split = split_ratings(table(LATEST), parameters("latest_n"))
    # equal timestamps: the higher item id counts as later
    assert items(split.test) == [13, 15, 23, 25]
    assert items(split.train) == [11, 12, 14, 21, 22, 24]


def test_latest_n_with_validation_by_hand():
    split = split_ratings(table(LATEST), parameters("latest_n", validation=True))
    assert items(split.test) == [13, 15, 23, 25]
    assert items(split.validation) == [11, 14, 21, 22]
    assert items(split.train) == [12, 24]


GLOBAL = [(1, 11, 1), (1, 12, 9), (1, 13, 4), (2, 21, 2), (2, 22, 10), (2, 23, 3), (2, 24, 5),
          (3, 31, 6), (3, 32, 7), (3, 33, 8)]  # fmt: skip


def test_global_time_by_hand():
    split = split_ratings(table(GLOBAL), parameters("global_time"))
    assert items(split.test) == [12, 22]
    split = split_ratings(table(GLOBAL), parameters("global_time", validation=True))
    # the latest 2 of 10, then the latest 1.6 of 8, cut below
    assert items(split.test) == [12, 22]
    assert items(split.validation) == [33]
    assert items(split.train) == [11, 13, 21, 23, 24, 31, 32]


@pytest.mark.parametrize(("fraction", "held_out"), [(0.1, 1), (0.3, 3), (0.5, 5), (0.7, 7)])
def test_global_time_holds_out_the_fraction(fraction, held_out):
    ratings = table([(1, item, item) for item in range(1, 11)])
    split = split_ratings(ratings, parameters("global_time", fraction=fraction))
    assert items(split.test) == list(range(11 - held_out, 11))


def test_global_time_never_tests_before_the_end_of_training():
    rng = np.random.default_rng(0)
    ratings = table([(u, 100 * u + i, rng.integers(1, 12)) for u in range(20) for i in range(10)])
    chosen = parameters("global_time", validation=True, too_short="drop")
    train, validation, test = split_ratings(ratings, chosen)
    assert train["timestamp"].max() < validation["timestamp"].min()
    assert validation["timestamp"].max() < test["timestamp"].min()


def test_global_time_with_one_moment_holds_out_nothing():
    ratings = table([(1, 1, 5), (1, 2, 5), (2, 1, 5)])
    with pytest.raises(InputError, match="global_time holds out no rating of 3"):
        split_ratings(ratings, parameters("global_time"))


def test_global_time_user_without_training_rating():
    ratings = table([*[(1, item, item) for item in range(1, 9)], (2, 1, 20), (2, 2, 21)])
    message = r"split\.too_short: 1 of 2 users .*'global_time'.*user 2 with 2 rating"
    with pytest.raises(InputError, match=message):
        split_ratings(ratings, parameters("global_time"))
    ratings = table([*[(1, item, item) for item in range(1, 30)], (2, 1, 70), (2, 2, 71)])
    dropped = split_ratings(ratings, parameters("global_time", too_short="drop"))
    assert set(dropped.train["user_id"]) | set(dropped.test["user_id"]) == {1}
    moved = split_ratings(ratings, parameters("global_time", too_short="train"))
    assert_disjoint_and_complete(moved, ratings)
    assert (moved.train["user_id"] == 2).sum() == 2


def test_predefined_by_hand():
    ratings = users_of([4, 3])
    train = pd.DataFrame({"user_id": [2, 1, 1, 2], "item_id": [20, 13, 10, 99]})
    test = pd.DataFrame({"user_id": [1, 2], "item_id": [12, 21]})
    split = split_ratings(ratings, parameters("predefined"), train, test)
    assert items(split.train) == [10, 13, 20]
    assert items(split.test) == [12, 21]
    assert split.validation.empty
    assert split.train.columns.tolist() == ratings.columns.tolist()


def test_predefined_cuts_the_validation_part_from_the_training_file():
    ratings = users_of([12, 12])
    in_test = ratings["item_id"] % 10 >= 10
    in_test |= ratings["item_id"].isin([10, 20])
    train, test = ratings[~in_test], ratings[in_test]
    chosen = parameters("predefined", validation=True, fraction=0.3)
    split = split_ratings(ratings, chosen, train, test)
    assert pairs(split.test) == pairs(test)
    assert len(split.validation) > 0
    assert_disjoint_and_complete(split, ratings)
    assert set(pairs(split.validation)) <= set(pairs(train))


def test_predefined_user_in_the_test_file_only():
    ratings = users_of([3, 2])
    train, test = ratings[ratings["user_id"] == 1].iloc[1:], ratings.iloc[[0, 3, 4]]
    with pytest.raises(InputError, match=r"split\.too_short: 1 of 2 users .*user 2"):
        split_ratings(ratings, parameters("predefined"), train, test)
    split = split_ratings(ratings, parameters("predefined", too_short="drop"), train, test)
    assert (items(split.train), items(split.test)) == ([11, 12], [10])
    split = split_ratings(ratings, parameters("predefined", too_short="train"), train, test)
    assert (items(split.train), items(split.test)) == ([11, 12, 20, 21], [10])


def test_predefined_files_that_contradict_each_other():
    ratings = users_of([3])
    with pytest.raises(InputError, match="split files: user 1 and item 11 stand there twice"):
        split_ratings(ratings, parameters("predefined"), ratings.iloc[:2], ratings.iloc[1:])


@pytest.mark.parametrize("which", ["none", "empty train", "empty test"])
def test_predefined_without_files(which):
    ratings = users_of([3, 3])
    files = {
        "none": (None, None),
        "empty train": (ratings.iloc[:0], ratings),
        "empty test": (ratings, ratings.iloc[:0]),
    }[which]
    with pytest.raises(InputError, match=r"split\.strategy.*source\.splits \(train, test\)"):
        split_ratings(ratings, parameters("predefined"), *files)


@pytest.mark.parametrize("strategy", ["latest_n", "global_time"])
def test_without_timestamps(strategy):
    ratings = users_of([5, 5]).drop(columns="timestamp")
    message = rf"split\.strategy: '{strategy}' needs timestamps .*columns\.timestamp.*random_frac"
    with pytest.raises(InputError, match=message):
        split_ratings(ratings, parameters(strategy))


def test_random_fraction_with_users_of_one_rating():
    ratings = users_of([1, 10, 1])
    message = (
        r"split\.too_short: 2 of 3 users cannot be split by 'random_fraction'.*user 1 with "
        r"1 rating.*cleaning\.min_user_ratings to 2 or more.*split\.too_short to 'train' or 'drop'"
    )
    with pytest.raises(InputError, match=message):
        split_ratings(ratings, parameters("random_fraction"))
    trained = split_ratings(ratings, parameters("random_fraction", too_short="train"))
    assert_disjoint_and_complete(trained, ratings)
    assert {10, 30} <= set(items(trained.train))
    dropped = split_ratings(ratings, parameters("random_fraction", too_short="drop"))
    assert [set(part["user_id"]) for part in dropped] == [{2}, set(), {2}]
    assert pairs(dropped.test) == pairs(trained.test)


@pytest.mark.parametrize(("validation", "needed"), [(False, 3), (True, 5)])
def test_latest_n_with_short_users(validation, needed):
    chosen = {"n": 2, "validation": validation}
    enough = users_of([needed, needed + 1])
    split = split_ratings(enough, parameters("latest_n", **chosen))
    assert (split.train["user_id"] == 1).sum() == 1
    ratings = users_of([needed, needed - 1, 1])
    message = (
        rf"split\.too_short: 2 of 3 users .*user 2 with {needed - 1} rating.*"
        rf"min_user_ratings to {needed} or more"
    )
    with pytest.raises(InputError, match=message):
        split_ratings(ratings, parameters("latest_n", **chosen))
    trained = split_ratings(ratings, parameters("latest_n", too_short="train", **chosen))
    assert_disjoint_and_complete(trained, ratings)
    assert set(trained.test["user_id"]) == {1}
    dropped = split_ratings(ratings, parameters("latest_n", too_short="drop", **chosen))
    assert set(dropped.train["user_id"]) == set(dropped.test["user_id"]) == {1}


@pytest.mark.parametrize("too_short", ["train", "drop"])
def test_nothing_held_out(too_short):
    message = r"parameters split: random_fraction holds out no rating of 2; raise split\.fraction"
    with pytest.raises(InputError, match=message):
        split_ratings(users_of([1, 1]), parameters("random_fraction", too_short=too_short))
    with pytest.raises(InputError, match="holds out no rating of 8"):
        split_ratings(users_of([4, 4]), parameters("random_fraction", fraction=0.1))


def test_text_ids():
    ratings = users_of([10, 10]).assign(user_id=lambda t: "u" + t["user_id"].astype(str))
    for strategy in ("random_fraction", "latest_n"):
        assert_disjoint_and_complete(split_ratings(ratings, parameters(strategy)), ratings)


def test_the_ratings_are_left_alone():
    ratings = users_of([5, 1, 8])
    before = ratings.copy()
    split_ratings(ratings, parameters("random_fraction", too_short="train", validation=True))
    pd.testing.assert_frame_equal(ratings, before)
