"""All figures of the exploration of a data set, from its ratings, items and users."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.exploration import filters, items, people, ratings, totals
from explainable_recsys.figures.exploration_filters import cleaning_figure, cores_figure
from explainable_recsys.figures.exploration_items import (
    best_rated_figure,
    genre_pairs_figure,
    genres_figure,
    most_rated_figure,
    releases_figure,
)
from explainable_recsys.figures.exploration_people import (
    demographics_figure,
    genders_by_genre_figure,
)
from explainable_recsys.figures.exploration_ratings import (
    activity_figure,
    concentration_figure,
    long_tail_figure,
    rating_distribution_figure,
    sparsity_figure,
)

TITLE = "<b>X</b> & the very long story of somebody who went away"
RATINGS = pd.DataFrame(
    [
        (1, 10, 5),
        (1, 11, 4),
        (1, 12, 4),
        (2, 10, 3),
        (2, 11, 1),
        (3, 10, 4),
        (3, 12, 5),
        (4, 10, 4),
    ],
    columns=["user_id", "item_id", "rating"],
).astype({"rating": "float32"})
RATINGS["timestamp"] = pd.to_datetime("2000-01-15") + pd.to_timedelta(
    [0, 1, 40, 2, 3, 4, 41, 5], "D"
)
ITEMS = pd.DataFrame(
    {
        "item_id": [10, 11, 12],
        "title": [TITLE, "B", "B"],
        "year": pd.array([1994, 2003, None], dtype="Int16"),
        "genres": ["Drama|<i>", "Drama", "Comedy"],
    }
)
USERS = pd.DataFrame(
    {
        "user_id": [1, 2, 3, 4],
        "age": [20, 30, 31, 60],
        "gender": ["F", "M", "M", ""],
        "occupation": ["3", "3", "7", "7"],
    }
)


def figures_of(
    table: pd.DataFrame = RATINGS, titles: pd.DataFrame = ITEMS, users: pd.DataFrame = USERS
) -> dict[str, Any]:
    """All figures of a data set, by name."""
    of_users, of_items = (totals.rating_totals(table, name) for name in ("user_id", "item_id"))
    titles = titles[titles["item_id"].isin(of_items["item_id"])].reset_index(drop=True)
    ranked = items.ranked_items(titles, of_items, len(of_users), 2)
    unequal = [ratings.concentration(of_items, "items"), ratings.concentration(of_users, "users")]
    return {
        "distribution": rating_distribution_figure(ratings.rating_distribution(table)),
        "long_tail": long_tail_figure(
            ratings.how_many_have(of_users, "n_users"), ratings.how_many_have(of_items, "n_items")
        ),
        "concentration": concentration_figure(pd.concat(unequal)),
        "activity": activity_figure(ratings.activity(table)),
        "sparsity": sparsity_figure(ratings.sparsity(table, 2)),
        "genres": genres_figure(items.genres(titles, of_items)),
        "pairs": genre_pairs_figure(items.genre_pairs(titles, 5)),
        "releases": releases_figure(
            items.releases(titles, of_items, 1), items.releases(titles, of_items, 10)
        ),
        "most_rated": most_rated_figure(items.most_rated(ranked, 5)),
        "best_rated": best_rated_figure(items.best_rated(ranked, 5), 2),
        "demographics": demographics_figure(people.demographics(users, of_users)),
        "genders": genders_by_genre_figure(people.genders_by_genre(table, users, titles)),
        "cleaning": cleaning_figure(filters.cleaning_steps(table, [])),
        "cores": cores_figure(filters.cores(table, (1, 2, 20))),
    }
