"""Graphs small enough for loops: what links items, and every path between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.meta_paths import MetaPathParameters

N_USERS, N_ITEMS = 10, 9

Links = dict[tuple[str, str], set[int]]
"""The items (columns) of every entity, by relation and entity; people are named by their row."""


class Path(NamedTuple):
    """From a liked item over a shared entity, and what it adds to the score."""

    start: int
    relation: str
    entity: str
    weight: float


def features_of(links: Links, n_items: int) -> Features:
    """Columns in the given order, labelled by relation and name."""
    matrix = np.zeros((n_items, len(links)), np.float32)
    for column, holders in enumerate(links.values()):
        matrix[sorted(holders), column] = 1
    relations, names = zip(*links, strict=True) if links else ((), ())
    labels = tuple(f"{relation} {name}" for relation, name in links)
    return Features(sparse.csr_array(matrix), relations, names, labels)


def interactions_of(rows: list[dict[int, float]], n_items: int) -> Interactions:
    """Of {column: rating} of every user; users are named 1, 2, … and items 100, 101, …"""
    cells = [(user, item, value) for user, of in enumerate(rows) for item, value in of.items()]
    users, items, values = (np.array(part) for part in zip(*cells, strict=True))
    ratings = sparse.csr_array(
        (values.astype(np.float32), (users, items)), shape=(len(rows), n_items)
    )
    return Interactions(ratings, np.arange(len(rows)) + 1, np.arange(n_items) + 100)


def history(ratings: sparse.csr_array, user: int) -> dict[int, float]:
    """{column: rating} of one user."""
    cells = slice(ratings.indptr[user], ratings.indptr[user + 1])
    return dict(zip(ratings.indices[cells].tolist(), ratings.data[cells].tolist(), strict=True))


def random_rows(
    rng: np.random.Generator, n_users: int = N_USERS, share: float = 0.4
) -> list[dict[int, float]]:
    """Histories with ratings 0 to 5; some like nothing, the last but one rated nothing at all."""
    rows = []
    for _ in range(n_users):
        highest = 3 if rng.random() < 0.2 else 6
        rated = [item for item in range(N_ITEMS) if rng.random() < share]
        rows.append({item: float(rng.integers(0, highest)) for item in rated})
    rows[-2] = {}
    rows[-1] = {0: 4.0, 3: 5.0}
    return rows


def random_links(rng: np.random.Generator) -> Links:
    """Three relations; an entity of nobody, one of everybody, and some in between."""
    links: Links = {("genre", "all"): set(range(N_ITEMS)), ("genre", "none"): set()}
    for relation, n_entities, share in (("genre", 3, 0.5), ("actor", 6, 0.3), ("director", 2, 0.3)):
        for name in range(n_entities):
            holders = {item for item in range(N_ITEMS) if rng.random() < share}
            links[relation, f"{relation[0]}{name}"] = holders
    return links


def liked_of(rated: Mapping[int, float], liked_from: float | None) -> list[int]:
    """The items that paths start from."""
    liked = [item for item, rating in rated.items() if liked_from is None or rating >= liked_from]
    return sorted(liked or rated)


def all_links(data: Interactions, links: Links, liked_from: float | None) -> Links:
    """The given ones and those over people."""
    people: Links = {
        (PEOPLE, str(user)): set(liked_of(history(data.ratings, user), liked_from))
        for user in range(data.n_users)
    }
    return people | links


def degree(everything: Links, relation: str, item: int) -> int:
    """How many links of a relation an item has."""
    return sum(of == relation and item in holders for (of, _), holders in everything.items())


def paths_to(
    everything: Links,
    weights: Mapping[str, float],
    parameters: MetaPathParameters,
    rated: Mapping[int, float],
    item: int,
    liked_from: float | None,
) -> list[Path]:
    """Every path from a liked item to another, one at a time."""
    liked, found = liked_of(rated, liked_from), []
    for start in liked:
        for (relation, entity), holders in everything.items():
            if start in holders and item in holders:
                weight = weights[relation]
                weight *= degree(everything, relation, start) ** -parameters.source_exponent
                weight *= len(holders) ** -parameters.hub_exponent
                weight *= degree(everything, relation, item) ** -parameters.target_exponent
                found.append(Path(start, relation, entity, weight))
    return found
