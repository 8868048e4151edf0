"""Build and draw the network of items that the strongest association rules connect."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.figures.graph_layout import Points, add_labels, layout
from explainable_recsys.figures.style import (
    CATEGORIES,
    NEUTRAL,
    SYMBOLS,
    finish,
    message_figure,
    new_figure,
    percent,
)

if TYPE_CHECKING:
    import networkx as nx
    import plotly.graph_objects as go

NO_GENRE = "no genre"
OTHER = "other"

_HEIGHT = 488  # without the texts, in pixels
_LARGEST_NODE, _SMALLEST_NODE = 22.0, 6.0  # pixels
_LONGEST_LABEL = 24  # letters
_EDGE_WIDTHS = {0.0: 1.0, 0.5: 2.0, 0.7: 3.5}
"""Width of a line from this confidence on."""
_EDGE_COLOUR, _ARROW_COLOUR = "rgba(128, 128, 128, 0.4)", "rgba(118, 118, 118, 1)"

_escape = partial(html.escape, quote=False)


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
    rounded = candidates.assign(rounded=candidates["lift"].astype(np.float64).round(9))
    order = rounded.sort_values(
        ["rounded", "antecedent_1", "consequent"], ascending=[False, True, True]
    )
    return order.head(n_rules)


def _item_supports(rules: pd.DataFrame) -> dict[Any, float]:
    """Share of the transactions with each item, from the definitions of confidence and lift."""
    of_antecedents = zip(rules["antecedent_1"], rules["support"] / rules["confidence"], strict=True)
    of_consequents = zip(rules["consequent"], rules["confidence"] / rules["lift"], strict=True)
    return {item: float(share) for item, share in (*of_consequents, *of_antecedents)}


def _item_attributes(item: dict[Any, Any]) -> dict[str, str | int]:
    """Attributes of a node in the types that GraphML knows."""
    year = {} if pd.isna(item["year"]) else {"year": int(item["year"])}
    return {
        "title": str(item["title"]),
        **year,
        "genre": str(item["genres"]).split("|")[0] or NO_GENRE,
    }


def _communities(graph: nx.DiGraph, seed: int) -> dict[str, int]:
    """Number of each node's community (Louvain, links weighted by lift), the largest first."""
    import networkx as nx

    nodes = list(graph)
    # Louvain goes through sets, whose order is the same in every process for numbers only.
    numbered = nx.convert_node_labels_to_integers(graph.to_undirected())
    found = nx.community.louvain_communities(numbered, weight="lift", seed=seed)
    found.sort(key=lambda members: (-len(members), min(members)))
    return {nodes[node]: place for place, members in enumerate(found, 1) for node in members}


def draw_rule_network(graph: nx.DiGraph, colour: Literal["genre", "community"]) -> go.Figure:
    """Draw the graph of the strongest rules; the best-known items are labelled.

    Args:
        graph: From `rule_network`.
        colour: What the colours of the nodes stand for.
    """
    if not graph:
        return message_figure("No rules at these thresholds")
    positions, diameters = layout(graph), _diameters(graph)
    figure = new_figure()
    _add_edges(figure, graph, positions)
    _add_arrows(figure, graph, positions)
    _add_nodes(figure, graph, positions, diameters, _colour_groups(graph, colour))
    _add_labels(figure, graph, positions, diameters)
    figure.update_layout(
        legend={"itemsizing": "constant", "y": -0.02},
        margin={"l": 16, "r": 16},
        xaxis={"range": [0, 1], "visible": False},
        yaxis={"range": [0, 1], "visible": False},
    )
    key = "Node size: support. Arrows: rules, thicker from 50 % and from 70 % confidence."
    finish(figure, _network_finding(graph, colour), key)
    figure.layout.height = _HEIGHT + figure.layout.margin.t
    return figure


def _add_edges(figure: go.Figure, graph: nx.DiGraph, positions: dict[str, Points]) -> None:
    """Add one trace of lines for each width."""
    limits = list(_EDGE_WIDTHS)
    edges = list(graph.edges.data("confidence"))
    levels = np.searchsorted(limits, [confidence for *_, confidence in edges], side="right") - 1
    for level, width in enumerate(_EDGE_WIDTHS.values()):
        chosen = [edges[place] for place in np.flatnonzero(levels == level)]
        lines = [(positions[start], positions[end]) for start, end, _ in chosen]
        figure.add_scatter(
            **_segments(lines),
            mode="lines",
            line={"width": width, "color": _EDGE_COLOUR},
            hoverinfo="skip",
            showlegend=False,
        )


def _add_arrows(figure: go.Figure, graph: nx.DiGraph, positions: dict[str, Points]) -> None:
    """Add an arrowhead past the middle of every edge, which tells the rule's numbers."""
    lines, texts = [], []
    for start, end, rule in graph.edges.data():
        lines.append((positions[start], 0.4 * positions[start] + 0.6 * positions[end]))
        texts.append(
            f"{_title(graph, start)} → {_title(graph, end)}<br>"
            f"confidence {percent(rule['confidence'])}, lift {rule['lift']:.1f}, "
            f"support {percent(rule['support'], 1)}"
        )
    figure.add_scatter(
        **_segments(lines),
        mode="markers",
        marker={
            "symbol": "arrow",
            "angleref": "previous",
            "size": [0, 8, 0] * len(lines),
            "color": _ARROW_COLOUR,
            "line": {"width": 0},
        },
        hovertext=[text for each in texts for text in ("", each, "")],
        hoverinfo="text",
        showlegend=False,
    )


def _segments(lines: list[tuple[Points, Points]]) -> dict[str, list[float | None]]:
    """Coordinates of separate lines in one trace."""
    return {
        axis: [
            value
            for start, end in lines
            for value in (float(start[place]), round(float(end[place]), 4), None)
        ]
        for place, axis in enumerate("xy")
    }


def _title(graph: nx.DiGraph, node: str) -> str:
    """Title and year of an item, as HTML."""
    item = graph.nodes[node]
    year = f" ({item['year']})" if "year" in item else ""
    return _escape(item["title"] + year)


def _colour_groups(graph: nx.DiGraph, colour: str) -> dict[str, list[str]]:
    """Nodes by legend entry: the largest groups first, the nodes of all small groups last."""
    members = _members(graph, colour)
    order = sorted(members, key=lambda value: (value == OTHER, -len(members[value]), value))
    groups = {
        _group_name(graph, colour, value, members[value]): members[value]
        for value in order[: len(CATEGORIES)]
    }
    others = [node for value in order[len(CATEGORIES) :] for node in members[value]]
    return groups | ({OTHER: others} if others else {})


def _members(graph: nx.DiGraph, attribute: str) -> dict[Any, list[str]]:
    """Nodes by their value of an attribute."""
    members: dict[Any, list[str]] = {}
    for node, value in graph.nodes.data(attribute):
        members.setdefault(value, []).append(node)
    return members


def _group_name(graph: nx.DiGraph, colour: str, value: Any, members: list[str]) -> str:
    """A genre's name; a community is named after its best-known item."""
    if colour == "genre":
        return _escape(value)
    return f"{value}: {_label(graph, _best_known(graph, members)[0])}"


def _best_known(graph: nx.DiGraph, nodes: Iterable[str]) -> list[str]:
    """Sort nodes by support, the highest first."""
    return sorted(nodes, key=lambda node: (-graph.nodes[node]["support"], node))


def _label(graph: nx.DiGraph, node: str) -> str:
    title = graph.nodes[node]["title"]
    shown = title if len(title) <= _LONGEST_LABEL else f"{title[: _LONGEST_LABEL - 1].rstrip()}…"
    return _escape(shown)


def _add_nodes(
    figure: go.Figure,
    graph: nx.DiGraph,
    positions: dict[str, Points],
    diameters: dict[str, float],
    groups: dict[str, list[str]],
) -> None:
    """Add one trace of points for each legend entry."""
    looks = [*zip(CATEGORIES, SYMBOLS, strict=True), (NEUTRAL, "circle")]
    for (name, nodes), (hue, symbol) in zip(groups.items(), looks, strict=False):
        figure.add_scatter(
            **_coordinates(nodes, positions),
            mode="markers",
            name=name,
            marker={
                "size": [diameters[node] for node in nodes],
                "color": NEUTRAL if name == OTHER else hue,
                "symbol": "circle" if name == OTHER else symbol,
                "line": {"width": 1, "color": "white"},
                "opacity": 1,
            },
            hovertext=[_hover(graph, node) for node in nodes],
            hoverinfo="text",
        )


def _coordinates(nodes: Iterable[str], positions: dict[str, Points]) -> dict[str, list[float]]:
    points = [positions[node].tolist() for node in nodes]
    return {axis: [point[place] for point in points] for place, axis in enumerate("xy")}


def _hover(graph: nx.DiGraph, node: str) -> str:
    item = graph.nodes[node]
    return (
        f"<b>{_title(graph, node)}</b><br>{_escape(item['genre'])}, "
        f"community {item['community']}<br>support {percent(item['support'], 1)}"
    )


def _diameters(graph: nx.DiGraph) -> dict[str, float]:
    """Diameter of each node's circle in pixels; the area is proportional to the support."""
    supports = dict(graph.nodes.data("support"))
    most = max(supports.values())
    return {
        node: round(max(_SMALLEST_NODE, _LARGEST_NODE * math.sqrt(share / most)), 1)
        for node, share in supports.items()
    }


def _add_labels(
    figure: go.Figure,
    graph: nx.DiGraph,
    positions: dict[str, Points],
    diameters: dict[str, float],
) -> None:
    """Label as many items as there is room for; of every community first the best-known one."""
    best_known = _best_known(graph, graph)
    first: dict[int, str] = {}
    for node in best_known:
        first.setdefault(graph.nodes[node]["community"], node)
    labels = {node: _label(graph, node) for node in (*first.values(), *best_known)}
    add_labels(figure, labels, positions, diameters, graph.edges)


def _network_finding(graph: nx.DiGraph, colour: str) -> str:
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
    return _community_finding(graph)


def _community_finding(graph: nx.DiGraph) -> str:
    import networkx as nx

    members = _members(graph, "community")
    quality = nx.community.modularity(graph.to_undirected(), members.values(), weight="lift")
    return (
        f"The strongest rules tie {len(graph)} items into {len(members)} "
        f"{'community' if len(members) == 1 else 'communities'} (modularity {quality:.2f})"
    )
