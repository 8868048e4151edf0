"""Build and draw the network of items that the strongest association rules connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from explainable_recsys.errors import InputError
from explainable_recsys.figures import draw, style
from explainable_recsys.figures.graph_layout import (
    OTHER,
    Points,
    add_labels,
    groups,
    layout,
)
from explainable_recsys.figures.texts import escape, label, percent, short
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import later, phrase, plural

if TYPE_CHECKING:
    import networkx as nx

NO_GENRE = later("no genre")

_LARGEST_NODE, _SMALLEST_NODE = 22.0, 6.0  # pixels
_LONGEST_LABEL = 24  # letters
_HEIGHT = 560  # of what is drawn, in pixels


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
        return style.message_figure(phrase("No rules at these thresholds"))
    positions = layout(graph)
    table = pd.DataFrame.from_dict(dict(graph.nodes.data()), orient="index")
    table["x"], table["y"] = np.array(list(positions.values())).T
    # The area of a node is its support.
    sizes = _LARGEST_NODE * np.sqrt(table["support"] / table["support"].max())
    table["size"] = sizes.clip(lower=_SMALLEST_NODE).round(1)
    best_known = table.sort_values("support", ascending=False, kind="stable")
    figure = style.new_figure()
    _add_rules(figure, graph, positions)
    for value, chosen, look in groups(best_known[colour]):
        nodes, name = best_known[chosen], phrase(value) if value == NO_GENRE else escape(value)
        if colour == "community" and value != phrase(OTHER):
            # A community is named after its best-known item.
            name = f"{value}: {label(nodes['title'].iloc[0], _LONGEST_LABEL)}"
        marker = look | {"size": nodes["size"].tolist(), "line": {"width": 1, "color": "white"}}
        hover = [_title(graph, node) for node in nodes.index]
        marks = {"mode": "markers", "marker": marker | {"opacity": 1}}
        draw.points(figure, nodes["x"], nodes["y"], name, hover, **marks)
    # Of every community first the best-known item is labelled.
    named = pd.concat([best_known.drop_duplicates("community"), best_known])
    named = named[~named.index.duplicated()]
    texts = [short(title, _LONGEST_LABEL) for title in named["title"]]
    points, diameters = named[["x", "y"]].to_numpy(), named["size"].tolist()
    add_labels(figure, texts, points, diameters, _HEIGHT, len(texts))
    axis, sides = {"range": [0, 1], "visible": False}, {"l": 16, "r": 16}
    figure.update_layout(legend_itemsizing="constant", margin=sides, xaxis=axis, yaxis=axis)
    how = phrase("Arrows: rules. Node size: support. Colour and shape: first genre.")
    if colour == "community":
        how = phrase("Arrows: rules. Node size: support. Colour and shape: community.")
    return style.finish(figure, _network_finding(graph, colour), how, drawn=_HEIGHT, legend=8)


def _add_rules(figure: style.Figure, graph: nx.DiGraph, positions: dict[str, Points]) -> None:
    """Add an arrow for every rule, whose head tells the numbers."""
    starts = np.array([positions[start] for start, _ in graph.edges])
    ends = np.array([positions[end] for _, end in graph.edges])
    gaps = np.full_like(starts, np.nan)
    heads = 0.4 * starts + 0.6 * ends
    texts = [
        phrase(
            "{start} → {end}<br>confidence {confidence}, lift {lift}",
            start=_title(graph, start),
            end=_title(graph, end),
            confidence=percent(rule["confidence"]),
            lift=fixed(rule["lift"], 1),
        )
        for start, end, rule in graph.edges.data()
    ]
    hover = [text for each in texts for text in ("", each, "", "")]
    x, y = np.stack([starts, heads, ends, gaps], axis=1).reshape(-1, 2).round(4).T.tolist()
    marker = draw.ARROW | {"size": [0, 8, 0, 0] * len(texts), "color": "rgba(118, 118, 118, 1)"}
    look = {"line": {"width": 1, "color": "rgba(128, 128, 128, 0.4)"}, "showlegend": False}
    draw.points(figure, x, y, None, hover, marker=marker | {"opacity": 1}, **look)


def _title(graph: nx.DiGraph, node: str) -> str:
    """Title and year of an item, as HTML."""
    item = graph.nodes[node]
    return escape(item["title"] + (f" ({item['year']})" if "year" in item else ""))


def _network_finding(graph: nx.DiGraph, colour: str) -> str:
    import networkx as nx

    genres = dict(graph.nodes.data("genre"))
    pairs = pd.DataFrame([(genres[start], genres[end]) for start, end in graph.edges])
    known = pairs[(pairs != NO_GENRE).all(axis=1)]
    if colour == "genre" and len(known):
        same = float((known[0] == known[1]).mean())
        shares = (known[side].value_counts(normalize=True) for side in known)
        chance = pd.concat(shares, axis=1).prod(axis=1, skipna=False).sum()
        return phrase(
            "{share} of the strongest rules stay within a genre (by chance: {chance})",
            share=percent(same),
            chance=percent(chance),
        )
    members: dict[int, list[str]] = {}
    for node, community in graph.nodes.data("community"):
        members.setdefault(community, []).append(node)
    quality = nx.community.modularity(graph.to_undirected(), members.values(), weight="lift")
    return plural(
        len(members),
        "The strongest rules tie {items} items into {n} community (modularity {quality})",
        "The strongest rules tie {items} items into {n} communities (modularity {quality})",
        items=len(graph),
        quality=fixed(quality, 2),
    )
