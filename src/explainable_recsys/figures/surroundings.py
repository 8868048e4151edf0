"""Build and draw what surrounds an item in the knowledge graph: entities, and items behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.figures.graph_layout import Points, add_labels
from explainable_recsys.figures.style import (
    CATEGORIES,
    NEUTRAL,
    SYMBOLS,
    escape,
    finish,
    message_figure,
    new_figure,
)
from explainable_recsys.parameters import Parameters

if TYPE_CHECKING:
    import networkx as nx
    import plotly.graph_objects as go

_HEIGHT = 488  # without the texts, in pixels
_CENTRE = np.array([0.5, 0.5])
_INNER, _OUTER = np.array([0.25, 0.25]), np.array([0.46, 0.46])  # radii of the two rings
_SIZES = {"centre": 20.0, "entity": 12.0, "item": 9.0}  # pixels
_LONGEST_LABEL = 24  # letters
_EDGE_COLOUR = "rgba(128, 128, 128, 0.4)"
_ITEM_COLOUR = "#666666"
_YEAR = re.compile(r" \(\d{4}\)$")
_ENTITY_FACTS = {"label": "tail_label", "type": "tail_type", "relation": "relation"}


class SurroundingsParameters(Parameters):
    """How much of an item's surroundings is shown.

    Attributes:
        item_id: The item; None for the one with most ratings.
        n_relations: Relations, those with the rarest entities.
        n_entities: Entities, the rarest of each relation.
        n_items: Other items that have these entities.
    """

    item_id: int | str | None = None
    n_relations: int = Field(6, ge=1, le=len(CATEGORIES))
    n_entities: int = Field(12, ge=1, le=50)
    n_items: int = Field(8, ge=1, le=50)


def surroundings(
    triples: pd.DataFrame, item: str, parameters: SurroundingsParameters
) -> nx.DiGraph:
    """Build the graph around an item.

    Only entities that another item has too are shown: of the relations with the rarest
    entities each in turn gives its rarest one. Of the other items those are shown that share most
    of these entities, weighted by log(n / degree), where `degree` of n items have an entity.

    Args:
        triples: From `build_triples`.
        item: What the triples call the item, such as `item:318`.
        parameters: How much to show.

    Returns:
        Nodes are named as in the triples and have `label` and `type`; entities have `relation`
        and `degree`, other items the number of entities `shared` with the item, shown or not.
        Edges lead from items to entities and have `relation` (several are joined with ", ").
        The attribute `centre` of the graph names the item, the only node if it shares nothing.
    """
    import networkx as nx

    of_items = triples[triples["head_type"] == "item"]
    own = of_items[of_items["head"] == item]
    shared = of_items[of_items["tail"].isin(own["tail"])]
    entities = _rarest(own, shared, parameters)
    behind = _behind(shared, entities, item, of_items["head"].nunique(), parameters.n_items)
    graph = nx.DiGraph(centre=item)
    graph.add_node(item, label=next(iter(own["head_label"]), item), type="item")
    for entity in entities.to_dict("records"):
        facts = {key: entity[name] for key, name in _ENTITY_FACTS.items()}
        graph.add_node(entity["tail"], **facts, degree=int(entity["degree"]))
    for other, label, n_shared in zip(behind.index, behind["label"], behind["shared"], strict=True):
        graph.add_node(other, label=label, type="item", shared=int(n_shared))
    shown = shared[shared["head"].isin([item, *behind.index])]
    shown = shown[shown["tail"].isin(entities["tail"])]
    for (head, tail), relations in shown.groupby(["head", "tail"])["relation"]:
        graph.add_edge(head, tail, relation=", ".join(sorted(relations)))
    return graph


def _rarest(
    own: pd.DataFrame, shared: pd.DataFrame, parameters: SurroundingsParameters
) -> pd.DataFrame:
    """The entities to show, and their degrees."""
    degrees = shared.groupby("tail")["head"].nunique()
    rare = own.assign(degree=own["tail"].map(degrees).astype("int64")).query("degree > 1")
    rare = rare.sort_values(["degree", "relation", "tail"]).drop_duplicates("tail")
    relations = rare["relation"].drop_duplicates().head(parameters.n_relations)
    rare = rare[rare["relation"].isin(relations)]
    turn = rare.groupby("relation").cumcount()
    ordered = rare.assign(turn=turn).sort_values(["turn", "degree", "relation", "tail"])
    return ordered.head(parameters.n_entities)


def _behind(
    shared: pd.DataFrame, entities: pd.DataFrame, item: str, n: int, n_shown: int
) -> pd.DataFrame:
    """The other items to show: `label`, and the number of entities `shared`, by id."""
    others = shared[shared["head"] != item].drop_duplicates(["head", "tail"])
    weights = np.log(n / entities.set_index("tail")["degree"])
    weighted = others.assign(weight=others["tail"].map(weights))
    table = weighted.groupby("head").agg(
        label=("head_label", "first"), shared=("tail", "size"), weight=("weight", "sum")
    )
    table = table[table.index.isin(weighted["head"][weighted["weight"].notna()])]
    table = table.assign(weight=table["weight"].round(9)).reset_index()
    ordered = table.sort_values(["weight", "shared", "head"], ascending=[False, False, True])
    return ordered.head(n_shown).set_index("head")


def surroundings_figure(graph: nx.DiGraph) -> go.Figure:
    """Draw an item, the entities around it, and the items behind these.

    Args:
        graph: From `surroundings`.
    """
    centre = graph.graph["centre"]
    title = graph.nodes[centre]["label"]
    if not graph.edges:
        return message_figure(f"No other item has an entity of {escape(title)}")
    groups = _groups(graph)
    positions = _positions(graph, groups)
    figure = new_figure()
    _add_edges(figure, graph, positions)
    looks = zip(CATEGORIES, SYMBOLS, strict=True)
    for (relation, nodes), (colour, symbol) in zip(groups.items(), looks, strict=False):
        look = {"size": _SIZES["entity"], "color": colour, "symbol": symbol}
        _add_nodes(figure, graph, positions, nodes, relation, look)
    others = [node for node, shared in graph.nodes.data("shared") if shared]
    look = {"size": _SIZES["item"], "color": NEUTRAL, "symbol": "circle"}
    _add_nodes(figure, graph, positions, others, "items that share them", look)
    look = {"size": _SIZES["centre"], "color": _ITEM_COLOUR, "symbol": "circle"}
    _add_nodes(figure, graph, positions, [centre], "", look)
    _add_labels(figure, graph, positions, [centre, *others, *_flat(groups.values())])
    figure.update_layout(
        legend={"itemsizing": "constant", "y": -0.02},
        margin={"l": 16, "r": 16},
        xaxis={"range": [0, 1], "visible": False},
        yaxis={"range": [0, 1], "visible": False},
    )
    key = "Inner ring: rarest shared entities of each relation. Outer ring: items that have them."
    finish(figure, _finding(graph, others), key)
    figure.layout.height = _HEIGHT + figure.layout.margin.t
    return figure


def _flat(groups: Iterable[list[str]]) -> list[str]:
    return [node for group in groups for node in group]


def _groups(graph: nx.DiGraph) -> dict[str, list[str]]:
    """Entities by relation, the relation with the rarest entity first."""
    entities = [node for node, relation in graph.nodes.data("relation") if relation]
    ordered = sorted(entities, key=lambda node: (graph.nodes[node]["degree"], node))
    groups: dict[str, list[str]] = {}
    for node in ordered:
        groups.setdefault(graph.nodes[node]["relation"], []).append(node)
    return groups


def _positions(graph: nx.DiGraph, groups: dict[str, list[str]]) -> dict[str, Points]:
    """The item in the middle; on two rings the entities by relation, and items near theirs."""
    entities = _flat(groups.values())
    angles = dict(zip(entities, _evenly(len(entities)), strict=True))
    others = [node for node, shared in graph.nodes.data("shared") if shared]
    means = {node: _mean_angle([angles[end] for end in graph[node]]) for node in others}
    ordered = sorted(others, key=lambda node: (means[node], node))
    slots = _evenly(len(others)) + (np.pi / len(others) if others else 0)
    # The whole outer ring is turned so that items are as near to their entities as can be.
    turns = [np.roll(slots, shift) for shift in range(len(others))]
    wanted = np.array([means[node] for node in ordered])
    best = min(turns, key=lambda turn: float((1 - np.cos(turn - wanted)).sum()), default=slots)
    return {
        graph.graph["centre"]: _CENTRE,
        **{node: _on_ring(angle, _INNER) for node, angle in angles.items()},
        **{node: _on_ring(angle, _OUTER) for node, angle in zip(ordered, best, strict=True)},
    }


def _evenly(n: int) -> Points:
    """Angles of n points on a ring, from the top clockwise."""
    angles: Points = np.pi / 2 - 2 * np.pi * np.arange(n) / max(n, 1)
    return angles


def _mean_angle(angles: list[float]) -> float:
    return float(np.angle(np.exp(1j * np.array(angles)).sum().round(9)))


def _on_ring(angle: float, radii: Points) -> Points:
    point: Points = np.round(_CENTRE + radii * (np.cos(angle), np.sin(angle)), 4)
    return point


def _add_edges(figure: go.Figure, graph: nx.DiGraph, positions: dict[str, Points]) -> None:
    ends = [(positions[start], positions[end]) for start, end in graph.edges]
    figure.add_scatter(
        x=[x for start, end in ends for x in (float(start[0]), float(end[0]), None)],
        y=[y for start, end in ends for y in (float(start[1]), float(end[1]), None)],
        mode="lines",
        line={"width": 1, "color": _EDGE_COLOUR},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_nodes(
    figure: go.Figure,
    graph: nx.DiGraph,
    positions: dict[str, Points],
    nodes: list[str],
    name: str,
    look: dict[str, Any],
) -> None:
    points = [positions[node].tolist() for node in nodes]
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        mode="markers",
        name=escape(name),
        marker={**look, "line": {"width": 1, "color": "white"}, "opacity": 1},
        hovertext=[_hover(graph, node) for node in nodes],
        hoverinfo="text",
        showlegend=bool(name),
    )


def _hover(graph: nx.DiGraph, node: str) -> str:
    facts = graph.nodes[node]
    text = f"<b>{escape(facts['label'])}</b>"
    if "degree" in facts:
        return f"{text}<br>{escape(facts['relation'])} of {facts['degree']:,} items"
    if "shared" in facts:
        return f"{text}<br>{_entities(facts['shared'])} in common"
    return text


def _add_labels(
    figure: go.Figure, graph: nx.DiGraph, positions: dict[str, Points], nodes: list[str]
) -> None:
    """Label as many nodes as there is room for, the first ones first."""
    labels = {node: _label(graph, node) for node in nodes}
    diameters = {node: _diameter(graph, node) for node in nodes}
    add_labels(figure, labels, positions, diameters, graph.edges)


def _label(graph: nx.DiGraph, node: str) -> str:
    """What an entity is, or the title of an item without its year."""
    label = graph.nodes[node]["label"]
    if graph.nodes[node]["type"] == "item":
        label = _YEAR.sub("", label)
    short = label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1].rstrip()}…"
    return escape(short)


def _diameter(graph: nx.DiGraph, node: str) -> float:
    if node == graph.graph["centre"]:
        return _SIZES["centre"]
    return _SIZES["entity" if "relation" in graph.nodes[node] else "item"]


def _finding(graph: nx.DiGraph, others: list[str]) -> str:
    nearest = max(others, key=lambda node: int(graph.nodes[node]["shared"]))
    facts = graph.nodes[nearest]
    return (
        f"{escape(facts['label'])} has {_entities(facts['shared'])} in common with "
        f"{escape(graph.nodes[graph.graph['centre']]['label'])}"
    )


def _entities(count: int) -> str:
    return f"{count} entit{'y' if count == 1 else 'ies'}"
