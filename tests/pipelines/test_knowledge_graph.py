"""Real Kedro sessions that build the knowledge graph, and what they say of a wrong one."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from explainable_recsys.datasets.source import SourceParameters, parse_source
from explainable_recsys.errors import InputError
from explainable_recsys.figures.surroundings import SurroundingsParameters
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.graph import COLUMNS, check_triples
from explainable_recsys.pipelines.knowledge_graph import nodes
from tests.conftest import open_catalog, run_project

GLOBALS = """
data_root: data/tiny
source:
  name: tiny
  folder: data/tiny/01_raw
  fetch: null
  rating_scale: {minimum: 1, maximum: 5}
  ratings: {file: ratings.csv}
  items: {file: items.csv, columns: {item_id: item_id, title: title}}
  tags: {file: tags.csv}
  graph: {triples: {file: triples.csv}, links: {file: links.csv}}
"""
FILES = {
    "ratings": ["user_id,item_id,rating", *(f"{user},{item},4" for user in "123" for item in "12")],
    "items": ["item_id,title", "1,Alien (1979)", "2,Aliens (1986)"],
    "tags": ["item_id,tag", "1,space", "2,Space "],
    "triples": ["head,relation,tail", "f1,film.film.sequel,f2", "f1,film.film.actor,m.weaver"],
    "links": ["item_id,entity_id", "1,f1", "2,f2"],
}


@pytest.fixture(scope="module")
def graph_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of one run of the graph on the sample."""
    data_root = tmp_path_factory.mktemp("graph")
    run_project(data_root, ["knowledge_graph"])
    return data_root


def test_the_graph_is_in_the_catalog(graph_run: Path) -> None:
    with open_catalog(graph_run) as catalog:
        names = ("triples", "item_entities", "graph_card", "surroundings", "surroundings_figure")
        triples, entities, card, graph, figure = (
            catalog.load(f"knowledge_graph.{name}") for name in names
        )
        items, users = catalog.load("items"), catalog.load("users")
        interactions = catalog.load("interactions")
    assert list(triples.columns) == COLUMNS
    check_triples(triples, items, users)
    assert set(triples["relation"]) == {"genre", "decade"} == set(entities.groups)
    assert entities.matrix.shape == (interactions.n_items, len(entities.names))
    assert card["triples"] == len(triples)
    assert card["items"]["items"] == len(items)
    assert graph.number_of_edges()
    assert figure.layout.title.text


def test_the_graph_of_another_data_set(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    folder = project_copy / "data" / "tiny" / "01_raw"
    folder.mkdir(parents=True)
    for name, lines in FILES.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (project_copy / "conf" / "tiny").mkdir()
    (project_copy / "conf" / "tiny" / "globals.yml").write_text(GLOBALS)
    run = ("run", "--env", "tiny", "--pipelines", "knowledge_graph")
    run += (
        "--params",
        "split.fraction=0.5,split.validation=false,recommendation.n=1,evaluation.k=1",
    )
    done = kedro(project_copy, *run)
    assert done.returncode == 0, done.stderr
    (file,) = folder.parent.glob("05_model_input/knowledge_graph/triples.parquet/*/*.parquet")
    triples = pd.read_parquet(file)
    assert dict(triples["relation"].value_counts()) == {
        "actor": 1,
        "decade": 2,
        "series": 2,
        "tag": 2,
    }

    (folder / "links.csv").write_text("\n".join([*FILES["links"], "3,f3"]) + "\n")
    broken = kedro(project_copy, *run)
    assert broken.returncode == 1
    assert "links.csv, line 4: item 3 is not in the items file (1 such links)" in broken.stderr
    assert "Traceback" not in broken.stderr


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
        links = nodes.link_items(raw, self.OTHERS.head(0), self.ITEMS, self.source(self.files))
        assert links.equals(raw)
        assert "linked to 1 of 2 items" in caplog.text

    def test_ids_of_another_data_set(self) -> None:
        source = self.source(self.files | {"items": {"file": "i.csv"}})
        links = nodes.link_items(self.links((260, "f")), self.OTHERS, self.ITEMS, source)
        assert links.to_numpy().tolist() == [[2, "f"]]
        with pytest.raises(InputError, match=r"^l\.csv, line 3: entity f is listed again"):
            nodes.link_items(self.links((260, "f"), (1, "f")), self.OTHERS, self.ITEMS, source)

    def test_without_files_there_is_a_line_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        for graph in (None, self.files | {"optional": True}):
            nothing = nodes.link_items(
                self.links(), self.OTHERS.head(0), self.ITEMS, self.source(graph)
            )
            assert nothing.empty
        (record,) = caplog.records
        assert "no files t.csv and l.csv" in record.getMessage()


class TestItemDrawn:
    RATINGS = pd.DataFrame({"user_id": [1, 2, 2], "item_id": [10, 20, 10], "rating": 4.0})
    NOTHING = pd.DataFrame(columns=COLUMNS, dtype="str")

    @pytest.mark.parametrize(("item", "drawn"), [(None, "item:10"), (20, "item:20"), ("20",) * 2])
    def test_it_is_the_most_rated_one_or_the_one_asked_for(
        self, item: int | str | None, drawn: str
    ) -> None:
        graph, figure = nodes.draw_surroundings(
            self.NOTHING,
            Interactions.from_frame(self.RATINGS),
            SurroundingsParameters(item_id=item),
        )
        assert graph.graph["centre"].endswith(drawn)
        assert figure.layout.annotations[0].text

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"surroundings\.item_id: no item 30 was rated"):
            nodes.draw_surroundings(
                self.NOTHING,
                Interactions.from_frame(self.RATINGS),
                SurroundingsParameters(item_id=30),
            )


def test_an_unknown_relation_in_the_parameters_is_explained(tmp_path: Path) -> None:
    parameters = {"graph": {"relations": ["actress"]}}
    with pytest.raises(InputError, match=r"'actress'; accepted: genre, decade, or null"):
        run_project(tmp_path, ["knowledge_graph"], knowledge_graph=parameters)
