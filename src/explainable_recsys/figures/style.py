"""One look for all figures: legible in a paper, in a notebook and in kedro-viz.

Figures are built with `new_figure`, what `draw` adds, and `finish`, so that plotly (which takes
its time to import) is only imported when there is something to draw. Texts leave their colour to
the layout: kedro-viz sets it, and the background, to those of its own theme.
"""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING, Any

from explainable_recsys.figures.texts import escape, lines_of, short
from explainable_recsys.wording.phrases import phrase

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
_MESSAGE = 44  # letters on a line of a figure that only says something
_LONGEST_LINE = 900  # pixels that a line is read across
_NARROW, _SMALL = 340, 16  # width of a figure with hardly any room, and a margin there
_NAMES = 0.38  # of a width, for the names of rows
_SECOND_LINE = 11  # by which every row is higher where names of rows are broken, in pixels
_TICK = 50  # pixels for a tick of a horizontal axis
_MARGINS = {"l": 64, "r": 24, "t": 72, "b": 64}
_LINEAGE = 900, 480  # pixels that kedro-viz has for what is drawn
_CLEAR = "rgba(0, 0, 0, 0)"
_PAD = 12  # around a text that plotly puts into a bar, on both sides together
_HIGHEST = 700  # that can still be read there
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
        figure: What is drawn.
        title: The finding, in a sentence, as HTML; broken into lines for `WIDTH`.
        subtitle: What is shown, and how to read it; likewise.
        x_title: What the (left) horizontal axis shows, with its unit.
        y_title: What the (left) vertical axis shows, with its unit.
        room: Height between these texts and what is drawn, in pixels.
        drawn: Height of what is drawn, in pixels: the same under long texts as under short.
        foot: Height of what is below it, in pixels.
        legend: How far below what is drawn the legend begins, in pixels.

    Returns:
        Another figure, fit for `WIDTH`.
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

    What is drawn stays as high, unless names of rows are broken; the figure grows by the lines that
    are more.

    Args:
        figure: From `finish`.
        width: In pixels.
    """
    import plotly.graph_objects as go

    fitted = go.Figure(figure)
    layout = fitted.layout
    if width < _NARROW:
        layout.margin.r = layout.margin.r or _SMALL
        fitted.update_traces({"textfont.size": 10}, {"type": "bar"})
    layout.height += _shorten_names(fitted, width)
    room = width - (layout.margin.l or _MARGINS["l"]) - (layout.margin.r or _MARGINS["r"])
    above = 0
    for part, text in (("title", layout.title), ("subtitle", layout.title.subtitle)):
        above += _LINES[part] * _broken(text, min(width - 32, _LONGEST_LINE), _LETTERS[part])
    below = max(_fit_axis(axis, room, width < _NARROW) for axis in fitted.select_xaxes())
    _fit_notes(fitted, width, room)
    drawn = layout.height - layout.margin.t - layout.margin.b
    legend = 19 * max(_legend_lines(fitted, room) - _legend_lines(fitted, WIDTH - 88), 0)
    if layout.legend.y < 0:
        layout.legend.y = max(layout.legend.y - below / drawn, -2)
        below += legend
    else:
        above += legend
    layout.margin.t += above
    layout.margin.b += below
    layout.height += above + below
    return fitted


def for_lineage(figure: Figure) -> Figure:
    """A figure for kedro-viz, which sets margins, height and the place of the title itself.

    The texts become the title of a legend, for which plotly makes room above what is drawn; a
    figure that is too high is named only.

    Args:
        figure: From `finish`.
    """
    if not figure.layout.title.text or not figure.layout.height:
        return figure
    fitted = fit(figure, _LINEAGE[0])
    layout = fitted.layout
    drawn = layout.height - layout.margin.t - layout.margin.b
    texts = f"{layout.title.text}<br><sub>{layout.title.subtitle.text or ''}</sub>"
    if drawn > _HIGHEST:
        return message_figure(
            phrase(
                "{title}. The figure is too high for this window: see the report.",
                title=layout.title.text,
            )
        )
    _label_where_there_is_room(fitted)
    texts = texts.replace("<br>", 4 * "\u00a0" + "<br>")  # or plotly cuts the ends of lines off
    n_lines = texts.count("<br>") + 1
    room = layout.margin.t - _TITLE_TOP - 18 * n_lines
    layout.title = None
    head = {"font": {"size": 15}, "text": texts}
    fitted.update_layout(
        legend2={"title": head, "x": 0, "y": 1 + max(room, 8) / drawn, "yanchor": "bottom"},
        margin=None,
    )
    fitted.update_yaxes(automargin=True)
    fitted.add_scatter(
        x=[None],
        y=[None],
        name=" ",
        legend="legend2",
        showlegend=True,
        marker_color=_CLEAR,
        mode="markers",
    )
    return fitted


def _label_where_there_is_room(figure: Figure) -> None:
    """Let the labels of points be texts in transparent bars: plotly hides those that do not fit.

    In kedro-viz one figure is shown small first, and then large.
    """
    width, height = _LINEAGE
    labels = [note for note in figure.layout.annotations if note.name]
    figure.layout.annotations = [note for note in figure.layout.annotations if not note.name]
    for note in labels:
        wide, high = 6 * len(note.text) + 6, 16
        beside = {"left": 0.5, "center": 0, "right": -0.5}[note.xanchor] * wide + note.xshift
        above = {"bottom": 0, "middle": -0.5, "top": -1}[note.yanchor] * high + note.yshift
        where = {"x": [note.x + beside / width], "base": note.y + (above - _PAD / 2) / height}
        across = (wide + _PAD) / width
        size = {"width": across, "offset": -across / 2, "y": [(high + _PAD) / height]}
        look = {"marker_color": _CLEAR, "hoverinfo": "skip", "showlegend": False}
        look["insidetextfont"] = {"color": "#808080", "size": 11}  # on white and on black
        figure.add_bar(
            text=note.text,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            **where,
            **size,
            **look,
        )
    figure.update_layout(uniformtext={"mode": "hide", "minsize": 9}, barmode="overlay")


def _lines(text: str | None, room: float, letter: float, most: int = 99) -> list[str]:
    """HTML in the lines that there is room for; a name with underscores may be broken at them."""
    words = (text or "").replace("_<br>", "_").replace("<br>", " ")
    lines = lines_of(words, int(room / letter))
    if any(len(line) * letter > room and "_" in line for line in lines):
        lines = lines_of(words.replace("_", "_ "), int(room / letter))
    lines = [line.replace("_ ", "_") for line in lines]
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}…"]


def _broken(text: Any, room: float, letter: float, most: int = 99) -> int:
    """Break the text of a title into the lines that there is room for; how many more there are."""
    n_before = len(text.text.split("<br>")) if text.text else 0
    lines = _lines(text.text, room, letter, most)
    if lines:
        text.text = "<br>".join(lines)
    return len(lines) - n_before


def _fit_axis(axis: Any, room: float, narrow: bool) -> int:
    """Fit a horizontal axis into its part of a width; height that it needs more, in pixels."""
    start, end = axis.domain or (0, 1)
    if narrow and start > 0:  # for the labels of the vertical axis
        start += 1.5 * _SMALL / room
        axis.domain = (start, end)
    across = (end - start) * room
    if narrow or axis.nticks:
        axis.nticks = int(min(max(across // _TICK, 2), axis.nticks or 9))
    if axis.tickangle == -90:
        axis.tickfont.size = int(min(max(across / len(axis.ticktext) - 1, 7), 12))
    beside, most = (24, 99) if end - start == 1 else (8, 2)
    return 16 * _broken(axis.title, across + beside, _LETTERS["subtitle"], most)


def _fit_notes(figure: Figure, width: int, room: float) -> None:
    """Break the headings of panels; drop the labels of points that have no room."""
    layout = figure.layout
    kept = [note for note in layout.annotations if not note.name or float(note.name) <= room]
    for note in kept:
        across, letter, most = room, 7, 2
        if (note.xref or "").endswith("domain"):
            start, end = layout[f"xaxis{note.xref.split()[0][1:]}"].domain or (0, 1)
            across = (end - start) * room + 16
        elif note.xref == "paper" and note.x == 0:
            across = width - 24
        elif not figure.data:  # a message
            across, letter, most = width - 16, 9, 99
        else:
            continue
        note.text = "<br>".join(_lines(note.text, across, letter, most))
    layout.annotations = kept


def _legend_lines(figure: Figure, room: float) -> int:
    """About how many lines the legend takes."""
    names = {trace.name for trace in figure.data if trace.name and trace.showlegend is not False}
    widths = [44 + _LETTERS["subtitle"] * len(html.unescape(name)) for name in names]
    if len(widths) < 2 or figure.layout.showlegend is False:
        return 0
    title = figure.layout.legend.title.text or ""
    room -= _LETTERS["subtitle"] * len(title)
    return 1 if sum(widths) < room else -int(-len(widths) // max(room // max(widths), 1))


def _cut(name: str, longest: int) -> str:
    """A name as HTML, not longer; what is emphasised stays."""
    return name if "<" in name else escape(short(html.unescape(name), longest))


def _shorten_names(figure: Figure, width: int) -> int:
    """Let the names of rows take no more than their part of a width; how much they are higher."""
    names, higher = _NAMES * width, 0
    longest = int(names / _LETTERS["subtitle"])
    for axis in figure.select_yaxes():
        if axis.ticktext:
            broken = [_two_lines(name, longest) for name in axis.ticktext]
            if broken != list(axis.ticktext):
                higher = max(higher, _SECOND_LINE * len(broken))
            parts = (name.split("<br>") for name in broken)
            axis.ticktext = ["<br>".join(_cut(part, longest) for part in each) for each in parts]
    margin = figure.layout.margin
    less = max((margin.l or 0) - int(names) - 32, 0)
    for note in figure.layout.annotations:
        if note.xref == "paper" and note.x == 0:
            note.xshift = (note.xshift or 0) + less
    margin.l = margin.l and margin.l - less
    margin.r = margin.r and min(margin.r, int(names) + 32)
    return higher


def _two_lines(name: str, longest: int) -> str:
    """A plain name that is too long in two lines, the first as long as may be."""
    first, _, second = textwrap.fill(name, longest, break_long_words=False).partition("\n")
    return name if "<" in name or not second else first + "<br>" + second.replace("\n", " ")


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
