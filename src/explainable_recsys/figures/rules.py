"""Figures of association rules: what they connect, and what they can explain."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterable
from itertools import cycle
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.figures.style import (
    NEUTRAL,
    PALETTE,
    finish,
    message_figure,
    new_figure,
)

if TYPE_CHECKING:
    import networkx as nx
    import plotly.graph_objects as go

NO_GENRE = "no genre"
OTHER = "other"
MOST_COLOURS = 8
"""Most legend entries of a network, "other" included."""

NOTHING = "No rules at these thresholds"

Points = NDArray[np.float64]
Cell = tuple[float, float, float, float]
"""A rectangle: left, bottom, width, height."""

# Labels are placed for an area of this size; in a larger one they have more room. All in pixels.
_AREA = np.array([560.0, 390.0])
_LARGEST_NODE, _SMALLEST_NODE = 22.0, 6.0
_LABEL_SIZE, _LABEL_HEIGHT, _LETTER_WIDTH = 10, 13.0, 5.5
_PADDING = np.array([30.0, 16.0])
_LONGEST_LABEL = 24  # letters
_POINTS_PER_EDGE, _FARNESS = 12, 2  # a label at a corner is as bad as hiding 2 of these points
_EDGE_WIDTHS = {0.0: 1.0, 0.5: 2.0, 0.7: 3.5}
"""Width of a line from this confidence on."""
_EDGE_COLOUR, _ARROW_COLOUR = "rgba(128, 128, 128, 0.4)", "rgba(118, 118, 118, 1)"


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
    found = nx.community.louvain_communities(numbered, weight="lift", seed=seed) if nodes else []
    found.sort(key=lambda members: (-len(members), min(members)))
    return {nodes[node]: place for place, members in enumerate(found, 1) for node in members}


def draw_rule_network(graph: nx.DiGraph, colour: Literal["genre", "community"]) -> go.Figure:
    """Draw the graph of the strongest rules; the best-known items are labelled.

    Args:
        graph: From `rule_network`.
        colour: What the colours of the nodes stand for.
    """
    if not graph:
        return message_figure(NOTHING)
    positions = _layout(graph)
    figure = new_figure()
    _add_edges(figure, graph, positions)
    _add_arrows(figure, graph, positions)
    _add_nodes(figure, graph, positions, _colour_groups(graph, colour))
    _add_labels(figure, graph, positions)
    figure.update_layout(
        height=560,
        legend={"itemsizing": "constant", "y": -0.02},
        margin={"l": 16, "r": 16},
        xaxis={"range": [0, 1], "visible": False},
        yaxis={"range": [0, 1], "visible": False},
    )
    key = "Node size: support. Arrows: rules, thicker from 50 % and from 70 % confidence."
    return finish(figure, _network_finding(graph, colour), key)


def _layout(graph: nx.DiGraph) -> dict[str, Points]:
    """Position (x, y) of every node in the unit square, the same in every run.

    Every connected part is laid out by itself (Kamada & Kawai 1989), in a cell of its own:
    forces between unconnected parts would drive them to the far ends of the picture.
    """
    import networkx as nx

    nodes = list(graph)
    numbered = nx.convert_node_labels_to_integers(graph.to_undirected())
    parts = sorted(map(sorted, nx.connected_components(numbered)), key=lambda p: (-len(p), p))
    cells = _divide((0.0, 0.0, 1.0, 1.0), [len(part) + 1 for part in parts])
    positions: dict[str, Points] = {}
    for part, cell in zip(parts, cells, strict=True):
        ordered = nx.Graph()
        ordered.add_nodes_from(part)
        ordered.add_edges_from(numbered.subgraph(part).edges)
        placed = nx.kamada_kawai_layout(ordered, weight=None)
        filled = _fill(cell, np.array([placed[node] for node in part]))
        positions |= {nodes[node]: point for node, point in zip(part, filled, strict=True)}
    return positions


def _divide(cell: Cell, weights: list[int]) -> list[Cell]:
    """Cut a cell, always across its longer side, into cells with areas like the weights."""
    if len(weights) == 1:
        return [cell]
    sums = np.cumsum(weights)
    n_first = 1 + int(np.argmin(np.abs(sums[:-1] - sums[-1] / 2)))
    share = float(sums[n_first - 1] / sums[-1])
    left, bottom, width, height = cell
    if _is_wide(cell):
        first: Cell = (left, bottom, width * share, height)
        second: Cell = (left + width * share, bottom, width * (1 - share), height)
    else:
        first = (left, bottom + height * (1 - share), width, height * share)
        second = (left, bottom, width, height * (1 - share))
    return _divide(first, weights[:n_first]) + _divide(second, weights[n_first:])


def _is_wide(cell: Cell) -> bool:
    return bool(cell[2] * _AREA[0] >= cell[3] * _AREA[1])


def _fill(cell: Cell, points: Points) -> Points:
    """Turn (n, 2) points until they extend along the cell's longer side; stretch them to fit."""
    centred = points - points.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    if not _is_wide(cell):
        turned = turned[:, ::-1]
    turned -= (turned.max(axis=0) + turned.min(axis=0)) / 2
    extent = np.ptp(turned, axis=0)
    unit = np.divide(turned, extent, out=np.zeros_like(turned), where=extent > 1e-6)
    corner, size = np.array(cell[:2]), np.array(cell[2:])
    inner = np.maximum(size - 2 * _PADDING / _AREA, size / 4)
    filled: Points = np.round(corner + size / 2 + unit * inner, 4)
    return filled


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
            f"confidence {_percent(rule['confidence'])}, lift {rule['lift']:.1f}, "
            f"support {_percent(rule['support'], 1)}"
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
    x: list[float | None] = []
    y: list[float | None] = []
    for start, end in lines:
        x += [float(start[0]), round(float(end[0]), 4), None]
        y += [float(start[1]), round(float(end[1]), 4), None]
    return {"x": x, "y": y}


def _title(graph: nx.DiGraph, node: str) -> str:
    """Title and year of an item, as HTML."""
    item = graph.nodes[node]
    year = f" ({item['year']})" if "year" in item else ""
    return html.escape(item["title"] + year, quote=False)


def _colour_groups(graph: nx.DiGraph, colour: str) -> dict[str, list[str]]:
    """Nodes by legend entry: the largest groups first, the nodes of all small groups last."""
    members: dict[Any, list[str]] = {}
    for node, value in graph.nodes.data(colour):
        members.setdefault(value, []).append(node)
    order = sorted(members, key=lambda value: (value == OTHER, -len(members[value]), value))
    n_shown = len(order) if len(order) <= MOST_COLOURS else MOST_COLOURS - 1
    groups = {
        _group_name(graph, colour, value, members[value]): members[value]
        for value in order[:n_shown]
    }
    others = [node for value in order[n_shown:] for node in members[value]]
    return groups | ({OTHER: others} if others else {})


def _group_name(graph: nx.DiGraph, colour: str, value: Any, members: list[str]) -> str:
    """A genre's name; a community is named after its best-known item."""
    if colour == "genre":
        return html.escape(value, quote=False)
    return f"{value}: {_label(graph, _best_known(graph, members)[0])}"


def _best_known(graph: nx.DiGraph, nodes: Iterable[str]) -> list[str]:
    """Sort nodes by support, the highest first."""
    return sorted(nodes, key=lambda node: (-graph.nodes[node]["support"], node))


def _label(graph: nx.DiGraph, node: str) -> str:
    title = graph.nodes[node]["title"]
    shown = title if len(title) <= _LONGEST_LABEL else f"{title[: _LONGEST_LABEL - 1].rstrip()}…"
    return html.escape(shown, quote=False)


def _add_nodes(
    figure: go.Figure,
    graph: nx.DiGraph,
    positions: dict[str, Points],
    groups: dict[str, list[str]],
) -> None:
    """Add one trace of circles for each legend entry."""
    diameters = _diameters(graph)
    for (name, nodes), hue in zip(groups.items(), PALETTE, strict=False):
        figure.add_scatter(
            x=[float(positions[node][0]) for node in nodes],
            y=[float(positions[node][1]) for node in nodes],
            mode="markers",
            name=name,
            marker={
                "size": [diameters[node] for node in nodes],
                "color": NEUTRAL if name == OTHER else hue,
                "line": {"width": 1, "color": "white"},
                "opacity": 1,
            },
            hovertext=[_hover(graph, node) for node in nodes],
            hoverinfo="text",
        )


def _hover(graph: nx.DiGraph, node: str) -> str:
    item = graph.nodes[node]
    return (
        f"<b>{_title(graph, node)}</b><br>{html.escape(item['genre'], quote=False)}, "
        f"community {item['community']}<br>support {_percent(item['support'], 1)}"
    )


def _diameters(graph: nx.DiGraph) -> dict[str, float]:
    """Diameter of each node's circle in pixels; the area is proportional to the support."""
    supports = dict(graph.nodes.data("support"))
    most = max(supports.values())
    return {
        node: round(max(_SMALLEST_NODE, _LARGEST_NODE * math.sqrt(share / most)), 1)
        for node, share in supports.items()
    }


def _add_labels(figure: go.Figure, graph: nx.DiGraph, positions: dict[str, Points]) -> None:
    """Label as many items as there is room for; of every community first the best-known one."""
    diameters = _diameters(graph)
    placed = _place_labels(graph, positions, diameters)
    figure.add_scatter(
        x=[float(positions[node][0]) for node in placed],
        y=[float(positions[node][1]) for node in placed],
        mode="markers+text",
        marker={"size": [diameters[node] for node in placed], "opacity": 0},
        text=[_label(graph, node) for node in placed],
        textposition=list(placed.values()),
        textfont={"size": _LABEL_SIZE},
        hoverinfo="skip",
        showlegend=False,
    )


def _place_labels(
    graph: nx.DiGraph, positions: dict[str, Points], diameters: dict[str, float]
) -> dict[str, str]:
    """Side of its node on which each label hides neither a node nor another label."""
    first: dict[int, str] = {}
    for node in _best_known(graph, graph):
        first.setdefault(graph.nodes[node]["community"], node)
    order = dict.fromkeys([*first.values(), *_best_known(graph, graph)])
    centres = {node: positions[node] * _AREA for node in graph}
    taken = [_box(centres[node], diameters[node], diameters[node]) for node in graph]
    lines = np.concatenate(
        [np.linspace(centres[a], centres[b], _POINTS_PER_EDGE) for a, b in graph.edges]
    )
    placed: dict[str, str] = {}
    for node in order:
        boxes = _label_boxes(
            len(_label(graph, node)) * _LETTER_WIDTH, centres[node], diameters[node]
        )
        free = {side: box for side, box in boxes.items() if _is_free(box, taken)}
        if free:
            hidden = {side: _n_inside(box, lines) for side, box in free.items()}
            placed[node] = min(hidden, key=lambda side: hidden[side] + _FARNESS * _is_corner(side))
            taken.append(free[placed[node]])
    return placed


def _box(centre: Points, width: float, height: float) -> Points:
    """Lower left and upper right corner, (2, 2)."""
    half = np.array([width, height]) / 2
    return np.array([centre - half, centre + half])


def _label_boxes(width: float, centre: Points, diameter: float) -> dict[str, Points]:
    """Where a label would be, by plotly's name of its side of the node."""
    beside = np.array([width, _LABEL_HEIGHT]) / 2 + 0.625 * diameter + 1  # as plotly has it
    return {
        f"{vertical} {horizontal}": _box(centre + beside * (x, y), width, _LABEL_HEIGHT)
        for vertical, y in {"middle": 0, "top": 1, "bottom": -1}.items()
        for horizontal, x in {"center": 0, "right": 1, "left": -1}.items()
        if x or y
    }


def _is_free(box: Points, taken: list[Points]) -> bool:
    others = np.array(taken)
    overlapping = (box[0] < others[:, 1]).all(axis=1) & (box[1] > others[:, 0]).all(axis=1)
    return bool((box[0] >= 0).all() and (box[1] <= _AREA).all() and not overlapping.any())


def _is_corner(side: str) -> bool:
    return "middle" not in side and "center" not in side


def _n_inside(box: Points, points: Points) -> int:
    return int(((points > box[0]) & (points < box[1])).all(axis=1).sum())


def _network_finding(graph: nx.DiGraph, colour: str) -> str:
    genres = dict(graph.nodes.data("genre"))
    pairs = [(genres[start], genres[end]) for start, end in graph.edges]
    known = [pair for pair in pairs if NO_GENRE not in pair]
    if colour == "genre" and known:
        same = sum(start == end for start, end in known) / len(known)
        starts, ends = (Counter(side) for side in zip(*known, strict=True))
        chance = sum(starts[genre] * ends[genre] for genre in starts) / len(known) ** 2
        return (
            f"{_percent(same)} of the strongest rules stay within a genre "
            f"(by chance: {_percent(chance)})"
        )
    return _community_finding(graph)


def _community_finding(graph: nx.DiGraph) -> str:
    import networkx as nx

    members: dict[int, set[str]] = {}
    for node, community in graph.nodes.data("community"):
        members.setdefault(community, set()).add(node)
    quality = nx.community.modularity(graph.to_undirected(), members.values(), weight="lift")
    return (
        f"The strongest rules tie {len(graph)} items into {len(members)} "
        f"{'community' if len(members) == 1 else 'communities'} (modularity {quality:.2f})"
    )


def coverage_frontier_figure(frontier: pd.DataFrame) -> go.Figure:
    """Draw what the thresholds of mining cost in coverage, and what they gain in lift.

    Args:
        frontier: One row per pair of thresholds, with the columns `min_support`,
            `min_confidence`, `n_rules`, `coverage` (share of the recommendations that have a
            rule), `median_lift` (may be missing), and the coverage of two trivial
            recommenders by the same rules, `coverage_of_popularity` and `coverage_of_random`.
    """
    if frontier.empty:
        return message_figure(NOTHING)
    frontier = frontier.sort_values(["min_support", "min_confidence"])
    figure = _two_panels("Median lift of the rules used")
    hues = cycle(PALETTE)
    for support in frontier["min_support"].unique():
        rows = frontier[frontier["min_support"] == support]
        _add_threshold(figure, f"{100 * support:g} %", rows, next(hues))
    figure.update_layout(
        legend_title_text="Minimum support",
        xaxis_ticksuffix=" %",
        xaxis2={"ticksuffix": " %", "title_text": "Minimum confidence"},
        yaxis={"range": [-2, 104], "ticksuffix": " %"},
    )
    best = frontier.iloc[int(np.argmax(frontier["coverage"].fillna(0.0)))]
    return finish(
        figure,
        f"Rules explain up to {_percent(best['coverage'])} of the recommendations "
        f"(random: {_percent(best['coverage_of_random'])})",
        "Lines: solid, this approach; dotted, a most-popular list; dashed, a random list.",
        "Minimum confidence",
        "Recommendations with a rule",
    )


def _add_threshold(figure: go.Figure, name: str, rows: pd.DataFrame, hue: str) -> None:
    """Add the lines of one minimum support to both panels."""
    shared = {
        "x": (100 * rows["min_confidence"]).tolist(),
        "hovertext": [f"support at least {name}: {n:,} rules" for n in rows["n_rules"]],
        "hoverinfo": "x+y+text",
        "legendgroup": name,
        "name": name,
    }
    dashes = {"coverage_of_popularity": "dot", "coverage_of_random": "dash", "coverage": "solid"}
    for column, dash in dashes.items():
        figure.add_scatter(
            **shared,
            y=_values(100 * rows[column]),
            mode="lines+markers" if dash == "solid" else "lines",
            line={"color": hue, "dash": dash, "width": 2 if dash == "solid" else 1.5},
            showlegend=dash == "solid",
        )
    figure.add_scatter(
        **shared,
        y=_values(rows["median_lift"]),
        mode="lines+markers",
        line={"color": hue},
        showlegend=False,
        xaxis="x2",
        yaxis="y2",
    )


def popularity_sweep_figure(sweep: pd.DataFrame) -> go.Figure:
    """Draw how ranking by popularity as well changes accuracy and catalogue coverage.

    Args:
        sweep: One row per weight of popularity, with the columns `popularity_weight` (0: none),
            `ndcg`, `recall`, `catalogue_coverage` (share of the items that are recommended).
    """
    if sweep.empty:
        return message_figure("No weights of popularity were tried")
    sweep = sweep.sort_values("popularity_weight")
    figure = _two_panels("Catalogue coverage")
    weights = sweep["popularity_weight"]
    right = {"xaxis": "x2", "yaxis": "y2"}
    for column, name, hue, panel in (
        ("ndcg", "nDCG", PALETTE[0], {}),
        ("recall", "recall", PALETTE[1], {}),
        ("catalogue_coverage", "catalogue coverage", PALETTE[2], right),
    ):
        figure.add_scatter(
            x=weights.tolist(),
            y=_values(sweep[column] * (100 if panel else 1)),
            mode="lines+markers",
            name=name,
            line={"color": hue},
            marker={"size": 7},
            **panel,
        )
    _mark_zero(figure)
    margin = 0.05 * float(np.ptp(weights)) or 0.05
    across = [float(min(weights.min(), 0)) - margin, float(weights.max()) + margin]
    figure.update_layout(
        xaxis_range=across,
        xaxis2={"range": across, "title_text": "Weight of popularity"},
        yaxis_range=[0, _above(sweep[["ndcg", "recall"]])],
        yaxis2={"range": [0, 100 * _above(sweep[["catalogue_coverage"]])], "ticksuffix": " %"},
    )
    return finish(figure, *_sweep_finding(sweep), "Weight of popularity", "nDCG, recall (0 to 1)")


def _above(values: pd.DataFrame) -> float:
    """End of an axis that starts at 0."""
    return 1.1 * float(np.nanmax(values.to_numpy(), initial=0.01))


def _mark_zero(figure: go.Figure) -> None:
    """Mark in both panels where popularity has no influence."""
    for panel in ("", "2"):
        vertical = {"xref": f"x{panel}", "yref": f"y{panel} domain"}
        line = {"color": NEUTRAL, "dash": "dot", "width": 1}
        figure.add_shape(type="line", x0=0, x1=0, y0=0, y1=1, line=line, **vertical)
        figure.add_annotation(
            **vertical, x=0, y=0, text="none", xanchor="left", yanchor="bottom", showarrow=False
        )


def _sweep_finding(sweep: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    best = sweep.iloc[int(np.argmax(sweep["ndcg"].fillna(0.0)))]
    weight, ndcg = f"{best['popularity_weight']:g}", f"{best['ndcg']:.3f}"
    if best["popularity_weight"] == 0:
        return f"Popularity does not help: nDCG is best without it ({ndcg})", ""
    without = sweep[sweep["popularity_weight"] == 0]
    if without.empty:
        return f"nDCG is best with popularity at weight {weight} ({ndcg})", ""
    start = without.iloc[0]
    shares = [_percent(row["catalogue_coverage"], 1) for row in (start, best)]
    return (
        f"Popularity at weight {weight} raises nDCG from {start['ndcg']:.3f} to {ndcg}",
        f"Catalogue coverage goes from {shares[0]} to {shares[1]}.",
    )


def _two_panels(right_title: str) -> go.Figure:
    """Return a figure with two panels side by side; the right one has the axes x2 and y2."""
    return new_figure().update_layout(
        xaxis_domain=[0, 0.42],
        xaxis2={"domain": [0.58, 1], "anchor": "y2"},
        yaxis2={"anchor": "x2", "title_text": right_title},
    )


def _values(column: pd.Series[Any]) -> list[float | None]:
    """Numbers for a figure; missing ones leave a gap."""
    return [None if pd.isna(value) else float(value) for value in column]


def _percent(share: float, n_decimals: int = 0) -> str:
    return f"{100 * share:.{n_decimals}f} %"
