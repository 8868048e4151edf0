"""Graphs as GraphML files, which Gephi, Cytoscape and R's igraph read too."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainable_recsys.datasets.atomic import AtomicDataset, JSONPreview

if TYPE_CHECKING:
    import networkx as nx


_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class GraphDataset(AtomicDataset["nx.DiGraph"]):
    """A directed graph whose nodes are texts; equal graphs give equal bytes.

    Control characters in texts, which XML has no way to write, are stored as U+FFFD.
    """

    def preview(self) -> JSONPreview:
        """Number of nodes and edges and the names of their attributes, for kedro-viz."""
        graph = self._read(self._load_file())
        facts = {
            "nodes": graph.number_of_nodes(),
            "edges": graph.number_of_edges(),
            "node_attributes": sorted({name for _, given in graph.nodes.data() for name in given}),
            "edge_attributes": sorted({name for *_, given in graph.edges.data() for name in given}),
        }
        return JSONPreview(json.dumps(facts, indent=2, ensure_ascii=False))

    def _write(self, path: Path, data: nx.DiGraph) -> None:
        import networkx as nx

        # networkx writes with lxml where that is installed, which formats differently.
        buffer = BytesIO()
        nx.write_graphml_xml(_in_order(data), buffer)
        text = _NOT_IN_XML.sub("\ufffd", buffer.getvalue().decode("utf-8"))
        path.write_text(text + "\n", encoding="utf-8")

    def _read(self, path: Path) -> nx.DiGraph:
        import networkx as nx

        graph = nx.read_graphml(path)
        for name in ("node_default", "edge_default"):  # networkx adds them, empty
            if not graph.graph.get(name, True):
                del graph.graph[name]
        return graph


def _in_order(graph: nx.DiGraph) -> nx.DiGraph:
    """The same graph, however it was built: nodes, edges and attributes sorted."""
    ordered = graph.__class__()
    ordered.graph.update(_sorted(graph.graph))
    ordered.add_nodes_from((node, _sorted(given)) for node, given in sorted(graph.nodes.data()))
    edges = sorted(graph.edges.data(), key=lambda edge: edge[:2])
    ordered.add_edges_from((start, end, _sorted(given)) for start, end, given in edges)
    return ordered


def _sorted(attributes: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(attributes.items()))
