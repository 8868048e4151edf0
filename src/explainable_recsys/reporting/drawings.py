"""Figures as the report embeds them: their texts taken out as HTML, the rest as data to draw."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainable_recsys.wording.markup import drawn_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

TOP_MARGIN = 28
"""Pixels above a figure whose title stands in its caption."""

WIDE_MARGIN = 120
"""Pixels to the left of a figure that leave too little of a phone's screen to its axes."""

HEIGHT = 450
"""Pixels, of figures that say nothing about it."""


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes:
        heading: What the report calls it.
        title: Its finding.
        subtitle: How to read it.
        data: What plotly draws, as JSON that can stand inside a script element.
        height: In pixels.
        is_wide: Whether it takes more room than a phone has: panels side by side, labels.
    """

    heading: str
    title: str
    subtitle: str
    data: str
    height: int
    is_wide: bool

    @property
    def alternative(self) -> str:
        """What to read in place of the figure."""
        return ". ".join(part for part in (self.title or self.heading, self.subtitle) if part)


def drawing(heading: str, figure: go.Figure) -> Drawing:
    """Take the title out of a figure, where it would not fit on a phone, and let it be resized."""
    import plotly.io

    drawn: dict[str, Any] = json.loads(plotly.io.to_json(figure, engine="json"))
    traces, layout = drawn.get("data", []), drawn.setdefault("layout", {})
    title = layout.pop("title", {})
    title = title if isinstance(title, dict) else {"text": title}
    height = int(layout.get("height") or HEIGHT)
    margin = layout.setdefault("margin", {})
    if title.get("text") and margin.get("t", 0) > TOP_MARGIN:
        height -= margin["t"] - TOP_MARGIN
        margin["t"] = TOP_MARGIN
    layout.pop("width", None)
    layout |= {"height": height, "autosize": True}
    return Drawing(
        heading,
        drawn_text(title.get("text")),
        drawn_text((title.get("subtitle") or {}).get("text")),
        _inside_script({"data": traces, "layout": layout}),
        height,
        _is_wide(traces, layout),
    )


def _is_wide(traces: list[dict[str, Any]], layout: dict[str, Any]) -> bool:
    has_labels = any("text" in (trace.get("mode") or "") for trace in traces)
    return has_labels or "xaxis2" in layout or layout["margin"].get("l", 0) > WIDE_MARGIN


def _inside_script(value: Any) -> str:
    """JSON in which no script, comment or CDATA section can begin or end."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
