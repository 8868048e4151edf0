"""The dataset card, by hand."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.preprocessing.card import data_version, dataset_card
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


SPLIT = Split(RATINGS[:3], RATINGS[3:4], RATINGS[4:], RATINGS[:0])


@pytest.fixture
def card():
    dropped = [Dropped(reason="too few", ratings=2, users=1, items=0)]
    return dataset_card("tiny", RATINGS, SPLIT, dropped, n_read=7)


def test_by_hand(card):
    assert card == {
        "name": "tiny",
        "version": data_version(SPLIT),
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
    card = dataset_card("tiny", ratings, Split(ratings, *[ratings[:0]] * 3), [], 5)
    assert card["time_span"] is None
    assert card["split"] == {"train": 5}
    assert card["dropped"] == []


def test_counts_do_not_depend_on_the_order_of_the_ratings(card):
    shuffled = RATINGS.sample(frac=1, random_state=0)
    split = Split(shuffled[:3], shuffled[3:4], shuffled[4:], shuffled[:0])
    dropped = [Dropped(reason="too few", ratings=2, users=1, items=0)]
    assert dataset_card("tiny", shuffled, split, dropped, 7) == {
        **card,
        "version": data_version(split),
    }


def test_held_out_users_histories_are_a_part_and_empty_parts_are_not_named():
    split = Split(RATINGS[:2], RATINGS[:0], RATINGS[2:3], RATINGS[3:])
    card = dataset_card("tiny", RATINGS, split, [], 5)
    assert card["split"] == {"train": 2, "test": 1, "fold_in": 2}


def changed(part, column, value):
    """The split with another value in the first row of one part."""
    table = getattr(SPLIT, part).copy()
    table.loc[table.index[0], column] = value
    return SPLIT._replace(**{part: table})


@pytest.mark.parametrize("part", ["train", "validation", "test"])
@pytest.mark.parametrize(("column", "value"), [("user_id", 9), ("item_id", 99), ("rating", 2.0)])
def test_another_rating_or_id_is_another_version(part, column, value):
    assert data_version(changed(part, column, value)) != data_version(SPLIT)


def test_a_rating_in_another_part_is_another_version():
    splits = [
        SPLIT,
        Split(RATINGS[:2], RATINGS[2:4], RATINGS[4:], RATINGS[:0]),
        Split(RATINGS[:3], RATINGS[3:], RATINGS[:0], RATINGS[:0]),
        Split(RATINGS[:3], RATINGS[:0], RATINGS[3:], RATINGS[:0]),
        Split(RATINGS[:3], RATINGS[:0], RATINGS[4:], RATINGS[3:4]),
        Split(RATINGS[3:4], RATINGS[:3], RATINGS[4:], RATINGS[:0]),
        Split(*[RATINGS[:0]] * 4),
    ]
    versions = [data_version(split) for split in splits]
    assert len(set(versions)) == len(splits)
    assert all(len(version) == 12 and int(version, 16) >= 0 for version in versions)


def test_the_version_is_about_who_rated_what_and_how_alone():
    renumbered = Split(*(part.reset_index(drop=True) for part in SPLIT))
    without = Split(*(part.drop(columns="timestamp") for part in SPLIT))
    copied = Split(*(part[list(part.columns[::-1])].copy() for part in SPLIT))
    assert {data_version(each) for each in (renumbered, without, copied)} == {data_version(SPLIT)}


def test_the_version_survives_being_stored_as_parquet(tmp_path):
    text = Split(*(part.assign(item_id="i" + part["item_id"].astype(str)) for part in SPLIT))
    for split in (SPLIT, text):
        stored = []
        for name, part in split._asdict().items():
            part.to_parquet(tmp_path / name)
            stored.append(pd.read_parquet(tmp_path / name))
        assert data_version(Split(*stored)) == data_version(split)
    assert data_version(text) != data_version(SPLIT)


SCRIPT = """
import pandas as pd
from explainable_recsys.preprocessing.card import data_version
from explainable_recsys.preprocessing.splits import Split

ratings = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": [1, 2, 1], "rating": [3.0, 4, 5]})
print(data_version(Split(ratings[:1], ratings[1:2], ratings[2:], ratings[:0])), end="")
"""


def test_the_version_is_the_same_in_every_process():
    """Python salts the hashes of text anew in each, unless told how."""
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert len(found.pop()) == 12
