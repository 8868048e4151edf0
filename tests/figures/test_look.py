"""All figures look alike, and say what they show; none of them can be forgotten here."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

from explainable_recsys import figures
from explainable_recsys.figures.style import DIVERGING, NEUTRAL, PALETTE, TEMPLATE
from tests.figures.examples import EXAMPLES

INK, DARK_GREY = "#222222", "#666666"
COLOURS = {*PALETTE, NEUTRAL, INK, DARK_GREY, "white"}
CIVIDIS = ["#00224e", "#fee838"]
SCALES = [CIVIDIS, [DIVERGING[0][1], DIVERGING[-1][1]]]
"""Ends of the one sequential and the one diverging scale."""


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


def found(figure: Any, key: str) -> Iterator[Any]:
    """All values of a key in a figure, however deep, without those of the template."""
    todo = [json.loads(figure.to_json())]
    todo[0]["layout"].pop("template", None)
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            todo += part.values()
            yield from (value for name, value in part.items() if name == key)
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


@pytest.fixture(scope="module", params=EXAMPLES)
def examples(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Examples of one function."""
    return EXAMPLES[request.param]()


def test_fonts(examples: dict[str, Any]) -> None:
    for name, figure in examples.items():
        template = figure.layout.template.layout
        assert template.font.family == TEMPLATE["layout"]["font"]["family"], name
        assert not list(found(figure, "family")), name
        sizes = {font["size"] for font in found(figure, "font") if "size" in font}
        assert sizes <= {10, 11, 12, 13, 14, 16}, name


def test_texts(examples: dict[str, Any]) -> None:
    """There is a finding, or a message instead of a figure; no line is too long for a phone."""
    assert any(figure.data for figure in examples.values())
    for name, figure in examples.items():
        title = figure.layout.title.text
        if not figure.data:
            (note,) = figure.layout.annotations
            assert note.text, name
            assert not title, name
            continue
        assert title, name
        assert not re.search(r"\b(nan|None|inf)\b", title), name
        lines = [re.sub("<.*?>", "", line) for line in re.split("<br>", title)]
        assert max(map(len, lines)) <= 60, name


def test_axes_are_named(examples: dict[str, Any]) -> None:
    """By a title, by the texts of their ticks, or by another axis of the same extent."""
    for name, figure in examples.items():
        axes = axes_in_use(figure)
        named = {(axis_name[0], axis.range) for axis_name, axis in axes.items() if axis.title.text}
        for axis_name, axis in axes.items():
            assert axis.ticktext is not None or (axis_name[0], axis.range) in named, (
                name,
                axis_name,
            )


def test_colours(examples: dict[str, Any]) -> None:
    for name, figure in examples.items():
        for key in ("color", "fillcolor", "bgcolor"):
            for value in found(figure, key):
                for colour in value if isinstance(value, list) else [value]:
                    assert not isinstance(colour, str) or is_ours(colour), (name, key, colour)
        for scale in found(figure, "colorscale"):
            assert [scale[0][1], scale[-1][1]] in SCALES, name


def is_ours(colour: str) -> bool:
    """Whether a colour is one of ours, as it is or transparent, or a transparent grey."""
    if not colour.startswith("rgba"):
        return colour in COLOURS
    red, green, blue, _ = (float(part) for part in colour[5:-1].split(","))
    hexadecimal = f"#{int(red):02X}{int(green):02X}{int(blue):02X}"
    return red == green == blue or hexadecimal in COLOURS


def test_entries_of_a_legend_differ(examples: dict[str, Any]) -> None:
    for name, figure in examples.items():
        looks = {
            trace.name: look_of(trace)
            for trace in figure.data
            if trace.name and trace.showlegend is not False
        }
        assert len(set(looks.values())) == len(looks), name


def look_of(trace: Any) -> tuple[Any, ...]:
    """Colour, dash and symbol."""
    if trace.type == "bar":
        return (trace.marker.color, None, None)
    symbol = trace.marker.symbol if "markers" in trace.mode else None
    return (trace.line.color or trace.marker.color, trace.line.dash, symbol)


def test_names_are_no_html(examples: dict[str, Any]) -> None:
    for name, figure in examples.items():
        texts = figure.to_json().replace("\\u003c", "<")
        assert not set(re.findall("<(approach|Robert)", texts)), name


def test_there_is_room_to_draw(examples: dict[str, Any]) -> None:
    for name, figure in examples.items():
        margin = figure.layout.margin
        foot = TEMPLATE["layout"]["margin"]["b"] if margin.b is None else margin.b
        assert figure.layout.height - margin.t - foot >= 20, name
