"""Build and draw what surrounds an item in the knowledge graph: entities, and items behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.errors import InputError
from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.wording.phrases import phrase, plural

if TYPE_CHECKING:
    import networkx as nx

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
    rare = own.assign(degree=own["tail"].map(degrees).astype("int64"))
    rare = rare[rare["degree"] > 1].sort_values(["degree", "relation", "tail"])
    rare = rare.drop_duplicates("tail")
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
    """Draw the entities of an item on the left, and the items that have them too on the right.

    Args:
        graph: From `surroundings`.
    """
    name = escape(graph.nodes[graph.graph["centre"]]["label"])
    entities = [node for node, relation in graph.nodes.data("relation") if relation]
    items = [node for node, shared in graph.nodes.data("shared") if shared]
    if not items:
        return style.message_figure(phrase("No other item has an entity of {item}", item=name))
    entities.sort(key=lambda node: (graph.nodes[node]["relation"], graph.nodes[node]["degree"]))
    n_rows = max(len(entities), len(items))
    left, right = (
        {node: 0.5 + n_rows * (place + 0.5) / len(nodes) for place, node in enumerate(nodes)}
        for nodes in (entities, items)
    )
    figure = style.new_figure()
    plain = {"hoverinfo": "skip", "cliponaxis": False}
    relations = dict.fromkeys(graph.nodes[node]["relation"] for node in entities)
    for place, relation in enumerate(relations):
        own = [node for node in entities if graph.nodes[node]["relation"] == relation]
        edges = [(left[end], right[start]) for end in own for start in items if end in graph[start]]
        y = [place for edge in edges for place in (*edge, None)]
        look = style.look(place)
        look["marker"] |= {"size": [10, 0, 0] * len(edges), "opacity": 1}
        look["line"] |= {"width": 1, "dash": "solid"}
        draw.points(figure, [0, 1, None] * len(edges), y, escape(relation), **look, **plain)
    nearest = max(items, key=lambda node: int(graph.nodes[node]["shared"]))
    return draw.finish_lists(
        figure,
        {place: graph.nodes[node]["label"] for node, place in left.items()},
        {place: _YEAR.sub("", graph.nodes[node]["label"]) for node, place in right.items()},
        (phrase("entities"), phrase("items")),
        plural(
            graph.nodes[nearest]["shared"],
            "{other} has {n} entity in common with {item}",
            "{other} has {n} entities in common with {item}",
            other=escape(graph.nodes[nearest]["label"]),
            item=name,
        ),
        phrase(
            "Left: the rarest entities that {item} shares, by relation. Right: items that have "
            "them too, the nearest first.",
            item=name,
        ),
    )
