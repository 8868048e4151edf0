"""Known items that people disagree about are offered first, and genres take turns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.app.picks import picking_order
from explainable_recsys.data import Data


def data_of(ratings_of: dict[int, list[float]], genres: dict[int, str] | None = None) -> Data:
    """Items with the ratings that their first users gave."""
    rows = [
        (user, item, rating)
        for item, given in ratings_of.items()
        for user, rating in enumerate(given)
    ]
    ratings = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    items = pd.DataFrame({"item_id": list(ratings_of), "title": "a film"})
    items["genres"] = [(genres or {}).get(item, "") for item in ratings_of]
    return Data.from_frames(ratings, items)


def test_of_items_known_to_as_many_the_one_that_divides_people_comes_first() -> None:
    agreed, divided = [3.0, 3.0, 3.0, 3.0], [1.0, 5.0, 1.0, 5.0]
    assert picking_order(data_of({1: agreed, 2: divided, 3: agreed})).tolist() == [2, 1, 3]


def test_of_items_that_divide_people_as_much_the_one_that_more_know_comes_first() -> None:
    order = picking_order(data_of({1: [1.0, 5.0], 2: [1.0, 5.0] * 8, 3: [1.0, 5.0] * 2}))
    assert order.tolist() == [2, 3, 1]


def test_a_few_strange_ratings_do_not_make_an_item_first() -> None:
    known = [2.0, 3.0, 4.0, 3.0] * 10
    assert picking_order(data_of({1: [0.5, 5.0], 2: known})).tolist() == [2, 1]


def test_genres_take_turns_where_items_are_worth_about_the_same() -> None:
    same = [1.0, 5.0] * 3
    genres = {1: "War", 2: "War", 3: "War", 4: "Comedy", 5: "Comedy|Drama"}
    films = data_of(dict.fromkeys(genres, same), genres)
    # Places in the genres: 1, 2, 3 in War, 1 in Comedy, and (2 + 1) / 2 for the last.
    assert picking_order(films).tolist() == [1, 4, 5, 2, 3]
    assert picking_order(films, turns=0).tolist() == [1, 2, 3, 4, 5]


def test_the_order_is_that_of_the_formula() -> None:
    random = np.random.default_rng(0)
    given = {
        item: random.integers(1, 6, 2 + 3 * item).astype(float).tolist() for item in range(1, 9)
    }
    genres = {item: "A|B" if item % 3 == 0 else "AB"[item % 2] for item in given}
    everything = np.concatenate([np.subtract(of, np.mean(of)) for of in given.values()])
    spread = {
        item: np.sqrt(
            (np.sum((np.array(of) - np.mean(of)) ** 2) + 5 * np.mean(everything**2)) / (len(of) + 5)
        )
        for item, of in given.items()
    }
    worth = {item: len(of) ** 0.5 * spread[item] for item, of in given.items()}

    def value(item: int) -> float:
        rivals = [
            [worth[other] for other in given if genre in genres[other].split("|")]
            for genre in genres[item].split("|")
        ]
        places = [sorted(values, reverse=True).index(worth[item]) + 1 for values in rivals]
        return float(worth[item] / np.mean(places) ** 0.25)

    expected = sorted(given, key=value, reverse=True)
    assert picking_order(data_of(given, genres)).tolist() == expected


@pytest.mark.parametrize("rating", [1.0, 4.0])
def test_without_different_ratings_popularity_decides(rating: float) -> None:
    order = picking_order(data_of({1: [rating], 2: [rating] * 3, 3: [rating] * 2}))
    assert order.tolist() == [2, 3, 1]


def test_it_does_not_depend_on_the_order_of_the_ratings() -> None:
    films = {item: [1.0, 4.0, 3.0][: 1 + item % 3] for item in range(1, 20)}
    table = pd.DataFrame(
        [(user, item, r) for item, given in films.items() for user, r in enumerate(given)],
        columns=["user_id", "item_id", "rating"],
    )
    orders = [
        picking_order(Data.from_frames(t)) for t in (table, table.sample(frac=1, random_state=1))
    ]
    assert orders[0].tolist() == orders[1].tolist()
    assert sorted(orders[0]) == sorted(films)
