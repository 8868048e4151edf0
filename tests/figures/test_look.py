"""All figures look alike, and say what they show; none of them can be forgotten here."""

from __future__ import annotations

import html
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from explainable_recsys import figures
from explainable_recsys.figures.style import (
    DARK_GREY,
    DIVERGING,
    GREY,
    INK,
    PALETTE,
    TEMPLATE,
)
from tests.figures.examples import EXAMPLES

COLOURS = {*PALETTE, GREY, INK, DARK_GREY, "white"}
CIVIDIS = ["#00224e", "#fee838"]
SCALES = [CIVIDIS, [DIVERGING[0][1], DIVERGING[-1][1]]]
"""Ends of the one sequential and the one diverging scale."""

Drawn = dict[str, tuple[Any, dict[str, Any]]]
"""Figures and their JSON without the template, by function and what is special about them."""


def drawing_functions() -> Iterator[str]:
    """Names of all functions that are said to return a figure."""
    for module in pkgutil.iter_modules(figures.__path__):
        if module.name == "style":
            continue
        members = importlib.import_module(f"{figures.__name__}.{module.name}")
        for name, function in inspect.getmembers(members, inspect.isfunction):
            is_own = function.__module__ == members.__name__
            returned = str(function.__annotations__.get("return", ""))
            if is_own and not name.startswith("_") and "Figure" in returned:
                yield name


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """The examples of all functions."""
    found = {}
    for function, examples in EXAMPLES.items():
        for kind, figure in examples().items():
            parts = json.loads(figure.to_json())
            parts["layout"].pop("template", None)
            found[f"{function}, {kind}"] = (figure, parts)
    return found


def found_in(parts: Any, key: str) -> Iterator[Any]:
    """All values of a key, however deep; of a list each of its own."""
    todo = [parts]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            todo += part.values()
            values = part.get(key, [])
            yield from values if isinstance(values, list) else [values]
        elif isinstance(part, list):
            todo += part


def axes_in_use(figure: Any) -> dict[str, Any]:
    """Visible axes with ticks that something is drawn on."""
    names = {
        f"{letter}axis{(getattr(trace, f'{letter}axis') or letter)[1:]}"
        for trace in figure.data
        for letter in "xy"
    }
    axes = {name: figure.layout[name] for name in names}
    return {
        name: axis
        for name, axis in axes.items()
        if axis.visible is not False and axis.showticklabels is not False
    }


def test_every_figure_has_examples() -> None:
    assert sorted(EXAMPLES) == sorted(drawing_functions())


def test_something_is_drawn_by_every_function(drawn: Drawn) -> None:
    assert {name.split(",")[0] for name, (figure, _) in drawn.items() if figure.data} == {*EXAMPLES}


def test_fonts(drawn: Drawn) -> None:
    family = TEMPLATE["layout"]["font"]["family"]
    wrong = {
        name: sizes
        for name, (figure, parts) in drawn.items()
        if (sizes := {font.get("size", 10) for font in found_in(parts, "font")})
        - {10, 11, 12, 13, 14, 16}
        or figure.layout.template.layout.font.family != family
        or [*found_in(parts, "family")]
    }
    assert not wrong


def test_texts(drawn: Drawn) -> None:
    """There is a finding, or a message instead of a figure; no line is too long."""
    wrong = []
    for name, (figure, _) in drawn.items():
        title = figure.layout.title.text
        if figure.data:
            lines = [html.unescape(re.sub("<.*?>", "", line)) for line in title.split("<br>")]
            is_right = title and not re.search(r"\b(nan|None|inf)\b", title)
            is_right = is_right and max(map(len, lines)) <= 82
        else:
            is_right = not title and [bool(note.text) for note in figure.layout.annotations] == [
                True
            ]
        if not is_right:
            wrong.append((name, title))
    assert not wrong


def test_axes_are_named(drawn: Drawn) -> None:
    """By a title, by the texts of their ticks, or by another axis of the same extent."""
    wrong = []
    for name, (figure, _) in drawn.items():
        axes = axes_in_use(figure)
        named = {(axis_name[0], axis.range) for axis_name, axis in axes.items() if axis.title.text}
        wrong += [
            (name, axis_name)
            for axis_name, axis in axes.items()
            if axis.ticktext is None and (axis_name[0], axis.range) not in named
        ]
    assert not wrong


def test_colours(drawn: Drawn) -> None:
    wrong = [
        (name, key, colour)
        for name, (_, parts) in drawn.items()
        for key in ("color", "fillcolor", "bgcolor")
        for colour in found_in(parts, key)
        if isinstance(colour, str) and not is_ours(colour)
    ]
    for name, (_, parts) in drawn.items():
        for scale in scales_of(parts):
            ends = [scale[0][1], scale[-1][1]]
            wrong += [] if ends in SCALES else [(name, "colorscale", str(ends))]
    assert not wrong


def scales_of(parts: dict[str, Any]) -> Iterable[list[Any]]:
    """Colour scales; `found_in` would take them apart."""
    holders = [*parts["data"], *found_in(parts, "coloraxis")]
    return [holder["colorscale"] for holder in holders if "colorscale" in holder]


def is_ours(colour: str) -> bool:
    """Whether a colour is one of ours, as it is or transparent, or a transparent grey."""
    if not colour.startswith("rgba"):
        return colour in COLOURS
    red, green, blue, _ = (float(part) for part in colour[5:-1].split(","))
    hexadecimal = f"#{int(red):02X}{int(green):02X}{int(blue):02X}"
    return red == green == blue or hexadecimal in COLOURS


def test_entries_of_a_legend_differ(drawn: Drawn) -> None:
    wrong = []
    for name, (figure, _) in drawn.items():
        looks = {
            trace.name: look_of(trace)
            for trace in figure.data
            if trace.name and trace.showlegend is not False
        }
        wrong += [] if len(set(looks.values())) == len(looks) else [(name, looks)]
    assert not wrong


def look_of(trace: Any) -> tuple[Any, ...]:
    """Colour, dash and symbol."""
    if trace.type == "bar":
        return (trace.marker.color, None, None)
    symbol = trace.marker.symbol if "markers" in trace.mode else None
    return (trace.line.color or trace.marker.color, trace.line.dash, symbol)


def test_names_are_no_html(drawn: Drawn) -> None:
    wrong = [
        name
        for name, (_, parts) in drawn.items()
        if re.search("<(approach|Robert)", json.dumps(parts))
    ]
    assert not wrong


def test_there_is_room_to_draw(drawn: Drawn) -> None:
    heights = {
        name: figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
        for name, (figure, _) in drawn.items()
    }
    assert not {name: height for name, height in heights.items() if height < 20}
