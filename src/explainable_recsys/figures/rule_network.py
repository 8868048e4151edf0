"""Build and draw the network of items that the strongest association rules connect."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.errors import InputError
from explainable_recsys.figures import draw, style
from explainable_recsys.figures import graph_layout as graphs
from explainable_recsys.figures.texts import counted, escape, label, percent
from explainable_recsys.parameters import Parameters, Seed

if TYPE_CHECKING:
    import networkx as nx

NO_GENRE = "no genre"
OTHER = "other"

_LARGEST_NODE, _SMALLEST_NODE = 22.0, 6.0  # pixels
_LONGEST_LABEL = 24  # letters
_EDGE_WIDTHS = {0.0: 1.0, 0.5: 2.0, 0.7: 3.5}
"""Width of a line from this confidence on."""


class NetworkParameters(Parameters):
    """How many rules the network shows, and what its colours mean."""

    n_rules: int = Field(100, ge=1)
    colour: Literal["genre", "community"] = "community"
    seed: Seed = 0


def draw_network(
    rules: pd.DataFrame, items: pd.DataFrame, parameters: NetworkParameters
) -> tuple[Any, Any]:
    """The strongest rules as a graph, and the graph drawn."""
    graph = rule_network(rules, items, parameters.n_rules, parameters.seed)
    return graph, draw_rule_network(graph, parameters.colour)


def rule_network(rules: pd.DataFrame, items: pd.DataFrame, n_rules: int, seed: int) -> nx.DiGraph:
    """Build the graph of the strongest rules between two items.

    The strongest rules are those of highest lift. On MovieLens 100K (support 0.05, confidence 0.3
    and lift 1.2 or more), the 120 of highest lift form groups of films that belong together
    (modularity 0.83 of the communities below); those of highest confidence nearly all point to
    the few films that most users like (0.54), and those of highest support link just these films
    to one another (0.21). Among equal lifts, antecedent and then consequent decide, ascending.

    Args:
        rules: Columns `cluster`, `antecedent_1`, `antecedent_2`, `antecedent_3` (item ids,
            missing where the rule has fewer), `consequent`, `support`, `confidence`, `lift`.
            Only the rules of cluster 0 (mined from all users) with one antecedent count.
        items: Columns `item_id`, `title`, `year` (may be missing), `genres` (`|`-joined).
        n_rules: Number of rules to show.
        seed: Seed of the search for communities.

    Returns:
        One node per item, named by its id as text, with `title`, `year` (if known), `genre` (the
        first one), `support` (share of the transactions that hold the item) and `community`
        (from 1, the largest first); one edge per rule with `support`, `confidence`, `lift`.

    Raises:
        InputError: If a rule names an item that the items table lacks.
    """
    import networkx as nx

    strongest = _strongest(rules, n_rules)
    shares = _item_supports(strongest)
    facts = items.set_index("item_id").to_dict(orient="index")
    graph = nx.DiGraph()
    for item in sorted(shares, key=str):
        if item not in facts:
            raise InputError(f"items table: no item {item}, which a rule names")
        graph.add_node(str(item), **_item_attributes(facts[item]), support=shares[item])
    columns = ["antecedent_1", "consequent", "support", "confidence", "lift"]
    texts = strongest[columns].astype({"antecedent_1": str, "consequent": str})
    for start, end, *measures in sorted(texts.itertuples(index=False)):
        graph.add_edge(start, end, **dict(zip(columns[2:], map(float, measures), strict=True)))
    nx.set_node_attributes(graph, _communities(graph, seed), "community")
    return graph


def _strongest(rules: pd.DataFrame, n_rules: int) -> pd.DataFrame:
    between_two = rules["antecedent_2"].isna() & rules["antecedent_3"].isna()
    candidates = rules[(rules["cluster"] == 0) & between_two]
    # A rule and its reverse have the same lift but for rounding.
    rounded = candidates.assign(rounded=-candidates["lift"].astype(np.float64).round(9))
    return rounded.sort_values(["rounded", "antecedent_1", "consequent"]).head(n_rules)


def _item_supports(rules: pd.DataFrame) -> dict[Any, float]:
    """Share of the transactions with each item, from the definitions of confidence and lift."""
    of_antecedents = zip(rules["antecedent_1"], rules["support"] / rules["confidence"], strict=True)
    of_consequents = zip(rules["consequent"], rules["confidence"] / rules["lift"], strict=True)
    return {item: float(share) for item, share in (*of_consequents, *of_antecedents)}


def _item_attributes(item: dict[Any, Any]) -> dict[str, str | int]:
    """Attributes of a node in the types that GraphML knows."""
    year = {} if pd.isna(item["year"]) else {"year": int(item["year"])}
    genre = str(item["genres"]).split("|")[0] or NO_GENRE
    return {"title": str(item["title"]), **year, "genre": genre}


def _communities(graph: nx.DiGraph, seed: int) -> dict[str, int]:
    """Number of each node's community (Louvain, links weighted by lift), the largest first."""
    import networkx as nx

    nodes = list(graph)
    # Louvain goes through sets, whose order is the same in every process for numbers only.
    numbered = nx.convert_node_labels_to_integers(graph.to_undirected())
    found = nx.community.louvain_communities(numbered, weight="lift", seed=seed)
    found.sort(key=lambda members: (-len(members), min(members)))
    return {nodes[node]: place for place, members in enumerate(found, 1) for node in members}


def draw_rule_network(graph: nx.DiGraph, colour: Literal["genre", "community"]) -> style.Figure:
    """Draw the graph of the strongest rules; the best-known items are labelled.

    Args:
        graph: From `rule_network`.
        colour: What the colours of the nodes stand for.
    """
    if not graph:
        return style.message_figure("No rules at these thresholds")
    positions, diameters = graphs.layout(graph), _diameters(graph)
    figure = style.new_figure()
    _add_rules(figure, graph, positions)
    looks = [*style.LOOKS, (style.GREY, "circle")]
    for (name, nodes), look in zip(_colour_groups(graph, colour).items(), looks, strict=False):
        hue, symbol = look if name != OTHER else looks[-1]
        sizes = [diameters[node] for node in nodes]
        marker = {"size": sizes, "color": hue, "symbol": symbol}
        hover = [_hover(graph, node) for node in nodes]
        graphs.add_nodes(figure, [positions[node] for node in nodes], name, hover, marker)
    # Of every community first the best-known item is labelled.
    best_known = _best_known(graph, graph)
    first: dict[int, str] = {}
    for node in best_known:
        first.setdefault(graph.nodes[node]["community"], node)
    labels = {node: _label(graph, node) for node in (*first.values(), *best_known)}
    graphs.add_labels(figure, labels, positions, diameters, graph.edges)
    key = "Node size: support. Arrows: rules, thicker from 50 % and from 70 % confidence."
    graphs.finish_graph(figure, _network_finding(graph, colour), key)
    return figure


def _add_rules(
    figure: style.Figure, graph: nx.DiGraph, positions: dict[str, graphs.Points]
) -> None:
    """Add a line for every rule, and past its middle an arrowhead, which tells the numbers."""
    lines = [(positions[start], positions[end]) for start, end in graph.edges]
    confidences = [rule["confidence"] for *_, rule in graph.edges.data()]
    levels = np.searchsorted(list(_EDGE_WIDTHS), confidences, side="right") - 1
    for level, width in enumerate(_EDGE_WIDTHS.values()):
        graphs.add_edges(figure, [lines[place] for place in np.flatnonzero(levels == level)], width)
    texts = [
        f"{_title(graph, start)} → {_title(graph, end)}<br>confidence {percent(confidence)}, "
        f"lift {rule['lift']:.1f}, support {percent(rule['support'], 1)}"
        for (start, end, rule), confidence in zip(graph.edges.data(), confidences, strict=True)
    ]
    marker = draw.ARROW | {"size": [0, 8, 0] * len(lines), "color": "rgba(118, 118, 118, 1)"}
    heads = graphs.segments([(start, 0.4 * start + 0.6 * end) for start, end in lines])
    hover = [text for each in texts for text in ("", each, "")]
    draw.points(figure, *heads, None, hover, mode="markers", marker=marker, showlegend=False)


def _title(graph: nx.DiGraph, node: str) -> str:
    """Title and year of an item, as HTML."""
    item = graph.nodes[node]
    return escape(item["title"] + (f" ({item['year']})" if "year" in item else ""))


def _colour_groups(graph: nx.DiGraph, colour: str) -> dict[str, list[str]]:
    """Nodes by legend entry: the largest groups first, the nodes of all small groups last.

    A community is named after its best-known item.
    """
    members = _members(graph, colour)
    order = sorted(members, key=lambda value: (value == OTHER, -len(members[value]), value))
    groups: dict[str, list[str]] = {}
    for place, value in enumerate(order):
        name = escape(value)
        if colour == "community":
            name = f"{value}: {_label(graph, _best_known(graph, members[value])[0])}"
        if place >= len(style.CATEGORIES):
            name = OTHER
        groups.setdefault(name, []).extend(members[value])
    return groups


def _members(graph: nx.DiGraph, attribute: str) -> dict[Any, list[str]]:
    """Nodes by their value of an attribute."""
    members: dict[Any, list[str]] = {}
    for node, value in graph.nodes.data(attribute):
        members.setdefault(value, []).append(node)
    return members


def _best_known(graph: nx.DiGraph, nodes: Iterable[str]) -> list[str]:
    """Sort nodes by support, the highest first."""
    return sorted(nodes, key=lambda node: (-graph.nodes[node]["support"], node))


def _label(graph: nx.DiGraph, node: str) -> str:
    return label(graph.nodes[node]["title"], _LONGEST_LABEL)


def _hover(graph: nx.DiGraph, node: str) -> str:
    item = graph.nodes[node]
    title, genre, support = _title(graph, node), escape(item["genre"]), percent(item["support"], 1)
    return f"<b>{title}</b><br>{genre}, community {item['community']}<br>support {support}"


def _diameters(graph: nx.DiGraph) -> dict[str, float]:
    """Diameter of each node's circle in pixels; the area is proportional to the support."""
    supports = dict(graph.nodes.data("support"))
    largest = _LARGEST_NODE / math.sqrt(max(supports.values()))
    return {
        node: round(max(_SMALLEST_NODE, largest * math.sqrt(share)), 1)
        for node, share in supports.items()
    }


def _network_finding(graph: nx.DiGraph, colour: str) -> str:
    import networkx as nx

    genres = dict(graph.nodes.data("genre"))
    pairs = [(genres[start], genres[end]) for start, end in graph.edges]
    known = [pair for pair in pairs if NO_GENRE not in pair]
    if colour == "genre" and known:
        same = sum(start == end for start, end in known) / len(known)
        starts, ends = (Counter(side) for side in zip(*known, strict=True))
        chance = sum(starts[genre] * ends[genre] for genre in starts) / len(known) ** 2
        return (
            f"{percent(same)} of the strongest rules stay within a genre "
            f"(by chance: {percent(chance)})"
        )
    members = _members(graph, "community")
    quality = nx.community.modularity(graph.to_undirected(), members.values(), weight="lift")
    communities = counted(len(members), "community", "communities")
    return (
        f"The strongest rules tie {len(graph)} items into {communities} (modularity {quality:.2f})"
    )
