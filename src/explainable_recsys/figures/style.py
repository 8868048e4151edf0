"""One look for all figures: legible in a paper, in a notebook and in kedro-viz.

Figures are built with `new_figure`, what `draw` adds, and `finish`, so that plotly (which takes
its time to import) is only imported when there is something to draw. Texts leave their colour to
the layout: kedro-viz sets it, and the background, to those of its own theme.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from explainable_recsys.figures.texts import escape, lines_of, short

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

WIDTH = 720
"""For which figures are made, in pixels; `fit` makes them ready for another width."""

_LETTERS = {"title": 8.4, "subtitle": 6.2}  # mean widths, in pixels
_LINES = {"title": 20, "subtitle": 16}  # heights, in pixels
_MESSAGE = 28  # letters on a line of a figure that only says something
_LONGEST_LINE = 900  # pixels that a line is read across
_NAMES = 0.45  # of a width, for the names of rows
_BESIDE = 24  # pixels that the title of an axis may be longer than the axis
_TICK = 50  # pixels for a tick of a horizontal axis
_MARGINS = {"l": 64, "r": 24, "t": 72, "b": 64}
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
        "margin": _MARGINS,
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
        title: The finding, in a sentence, as HTML; broken into lines for `WIDTH`.
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
    for axis, text in (("xaxis", x_title), ("yaxis", y_title)):
        if text:
            figure.layout[axis].title.text = text
    above = _TITLE_TOP + _LINES["title"] * bool(title) + _LINES["subtitle"] * bool(subtitle) + room
    figure.update_layout(
        title={
            "text": title,
            "subtitle": {"text": subtitle},
            "pad": {"t": _TITLE_TOP},
            "y": 1,
            "yanchor": "top",
            "yref": "container",
        },
        height=above + drawn + foot,
        legend_y=max(-legend / drawn, -2),  # no farther, says plotly
        margin={"t": above, "b": foot},
        paper_bgcolor="white",
        plot_bgcolor="white",
    )
    return fit(figure, WIDTH)


def fit(figure: Figure, width: int) -> Figure:
    """A figure as it is to be shown with a width: texts broken into lines, names shortened.

    What is drawn stays as high; the figure grows by the lines that are more.

    Args:
        figure: From `finish`.
        width: In pixels.
    """
    import plotly.graph_objects as go

    fitted = go.Figure(figure)
    title, margin = fitted.layout.title, fitted.layout.margin
    more = 0
    for part, text in (("title", title), ("subtitle", title.subtitle)):
        more += _LINES[part] * _broken(text, min(width - 32, _LONGEST_LINE), _LETTERS[part])
    _shorten_names(fitted, width)
    room = width - (margin.l or _MARGINS["l"]) - (margin.r or _MARGINS["r"])
    below = 0
    for axis in fitted.select_xaxes():
        start, end = axis.domain or (0, 1)
        across = (end - start) * room
        below = max(below, 16 * _broken(axis.title, across + _BESIDE, _LETTERS["subtitle"]))
        axis.nticks = axis.nticks and int(min(max(across // _TICK, 2), axis.nticks))
    margin.t += more
    margin.b += below
    fitted.layout.height += more + below
    return fitted


def _broken(text: Any, room: float, letter: float) -> int:
    """Break the text of a title into the lines that there is room for; how many more there are."""
    before = text.text.split("<br>") if text.text else []
    after = lines_of(" ".join(before), int(room / letter))
    text.text = "<br>".join(after) or None
    return len(after) - len(before)


def _cut(name: str, longest: int) -> str:
    """A name as HTML, not longer; what is emphasised stays."""
    return name if "<" in name else escape(short(html.unescape(name), longest))


def _shorten_names(figure: Figure, width: int) -> None:
    """Let the names of rows take no more than their part of a width."""
    longest = int(_NAMES * width / _LETTERS["subtitle"])
    for axis in figure.select_yaxes():
        if axis.ticktext:
            axis.ticktext = ["<br>".join(_cut(part, longest) for part in name.split("<br>")) for name in axis.ticktext]
    left = min(figure.layout.margin.l or 0, int(_NAMES * width) + 32)
    for note in figure.layout.annotations:
        if note.xref == "paper" and note.x == 0:
            note.xshift = (note.xshift or 0) + (figure.layout.margin.l or 0) - left
    figure.layout.margin.l = left or None


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
    text, middle = "<br>".join(lines_of(message, _MESSAGE)), {"xref": "paper", "yref": "paper"}
    figure = new_figure().update_layout(xaxis_visible=False, yaxis_visible=False)
    figure.add_annotation(text=text, x=0.5, y=0.5, showarrow=False, font_size=16, **middle)
    return finish(figure, "")
