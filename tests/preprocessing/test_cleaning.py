"""Cleaning: what is kept, what is counted as dropped, and what the errors say."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.errors import InputError
from explainable_recsys.preprocessing.cleaning import (
    CleaningParameters,
    clean_items,
    clean_ratings,
    k_core,
    validate_ratings,
)

NO_ITEMS = pd.DataFrame({"item_id": [], "title": [], "genres": []}, dtype="str")


def line(position):
    return f"r.csv, line {position + 2}"


def ratings_table(rows, days=None):
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    if days is not None:
        frame["timestamp"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(days, unit="D")
    return frame


def items_table(*ids):
    return pd.DataFrame({"item_id": ids, "title": [f"T{i}" for i in ids], "genres": ""})


def clean(ratings, items=NO_ITEMS, **parameters):
    return clean_ratings(ratings, items, CleaningParameters(**parameters), line)


def rows_of(ratings):
    return ratings[["user_id", "item_id", "rating"]].to_numpy().tolist()


def counts(dropped):
    return {step.reason: (step.ratings, step.users, step.items) for step in dropped}


@pytest.mark.parametrize(
    ("wrong", "shown"), [(5.5, "5.5"), (0, "0"), (-1.0, "-1"), (np.nan, "nan"), (np.inf, "inf")]
)
def test_validate_ratings_names_line_value_and_scale(wrong, shown):
    ratings = ratings_table([(1, 1, 5.0), (1, 2, 0.5), (2, 1, wrong), (2, 2, 99.0)])
    with pytest.raises(InputError) as error:
        validate_ratings(ratings, 0.5, 5, line)
    assert str(error.value) == (
        f"r.csv, line 4: rating {shown} is off the scale; accepted: 0.5 to 5 (source.rating_scale)"
    )


def test_validate_ratings_passes_the_whole_scale():
    ratings = ratings_table([(1, 1, 1.0), (1, 2, 3.3), (2, 1, 5.0)]).astype({"rating": "float32"})
    assert validate_ratings(ratings, 1, 5, line) is ratings


def test_validate_ratings_at_a_scale_that_float32_cannot_write():
    ratings = ratings_table([(1, 1, 0.1), (1, 2, 9.9)]).astype({"rating": "float32"})
    assert validate_ratings(ratings, 0.1, 9.9, line) is ratings


def test_nothing_to_clean_only_sorts():
    ratings = ratings_table([(2, 1, 1.0), (1, 2, 2.0), (1, 1, 3.0)])
    kept, dropped = clean(ratings)
    assert rows_of(kept) == [[1, 1, 3], [1, 2, 2], [2, 1, 1]]
    assert kept.index.tolist() == [0, 1, 2]
    assert dropped == []


AGAIN = [(1, 1, 1.0), (2, 1, 2.0), (1, 1, 3.0), (1, 2, 4.0), (1, 1, 5.0)]


@pytest.mark.parametrize(
    ("days", "latest"),
    [
        (None, 5.0),
        ([7, 0, 9, 0, 8], 3.0),
        ([9, 0, 8, 0, 7], 1.0),
        ([5, 0, 5, 0, 5], 5.0),
        ([5, 0, 5, 0, 4], 3.0),
    ],
    ids=["no timestamps", "middle", "first", "equal", "two equal"],
)
def test_keep_latest(days, latest):
    kept, dropped = clean(ratings_table(AGAIN, days))
    assert rows_of(kept) == [[1, 1, latest], [1, 2, 4], [2, 1, 2]]
    assert counts(dropped) == {"rated again later": (2, 0, 0)}


@pytest.mark.parametrize("days", [None, [1, 2, 3, 4, 5]])
def test_duplicates_error_names_the_second_line(days):
    with pytest.raises(InputError) as error:
        clean(ratings_table(AGAIN, days), duplicates="error")
    assert str(error.value) == (
        "r.csv, line 4: user 1 rates item 1 again (2 such ratings); set cleaning.duplicates to "
        "'keep_latest' to keep the latest"
    )


def test_duplicates_error_names_the_line_of_the_file_after_a_drop():
    ratings = ratings_table([(1, 77, 1.0), *AGAIN], range(6))
    with pytest.raises(InputError, match="line 5: user 1 rates item 1 again"):
        clean(ratings, items_table(1, 2), duplicates="error", unknown_items="drop")


UNKNOWN = [(1, 1, 1.0), (1, 2, 2.0), (2, 3, 3.0), (3, 3, 4.0), (3, 1, 5.0)]


def test_unknown_items_error():
    message = r"line 4: item 3 is not in the items file \(2 such ratings\).*'drop' or 'keep'"
    with pytest.raises(InputError, match=message):
        clean(ratings_table(UNKNOWN), items_table(1, 2))


def test_unknown_items_drop():
    kept, dropped = clean(ratings_table(UNKNOWN), items_table(1, 2), unknown_items="drop")
    assert rows_of(kept) == [[1, 1, 1], [1, 2, 2], [3, 1, 5]]
    assert counts(dropped) == {"item not in the items file": (2, 1, 1)}


@pytest.mark.parametrize(
    ("items", "unknown"), [(items_table(1), "keep"), (NO_ITEMS, "error"), (NO_ITEMS, "drop")]
)
def test_unknown_items_keep_or_no_items_file(items, unknown):
    kept, dropped = clean(ratings_table(UNKNOWN), items, unknown_items=unknown)
    assert len(kept) == 5
    assert dropped == []


def many_ratings(n_users=30, n_items=12):
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.5)
    return ratings_table({"user_id": users, "item_id": items, "rating": 1.0})


def test_sample_users_is_seeded_and_independent_of_row_order():
    ratings = many_ratings()
    kept, dropped = clean(ratings, sample_users=7, seed=3)
    again, _ = clean(ratings.sample(frac=1, random_state=5), sample_users=7, seed=3)
    other, _ = clean(ratings, sample_users=7, seed=4)
    pd.testing.assert_frame_equal(kept, again)
    assert kept["user_id"].nunique() == other["user_id"].nunique() == 7
    assert set(kept["user_id"]) != set(other["user_id"])
    whole = ratings[ratings["user_id"].isin(kept["user_id"])]
    assert rows_of(kept) == rows_of(whole)
    assert counts(dropped) == {
        "not among 7 sampled users": (
            len(ratings) - len(kept),
            23,
            ratings["item_id"].nunique() - kept["item_id"].nunique(),
        )
    }


def test_sample_of_more_users_than_there_are():
    with pytest.raises(InputError, match=r"cleaning\.sample_users: .*31.*30"):
        clean(many_ratings(), sample_users=31)
    assert clean(many_ratings(), sample_users=30)[1] == []


COUNTS = [(1, 1, 1.0), (1, 2, 1.0), (1, 3, 1.0), (2, 1, 1.0), (2, 2, 1.0), (3, 1, 1.0)]


@pytest.mark.parametrize(
    ("parameters", "kept", "numbers"),
    [
        ({"min_user_ratings": 2}, [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)], (1, 1, 0)),
        ({"max_user_ratings": 2}, [(2, 1), (2, 2), (3, 1)], (3, 1, 1)),
        ({"min_user_ratings": 2, "max_user_ratings": 2}, [(2, 1), (2, 2)], (4, 2, 1)),
        ({"min_item_ratings": 2}, [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)], (1, 0, 1)),
        # counted once: user 2 keeps one rating although two are wanted
        ({"min_item_ratings": 3, "min_user_ratings": 2}, [(1, 1), (2, 1)], (4, 1, 2)),
    ],
)
def test_rating_counts(parameters, kept, numbers):
    ratings, dropped = clean(ratings_table(COUNTS), **parameters)
    assert list(ratings[["user_id", "item_id"]].itertuples(index=False, name=None)) == kept
    assert counts(dropped) == {"too few or too many ratings": numbers}


def naive_k_core(pairs, k):
    """Take away one offending user or item at a time."""
    pairs = set(pairs)
    while True:
        ids = [("u", u) for u, _ in pairs] + [("i", i) for _, i in pairs]
        few = sorted(i for i in set(ids) if ids.count(i) < k)
        if not few:
            return pairs
        kind, bad = few[0]
        pairs = {p for p in pairs if p[kind == "i"] != bad}


@settings(max_examples=33, deadline=None)
@given(
    pairs=st.sets(st.tuples(st.integers(0, 5), st.integers(10, 15)), min_size=1, max_size=30),
    k=st.integers(1, 4),
)
def test_k_core_equals_a_naive_loop(pairs, k):
    ratings = ratings_table([(user, item, 1.0) for user, item in sorted(pairs)])
    kept = ratings[k_core(ratings, k)]
    found = set(kept[["user_id", "item_id"]].itertuples(index=False, name=None))
    assert found == naive_k_core(pairs, k)


def test_k_core_in_cleaning():
    rows = [(u, i, 1.0) for u in (1, 2) for i in (1, 2)] + [(3, 1, 1.0), (4, 4, 1.0)]
    ratings, dropped = clean(ratings_table(rows), k_core=2)
    assert rows_of(ratings) == [[1, 1, 1], [1, 2, 1], [2, 1, 1], [2, 2, 1]]
    assert counts(dropped) == {"not in the 2-core": (2, 2, 1)}


def test_every_step_is_counted():
    rows = [*AGAIN, (5, 9, 1.0), (6, 2, 1.0), (6, 1, 1.0)]
    ratings, dropped = clean(
        ratings_table(rows), items_table(1, 2), unknown_items="drop", min_user_ratings=2
    )
    assert rows_of(ratings) == [[1, 1, 5], [1, 2, 4], [6, 1, 1], [6, 2, 1]]
    assert counts(dropped) == {
        "item not in the items file": (1, 1, 1),
        "rated again later": (2, 0, 0),
        "too few or too many ratings": (1, 1, 0),
    }


@pytest.mark.parametrize("parameters", [{"min_user_ratings": 9}, {"k_core": 9}])
def test_nothing_left(parameters):
    message = r"parameters cleaning: the filters leave no rating; .*: 6"
    with pytest.raises(InputError, match=message):
        clean(ratings_table(COUNTS), **parameters)


def test_all_items_unknown_leaves_nothing():
    with pytest.raises(InputError, match=r"no rating; item not in the items file: 6"):
        clean(ratings_table(COUNTS), items_table(99), unknown_items="drop", k_core=2)


def test_the_ratings_are_left_alone():
    ratings = ratings_table(AGAIN)
    before = ratings.copy()
    clean(ratings)
    pd.testing.assert_frame_equal(ratings, before)


@pytest.mark.parametrize(
    ("title", "clean_title", "year"),
    [
        ("Terminator, The (1984)", "The Terminator", 1984),
        ("Toy Story (1995)", "Toy Story", 1995),
        ("American President, An (1995)  ", "An American President", 1995),
        ("Bug's Life, A (1998)", "A Bug's Life", 1998),
        ("Nikita", "Nikita", None),
        ("Death Note: Desu nôto (2006\u20132007)", "Death Note: Desu nôto", 2006),
        ("Firefly (2002-)", "Firefly", 2002),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            "The City of Lost Children (Cité des enfants perdus, La)",
            1995,
        ),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly", 1966),
        ("Shawshank (director's cut)", "Shawshank (director's cut)", None),
        ("1984", "1984", None),
        ("2001 (1968) (1970)", "2001 (1968)", 1970),
        ("Ocean's (12345)", "Ocean's (12345)", None),
        ("(1999)", "7", 1999),
        ("", "7", None),
        ("Theatre, Thea", "Theatre, Thea", None),
    ],
)
def test_titles_and_years(title, clean_title, year):
    items = pd.DataFrame({"item_id": [7], "title": [title], "genres": ["Drama|War"]})
    cleaned = clean_items(items, ratings_table([(1, 7, 1.0)]))
    assert cleaned.columns.tolist() == ["item_id", "title", "year", "genres"]
    assert cleaned["title"].tolist() == [clean_title]
    assert cleaned["year"].dtype == "Int16"
    assert cleaned["year"].isna().tolist() == [year is None]
    assert year is None or cleaned["year"].tolist() == [year]
    assert cleaned["genres"].tolist() == ["Drama|War"]


def test_only_rated_items_sorted_by_id():
    cleaned = clean_items(items_table(9, 3, 5), ratings_table([(1, 9, 1.0), (2, 9, 1), (1, 3, 1)]))
    assert cleaned["item_id"].tolist() == [3, 9]
    assert cleaned["title"].tolist() == ["T3", "T9"]


def test_item_without_a_line_in_the_items_file_is_titled_by_its_id():
    cleaned = clean_items(items_table(3), ratings_table([(1, 3, 1.0), (1, 4, 1.0)]))
    assert cleaned["title"].tolist() == ["T3", "4"]
    assert cleaned["genres"].tolist() == ["", ""]
    assert cleaned["year"].isna().all()


@pytest.mark.parametrize("ids", [[3, 4], ["a", "ü"]])
def test_without_items_file(ids):
    nothing = NO_ITEMS.astype({"item_id": type(ids[0])})
    cleaned = clean_items(nothing, ratings_table([(1, i, 1.0) for i in ids]))
    assert cleaned["item_id"].tolist() == ids
    assert cleaned["title"].tolist() == list(map(str, ids))
    assert cleaned["genres"].tolist() == ["", ""]
    assert cleaned["title"].dtype == cleaned["genres"].dtype == "str"


def test_missing_title_and_genres():
    items = pd.DataFrame({"item_id": [3, 4], "title": ["A", None], "genres": [None, "War"]})
    cleaned = clean_items(items, ratings_table([(1, 3, 1.0), (1, 4, 1.0)]))
    assert cleaned["title"].tolist() == ["A", "4"]
    assert cleaned["genres"].tolist() == ["", "War"]


def test_item_listed_twice():
    with pytest.raises(InputError, match="items table, row 2: item 5 is listed again"):
        clean_items(items_table(3, 5, 5), ratings_table([(1, 3, 1.0)]))
