from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.reporting.selection import choose_users, users_histories, users_lists

ITEMS = pd.DataFrame(
    {
        "item_id": [10, 20, 30],
        "title": ["Ten", "Twenty", "Thirty"],
        "year": pd.array([1990, None, 2000], dtype="Int64"),
    }
)


def test_lists_with_titles_and_reasons_where_there_are_any() -> None:
    lists = pd.DataFrame(
        {
            "user_id": [1, 1, 1, 2],
            "item_id": [30, 10, 20, 10],
            "rank": [1, 2, 3, 1],
            "score": [3.0, 2.0, 1.0, 9.0],
        }
    )
    sentences = pd.DataFrame({"user_id": [1], "item_id": [10], "sentence": ["Because."]})
    table = users_lists(
        {"b": lists, "a": lists.head(1)},
        {"a": sentences, "b": sentences},
        ITEMS,
        np.array([1]),
        n_items=2,
    )
    assert table["approach"].tolist() == ["a", "b", "b"]
    assert table["title"].tolist() == ["Thirty", "Thirty", "Ten"]
    assert table["sentence"].fillna("").tolist() == ["", "", "Because."]
    assert users_lists({}, {}, ITEMS, np.array([1]), 2).empty


def test_histories_best_first() -> None:
    ratings = pd.DataFrame(
        {"user_id": [1, 1, 1, 2], "item_id": [10, 20, 30, 30], "rating": [3.0, 5.0, 5.0, 1.0]}
    )
    histories = Interactions.from_frame(ratings)
    table = users_histories(histories, ITEMS, np.array([1, 2]), n_rated=2)
    assert table["title"].tolist() == ["Twenty", "Thirty", "Thirty"]
    assert table["rating"].tolist() == [5, 5, 1]
    with pytest.raises(InputError, match="user_id 9"):
        users_histories(histories, ITEMS, np.array([9]), 1)


def test_users_are_drawn_from_those_whom_all_explain_something() -> None:
    explained = [pd.Series([5, 1, 2, 3, 3]), pd.Series([2, 3, 4, 5]), pd.Series([5, 2, 3])]
    assert choose_users(explained, 3, seed=0).tolist() == [2, 3, 5]
    assert choose_users(explained, 9, seed=0).tolist() == [2, 3, 5]
    assert choose_users([pd.Series([3, 1]), pd.Series([2])], 9, seed=0).tolist() == [1, 2, 3]
    assert choose_users([], 3, seed=0).tolist() == []
    shuffled = [users.sample(frac=1, random_state=1) for users in explained[::-1]]
    drawn = [choose_users(explained, 1, seed).tolist() for seed in range(50)]
    assert drawn == [choose_users(shuffled, 1, seed).tolist() for seed in range(50)]
    assert sorted({user for users in drawn for user in users}) == [2, 3, 5]
