"""The card of a graph of four items, counted by hand."""

from __future__ import annotations

import json

import pandas as pd

from explainable_recsys.knowledge.graph import GraphParameters, build_triples
from explainable_recsys.knowledge.graph_card import graph_card

ITEMS = pd.DataFrame(
    {
        "item_id": [1, 2, 3, 4],
        "title": list("ABCD"),
        "year": pd.array([None] * 4, dtype="Int16"),
        "genres": ["War|Drama", "War", "War", ""],
    }
)
USERS = pd.DataFrame({"user_id": [1], "gender": ["F"]})
TAGS = pd.DataFrame({"item_id": [1], "tag": ["long"]})
RAW = pd.DataFrame(
    [
        ("f1", "film.film.actor", "m.x"),
        ("m.x", "film.actor.film", "f1"),
        ("f2", "film.film.actor", "m.x"),
        ("f9", "film.film.actor", "m.x"),
    ],
    columns=["head", "relation", "tail"],
)
LINKS = pd.DataFrame({"item_id": [1, 2, 9], "entity_id": ["f1", "f2", "f9"]})


def test_everything_is_counted() -> None:
    parameters = GraphParameters()
    triples = build_triples(ITEMS, USERS, TAGS, RAW, LINKS, parameters)
    card = graph_card(triples, ITEMS, RAW, LINKS, parameters)
    assert json.loads(json.dumps(card)) == card
    assert card["triples"] == 8
    assert card["entities"] == {
        "gender": 1,
        "genre": 2,
        "item": 3,
        "person": 1,
        "tag": 1,
        "user": 1,
    }
    assert list(card["relations"]) == ["genre", "tag", "actor", "gender"]
    assert card["relations"]["genre"] == {
        "triples": 4,
        "entities": 2,
        "entities_that_link": 1,
        "degree": {"mean": 2.0, "median": 1.0, "q90": 1.0, "q99": 1.0, "max": 3.0},
    }
    assert card["items"] == {
        "items": 4,
        "linked_to_raw_triples": 2,
        "without_entity": 1,
        "entities_per_item": {"mean": 7 / 4, "median": 1.0, "q90": 2.0, "q99": 2.0, "max": 4.0},
    }
    assert card["raw_triples"] == {"triples": 4, "about_no_item": 1, "share_about_no_item": 0.25}


def test_nothing_is_known() -> None:
    items, none = ITEMS.tail(1), GraphParameters()
    triples = build_triples(items, USERS.head(0), TAGS.head(0), RAW.head(0), LINKS.head(0), none)
    card = graph_card(triples, items, RAW.head(0), LINKS.head(0), none)
    assert (card["triples"], card["entities"], card["relations"]) == (0, {}, {})
    assert card["items"]["without_entity"] == 1
    assert card["raw_triples"]["share_about_no_item"] is None
    empty = graph_card(triples, items.head(0), RAW.head(0), LINKS.head(0), none)
    assert set(empty["items"]["entities_per_item"].values()) == {None}
