"""Tables, texts, JSON objects, figures and graphs, one file each."""

from __future__ import annotations

import html
import itertools
import json
import operator
import re
from collections.abc import Iterator
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from explainable_recsys.datasets.atomic import (
    AtomicDataset,
    JSONPreview,
    PlotlyPreview,
    TablePreview,
    json_preview,
    readable,
)
from explainable_recsys.figures.style import for_lineage

if TYPE_CHECKING:
    import networkx as nx
    import plotly.graph_objects as go

PREVIEWED = 40, 200
"""Lines, and characters of each, that the preview of a text shows."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class TableDataset(AtomicDataset[pd.DataFrame]):
    """A pandas table in a Parquet file."""

    def preview(self, nrows: int = 20) -> TablePreview:
        """First rows, for kedro-viz; reads no more than one group of rows."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._load_file()) as file:
            rows = next(file.iter_batches(batch_size=nrows), file.schema_arrow.empty_table())
        return table_preview(rows.to_pandas())

    def statistics(self) -> dict[str, int]:
        """Numbers of rows and columns, and the size in bytes, for kedro-viz."""
        import pyarrow.parquet as pq

        facts = pq.read_metadata(self._load_file())
        return {"rows": facts.num_rows, "columns": facts.num_columns, **super().statistics()}

    def _write(self, file: IO[bytes], data: pd.DataFrame) -> None:
        data.to_parquet(file, index=False)

    def _read(self, file: IO[bytes]) -> pd.DataFrame:
        return pd.read_parquet(file)


def table_preview(table: pd.DataFrame) -> TablePreview:
    """A small table in the JSON form that kedro-viz shows: short numbers, null where missing."""
    text = table.to_json(orient="split", index=True, date_format="iso", date_unit="s")
    return TablePreview(readable(text))


class TextDataset(AtomicDataset[str]):
    """A text in UTF-8; its line endings stay what they are."""

    def preview(self) -> JSONPreview:
        """The first lines, or the headings of a web page, for kedro-viz."""
        n_lines, width = PREVIEWED
        path = self._load_file()
        with path.open(encoding="utf-8", newline="") as file:
            shown = _headings(file.read()) if path.suffix == ".html" else file
            lines = [line.rstrip("\r\n")[:width] for line in itertools.islice(shown, n_lines)]
        return json_preview(lines)

    def _write(self, file: IO[bytes], data: str) -> None:
        file.write(data.encode("utf-8"))

    def _read(self, file: IO[bytes]) -> str:
        return file.read().decode("utf-8")


def _headings(page: str) -> Iterator[str]:
    """Headings of the first three levels, a deeper one further to the right."""
    for level, content in re.findall(r"<h([1-3])\b[^>]*>(.*?)</h\1>", page, flags=re.DOTALL):
        words = html.unescape(re.sub(r"<[^>]*>", "", content)).split()
        yield "  " * (int(level) - 1) + " ".join(words)


class JSONDataset(AtomicDataset[dict[str, Any]]):
    """Facts or metrics as a JSON object; what is no number (NaN, infinity) is stored as null."""

    def preview(self) -> JSONPreview:
        """The whole object with short numbers, for kedro-viz."""
        return json_preview(readable(self._load_file().read_text(encoding="utf-8")))

    def _write(self, file: IO[bytes], data: dict[str, Any]) -> None:
        text = json.dumps(data, default=operator.methodcaller("item"))  # of numpy's numbers
        plain = json.loads(text, parse_constant=lambda _: None)
        file.write(f"{json.dumps(plain, indent=2, ensure_ascii=False)}\n".encode())

    def _read(self, file: IO[bytes]) -> dict[str, Any]:
        loaded: dict[str, Any] = json.load(file)
        return loaded


class FigureDataset(AtomicDataset["go.Figure"]):
    """A plotly figure as its JSON; equal figures give equal bytes."""

    def preview(self) -> PlotlyPreview:
        """The figure as kedro-viz draws it, with margins, height and title of its own."""
        return PlotlyPreview(json.loads(for_lineage(self.load()).to_json()))

    def _write(self, file: IO[bytes], data: go.Figure) -> None:
        import plotly.io

        # Neither the order in which a figure was put together nor the JSON library that plotly
        # happens to find may show in the file.
        figure = json.loads(plotly.io.to_json(data, engine="json"))
        text = json.dumps(figure, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        file.write(f"{text}\n".encode())

    def _read(self, file: IO[bytes]) -> go.Figure:
        import plotly.io

        return plotly.io.from_json(file.read().decode("utf-8"), engine="json")


class GraphDataset(AtomicDataset["nx.DiGraph"]):
    """A directed graph as GraphML, which Gephi, Cytoscape and R's igraph read too.

    Its nodes are texts; equal graphs give equal bytes. Control characters in texts, which XML
    has no way to write, are stored as U+FFFD.
    """

    def preview(self) -> JSONPreview:
        """Number of nodes and edges and the names of their attributes, for kedro-viz."""
        graph = self.load()
        return json_preview(
            {
                "nodes": graph.number_of_nodes(),
                "edges": graph.number_of_edges(),
                "node_attributes": sorted({name for _, has in graph.nodes.data() for name in has}),
                "edge_attributes": sorted({name for *_, has in graph.edges.data() for name in has}),
            }
        )

    def _write(self, file: IO[bytes], data: nx.DiGraph) -> None:
        import networkx as nx

        # networkx writes with lxml where that is installed, which formats differently.
        buffer = BytesIO()
        nx.write_graphml_xml(_in_order(data), buffer)
        text = _NOT_IN_XML.sub("\ufffd", buffer.getvalue().decode("utf-8"))
        file.write(f"{text}\n".encode())

    def _read(self, file: IO[bytes]) -> nx.DiGraph:
        import networkx as nx

        graph = nx.read_graphml(file)
        for name in ("node_default", "edge_default"):  # networkx adds them, empty
            if not graph.graph.get(name, True):
                del graph.graph[name]
        return graph


def _in_order(graph: nx.DiGraph) -> nx.DiGraph:
    """The same graph, however it was built: nodes, edges and attributes sorted."""
    ordered = graph.__class__(**dict(sorted(graph.graph.items())))
    for node, given in sorted(graph.nodes.data()):
        ordered.add_node(node, **dict(sorted(given.items())))
    for start, end, given in sorted(graph.edges.data(), key=lambda edge: edge[:2]):
        ordered.add_edge(start, end, **dict(sorted(given.items())))
    return ordered
