"""Every way of splitting, by hand; nothing is lost and nobody is tested untrained."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

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
    assert counts == [{1: 6, 2: 13}, {1: 2, 2: 3}, {1: 2, 2: 4}, {}]


@settings(max_examples=20, deadline=None)
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
    train, validation, test, _ = split_ratings(ratings, chosen)
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
    assert [set(part["user_id"]) for part in dropped] == [{2}, set(), {2}, set()]
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


HOLD_OUT = {"fraction": 0.3, "fold_in": 0.75}


def held_out_users(ratings, **changes):
    return split_ratings(ratings, parameters("held_out_users", **(HOLD_OUT | changes)))


def assert_nobody_is_tested_who_was_learned_from(split, ratings):
    """The parts make up the ratings; tested users have a history and nothing else."""
    assert sorted(pair for part in split for pair in pairs(part)) == sorted(pairs(ratings))
    train, validation, test, fold_in = (set(part["user_id"]) for part in split)
    assert validation <= train
    assert test <= fold_in
    assert not train & fold_in
    for part in split:
        assert part.dtypes.to_dict() == ratings.dtypes.to_dict()
        assert pairs(part) == sorted(pairs(part))
        assert part.index.tolist() == list(range(len(part)))


def test_held_out_users_by_hand():
    """Of 10 users 3; of 8 ratings 2 are tested; of the others' 8 ratings 0.3 x 8 = 2.4, so 2."""
    ratings = users_of([8] * 10)
    split = held_out_users(ratings, validation=True)
    assert_nobody_is_tested_who_was_learned_from(split, ratings)
    counts = [part["user_id"].value_counts() for part in split]
    assert [len(each) for each in counts] == [7, 7, 3, 3]
    assert [set(each) for each in counts] == [{6}, {2}, {2}, {6}]
    without = held_out_users(ratings)
    assert without.validation.empty
    pd.testing.assert_frame_equal(without.test, split.test)
    pd.testing.assert_frame_equal(without.fold_in, split.fold_in)


@pytest.mark.parametrize(
    ("fraction", "n_users", "held_out"),
    [(0.1, 2, 1), (0.1, 14, 1), (0.1, 15, 2), (0.5, 5, 3), (0.99, 10, 9), (0.01, 3, 1)],
)
def test_the_share_of_users_rounds_half_up_and_leaves_some_on_both_sides(
    fraction, n_users, held_out
):
    split = held_out_users(users_of([4] * n_users), fraction=fraction)
    assert split.test["user_id"].nunique() == held_out
    assert split.train["user_id"].nunique() == n_users - held_out


@pytest.mark.parametrize(
    ("fold_in", "length", "history"),
    [(0.5, 2, 1), (0.8, 10, 8), (0.75, 4, 3), (0.25, 8, 2), (0.01, 20, 1), (0.8, 5, 4)],
)
def test_the_share_of_ratings_that_is_folded_in(fold_in, length, history):
    split = held_out_users(users_of([length] * 4), fold_in=fold_in, fraction=0.5)
    assert split.fold_in["user_id"].value_counts().tolist() == [history] * 2
    assert split.test["user_id"].value_counts().tolist() == [length - history] * 2


def test_a_held_out_user_too_short_for_the_share_is_not_tested():
    """2 % of 5 ratings are none: all are the history."""
    ratings = users_of([5, 5, 40, 40])
    for seed in range(8):
        split = held_out_users(ratings, fraction=0.5, fold_in=0.98, seed=seed)
        assert_nobody_is_tested_who_was_learned_from(split, ratings)
        if set(split.fold_in["user_id"]) == {2, 3}:
            assert set(split.test["user_id"]) == {3}
            return
    raise AssertionError("no seed held out users 2 and 3")


@settings(max_examples=20, deadline=None)
@given(
    lengths=st.lists(st.integers(4, 15), min_size=2, max_size=8),
    fraction=st.floats(0.01, 0.99),
    fold_in=st.floats(0.01, 0.8),
    validation=st.booleans(),
    seed=st.integers(0, 100),
)
def test_held_out_users_lose_nothing(lengths, fraction, fold_in, validation, seed):
    ratings = users_of(lengths)
    split = held_out_users(
        ratings, fraction=fraction, fold_in=fold_in, validation=validation, seed=seed
    )
    assert_nobody_is_tested_who_was_learned_from(split, ratings)


def test_held_out_users_are_random_and_seeded():
    ratings = users_of([10] * 30)
    first, again, other = (held_out_users(ratings, validation=True, seed=s) for s in (1, 1, 2))
    for part, same in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(part, same)
    assert set(first.test["user_id"]) != set(other.test["user_id"])
    counts = sum(
        held_out_users(users_of([4] * 5), fraction=0.2, seed=seed)
        .test["user_id"]
        .value_counts()
        .reindex(range(1, 6), fill_value=0)
        for seed in range(200)
    )
    assert counts.sum() == 200  # one of five users, one of four ratings
    assert (counts - 40).abs().max() < 22


def test_held_out_users_with_users_of_one_rating():
    ratings = users_of([1, 10, 10, 10, 1])
    message = (
        r"split\.too_short: 2 of 5 users cannot be split by 'held_out_users'.*user 1 with "
        r"1 rating.*cleaning\.min_user_ratings to 2 or more.*split\.too_short to 'train' or 'drop'"
    )
    with pytest.raises(InputError, match=message):
        held_out_users(ratings)
    n_held_out = set()
    for seed in range(10):
        chosen = {"fraction": 0.6, "seed": seed, "validation": True}
        trained = held_out_users(ratings, too_short="train", **chosen)
        assert_nobody_is_tested_who_was_learned_from(trained, ratings)
        assert {10, 50} <= set(items(trained.train))
        dropped = held_out_users(ratings, too_short="drop", **chosen)
        long = ratings[ratings["user_id"].isin([2, 3, 4])]
        assert_nobody_is_tested_who_was_learned_from(dropped, long)
        for part, other in zip(dropped[1:], trained[1:], strict=True):
            pd.testing.assert_frame_equal(part, other)
        n_held_out.add(dropped.test["user_id"].nunique())
    assert len(n_held_out) > 1  # short users can be among those who were drawn


def test_one_user_cannot_be_held_out():
    message = r"split\.strategy: 'held_out_users' needs 2 users or more, found 1$"
    with pytest.raises(InputError, match=message):
        held_out_users(users_of([10]))


def test_held_out_users_of_whom_nothing_is_tested():
    message = r"parameters split: held_out_users holds out no rating of 6"
    with pytest.raises(InputError, match=message):
        held_out_users(users_of([2, 2, 2]), fold_in=0.9)


def test_held_out_users_need_no_timestamps_and_take_text_ids():
    ratings = users_of([6] * 6).drop(columns="timestamp")
    named = ratings.assign(user_id="u" + ratings["user_id"].astype(str))
    for table_ in (ratings, named):
        assert_nobody_is_tested_who_was_learned_from(held_out_users(table_), table_)


@pytest.mark.parametrize("strategy", ["random_fraction", "latest_n", "global_time"])
def test_only_held_out_users_are_folded_in(strategy):
    ratings = users_of([10, 12])
    split = split_ratings(ratings, parameters(strategy, too_short="train"))
    assert split.fold_in.empty
    assert split.fold_in.dtypes.to_dict() == ratings.dtypes.to_dict()


@pytest.mark.parametrize(("name", "value"), [("fold_in", 0), ("fold_in", 1), ("fraction", 1)])
def test_shares_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters("held_out_users", **{name: value})


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
    for strategy in ("random_fraction", "held_out_users"):
        split_ratings(ratings, parameters(strategy, too_short="train", validation=True))
    pd.testing.assert_frame_equal(ratings, before)


STRATEGIES = ("random_fraction", "latest_n", "global_time", "predefined", "held_out_users")
ID_COLUMNS = ["user_id", "item_id"]


def uneven_ratings():
    """Forty users with 8 to 30 ratings of some of 60 items, many at the same time."""
    rng = np.random.default_rng(4)
    return table(
        [
            (user, item, rng.integers(1, 15))
            for user in range(1, 41)
            for item in rng.permutation(60)[: rng.integers(8, 31)].tolist()
        ]
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("text", [False, True], ids=["numbers", "text"])
def test_the_order_of_the_rows_does_not_matter(strategy, text):
    ratings = uneven_ratings()
    if text:
        ratings = ratings.assign(**{name: "i" + ratings[name].astype(str) for name in ID_COLUMNS})
    ratings = ratings.sort_values(ID_COLUMNS, ignore_index=True)
    files = ratings.iloc[::3], ratings.drop(ratings.index[::3])
    chosen = parameters(strategy, validation=True, too_short="train")
    expected = split_ratings(ratings, chosen, files[1], files[0])
    assert all(len(part) for part in expected[:3])
    for seed in range(3):
        shuffled, *files = (
            each.sample(frac=1, random_state=seed) for each in (ratings, files[0], files[1])
        )
        found = split_ratings(shuffled, chosen, files[1], files[0])
        for part, same in zip(found, expected, strict=True):
            part = part.sort_values(ID_COLUMNS, ignore_index=True)
            pd.testing.assert_frame_equal(part, same)


def test_other_users_do_not_matter():
    ratings = uneven_ratings()
    chosen = parameters("random_fraction", validation=True)
    whole = split_ratings(ratings, chosen)
    some = np.random.default_rng(0).permutation(40)[:11] + 1
    found = split_ratings(ratings[ratings["user_id"].isin(some)], chosen)
    for part, of_all in zip(found, whole, strict=True):
        assert pairs(part) == pairs(of_all[of_all["user_id"].isin(some)])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_types_of_integers_do_not_matter(strategy):
    ratings = uneven_ratings()
    files = ratings.iloc[::3], ratings.drop(ratings.index[::3])
    chosen = parameters(strategy, too_short="train")
    found, expected = (
        split_ratings(ratings.astype(dict.fromkeys(ID_COLUMNS, kind)), chosen, files[1], files[0])
        for kind in ("int32", "int64")
    )
    for part, other in zip(found, expected, strict=True):
        assert pairs(part) == pairs(other)


def test_tested_and_validated_ratings_are_drawn_apart():
    """Of the ratings that are not tested any can be validated, whatever would be tested next."""
    ratings = users_of([20] * 50)
    split = split_ratings(ratings, parameters("random_fraction", fraction=0.1, validation=True))
    more = split_ratings(ratings, parameters("random_fraction", fraction=0.2))
    assert set(pairs(split.test)) < set(pairs(more.test))
    shared = len(set(pairs(more.test)) & set(pairs(split.validation)))
    assert shared < 0.3 * len(split.validation)
