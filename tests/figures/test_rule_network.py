"""The network of ten users' rules, of which everything can be counted by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from explainable_recsys.datasets.files import FigureDataset, GraphDataset
from explainable_recsys.errors import InputError
from explainable_recsys.figures.rule_network import draw_rule_network, rule_network
from tests.figures.texts import title_of

COLUMNS = ["cluster", "antecedent_1", "antecedent_2", "antecedent_3", "consequent", "count"]
MEASURES = ["support", "confidence", "lift"]

# Of 10 users, 5 like item 1, 4 like 2, 4 like 30, 2 like 4, 2 like 5;
# 4 like 1 and 2, 3 like 1 and 30, 2 like 4 and 5.
RULES = [
    (0, 1, None, None, 2, 4, 0.4, 0.8, 2.0),
    (0, 1, None, None, 30, 3, 0.3, 0.6, 1.5),
    (0, 2, None, None, 1, 4, 0.4, 1.0, 2.0),
    (0, 4, None, None, 5, 2, 0.2, 1.0, 5.0),
    (0, 5, None, None, 4, 2, 0.2, 1.0, 5.0),
    (0, 1, 2, None, 30, 3, 0.3, 0.75, 9.0),
    (0, 1, 2, 4, 30, 3, 0.3, 0.75, 9.0),
    (1, 1, None, None, 4, 2, 0.9, 0.9, 9.0),
]
SUPPORTS = {"1": 0.5, "2": 0.4, "30": 0.4, "4": 0.2, "5": 0.2}

ITEMS = pd.DataFrame(
    {
        "item_id": [1, 2, 4, 5, 30, 99],
        "title": ["Alien", "Aliens", "Tom & <Jerry>", "Shrek", "Up", "Unseen"],
        "year": pd.array([1979, 1986, None, 2001, 2009, 1900], dtype="Int16"),
        "genres": ["Horror|Action", "Action", "", "Comedy", "Action", "Action"],
    }
)


def rules_of(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS + MEASURES)
    return table.astype({f"antecedent_{place}": "Int64" for place in (1, 2, 3)})


@pytest.fixture
def graph() -> nx.DiGraph:
    return rule_network(rules_of(RULES), ITEMS, n_rules=10, seed=0)


def crowded(n_items: int, genres: list[str]) -> nx.DiGraph:
    """Every item implies each of the next three."""
    rows = [
        (0, item, None, None, (item + step) % n_items, 1, 0.1, 0.2 + 0.1 * step, 1.0 + step)
        for item in range(n_items)
        for step in (1, 2, 3)
    ]
    items = pd.DataFrame(
        {
            "item_id": range(n_items),
            "title": [f"A rather long title, number {item}" for item in range(n_items)],
            "year": pd.array([None] * n_items, dtype="Int16"),
            "genres": [genres[item % len(genres)] for item in range(n_items)],
        }
    )
    return rule_network(rules_of(rows), items, n_rules=len(rows), seed=0)


def legend(figure) -> list[str]:
    return [trace.name for trace in figure.data if trace.showlegend is None]


def labels(figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_nodes(graph: nx.DiGraph) -> None:
    assert dict(graph.nodes.data("support")) == pytest.approx(SUPPORTS)
    assert dict(graph.nodes.data("genre")) == {
        "1": "Horror",
        "2": "Action",
        "30": "Action",
        "4": "no genre",
        "5": "Comedy",
    }
    assert dict(graph.nodes.data("community")) == {"1": 1, "2": 1, "30": 1, "4": 2, "5": 2}
    assert graph.nodes["1"]["title"] == "Alien"
    assert dict(graph.nodes.data("year")) == {
        "1": 1979,
        "2": 1986,
        "30": 2009,
        "4": None,
        "5": 2001,
    }


def test_edges_are_the_rules_between_two_items(graph: nx.DiGraph) -> None:
    assert {edge[:2]: tuple(edge[2].values()) for edge in graph.edges.data()} == {
        ("1", "2"): (0.4, 0.8, 2.0),
        ("1", "30"): (0.3, 0.6, 1.5),
        ("2", "1"): (0.4, 1.0, 2.0),
        ("4", "5"): (0.2, 1.0, 5.0),
        ("5", "4"): (0.2, 1.0, 5.0),
    }
    assert list(graph.edges["1", "2"]) == MEASURES
    values = [value for _, given in [*graph.nodes.data()] for value in given.values()]
    values += [value for *_, given in graph.edges.data() for value in given.values()]
    assert {type(value) for value in values} == {str, int, float}


@pytest.mark.parametrize(
    ("n_rules", "edges"),
    [
        (0, []),
        (1, [("4", "5")]),
        (3, [("1", "2"), ("4", "5"), ("5", "4")]),
        (4, [("1", "2"), ("2", "1"), ("4", "5"), ("5", "4")]),
    ],
)
def test_the_highest_lift_then_the_lowest_ids(n_rules: int, edges: list[tuple[str, str]]) -> None:
    shuffled = rules_of(RULES[::-1])
    assert list(rule_network(shuffled, ITEMS, n_rules, seed=0).edges) == edges


def test_rounding_does_not_decide_between_equal_lifts() -> None:
    rows = [(*row[:-1], row[-1] + 1e-15 * place) for place, row in enumerate(RULES)]
    assert list(rule_network(rules_of(rows), ITEMS, 1, seed=0).edges) == [("4", "5")]


def test_text_ids() -> None:
    names = {1: "ä", 2: "b", 4: "d", 5: "e", 30: "c", 99: "z"}
    rules = pd.DataFrame(RULES, columns=COLUMNS + MEASURES)
    for column in ("antecedent_1", "antecedent_2", "antecedent_3", "consequent"):
        rules[column] = rules[column].map(names).astype("str")
    items = ITEMS.assign(item_id=ITEMS["item_id"].map(names))
    graph = rule_network(rules, items, n_rules=10, seed=0)
    assert dict(graph.nodes.data("support")) == pytest.approx(
        {"b": 0.4, "c": 0.4, "d": 0.2, "e": 0.2, "ä": 0.5}
    )
    assert sorted(labels(draw_rule_network(graph, "genre")))[0] == "Alien"


def test_a_rule_about_an_unknown_item() -> None:
    with pytest.raises(InputError, match="items table: no item 30, which a rule names"):
        rule_network(rules_of(RULES), ITEMS[ITEMS["item_id"] != 30], n_rules=10, seed=0)


@pytest.mark.parametrize(
    "rules", [rules_of([]), pd.DataFrame(columns=COLUMNS + MEASURES), rules_of(RULES[-3:])]
)
def test_no_rules(rules: pd.DataFrame) -> None:
    graph = rule_network(rules, ITEMS, n_rules=10, seed=0)
    assert isinstance(graph, nx.DiGraph)
    assert not graph
    for colour in ("genre", "community"):
        (note,) = draw_rule_network(graph, colour).layout.annotations
        assert note.text == "No rules at these thresholds"


def test_colours_and_findings(graph: nx.DiGraph) -> None:
    genres = draw_rule_network(graph, "genre")
    assert legend(genres) == ["Action", "Comedy", "Horror", "no genre"]
    # Known genres: 1 -> 2, 1 -> 30 and 2 -> 1, none within a genre; by chance
    # Horror 2/3 * 1/3 + Action 1/3 * 2/3 = 4/9.
    assert title_of(genres) == ("0 % of the strongest rules stay within a genre (by chance: 44 %)")
    communities = draw_rule_network(graph, "community")
    assert legend(communities) == ["1: Alien", "2: Tom &amp; &lt;Jerry&gt;"]
    # Weights 2 + 1.5 and 5 of together 8.5: (3.5 + 5) / 8.5 - (3.5² + 5²) / 8.5² = 0.48.
    assert title_of(communities) == (
        "The strongest rules tie 5 items into 2 communities (modularity 0.48)"
    )


def test_items_without_genres_get_the_other_finding() -> None:
    graph = rule_network(rules_of(RULES), ITEMS.assign(genres=""), n_rules=2, seed=0)
    title = title_of(draw_rule_network(graph, "genre"))
    assert title == "The strongest rules tie 2 items into 1 community (modularity 0.00)"


def test_hover_and_labels(graph: nx.DiGraph) -> None:
    figure = draw_rule_network(graph, "genre")
    texts = [text for trace in figure.data for text in trace.hovertext or () if text]
    assert "Alien (1979)" in texts
    assert "Tom &amp; &lt;Jerry&gt;" in texts
    assert "Alien (1979) → Aliens (1986)<br>confidence 80 %, lift 2.0" in texts
    assert len(texts) == graph.number_of_nodes() + graph.number_of_edges()
    assert sorted(labels(figure)) == ["Alien", "Aliens", "Shrek", "Tom &amp; &lt;Jerry&gt;", "Up"]


def test_the_area_of_a_node_is_its_support(graph: nx.DiGraph) -> None:
    figure = draw_rule_network(graph, "community")
    first, second = (trace for trace in figure.data if trace.showlegend is None)
    alien, shrek = first.marker.size[0], second.marker.size[1]
    assert (alien / shrek) ** 2 == pytest.approx(0.5 / 0.2, rel=0.02)


def test_many_genres_share_the_last_legend_entry() -> None:
    seven = draw_rule_network(crowded(40, list("ABCDEFG")), "genre")
    assert legend(seven) == list("ABCDEFG")
    eight = draw_rule_network(crowded(40, list("ABCDEFGH")), "genre")
    assert legend(eight) == [*"ABCDEFG", "other"]
    named_so = draw_rule_network(crowded(40, [*"BCDEFGH", "other"]), "genre")
    assert legend(named_so) == [*"BCDEFGH", "other"]
    assert sum(len(trace.x) for trace in named_so.data if trace.showlegend is None) == 40


def test_a_crowd_is_not_all_labelled() -> None:
    graph = crowded(60, ["A"])
    figure = draw_rule_network(graph, "genre")
    shown = labels(figure)
    assert 0 < len(shown) < 60
    assert max(map(len, shown)) <= 24
    places = np.array([(note.x, note.y) for note in figure.layout.annotations])
    assert np.all((places >= 0) & (places <= 1))


def test_the_file_of_the_graph_gives_the_same_figure(graph: nx.DiGraph, tmp_path: Path) -> None:
    graphs = GraphDataset(filepath=str(tmp_path / "graph.graphml"))
    graphs.save(graph)
    for colour in ("genre", "community"):
        files = [tmp_path / name for name in ("direct.json", "loaded.json")]
        for file, source in zip(files, (graph, graphs.load()), strict=True):
            FigureDataset(filepath=str(file)).save(draw_rule_network(source, colour))
        assert files[0].read_bytes() == files[1].read_bytes()


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    """Sets of texts come in another order in every process."""
    code = "import sys; from copied import draw_crowd; draw_crowd(sys.argv[1])"
    (tmp_path / "copied.py").write_text(Path(__file__).read_text(encoding="utf-8"))
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    draw_crowd(str(tmp_path / "here"))
    for kind in ("graphml", "json"):
        assert (tmp_path / f"here.{kind}").read_bytes() == (tmp_path / f"there.{kind}").read_bytes()


def draw_crowd(path: str) -> None:
    graph = crowded(40, list("ABC"))
    GraphDataset(filepath=f"{path}.graphml").save(graph)
    FigureDataset(filepath=f"{path}.json").save(draw_rule_network(graph, "community"))
