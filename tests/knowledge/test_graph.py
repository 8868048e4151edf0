"""Triples and the entities of items, on a graph small enough to check by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from explainable_recsys.errors import InputError
from explainable_recsys.knowledge.graph import (
    COLUMNS,
    GraphParameters,
    build_triples,
    check_triples,
    item_entities,
)

ITEMS = pd.DataFrame(
    {
        "item_id": [1, 2, 3, 10],
        "title": ["Alien", "Aliens", "Alien³", "Unknown"],
        "year": pd.array([1979, 1986, 1992, None], dtype="Int16"),
        "genres": ["Horror|Sci-Fi", "Action|Sci-Fi|Sci-Fi", "", ""],
    }
)
USERS = pd.DataFrame(
    {
        "user_id": [7, 8],
        "age": pd.array([25, None], dtype="Int16"),
        "gender": ["F", "x"],
        "occupation": ["", "writer"],
    }
)
TAGS = pd.DataFrame(
    [(1, "Space "), (1, "space"), (2, "SPACE"), (2, " "), (3, "A: b"), (99, "lost")],
    columns=["item_id", "tag"],
)
RAW = pd.DataFrame(
    [
        ("f3", "film.film.prequel", "f2"),  # a chain of three, one of them written twice
        ("f2", "film.film.sequel", "f3"),
        ("f1", "film.film.sequel", "f2"),
        ("g1", "film.film.sequel", "g2"),  # films that are no items
        ("f1", "film.film.directed_by", "m.scott"),
        ("m.scott", "film.director.film", "f1"),
        ("m.scott", "film.producer.film", "f1"),
        ("f2", "film.film.actor", "m.weaver"),
        ("m.weaver", "film.actor.film", "f1"),
        ("f1", "film.film.genre", "m.horror"),
        ("f1", "film.film.award_won", "m.oscar"),
        ("f2", "film.film.award_nomination", "m.oscar"),
        ("g1", "film.film.directed_by", "m.other"),
        ("f2", "film.film.costumes", "m.wool"),  # relations that are not listed
        ("m.moon", "place.in_film", "f2"),
    ],
    columns=["head", "relation", "tail"],
)
LINKS = pd.DataFrame(
    [(1, "f1"), (2, "f2"), (3, "f3"), (99, "g2")], columns=["item_id", "entity_id"]
)

EXPECTED = {
    ("item:1", "genre", "genre:Horror", "Alien (1979)", "Horror"),
    ("item:1", "genre", "genre:Sci-Fi", "Alien (1979)", "Sci-Fi"),
    ("item:1", "decade", "decade:1970", "Alien (1979)", "1970s"),
    ("item:1", "tag", "tag:space", "Alien (1979)", "space"),
    ("item:1", "series", "series:f1", "Alien (1979)", "series of Alien"),
    ("item:1", "director", "person:m.scott", "Alien (1979)", "director, producer m.scott"),
    ("item:1", "producer", "person:m.scott", "Alien (1979)", "director, producer m.scott"),
    ("item:1", "actor", "person:m.weaver", "Alien (1979)", "actor m.weaver"),
    (
        "item:1",
        "Freebase genre",
        "freebase_genre:m.horror",
        "Alien (1979)",
        "Freebase genre m.horror",
    ),
    ("item:1", "award", "award:m.oscar", "Alien (1979)", "award m.oscar"),
    ("item:2", "genre", "genre:Action", "Aliens (1986)", "Action"),
    ("item:2", "genre", "genre:Sci-Fi", "Aliens (1986)", "Sci-Fi"),
    ("item:2", "decade", "decade:1980", "Aliens (1986)", "1980s"),
    ("item:2", "tag", "tag:space", "Aliens (1986)", "space"),
    ("item:2", "series", "series:f1", "Aliens (1986)", "series of Alien"),
    ("item:2", "actor", "person:m.weaver", "Aliens (1986)", "actor m.weaver"),
    ("item:2", "award nomination", "award:m.oscar", "Aliens (1986)", "award m.oscar"),
    ("item:2", "film.film.costumes", "entity:m.wool", "Aliens (1986)", "film.film.costumes m.wool"),
    ("item:2", "place.in_film", "entity:m.moon", "Aliens (1986)", "place.in_film m.moon"),
    ("item:3", "decade", "decade:1990", "Alien³ (1992)", "1990s"),
    ("item:3", "tag", "tag:a: b", "Alien³ (1992)", "a: b"),
    ("item:3", "series", "series:f1", "Alien³ (1992)", "series of Alien"),
    ("user:7", "age group", "age:20-29", "user 7", "aged 20 to 29"),
    ("user:7", "gender", "gender:F", "user 7", "female"),
    ("user:8", "gender", "gender:x", "user 8", "x"),
    ("user:8", "occupation", "occupation:writer", "user 8", "writer"),
}
"""Head, relation, tail, and the labels of head and tail."""


def built(**changes: Any) -> pd.DataFrame:
    tables = {"items": ITEMS, "users": USERS, "tags": TAGS, "triples": RAW, "links": LINKS}
    parameters = GraphParameters(**{k: v for k, v in changes.items() if k not in tables})
    return build_triples(**{k: changes.get(k, v) for k, v in tables.items()}, parameters=parameters)


@cache
def usually_built() -> pd.DataFrame:
    """The triples without any changes, made once; not to be changed."""
    return built()


class TestTriples:
    def test_all_that_is_known_is_in_the_table(self) -> None:
        triples = built()
        shown = triples[["head", "relation", "tail", "head_label", "tail_label"]]
        assert set(shown.itertuples(index=False, name=None)) == EXPECTED
        assert len(triples) == len(EXPECTED)
        assert list(triples.columns) == COLUMNS
        assert (triples["head_type"] == triples["head"].str.split(":").str[0]).all()
        assert (triples["tail_type"] == triples["tail"].str.split(":").str[0]).all()

    def test_the_order_of_the_input_does_not_matter(self) -> None:
        turned = {"tags": TAGS, "triples": RAW, "links": LINKS, "users": USERS}
        turned = {name: table.iloc[::-1].reset_index(drop=True) for name, table in turned.items()}
        pd.testing.assert_frame_equal(built(**turned), built())

    def test_what_is_said_of_no_item_is_left_out(self) -> None:
        triples = built(items=ITEMS.tail(1))
        assert set(triples["head"]) == {"user:7", "user:8"}

    def test_a_series_without_years_is_named_by_the_first_id(self) -> None:
        items = ITEMS.assign(year=pd.array([None] * 4, "Int16"))
        series = built(items=items, relations=["series"])
        assert set(series["tail_label"]) == {"series of Alien"}
        assert len(series) == 3

    @pytest.mark.parametrize("years", [(1992, 1986, 1979), (None, 1986, 1979), (1992, None, 1979)])
    def test_a_series_is_named_by_the_earliest_item_whatever_its_id(
        self, years: tuple[int | None, ...]
    ) -> None:
        items = ITEMS.assign(year=pd.array([*years, None], "Int16"))
        series = built(items=items, relations=["series"])
        assert set(series["tail"]) == {"series:f3"}
        assert set(series["tail_label"]) == {"series of Alien³"}
        assert series["head"].tolist() == ["item:1", "item:2", "item:3"]

    def test_two_series_are_two_entities(self) -> None:
        raw = RAW[RAW["head"] != "f1"]
        series = built(triples=raw, relations=["series"])
        assert dict(zip(series["head"], series["tail_label"], strict=True)) == {
            "item:2": "series of Aliens",
            "item:3": "series of Aliens",
        }

    @pytest.mark.parametrize(
        ("changes", "relation", "tails", "labels"),
        [
            ({"years_per_decade": 5}, "decade", ["decade:1975"], ["1975 to 1979"]),
            ({"years_per_decade": 1}, "decade", ["decade:1979"], ["1979"]),
            ({"ages_per_group": None}, "age group", ["age:25"], ["age group 25"]),
            ({"ages_per_group": 1}, "age group", ["age:25"], ["aged 25"]),
        ],
    )
    def test_widths(
        self, changes: dict[str, Any], relation: str, tails: list[str], labels: list[str]
    ) -> None:
        found = built(items=ITEMS.head(1), relations=[relation], **changes)
        assert found["tail"].tolist() == tails
        assert found["tail_label"].tolist() == labels

    def test_relations_can_be_chosen(self) -> None:
        assert set(built(relations=["tag", "actor"])["relation"]) == {"tag", "actor"}

    def test_an_unknown_relation_is_refused(self) -> None:
        refused = r"graph\.triples\.relations: .*'directed'; accepted: genre, "
        with pytest.raises(InputError, match=refused):
            built(relations=["genre", "directed"])
        none = {"items": ITEMS.tail(1), "users": USERS.head(0)}
        with pytest.raises(InputError, match="accepted: none, the data has no relation"):
            built(relations=["genre"], **none)

    @pytest.mark.parametrize(
        "wrong", [{"relations": []}, {"years_per_decade": 0}, {"min_degree": 0}, {"minimum": 1}]
    )
    def test_wrong_parameters_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            GraphParameters(**wrong)

    def test_nothing_is_known(self) -> None:
        none = {"items": ITEMS.tail(1), "users": USERS.head(0)[["user_id"]]}
        triples = built(**none)
        assert triples.empty
        assert list(triples.columns) == COLUMNS
        entities = item_entities(triples, np.array([10]), GraphParameters())
        assert entities.matrix.shape == (1, 0)


class TestCheck:
    def test_what_is_built_is_in_order(self) -> None:
        check_triples(built(), ITEMS, USERS)

    @pytest.mark.parametrize(
        ("column", "value", "problem"),
        [
            ("head", "item:4", "has a head that does not exist"),
            ("head", "user:1", "has a head that does not exist"),
            ("tail_label", "", "is incomplete"),
            ("relation", None, "is incomplete"),
            ("tail_label", "another", "has an entity of two labels"),
        ],
    )
    def test_a_wrong_triple_is_named(self, column: str, value: str | None, problem: str) -> None:
        triples = built()
        row = int(np.argmax(triples["head"] == "item:2"))
        triples.loc[row, column] = value
        with pytest.raises(InputError, match=rf"^triples, row {row + 1}: \(.*\) {problem}$"):
            check_triples(triples, ITEMS, USERS)

    def test_a_duplicate_is_named(self) -> None:
        triples = pd.concat([built(), built().head(1)], ignore_index=True)
        with pytest.raises(InputError, match=rf"row {len(triples)}: .* is there again"):
            check_triples(triples, ITEMS, USERS)


class TestEntities:
    IDS = np.array([3, 1, 2, 10])

    def test_items_that_share_an_entity_have_a_column_in_common(self) -> None:
        entities = item_entities(built(), self.IDS, GraphParameters())
        columns = list(zip(entities.groups, entities.names, entities.labels, strict=True))
        assert columns == [
            ("genre", "genre:Sci-Fi", "Sci-Fi"),
            ("tag", "tag:space", "tag space"),
            ("series", "series:f1", "series of Alien"),
            ("actor", "person:m.weaver", "actor m.weaver"),
        ]
        expected = [[0, 0, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]
        np.testing.assert_array_equal(entities.matrix.toarray(), expected)
        assert entities.matrix.dtype == np.float32
        assert entities.matrix.has_sorted_indices

    def test_every_entity_of_an_item_with_degree_1(self) -> None:
        entities = item_entities(built(), self.IDS, GraphParameters(min_degree=1))
        assert entities.matrix.nnz == sum(head.startswith("item") for head, *_ in EXPECTED)
        labels = dict(zip(entities.ids, entities.labels, strict=True))
        assert labels["decade=decade:1970"] == "from the 1970s"
        assert labels["director=person:m.scott"] == "director m.scott"
        assert labels["producer=person:m.scott"] == "producer m.scott"
        assert list(dict.fromkeys(entities.groups))[-2:] == ["film.film.costumes", "place.in_film"]

    @pytest.mark.parametrize(("width", "label"), [(1, "from 1979"), (5, "from 1975 to 1979")])
    def test_labels_of_other_decades(self, width: int, label: str) -> None:
        triples = built(relations=["decade"], years_per_decade=width)
        entities = item_entities(triples, self.IDS, GraphParameters(min_degree=1))
        assert entities.labels[0] == label

    def test_items_outside_the_catalogue_do_not_count(self) -> None:
        entities = item_entities(built(), np.array([1, 10]), GraphParameters())
        assert entities.matrix.shape == (2, 0)

    @settings(deadline=None)
    @given(st.permutations([1, 2, 3, 10]), st.integers(1, 4))
    def test_rows_follow_the_items(self, order: list[int], min_degree: int) -> None:
        triples, parameters = usually_built(), GraphParameters(min_degree=min_degree)
        usual = item_entities(triples, np.array([1, 2, 3, 10]), parameters)
        turned = item_entities(triples, np.array(order), parameters)
        rows = [[1, 2, 3, 10].index(item) for item in order]
        np.testing.assert_array_equal(turned.matrix.toarray(), usual.matrix.toarray()[rows])
        assert turned.names == usual.names
        assert (usual.matrix.sum(axis=0) >= min_degree).all()
