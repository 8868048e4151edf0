"""One look for all figures: legible in a paper, in a notebook and in kedro-viz.

Figures are built with `new_figure`, the `add_…` methods of plotly and `finish`, so that plotly
(which takes its time to import) is only imported when there is something to draw. Texts leave
their colour to the layout: kedro-viz sets it, and the background, to those of its own theme.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

PALETTE = [
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#000000",
]
"""Colours that people with any kind of colour vision tell apart (Okabe & Ito 2008)."""

CATEGORIES = [*PALETTE[:6], PALETTE[7]]
"""The colours without yellow, in which small points and thin lines are lost on white."""

SYMBOLS = ["circle", "square", "diamond", "cross", "triangle-up", "triangle-down", "star"]
"""Shapes that tell the `CATEGORIES` apart without colour."""

NEUTRAL = "#999999"
"""The grey of what is not one of the categories."""

DIVERGING = [[0, PALETTE[0]], [0.5, "#f7f7f7"], [1, PALETTE[3]]]
"""A scale for values with a middle that means something: blue below it, orange above."""

_TAG = re.compile("<[^>]*>")
_INK = "#222222"
_GRID = "rgba(128, 128, 128, 0.2)"
_TITLE_LENGTH, _SUBTITLE_LENGTH = 44, 58  # characters on a line of 380 pixels
_TITLE_TOP = 26  # to the base of the first line, in pixels
_BELOW_TEXTS = 378  # height of a figure without its texts, in pixels

_AXIS = {
    "automargin": True,
    "gridcolor": _GRID,
    "linecolor": _INK,
    "showline": True,
    "ticks": "outside",
    "title": {"font": {"size": 14}, "standoff": 8},
    "zeroline": False,
}
TEMPLATE: dict[str, Any] = {
    "layout": {
        "colorway": PALETTE,
        "font": {"family": "Arial, Liberation Sans, sans-serif", "size": 12, "color": _INK},
        "hoverlabel": {"align": "left"},
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
        "margin": {"l": 64, "r": 24, "t": 72, "b": 64},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "title": {
            "font": {"size": 16},
            "subtitle": {"font": {"size": 12}},
            "x": 0.02,
        },
        "xaxis": _AXIS,
        "yaxis": _AXIS,
    }
}
"""A plotly template."""


def new_figure() -> go.Figure:
    """Return an empty figure in the project's look."""
    import plotly.graph_objects as go

    return go.Figure(layout={"template": TEMPLATE})


def finish(
    figure: go.Figure,
    title: str,
    subtitle: str = "",
    x_title: str = "",
    y_title: str = "",
    room: int = 16,
) -> go.Figure:
    """Put the texts on a figure and make its background white on any page.

    A figure without a height gets one: what is drawn is as high under long texts as under short.

    Args:
        figure: Changed in place.
        title: The finding, in a sentence, as HTML; long ones are broken into lines that fit on a
            phone and beside kedro-viz' lineage.
        subtitle: What is shown, and how to read it; likewise.
        x_title: What the (left) horizontal axis shows, with its unit.
        y_title: What the (left) vertical axis shows, with its unit.
        room: Height between these texts and what is drawn, in pixels.

    Returns:
        The same figure.
    """
    above, below = lines_of(title, _TITLE_LENGTH), lines_of(subtitle, _SUBTITLE_LENGTH)
    margin = _TITLE_TOP + 20 * len(above) + 16 * len(below) + room
    if figure.layout.height is None:
        figure.layout.height = margin + _BELOW_TEXTS
    return figure.update_layout(
        title={
            "text": "<br>".join(above),
            "subtitle": {"text": "<br>".join(below)},
            "pad": {"t": _TITLE_TOP},
            "y": 1,
            "yanchor": "top",
            "yref": "container",
        },
        xaxis_title_text=x_title,
        yaxis_title_text=y_title,
        margin_t=margin,
        paper_bgcolor="white",
        plot_bgcolor="white",
    )


def message_figure(message: str) -> go.Figure:
    """Return a figure that only says (in HTML) why there is nothing to draw."""
    figure = new_figure()
    figure.add_annotation(
        text="<br>".join(lines_of(message, _TITLE_LENGTH)),
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font_size=16,
    )
    return finish(figure.update_layout(xaxis_visible=False, yaxis_visible=False), "")


def two_panels(right_title: str) -> go.Figure:
    """Return a figure with two panels side by side; the right one has the axes x2 and y2."""
    return new_figure().update_layout(
        xaxis_domain=[0, 0.39],
        xaxis2={"domain": [0.61, 1], "anchor": "y2"},
        yaxis2={"anchor": "x2", "title_text": right_title},
    )


def percent(share: float, n_decimals: int = 0) -> str:
    """Return a share (from 0 to 1) as a percentage, for people to read."""
    return f"{100 * share:.{n_decimals}f} %"


def escape(text: object) -> str:
    """A text that is not to be taken for HTML; plotly shows quotes, but not their entities."""
    return html.escape(str(text), quote=False)


def lines_of(text: str, length: int) -> list[str]:
    """Break HTML into lines of so many characters at most; tags and entities do not count."""
    lines: list[str] = []
    for word in filter(None, text.replace(" %", "\u00a0%").split(" ")):
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and len(html.unescape(_TAG.sub("", longer))) <= length:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
