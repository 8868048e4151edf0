"""Figures as plotly's JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from explainable_recsys.datasets.atomic import AtomicDataset, PlotlyPreview

if TYPE_CHECKING:
    import plotly.graph_objects as go


class FigureDataset(AtomicDataset["go.Figure"]):
    """A plotly figure; equal figures give equal bytes."""

    def preview(self) -> PlotlyPreview:
        """The whole figure, which kedro-viz draws."""
        return PlotlyPreview(json.loads(self._load_file().read_text(encoding="utf-8")))

    def _write(self, path: Path, data: go.Figure) -> None:
        import plotly.io

        # Neither the order in which a figure was put together nor the JSON library that plotly
        # happens to find may show in the file.
        figure = json.loads(plotly.io.to_json(data, engine="json"))
        text = json.dumps(figure, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        path.write_text(text + "\n", encoding="utf-8")

    def _read(self, path: Path) -> go.Figure:
        import plotly.io

        return plotly.io.from_json(path.read_text(encoding="utf-8"), engine="json")
