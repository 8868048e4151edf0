"""Recency, popularity and variety of paths by hand, and against loops over users and paths."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.paths import (
    DECAY,
    entity_popularity,
    interaction_recency,
    path_metrics,
)
from explainable_recsys.recommenders.item_graph import PEOPLE

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

LIR, SEP = "linking_interaction_recency", "shared_entity_popularity"
PTD, PTC = "path_type_diversity", "path_type_concentration"


def paths_of(rows):
    columns = ["user_id", "item_id", "position", "from_item", "relation", "entity"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"relation": "category", "entity": "category"})


def ratings_of(rows):
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return table.assign(timestamp=pd.to_datetime(table["timestamp"], unit="s"))


def degrees_of(rows):
    return pd.DataFrame(rows, columns=["relation", "entity", "degree"])


def measure(paths, ratings, degrees, n_relations=4):
    """The means and numbers of users."""
    return path_metrics(paths, ratings, degrees, n_relations, 0, 0)


RATINGS = ratings_of([(1, 10, 0), (1, 12, 1000), (1, 11, 100), (2, 10, 5)])
DEGREES = degrees_of(
    [("genre", "War", 1), ("genre", "Drama", 11), ("genre", "Horror", 5), ("actor", "Bo", 7)]
)


def test_recency_by_hand():
    """0, 0.3 x 100 = 30 and 0.7 x 30 + 0.3 x 1000 = 321; a single rating is the newest."""
    found = interaction_recency(RATINGS).set_index(["user_id", "item_id"])["recency"]
    expected = {(1, 10): 0.0, (1, 11): 30 / 321, (1, 12): 1.0, (2, 10): 1.0}
    assert found.to_dict() == pytest.approx(expected)


def test_popularity_by_hand():
    """1, 0.7 + 0.3 x 5 = 2.2 and 0.7 x 2.2 + 0.3 x 11 = 4.84."""
    found = entity_popularity(DEGREES).set_index(["relation", "entity"])["popularity"]
    expected = {("genre", "War"): 0.0, ("genre", "Horror"): 1.2 / 3.84, ("genre", "Drama"): 1.0}
    assert found.to_dict() == pytest.approx(expected | {("actor", "Bo"): 1.0})


@pytest.mark.parametrize("time", [0, 7, 1_700_000_000])
def test_ratings_at_the_same_time_are_all_the_newest(time):
    ratings = ratings_of([(1, item, time) for item in range(20)])
    assert (interaction_recency(ratings)["recency"] == 1).all()


def test_metrics_by_hand():
    paths = paths_of(
        [
            (1, 50, 1, 10, "genre", "Horror"),
            (1, 50, 2, 12, PEOPLE, ""),
            (1, 51, 1, 11, "genre", "War"),
            (1, 52, 1, 12, "actor", "Bo"),
            (2, 50, 1, 10, PEOPLE, ""),
        ]
    )
    assert measure(paths, RATINGS, DEGREES, 2) == pytest.approx(
        {
            LIR: ((0 + 1 + 30 / 321 + 1) / 4 + 1) / 2,
            f"{LIR}/n": 2,
            SEP: (1.2 / 3.84 + 0 + 1) / 3,
            f"{SEP}/n": 1,
            PTD: (2 / 2 + 1 / 1) / 2,
            f"{PTD}/n": 2,
            PTC: 2 / 6,
            f"{PTC}/n": 1,
        }
    )


def running_means(values):
    """One after another, scaled to 0 .. 1."""
    means = []
    for value in values:
        means.append(value if not means else means[-1] + DECAY * (value - means[-1]))
    least, most = min(means), max(means)
    return [(mean - least) / (most - least) if most > least else 1.0 for mean in means]


def recencies(ratings):
    """{(user, item): recency}."""
    found = {}
    for user in ratings["user_id"].unique():
        of = [
            (time.timestamp(), item)
            for who, item, time in ratings.itertuples(index=False)
            if who == user and not pd.isna(time)
        ]
        times = [time for time, _ in sorted(of)]
        if times:
            keys = [(user, item) for _, item in sorted(of)]
            found |= dict(zip(keys, running_means(times), strict=True))
    return found


def popularities(degrees):
    """{(relation, entity): popularity}."""
    found = {}
    for relation in degrees["relation"].unique():
        of = sorted((n, name) for r, name, n in degrees.itertuples(index=False) if r == relation)
        keys = [(relation, name) for _, name in of]
        found |= dict(zip(keys, running_means([n for n, _ in of]), strict=True))
    return found


def mean(values):
    return math.fsum(values) / len(values) if values else math.nan


def brute_force(paths, ratings, degrees, n_relations):
    """One row per user."""
    recent, popular, rows = recencies(ratings), popularities(degrees), []
    for user in sorted(paths["user_id"].unique()):
        of = [row for row in paths.itertuples(index=False) if row.user_id == user]
        best = [row.relation for row in of if row.position == 1]
        entities = [(row.relation, row.entity) for row in of]
        pairs = [
            one == other
            for place, one in enumerate(best)
            for among, other in enumerate(best)
            if place != among
        ]
        rated = [(user, row.from_item) for row in of]
        rows.append(
            {
                LIR: mean([recent[key] for key in rated if key in recent]),
                SEP: mean([popular[key] for key in entities if key in popular]),
                PTD: len(set(best)) / min(len(best), n_relations),
                PTC: mean(pairs),
            }
        )
    return pd.DataFrame(rows)


def random_case(seed, known=0.8):
    rng = np.random.default_rng(seed)
    ratings = ratings_of(
        [(user, item, int(rng.integers(50))) for user in range(6) for item in range(8)]
    )
    ratings["timestamp"] = ratings["timestamp"].where(rng.random(len(ratings)) < known)
    relations = ("genre", "actor", "director")
    degrees = degrees_of(
        [(relation, f"e{name}", rng.integers(1, 9)) for relation in relations for name in range(5)]
    )
    rows = []
    for user in range(1, 6):
        for item in range(int(rng.integers(1, 7))):
            for position in range(1, int(rng.integers(2, 5))):
                relation = (*relations, PEOPLE)[rng.integers(4)]
                entity = "" if relation == PEOPLE else f"e{rng.integers(5)}"
                rows.append((user, item + 20, position, rng.integers(8), relation, entity))
    return paths_of(rows), ratings, degrees


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_relations=st.integers(4, 9),
    known=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_metrics_equal_loops(seed, n_relations, known):
    paths, ratings, degrees = random_case(seed, known)
    by_user = brute_force(paths, ratings, degrees, n_relations).dropna(axis="columns", how="all")
    expected = mean_with_interval(by_user, 0, 0)
    found = measure(paths, ratings, degrees, n_relations)
    assert found == pytest.approx(expected)
    assert all(0 <= value <= 1 for name, value in found.items() if not name.endswith("/n"))


def test_intervals_over_users():
    paths, ratings, degrees = random_case(2)
    expected = mean_with_interval(brute_force(paths, ratings, degrees, 4), 100, 7)
    found = path_metrics(paths, ratings, degrees, 4, 100, 7)
    assert found == pytest.approx(expected)
    assert found[f"{LIR}/low"] < found[LIR] < found[f"{LIR}/high"]
    assert path_metrics(paths, ratings, degrees, 4, 100, 7) == found


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_and_unit_of_times_and_rows_do_not_matter(seed):
    tables = random_case(seed)
    expected = measure(*tables)
    shuffled = [table.sample(frac=1, random_state=seed) for table in tables]
    before = [table.copy() for table in shuffled]
    assert measure(*shuffled) == pytest.approx(expected)
    for table, other in zip(shuffled, before, strict=True):
        pd.testing.assert_frame_equal(table, other)
    paths, ratings, degrees = tables
    finer = ratings.assign(timestamp=ratings["timestamp"].astype("datetime64[ns]"))
    assert measure(paths, finer, degrees) == pytest.approx(expected)


def test_text_ids():
    paths, ratings, degrees = random_case(1)
    expected = measure(paths, ratings, degrees)
    names = ["user_id", "item_id", "from_item"]
    texts = [table.assign(**{n: "x" + table[n].astype("str") for n in names if n in table})
             for table in (paths, ratings)]  # fmt: skip
    assert measure(*texts, degrees) == pytest.approx(expected)


ONE = paths_of([(1, 50, 1, 11, "genre", "Horror")])


def test_one_path():
    """There are no two paths that could have the same relation."""
    expected = {LIR: 30 / 321, SEP: 1.2 / 3.84, PTD: 1.0}
    numbers = {f"{name}/n": 1 for name in expected}
    assert measure(ONE, RATINGS, DEGREES) == pytest.approx(expected | numbers)


@pytest.mark.parametrize(
    "ratings", [RATINGS.assign(timestamp=pd.NaT), RATINGS.drop(columns="timestamp")]
)
def test_without_times_there_is_no_recency(ratings):
    found = measure(ONE, ratings, DEGREES)
    expected = measure(ONE, RATINGS, DEGREES)
    assert found == {name: value for name, value in expected.items() if LIR not in name}
    assert len(interaction_recency(ratings)) == 0


def test_a_rating_without_time_does_not_count():
    ratings = pd.concat([RATINGS, ratings_of([(1, 14, None)])])
    paths = pd.concat([ONE, paths_of([(1, 51, 1, 14, "genre", "Horror")])])
    assert measure(paths, ratings, DEGREES)[LIR] == pytest.approx(30 / 321)


@pytest.mark.parametrize("degrees", [DEGREES, DEGREES[:0]])
def test_paths_over_people_have_no_popularity(degrees):
    paths = paths_of([(1, item, 1, 10, PEOPLE, "") for item in (50, 51)])
    found = measure(paths, RATINGS, degrees)
    assert found == {LIR: 0, f"{LIR}/n": 1, PTD: 0.5, f"{PTD}/n": 1, PTC: 1, f"{PTC}/n": 1}


def test_no_paths():
    assert measure(ONE[:0], RATINGS, DEGREES) == {}


def test_an_entity_of_the_same_name_in_another_relation():
    degrees = degrees_of(
        [("genre", "X", 1), ("genre", "Y", 2), ("actor", "X", 2), ("actor", "Z", 1)]
    )
    paths = paths_of([(1, 50, 1, 10, "genre", "X"), (1, 51, 1, 10, "actor", "X")])
    assert measure(paths, RATINGS, degrees)[SEP] == pytest.approx(0.5)
