"""Small tables to put into words, and sentences with brackets that one can see."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained

TITLES = {1: "Aliens", 2: "Alien", 3: "M*A*S*H", 4: "Amélie", 5: "千と千尋の神隠し", 6: "New"}


def data_of(titles=TITLES, ratings=None, liked="all"):
    """Of items with these titles; somebody rated each of them unless it is said who did.

    What is rated is liked, unless a test says from which rating on.
    """
    given = ratings or [(0, item, 3.0) for item in titles]
    rated = {item for _, item, _ in given}
    others = [(given[0][0], item, 3.0) for item in titles if item not in rated]
    frame = pd.DataFrame([*given, *others], columns=["user_id", "item_id", "rating"])
    items = pd.DataFrame({"item_id": list(titles), "title": list(titles.values())})
    return Data.from_frames(frame, items, liked=liked)


def lists_of(data, scores):
    """Of {(user, item): score}."""
    table = pd.DataFrame(
        [(user, item, score) for (user, item), score in scores.items()],
        columns=["user_id", "item_id", "score"],
    )
    return Lists.of(data.histories, table.astype({"score": float}))


def evidence_of(explained, style, titles=TITLES):
    """Of [(user, item, [(rated item or text, weight), …]), …], in the order of telling."""
    rows = [
        (user, item, place, style, piece, weight, piece if style == "item" else None)
        for user, item, pieces in explained
        for place, (piece, weight) in enumerate(pieces, 1)
    ]
    names = ["user_id", "item_id", "position", "style", "evidence", "weight", "rated_item_id"]
    table = pd.DataFrame(rows, columns=names)
    ids = pd.Categorical(table["evidence"].astype("str"))
    if style == "item":
        table["evidence"] = table["evidence"].map(titles)
    return table.assign(evidence=pd.Categorical(table["evidence"]), group=1, evidence_id=ids)


def totals_of(table, supporting, lower=0.0, groups=None, n_liked=0):
    """What supports each recommendation in all: a number for all, or {(user, item): number}.

    `lower` is the part of what is rated lower; `groups` {(user, item): (id, ratings, part)} of
    those in which a group stands out; `n_liked` how many liked ratings support each.
    """
    each = table[["user_id", "item_id"]].drop_duplicates(ignore_index=True)
    pairs = list(each.itertuples(index=False, name=None))
    if isinstance(supporting, dict):
        supporting = [supporting[pair] for pair in pairs]
    found = [(groups or {}).get(pair, (None, 0, 0.0)) for pair in pairs]
    shared, n_sharing, of_sharing = zip(*found, strict=True) if found else ((), (), ())
    return each.assign(
        supporting=supporting,
        opposing=-0.5,
        lower=lower,
        n_liked=n_liked,
        shared=pd.Categorical(shared),
        n_sharing=np.array(n_sharing, np.int64),
        of_sharing=np.array(of_sharing, np.float64),
    )


def explained_by(table, facts=None, **details):
    return Explained(table, details, facts or {})


def cited(n_cited=3, **others):
    return SimpleNamespace(n_cited=n_cited, **others)


def shown(table):
    """The sentences, items between brackets."""
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table["sentence"].dtype == "str"
    return [
        text.replace("\u2068", "⟨").replace("\u2069", "⟩") for text in table["sentence"].tolist()
    ]


def keys(table):
    return list(zip(table["user_id"], table["item_id"], strict=True))
