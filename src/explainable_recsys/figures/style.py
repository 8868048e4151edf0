"""One look for all figures: legible in a paper, in a notebook and in kedro-viz.

Figures are built with `new_figure`, what `draw` adds, and `finish`, so that plotly (which takes
its time to import) is only imported when there is something to draw. Texts leave their colour to
the layout: kedro-viz sets it, and the background, to those of its own theme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explainable_recsys.figures.texts import lines_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Figure
else:
    Figure = Any  # what reads types at run time can do without plotly

PALETTE = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000"]
"""Colours that people with any kind of colour vision tell apart (Okabe & Ito 2008)."""

CATEGORIES = [*PALETTE[:6], PALETTE[7]]
"""The colours without yellow, in which small points and thin lines are lost on white."""

SYMBOLS = ["circle", "square", "diamond", "cross", "triangle-up", "triangle-down", "star"]
"""Shapes that tell the `CATEGORIES` apart without colour."""

_DASHES = ["solid", "dash", "dot", "dashdot"]

GREY = "#999999"
"""The grey of what is not one of the categories."""

INK, DARK_GREY = "#222222", "#666666"
"""Of texts and outlines; of what is neutral and has to differ from `GREY`."""

DIVERGING = [[0, PALETTE[0]], [0.5, "#f7f7f7"], [1, PALETTE[3]]]
"""A scale for values with a middle that means something: blue below it, orange above."""

_TITLE_LENGTH, _SUBTITLE_LENGTH = 44, 58  # characters on a line of 380 pixels
_TITLE_TOP = 26  # to the base of the first line, in pixels

_AXIS = {
    "automargin": True,
    "gridcolor": "rgba(128, 128, 128, 0.2)",
    "linecolor": INK,
    "showline": True,
    "ticks": "outside",
    "title": {"font": {"size": 14}, "standoff": 8},
    "zeroline": False,
}
TEMPLATE: dict[str, Any] = {
    "layout": {
        "colorway": PALETTE,
        "font": {"family": "Arial, Liberation Sans, sans-serif", "size": 12, "color": INK},
        "hoverlabel": {"align": "left", "namelength": -1},
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
        "margin": {"l": 64, "r": 24, "t": 72, "b": 64},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "title": {"font": {"size": 16}, "subtitle": {"font": {"size": 12}}, "x": 0.02},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
    }
}
"""A plotly template."""


def new_figure() -> Figure:
    """Return an empty figure in the project's look."""
    import plotly.graph_objects as go

    return go.Figure(layout={"template": TEMPLATE})


def finish(
    figure: Figure,
    title: str,
    subtitle: str = "",
    x_title: str = "",
    y_title: str = "",
    *,
    room: int = 16,
    drawn: int = 314,
    foot: int = 64,
    legend: int = 63,
) -> Figure:
    """Put the texts on a figure, make it as high as it needs, and white on any page.

    Args:
        figure: Changed in place.
        title: The finding, in a sentence, as HTML; long ones are broken into lines that fit on a
            phone and beside kedro-viz' lineage.
        subtitle: What is shown, and how to read it; likewise.
        x_title: What the (left) horizontal axis shows, with its unit.
        y_title: What the (left) vertical axis shows, with its unit.
        room: Height between these texts and what is drawn, in pixels.
        drawn: Height of what is drawn, in pixels: the same under long texts as under short.
        foot: Height of what is below it, in pixels.
        legend: How far below what is drawn the legend begins, in pixels.

    Returns:
        The same figure.
    """
    above, below = lines_of(title, _TITLE_LENGTH), lines_of(subtitle, _SUBTITLE_LENGTH)
    margin = _TITLE_TOP + 20 * len(above) + 16 * len(below) + room
    for axis, text in (("xaxis", x_title), ("yaxis", y_title)):
        if text:
            figure.layout[axis].title.text = text
    return figure.update_layout(
        title={
            "text": "<br>".join(above),
            "subtitle": {"text": "<br>".join(below)},
            "pad": {"t": _TITLE_TOP},
            "y": 1,
            "yanchor": "top",
            "yref": "container",
        },
        height=margin + drawn + foot,
        legend_y=max(-legend / drawn, -2),  # no farther, says plotly
        margin={"t": margin, "b": foot},
        paper_bgcolor="white",
        plot_bgcolor="white",
    )


def look(place: int) -> dict[str, Any]:
    """Colour, shape and dash of a category (from 0), each of which tells it from the others."""
    kind = place % len(CATEGORIES)
    line = {"color": CATEGORIES[kind], "dash": _DASHES[place % len(_DASHES)], "width": 2}
    return {"line": line, "marker": {"color": line["color"], "symbol": SYMBOLS[kind], "size": 8}}


def two_panels(right_title: str) -> Figure:
    """Return a figure with two panels side by side; the right one has the axes x2 and y2."""
    return new_figure().update_layout(
        xaxis_domain=[0, 0.39],
        xaxis2={"domain": [0.61, 1], "anchor": "y2"},
        yaxis2={"anchor": "x2", "title_text": right_title},
    )


def message_figure(message: str) -> Figure:
    """Return a figure that only says (in HTML) why there is nothing to draw."""
    text, middle = "<br>".join(lines_of(message, _TITLE_LENGTH)), {"xref": "paper", "yref": "paper"}
    figure = new_figure().update_layout(xaxis_visible=False, yaxis_visible=False)
    figure.add_annotation(text=text, x=0.5, y=0.5, showarrow=False, font_size=16, **middle)
    return finish(figure, "")
