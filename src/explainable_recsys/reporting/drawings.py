"""Figures as the report embeds them: their texts taken out as HTML, the rest as data to draw."""

from __future__ import annotations

import json
from typing import Any

from explainable_recsys.wording.markup import drawn_text

TOP_MARGIN = 28
"""Pixels above a figure whose title stands in its caption."""

WIDE_MARGIN = 120
"""Pixels to the left of a figure that leave too little of a phone's screen to its axes."""

HEIGHT = 450
"""Pixels, of figures that say nothing about it."""


def drawing(heading: str, figure: Any) -> dict[str, Any]:
    """Take a figure's title out, which would not fit on a phone, and let the figure be resized.

    Returns:
        `heading`, what the report calls the figure; its `title`, the finding; `subtitle`, how to
        read it; `alternative`, what to read in place of it; `data`, what plotly draws;
        `height` in pixels; `is_wide`, whether it takes more room than a phone has: panels side by
        side, labels.
    """
    import plotly.io

    drawn: dict[str, Any] = json.loads(plotly.io.to_json(figure, engine="json"))
    traces, layout = drawn.get("data", []), drawn.setdefault("layout", {})
    title = layout.pop("title", {})
    height = int(layout.get("height") or HEIGHT)
    margin = layout.setdefault("margin", {})
    if title.get("text") and margin.get("t", 0) > TOP_MARGIN:
        height -= margin["t"] - TOP_MARGIN
        margin["t"] = TOP_MARGIN
    layout.pop("width", None)
    layout |= {"height": height, "autosize": True}
    finding = drawn_text(title.get("text"))
    subtitle = drawn_text((title.get("subtitle") or {}).get("text"))
    return {
        "heading": heading,
        "title": finding,
        "subtitle": subtitle,
        "alternative": ". ".join(part for part in (finding or heading, subtitle) if part),
        "data": {"data": traces, "layout": layout},
        "height": height,
        "is_wide": _is_wide(traces, layout),
    }


def _is_wide(traces: list[dict[str, Any]], layout: dict[str, Any]) -> bool:
    has_labels = any("text" in (trace.get("mode") or "") for trace in traces)
    # Labels of points are named after the width that they need.
    has_labels |= any(note.get("name") for note in layout.get("annotations", []))
    return has_labels or "xaxis2" in layout or layout["margin"].get("l", 0) > WIDE_MARGIN
