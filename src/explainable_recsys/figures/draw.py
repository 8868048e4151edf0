"""What figures are made of: points and bars, notes and marks, axes of rows, grids of panels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import style
from explainable_recsys.figures.style import GREY, Figure
from explainable_recsys.figures.texts import label
from explainable_recsys.wording.numbers import significant

FEW_TICKS = {"nticks": 4, "tickangle": 0}
"""Of a horizontal axis: as many as a phone has room for."""

ARROW = {"symbol": "arrow", "angleref": "previous", "line": {"width": 0}}
"""A marker at the end of a line."""

SCALE = 60
"""Height of the scale above a heatmap, in pixels."""

PERCENT = {"ticksuffix": " %", "hoverformat": ".1f"}
"""Of an axis with values from 0 to 100."""


_LONGEST = 20  # letters of a name in a list


def suffix_of(place: int) -> str:
    """What plotly's names of the axes of a panel (from 0) end with."""
    return str(place + 1) if place else ""


def padded(low: float, high: float, share: float, least: float = 0.01) -> list[float]:
    """Range of an axis: from low to high, and on both sides a share of that, or the least."""
    margin = share * float(high - low) or least
    return [float(low) - margin, float(high) + margin]


def points(
    figure: Figure,
    x: Iterable[Any],
    y: Iterable[Any],
    name: str | None = None,
    hover: str | Sequence[str] | None = None,
    panel: str = "",
    /,
    **look: Any,
) -> None:
    """Add points and a line through them; a missing value is a gap.

    Args:
        figure: Changed in place.
        x: Positions (n).
        y: Positions (n).
        name: For the legend, as HTML.
        hover: Text of all or of each, as HTML; None: plotly's own.
        panel: What the names of its axes end with.
        look: Any further properties of a scatter trace, such as its `mode`.
    """
    properties: dict[str, Any] = {"mode": "lines+markers"}
    properties |= {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
    if hover is not None:
        properties |= {"hovertext": hover, "hoverinfo": "text"}
    figure.add_scatter(x=_with_gaps(x), y=_with_gaps(y), name=name, **(properties | look))


def lines(
    figure: Figure,
    x: Iterable[Any],
    named: Mapping[str, Iterable[Any]],
    panel: str = "",
    /,
    first: int = 0,
    **look: Any,
) -> None:
    """Add lines over the same positions, each in a look of its own.

    Args:
        figure: Changed in place.
        x: Positions (n).
        named: Positions (n) of each line, by its name in the legend.
        panel: What the names of its axes end with; the legend is made from the first panel.
        first: Place of the first look among all.
        look: Properties of all the lines.
    """
    for place, (name, y) in enumerate(named.items(), first):
        group = {"legendgroup": name, "showlegend": not panel}
        points(figure, x, y, name, None, panel, **(style.look(place) | group | look))


def _with_gaps(values: Iterable[Any]) -> list[Any]:
    """Values, with None for a missing one, as plotly wants it."""
    return [None if pd.isna(value) else value for value in values]


def bars(
    figure: Figure,
    x: Iterable[Any],
    y: Iterable[Any],
    hue: str | list[str],
    hover: list[str] | None = None,
    /,
    **look: Any,
) -> None:
    """Add bars; texts stand at their ends."""
    texts: dict[str, Any] = {"textposition": "outside", "textangle": 0, "cliponaxis": False}
    if hover is not None:
        texts |= {"hovertext": hover, "hoverinfo": "text"}
    figure.add_bar(x=list(x), y=list(y), marker_color=hue, **(texts | look))


def heatmap(
    figure: Figure,
    x: list[float],
    y: list[float],
    values: NDArray[np.float64],
    ticks: Mapping[float, str],
    title: str,
    height: float,
    /,
    **look: Any,
) -> None:
    """Add a heatmap (len(y), len(x)) of logarithms; what is missing is white.

    Args:
        figure: Changed in place.
        x: Middles of the columns, or their ends.
        y: Middles of the rows, or their ends.
        values: What the colours stand for; those beyond the ticks have the colour of the last.
        ticks: Of the scale, from the first to the last one.
        title: Of the scale, which is above the heatmap.
        height: Of the heatmap, in pixels.
        look: Any further properties of a heatmap.
    """
    at = np.log10(list(ticks)).tolist()
    clipped = np.log10(np.clip(values, min(ticks), max(ticks)))
    z = [_with_gaps(row) for row in clipped]
    hover = [["" if np.isnan(value) else significant(value) for value in row] for row in values]
    bar = {"tickvals": at, "ticktext": list(ticks.values()), "thickness": 10}
    # With its bottom at 1, plotly would move the figure's title out of the figure.
    bar |= {"orientation": "h", "y": 1 + SCALE / 2 / height, "yanchor": "middle"}
    bar["title"] = {"text": title, "side": "top", "font": {"size": 12}}
    look |= {"zmin": at[0], "zmax": at[-1], "colorbar": bar, "hoverongaps": False}
    figure.add_heatmap(x=x, y=y, z=z, hovertext=hover, hoverinfo="text", **look)


def interval(middle: pd.Series, low: pd.Series, high: pd.Series) -> dict[str, Any]:
    """Error bars; a point without bounds has none."""
    lengths = {"array": high - middle, "arrayminus": middle - low}
    ends = {key: values.fillna(0).tolist() for key, values in lengths.items()}
    return {"type": "data", **ends, "thickness": 1.5, "width": 0}


def note(figure: Figure, text: str, x: float, y: float, anchor: str, /, **more: Any) -> None:
    """Write a text (HTML); its anchor, such as "bottom left", is at the position."""
    vertical, horizontal = anchor.split()
    anchors = {"xanchor": horizontal, "yanchor": vertical}
    figure.add_annotation(text=text, x=x, y=y, **(anchors | {"showarrow": False} | more))


def line_at(
    figure: Figure,
    axis: Literal["x", "y"],
    value: float,
    text: str,
    panel: str = "",
    /,
    **line: Any,
) -> None:
    """Draw a line across a panel, at a value of an axis, and say along it what it is.

    Args:
        figure: Changed in place.
        axis: The one that has the value.
        value: Where the line is.
        text: HTML.
        panel: What the names of its axes end with.
        line: Its look.
    """
    other = {"x": "y", "y": "x"}[axis]
    refs = {f"{axis}ref": f"{axis}{panel}", f"{other}ref": f"{other}{panel} domain"}
    ends = {f"{axis}0": value, f"{axis}1": value, f"{other}0": 0, f"{other}1": 1}
    look = {"line": {"color": GREY} | line, "layer": "below"}
    name = {"text": text, "textposition": "middle", "font": {"size": 11}}
    figure.add_shape(type="line", label=name, **look, **ends, **refs)


def row_axis(labels: Sequence[str], **more: Any) -> dict[str, Any]:
    """A vertical axis with a row for each label, from the top."""
    places = list(range(len(labels)))
    ends = {"range": [len(labels) - 0.5, -0.5], "tickvals": places, "ticktext": list(labels)}
    return {**ends, "ticks": "", **more}


def finish_lists(
    figure: Figure,
    left: Mapping[float, object],
    right: Mapping[float, object],
    headings: tuple[str, str],
    title: str,
    subtitle: str,
) -> Figure:
    """Write a list on either side of lines between them, which run from x = 0 to x = 1.

    Args:
        figure: With the lines; changed in place.
        left: Names by their place, from 1 down.
        right: The same; what is drawn there may be at any place of the left list.
        headings: What stands above the lists.
        title: As of `style.finish`.
        subtitle: As of `style.finish`.
    """
    n_rows = max([*left, *right])
    for number, (side, names) in enumerate({"left": left, "right": right}.items()):
        texts = [label(name, _LONGEST) for name in names.values()]
        bare = {"automargin": False, "showgrid": False, "showline": False, "ticks": ""}
        ticks = {"tickvals": list(names), "ticktext": texts, "ticklabelstandoff": 6}
        axis = {"range": [n_rows + 0.5, 0.5], "side": side, **ticks, **bare}
        room = int(6.2 * max(map(len, [headings[number], *texts]))) + 30
        over = {"overlaying": "y"} if number else {}
        figure.update_layout({f"yaxis{suffix_of(number)}": axis | over, f"margin_{side[0]}": room})
        where = {"xref": "x domain", "yref": "y domain"}
        other = "left" if number else "right"
        note(figure, f"<b>{headings[number]}</b>", number, 1, f"bottom {other}", **where)
    # An axis is only drawn if it has a trace.
    points(figure, [None], [None], yaxis="y2", hoverinfo="skip", showlegend=False)
    legend = {"itemsizing": "constant", "x": 0.5, "xanchor": "center"}
    figure.update_layout(legend=legend, xaxis={"range": [0, 1], "visible": False})
    height = int(26 * n_rows)
    return style.finish(figure, title, subtitle, room=36, drawn=height, foot=76, legend=6)


def grid(
    figure: Figure, n_panels: int, n_columns: int, panel: int, gap: int, between: float
) -> tuple[list[str], int]:
    """Add axes of panels, row by row from the top.

    Args:
        figure: Changed in place.
        n_panels: Number of panels.
        n_columns: Number of panels in a row.
        panel: Height of a panel, in pixels.
        gap: Height between two rows, in pixels.
        between: Width between two columns, as a share of all.

    Returns:
        What the name of each panel's axes ends with, and the height of all, in pixels.
    """
    n_rows = -(-n_panels // n_columns)
    height = n_rows * (panel + gap) - gap
    width = (1 - between * (n_columns - 1)) / n_columns
    suffixes = list(map(suffix_of, range(n_panels)))
    for place, suffix in enumerate(suffixes):
        row, column = divmod(place, n_columns)
        left, bottom = column * (width + between), (n_rows - 1 - row) * (panel + gap) / height
        across, up = [left, left + width], [bottom, min(bottom + panel / height, 1)]
        x, y = ({"domain": across, "anchor": f"y{suffix}"}, {"domain": up, "anchor": f"x{suffix}"})
        figure.update_layout({f"xaxis{suffix}": x, f"yaxis{suffix}": y})
    return suffixes, height
