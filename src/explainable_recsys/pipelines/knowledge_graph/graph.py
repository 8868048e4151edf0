"""Wiring of the knowledge graph."""

from __future__ import annotations

from kedro.pipeline import Node

from explainable_recsys.pipelines.knowledge_graph import nodes


def graph_nodes() -> list[Node]:
    """Raw tables to triples, their card, the items' entities and a picture."""
    return [
        Node(
            nodes.link_items,
            ["raw_links", "raw_linked_items", "raw_items", "params:source"],
            "links",
            name="link_items",
        ),
        Node(
            nodes.build_triples,
            ["items", "users", "raw_tags", "raw_triples", "links", "params:graph"],
            "triples",
            name="build_triples",
        ),
        Node(
            nodes.describe_graph,
            ["triples", "items", "raw_triples", "links", "params:graph"],
            "graph_card",
            name="describe_graph",
        ),
        Node(
            nodes.describe_items,
            ["triples", "interactions", "params:graph"],
            "item_entities",
            name="describe_items",
        ),
        Node(
            nodes.draw_surroundings,
            ["triples", "interactions", "params:surroundings"],
            ["surroundings", "surroundings_figure"],
            name="draw_surroundings",
        ),
    ]
