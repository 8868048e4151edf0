"""Build and draw what surrounds an item in the knowledge graph: entities, and items behind them."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.errors import InputError
from explainable_recsys.figures import graph_layout as graphs
from explainable_recsys.figures import style
from explainable_recsys.figures.texts import counted, escape, label
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters

if TYPE_CHECKING:
    import networkx as nx

_CENTRE = np.array([0.5, 0.5])
_INNER, _OUTER = 0.25, 0.46  # radii of the two rings
_SIZES = {"centre": 20.0, "entity": 12.0, "item": 9.0}  # pixels
_LONGEST_LABEL = 24  # letters
_YEAR = re.compile(r" \(\d{4}\)$")
_ENTITY_FACTS = {"tail_label": "label", "tail_type": "type", "relation": "relation"}


class SurroundingsParameters(Parameters):
    """How much of an item's surroundings is shown.

    Attributes:
        item_id: The item; None for the one with most ratings.
        n_relations: Relations, those with the rarest entities.
        n_entities: Entities, the rarest of each relation.
        n_items: Other items that have these entities.
    """

    item_id: int | str | None = None
    n_relations: int = Field(6, ge=1, le=len(style.CATEGORIES))
    n_entities: int = Field(12, ge=1, le=50)
    n_items: int = Field(8, ge=1, le=50)


def draw_surroundings(
    triples: pd.DataFrame, interactions: Interactions, parameters: SurroundingsParameters
) -> tuple[Any, Any]:
    """What surrounds one item, by default the most rated one, as a graph and drawn.

    Raises:
        InputError: If nobody rated the item that is asked for.
    """
    ids = interactions.item_ids.astype(str)
    if parameters.item_id is None:
        counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
        drawn = ids[np.argmax(counts)]
    elif str(parameters.item_id) in ids:
        drawn = str(parameters.item_id)
    else:
        raise InputError(
            f"parameter graph.surroundings.item_id: no item {parameters.item_id} was rated; "
            "accepted: an item_id of the ratings, or null for the item with most of them"
        )
    graph = surroundings(triples, f"item:{drawn}", parameters)
    return graph, surroundings_figure(graph)


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
    entities = _rarest(own, shared, parameters.n_relations, parameters.n_entities)
    behind = _behind(shared, entities, item, of_items["head"].nunique(), parameters.n_items)
    graph = nx.DiGraph(centre=item)
    graph.add_node(item, label=next(iter(own["head_label"]), item), type="item")
    facts = entities.set_index("tail")[[*_ENTITY_FACTS, "degree"]].rename(columns=_ENTITY_FACTS)
    graph.add_nodes_from(facts.to_dict("index").items())
    for other, title, n_shared in behind[["label", "shared"]].itertuples():
        graph.add_node(other, label=title, type="item", shared=int(n_shared))
    shown = shared[shared["head"].isin([item, *behind.index])]
    shown = shown[shown["tail"].isin(entities["tail"])]
    for (head, tail), relations in shown.groupby(["head", "tail"])["relation"]:
        graph.add_edge(head, tail, relation=", ".join(sorted(relations)))
    return graph


def _rarest(own: pd.DataFrame, shared: pd.DataFrame, n_relations: int, n: int) -> pd.DataFrame:
    """The entities to show, and their degrees."""
    degrees = shared.groupby("tail")["head"].nunique()
    rare = own.assign(degree=own["tail"].map(degrees).astype("int64")).query("degree > 1")
    rare = rare.sort_values(["degree", "relation", "tail"]).drop_duplicates("tail")
    relations = rare["relation"].drop_duplicates().head(n_relations)
    rare = rare[rare["relation"].isin(relations)]
    turn = rare.groupby("relation").cumcount()
    ordered = rare.assign(turn=turn).sort_values(["turn", "degree", "relation", "tail"])
    return ordered.head(n)


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


def surroundings_figure(graph: nx.DiGraph) -> style.Figure:
    """Draw an item, the entities around it, and the items behind these.

    Args:
        graph: From `surroundings`.
    """
    centre = graph.graph["centre"]
    if not graph.edges:
        return style.message_figure(f"No other item has an entity of {_name(graph, centre)}")
    groups = _groups(graph)
    entities = list(chain.from_iterable(groups.values()))
    others = [node for node, shared in graph.nodes.data("shared") if shared]
    positions = _positions(graph, entities, others)
    figure = style.new_figure()
    graphs.add_edges(figure, [(positions[start], positions[end]) for start, end in graph.edges], 1)
    looks = zip(groups.items(), style.LOOKS, strict=False)
    parts = [(*group, "entity", *look) for group, look in looks]
    parts.append(("items that share them", others, "item", style.GREY, "circle"))
    parts.append(("", [centre], "centre", style.DARK_GREY, "circle"))
    diameters: dict[str, float] = {}
    for name, nodes, kind, hue, symbol in parts:
        marker = {"size": _SIZES[kind], "color": hue, "symbol": symbol}
        points, hover = [positions[node] for node in nodes], [_hover(graph, node) for node in nodes]
        graphs.add_nodes(figure, points, escape(name), hover, marker, showlegend=bool(name))
        diameters |= dict.fromkeys(nodes, _SIZES[kind])
    labels = {node: _label(graph, node) for node in (centre, *others, *entities)}
    graphs.add_labels(figure, labels, positions, diameters, graph.edges)
    nearest = max(others, key=lambda node: int(graph.nodes[node]["shared"]))
    this, other, common = _name(graph, centre), _name(graph, nearest), _common(graph, nearest)
    key = "Inner ring: rarest shared entities of each relation. Outer ring: items that have them."
    graphs.finish_graph(figure, f"{other} has {common} in common with {this}", key)
    return figure


def _groups(graph: nx.DiGraph) -> dict[str, list[str]]:
    """Entities by relation, the relation with the rarest entity first."""
    entities = [node for node, relation in graph.nodes.data("relation") if relation]
    groups: dict[str, list[str]] = {}
    for node in sorted(entities, key=lambda node: (graph.nodes[node]["degree"], node)):
        groups.setdefault(graph.nodes[node]["relation"], []).append(node)
    return groups


def _positions(
    graph: nx.DiGraph, entities: list[str], others: list[str]
) -> dict[str, graphs.Points]:
    """The item in the middle; on two rings the entities by relation, and items near theirs."""
    angles = dict(zip(entities, _evenly(len(entities)), strict=True))
    means = {node: _mean_angle([angles[end] for end in graph[node]]) for node in others}
    ordered = sorted(others, key=lambda node: (means[node], node))
    slots = _evenly(len(others)) + np.pi / max(len(others), 1)
    # The whole outer ring is turned so that items are as near to their entities as can be.
    turns = [np.roll(slots, shift) for shift in range(len(others))]
    wanted = np.array([means[node] for node in ordered])
    best = min(turns, key=lambda turn: float((1 - np.cos(turn - wanted)).sum()), default=slots)
    places = {node: (angle, _INNER) for node, angle in angles.items()}
    places |= {node: (angle, _OUTER) for node, angle in zip(ordered, best, strict=True)}
    return {graph.graph["centre"]: _CENTRE} | {
        node: np.round(_CENTRE + radius * np.array([np.cos(angle), np.sin(angle)]), 4)
        for node, (angle, radius) in places.items()
    }


def _evenly(n: int) -> graphs.Points:
    """Angles of n points on a ring, from the top clockwise."""
    angles: graphs.Points = np.pi / 2 - 2 * np.pi * np.arange(n) / max(n, 1)
    return angles


def _mean_angle(angles: list[float]) -> float:
    return float(np.angle(np.exp(1j * np.array(angles)).sum().round(9)))


def _hover(graph: nx.DiGraph, node: str) -> str:
    facts, text = graph.nodes[node], f"<b>{_name(graph, node)}</b>"
    if "degree" in facts:
        return f"{text}<br>{escape(facts['relation'])} of {facts['degree']:,} items"
    return f"{text}<br>{_common(graph, node)} in common" if "shared" in facts else text


def _name(graph: nx.DiGraph, node: str) -> str:
    return escape(graph.nodes[node]["label"])


def _label(graph: nx.DiGraph, node: str) -> str:
    """What an entity is, or the title of an item without its year."""
    facts = graph.nodes[node]
    text = _YEAR.sub("", facts["label"]) if facts["type"] == "item" else facts["label"]
    return label(text, _LONGEST_LABEL)


def _common(graph: nx.DiGraph, node: str) -> str:
    """How many entities an item shares with the one in the middle."""
    return counted(graph.nodes[node]["shared"], "entity", "entities")
