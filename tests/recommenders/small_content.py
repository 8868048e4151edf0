"""Items described by sets of features, and what loops over dictionaries make of them."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.recommenders.content import Content, ContentParameters

Described = list[set[str]]
"""The names of each item's features, item by item."""

History = dict[int, float]
"""Column of each rated item, and its rating."""


def features_of(described: Described) -> Features:
    """A column for every name, all of one group."""
    names = sorted(set().union(*described))
    matrix = np.array([[float(name in own) for name in names] for own in described], np.float32)
    shape = (len(described), len(names))
    labels = tuple(f"of kind {name}" for name in names)
    values = sparse.csr_array(matrix.reshape(shape))
    return Features(values, ("kind",) * len(names), tuple(names), labels)


def interactions_of(histories: list[History], n_items: int) -> Interactions:
    """Users 1, 2, …; items 100, 101, …; also those without a rating."""
    cells = [(u, i, r) for u, own in enumerate(histories) for i, r in sorted(own.items())]
    users, items, values = (list(part) for part in zip(*cells, strict=True)) if cells else ([],) * 3
    starts = np.searchsorted(users, np.arange(len(histories) + 1))
    arrays = np.array(values, np.float32), np.array(items, np.int64), starts
    matrix = sparse.csr_array(arrays, shape=(len(histories), n_items))
    return Interactions(matrix, np.arange(len(histories)) + 1, np.arange(n_items) + 100)


def random_case(seed: int, n_users: int = 12, n_items: int = 10) -> tuple[list[History], Described]:
    """Ratings from 0 to 5; item 3 without features, item 4 without ratings, 5 and 6 alike."""
    rng = np.random.default_rng(seed)
    described = [{name for name in "abcdef" if rng.random() < 0.4} for _ in range(n_items)]
    described[0].add("a")
    described[1] = {"b"}
    described[3], described[6] = set(), set(described[5])
    histories = [
        {
            item: float(rng.integers(0, 11)) / 2
            for item in range(n_items)
            if item != 4 and rng.random() < 0.4
        }
        for _ in range(n_users)
    ]
    histories[0][0] = 5.0
    return histories, described


def fit(histories: list[History], described: Described, **changed: float) -> Content:
    """A model of what the histories say."""
    data = interactions_of(histories, len(described))
    return Content.fit(data, features_of(described), ContentParameters(**changed))


class ByHand:
    """The formula of `Content`, one number after another."""

    def __init__(
        self, learned_from: list[History], described: Described, parameters: ContentParameters
    ) -> None:
        ratings = [rating for own in learned_from for rating in own.values()]
        self.mean = math.fsum(ratings) / len(ratings)
        self.parameters = parameters
        self.vectors = []
        for own in described:
            idf = {
                name: math.log(len(described) / sum(name in other for other in described))
                for name in own
            }
            length = math.sqrt(math.fsum(value**2 for value in idf.values()))
            self.vectors.append({name: idf[name] / length for name in own if length > 0})
        worth = [
            math.log(1 + math.fsum(self.weight(own[item]) for own in learned_from if item in own))
            for item in range(len(described))
        ]
        self.popularity = [value / max(worth) for value in worth]

    def weight(self, rating: float) -> float:
        """What a rating counts."""
        return max(1 + self.parameters.rating_weight * (rating - self.mean), 0.0)

    def part(self, rated: int, rating: float, item: int, name: str) -> float:
        """What one feature of one rated item adds to the features' part of a score."""
        own = self.vectors[rated].get(name, 0.0) * self.vectors[item].get(name, 0.0)
        return self.weight(rating) * own

    def boost(self, item: int) -> float:
        """What the features' part of a score is multiplied by."""
        return 1 + self.parameters.popularity_weight * self.popularity[item]

    def contribution(self, rated: int, rating: float, item: int) -> float:
        """What one rated item adds to a score."""
        parts = (self.part(rated, rating, item, name) for name in self.vectors[item])
        return math.fsum(parts) * self.boost(item)

    def score(self, history: History, item: int) -> float:
        """-inf without anything in common."""
        found = math.fsum(self.contribution(j, rating, item) for j, rating in history.items())
        return found if found > 0 else -math.inf
