"""Knowledge as a run prepares it, drawn, and from the files of other data sets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest

from explainable_recsys.datasets.source import SourceParameters, parse_source
from explainable_recsys.errors import InputError
from explainable_recsys.figures.surroundings import SurroundingsParameters, draw_surroundings
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.graph import COLUMNS, check_triples
from explainable_recsys.pipelines.data_processing.nodes import link_items
from tests.in_memory import run_small

Stored = Callable[[str], Any]


def test_the_network_is_a_graph_of_rules(stored: Stored) -> None:
    graph, rules = stored("rules.network"), stored("rules.rules")
    assert isinstance(graph, nx.DiGraph)
    pairs = rules[rules["antecedent_2"].isna()]
    mined = set(
        zip(pairs["antecedent_1"].astype(str), pairs["consequent"].astype(str), strict=True)
    )
    assert 0 < graph.number_of_edges() <= 100
    assert set(graph.edges) <= mined


def test_the_graph_is_in_the_catalog(stored: Stored) -> None:
    triples, entities, card = (stored(f"graph.{n}") for n in ("triples", "item_entities", "card"))
    items, interactions = stored("items"), stored("interactions")
    assert list(triples.columns) == COLUMNS
    check_triples(triples, items, stored("users"))
    assert set(triples["relation"]) == {"genre", "decade"} == set(entities.groups)
    assert entities.matrix.shape == (interactions.n_items, len(entities.names))
    assert card["triples"] == len(triples)
    assert card["items"]["items"] == len(items)
    assert stored("graph.surroundings").number_of_edges()
    assert stored("graph.surroundings_figure").layout.title.text


FILES = {
    "tags": ["item_id,tag", "1,space", "2,Space "],
    "triples": ["head,relation,tail", "f1,film.film.sequel,f2", "f1,film.film.actor,m.weaver"],
    "links": ["item_id,entity_id", "1,f1", "2,f2"],
}


def test_the_graph_of_another_data_set(tmp_path: Path) -> None:
    def write(**files: list[str]) -> None:
        for name, lines in files.items():
            (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")

    def graph_of() -> pd.DataFrame:
        return run_small(
            tmp_path,
            ["graph"],
            {"split": {"fraction": 0.5, "validation": False}},
            ratings=[(user, item, 4) for user in range(3) for item in (1, 2)],
            items=[(1, "Alien (1979)", ""), (2, "Aliens (1986)", "")],
            source={
                "tags": {"file": "tags.csv"},
                "graph": {"triples": {"file": "triples.csv"}, "links": {"file": "links.csv"}},
            },
        )["graph.triples"]

    write(**FILES)
    expected = {"actor": 1, "decade": 2, "series": 2, "tag": 2}
    assert dict(graph_of()["relation"].value_counts()) == expected
    write(links=[*FILES["links"], "3,f3"])
    message = r"links\.csv, line 4: item 3 is not in the items file \(1 such links\)"
    with pytest.raises(InputError, match=message):
        graph_of()


def test_an_unknown_relation_in_the_parameters_is_explained(tmp_path: Path) -> None:
    parameters = {"graph": {"triples": {"relations": ["actress"]}}}
    titled = [(1, "Alien (1979)", "A"), (2, "Aliens (1986)", "A")]
    ratings = [(user, item, 4) for user in range(3) for item in (1, 2)]
    split = {"split": {"fraction": 0.5, "validation": False}}
    with pytest.raises(InputError, match=r"'actress'; accepted: genre, decade, or null"):
        run_small(tmp_path, ["graph"], parameters | split, ratings, titled)


class TestLinks:
    ITEMS = pd.DataFrame({"item_id": [1, 2], "title": ["Event Horizon (1997)", "Star Wars (1977)"]})
    OTHERS = pd.DataFrame({"item_id": [260], "title": ["Star Wars: Episode IV (1977)"]})

    def source(self, graph: dict[str, Any] | None) -> SourceParameters:
        block = {"name": "a", "folder": "b", "rating_scale": {"minimum": 1, "maximum": 5}}
        return parse_source(block | {"ratings": {"file": "r.csv"}, "graph": graph})

    def links(self, *rows: tuple[int, str]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=["item_id", "entity_id"])

    @property
    def files(self) -> dict[str, Any]:
        return {"triples": {"file": "t.csv"}, "links": {"file": "l.csv"}}

    def test_ids_of_the_data_set(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        raw = self.links((2, "f2"))
        links = link_items(raw, self.OTHERS.head(0), self.ITEMS, self.source(self.files))
        assert links.equals(raw)
        assert "linked to 1 of 2 items" in caplog.text

    def test_ids_of_another_data_set(self) -> None:
        source = self.source(self.files | {"items": {"file": "i.csv"}})
        links = link_items(self.links((260, "f")), self.OTHERS, self.ITEMS, source)
        assert links.to_numpy().tolist() == [[2, "f"]]
        with pytest.raises(InputError, match=r"^l\.csv, line 3: entity f is listed again"):
            link_items(self.links((260, "f"), (1, "f")), self.OTHERS, self.ITEMS, source)

    def test_without_files_there_is_a_line_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        for graph in (None, self.files | {"optional": True}):
            source = self.source(graph)
            assert link_items(self.links(), self.OTHERS.head(0), self.ITEMS, source).empty
        (record,) = caplog.records
        assert "no files t.csv and l.csv" in record.getMessage()


class TestItemDrawn:
    RATINGS = pd.DataFrame({"user_id": [1, 2, 2], "item_id": [10, 20, 10], "rating": 4.0})
    NOTHING = pd.DataFrame(columns=COLUMNS, dtype="str")

    def draw(self, item: int | str | None) -> tuple[Any, Any]:
        interactions = Interactions.from_frame(self.RATINGS)
        return draw_surroundings(self.NOTHING, interactions, SurroundingsParameters(item_id=item))

    @pytest.mark.parametrize(("item", "drawn"), [(None, "item:10"), (20, "item:20"), ("20",) * 2])
    def test_it_is_the_most_rated_one_or_the_one_asked_for(
        self, item: int | str | None, drawn: str
    ) -> None:
        graph, figure = self.draw(item)
        assert graph.graph["centre"].endswith(drawn)
        assert figure.layout.annotations[0].text

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"surroundings\.item_id: no item 30 was rated"):
            self.draw(30)
